"""Nothing that a conference does to sound is heard as a click: a step detector over real RTP."""

import numpy as np

import run
import tone
from parley import OPEN, Server
from sip import Phone
from test_mix import clicks_through, listener

# Each key does one thing to alice; 0 to all of them at once.
POLICY = """
local policy = parley.policy { name = "site" }
local does = {
  ["1"] = function(p) return p:volume { speaks = -20 } end,
  ["2"] = function(p) return p:volume { speaks = 6 } end,
  ["3"] = function(p) return p:volume { speaks = 0 } end,
  ["4"] = function(p) return p:enhance { agc = true } end,
  ["5"] = function(p) return p:enhance { agc = false, vad = true } end,
  ["6"] = function(p) return p:enhance { denoise = true, vad = false } end,
  ["7"] = function(p) return p:enhance { denoise = false } end,
}
function policy.digit(event, conference)
  for p in conference:participants() do
    if p.user == "alice" then assert(does[event.digit](p)) end
  end
end
return policy
"""
CONFIG = f'policy = "{OPEN}"\nstop_timeout = 0\n'
ALLOWED = 4  # dB over the noise of G.711
# Not a whole number of periods in 10 ms: what is shifted meets itself in another phase.
FREQUENCY = 530


def assert_no_click(bob, action, what):
    worst, quiet = clicks_through(bob, action, FREQUENCY)
    assert worst < quiet + ALLOWED, f"{what}: {worst:.1f} dB, where {quiet:.1f} dB is noise"


@run.real_time
def test_gains_move_without_a_click():
    with Server(config=CONFIG, policy=POLICY) as server, Phone(
        server, "alice"
    ) as alice, listener(server) as bob:
        alice.say(tone.sine(FREQUENCY, -14)).call()
        for key in "123":
            assert_no_click(bob, lambda key=key: bob.audio.press(key), f"key {key}")


@run.real_time
def test_switching_enhancement_on_and_off_makes_no_click():
    with Server(config=CONFIG, policy=POLICY) as server, Phone(
        server, "alice"
    ) as alice, listener(server) as bob:
        alice.say(tone.sine(FREQUENCY, -14)).call()
        for key in "4567":
            assert_no_click(bob, lambda key=key: bob.audio.press(key), f"key {key}")


@run.real_time
def test_a_reload_is_not_heard():
    with Server(config=CONFIG, policy=POLICY) as server, Phone(
        server, "alice"
    ) as alice, listener(server) as bob:
        alice.say(tone.sine(FREQUENCY, -14)).call()
        server.config.write_text(CONFIG + "audio = { agc = true, dtmf = 'both' }\n")
        assert_no_click(bob, server.reload, "reload")


@run.real_time
def test_hold_and_back_makes_no_click():
    with Server(config=CONFIG, policy=POLICY) as server, Phone(
        server, "alice"
    ) as alice, listener(server) as bob:
        alice.say(tone.sine(FREQUENCY, -14)).call()

        def turn(direction):
            alice.reinvite(direction=direction)
            alice.expect(200)
            alice.ack()

        assert_no_click(bob, lambda: turn("sendonly"), "hold")
        assert_no_click(bob, lambda: turn("sendrecv"), "back")


def endless(stream):
    """A tone that goes on without a step when the phone changes its rate."""
    told = 0  # s

    def source(_first, count):
        nonlocal told
        times = told + np.arange(count) / stream.law.rate
        told += count / stream.law.rate
        return tone.amplitude(-14) * np.sin(2 * np.pi * FREQUENCY * times)

    return source


@run.real_time
def test_another_codec_makes_no_click_whatever_its_rate():
    with Server(config=CONFIG, policy=POLICY) as server, Phone(
        server, "alice"
    ) as alice, listener(server) as bob:
        alice.say(endless(alice.audio)).call()

        def change(codec):
            alice.reinvite(formats=(codec,))
            alice.expect(200)
            alice.ack()

        for codec in ("L16/16000", "L16/8000", "L16/16000", "PCMU"):
            assert_no_click(bob, lambda codec=codec: change(codec), codec)


@run.real_time
def test_another_payload_type_makes_no_click_however_often_it_changes():
    with Server(config=CONFIG, policy=POLICY) as server, Phone(
        server, "alice"
    ) as alice, listener(server) as bob:
        alice.say(endless(alice.audio)).call(formats=("PCMU", "L16/16000"))

        def change(law):
            with alice.audio.clock.lock:
                alice.audio.law = law

        for law in (tone.WIDE, tone.PCMU, tone.WIDE):
            assert_no_click(bob, lambda law=law: change(law), law.name)


@run.real_time
def test_nobody_talks_is_digital_silence():
    with Server(config=CONFIG, policy=POLICY) as server, Phone(
        server, "alice"
    ) as alice, listener(server) as bob:
        alice.call()
        first = len(bob.audio.packets)
        bob.audio.wait_for_packets(50)
        payloads = {bytes(p.payload) for p in bob.audio.packets[first + 10 :]}
        assert payloads == {bytes([tone.PCMU.silence]) * 160}, payloads
        alice.audio.mute()
        bob.audio.wait_for_packets(25)
        first = len(bob.audio.packets)
        bob.audio.wait_for_packets(25)
        payloads = {bytes(p.payload) for p in bob.audio.packets[first:]}
        assert payloads == {bytes([tone.PCMU.silence]) * 160}, "and who sends nothing is silent"


if __name__ == "__main__":
    run.main()
