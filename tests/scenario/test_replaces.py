"""INVITE with Replaces (RFC 3891, RFC 4579 §5.9): a participant goes on by another call."""

import run
import tone
from message import parameter, uri_of
from naming import (
    ACCOUNTS,
    call_proven,
    dialog,
    follow,
    invite_proven,
    proof,
    refused,
    replaces,
)
from parley import OPEN, Server
from roster import CONFERENCE, Dialogs, Roster, text
from sip import Phone

# Anybody may replace anybody; what is told of it stands in the log.
ANYBODY = """
local policy = parley.policy { name = "anybody" }
function policy.create() return accept() end
function policy.subscribe() return accept { view = "moderator" } end
function policy.replace(request)
  print("replace", request.actor.user, request.target.user, request.params.role,
        request.params.muted, request.params.speaks)
  return accept()
end
local function tell(event, conference, participant)
  print("event", event.name, participant.user, participant.id, event.other and event.other.id,
        conference.count)
end
policy.joined, policy.left, policy.replaced, policy.failed = tell, tell, tell, tell
function policy.muted(event, _, participant) print("muted", participant.user, event.on) end
function policy.ended() print("it is over") end
function policy.digit(event, conference, participant)
  if event.digit == "1" then participant:mute() end
  if event.digit == "2" then participant:volume { speaks = -6 } end
  if event.digit == "3" then participant:remove("Enough") end
end
return policy
"""
MODERATOR = """
local policy = parley.policy { name = "moderator" }
function policy.subscribe() return accept { view = "moderator" } end
return policy
"""


def second(server):
    """Alice's other phone: without an account she is who From says she is."""
    return Phone(server, "alice")


def endpoints(roster, name):
    """{Contact: (status, joining-method, disconnection-method)} of the user."""
    user = roster.user(name)
    return {
        e.get("entity"): (
            text(e, "status"),
            text(e, "joining-method"),
            text(e, "disconnection-method"),
        )
        for e in user.findall(f"{CONFERENCE}endpoint")
    }


def events(server):
    """What was told: [name, user, id, other's id, count]."""
    return [line.partition("event ")[2].split()[:5] for line in server.lines if "event " in line]


def subscribe(phone):
    phone.resubscribe()
    phone.expect(200, method="SUBSCRIBE")
    return Roster(phone.notified())


def expect_among_notifies(phone, what):
    """The next request of that method, with the NOTIFYs before it answered."""
    while True:
        message = phone.receive()
        assert message is not None, f"no {what}"
        phone.learn(message)
        if not message.is_response and message.method == "NOTIFY" != what:
            phone.reply(message, 200)
        else:
            assert what in (message.method, message.code), message
            return message


def test_figure_9_switching_a_user_agent():
    """RFC 4579 §5.9, message by message. Carol watches; A-F is the dialog of Alice's UA#1."""
    with Server(ACCOUNTS, policy=MODERATOR) as server, Phone(server, "alice") as first, Phone(
        server, "alice"
    ) as other, Phone(server, "carol") as carol:
        first.name = other.name = f"sip:alice@{server.address}"
        conf_id = uri_of(call_proven(first)["Contact"])
        subscribe(first)
        call_proven(carol)
        seen_by_carol = follow(
            carol, subscribe(carol), lambda roster: roster.names() == {"alice", "carol"}
        )
        # F1 INVITE sip:Conf-ID Replaces:A-F, and the password that proves her to be Alice
        invite_proven(other, conf_id, replaces(first))
        ok = other.expect(200, method="INVITE")  # F2 Contact:Conf-ID;isfocus
        assert uri_of(ok["Contact"]) == conf_id and parameter(ok["Contact"], "isfocus") == ""
        assert not [line for line in other.log if " 180 " in line], "nobody is rung"
        assert set(server.participants()) == {"alice", "carol"}
        other.ack()  # F3
        bye = expect_among_notifies(first, "BYE")  # F4
        assert bye["Reason"] == 'SIP;cause=200;text="Replaced"'
        first.reply(bye, 200)  # F5
        first.resubscribe(expires=0)  # F6
        challenged = expect_among_notifies(first, 401)  # whom no call knows proves it again
        first.resubscribe(expires=0, headers=proof(first, challenged, "SUBSCRIBE"))
        assert expect_among_notifies(first, 200)["Expires"] == "0"  # F7
        last = expect_among_notifies(first, "NOTIFY")  # F8
        while not last["Subscription-State"].startswith("terminated"):
            first.reply(last, 200)
            last = expect_among_notifies(first, "NOTIFY")
        first.reply(last, 200)  # F9
        assert subscribe(other).names() == {"alice", "carol"}  # F10 to F13
        # Carol still sees Alice, who is there by another endpoint than before.
        follow(carol, seen_by_carol, lambda roster: len(endpoints(roster, "alice")) == 2)
        assert endpoints(seen_by_carol, "alice") == {
            first.own_uri: ("disconnected", "dialed-in", "departed"),
            other.own_uri: ("connected", "dialed-in", None),
        }
        assert seen_by_carol.text("conference-state/user-count") == "2"
        follow(carol, seen_by_carol, lambda roster: len(endpoints(roster, "alice")) == 1)
        assert list(endpoints(seen_by_carol, "alice")) == [other.own_uri]
        other.bye(), carol.bye()


def test_one_event_tells_it_and_nobody_joins_or_leaves():
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other:
        alice.call("tea")
        server.expect_log(r"event joined alice")
        other.call("tea", headers=replaces(alice))
        alice.reply(alice.expect("BYE"), 200)
        server.expect_log(r"event replaced alice \d+ \d+ 1")
        other.hang_up()
        server.expect_log("it is over")
        told = [name for name, *_ in events(server)]
        assert told == ["joined", "replaced", "left"], told
        ids = [event[2:4] for event in events(server)]
        assert ids[1][1] == ids[0][0], "other: who it was"
        assert ids[1][0] == ids[2][0] != ids[0][0]


def test_role_gains_and_mute_are_handed_over():
    policy = ANYBODY.replace(
        "function policy.replace",
        'function policy.join(request)\n  return accept { role = request.actor.user == "alice" and '
        '"host" or "guest", hears = 3 }\nend\nfunction policy.replace',
    )
    with Server(policy=policy) as server, Phone(server) as alice, second(server) as other, Phone(
        server, "bob"
    ) as bob:
        bob.call()
        alice.call()
        alice.audio.press("1")
        server.expect_log(r"muted alice true")
        alice.audio.press("2")
        server.expect_log(r"is heard at -6\.0 dB and hears at \+3\.0 dB|is heard at -6\.0 dB")
        other.call(headers=replaces(alice))
        alice.reply(alice.expect("BYE"), 200)
        server.expect_log(r"replace alice alice host true -6")
        person = server.participants()["alice"]
        assert person["role"] == "host" and person["muted"]


@run.real_time
def test_the_others_hear_who_is_there_without_a_break():
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol:
        carol.say(tone.sine(700)).call()
        alice.say(tone.sine(500)).call()
        bob.call()
        tone.assert_hears(bob.hear(), {500: -20, 700: -20})
        other.say(tone.sine(500)).call(headers=replaces(alice))
        alice.reply(alice.expect("BYE"), 200)
        tone.assert_hears(bob.hear(), {500: -20, 700: -20})
        tone.assert_hears(other.hear(), {700: -20}, absent=(500,))


def test_what_is_done_to_the_old_call_until_the_ack_is_done_to_the_new_one():
    """Or somebody could wait with the ACK for a moderator's mute, and speak after it."""
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other, Phone(
        server, "bob"
    ) as bob:
        bob.call()
        alice.call()
        other.invite(headers=replaces(alice))
        other.expect(200)
        alice.audio.press("1")
        server.expect_log(r"muted alice true")
        other.ack()
        alice.reply(alice.expect("BYE"), 200)
        server.expect_log(r"event replaced")
        assert server.participants()["alice"]["muted"]


def test_who_is_held_is_held_on_the_other_phone_too():
    policy = ANYBODY.replace(
        'if event.digit == "3"', 'if event.digit == "4" then participant:hold() end\n  if event.digit == "3"'
    )
    with Server(policy=policy) as server, Phone(server) as alice, second(server) as other:
        alice.call()
        alice.audio.press("4")
        alice.pick_up(alice.expect("INVITE"), direction="sendonly")
        server.expect_log("alice@.* is on hold")
        other.invite(headers=replaces(alice))
        assert other.expect(200).sdp.audio.direction == "recvonly"
        other.ack()
        alice.reply(alice.expect("BYE"), 200)
        server.expect_log(r"event replaced")
        assert server.participants()["alice"]["held"]


def test_who_is_removed_meanwhile_does_not_come_back():
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other, Phone(
        server, "bob"
    ) as bob:
        bob.call()
        alice.call()
        other.invite(headers=replaces(alice))
        other.expect(200)
        alice.audio.press("3")
        alice.reply(alice.expect("BYE"), 200)
        server.expect_log(r"event left alice")
        other.ack()
        other.reply(other.expect("BYE"), 200)
        assert set(server.participants()) == {"bob"}


def test_without_an_ack_everything_stays_as_it_was():
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other:
        alice.call()
        other.invite(headers=replaces(alice))
        other.expect(200)
        assert refused(second(server), 491, headers=replaces(alice)), "one at a time"
        other.cseq += 1
        other.send(other.request("BYE"))
        other.expect(200, method="BYE")
        server.expect_log("ended: 0 Bye")
        other.is_up = False
        third = second(server)
        third.call(headers=replaces(alice))
        alice.reply(alice.expect("BYE"), 200)
        third.hang_up()
        third.close()


def test_the_creator_may_change_phones():
    config = "created = { ends_with_creator = true }"
    with Server(config, policy=ANYBODY) as server, Phone(server) as alice, second(
        server
    ) as other, Phone(server, "bob") as bob:
        alice.call("tea")
        bob.call("tea")
        other.call("tea", headers=replaces(alice))
        alice.reply(alice.expect("BYE"), 200)
        server.expect_log(r"event replaced")
        bob.expect_nothing()
        other.hang_up()
        bye = bob.expect("BYE")
        assert "Who made the conference has left" in bye["Reason"]
        bob.reply(bye, 200)


def test_a_full_conference_has_room_for_it():
    config = "max_calls = 2 conferences = { demo = { capacity = 2 } }"
    with Server(config, policy=ANYBODY) as server, Phone(server) as alice, second(
        server
    ) as other, Phone(server, "bob") as bob:
        bob.call()
        alice.call()
        other.call(headers=replaces(alice))
        alice.reply(alice.expect("BYE"), 200)


def test_an_anonymous_one_is_the_same_nobody():
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other, Phone(
        server, "watcher", media=False
    ) as watcher:
        alice.call(headers={"Privacy": "id"})
        watcher.subscribe()
        watcher.expect(200)
        roster = Roster(watcher.notified())
        assert roster.names() == {"anonymous1"}
        other.call(headers=replaces(alice))
        alice.reply(alice.expect("BYE"), 200)
        server.expect_log(r"event replaced")
        watcher.resubscribe()
        expect_among_notifies(watcher, 200)
        roster = Roster(watcher.notified())
        assert roster.names() == {"anonymous1"}
        assert roster.text("conference-state/user-count") == "1"


def test_the_dialog_package_says_that_it_was_replaced():
    """RFC 4235 §3.7.1."""
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other, Phone(
        server, "watcher", media=False
    ) as watcher:
        alice.call()
        watcher.subscribe(event="dialog")
        watcher.expect(200)
        dialogs = Dialogs(watcher.notified())
        (one,) = dialogs.table.values()
        named = f"{one.get('call-id')};to-tag={one.get('local-tag')};from-tag={one.get('remote-tag')}"
        assert named == dialog(alice), "what the package says is what Replaces takes"
        other.call(headers={"Replaces": named})
        alice.reply(alice.expect("BYE"), 200)
        while not dialogs.ended:
            dialogs.take(watcher.notified())
        (old,) = dialogs.ended.values()
        assert old.find("{*}state").get("event") == "replaced"
        (new,) = dialogs.table.values()
        assert new.get("call-id") == other.call_id


# ---- who ----------------------------------------------------------------------------------------


def test_tags_alone_replace_nobody():
    """RFC 3891 §3 and §7: who replaces has to be the same, and to have proven it."""
    with Server(ACCOUNTS, policy=OPEN) as server, Phone(server, "alice") as alice, Phone(
        server, "mallory"
    ) as mallory, Phone(server, "bob") as bob, Phone(server, "guest") as guest:
        call_proven(alice)
        guest.call()
        refused(mallory, 401, headers=replaces(alice))  # it might be Alice
        refused(mallory, 403, headers=replaces(guest))  # nobody can prove to be the guest
        invite_proven(bob, "demo", replaces(alice))
        bob.expect(403)
        bob.ack()
        assert set(server.participants()) == {"alice", "guest"}
        alice.expect_nothing(0.1)


def test_the_policy_may_let_others_in_and_change_what_they_get():
    policy = """
    local policy = parley.policy { name = "site" }
    function policy.replace(request, conference)
      if request.actor.user == "bob" then return accept { role = "deputy", muted = true } end
      if request.actor.user == "eve" then return reject(480, "Not now") end
    end
    return policy
    """
    with Server(policy=policy) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "eve") as eve:
        alice.call()
        assert refused(eve, 480, headers=replaces(alice)).reason == "Not now"
        bob.call(headers=replaces(alice))
        alice.reply(alice.expect("BYE"), 200)
        (name, person), = server.participants().items()
        assert name == "bob" and person["role"] == "deputy" and person["muted"]


# ---- what cannot be replaced --------------------------------------------------------------------


def test_no_match_is_481():
    """Wherever it was sent to."""
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other:
        alice.call()
        refused(other, 481, headers={"Replaces": "nobody@nowhere;to-tag=1;from-tag=2"})
        refused(other, 481, headers=replaces(alice, local="x"))
        refused(other, 481, headers=replaces(alice, remote="0"))
        other.call("any-uri-will-do", headers=replaces(alice))
        alice.reply(alice.expect("BYE"), 200)


def test_a_peer_without_a_tag_is_named_by_zero():
    """RFC 3891 §6.1, for phones of RFC 2543."""
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other:
        me = f"<sip:alice@{alice.address}:{alice.port}>"
        alice.new_dialog()
        alice.remote_uri = alice.uri("demo")
        alice.invite_request = alice.send(
            alice.request("INVITE", headers={"From": me}, body=alice.offer())
        )
        while True:
            ok = alice.receive()
            if ok.code == 200:
                break
        to_tag = ok.tag("To")
        alice.send(
            alice.request(
                "ACK",
                uri=uri_of(ok["Contact"]),
                cseq=ok.cseq[0],
                to=ok["To"],
                headers={"From": me},
            )
        )
        server.expect_log(r"event joined alice")
        other.call(headers={"Replaces": f"{alice.call_id};from-tag=0;to-tag={to_tag}"})
        assert alice.receive().method == "BYE"
        server.expect_log(r"event replaced")


def test_what_has_ended_is_declined():
    """RFC 3891 §3: 603, so that nothing rings for a call that is over."""
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other:
        alice.call()
        alice.hang_up()
        server.expect_left("alice")
        refused(other, 603, headers=replaces(alice))


def test_who_was_put_out_cannot_be_replaced():
    """While the answer to our BYE is still to come."""
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other, Phone(
        server, "bob"
    ) as bob:
        bob.call()
        alice.call()
        alice.audio.press("3")
        bye = alice.expect("BYE")
        refused(other, 603, headers=replaces(alice))
        alice.reply(bye, 200)


def test_early_only_takes_no_confirmed_call():
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other:
        alice.call()
        refused(other, 486, headers=replaces(alice, ";early-only"))
        alice.expect_nothing(0.1)


def test_a_call_that_rings_elsewhere_is_taken_over():
    """RFC 3891 §3 and §7.1: the 200, then the CANCEL of the early dialog that is ours."""
    with Server(ACCOUNTS, policy=ANYBODY) as server, Phone(server, "bob") as desk, Phone(
        server, "bob"
    ) as lab:
        done = server.command("invite", "demo", desk.own_uri)
        assert done.returncode == 0, done.stderr
        invite = desk.expect_call()
        desk.reply(invite, 180)
        server.expect_log("progress: 180")
        call_proven(lab, "demo", replaces(desk, ";early-only"))
        cancel = desk.expect("CANCEL")
        assert cancel["Reason"] == 'SIP;cause=200;text="Call completed elsewhere"'
        desk.reply(cancel, 200)
        desk.reply(invite, 487)
        desk.expect("ACK")
        server.expect_log(r"event failed bob")
        told = [name for name, *_ in events(server)]
        assert sorted(told) == ["failed", "joined"], "who was only being called comes in now"
        assert set(server.participants()) == {"bob"}


def test_who_was_called_may_take_it_over_and_nobody_else():
    with Server(ACCOUNTS + 'domain = "conf.example.com"', policy=OPEN) as server, Phone(
        server, "bob", address="127.0.0.81"
    ) as desk, Phone(server, "bob", address="127.0.0.82") as lab, Phone(
        server, "mallory"
    ) as mallory:
        done = server.command("invite", "demo", desk.own_uri)
        assert done.returncode == 0, done.stderr
        invite = desk.expect_call()
        desk.reply(invite, 180)
        server.expect_log("progress: 180")
        refused(mallory, 401, headers=replaces(desk))
        desk.pick_up(invite)


def test_a_subscription_is_no_call():
    with Server(policy=ANYBODY) as server, Phone(server, media=False) as alice, second(
        server
    ) as other:
        alice.subscribe()
        alice.expect(200)
        alice.notified()
        refused(other, 481, headers=replaces(alice))


def test_what_is_wrong_is_400():
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other:
        alice.call()
        name = dialog(alice)
        for headers in (
            {"Replaces": [name, name]},
            {"Replaces": f"{name}, {name}"},
            {"Replaces": alice.call_id},
            {"Replaces": f"{alice.call_id};to-tag=1"},
            {"Replaces": f"{name};from-tag=2"},
            {"Replaces": ""},
        ):
            refused(other, 400, headers=headers)
        for method in ("OPTIONS", "SUBSCRIBE", "BYE", "UPDATE"):  # in the dialog
            alice.send(alice.request(method, headers={"Replaces": name}))
            alice.expect(400, method=method)


def test_what_cannot_be_answered_leaves_the_old_call():
    """RFC 3891 §3: the matched dialog stays unchanged."""
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other:
        alice.call()
        other.invite(headers=replaces(alice), formats=("speex",))
        other.expect(488)
        other.ack()
        alice.expect_nothing(0.1)
        assert set(server.participants()) == {"alice"}


def test_it_may_be_required():
    with Server(policy=ANYBODY) as server, Phone(server) as alice, second(server) as other:
        alice.call()
        other.call(headers={**replaces(alice), "Require": "replaces"})
        alice.reply(alice.expect("BYE"), 200)


if __name__ == "__main__":
    run.main()
