"""sipp calls: somebody else's idea of SIP, with every answer checked by its scenarios."""

import audio
import run
from parley import Server
from phones import Baresip, Sipp


def assert_all_gone(server):
    assert server.participants() == {}, "a call is left behind"


def dialled(scenario, transport, **options):
    """All calls of the scenario go well, and leave nothing behind."""
    with Server() as server, Sipp(scenario, server, transport=transport, **options) as caller:
        caller.wait()
        assert_all_gone(server)


def test_a_call_over_udp():
    dialled("call", "udp")


def test_a_call_over_tcp():
    dialled("call", "tcp")


def test_hold_in_three_ways_over_udp():
    dialled("hold", "udp")


def test_hold_in_three_ways_over_tcp():
    dialled("hold", "tcp")


def test_the_offer_may_come_late_over_udp():
    dialled("late_offer", "udp")


def test_the_offer_may_come_late_over_tcp():
    dialled("late_offer", "tcp")


def test_a_conference_that_does_not_exist_is_refused():
    dialled("nowhere", "udp", conference="nowhere")


def test_registering_with_a_password():
    accounts = 'accounts = { alice = { password = "wonder" } }\n'
    # sipp knows MD5 alone.
    with Server(accounts + 'digest = { algorithms = "MD5" }') as server:
        for transport in ("udp", "tcp"):
            with Sipp("register", server, "alice", transport, calls=5) as phone:
                phone.wait()
        assert server.status()["registrations"] == []
        assert server.log().count("alice registered") == 10


def test_forty_calls_at_once():
    dialled("call", "udp", calls=40, rate=40)


def test_forty_calls_at_once_over_one_connection():
    dialled("call", "tcp", calls=40, rate=40)


@run.real_time
def test_what_sipp_hears_and_says_goes_through_the_mixer():
    """sipp sends back what it gets, so the caller hears its own voice once it has been there."""
    voice, stranger = audio.voice(0, 30), audio.voice(1, 30)
    with Server() as server, Baresip("alice", voice) as alice:
        alice.call(f"sip:demo@{server.address}")
        with Sipp("stay", server, echo=True) as echo:
            echo.wait()
        assert set(server.participants()) == {"alice"}, "sipp is gone, alice is still there"
        alice.hang_up()
        audio.assert_heard(alice.recording(), {"echo": voice}, {"stranger": stranger})


@run.real_time
def test_alone_nobody_hears_himself():
    """The counterpart of the echo: without one there is silence."""
    voice = audio.voice(0, 30)
    with Server() as server, Baresip("alice", voice) as alice:
        alice.call(f"sip:demo@{server.address}")
        with Sipp("call", server) as silent:
            silent.wait()
        alice.hang_up()
        audio.assert_heard(alice.recording(), {}, {"alice": voice})


if __name__ == "__main__":
    run.main()
