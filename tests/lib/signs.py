"""Each prompt as a short sound of its own, by which it is known again: what a phone has heard is read back
as the names of the prompts, and all else in it shows.

    signs.place(server)                    # before it starts: its prompts are signs
    ...
    ears = signs.Ears({"alice": alice, "bob": bob})
    alice.press("*2")
    ears.expect("a key", alice=["there-are", "3", "participants"])  # and Bob hears nothing
"""

import functools
import zlib

import numpy as np

import audio
import run
from parley import ROOT

WIDE = 16000
LENGTH, PAUSE = 0.06, 0.04  # seconds of sound, and of silence behind it
BLOCK = 40  # samples at 8 kHz: 5 ms
QUIET = 2e-3  # RMS of a block in which there is nothing
ALIKE = 0.6  # what a sign scores that was played; another one scores less than 0.35
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
    """What was heard, in its order."""
    return [name_of(samples[max(begin - BLOCK, 0) : end + BLOCK]) for begin, end in sounds(samples)]


class Ears:
    """What these phones, {name: phone}, hear from now on."""

    def __init__(self, phones):
        self.phones = dict(phones)
        self.first = {name: len(phone.audio.packets) for name, phone in phones.items()}

    def samples(self, name):
        return self.phones[name].audio.audio(self.first[name])

    def wait_for(self, count, name, within=5):
        """Until so many prompts have begun."""
        run.until(lambda: len(sounds(self.samples(name))) >= count,
                  lambda: f"{name} has heard {read(self.samples(name))}, not {count}", within)

    def expect(self, what, within=5, **heard):
        """What each hears after `what`; who is not named hears nothing."""
        for name, wanted in heard.items():
            self.wait_for(len(wanted), name, within)
        next(iter(self.phones.values())).hear(LENGTH + 2 * PAUSE, 0)
        silence = int(2 * PAUSE * audio.RATE)
        run.until(lambda: not any(sounds(self.samples(name)[-silence:]) for name in self.phones),
                  lambda: f"{what}: something goes on and on", within)
        told = {name: read(self.samples(name)) for name in self.phones}
        for name in self.phones:
            assert told[name] == heard.get(name, []), f"{what}: {name} hears {told[name]}, of {told}"
