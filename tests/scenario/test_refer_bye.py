"""REFER with BYE: somebody is put out of a conference (RFC 4579 §5.11, RFC 3515)."""

import contextlib

import run
from message import parameter, uri_of
from parley import Server
from recipients import ACCOUNTS, authorize
from roster import CONFERENCE, Roster
from sip import Phone

POLICY = """
local policy = parley.policy { name = "bouncer" }
function policy.create() return accept() end
function policy.remove(request, conference)
  if request.actor.user == "mallory" then return reject(603, "Not you") end
  if request.target.role == "host" then return reject(403, "The host stays") end
  return accept()
end
function policy.join(request)
  if request.actor.user == "host" then return accept { role = "host" } end
end
function policy.subscribe() return accept() end
function policy.invite() return accept() end
return policy
"""


@contextlib.contextmanager
def room(*names, policy=POLICY, config=None):
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(config, policy=policy))
        yield server, *(stack.enter_context(Phone(server, name)) for name in names)


def user_uri(phone):
    """As the phone's From says it, which is how the roster names its user."""
    return f"sip:{phone.user}@{phone.sent_by}"


def expect_bye(phone):
    bye = phone.expect("BYE")
    phone.reply(bye, 200)
    return bye


def test_a_policy_that_fails_lets_nobody_be_put_out_or_on_hold():
    """Who refers from outside of its call is no participant, which policies forget."""
    policy = """
local policy = parley.policy { name = "hosts" }
function policy.remove(request)
  if request.actor.participant.role ~= "host" then return reject(403) end
end
policy.hold = policy.remove
return policy
"""
    with room("carol", "alice", policy=policy, config=ACCOUNTS) as (server, carol, alice):
        carol.call()
        for wish in "method=BYE", "action=hold":
            target = f"<{user_uri(carol)};{wish}>"
            request = alice.refer(target)
            proof = authorize(alice, alice.expect(401), request)
            alice.refer_again(target, headers=proof)
            assert alice.expect(500).reason == "Policy error"
        carol.expect_nothing(0.1)
        server.expect_log("decided by safe default: reject 500")


def test_figure_11_the_focus_removes_a_participant():
    """RFC 4579 §5.11, figure 11, message by message."""
    with room("alice", "alice", "carol") as (server, alice, referer, carol):
        conference = uri_of(alice.call()["Contact"])
        carol.call()
        carol.resubscribe()
        carol.expect(200, method="SUBSCRIBE")
        carol.notified()
        alice.resubscribe()
        alice.expect(200, method="SUBSCRIBE")
        roster = Roster(alice.notified())
        referer.refer(f"<{user_uri(carol)};method=BYE>")  # F1
        accepted = referer.expect(202)  # F2
        assert uri_of(accepted["Contact"]) == conference and ";isfocus" in accepted["Contact"]
        assert referer.progress() == ("SIP/2.0 100 Trying", False)  # F3, F4
        bye = expect_bye(carol)  # F5, F6
        assert bye["Call-ID"] == carol.call_id and "cause=200" in bye["Reason"]
        over = carol.notified()  # F7, F8
        assert over["Event"] == "conference"
        assert over["Subscription-State"] == "terminated;reason=rejected"
        assert referer.progress() == ("SIP/2.0 200 OK", True)  # F9, F10
        while roster.status("carol") == "connected":
            roster.take(alice.notified())  # F11, F12
        gone = roster.endpoint("carol")
        assert gone.findtext(f"{CONFERENCE}disconnection-method") == "booted"
        by = gone.find(f"{CONFERENCE}disconnection-info/{CONFERENCE}by")
        assert by.text == user_uri(referer), "RFC 4575 §5.7.7"
        assert set(server.participants()) == {"alice"}


def test_a_user_goes_with_all_endpoints_and_an_endpoint_alone():
    with room("alice", "alice") as (server, alice, desk):
        with Phone(server, "bob") as phone, Phone(server, "bob") as mobile:
            same = "<sip:bob@example.com>"
            alice.call()
            for each in phone, mobile:
                each.invite(headers={"From": f"{same};tag={each.local_tag}"} | {})
                each.local_tag = parameter(each.invite_request["From"], "tag")
                each.expect(200)
                each.ack()
            desk.refer(f"<{mobile.own_uri};method=BYE>")  # its Contact
            desk.expect(202)
            expect_bye(mobile)
            assert desk.progress() and desk.progress() == ("SIP/2.0 200 OK", True)
            phone.expect_nothing()
            mobile.invite(headers={"From": f"{same};tag=t-again"})
            mobile.local_tag = "t-again"
            mobile.expect(200)
            mobile.ack()
            desk.refer("<sip:bob@example.com;method=BYE>")
            desk.expect(202)
            expect_bye(phone)
            expect_bye(mobile)
            assert desk.progress() and desk.progress() == ("SIP/2.0 200 OK", True)
        assert set(server.participants()) == {"alice"}


def test_whoever_is_being_called_is_not_called_any_more():
    with room("alice", "carol") as (server, alice, carol):
        alice.call()
        server.command("invite", "demo", carol.own_uri)
        invite = carol.expect_call()
        carol.reply(invite, 180)
        alice.refer_again(f"<{carol.own_uri};method=BYE>")
        alice.expect(202, method="REFER")
        carol.reply(carol.expect("CANCEL"), 200)
        carol.reply(invite, 487)
        carol.expect("ACK")
        assert alice.progress()[0] == "SIP/2.0 100 Trying"
        assert alice.progress() == ("SIP/2.0 200 OK", True)


def test_who_is_nameless_is_named_as_in_the_roster():
    """By the name that is withheld nobody is found."""
    with room("alice", "carol", config='trusted_peers = "127.0.0.0/8"') as (_server, alice, carol):
        alice.call(headers={"P-Asserted-Identity": "<sip:alice@example.net>"})
        carol.call(headers={"Privacy": "id"})
        alice.refer_again(f"<{user_uri(carol)};method=BYE>")
        alice.expect(202, method="REFER")
        assert alice.progress()[0] == "SIP/2.0 100 Trying"
        assert alice.progress() == ("SIP/2.0 404 Nobody of that URI is in", True)
        alice.refer_again("<sip:anonymous1@anonymous.invalid;method=BYE>")
        alice.expect(202, method="REFER")
        expect_bye(carol)
        assert alice.progress()[0] == "SIP/2.0 100 Trying"
        assert alice.progress() == ("SIP/2.0 200 OK", True)


def test_oneself():
    with room("alice", "bob") as (_server, alice, bob):
        bob.call()
        alice.call()
        alice.refer_again(f"<{user_uri(alice)};method=BYE>")
        messages = [alice.receive() for _ in range(3)]
        for request in messages:
            if not request.is_response:
                alice.reply(request, 200)
        assert {m.code or m.method for m in messages} == {202, "NOTIFY", "BYE"}
        alice.is_up = False
        assert alice.progress() == ("SIP/2.0 200 OK", True)


def test_without_a_subscription_and_without_brackets():
    with room("alice", "carol") as (_server, alice, carol):
        carol.call()
        alice.refer(f"{user_uri(carol)};method=BYE", headers={"Refer-Sub": "false"})
        assert alice.expect(202)["Refer-Sub"] == "false"
        expect_bye(carol)
        alice.expect_nothing()


# ---- who may ------------------------------------------------------------------------------------


def test_strangers_remove_nobody_and_learn_nothing():
    with Server() as server, Phone(server, "eve") as eve, Phone(server, "carol") as carol:
        carol.call()
        for target in user_uri(carol), "sip:nobody@example.com":
            eve.refer(f"<{target};method=BYE>")
            eve.expect(401)
        eve.call()
        for target in user_uri(carol), user_uri(eve), "sip:nobody@example.com":
            eve.refer_again(f"<{target};method=BYE>")
            eve.expect(401, method="REFER")
        carol.expect_nothing()


def test_the_policy_decides():
    with room("mallory", "host", "alice") as (server, mallory, host, alice):
        host.call()
        mallory.refer(f"<{user_uri(host)};method=BYE>")
        assert mallory.expect(603).reason == "Not you"
        alice.refer(f"<{user_uri(host)};method=BYE>")
        assert alice.expect(403).reason == "The host stays"
        host.expect_nothing()
        server.expect_log("remove refused: 403 The host stays .by .*site.lua:6")


if __name__ == "__main__":
    run.main()
