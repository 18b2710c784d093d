"""Real phones that are called: baresip, linphonec and sipp as whom the focus dials out to."""


import audio
import run
from parley import Server
from phones import Baresip, Linphone, Sipp
from sip import Phone


def invite(server, uri):
    done = server.command("invite", "demo", uri)
    assert done.returncode == 0, done.stderr


@run.real_time
@run.limit(60)
def test_two_baresips_that_are_called_hear_each_other_and_not_themselves():
    voices = {"alice": audio.voice(0, 40), "bob": audio.voice(1, 40)}
    with Server() as server, Phone(server, "watcher") as watcher, Baresip(
        "alice", voices["alice"]
    ) as alice, Baresip("bob", voices["bob"], "tcp") as bob:
        watcher.call()
        invite(server, alice.uri)
        invite(server, f"{bob.uri};transport=tcp")
        for phone in (alice, bob):
            assert phone.pick_up() == f"sip:demo@{server.address}"
        watcher.audio.wait_for_packets(250, within=10)  # five seconds
        assert set(server.participants()) == {"watcher", "alice", "bob"}
        bob.hang_up()
        server.command("status")
        server.expect_left("bob")
        alice.hang_up()
        audio.assert_heard(alice.recording(), {"bob": voices["bob"]}, {"alice": voices["alice"]})
        audio.assert_heard(bob.recording(), {"alice": voices["alice"]}, {"bob": voices["bob"]})


def test_a_baresip_that_declines_is_told_of_and_one_that_is_not_answered_stops_ringing():
    with Server(config="outbound = { timeout = 2 }\n") as server, Baresip(
        "alice", audio.voice(0, 10)
    ) as alice:
        invite(server, alice.uri)
        alice.expect("CALL_INCOMING")
        alice.hang_up()
        server.expect_log(r"sip:alice@\S+ does not come in: (4|6)\d\d")
        since = len(alice.events)
        invite(server, alice.uri)
        alice.expect("CALL_INCOMING", since=since)
        server.expect_log(r"sip:alice@\S+ does not come in: 408 No answer", within=5)
        server.expect_log("ended: 408 No answer", within=5)
        alice.expect("CALL_CLOSED", since=since + 1)


@run.real_time
@run.limit(60)
def test_a_linphone_that_is_called_hears_the_conference():
    voices = {"alice": audio.voice(0, 40), "lin": audio.voice(1, 40)}
    with Server() as server, Phone(server, "watcher") as watcher, Baresip(
        "alice", voices["alice"]
    ) as alice, Linphone("lin", voices["lin"]) as lin:
        watcher.call()
        alice.call(f"sip:demo@{server.address}")
        invite(server, f"sip:lin@{lin.address}")
        lin.pick_up()
        watcher.audio.wait_for_packets(250, within=10)
        assert set(server.participants()) == {"watcher", "alice", "lin"}
        lin.hang_up()
        alice.hang_up()
        audio.assert_heard(lin.recording(), {"alice": voices["alice"]}, {"lin": voices["lin"]})
        audio.assert_heard(alice.recording(), {"lin": voices["lin"]}, {"alice": voices["alice"]})


CREDENTIALS = 'outbound = { credentials = { sipp = { user = "parley", password = "secret" } } }\n'


def called_by(transport):
    """sipp checks the digest by its own arithmetic, answers, and hangs up after a second."""
    with Server(config=CREDENTIALS) as server, Sipp("called", server, transport=transport) as sipp:
        sipp.wait_for_port()
        suffix = "" if transport == "udp" else ";transport=tcp"
        invite(server, f"sip:sipp@{sipp.address}{suffix}")
        sipp.wait()
        server.expect_log(r"sip:sipp@\S+ joined")
        server.expect_log(r"sip:sipp@\S+ left: hung up")
        assert server.participants() == {}


def test_sipp_is_called_over_udp_and_checks_the_digest():
    called_by("udp")


def test_sipp_is_called_over_tcp_and_checks_the_digest():
    called_by("tcp")


def referred_by(transport):
    """One sipp has the other one called, by REFER with a password; sipp knows MD5 alone."""
    config = CREDENTIALS + """
        accounts = { alice = { password = "wonder" } }
        digest = { algorithms = "MD5" }
    """
    with Server(config=config) as server, Sipp("called", server, transport=transport) as called:
        called.wait_for_port()
        target = f"sip:sipp@{called.address};transport={transport}"
        signs = f"demo@{server.address}"
        with Sipp("refer", server, transport=transport, target=target, signs=signs) as referer:
            referer.wait()
        called.wait()
        server.expect_log(r"sip:sipp@\S+ left: hung up")
        assert server.participants() == {}


def test_sipp_has_another_sipp_called_by_refer_over_udp():
    referred_by("udp")


def test_sipp_has_another_sipp_called_by_refer_over_tcp():
    referred_by("tcp")


if __name__ == "__main__":
    run.main()
