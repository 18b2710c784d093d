"""Real phones press keys in a conference: the answer is whispered to them, and heard by nobody else."""

import audio
import run
from parley import OPEN, Server
from phones import Baresip, Linphone
from prompts import prompt

CONFIG = f"""
policy = "{OPEN}"
applications = {{ attendant = "attendant" }}
attendant = "attendant"
"""


def mutes_itself(phone):
    with Server(CONFIG) as server, Baresip("alice", audio.whistle(800, 60)) as alice, phone as bob:
        alice.call(f"sip:demo@{server.address}")
        bob.call(f"sip:demo@{server.address}")
        server.expect_log(r"sip:bob@\S+ joined", within=10)
        for key in "*6":
            bob.press(key)
        server.expect_log(r"plays muted to sip:bob@", within=10)
        assert server.participants()["bob"]["muted"]
        bob.press("*")
        bob.press("2")
        server.expect_log(r"plays there-are\S+ to sip:bob@", within=10)
        bob.hang_up()
        server.expect_left("bob")
        alice.hang_up()
        server.expect_left("alice")
        assert audio.heard(alice.recording(), prompt("muted"))[0] < 0.2


@run.real_time
def test_baresip_mutes_itself():
    mutes_itself(Baresip("bob", audio.voice(0, 60)))


@run.real_time
def test_linphone_mutes_itself():
    mutes_itself(Linphone("bob", audio.voice(0, 60)))


if __name__ == "__main__":
    run.main()
