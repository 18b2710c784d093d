"""policy/moderated.lua with real phones: who waits hears music, is heard by nobody and hears nobody, until a
key of the moderator's lets them in or sends them away, or nobody has come to the door in time."""

import audio
import digest
import run
import tone
from audio import RATE
from parley import Server
from phones import Baresip, Linphone

MUSIC = 700  # Hz
QUIET_MUSIC = -44  # dB, so that a voice that leaks through would stand out
ALICE, BOB = audio.voice(0, 40), audio.voice(1, 40)
CONFIG = f"""
accounts = {{ alice = {{ ha1 = "{digest.ha1("MD5", "alice", "parley", "wonder")}" }} }}
audio = {{ hold_music = "music.wav" }}
local function moderated(options)
  options.moderators, options.announcement = {{ "alice" }}, ""
  return {{ policy = "moderated", options = options }}
end
conferences = {{
  board = moderated {{}},
  hurried = moderated {{ wait = "2s" }},
  ringing = moderated {{ wait = "2s", meanwhile = "ring" }},
}}
"""


def board():
    server = Server(CONFIG, start=False)
    audio.write_wav(server.directory / "music.wav", tone.sine(MUSIC, QUIET_MUSIC, 16000)(0, 32000), 16000)
    server.start()
    return server


def moderator(server):
    return Baresip("alice", ALICE, server=server, password="wonder")


def expect_waiting(server, name, user):
    server.expect_log(rf"\[{name} .*join by sip:{user}@\S+ waits for a decision of moderator", within=5)


def listen(phone, seconds):
    """The part of its recording that a baresip writes during the next seconds."""
    since = phone.heard_seconds()
    run.until(lambda: phone.heard_seconds() >= since + seconds, phone.heard_seconds, within=seconds + 5)
    return slice(int(since * RATE), int((since + seconds) * RATE))


def parts(recording):
    """What was heard with the music, and what behind it, without the fading in between."""
    block = RATE // 5
    loud = [
        at for at in range(0, len(recording) - block, block)
        if abs(tone.level(recording[at : at + block], MUSIC) - QUIET_MUSIC) < 3
        and tone.loudness(recording[at : at + block]) < QUIET_MUSIC + 3
    ]
    assert loud, "no music was heard"
    return recording[loud[0] : loud[-1]], recording[loud[-1] + RATE :]


@run.real_time
@run.limit(60)
def test_a_guest_waits_with_music_and_is_let_in_by_a_key():
    with board() as server, moderator(server) as alice, Linphone("bob", BOB) as bob:
        alice.call(f"sip:board@{server.address}")
        bob.call(f"sip:board@{server.address}")
        expect_waiting(server, "board", "bob")
        waits = listen(alice, 4)
        assert set(server.participants("board")) == {"alice"}
        alice.press("1")
        server.expect_log(r"\[board .*sip:bob@\S+ joined as participant", within=10)
        talks = listen(alice, 5)
        bob.hang_up()
        alice.hang_up()
        heard = alice.recording()
        audio.assert_heard(heard[waits], {}, {"bob": BOB})
        audio.assert_heard(heard[talks], {"bob": BOB}, {"alice": ALICE})
        waiting, talking = parts(bob.recording())
        assert len(waiting) > 3 * RATE and len(talking) > 3 * RATE, (len(waiting), len(talking))
        audio.assert_heard(waiting, {}, {"alice": ALICE, "bob": BOB})
        audio.assert_heard(talking, {"alice": ALICE}, {"bob": BOB})


def end_of_call(phone, uri, begins):
    """What ends the call of a baresip to there, which begins so and is not hung up."""
    since = phone.command("dial", uri)
    phone.expect(begins, since=since)
    return phone.expect("CALL_CLOSED", 10, since)["param"]


@run.limit(60)
def test_a_guest_is_sent_away_by_a_key_or_waits_in_vain():
    with board() as server, moderator(server) as alice, Linphone("bob", BOB, explains=True) as bob, Baresip(
        "carol", BOB
    ) as carol:
        alice.call(f"sip:board@{server.address}")
        bob.call(f"sip:board@{server.address}")
        expect_waiting(server, "board", "bob")
        alice.press("2")
        bob.expect_said(r'Reason: ?SIP;cause=603;text="Declined"')
        bob.program.expect(r"Call 1 with .* ended \(Call declined\)")
        assert end_of_call(carol, f"sip:hurried@{server.address}", "CALL_ESTABLISHED")
        server.expect_log(r"\[hurried .*join by sip:carol@\S+ .* is not done: 408 Nobody has decided in time")
        why = end_of_call(carol, f"sip:ringing@{server.address}", "CALL_RINGING")
        assert why == "408 Nobody has decided in time"
        assert set(server.participants("board")) == {"alice"} and alice.is_up()
        alice.hang_up()


if __name__ == "__main__":
    run.main()
