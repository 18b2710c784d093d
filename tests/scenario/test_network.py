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
        self.left_of_burst = self.sent = self.lost = 0
        self.send, stream.send_raw = stream.send_raw, self.carry

    def loses(self):
        if self.left_of_burst == 0 and self.chance.random() < self.loss / self.burst:
            self.left_of_burst = self.burst
        self.left_of_burst -= self.left_of_burst > 0
        return self.left_of_burst > 0 or (self.burst == 1 and self.chance.random() < self.loss)

    def carry(self, data, sock=None):
        self.sent += 1
        delay = self.chance.random() * self.jitter
        if self.chance.random() < self.reorder:
            delay += 0.03
        if self.loses():
            self.lost += 1
        elif delay:
            self.stream.clock.at(time.monotonic() + delay, lambda: self.send(data, sock))
        else:
            self.send(data, sock)


def spoken(samples):
    """A source that says the samples once."""
    begin = None

    def source(first, count):
        nonlocal begin
        begin = first if begin is None else begin
        piece = samples[first - begin : first - begin + count]
        return np.concatenate((piece, np.zeros(count - len(piece))))

    return source


def listen(**network):
    """(Track of the voice in what bob hears, ms of lag at the end over that at the beginning, the
    network) after a voice has gone through it."""
    said = audio.voice(0, SECONDS + 4)
    with Server(config=CONFIG) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        bob.call()
        between = Network(alice.audio, **network)
        alice.call()
        alice.say(spoken(said))
        heard = bob.hear(SECONDS, settle=1)
        stats = server.participants()["alice"]
    return audio.Track(heard, said), heard, between, stats


def show():
    for name, network in {
        "clean": {},
        "loss2": {"loss": 0.02},
        "loss5": {"loss": 0.05},
        "burst": {"loss": 0.05, "burst": 3},
        "reorder": {"reorder": 0.1},
        "jitter100": {"jitter": 0.1},
        "all": {"jitter": 0.05, "loss": 0.03, "reorder": 0.02},
    }.items():
        track, heard, between, stats = listen(**network)
        print(name, round(track.score, 3), round(track.gain, 3), track.lags, between.lost, between.sent, stats)


if __name__ == "__main__":
    show()
