"""Real phones in an application: asked before and after the answer, and brought into a conference."""

import audio
import run
import tone
from parley import Server
from phones import Baresip, Linphone
from sip import Phone

PITCH = 800  # Hz, what the phone says
SCRIPT = """
return function(call)
  call:ring()
  if call.to == "early" then call:early() else call:answer() end
  call:play "tone:600/1500"
  call:join(parley.conference "demo", { role = "guest" })
end
"""
CONFIG = 'applications = { early = "door", late = "door" }\nconferences = { demo = {} }\n'


def goes_in(number, make):
    """Is up, is heard, and has heard the tone."""
    with Server(CONFIG, files={"scripts/door.lua": SCRIPT}) as server, Phone(server) as alice:
        alice.say(tone.sine(500)).call()
        with make(server) as phone:
            phone.call(f"sip:{number}@{server.address}")
            server.expect_log(r"sip:bob@\S+ joined as guest", within=20)
            assert tone.level(alice.hear(settle=0.8), PITCH) > -35, "bob is heard in the conference"
            entry = server.participants()["bob"]
            assert entry["status"] == "connected" and entry["lost"] < 20, entry
            phone.hang_up()
            server.expect_left("bob")


@run.real_time
def test_baresip_is_brought_in_by_a_reinvite():
    goes_in("late", lambda server: Baresip("bob", audio.whistle(PITCH, 30)))


@run.real_time
def test_baresip_is_brought_in_by_the_answer_to_its_call():
    goes_in("early", lambda server: Baresip("bob", audio.whistle(PITCH, 30)))


@run.real_time
def test_linphone_is_brought_in_by_a_reinvite():
    goes_in("late", lambda server: Linphone("bob", audio.whistle(PITCH, 30)))


if __name__ == "__main__":
    run.main()
