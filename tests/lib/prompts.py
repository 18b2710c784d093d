"""Prompts, as phones with PCMU hear them, found in what was heard."""

import os
import pathlib

import numpy as np

import audio

SHIPPED = pathlib.Path(os.environ["PARLEY"]).parent / "prompts"


def prompt(name, language="en"):
    """As a phone with PCMU hears it."""
    return audio.resample(*audio.read_wav(SHIPPED / language / f"{name}.wav"))


def score_at(recording, at, reference):
    """How much of the recording there is the reference."""
    piece = recording[at : at + len(reference)]
    energy = np.sum(np.square(piece)) * np.sum(np.square(reference[: len(piece)]))
    return np.sum(piece * reference[: len(piece)]) / np.sqrt(max(energy, 1e-9))


def assert_said(recording, names, language="en"):
    """All of the prompts are in the recording, each where the one before it ends. Returns where."""
    whole = np.concatenate([prompt(name, language) for name in names])
    begin = at = max(audio.heard(recording, whole)[1], 0)
    for name in names:
        reference = prompt(name, language)
        late = max(range(-640, 641), key=lambda late: score_at(recording, max(at + late, 0), reference))
        score = score_at(recording, max(at + late, 0), reference)
        assert score > 0.9 and abs(late) <= 0.04 * audio.RATE, f"{name}: {score}, {late} samples late"
        at += late + len(reference)
    return begin


def likeness(recording, reference):
    """How much of the recording is the reference where it is most like it."""
    return score_at(recording, max(audio.heard(recording, reference)[1], 0), reference)


def assert_said_in(recording, names, language, other):
    """Each of the prompts is heard in the one language rather than in the other, wherever it is: a
    packet that is late on a busy machine does not make German of English."""
    for name in names:
        said, unsaid = (likeness(recording, prompt(name, spoken)) for spoken in (language, other))
        assert said > unsaid + 0.2, f"{name}: {language} {said}, {other} {unsaid}"
