"""Who is in a conference is attended to: by keys of each kind, and by names that one alone hears."""

import concurrent.futures
import json
import re
import time

import numpy as np

import audio
import naming
import run
import tone
from parley import OPEN, ROOT, Server, run_parley
from prompts import assert_said, prompt
from sip import Phone

NAMES = 5
VOICE = 0.8  # seconds
FOUND = 0.6  # how well a name is found that was recorded and played
LISTENING = """
local policy = parley.policy { name = "site" }
function policy.digit(event) parley.log.info(("key %s of %d ms"):format(event.digit, event.duration * 1000)) end
return policy
"""


def attended(options="", **others):
    config = f'policy = "{OPEN}"\nstop_timeout = 0\nattendant = "attendant"\n' + (
        f'applications = {{ attendant = {{ script = "attendant", options = {{ {options} }} }} }}\n'
    )
    return Server(config=config, **others)


def info(phone, body, content_type):
    """RFC 6086 §2: no Info-Package, so that it is a legacy usage."""
    phone.send(phone.request("INFO", headers={"Content-Type": content_type}, body=body))
    return phone


def test_keys_by_info_are_keys():
    with Server(config='stop_timeout = 0\nconferences = { demo = {} }\n', policy=LISTENING) as server:
        with Phone(server) as alice:
            alice.call()
            alice.send(alice.request("OPTIONS", body=None))
            assert "INFO" in alice.expect(200, method="OPTIONS").tokens("Allow")
            for body, kind, key, duration in (
                (b"Signal=5\r\nDuration=250\r\n", "application/dtmf-relay", "5", 250),
                (b"Signal= *\r\n", "application/dtmf-relay", "*", 160),
                (b"Duration=100\nsignal = 11\n", "Application/DTMF-Relay", "#", 100),
                (b"7", "application/dtmf", "7", 160),
                (b"d\r\n", "application/dtmf", "D", 160),
            ):
                info(alice, body, kind).expect(200, method="INFO")
                server.expect_log(f"key {key} of {duration} ms".replace("*", "[*]"))
            for body, kind, code in (
                (b"Signal=16\r\n", "application/dtmf-relay", 400),
                (b"Duration=100\r\n", "application/dtmf-relay", 400),
                (b"55555", "application/dtmf", 400),
                (b"roses are red", "text/plain", 415),
            ):
                refusal = info(alice, body, kind).expect(code, method="INFO")
                assert code != 415 or "application/dtmf" in refusal.tokens("Accept")
            package = {"Info-Package": "poem", "Content-Type": "text/plain"}
            alice.send(alice.request("INFO", headers=package, body=b"roses"))
            assert alice.expect(469, method="INFO")["Recv-Info"] == ""
            alice.send(alice.request("INFO", body=None))
            alice.expect(200, method="INFO")


@run.real_time
def test_a_key_told_by_info_and_by_an_event_is_one_key():
    with Server(config='stop_timeout = 0\nconferences = { demo = {} }\n', policy=LISTENING) as server:
        with Phone(server) as alice:
            alice.call()
            for _ in range(2):
                info(alice, b"5", "application/dtmf").expect(200, method="INFO")
                alice.press("5")
            alice.press("99")
            for _ in range(2):
                server.expect_log("key 9 of")
            assert len(re.findall("key 5 of", server.log())) == 2, server.log()


@run.real_time
def test_a_key_of_each_kind_is_answered_to_one_and_heard_by_nobody():
    with attended() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        for phone in (alice, bob):
            phone.call()
        bob.hear(0.3)
        first = len(alice.audio.packets), len(bob.audio.packets)
        bob.press("*6")
        server.expect_log(r"plays muted to")
        bob.hear(1, 0)  # or they would be the keys that the events have told
        for key in "*6":
            info(bob, f"Signal={key}\r\n".encode(), "application/dtmf-relay").expect(200, method="INFO")
        server.expect_log(r"plays unmuted to")
        bob.hear(2.5, 0)
        heard = bob.audio.audio(first[1])
        assert_said(heard[audio.heard(heard, prompt("unmuted"))[1] - 100:], ["unmuted"])
        assert np.max(np.abs(alice.audio.audio(first[0]))) < 1e-3


def test_a_phone_that_has_no_events_presses_keys_in_its_audio():
    with attended() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        alice.call()
        bob.call(formats=("PCMU", "PCMA"))
        bob.hear(0.3)
        bob.say(tone.keys("*6", db=-12))
        server.expect_log(r"sip:bob@\S+ is muted")


# ---- names -------------------------------------------------------------------------------------

TONES = {"say-your-name": 500, "keep-or-redo": 1500, "roll-call": 600, "has-joined": 700, "has-left": 800}


def with_tones(policy=None):
    server = attended('names = "record"', policy=policy, start=False)
    (server.directory / "sounds").mkdir()
    for name, pitch in TONES.items():
        audio.write_wav(server.directory / "sounds" / f"{name}.wav", tone.sine(pitch, -20, 16000)(0, 4800), 16000)
    server.start()
    return server


def wait_for_tone(phone, pitch, on=True, within=8):
    """Until the last 160 ms of what the phone hears are that tone alone, or no longer."""
    def is_so():
        last = phone.audio.audio(-8) if len(phone.audio.packets) > 8 else np.zeros(480)
        return (tone.level(last, pitch) > max(tone.loudness(last) - 1, -35)) == on
    phone.audio.wait_for(is_so, within * run.SLOW, f"{'' if on else 'the end of '}a tone of {pitch} Hz")


def wait_for_sound(phone):
    """What it has said is played to it: keys count again."""
    phone.audio.wait_for(lambda: tone.loudness(phone.audio.audio(-3)) > -40, 5 * run.SLOW, "the name")


def say_name(phone, voice):
    wait_for_tone(phone, 1000)
    wait_for_tone(phone, 1000, on=False)
    phone.say(tone.once(voice)).hear(len(voice) / audio.RATE + 0.2, 0)
    phone.press("#")


def assert_found(phone, first, voice):
    score, _ = find(phone.audio.audio(first), voice)
    assert score > FOUND, f"{phone.user} has heard that name by {score:.2f} only"


def find(samples, voice):
    """How well the voice is found, and where."""
    lags = np.correlate(samples, voice, "valid")
    at = int(np.argmax(lags))
    piece = samples[at : at + len(voice)]
    return lags[at] / max(np.linalg.norm(piece) * np.linalg.norm(voice), 1e-9), at


def temporary(server):
    return sorted(path.name for path in (server.data / "recordings" / "temporary").rglob("*.wav"))


def own_folder(server):
    """Where the names of this server are, which no other deletes."""
    (folder,) = (path.parent for path in (server.data / "recordings" / "temporary").glob("*/.lock"))
    return folder


def come(server, number, listens=False):
    """Calls, and says its name, which it may listen to before it keeps it."""
    phone, voice = Phone(server, f"user{number}"), audio.voice(number, VOICE)
    phone.call()
    say_name(phone, voice)
    wait_for_sound(phone)
    if listens:
        wait_for_tone(phone, TONES["keep-or-redo"])
        assert_found(phone, 0, voice)
    phone.press("1")
    server.expect_log(rf"user{number}@\S+ is announced by recording:temporary/", within=12)
    return phone


@run.real_time
def test_the_names_of_five_are_called_to_one_and_played_when_they_come_and_go():
    voices = [audio.voice(number, VOICE) for number in range(NAMES)]
    with with_tones() as server, concurrent.futures.ThreadPoolExecutor() as pool:
        others = list(pool.map(lambda number: come(server, number), (1, 2, 3)))
        alice = come(server, 0, listens=True)
        wait_for_tone(alice, TONES["has-joined"])
        wait_for_tone(alice, TONES["has-joined"], on=False)
        first = len(alice.audio.packets)
        last = come(server, 4)
        wait_for_tone(alice, TONES["has-joined"])
        assert_found(alice, first, voices[4])
        alice.hear(0.5, 0)
        assert len(temporary(server)) == NAMES
        others.append(last)
        first, firsts = len(alice.audio.packets), [len(phone.audio.packets) for phone in others]
        alice.press("*3")
        alice.hear(NAMES * (VOICE + 0.5) + 1, 0)
        called = alice.audio.audio(first)
        found = [find(called, voice) for voice in voices]
        assert min(score for score, _ in found) > FOUND, found
        for phone, first in zip(others, firsts):
            assert tone.loudness(phone.audio.audio(first)) < -60, phone.user
        first = len(alice.audio.packets)
        last.hang_up()
        wait_for_tone(alice, TONES["has-left"])
        assert_found(alice, first, voices[4])
        for phone in (alice, *others[:-1]):
            phone.hang_up()
        deadline = time.monotonic() + 5 * run.SLOW
        while temporary(server):
            assert time.monotonic() < deadline, temporary(server)
            time.sleep(0.05)


@run.real_time
def test_who_takes_over_a_call_has_its_keys_and_its_name_and_nobody_has_left():
    takeover = 'local policy = parley.policy { name = "takeover" }\n' + (
        "function policy.create() return accept() end function policy.replace() return accept() end return policy"
    )
    with with_tones(takeover) as server:
        alice = come(server, 1)
        with Phone(server, "desk") as desk:
            desk.call(headers=naming.replaces(alice))
            alice.reply(alice.expect("BYE"), 200)
            alice.is_up = False
            desk.press("*3")
            server.expect_log(r"plays roll-call\S*recording:temporary/\S+ to sip:desk@")
            assert "has-left" not in server.log()
        server.expect_log(r"sip:desk@\S+ left")


def test_a_policy_for_announcements_is_known_under_another_name():
    text = (ROOT / "policy/announcements.lua").read_text().replace('name = "announcements"', 'name = "comings"')
    with attended('hosts = { "participant" }', start=False) as server:
        server.write("policy/comings.lua", text)
        server.config.write_text(server.config.read_text() + 'conferences = { demo = { policy = "comings" } }\n')
        server.start()
        with Phone(server) as alice:
            alice.call()
            for _ in range(2):
                alice.press("#3")
            server.expect_log("plays recording-off", within=8)
            assert server.log().count("plays recording-on") == 1, server.log()


def test_a_reload_attends_to_who_is_in():
    with attended() as server, Phone(server) as alice:
        text = server.config.read_text()
        server.config.write_text(text.replace('attendant = "attendant"', 'attendant = "none"'))
        server.reload()
        alice.call()
        server.config.write_text(text)
        server.reload()
        alice.press("*6")
        server.expect_log(r"sip:alice@\S+ is muted")


def test_a_lecture_is_over_with_its_conference():
    policy = (
        'local policy = parley.policy { name = "site" }\nfunction policy.join(request)\n'
        'return accept { role = request.actor.user == "alice" and "host" or "member" } end return policy'
    )
    config = 'stop_timeout = 0\nattendant = "attendant"\napplications = { attendant = "attendant" }\nconferences = { demo = {} }\n'
    with Server(config=config, policy=policy) as server:
        with Phone(server, "alice") as alice, Phone(server, "bob") as bob:
            alice.call()
            alice.press("#4")
            server.expect_log("plays lecture-on")
            bob.call()
            server.expect_log(r"bob@\S+ may only listen")
        server.expect_log("conference is over")
        time.sleep(1.1 * run.SLOW)  # they begin in different seconds
        with Phone(server, "bob") as bob:
            bob.call()
            bob.press("*2")
            server.expect_log("plays you-are-alone")
            assert len(re.findall(r"bob@\S+ may only listen", server.log())) == 1


def test_a_config_names_an_attendant_that_there_is():
    with Server(start=False) as server:
        for line, told in (
            ('attendant = "attendat"', 'attendant: there is no application "attendat"; name it'),
            ('conferences = { hall = { attendant = "x" } }', 'conferences.hall: attendant: there is no application "x"'),
        ):
            checked = run_parley("check", server.write("parley.lua", line))
            assert checked.returncode == 2 and told in checked.stderr, checked.stderr
        config = 'applications = { attendant = { script = "attendant", options = { keys = { "*5 mut" } } } }'
        checked = run_parley("check", server.write("parley.lua", config))
        assert checked.returncode == 2 and "keys: '*5 mut' is none" in checked.stderr, checked.stderr


def test_names_that_a_crash_has_left_are_deleted_at_the_start():
    with attended(start=False) as server:
        folder = server.data / "recordings" / "temporary" / "7"
        folder.mkdir(parents=True)
        (folder / "1-1-1.wav").write_bytes(b"RIFF")
        (server.data / "recordings" / "kept.wav").write_bytes(b"RIFF")
        server.start()
        assert not temporary(server)
        assert (server.data / "recordings" / "kept.wav").exists()
        folder.mkdir(parents=True)
        (folder / "1-1-2.wav").write_bytes(b"RIFF")
        checked = run_parley("check", server.write("check.lua", f'data = "{server.data}"'))
        assert checked.returncode == 0, checked.stderr
        kept = own_folder(server) / "7"
        kept.mkdir()
        (kept / "1-1-3.wav").write_bytes(b"RIFF")
        second = server.command("serve")
        assert second.returncode == 1, second.stderr
        assert temporary(server) == ["1-1-2.wav", "1-1-3.wav"]
        server.stop()
        assert temporary(server) == ["1-1-2.wav"]


def test_a_name_that_was_said_and_never_given_goes_with_the_conference():
    with attended() as server, Phone(server) as alice:
        alice.call()
        deadline = time.monotonic() + 5 * run.SLOW
        while not (created := server.command("journal", "--json", "--verb", "created").stdout):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        folder = own_folder(server) / str(json.loads(created)["conference_id"])
        folder.mkdir(parents=True)
        (folder / "1-1-1.wav").write_bytes(b"RIFF")
        alice.hang_up()
        while folder.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)


if __name__ == "__main__":
    run.main()
