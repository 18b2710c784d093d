"""Each prompt as a short sound of its own, by which it is known again: what a phone has heard is read back
as the names of the prompts, and all else in it shows.

    signs.place(server)                    # before it starts: its prompts are signs
    ...
    ears = signs.Ears({"alice": alice, "bob": bob})
    alice.press("*2")
    ears.expect("a key", alice=["there-are", "3", "participants"])  # and Bob hears nothing
"""

import functools
import time
import zlib

import numpy as np

import audio
import run
from parley import ROOT

WIDE = 16000
LENGTH, PAUSE = 0.06, 0.04  # seconds of sound, and of silence behind it
BLOCK = 40  # samples at 8 kHz: 5 ms
TORN = int(0.2 * audio.RATE)  # so long a hole is made in a voice by the stall of a phone
OVER = 1  # seconds without a packet
QUIET = 2e-3  # RMS of a block in which there is nothing
ALIKE = 0.45  # what a sign scores of which a third was played, or more; another one scores less than 0.35
SIZE = 1024  # of the transforms: longer than two signs

TABLE = ROOT / "scripts/prompts/en.txt"
NAMES = [line.split("\t")[0] for line in TABLE.read_text().splitlines() if "\t" in line]


@functools.cache
def sign(name):
    """Noise between 400 and 3000 Hz, drawn by the name."""
    count = int(LENGTH * WIDE)
    spectrum = np.fft.rfft(np.random.default_rng(zlib.crc32(name.encode())).normal(size=count))
    pitches = np.fft.rfftfreq(count, 1 / WIDE)
    spectrum[(pitches < 400) | (pitches > 3000)] = 0
    soft = np.clip(np.minimum(np.arange(count), np.arange(count)[::-1]) / 80, 0, 1)  # edges of 5 ms
    samples = np.fft.irfft(spectrum, count) * soft
    return samples * 0.1 / np.sqrt(np.mean(np.square(samples)))


@functools.cache
def references():
    """The spectra of all of them, as a phone with PCMU hears them, each of energy 1."""
    narrow = np.array([audio.resample(sign(name), WIDE) for name in NAMES])
    return np.conj(np.fft.rfft(narrow / np.linalg.norm(narrow, axis=1, keepdims=True), SIZE))


def place(server, names=NAMES):
    """They are the operator's own recordings."""
    (server.directory / "sounds").mkdir(exist_ok=True)
    silence = np.zeros(int(PAUSE * WIDE))
    for name in names:
        path = server.directory / "sounds" / f"{name}.wav"
        audio.write_wav(path, np.concatenate([sign(name), silence]), WIDE)


def sounds(samples):
    """[(begin, end)] of what is heard between silences."""
    count = len(samples) // BLOCK
    power = np.mean(np.square(samples[: count * BLOCK].reshape(count, BLOCK)), axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], power > QUIET**2, [0])).astype(int)))
    pieces = []
    for begin, end in zip(edges[::2] * BLOCK, edges[1::2] * BLOCK):
        if pieces and begin - pieces[-1][1] <= 3 * BLOCK:
            pieces[-1] = pieces[-1][0], end
        else:
            pieces.append((begin, end))
    return pieces


def name_of(piece):
    """The prompt that it is; of a tone its pitch, as "660 Hz"; else "?"."""
    if len(piece) < SIZE:
        scores = np.max(np.fft.irfft(np.fft.rfft(piece, SIZE) * references(), SIZE), axis=1)
        if np.max(scores) > ALIKE * np.linalg.norm(piece):
            return NAMES[int(np.argmax(scores))]
    spectrum = np.square(np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 8000)))
    peak = int(np.argmax(spectrum))
    if np.sum(spectrum[max(peak - 40, 0) : peak + 40]) > 0.9 * np.sum(spectrum):
        return f"{round(peak, -1)} Hz"
    return "?"


def read(samples):
    """What was heard, in its order. The pieces of a tone that was torn are one, named as the longest is:
    what a phone says, and says late on a busy machine, has holes; what the server plays has none."""
    told = []  # [(name, length of the longest piece, where the last one ends)]
    for begin, end in sounds(samples):
        name, length = name_of(samples[max(begin - BLOCK, 0) : end + BLOCK]), end - begin
        if name not in NAMES and told and told[-1][0] not in NAMES and begin - told[-1][2] < TORN:
            name, length = max(told.pop()[:2], (name, length), key=lambda piece: piece[1])
        told.append((name, length, end))
    return [name for name, _, _ in told]


class Ears:
    """What these phones, {name: phone}, hear from now on."""

    def __init__(self, phones):
        self.phones = dict(phones)
        self.first = {name: len(phone.audio.packets) for name, phone in phones.items()}

    def samples(self, name):
        return self.phones[name].audio.played(self.first[name])

    def wait_for(self, count, name, within=5):
        """Until so many prompts have begun."""
        def have_begun():
            samples = self.samples(name)
            return len(sounds(samples)) >= count and len(read(samples)) >= count

        run.until(have_begun, lambda: f"{name} has heard {read(self.samples(name))}, not {count}", within)

    def is_silent_behind(self, name, count):
        """Nothing is heard any more after so many samples; or nothing comes, for there is no call."""
        samples, packets = self.samples(name), self.phones[name].audio.packets
        if not packets or time.monotonic() - packets[-1].arrival > OVER:
            return True
        return len(samples) >= count and not sounds(samples[-int(2 * PAUSE * audio.RATE) :])

    def expect(self, what, within=5, **heard):
        """What each hears after `what`; who is not named hears nothing."""
        for name, wanted in heard.items():
            self.wait_for(len(wanted), name, within)
        counts = {name: len(self.samples(name)) + int((LENGTH + 2 * PAUSE) * audio.RATE) for name in self.phones}
        run.until(lambda: all(self.is_silent_behind(name, count) for name, count in counts.items()),
                  lambda: f"{what}: something goes on and on", within)
        told = {name: read(self.samples(name)) for name in self.phones}
        for name in self.phones:
            assert told[name] == heard.get(name, []), f"{what}: {name} hears {told[name]}, of {told}"
