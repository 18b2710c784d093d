"""REFER to a conference: somebody is called in (RFC 4579 §5.5, RFC 3515, RFC 4488, RFC 3892)."""

import contextlib

import digest
import run
from dialing import refuse
from message import parameter, uri_of
from parley import Server
from roster import CONFERENCE, Roster, text
from sip import Phone, unique

ACCOUNTS = "accounts = { alice = { password = 'wonder' } }"
# Strangers may have others called, too.
OPEN_TO_ALL = """
local policy = parley.policy { name = "open to all" }
function policy.create() return accept() end
function policy.invite(request)
  if request.actor.user == "mallory" then return reject(603, "Not you") end
  print("asked", request.uri, request.actor.user, request.actor.participant ~= nil,
        request.actor.referred_by, request.by_refer, request.replaces)
  return accept()
end
function policy.join(request)
  print("joins", request.actor.user, request.actor.referred_by)
end
function policy.digit(_, conference) conference:close("That is all") end
return policy
"""


@contextlib.contextmanager
def room(*names, policy=OPEN_TO_ALL, config=None, **options):
    """A server and phones."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(config, policy=policy, **options))
        yield server, *(stack.enter_context(Phone(server, name)) for name in names)


def outcome(phone):
    """How a REFER went: the status line of the last NOTIFY."""
    is_last = False
    while not is_last:
        line, is_last = phone.progress()
    return line


def test_figure_5_the_focus_adds_a_participant():
    """RFC 4579 §5.5, figure 5: Alice, who is in, sends a REFER to the conference URI."""
    with room("alice", "alice", "carol") as (server, alice, referer, carol):
        ok = alice.call()
        conference = uri_of(ok["Contact"])
        referer.refer(f"<{carol.own_uri}>", headers={"Accept": "application/sdp, message/sipfrag"})
        accepted = referer.expect(202)  # F2
        assert ";isfocus" in accepted["Contact"] and uri_of(accepted["Contact"]) == conference
        assert accepted.tag("To")
        trying = referer.expect("NOTIFY")  # F3
        assert trying["Event"] == "refer"
        assert trying["Content-Type"] == "message/sipfrag;version=2.0"
        assert trying.body == b"SIP/2.0 100 Trying\r\n"
        assert trying["Subscription-State"].startswith("active;expires=")
        assert int(parameter(trying["Subscription-State"], "expires")) > 60
        assert trying["Call-ID"] == referer.call_id and trying.tag("To") == referer.local_tag
        assert trying.tag("From") == accepted.tag("To")
        assert ";isfocus" in trying["Contact"]
        referer.reply(trying, 200)  # F4
        invite = carol.expect_call()  # F5
        assert ";isfocus" in invite["Contact"] and uri_of(invite["Contact"]) == conference
        assert invite["Referred-By"] is None and invite["Replaces"] is None
        carol.reply(invite, 180)  # F6
        carol.pick_up(invite)  # F7, F8
        done = referer.expect("NOTIFY")  # F9
        while done.body == b"SIP/2.0 180 Ringing\r\n":
            referer.reply(done, 200)
            done = referer.expect("NOTIFY")
        assert done.body == b"SIP/2.0 200 OK\r\n"
        assert done["Subscription-State"] == "terminated;reason=noresource"
        referer.reply(done, 200)  # F10
        carol.resubscribe()  # F11
        carol.expect(200, method="SUBSCRIBE")  # F12
        carol.notified()  # F13, F14
        assert set(server.participants()) == {"alice", "carol"}
        carol.hang_up()


def test_figure_6_a_participant_is_referred_by_another():
    """RFC 4579 §5.6, figure 6: all that the focus sees is an INVITE with Referred-By."""
    with room("alice", "bob") as (server, alice, bob):
        alice.call()
        alice.resubscribe()
        alice.expect(200, method="SUBSCRIBE")
        roster = Roster(alice.notified())
        by = f"<sip:alice@{alice.address}>"
        bob.invite(headers={"Referred-By": by})  # F5
        bob.expect(180)  # F6
        ok = bob.expect(200)  # F7
        assert ";isfocus" in ok["Contact"]
        bob.ack()  # F8
        while roster.status("bob") != "connected":
            roster.take(alice.notified())  # F11, F12
        referred = roster.endpoint("bob").find(f"{CONFERENCE}referred")
        assert text(referred, "by") == uri_of(by)
        server.expect_log(f"joins bob sip:alice@{alice.address}")
        bob.resubscribe()  # F13
        bob.expect(200, method="SUBSCRIBE")  # F14
        bob.notified()  # F15, F16


# ---- by which way -------------------------------------------------------------------------------


def test_two_at_once_within_a_call_are_told_apart():
    """RFC 3515 §2.4.6: from the second REFER on, the CSeq is the id of its NOTIFYs."""
    with room("alice", "carol", "dave") as (server, alice, carol, dave):
        alice.call()
        alice.refer_again(f"<{carol.own_uri}>")
        alice.expect(202, method="REFER")
        assert alice.notified()["Event"] == "refer"
        second = alice.refer_again(f"<{dave.own_uri};method=INVITE>")
        alice.expect(202, method="REFER")
        trying = alice.notified()
        of_second = f"refer;id={second.cseq[0]}"
        assert trying["Event"] == of_second and trying["Call-ID"] == alice.call_id
        refuse(dave, dave.expect_call(), 486)
        busy = alice.notified()
        assert busy["Event"] == of_second and busy.body == b"SIP/2.0 486 Busy Here\r\n"
        assert busy["Subscription-State"] == "terminated;reason=noresource"
        carol.pick_up(carol.expect_call())
        done = alice.notified()
        assert done["Event"] == "refer" and done.body == b"SIP/2.0 200 OK\r\n"
        alice.hear(0.2)  # the call goes on
        server.expect_log(f"asked {carol.own_uri} alice true")


def test_within_the_dialog_of_a_subscription():
    with room("alice", "carol") as (_server, alice, carol):
        alice.subscribe()
        alice.expect(401)
    with room("alice", "carol", config=ACCOUNTS) as (_server, alice, carol):
        alice.subscribe()
        alice.resubscribe(headers=password(alice, alice.expect(401), "SUBSCRIBE"))
        alice.expect(200)
        alice.notified()
        alice.refer_again(f"<{carol.own_uri}>")
        again = password(alice, alice.expect(401), "REFER")
        alice.refer_again(f"<{carol.own_uri}>", headers=again)
        alice.expect(202)
        trying = alice.notified()
        assert trying["Event"].startswith("refer") and "100 Trying" in trying.body.decode()
        carol.expect_call()


def test_over_tcp():
    with Server(policy=OPEN_TO_ALL) as server, Phone(
        server, "alice", transport="tcp", media=False
    ) as alice, Phone(server, "carol", transport="tcp", waits=True) as carol:
        alice.refer(f"<{carol.own_uri}>")
        alice.expect(202)
        assert alice.progress() == ("SIP/2.0 100 Trying", False)
        refuse(carol, carol.expect_call(), 603, reason="Decline")
        assert outcome(alice) == "SIP/2.0 603 Decline"


def test_without_angle_brackets():
    with room("alice", "carol") as (_server, alice, carol):
        alice.refer(carol.own_uri + ";method=INVITE")
        alice.expect(202)
        assert carol.expect_call().uri == carol.own_uri


def test_without_a_subscription():
    """RFC 4488: Refer-Sub: false."""
    with room("alice", "carol") as (_server, alice, carol):
        for more in ({}, {"Require": "norefersub"}):
            alice.refer(f"<{carol.own_uri}>", headers={"Refer-Sub": "false"} | more)
            accepted = alice.expect(202)
            assert accepted["Refer-Sub"] == "false" and ";isfocus" in accepted["Contact"]
            refuse(carol, carol.expect_call(), 486)
            alice.expect_nothing()
            alice.refer_again("<sip:dave@127.0.0.1:9>")  # there is no dialog
            alice.expect(481)
        alice.call()
        alice.refer_again(f"<{carol.own_uri}>", headers={"Refer-Sub": "false"})
        assert alice.expect(202, method="REFER")["Refer-Sub"] == "false"
        carol.pick_up(carol.expect_call())
        alice.expect_nothing()


def test_the_options_say_what_there_is():
    with room("alice") as (_server, alice):
        ok = alice.call()
        assert {"REFER", "NOTIFY"} <= ok.tokens("Allow")
        assert "norefersub" in ok.tokens("Supported") and "refer" in ok.tokens("Allow-Events")


# ---- on whose behalf ----------------------------------------------------------------------------


def test_referred_by_goes_along():
    """RFC 3892 §2.2: the header goes to whom we call, and into the roster."""
    with room("alice", "watcher", "carol") as (server, alice, watcher, carol):
        watcher.call()
        watcher.resubscribe()
        watcher.expect(200, method="SUBSCRIBE")
        roster = Roster(watcher.notified())
        by = '"A. Liddell" <sip:alice@example.com>;x=1'
        alice.refer(f"Carol <{carol.own_uri}>", headers={"Referred-By": by})
        alice.expect(202)
        invite = carol.expect_call()
        assert invite["Referred-By"] == by and invite["To"].startswith('"Carol" <')
        carol.pick_up(invite)
        while roster.status("carol") != "connected":
            roster.take(watcher.notified())
        endpoint = roster.endpoint("carol")
        assert text(endpoint, "referred/by") == "sip:alice@example.com"
        assert text(endpoint, "joining-method") == "dialed-out"
        server.expect_log(f"asked {carol.own_uri} alice false sip:alice@example.com false ")


def test_the_referrer_is_whoever_sends_the_refer_but_no_anonymous_one():
    with room("alice", "watcher", "carol") as (_server, alice, watcher, carol):
        watcher.call()
        watcher.resubscribe()
        watcher.expect(200, method="SUBSCRIBE")
        roster = Roster(watcher.notified())
        for headers, by in ({}, f"sip:alice@{alice.sent_by}"), ({"Privacy": "id"}, None):
            alice.refer(f"<{carol.own_uri}>", headers=headers)
            alice.expect(202)
            invite = carol.expect_call()
            assert invite["Referred-By"] is None
            carol.pick_up(invite)
            while roster.user("carol") is None or roster.status("carol") != "connected":
                roster.take(watcher.notified())
            assert text(roster.endpoint("carol"), "referred/by") == by
            outcome(alice)
            carol.hang_up()
            while roster.status("carol") == "connected":
                roster.take(watcher.notified())


def test_who_has_no_name_in_the_conference_has_none_in_the_invite_either():
    """Phones write Referred-By unasked."""
    policy = OPEN_TO_ALL.replace(
        "function policy.join(request)",
        """function policy.join(request)
  if request.actor.user == "alice" then return accept { anonymous = true } end
  if request.actor.user == "bob" then return accept { hidden = true } end""",
    )
    with room("alice", "bob", "carol", policy=policy) as (_server, alice, bob, carol):
        for phone in alice, bob:
            phone.call()
            by = f"<sip:{phone.user}@{phone.address}>"
            phone.refer_again(f"<{carol.own_uri}>", headers={"Referred-By": by})
            phone.expect(202, method="REFER")
            invite = carol.expect_call()
            assert invite["Referred-By"] is None
            refuse(carol, invite, 486)
            outcome(phone)


def test_nobody_is_told_that_one_without_a_name_is_in_already():
    policy = OPEN_TO_ALL.replace(
        "function policy.join(request)",
        """function policy.join(request)
  if request.actor.user == "alice" then return accept { anonymous = true } end
  if request.actor.user == "bob" then return accept { hidden = true } end""",
    )
    with room("alice", "bob", "eve", policy=policy) as (_server, alice, bob, eve):
        for phone in alice, bob:
            phone.call()
            eve.refer(f"<{phone.own_uri}>")
            eve.expect(202)
            refuse(phone, phone.expect("INVITE"), 486)  # as anybody who is not in
            assert outcome(eve) == "SIP/2.0 486 Busy Here"


# ---- who may ------------------------------------------------------------------------------------


def password(phone, challenged, method):
    """What goes with a request that is sent again."""
    uri = phone.remote_target or phone.remote_uri
    challenge = digest.choose(challenged, "SHA-256")
    return {"Authorization": digest.authorization(challenge, phone.user, "wonder", method, uri)}


def test_strangers_have_nobody_called():
    with Server(ACCOUNTS) as server, Phone(server, "eve") as eve, Phone(
        server, "alice", media=False
    ) as alice, Phone(server, "carol") as carol:
        eve.refer(f"<{carol.own_uri}>")
        eve.expect(401)
        eve.call()  # nor from within
        eve.refer_again(f"<{carol.own_uri}>")
        eve.expect(401, method="REFER")
        carol.expect_nothing()
        alice.refer(f"<{carol.own_uri}>")
        again = password(alice, alice.expect(401), "REFER")
        alice.refer_again(f"<{carol.own_uri}>", headers=again)
        alice.expect(202)
        assert alice.progress() == ("SIP/2.0 100 Trying", False)
        refuse(carol, carol.expect_call(), 486)
        assert outcome(alice) == "SIP/2.0 486 Busy Here"


def test_whoever_is_a_stranger_in_a_call_may_still_prove_who_it_is():
    with Server(ACCOUNTS) as server, Phone(server, "alice") as alice, Phone(
        server, "carol"
    ) as carol:
        stranger = f"<sip:nobody@{alice.sent_by}>;tag={alice.local_tag}"
        alice.invite(headers={"From": stranger.replace(alice.local_tag, "t-stranger")})
        alice.local_tag = "t-stranger"
        alice.expect(200)
        alice.ack()
        alice.refer_again(f"<{carol.own_uri}>")
        again = password(alice, alice.expect(401, method="REFER"), "REFER")
        alice.refer_again(f"<{carol.own_uri}>", headers=again)
        alice.expect(202, method="REFER")
        assert alice.notified()["Event"].startswith("refer")
        carol.expect_call()


def test_the_policy_decides():
    with room("mallory", "carol") as (server, mallory, carol):
        mallory.refer(f"<{carol.own_uri}>")
        assert mallory.expect(603).reason == "Not you"
        mallory.call()
        mallory.refer_again(f"<{carol.own_uri}>")
        mallory.expect(603, method="REFER")
        carol.expect_nothing()
        server.expect_log("invite refused: 603 Not you .by .*site.lua:5")


# ---- what cannot be done ------------------------------------------------------------------------


def test_what_is_no_reference_is_refused():
    with room("alice") as (_server, alice):
        carol = "<sip:carol@127.0.0.1>"
        for target, phrase in (
            (None, "One Refer-To"),
            ([carol, carol], "One Refer-To"),
            (f"{carol}, {carol}", "One Refer-To"),
            ("<sip:", "One Refer-To"),
            ("<http://example.com/>", "No SIP URI"),
            ("<tel:+15550100>", "No SIP URI"),
            ("<sips:carol@127.0.0.1>", "No SIP URI"),
            ("<sip:carol@127.0.0.1:99999>", "No SIP URI"),
            ("<sip:carol@127.0.0.1;transport=tls>", "No SIP URI"),
            ("<sip:carol@127.0.0.1;method=MESSAGE>", "Unknown Method"),
            ("<sip:carol@127.0.0.1?Replaces=nothing>", "Bad Replaces"),
            ("<sip:carol@127.0.0.1?Replaces=a%3Bto-tag%3D1>", "Bad Replaces"),
            ("<sip:carol@127.0.0.1?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2%0D%0AX:y>", "Bad"),
            ("<sip:carol@127.0.0.1?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2%4>", "One Refer-To"),
            ("<sip:carol@127.0.0.1;method=REFER?Refer-To=%3C>", "Bad Refer-To"),
            ("<sip:carol@127.0.0.1;method=REFER?Refer-To=sip:other%40127.0.0.1>", "Not This"),
        ):
            alice.refer(target)
            refused = alice.expect(400)
            assert phrase in refused.reason, (target, refused)
        alice.refer(carol, headers={"Referred-By": ["<sip:a@b>", "<sip:c@d>"]})
        alice.expect(400)
        alice.refer(carol, headers={"Contact": None})
        alice.expect(400)
        alice.refer(carol, conference="nowhere%20at%20all")
        alice.expect(404)


def test_what_goes_wrong_is_told_in_the_end():
    """RFC 5057: a 404 or 480 to the REFER itself could be the end of the phone's call."""
    config = """
        accounts = { bob = { password = 'x' } }
        conferences = { small = { capacity = 1 } }
    """
    with room("alice", "carol", config=config) as (server, alice, carol):
        alice.call("small")
        for target, code in (
            (f"<sip:bob@{server.address}>", 480),
            (f"<sip:small@{server.address}>", 482),
            (f"<{carol.own_uri}>", 486),
        ):
            alice.refer_again(target)
            alice.expect(202, method="REFER")
            assert outcome(alice).startswith(f"SIP/2.0 {code} "), target
        alice.hang_up()


def test_nobody_answers():
    with room("alice", "carol", config="outbound = { timeout = 1 }") as (_server, alice, carol):
        alice.refer(f"<{carol.own_uri}>")
        alice.expect(202)
        assert alice.progress() == ("SIP/2.0 100 Trying", False)
        invite = carol.expect_call()
        carol.reply(invite, 180)
        lines = [alice.progress()]
        while not lines[-1][1]:
            lines.append(alice.progress())
        assert lines[-1] == ("SIP/2.0 408 No answer", True)
        assert lines[:-1] in ([], [("SIP/2.0 180 Ringing", False)])
        carol.expect("CANCEL")


def test_ringing_is_told_at_most_once_a_second():
    """RFC 3515 §3.10."""
    with room("alice", "carol") as (_server, alice, carol):
        alice.refer(f"<{carol.own_uri}>")
        alice.expect(202)
        assert alice.progress() == ("SIP/2.0 100 Trying", False)
        invite = carol.expect_call()
        carol.reply(invite, 183, reason="Session Progress")
        carol.reply(invite, 180)
        line, _ = alice.progress()
        if line == "SIP/2.0 183 Session Progress":  # after a pause between the two of over a second
            line, _ = alice.progress()
        assert line == "SIP/2.0 180 Ringing"
        carol.pick_up(invite)
        assert alice.progress() == ("SIP/2.0 200 OK", True)


def test_who_is_in_already_is_in():
    """What was wished for has been reached: 200. Whoever is being called is not called twice."""
    with room("alice", "bob", "carol") as (_server, alice, bob, carol):
        alice.refer(f"<{carol.own_uri}>")
        alice.expect(202)
        alice.progress()
        invite = carol.expect_call()
        bob.refer(f"<{carol.own_uri}>")
        bob.expect(202)
        bob.progress()
        carol.pick_up(invite)
        assert outcome(alice) == outcome(bob) == "SIP/2.0 200 OK"
        bob.refer(f"<{carol.own_uri}>")
        bob.expect(202)
        assert outcome(bob) == "SIP/2.0 200 Already in the conference"
        carol.expect_nothing()


# ---- the subscription ---------------------------------------------------------------------------


def test_the_subscription_is_refreshed_and_ended():
    """RFC 3515 §2.4.4: nobody hangs up because nobody wants to know."""
    with room("alice", "carol") as (_server, alice, carol):
        alice.refer(f"<{carol.own_uri}>")
        alice.expect(202)
        alice.progress()
        invite = carol.expect_call()
        alice.resubscribe("refer", 120, {"Accept": "message/sipfrag"})
        assert alice.expect(200, method="SUBSCRIBE")["Expires"] == "120"
        assert alice.progress() == ("SIP/2.0 100 Trying", False)
        alice.resubscribe("refer;id=77")
        alice.expect(403)  # there is none of that id, and none to be had (§2.4.4)
        alice.resubscribe("refer", 0)
        alice.expect(200, method="SUBSCRIBE")
        notify = alice.notified()
        assert notify["Subscription-State"] == "terminated;reason=timeout"
        assert notify.body == b"SIP/2.0 100 Trying\r\n"
        carol.pick_up(invite)
        alice.expect_nothing()
        alice.resubscribe("refer")
        alice.expect(481)  # the dialog went with it
        alice.subscribe(event="refer")
        alice.expect(403)


def test_who_does_not_want_to_be_told_is_not():
    with room("alice", "carol") as (server, alice, carol):
        alice.refer(f"<{carol.own_uri}>")
        alice.expect(202)
        alice.reply(alice.expect("NOTIFY"), 481)
        carol.pick_up(carol.expect_call())
        alice.expect_nothing()
        assert set(server.participants()) == {"carol"}


def test_who_hangs_up_is_still_told():
    with room("alice", "carol") as (_server, alice, carol):
        alice.call()
        alice.refer_again(f"<{carol.own_uri}>")
        alice.expect(202, method="REFER")
        alice.progress()
        invite = carol.expect_call()
        alice.hang_up()
        carol.pick_up(invite)
        assert outcome(alice) == "SIP/2.0 200 OK"
        alice.refer_again(f"<{carol.own_uri}>")
        alice.expect(481)  # now the dialog is gone


def test_the_end_of_the_conference_is_told():
    with room("alice", "bob", "carol") as (_server, alice, bob, carol):
        bob.call()
        alice.refer(f"<{carol.own_uri}>")
        alice.expect(202)
        alice.progress()
        invite = carol.expect_call()
        carol.reply(invite, 180)
        bob.audio.press("1")
        carol.reply(carol.expect("CANCEL"), 200)
        carol.reply(invite, 487)
        carol.expect("ACK")
        assert outcome(alice) == "SIP/2.0 487 That is all"
        bob.reply(bob.expect("BYE"), 200)


# ---- once more ----------------------------------------------------------------------------------


def test_a_repeated_refer_calls_once():
    with room("alice", "carol") as (_server, alice, carol):
        refer = alice.refer(f"<{carol.own_uri}>")
        alice.expect(202)
        alice.progress()
        carol.expect_call()
        alice.send(refer)
        alice.expect_repeated(202)
        carol.expect_nothing()
        alice.send(alice.request("REFER", cseq=refer.cseq[0], branch=unique("z9hG4bK"),
                                 to=refer["To"], uri=refer.uri,
                                 headers={"Refer-To": refer["Refer-To"]}))
        alice.expect(482)  # RFC 3261 §8.2.2.2: it came by another way, too
        carol.expect_nothing()


def test_nothing_is_left_behind():
    with room("alice", "carol") as (server, alice, carol):
        for _ in range(30):
            alice.refer(f"<{carol.own_uri}>")
            alice.expect(202)
            refuse(carol, carol.expect_call(), 486)
            assert outcome(alice) == "SIP/2.0 486 Busy Here"
        alice.refer_again(f"<{carol.own_uri}>")
        alice.expect(481)
        assert server.participants() == {} and server.status()["server"]["calls"] == 0


if __name__ == "__main__":
    run.main()
