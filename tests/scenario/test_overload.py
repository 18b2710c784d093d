"""Overload: who runs late takes no new calls, and those that run go on."""

import signal
import time

import run
import tone
from parley import OPEN, Server
from sip import Phone, options

LIMITS = "overload = { late = 40, load = 0 }\n"


def stall(server, seconds):
    """Nothing runs for so long: all that was due meanwhile is late, and known to be."""
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    server.process.send_signal(signal.SIGCONT)


@run.limit(60)
@run.real_time
def test_after_a_long_stall_calls_are_503_until_the_server_is_in_time_again():
    with Server(config="threads = 1\n" + LIMITS, policy=OPEN, overload=True) as server:
        alice, bob, carol = (Phone(server, user) for user in ("alice", "bob", "carol"))
        with alice, bob, carol:
            alice.say(tone.sine(500)).call()
            bob.call()
            tone.assert_hears(bob.hear(), {500: -20})
            assert server.status()["server"]["overload"] == {"threads": 0, "since": None, "turned_away": 0}
            stall(server, 3.5)
            server.expect_log("warn .*overloaded: 1 of 1 media threads", within=5)
            for conference in ("demo", "new"):
                carol.invite(conference)
                assert int(carol.expect(503)["Retry-After"]) > 0
                carol.ack()
            options(carol)
            assert int(carol.expect(503)["Retry-After"]) > 0
            state = server.status()
            overload = state["server"]["overload"]
            assert overload["threads"] == 1 and overload["turned_away"] == 2 and overload["since"], overload
            assert state["media_threads"][0]["overloaded"] is True
            text = server.command("status").stdout
            assert "Overloaded since 2" in text and "2 calls turned away" in text, text
            tone.assert_hears(bob.hear(), {500: -20})
            server.expect_log(r"warn .*no longer overloaded, after \d+ s and 2 calls turned away", within=15)
            overload = server.status()["server"]["overload"]
            assert overload == {"threads": 0, "since": None, "turned_away": 2}, overload
            assert "2 calls turned away" in server.command("status").stdout
            options(carol)
            carol.expect(200)
            carol.call("new")
            tone.assert_hears(bob.hear(), {500: -20})


@run.limit(60)
def test_with_limits_of_0_nobody_is_turned_away():
    with Server(config="threads = 1\noverload = { late = 0, load = 0 }\n", overload=True) as server:
        with Phone(server, "alice") as alice, Phone(server, "bob") as bob:
            alice.call()
            alice.audio.wait_for_packets(5)
            stall(server, 3.5)
            alice.audio.wait_for_packets(25)
            bob.call()
            assert "overloaded" not in server.log()


@run.limit(60)
def test_limits_that_a_reload_brings_hold_from_then_on():
    with Server(config="threads = 1\noverload = { late = 0, load = 0 }\n", overload=True) as server:
        with Phone(server, "alice") as alice:
            alice.call()
            alice.audio.wait_for_packets(5)
            server.write("parley.lua", server.config.read_text().replace("late = 0", "late = 40"))
            server.reload()
            assert "restart" not in server.log()
            stall(server, 3.5)
            server.expect_log("warn .*overloaded: 1 of 1", within=5)


@run.limit(60)
def test_who_has_no_calls_left_is_not_overloaded():
    with Server(config="threads = 1\n" + LIMITS, overload=True) as server:
        with Phone(server, "alice") as alice, Phone(server, "bob") as bob:
            alice.call()
            alice.audio.wait_for_packets(5)
            stall(server, 3.5)
            server.expect_log("warn .*overloaded: 1 of 1", within=5)
            alice.hang_up()
            server.expect_log("no longer overloaded", within=5)
            bob.call()


if __name__ == "__main__":
    run.main()
