"""Recordings with tracks: whose voice is where, how they fit together, pauses, the note beside
them, and what is left when the server is killed or the disk is full."""

import contextlib
import ctypes
import json
import os
import pathlib
import resource
import shutil
import signal

import audio
import numpy as np
import run
import tone
from parley import Server
from sip import Phone

POLICY = """
local policy = parley.policy { name = "site" }
function policy.create() return accept() end
function policy.join(request)
  return accept { anonymous = request.actor.user == "carol", role = "guest" }
end
local keys = {}
keys["1"] = function(conference)
  return conference:record { file = "board/all.wav", tracks = true }
end
keys["2"] = function(conference) return conference:stop_recording() end
keys["4"] = function(conference) return conference:pause_recording() end
keys["6"] = function(conference) return conference:resume_recording() end
keys["7"] = function(conference)
  local side = conference:sidebar()
  for p in conference:participants() do
    if p.user == "bob" then return side:bring(p) ~= nil end
  end
end
keys["8"] = function(side)
  for p in side:participants() do return p:back() end
end
function policy.digit(event, conference)
  local done, why, code = keys[event.digit](conference)
  print("key", event.digit, done, why, code, conference.recording_paused)
end
function policy.recorded(event)
  print("recorded", event.on, event.paused, event.file, event.reason == "", event.seconds)
end
return policy
"""
RATE = 16000
LATE = RATE * 3 // 1000  # samples by which a track is behind what was said, whatever the codec


def note_of(server, name, condition):
    """The note beside a recording, once it says so: it is written soon after."""
    path = server.data / "recordings" / f"{name}.json"

    def look():
        note = json.loads(path.read_text()) if path.exists() else None
        return note if note and condition(note) else None

    return run.until(look, lambda: f"{path}: {path.read_text() if path.exists() else 'not there'}")


class Take:
    """What has been recorded, by the note beside it."""

    def __init__(self, server, name):
        folder = server.data / "recordings" / name
        self.note = note_of(server, name, lambda note: note["ended"])
        self.mix = self.read(folder.parent / self.note["file"])
        self.tracks = [(entry, self.read(folder.parent / entry["file"])) for entry in self.note["tracks"]]

    @staticmethod
    def read(path):
        samples, rate = audio.read_wav(path)
        assert rate == RATE
        return samples

    def sum(self, late=()):
        """Of all tracks, each where the note says that it begins. What phones of 8 kHz say is as
        late in the mix; those of `late` are earlier there."""
        total = np.zeros(len(self.mix) + LATE)
        for entry, samples in self.tracks:
            begin = entry["from"]["sample"]
            samples = samples[LATE:] if entry["file"] in late else samples
            total[begin : begin + len(samples)] += samples
        return total[: len(self.mix)]

    def begins(self):
        """Samples at which a track begins, or all go on after a pause."""
        return {entry["from"]["sample"] for entry, _ in self.tracks} | {
            pause["at"]["sample"] for pause in self.note["pauses"]
        }


def assert_is_sum(take, late):
    """To the sample, but for the ms in which the filters ring, or know what was said before."""
    missing = np.abs(take.mix - take.sum(late))
    for begin in take.begins():
        missing[max(0, begin - LATE) : begin + 2 * LATE] = 0
    missing[-LATE:] = 0  # where the later ones end
    worst = int(np.argmax(missing))
    assert missing[worst] < 5e-3, f"sample {worst} of {len(missing)} is off by {missing[worst]}"


def assert_tones(take):
    """Each voice is as loud on its own track as in the mix, and on no other."""
    tones = {"all-1-alice.wav": 517, "all-2-bob.wav": 823, "all-3-anonymous.wav": 1211, "all-4-bob.wav": 823}
    end = take.note["pauses"][0]["at"]["sample"]
    for entry, samples in take.tracks:
        begin = entry["from"]["sample"]
        part = slice(end - RATE // 2, end) if begin < end else slice(begin + RATE // 2, begin + RATE)
        here, mix = samples[part.start - begin : part.stop - begin], take.mix[part]
        for frequency in set(tones.values()) | {1709}:
            level = tone.level(here, frequency, RATE)
            if frequency == tones[entry["file"]]:
                assert abs(level + 20) < 1 and abs(level - tone.level(mix, frequency, RATE)) < 0.5, entry
            else:
                assert level < -55, f"{frequency} Hz at {level} dB in {entry}"
    paused = [tone.level(take.mix[at : at + 1600], 1709, RATE) for at in range(0, len(take.mix) - 1600, 800)]
    assert max(paused) < -45, f"what is said in the pause is not there: {paused}"


def assert_note(take):
    note, (pause,) = take.note, take.note["pauses"]
    people = [entry["participant"] for entry in note["tracks"]]
    assert [person.get("uri", "")[:8] for person in people] == ["sip:alic", "sip:bob@", "", "sip:bob@"]
    assert len({person.pop("id") for person in people}) == 4, "bob has called again"
    assert people[2] == {"name": "", "role": "guest", "anonymous": 1}, "nothing else tells who that is"
    assert note["began"] < pause["began"] < pause["ended"] < note["ended"], note
    assert (note["conference"], note["decided_by"], note["problem"]) == ("demo", "default", None)
    assert note["to"]["sample"] == len(take.mix) and note["to"]["seconds"] == len(take.mix) / RATE
    for entry, samples in take.tracks:
        assert entry["to"]["sample"] - entry["from"]["sample"] == len(samples), entry
    bob, _, again = (entry for entry in note["tracks"][1:])
    assert bob["to"] == again["from"] == pause["at"], "time stands still in a pause"


def press(server, phone, key, answer):
    phone.press(key)
    server.expect_log(f"key {key} {answer}")


@run.real_time
def test_tracks_line_up_and_sum_to_the_mix():
    with Server(config="", policy=POLICY) as server:
        with Phone(server, "alice") as alice, Phone(server, "bob") as bob, Phone(server, "carol") as carol:
            alice.call()
            alice.say(tone.sine(517))
            bob.call()
            bob.say(tone.sine(823))
            alice.hear(0.3)
            press(server, alice, "1", "recording:board/all.wav nil nil false")
            server.expect_log("recorded true false board/all.wav true 0.0")
            press(server, alice, "6", "nil it is recorded already 491 false")
            carol.call(formats=("L16/16000",))
            carol.say(tone.sine(1211, rate=16000))
            alice.hear(0.8)
            press(server, alice, "4", "true nil nil true")
            server.expect_log("recorded false true board/all.wav true 1")
            alice.hear(0.1)
            alice.say(tone.sine(1709))  # which is said to nobody but the others
            alice.hear(0.5)
            bob.hang_up()
            alice.say(tone.sine(517))
            alice.hear(0.3)
            press(server, alice, "6", "true nil nil false")
            server.expect_log("recorded true false board/all.wav true 1")
            bob.new_dialog()
            bob.call()
            bob.say(tone.sine(823))
            alice.hear(0.8)
            press(server, alice, "2", "true nil nil")
            server.expect_log("recorded false false board/all.wav true")
            press(server, alice, "4", "nil it is not recorded 480 false")
        take = Take(server, "board/all")
        assert_is_sum(take, late=["all-3-anonymous.wav"])
        assert_tones(take)
        assert_note(take)


@run.real_time
def test_what_is_said_in_a_sidebar_is_silence_of_the_same_length_on_the_track():
    with talk() as (server, alice, bob):
        press(server, alice, "1", "recording:board/all.wav nil nil false")
        alice.hear(0.6)
        press(server, alice, "7", "true nil nil false")
        alice.hear(0.8)
        press(server, bob, "8", "true nil nil false")
        alice.hear(0.6)
        press(server, alice, "2", "true nil nil")
        server.expect_log("recorded false false board/all.wav true")
        take = Take(server, "board/all")
        assert_is_sum(take, late=())
        (track,) = (samples for entry, samples in take.tracks if entry["file"] == "all-2-bob.wav")
        assert len(take.tracks) == 2 and len(track) == len(take.mix), "from the beginning to the end"
        levels = [tone.level(track[at : at + 1600], 823, RATE) for at in range(1600, len(track) - 3200, 800)]
        silent = [at for at, level in enumerate(levels) if level < -60]
        assert 12 <= len(silent) <= silent[-1] - silent[0] + 1 <= len(silent) + 2, levels
        for loud in (levels[: silent[0] - 2], levels[silent[-1] + 3 :]):
            assert len(loud) > 5 and max(abs(level + 20) for level in loud) < 0.5, levels


# ---- what goes wrong ---------------------------------------------------------------------------

KILLED = """
local policy = parley.policy { name = "site" }
function policy.create() return accept() end
function policy.joined(_, conference, participant)
  if conference.count > 1 then return end
  print("recorded", conference:record { file = conference.name .. "/all." .. conference.name, tracks = true })
end
return policy
"""


@run.real_time
def test_a_server_that_is_killed_leaves_tracks_that_can_be_played():
    endings = ("wav", "flac", "opus")
    with Server(config="", policy=KILLED) as server, contextlib.ExitStack() as phones:
        for ending in endings:
            phone = phones.enter_context(Phone(server, ending))
            phone.call(ending)
            phone.say(tone.sine(700))
            note_of(server, f"{ending}/all", lambda note: len(note["tracks"]) == 1)
            phone.is_up = False  # when it ends
        phone.hear(2.5)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        for ending in endings:
            folder = server.data / "recordings" / ending
            note = json.loads((folder / "all.json").read_text())
            assert note["ended"] is None and note["tracks"][0]["to"] is None, note
            for file in (note["file"], note["tracks"][0]["file"]):
                samples, rate = audio.read_sound(folder / file)
                seconds = len(samples) / rate
                assert seconds > 1.5, f"{ending}/{file} has {seconds} s"
                level = tone.level(samples[-rate // 2 :], 700, rate)
                assert abs(level + 20) < 2, f"{ending}/{file}: {level} dB at its end"


@contextlib.contextmanager
def talk():
    """Alice hears bob's tone in a conference."""
    with Server(config="", policy=POLICY) as server:
        with Phone(server, "alice") as alice, Phone(server, "bob") as bob:
            alice.call()
            bob.call()
            bob.say(tone.sine(823))
            alice.hear(0.2)
            yield server, alice, bob


FULL = 90000  # bytes: 2.8 s


@run.real_time
def test_a_full_disk_ends_the_recording_and_nothing_else():
    with talk() as (server, alice, bob):
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (FULL, FULL))
        press(server, bob, "1", "recording:board/all.wav nil nil false")
        alice.audio.wait_for_packets(25)
        first = len(alice.audio.packets)
        server.expect_log("recorded false false board/all.wav false [23]", within=10)
        packets = alice.audio.packets[first:]
        heard = np.concatenate([tone.PCMU.decode(packet.payload) for packet in packets])
        assert len(packets) > 50 and tone.distortion(heard, [823]) < -12, "nobody hears it"
        take = Take(server, "board/all")
        assert "too large" in take.note["problem"], take.note
        assert abs(tone.level(take.mix[-RATE:], 823, RATE) + 20) < 1


@run.real_time
def test_files_that_are_removed_meanwhile_end_the_recording_and_nothing_else():
    with talk() as (server, alice, bob):
        press(server, bob, "1", "recording:board/all.wav nil nil false")
        note_of(server, "board/all", lambda note: len(note["tracks"]) == 2)
        shutil.rmtree(server.data / "recordings/board")
        server.expect_log("recording board/all.wav ends after .*: the file has been removed")
        server.expect_log("recorded false false board/all.wav false")
        assert tone.distortion(alice.hear(0.4), [823]) < -12, "nobody hears it"
        note = note_of(server, "board/all", lambda note: note["ended"])
        assert note["problem"] == "the file has been removed", note


def test_a_folder_that_cannot_be_made_is_told_as_what_it_is():
    with Server(config='recordings = { path = "/sys/parley" }', policy=POLICY) as server, Phone(server, "bob") as bob:
        bob.call()
        press(server, bob, "1", "recording:board/all.wav nil nil false")
        server.expect_log("recording board/all.wav ends after 0.0 s: .*(may not|read-only)")


RESERVE = 16  # the last descriptors are kept for what an operator needs


@run.real_time
def test_a_track_for_which_no_descriptor_is_left_ends_alone():
    with talk() as (server, alice, bob):
        used = max(int(path.name) for path in pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir())
        limit = used + 1 + RESERVE + 2  # the mix and one track
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (limit, limit))
        press(server, bob, "1", "recording:board/all.wav nil nil false")
        server.expect_log("all-2-bob.wav ends after 0.0 s: the server has too many files")
        server.expect_log("recorded true false board/all-[12]-.*.wav false")
        heard = alice.hear(0.6, 0.2)
        assert tone.distortion(heard, [823]) < -12, "nobody hears it"
        press(server, bob, "2", "true nil nil")
        server.expect_log("recorded false false board/all.wav true")
        note = note_of(server, "board/all", lambda note: note["ended"])
        assert note["problem"] is None and len(note["tracks"]) == 2, note
        problems = [track["problem"] for track in note["tracks"]]
        assert sum(problem is not None for problem in problems) == 1, note
        assert abs(tone.level(Take.read(server.data / "recordings/board/all.wav")[-RATE // 2 :], 823, RATE) + 20) < 1


SEIZE, INTERRUPT, DETACH, ANY_THREAD = 0x4206, 0x4207, 17, 0x40000000


@contextlib.contextmanager
def stopped(server, name):
    """The server's thread of that name stands still, as in a write that takes long."""
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task").iterdir()
    (thread,) = (int(task.name) for task in tasks if (task / "comm").read_text().strip() == name)
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    if ptrace(SEIZE, thread, None, None) != 0:
        raise run.Skip(f"other programs may not be stopped here: {os.strerror(ctypes.get_errno())}")
    ptrace(INTERRUPT, thread, None, None)
    os.waitpid(thread, ANY_THREAD)
    try:
        yield
    finally:
        ptrace(DETACH, thread, None, None)


@run.real_time
def test_a_slow_disk_costs_sound_in_the_file_and_nothing_else():
    with talk() as (server, alice, bob):
        press(server, bob, "1", "recording:board/all.wav nil nil false")
        alice.hear(0.3)
        with stopped(server, "recorders"):
            heard = alice.hear(4.6)  # what waits for the disk is 4 s at most
        assert tone.distortion(heard, [823]) < -12, "nobody hears it"
        press(server, bob, "2", "true nil nil")
        server.expect_log("recorded false false board/all.wav true [456]")
        server.expect_log("recording board/all.wav: the disk was too slow, [0-9]+ ms are silence")
        take = Take(server, "board/all")
        assert 0.2 < take.note["lost_seconds"] < 2 and take.note["problem"] is None, take.note
        assert take.note["to"]["sample"] == len(take.mix), take.note


if __name__ == "__main__":
    run.main()
