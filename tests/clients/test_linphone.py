"""linphonec dials in, talks with a baresip, and hangs up."""

import audio
import run
from parley import Server
from phones import Baresip, Linphone
from sip import Phone


@run.real_time
@run.limit(60)
def test_linphone_and_baresip_hear_each_other_and_not_themselves():
    voices = {"alice": audio.voice(0, 40), "lin": audio.voice(1, 40)}
    with Server() as server, Phone(server, "watcher") as watcher, \
            Baresip("alice", voices["alice"]) as alice, Linphone("lin", voices["lin"]) as lin:
        watcher.call()
        alice.call(f"sip:demo@{server.address}")
        lin.call(f"sip:demo@{server.address}")
        watcher.audio.wait_for_packets(250, within=10)  # five seconds
        assert set(server.participants()) == {"watcher", "alice", "lin"}
        lin.hang_up()
        alice.hang_up()
        audio.assert_heard(lin.recording(), {"alice": voices["alice"]}, {"lin": voices["lin"]})
        audio.assert_heard(alice.recording(), {"lin": voices["lin"]}, {"alice": voices["alice"]})
        assert set(server.participants()) == {"watcher"}


if __name__ == "__main__":
    run.main()
