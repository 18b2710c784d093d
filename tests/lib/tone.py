"""Signals: G.711, L16, tones, and what a recording says about them.

Samples are numpy floats, 1.0 is full scale. Levels are in dB of a sine's amplitude against full
scale: a tone of amplitude 0.1 is -20 dB.
"""

import numpy as np

RATE = 8000


def ulaw_levels():
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((code & 0x0F) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude)


def alaw_levels():
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (code & 0x70) >> 4, (code & 0x0F) << 4
    magnitude = np.where(segment > 0, (step + 0x108) << np.maximum(segment - 1, 0), step + 8)
    return np.where(code & 0x80, magnitude, -magnitude)


class Law:
    """One of the two laws of G.711: by the table of its 256 levels, to the nearest of them."""

    rate, width = RATE, 1

    def __init__(self, name, payload_type, levels, silence):
        self.name, self.payload_type, self.levels, self.silence = (
            name,
            payload_type,
            levels,
            silence,
        )
        self.order = np.argsort(levels, kind="stable")
        ranked = levels[self.order]
        self.borders = (ranked[1:] + ranked[:-1]) / 2

    def decode(self, payload):
        return self.levels[np.frombuffer(payload, np.uint8)] / 32768

    def encode(self, samples):
        return self.order[np.searchsorted(self.borders, samples * 32768)].astype(np.uint8).tobytes()


class Linear:
    """L16 (RFC 3551 §4.5.11)."""

    width = 2

    def __init__(self, payload_type, rate):
        self.name, self.payload_type, self.rate = f"L16/{rate}", payload_type, rate

    def decode(self, payload):
        return np.frombuffer(payload, ">i2") / 32768

    def encode(self, samples):
        return np.clip(np.round(samples * 32768), -32768, 32767).astype(">i2").tobytes()


PCMU = Law("PCMU", 0, ulaw_levels(), 0xFF)
PCMA = Law("PCMA", 8, alaw_levels(), 0xD5)
WIDE, NARROW = Linear(107, 16000), Linear(108, 8000)  # numbers that the server does not offer
LAWS = {law.payload_type: law for law in (PCMU, PCMA, WIDE, NARROW)}
LAWS.update({97: Linear(97, 16000), 98: Linear(98, 8000)})  # and those of its own offers


def amplitude(db):
    return 10 ** (db / 20)


def sine(frequency, db=-20, rate=RATE):
    """A source: f(first sample, count) -> samples; its phase goes on whatever the cuts."""

    def samples(first, count):
        return amplitude(db) * np.sin(2 * np.pi * frequency * (first + np.arange(count)) / rate)

    return samples


def silence(_first, count):
    return np.zeros(count)


def once(samples):
    """A source that says the samples from its first call on, and then nothing."""
    begin = None

    def source(first, count):
        nonlocal begin
        begin = first if begin is None else begin
        piece = samples[first - begin : first - begin + count]
        return np.concatenate((piece, np.zeros(count - len(piece))))

    return source


def keys(sequence, db=-10, length=0.1, gap=0.1):
    """A source that dials once, as phones do that know no telephone-event."""
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477)
    samples = []
    for key in sequence:
        at = "123456789*0#".index(key)
        time = np.arange(int(length * RATE)) / RATE
        samples.append(
            amplitude(db)
            * (
                np.sin(2 * np.pi * rows[at // 3] * time)
                + np.sin(2 * np.pi * columns[at % 3] * time)
            )
        )
        samples.append(np.zeros(int(gap * RATE)))
    return once(np.concatenate(samples))


def level(samples, frequency, rate=RATE):
    """dB of one frequency in it, Hann-windowed, so that other tones 30 Hz and more away do not
    count when it lasts 200 ms or longer. -140 when there is nothing."""
    window = np.hanning(len(samples))
    phase = np.exp(-2j * np.pi * frequency * np.arange(len(samples)) / rate)
    return 20 * np.log10(max(2 * abs(np.sum(samples * window * phase)) / np.sum(window), 1e-7))


def loudness(samples):
    """dB of the power, on the scale of a sine: a sine of amplitude 1 is 0 dB."""
    return 10 * np.log10(max(2 * np.mean(np.square(samples)), 1e-14)) if len(samples) else -140


def distortion(samples, frequencies, width=12, rate=RATE):
    """dB of everything that is none of the tones, against the tones: noise, harmonics, crackle."""
    spectrum = np.abs(np.fft.rfft(samples * np.blackman(len(samples)))) ** 2
    bins = np.fft.rfftfreq(len(samples), 1 / rate)
    wanted = np.zeros(len(bins), bool)
    for frequency in frequencies:
        wanted |= abs(bins - frequency) < width
    return 10 * np.log10(
        max(np.sum(spectrum[~wanted]), 1e-20) / max(np.sum(spectrum[wanted]), 1e-20)
    )


def click(samples, frequencies, block=40, rate=RATE):
    """dB of the worst 5 ms of what is in the recording but not near the tones: a step in a tone
    is broadband and shows here, a ramp of 20 ms stays some 20 dB below a step.

    The filter looks at 1 kHz and more above the highest tone, where a soft fade has nothing."""
    spectrum = np.fft.rfft(
        samples
        * np.clip(np.minimum(np.arange(len(samples)), np.arange(len(samples))[::-1]) / 400, 0, 1)
    )
    bins = np.fft.rfftfreq(len(samples), 1 / rate)
    spectrum[bins < max(frequencies) + 1000] = 0
    rest = np.fft.irfft(spectrum, len(samples))
    count = len(rest) // block
    power = np.mean(np.square(rest[: count * block].reshape(count, block)), axis=1)
    return 10 * np.log10(max(2 * np.max(power), 1e-14))


def assert_hears(samples, present, absent=(), tolerance=0.5, rate=RATE):
    """`present`: {frequency: dB}, each within the tolerance; `absent`: frequencies not in it."""
    measured = {f: round(level(samples, f, rate), 2) for f in (*present, *absent)}
    for frequency, db in present.items():
        assert (
            abs(measured[frequency] - db) <= tolerance
        ), f"{frequency} Hz should be at {db} dB; measured {measured}"
    for frequency in absent:
        assert measured[frequency] < -55, f"{frequency} Hz should not be there; measured {measured}"
