"""The measuring itself: voices that are in a mix are found, others are not, gaps are seen.

What is proven about the mixer with real phones is worth as much as these figures are.
"""

import pathlib
import tempfile

import numpy as np

import audio
import run
import tone
from audio import RATE, Fit, assert_heard, assert_no_gap, heard, shifted, voice

SECONDS = 12


def through_g711(samples, law=tone.PCMU):
    return law.decode(law.encode(np.clip(samples, -1, 1)))


def mix(*parts, seconds=10):
    """`parts`: (voice's number, lag in samples, gain). As a phone would record it."""
    count = seconds * RATE
    return through_g711(sum((gain * shifted(through_g711(voice(number, SECONDS)), lag, count)
                             for number, lag, gain in parts), np.zeros(count)))


def test_two_of_three_voices_are_found_with_delay_and_gain_and_the_third_is_not():
    recording = mix((0, 1234, 1.0), (1, -4321, 0.5))
    found = {number: heard(recording, voice(number, SECONDS)) for number in (0, 1, 2)}
    assert found[0][0] > audio.PRESENT and found[0][1] == 1234 and abs(found[0][2] - 1.0) < 0.1, found
    assert found[1][0] > audio.PRESENT and found[1][1] == -4321 and abs(found[1][2] - 0.5) < 0.1, found
    assert found[2][0] < audio.ABSENT, found


def test_no_voice_is_ever_taken_for_another():
    for there in range(len(audio.VOICES)):
        recording = mix((there, 800, 1.0))
        for other in range(len(audio.VOICES)):
            score = heard(recording, voice(other, SECONDS))[0]
            if other == there:
                assert score > 0.9, (there, score)
            else:
                assert score < audio.ABSENT, (there, other, score)


def test_an_echo_of_oneself_is_noticed_at_a_quarter_of_the_others():
    recording = mix((0, 800, 1.0), (1, 900, 1.0), (2, 1000, 0.35))
    assert heard(recording, voice(2, SECONDS))[0] > audio.ABSENT


def test_silence_and_noise_hold_no_voice():
    assert heard(np.zeros(5 * RATE), voice(0, SECONDS)) == (0.0, 0, 0.0)
    assert heard(np.zeros(10), voice(0, SECONDS)) == (0.0, 0, 0.0)
    noise = np.random.default_rng(1).normal(0, 0.1, 10 * RATE)
    assert heard(noise, voice(0, SECONDS))[0] < audio.ABSENT


def expect_failure(text, function, *arguments, **options):
    try:
        function(*arguments, **options)
    except AssertionError as error:
        assert text in str(error), error
    else:
        raise AssertionError(f"no complaint about {text!r}")


def test_the_assertions_complain_about_the_missing_and_about_the_unwanted():
    recording = mix((0, 800, 1.0), (1, 900, 1.0))
    voices = {name: voice(number, SECONDS) for number, name in enumerate(("alice", "bob", "carol"))}
    both = {"alice": voices["alice"], "bob": voices["bob"]}
    assert_heard(recording, both, {"carol": voices["carol"]})
    expect_failure("carol should be heard", assert_heard, recording, voices)
    expect_failure("bob should not be heard", assert_heard, recording, {"alice": voices["alice"]},
                   {"bob": voices["bob"]})


def test_an_unbroken_recording_has_no_gap():
    recording = mix((0, 1234, 1.0), (1, 333, 0.8))
    gap, checked = assert_no_gap(recording, {"alice": voice(0, SECONDS), "bob": voice(1, SECONDS)}, longest=0)
    assert gap == 0 and checked > 9, (gap, checked)


def loud_moment(recording, length):
    """Where something is said for so long that its loss must show."""
    steps = range(3 * RATE, len(recording) - 3 * RATE, audio.BLOCK)
    return max(steps, key=lambda at: np.min([np.sum(np.square(recording[at + k:at + k + audio.BLOCK]))
                                             for k in range(0, length, audio.BLOCK)]))


def test_a_gap_of_100_ms_is_measured_where_it_is():
    recording = mix((0, 1234, 1.0), (1, 333, 1.0))
    at = loud_moment(recording, 800)
    recording[at:at + 800] = 0
    gap, where = Fit(recording, [voice(0, SECONDS), voice(1, SECONDS)]).longest_gap()
    assert 80 <= gap <= 120, gap
    assert abs(where - at / RATE) < 0.05, (where, at / RATE)
    expect_failure("ms are missing", assert_no_gap, recording,
                   {"alice": voice(0, SECONDS), "bob": voice(1, SECONDS)})


def test_a_gap_filled_with_noise_is_a_gap_too():
    recording = mix((0, 1234, 1.0))
    at = loud_moment(recording, 800)
    recording[at:at + 800] = np.random.default_rng(2).normal(0, 0.05, 800)
    gap, _ = Fit(recording, [voice(0, SECONDS)]).longest_gap()
    assert 80 <= gap <= 120, gap


def test_a_piece_that_was_never_recorded_shows_as_a_cut():
    recording = mix((0, 1234, 1.0), (1, 333, 1.0))
    lost = np.concatenate((recording[:5 * RATE], recording[5 * RATE + 320:]))
    fit = Fit(lost, [voice(0, SECONDS), voice(1, SECONDS)])
    assert [round(ms) for _, ms in fit.cuts()] == [40], fit.cuts()
    expect_failure("jumps", assert_no_gap, lost, {"alice": voice(0, SECONDS), "bob": voice(1, SECONDS)})


def test_one_voice_that_is_delayed_more_is_no_gap():
    """What a jitter buffer does when it grows: allowed, and neither a gap nor a cut."""
    count = 10 * RATE
    other = shifted(voice(1, SECONDS), 333, count)
    early, late = shifted(voice(0, SECONDS), 1234, count), shifted(voice(0, SECONDS), 1394, count)
    recording = through_g711(other + np.concatenate((early[:5 * RATE], late[5 * RATE:])))
    fit = Fit(recording, [voice(0, SECONDS), voice(1, SECONDS)])
    assert fit.cuts() == [], fit.cuts()
    assert fit.longest_gap()[0] <= 40, fit.longest_gap()


def test_a_voice_whose_delay_changes_is_found_with_its_true_gain():
    count = 10 * RATE
    early, late = shifted(voice(0, SECONDS), 1234, count), shifted(voice(0, SECONDS), 1794, count)
    recording = through_g711(np.concatenate((early[:5 * RATE], late[5 * RATE:])))
    assert heard(recording, voice(0, SECONDS))[2] < 0.7, "by one delay only half of it is found"
    score, _, gain = assert_heard(recording, {"alice": voice(0, SECONDS)})["alice"]
    assert score > 0.9 and abs(gain - 1) < 0.1, (score, gain)


def test_wav_files_are_read_as_written_and_also_without_a_length():
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory) / "voice.wav"
        audio.write_wav(path, voice(0, SECONDS))
        samples, rate = audio.read_wav(path)
        assert rate == RATE and np.max(abs(samples - voice(0, SECONDS))) < 1e-4
        data = bytearray(path.read_bytes())
        data[4:8] = data[40:44] = bytes(4)
        path.write_bytes(data)
        assert len(audio.read_wav(path)[0]) == len(samples)


def test_resampling_keeps_a_tone_and_drops_what_8_khz_cannot_hold():
    time = np.arange(22050) / 22050
    kept = audio.resample(0.1 * np.sin(2 * np.pi * 1000 * time), 22050)
    assert len(kept) == RATE and abs(tone.level(kept, 1000) + 20) < 0.1
    assert np.max(abs(audio.resample(0.1 * np.sin(2 * np.pi * 5000 * time), 22050))) < 0.001


if __name__ == "__main__":
    run.main()
