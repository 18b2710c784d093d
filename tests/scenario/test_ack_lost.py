"""The 200 that is not ACKed (RFC 3261 §13.3.1.4)."""

import run
from parley import Server
from sip import Phone


def test_the_200_is_repeated_at_growing_distances_until_the_ack_comes():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo")
        alice.expect(200)
        times = [alice.expect_repeated(200, within=6) for _ in range(3)]
        assert times[2] - times[1] > 1.4 * (times[1] - times[0]), "T1 doubles"
        alice.ack()
        alice.expect_nothing(5)
        assert len(alice.repeated) == 3
        assert set(server.participants()) == {"alice"}


def test_the_200_is_repeated_over_tcp_too():
    """End to end it may be a proxy behind us that loses the ACK."""
    with Server() as server, Phone(server, transport="tcp") as alice:
        alice.invite("demo")
        alice.expect(200)
        alice.expect_repeated(200)
        alice.ack()


def test_the_200_of_a_reinvite_is_repeated_too():
    with Server() as server, Phone(server) as alice:
        alice.call()
        alice.reinvite()
        alice.expect(200)
        alice.expect_repeated(200)
        alice.ack()
        alice.expect_nothing(2)


def test_an_ack_that_comes_again_is_harmless():
    with Server() as server, Phone(server) as alice:
        alice.call()
        for _ in range(5):
            alice.ack()
        alice.expect_nothing()
        alice.audio.wait_for_packets(5)


@run.limit(60)
def test_a_call_whose_ack_never_comes_is_ended():
    """After 64*T1 the server says BYE, and those two calls are gone: one answered it, one is
    dead. A refused re-INVITE of a third call takes nothing away."""
    with Server() as server, Phone(server) as alice, Phone(server, "bob") as bob, Phone(
        server, "carol"
    ) as carol:
        carol.call()
        bob.invite("demo")
        bob.expect(200)
        alice.invite("demo")
        alice.expect(200)
        bye = alice.expect("BYE", within=40)
        assert "cause=408" in (bye["Reason"] or ""), bye
        assert len(alice.repeated) >= 8, "the 200 was repeated all the time"
        alice.reply(bye, 200)
        bob.is_up = False
        assert set(server.participants()) == {"carol"}


if __name__ == "__main__":
    run.main()
