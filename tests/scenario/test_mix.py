"""What the mixer does to sound: levels, sums, fades, delay."""

import contextlib
import time

import numpy as np

import run
import tone
from parley import Server
from sip import Phone

# Any key mutes alice, or unmutes her.
MUTE_BY_KEY = """
local policy = parley.policy { name = "site" }
function policy.digit(event, conference, participant)
  for p in conference:participants() do
    if p.user == "alice" then
      if p.muted then p:unmute() else p:mute() end
    end
  end
end
return policy
"""


def listener(server):
    """bob, who says nothing, and so hears the mix of all others."""
    bob = Phone(server, "bob")
    bob.call()
    return bob


def heard(tones, seconds=1, settle=0.25):
    """What bob hears of as many talkers as there are tones, {hertz: dB}."""
    with Server() as server, listener(server) as bob, contextlib.ExitStack() as talkers:
        for frequency, db in tones.items():
            talker = talkers.enter_context(Phone(server, f"tone{frequency}"))
            talker.say(tone.sine(frequency, db)).call()
        return bob.hear(seconds, settle)


@run.real_time
def test_a_tone_comes_out_as_loud_as_it_went_in():
    for db in (-3, -10, -20, -30, -40):
        tone.assert_hears(heard({500: db}, 0.5), {500: db})


@run.real_time
def test_what_comes_out_is_clean():
    assert tone.distortion(heard({500: -10}), [500]) < -33, "no worse than G.711 itself"


@run.real_time
def test_a_low_voice_beside_a_loud_one_keeps_its_level():
    tones = {500: -10, 1100: -35}
    tone.assert_hears(heard(tones), tones)


@run.real_time
def test_two_loud_talkers_do_not_crackle():
    both = heard({500: -1, 800: -1}, settle=0.5)
    assert tone.distortion(both, [500, 800]) < -25, "clipping would be near -15"
    levels = tone.level(both, 500), tone.level(both, 800)
    assert abs(levels[0] - levels[1]) < 0.5 and -8 < levels[0] < -3, levels
    assert np.max(np.abs(both)) <= 1


@run.real_time
def test_five_loud_talkers_are_all_heard():
    tones = {400: -3, 700: -3, 1000: -3, 1300: -3, 1600: -3}
    all_five = heard(tones, settle=0.5)
    levels = [tone.level(all_five, frequency) for frequency in tones]
    assert max(levels) - min(levels) < 1 and min(levels) > -20, levels


def clicks_through(bob, action, frequency=500):
    """(dB of the worst click while the action takes effect, dB of the worst when nothing does).
    The noise of G.711 grows with the level: the louder of before and after is what counts."""
    before = tone.click(bob.hear(1), [frequency])
    first = len(bob.audio.packets)
    bob.hear(0.2, settle=0)
    action()
    bob.hear(0.6, settle=0)
    heard = bob.audio.audio(first)
    return tone.click(heard, [frequency]), max(before, tone.click(bob.hear(1), [frequency]))


@run.real_time
def test_mute_and_unmute_make_no_click():
    with Server(policy=MUTE_BY_KEY) as server, Phone(server, "alice") as alice, listener(
        server
    ) as bob:
        alice.say(tone.sine(500, -10)).call()
        bob.hear(0.2)
        muted, quiet = clicks_through(bob, lambda: bob.audio.press("1"))
        assert tone.level(bob.hear(), 500) < -60
        assert server.participants()["alice"]["muted"]
        assert muted < quiet + 4, (muted, quiet)
        unmuted, quiet = clicks_through(bob, lambda: bob.audio.press("1"))
        tone.assert_hears(bob.hear(), {500: -10})
        assert unmuted < quiet + 4, (unmuted, quiet)


@run.real_time
def test_who_joins_and_who_leaves_makes_no_click():
    with Server() as server, Phone(server, "alice") as alice, Phone(
        server, "carol"
    ) as carol, listener(server) as bob:
        alice.say(tone.sine(500, -30)).call()
        carol.say(tone.sine(520, -10))
        bob.hear(0.2)
        joined, quiet = clicks_through(bob, carol.call, 520)
        assert joined < quiet + 4, (joined, quiet)
        left, quiet = clicks_through(bob, carol.hang_up, 520)
        assert left < quiet + 4, (left, quiet)
        tone.assert_hears(bob.hear(), {500: -30})


@run.real_time
def test_a_muted_caller_hears_but_is_not_heard():
    policy = """
local policy = parley.policy { name = "site" }
function policy.join(request, conference)
  if request.actor.user == "alice" then return accept { muted = true } end
end
return policy
"""
    with Server(policy=policy) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.say(tone.sine(500)).call()
        bob.say(tone.sine(800)).call()
        tone.assert_hears(alice.hear(), {800: -20})
        assert tone.level(bob.hear(), 500) < -60


def onset(bob, alice):
    """Seconds from the moment when alice begins to speak to that when bob hears it."""
    alice.say(tone.silence)
    bob.hear(0.3)
    first = len(bob.audio.packets)
    began = time.monotonic()
    alice.say(tone.sine(500, -6))

    def arrivals():
        return [
            p.arrival
            for p in bob.audio.packets[first:]
            if tone.loudness(tone.PCMU.decode(p.payload)) > -15
        ]

    bob.audio.wait_for(arrivals, 2, "alice's voice")
    return arrivals()[0] - began


@run.real_time
def test_the_delay_is_small_and_does_not_build_up():
    """A packet of 20 ms waits for its time here, up to 20 ms for the tick, and for the fade-in."""
    with Server() as server, Phone(server, "alice") as alice, listener(server) as bob:
        alice.say(tone.silence).call()
        early = sorted(onset(bob, alice) for _ in range(5))[2]
        alice.say(tone.sine(500))
        bob.hear(5)
        late = sorted(onset(bob, alice) for _ in range(5))[2]
        assert early < 0.1 * run.SLOW and late < 0.1 * run.SLOW, (early, late)


@run.real_time
def test_packets_come_every_20_ms_whether_anybody_speaks_or_not():
    with Server() as server, Phone(server, "alice") as alice, listener(server) as bob:
        bob.audio.wait_for_packets(50)
        alice.say(tone.sine(500)).call()
        bob.audio.wait_for_packets(50)
        alice.hang_up()
        bob.audio.wait_for_packets(50)
        bob.audio.assert_steady()
        packets = bob.audio.packets
        rate = (len(packets) - 1) / (packets[-1].arrival - packets[0].arrival)
        assert abs(rate - 50) < 1, f"{rate:.2f} packets a second"
        assert packets[0].marker or not packets[1].marker


if __name__ == "__main__":
    run.main()
