"""Voices: made by espeak-ng, and found again in what somebody heard.

Samples are numpy floats at 8 kHz, 1.0 is full scale, as in tone.py. heard() answers "is this voice
in that recording, since when, how loud", Fit "is it there all the time". Both by what is said, not
by counting packets.
"""

import ctypes
import functools
import itertools
import pathlib
import random
import shutil
import struct
import subprocess
import tempfile

import numpy as np

import run

RATE = 8000
LOUDNESS = 0.06  # RMS of a voice; three at once stay below full scale
BLOCK = 160  # samples looked at together when gaps are searched: 20 ms
WINDOW = RATE  # a delay is measured over so many samples
LOUD = 0.1 * LOUDNESS**2 * BLOCK  # energy of a block in which something is said
REACH = 1600  # how far a delay may wander from one window to the next
PRESENT, ABSENT = 0.4, 0.1  # scores; test_audio.py shows how far from either real mixes are

VOICES = (("en-us+m1", 35), ("en-gb+f2", 75), ("de+m7", 50), ("fr+f4", 60), ("es+m3", 20), ("it+f1", 90))
WORDS = ("apple bridge candle dragon engine forest garden hammer island jacket kitchen ladder mountain "
         "needle orange pocket queen river silver table umbrella valley window yellow zebra button "
         "circle doctor elephant finger guitar honey insect jungle kettle lemon mirror number ocean "
         "paper quarter rabbit summer tiger uncle violin winter anchor bottle copper").split()


# ---- WAV files --------------------------------------------------------------------------------

def read_wav(path):
    """(samples, rate) of a file of 16 bits, of both sides together if it is stereo. The header's
    sizes are not trusted: a program that was stopped leaves them at 0."""
    data = path.read_bytes()
    assert data[:4] == b"RIFF" and data[8:12] == b"WAVE", f"{path} is no WAV file: {data[:16]!r}"
    at = 12
    while data[at:at + 4] != b"data":
        name, size = struct.unpack("<4sI", data[at:at + 8])
        if name == b"fmt ":
            code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", data[at + 8:at + 24])
        at += 8 + size + size % 2
        assert at < len(data), f"{path} has no samples"
    assert (code, bits) == (1, 16) and channels in (1, 2), f"{path} is not PCM with 16 bits: {(code, channels, bits)}"
    size = struct.unpack("<I", data[at + 4:at + 8])[0]
    body = data[at + 8:at + 8 + size] if size else data[at + 8:]
    frame = 2 * channels
    sides = np.frombuffer(body[:len(body) // frame * frame], "<i2").reshape(-1, channels)
    return np.mean(sides, axis=1) / 32768, rate


class SoundInfo(ctypes.Structure):
    _fields_ = [("frames", ctypes.c_int64)] + [
        (name, ctypes.c_int) for name in ("rate", "channels", "format", "sections", "seekable")]


def read_sound(path):
    """(samples, rate) of a mono file of any kind, as libsndfile reads it, and so most programs."""
    library = ctypes.CDLL("libsndfile.so.1")
    library.sf_open.restype, library.sf_readf_float.restype = ctypes.c_void_p, ctypes.c_int64
    info = SoundInfo()
    file = library.sf_open(str(path).encode(), 0x10, ctypes.byref(info))
    assert file, f"{path} cannot be read"
    samples, block = [], np.empty(1 << 20, np.float32)
    while True:
        count = library.sf_readf_float(ctypes.c_void_p(file), block.ctypes.data_as(ctypes.c_void_p),
                                       ctypes.c_int64(len(block)))
        if count <= 0:
            break
        samples.append(block[:count].copy())
    library.sf_close(ctypes.c_void_p(file))
    assert info.channels == 1, f"{path} has {info.channels} channels"
    return np.concatenate(samples) if samples else block[:0], info.rate


KINDS = {".flac": 0x170002, ".ogg": 0x200060, ".opus": 0x200064}  # of libsndfile


def write_sound(path, samples, rate):
    """A mono file of the kind that its name says."""
    library = ctypes.CDLL("libsndfile.so.1")
    library.sf_open.restype, library.sf_writef_float.restype = ctypes.c_void_p, ctypes.c_int64
    info = SoundInfo(rate=rate, channels=1, format=KINDS[path.suffix])
    file = library.sf_open(str(path).encode(), 0x20, ctypes.byref(info))
    assert file, f"{path} cannot be written"
    samples = np.ascontiguousarray(samples, np.float32)
    count = library.sf_writef_float(ctypes.c_void_p(file), samples.ctypes.data_as(ctypes.c_void_p),
                                    ctypes.c_int64(len(samples)))
    library.sf_close(ctypes.c_void_p(file))
    assert count == len(samples), f"{path} is not whole"


def write_wav(path, samples, rate=RATE):
    body = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    path.write_bytes(struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, 1, 1,
                                 rate, 2 * rate, 2, 16, b"data", len(body)) + body)


def resample(samples, rate):
    """To 8 kHz, band-limited, by cutting the spectrum."""
    count = len(samples) * RATE // rate
    spectrum = np.fft.rfft(samples)
    wanted = np.zeros(count // 2 + 1, complex)
    keep = min(len(wanted), len(spectrum))
    wanted[:keep] = spectrum[:keep]
    wanted[int(0.45 / 0.5 * keep):] = 0
    return np.fft.irfft(wanted, count) * count / len(samples)


# ---- voices -----------------------------------------------------------------------------------

@functools.cache
def voice(number, seconds):
    """One of six voices, saying words in an order of its own that never repeats, so that every
    moment of it can be told from every other. The same samples at each call."""
    if not shutil.which("espeak-ng"):
        raise run.Skip("espeak-ng is not installed")
    name, pitch = VOICES[number]
    order = random.Random(number)
    text = ". ".join(" ".join(order.sample(WORDS, 8)) for _ in range(int(seconds / 2) + 2))
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["espeak-ng", "-v", name, "-p", str(pitch), "-s", "165", "-w", file.name, text],
                       check=True, capture_output=True, timeout=60)
        samples, rate = read_wav(pathlib.Path(file.name))
    samples = resample(samples, rate)
    wanted = int(seconds * RATE)
    assert len(samples) >= wanted, f"{name} spoke for {len(samples) / RATE:.1f} s only"
    samples = samples[:wanted]
    return samples * LOUDNESS / np.sqrt(np.mean(np.square(samples)))


def whistle(pitch, seconds):
    """One tone, Hz, for what only needs to be told from other tones."""
    return 0.1 * np.sin(2 * np.pi * pitch * np.arange(seconds * RATE) / RATE)


# ---- finding a voice --------------------------------------------------------------------------

def correlate(recording, reference):
    """c[k] = sum of recording[t + k - (len(reference) - 1)] * reference[t], by FFT."""
    size = 1 << (len(recording) + len(reference) - 2).bit_length()
    product = np.fft.rfft(recording, size) * np.conj(np.fft.rfft(reference, size))
    circular = np.fft.irfft(product, size)
    return np.concatenate((circular[size - len(reference) + 1:], circular[:len(recording)]))


def heard(recording, reference):
    """(score, lag, gain). Score: the share, 0 to 1, that the reference has in the recording's
    amplitude; the root of one half when it is one of two equal voices. Lag: samples of the
    recording before the reference begins (negative: its beginning is not in it). Gain: factor."""
    if len(recording) < RATE or not np.any(recording):
        return 0.0, 0, 0.0
    products = correlate(recording, reference)
    lags = np.arange(len(products)) - (len(reference) - 1)
    first = np.maximum(0, -lags)
    last = np.minimum(len(reference), len(recording) - lags)
    sums = np.concatenate(([0], np.cumsum(np.square(reference))))
    energy = sums[last] - sums[first]
    total = np.sum(np.square(recording))
    # A reference that hardly overlaps would score high by chance.
    enough = (last - first) >= min(len(recording), len(reference)) / 2
    scores = np.where(enough & (energy > 0), products / np.sqrt(np.maximum(energy, 1e-9) * total), 0)
    best = int(np.argmax(scores))
    return float(scores[best]), int(lags[best]), float(products[best] / max(energy[best], 1e-9))


def shifted(reference, lag, count):
    """`count` samples of the reference as they sound `lag` samples late; silence around it."""
    result = np.zeros(count)
    begin, end = max(lag, 0), min(lag + len(reference), count)
    if begin < end:
        result[begin:end] = reference[begin - lag:end - lag]
    return result


class Track:
    """One voice followed through a recording. It may come later or earlier as time goes on (a
    jitter buffer at work), so its lag is measured anew in each second: `lags`. `lag`, `score` and
    `gain` are as heard() gives them, but by those lags."""

    def __init__(self, recording, reference):
        self.recording, self.reference = recording, reference
        self.score, self.lag, self.gain = heard(recording, reference)
        self.windows = max(len(recording) // WINDOW, 1)
        self.lags = self.follow(self.lag)
        aligned = np.concatenate([self.expected(window * WINDOW, len(piece), window)
                                  for window, piece in enumerate(self.pieces())])
        product, energy = np.sum(aligned * recording), np.sum(np.square(aligned))
        score = product / np.sqrt(energy * np.sum(np.square(recording)) + 1e-9)
        if score > self.score:
            self.score, self.gain = float(score), float(product / energy)

    def pieces(self):
        """The recording in windows; what is left over belongs to the last one."""
        cuts = [window * WINDOW for window in range(1, self.windows)]
        return np.split(self.recording, cuts)

    def expected(self, at, count, window):
        """What the voice says from sample `at` of the recording on, by that window's lag."""
        return shifted(self.reference, self.lags[window] - at, count)

    def follow(self, lag):
        """The lag in each window. Windows where the voice pauses keep the lag before."""
        lags = []
        for window, piece in enumerate(self.pieces()):
            part = shifted(self.reference, lag + REACH - window * WINDOW, len(piece) + 2 * REACH)
            if np.mean(np.square(part)) > 0.2 * LOUDNESS**2 and np.any(piece):
                # part[REACH + d] is what is expected d samples earlier than by the lag so far.
                products = correlate(part, piece)[len(piece) - 1:len(piece) + 2 * REACH]
                best = int(np.argmax(products))
                energy = np.sum(np.square(part[best:best + len(piece)]))
                if products[best] > PRESENT * np.sqrt(np.sum(np.square(piece)) * energy):
                    lag += REACH - best
            lags.append(lag)
        return lags


def assert_heard(recording, present, absent=()):
    """`present`, `absent`: {who: reference}. Returns {who: (score, lag, gain)}."""
    tracks = {who: Track(recording, reference) for who, reference in present.items()}
    found = {who: (track.score, track.lag, track.gain) for who, track in tracks.items()}
    found |= {who: heard(recording, reference) for who, reference in dict(absent).items()}
    told = ", ".join(f"{who}: score {score:.3f} lag {lag} gain {gain:.2f}" for who, (score, lag, gain) in found.items())
    for who in present:
        assert found[who][0] >= PRESENT, f"{who} should be heard: {told}"
    for who in dict(absent):
        assert found[who][0] <= ABSENT, f"{who} should not be heard: {told}"
    return found


# ---- finding gaps -----------------------------------------------------------------------------

class Fit:
    """How the references explain a recording, 20 ms by 20 ms.

    Where the references say that there must be sound, and the recording has less than half of it
    at every lag that fits there, something is missing.
    """

    def __init__(self, recording, references):
        self.recording = recording
        self.tracks = [Track(recording, reference) for reference in references]
        self.windows = self.tracks[0].windows
        # Before the last voice came and after the first one ended not everything can be expected.
        self.first = max(0, *(track.lags[0] for track in self.tracks))
        self.last = min(len(recording), *(track.lags[-1] + len(track.reference) for track in self.tracks))

    def share(self, at, choice):
        """(how much of the expected sound is in the block, the expected energy). `choice`: for
        each voice the window whose lag is tried."""
        expected = sum(track.gain * track.expected(at, BLOCK, window)
                       for track, window in zip(self.tracks, choice))
        energy = np.sum(np.square(expected))
        return np.sum(self.recording[at:at + BLOCK] * expected) / max(energy, 1e-12), energy

    def here(self, at):
        """The choice for a block that takes each voice's lag of its own window."""
        return (min(at // WINDOW, self.windows - 1),) * len(self.tracks)

    def is_loud(self, at):
        return self.share(at, self.here(at))[1] >= LOUD

    def is_missing(self, at):
        part, energy = self.share(at, self.here(at))
        if energy < LOUD or part > 0.5:
            return False
        # Within a second a voice may have gone over from one lag to the next.
        window = self.here(at)[0]
        near = [w for w in (window - 1, window, window + 1) if 0 <= w < self.windows]
        for choice in itertools.product(near, repeat=len(self.tracks)):
            part, energy = self.share(at, choice)
            if energy >= LOUD / 2 and part > 0.5:
                return False
        return True

    def longest_gap(self):
        """(ms of the longest run of missing blocks, the second at which it begins). Blocks where
        the voices pause say nothing: they neither make a gap nor end one that was there."""
        longest, where, run_start, last_missing = 0, 0, None, 0
        for at in range(self.first, self.last - BLOCK, BLOCK):
            if self.is_missing(at):
                run_start = at if run_start is None else run_start
                last_missing = at
                if last_missing + BLOCK - run_start > longest:
                    longest, where = last_missing + BLOCK - run_start, run_start
            elif self.is_loud(at):
                run_start = None
        return longest * 1000 / RATE, where / RATE

    def cuts(self):
        """[(second, ms)]: where all voices at once come earlier from then on, as when a piece of
        the recording was never written. Positive ms: lost; negative: put in."""
        found = []
        for window in range(1, self.windows):
            steps = [track.lags[window] - track.lags[window - 1] for track in self.tracks]
            if abs(steps[0]) > 8 and max(steps) - min(steps) <= 8:
                found.append((window * WINDOW / RATE, -steps[0] * 1000 / RATE))
        return found


def assert_no_gap(recording, references, longest=60):
    """`references`: {who: samples} that must be in the recording all the time, each from its
    beginning there to its end. `longest`: ms."""
    fit = Fit(recording, references.values())
    gap, where = fit.longest_gap()
    checked = (fit.last - fit.first) / RATE
    assert checked > 1, f"only {checked:.1f} s have all the voices {', '.join(references)} in them"
    assert gap <= longest, f"{gap:.0f} ms are missing at {where:.2f} s of the recording"
    assert not fit.cuts(), f"the recording jumps, (second, ms): {fit.cuts()}"
    return gap, checked
