"""CANCEL at every stage (RFC 3261 §9.2)."""

import run
from message import render
from parley import Server
from sip import Phone


def test_a_cancel_right_behind_the_invite_ends_it_or_comes_too_late():
    """Both are right: the focus answers at once, so the 200 may be faster."""
    with Server() as server, Phone(server) as alice:
        for _ in range(20):
            alice.invite("demo")
            alice.cancel()
            seen = {}
            while len(seen) < 2:
                response = alice.expect((200, 487))
                seen[response.cseq[1]] = response
            assert seen["CANCEL"].code == 200
            alice.ack(response=seen["INVITE"])
            if alice.is_up:
                alice.hang_up()
        assert server.status()["server"]["calls"] == 0


def test_a_cancel_after_the_200_is_answered_and_changes_nothing():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo")
        alice.expect(200)
        alice.cancel()
        alice.expect(200, method="CANCEL")
        alice.ack()
        assert set(server.participants()) == {"alice"}
        alice.audio.wait_for_packets(5)


def test_a_cancel_after_the_ack_does_not_touch_the_call():
    with Server() as server, Phone(server) as alice:
        alice.call()
        alice.cancel()
        alice.expect((200, 481), method="CANCEL")
        assert set(server.participants()) == {"alice"}


def test_a_cancel_of_nothing_is_481():
    with Server() as server, Phone(server) as alice:
        alice.remote_uri = alice.uri("demo")
        alice.invite_request = alice.request("INVITE", body=alice.offer())
        alice.cancel()
        alice.expect(481, method="CANCEL")


def test_a_cancel_after_a_refusal_is_answered():
    with Server() as server, Phone(server) as alice:
        alice.invite("nowhere")
        refused = alice.expect(404)
        alice.cancel()
        alice.expect((200, 481), method="CANCEL")
        alice.ack(response=refused)


def test_a_cancel_of_a_reinvite_leaves_the_call():
    with Server() as server, Phone(server) as alice:
        alice.call()
        invite = alice.reinvite()
        alice.cancel()
        seen = {}
        while len(seen) < 2:
            response = alice.expect((200, 487))
            seen[response.cseq[1]] = response
        alice.invite_request = invite
        alice.ack(response=seen["INVITE"])
        alice.is_up = True
        assert set(server.participants()) == {"alice"}
        alice.audio.wait_for_packets(5)


def test_a_cancel_that_overtakes_its_invite_harms_nothing():
    with Server() as server, Phone(server) as alice:
        alice.remote_uri = alice.uri("demo")
        invite = alice.request("INVITE", body=alice.offer())
        alice.invite_request = invite
        alice.cancel()
        alice.expect(481)
        alice.send(render(invite))
        alice.expect(200, method="INVITE")
        alice.ack()


if __name__ == "__main__":
    run.main()
