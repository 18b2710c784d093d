"""REFER with Replaces: a call between two is moved into a conference (RFC 4579 §5.10, RFC 3891)."""

import contextlib

import run
from dialing import refuse
from message import uri_of
from parley import Server
from roster import Roster
from sip import Phone

POLICY = """
local policy = parley.policy { name = "movers" }
function policy.create() return accept() end
function policy.invite(request) print("replaces", request.replaces) return accept() end
function policy.subscribe() return accept() end
return policy
"""
# The dialog between Alice and Bob, as Alice writes it and as Bob is to read it.
DIALOG = "425928@bobster.example.org;to-tag=7743;from-tag=6472"
ESCAPED = "425928%40bobster.example.org%3Bto-tag%3D7743%3Bfrom-tag%3D6472"


@contextlib.contextmanager
def room(*names):
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Server(policy=POLICY))
        yield server, *(stack.enter_context(Phone(server, name)) for name in names)


def test_figure_10_a_call_between_two_becomes_part_of_the_conference():
    """RFC 4579 §5.10, figure 10. The call A–B and its BYE (F15, F16) are not the focus's."""
    with room("alice", "bob") as (server, alice, bob):
        conference = uri_of(alice.call()["Contact"])  # F1–F3
        alice.resubscribe()  # F4
        alice.expect(200, method="SUBSCRIBE")  # F5
        roster = Roster(alice.notified())  # F6, F7
        alice.refer_again(f"<{bob.own_uri}?Replaces={ESCAPED}>")  # F8
        alice.expect(202, method="REFER")  # F9
        invite = bob.expect_call()  # F12
        assert invite.uri == bob.own_uri and "?" not in invite["To"]
        assert invite["Replaces"] == DIALOG and invite["Require"] == "replaces"
        assert uri_of(invite["Contact"]) == conference and ";isfocus" in invite["Contact"]
        bob.pick_up(invite)  # F13, F14
        told = []  # F10, F11, F17, F18; the others in between are F19, F20
        while len(told) < 2 or roster.status("bob") != "connected":
            notify = alice.notified()
            if notify["Event"] == "refer":
                told.append((notify.body, notify["Subscription-State"].split("=")[0]))
            else:
                roster.take(notify)
        assert told == [
            (b"SIP/2.0 100 Trying\r\n", "active;expires"),
            (b"SIP/2.0 200 OK\r\n", "terminated;reason"),
        ]
        bob.resubscribe()  # F21
        bob.expect(200, method="SUBSCRIBE")  # F22
        assert Roster(bob.notified()).names() == {"alice", "bob"}  # F23, F24
        server.expect_log(f"replaces {DIALOG}")


def test_early_only_goes_along():
    with room("alice", "bob") as (_server, alice, bob):
        alice.refer(f"<{bob.own_uri};method=INVITE?Subject=hi&Replaces={ESCAPED}%3Bearly-only>")
        alice.expect(202)
        invite = bob.expect_call()
        assert invite["Replaces"] == DIALOG + ";early-only"
        assert invite["Subject"] is None, "other headers are none of a REFERer's business"
        assert invite.sdp.audio


def test_the_call_to_be_replaced_is_no_more():
    with room("alice", "bob") as (_server, alice, bob):
        alice.refer(f"<{bob.own_uri}?Replaces={ESCAPED}>")
        alice.expect(202)
        assert alice.progress() == ("SIP/2.0 100 Trying", False)
        refuse(bob, bob.expect_call(), 481)
        assert alice.progress() == ("SIP/2.0 481 Call/Transaction Does Not Exist", True)


def test_a_phone_that_knows_no_replaces():
    with room("alice", "bob") as (_server, alice, bob):
        alice.refer(f"<{bob.own_uri}?Replaces={ESCAPED}>")
        alice.expect(202)
        assert alice.progress() == ("SIP/2.0 100 Trying", False)
        refuse(bob, bob.expect_call(), 420, {"Unsupported": "replaces"}, "Bad Extension")
        assert alice.progress() == ("SIP/2.0 420 Bad Extension", True)


def test_who_is_in_may_have_another_call_moved_in():
    with room("alice", "bob") as (server, alice, bob):
        with Phone(server, "bob") as desk:
            same = f"<{bob.own_uri}>"
            desk.invite(headers={"From": f"{same};tag=t-desk"})
            desk.local_tag = "t-desk"
            desk.expect(200)
            desk.ack()
            alice.refer(f"<{bob.own_uri}?Replaces={ESCAPED}>")
            alice.expect(202)
            alice.progress()
            bob.pick_up(bob.expect_call())
            assert alice.progress() == ("SIP/2.0 200 OK", True)


if __name__ == "__main__":
    run.main()
