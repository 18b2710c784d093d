"""Re-INVITEs of the focus, taken by real phones: held, taken back, given another codec."""

import audio
import run
import tone
from changes import take_change
from parley import Server
from phones import Baresip, Linphone
from sip import Phone

SILENT, AUDIBLE = -60, -35
PITCH = 800  # Hz, what the phone says

# Keys of alice's: 1 holds all others, 2 takes them back, 3 changes the codec of all.
POLICY = """
local policy = parley.policy { name = "site" }
local function tell(event, conference, participant)
  print("event", event.name, participant.user, participant.media, event.code or event.on)
end
policy.held, policy.changed = tell, tell
function policy.digit(event, conference, participant)
  for other in conference:participants() do
    if other.id ~= participant.id and event.digit == "1" then other:hold() end
    if other.id ~= participant.id and event.digit == "2" then other:unhold() end
  end
  if event.digit == "3" then conference:media { codecs = { "PCMA" } } end
end
return policy
"""


def press(alice, digit):
    alice.audio.wait_for(lambda: alice.audio.key is None, what="the end of the last key")
    alice.audio.press(digit)


def assert_heard(alice):
    assert tone.level(alice.hear(settle=0.5), PITCH) > AUDIBLE


def goes_along(server, alice, phone):
    """Through all changes; at the end it is up, heard, and hears."""
    alice.say(tone.sine(500)).call()
    phone.call(f"sip:demo@{server.address}")
    assert_heard(alice)
    press(alice, "1")
    server.expect_log("event held bob sendonly true", within=5)
    assert tone.level(alice.hear(), PITCH) < SILENT
    press(alice, "2")
    server.expect_log("event held bob sendrecv false", within=5)
    assert_heard(alice)
    press(alice, "3")
    take_change(alice, "sendrecv", formats=("PCMA", "telephone-event"))
    alice.audio.wait_for(
        lambda: server.participants()["bob"]["codec"] == "PCMA", within=5, what="bob's new codec"
    )
    assert_heard(alice)
    sent = server.participants()["bob"]["sent"]
    alice.audio.wait_for_packets(100)
    assert server.participants()["bob"]["sent"] > sent
    assert set(server.participants()) == {"alice", "bob"}
    phone.hang_up()
    server.expect_left("bob")


@run.real_time
@run.limit(60)
def test_a_baresip_goes_along():
    with Server(policy=POLICY) as server, Phone(server, "alice") as alice, Baresip(
        "bob", audio.whistle(PITCH, 50)
    ) as bob:
        goes_along(server, alice, bob)


@run.real_time
@run.limit(60)
def test_a_linphone_goes_along_and_hears():
    with Server(policy=POLICY) as server, Phone(server, "alice") as alice, Linphone(
        "bob", audio.whistle(PITCH, 50)
    ) as bob:
        goes_along(server, alice, bob)
        last = bob.recording()[-2 * audio.RATE : -audio.RATE // 2]
        assert tone.level(last, 500) > AUDIBLE, "what it heard at the end"


if __name__ == "__main__":
    run.main()
