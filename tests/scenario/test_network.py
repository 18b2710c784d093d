"""A voice through networks as they are: loss, bursts, reordering, jitter. What the listener gets is
scored against what was said: by correlation, second by second, as the delay moves."""

import random
import time

import numpy as np

import audio
import run
import tone
from parley import OPEN, Server
from sip import Phone

CONFIG = f'policy = "{OPEN}"\nstop_timeout = 0\n'
SECONDS = 8


class Network:
    """Between a phone and the server: loses and delays what the phone sends. Chance is seeded, and
    the same for each packet whatever the machine does meanwhile."""

    def __init__(self, stream, loss=0.0, burst=1, jitter=0.0, reorder=0.0, seed=1):
        self.stream, self.chance = stream, random.Random(seed)
        self.loss, self.burst, self.jitter, self.reorder = loss, burst, jitter, reorder
        self.left_of_burst = self.lost = 0
        self.send, stream.send_raw = stream.send_raw, self.carry

    def loses(self):
        if self.left_of_burst == 0 and self.chance.random() < self.loss / self.burst:
            self.left_of_burst = self.burst
        if self.left_of_burst == 0:
            return False
        self.left_of_burst -= 1
        return True

    def arrive(self, data, sock):
        if self.stream.running:
            self.send(data, sock)

    def carry(self, data, sock=None):
        delay = self.chance.random() * self.jitter
        if self.chance.random() < self.reorder:
            delay += 0.03
        if self.loses():
            self.lost += 1
        elif delay:
            self.stream.clock.at(time.monotonic() + delay, lambda: self.arrive(data, sock))
        else:
            self.send(data, sock)


def through(seconds=SECONDS, **network):
    """What bob hears of alice through a network: (the voice followed through it, the network, what
    the server says about alice)."""
    said = audio.voice(0, seconds + 4)
    with Server(config=CONFIG) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        bob.call()
        alice.call()
        between = Network(alice.audio, **network)
        alice.say(tone.once(said))
        heard = bob.hear(seconds, settle=1)
        stats = server.participants()["alice"]
    return audio.Track(heard, said), between, stats


def assert_good(track, least):
    assert track.score >= least, f"score {track.score:.3f}, lags {track.lags}"
    assert abs(20 * np.log10(track.gain)) < 3, f"gain {track.gain:.2f}"


@run.real_time
def test_a_clean_network_is_the_measure():
    track, _, stats = through()
    assert_good(track, 0.9)
    assert stats["lost"] == 0, stats


@run.real_time
def test_losses_of_2_and_5_percent_leave_the_voice_whole():
    for loss, least in ((0.02, 0.85), (0.05, 0.8)):
        track, between, stats = through(loss=loss)
        assert_good(track, least)
        assert abs(stats["lost"] - between.lost) <= 2, (stats, between.lost)
        assert stats["concealed_ms"] > 0, stats


@run.real_time
def test_bursts_of_loss_are_bridged():
    track, between, stats = through(loss=0.05, burst=3)
    assert_good(track, 0.75)
    assert between.lost > 0 and abs(stats["lost"] - between.lost) <= 3, (stats, between.lost)


@run.real_time
def test_packets_out_of_order_are_put_right():
    track, _, stats = through(reorder=0.1)
    assert_good(track, 0.88)
    assert stats["lost"] <= 1, stats


@run.real_time
def test_jitter_of_100_ms_is_evened_out():
    track, _, stats = through(jitter=0.1)
    assert_good(track, 0.88)
    assert stats["delay_ms"] < 150 * run.SLOW, stats


@run.limit(60)
@run.real_time
def test_a_network_that_gets_well_leaves_no_delay_behind():
    said = audio.voice(0, 22)
    with Server(config=CONFIG) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        bob.call()
        alice.call()
        between = Network(alice.audio, jitter=0.1, loss=0.03)
        alice.say(tone.once(said))
        bob.hear(4)
        between.jitter = between.loss = 0
        bob.hear(8)
        heard = bob.hear(3)
        stats = server.participants()["alice"]
        # It was 70 and more; what jitter is left is the machine's own.
        assert stats["delay_ms"] < 45 + 4 * stats["jitter_ms"], stats
        assert_good(audio.Track(heard, said), 0.85)


if __name__ == "__main__":
    run.main()
