"""Real phones are asked into a sidebar: they hear the prompt, press a key, and are heard there alone."""

import audio
import run
import tone
from parley import Server
from phones import Baresip, Linphone
from sip import Phone

PITCH = 800  # Hz, what the phone says
AUDIBLE, SILENT = -35, -60

# Key 7 of alice's: she and bob, who is asked.
POLICY = """
local policy = parley.policy { name = "site" }
function policy.digit(event, conference, alice)
  if conference.parent or event.digit ~= "7" then return end
  local side = conference:sidebar { title = "Aside" }
  side:bring(alice)
  for participant in conference:participants() do
    if participant.user == "bob" then
      side:ask(participant, { prompt = "tone:600/2000", timeout = 20, accept = "1", decline = "2" })
    end
  end
end
return policy
"""


def comes_aside(phone):
    with Server("conferences = { demo = {} }", policy=POLICY) as server:
        with Phone(server) as alice, Phone(server, "carol") as carol, phone as bob:
            alice.say(tone.sine(500)).call()
            carol.say(tone.sine(1100)).call()
            bob.call(f"sip:demo@{server.address}")
            server.expect_log(r"sip:bob@\S+ joined as participant", within=20)
            assert tone.level(carol.hear(settle=0.8), PITCH) > AUDIBLE
            alice.press("7")
            server.expect_log("bob@.* is asked in")
            bob.press("1")
            name = server.expect_log(r"has a sidebar (\w+)")[1]
            server.expect_log(rf"\[{name} .*bob@.* joined as participant", within=10)
            assert tone.level(alice.hear(settle=0.5), PITCH) > AUDIBLE, "bob is heard in the sidebar"
            assert tone.level(carol.hear(), PITCH) < SILENT, "and in the main conference he is not"
            assert set(server.participants()) == {"alice", "bob", "carol"}
            bob.hang_up()
            server.expect_left("bob")


@run.real_time
def test_a_baresip_is_asked_and_comes():
    comes_aside(Baresip("bob", audio.whistle(PITCH, 40)))


@run.real_time
def test_a_linphone_is_asked_and_comes():
    comes_aside(Linphone("bob", audio.whistle(PITCH, 40)))


if __name__ == "__main__":
    run.main()
