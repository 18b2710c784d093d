"""Media policy: what is done to voices, music for who waits, announcements, keys in the audio."""

import re
import struct

import numpy as np

import audio
import run
import tone
from parley import OPEN, Server, run_parley
from sip import Phone

# Digits are the test's remote control; what they do is told in the log.
POLICY = """
local policy = parley.policy { name = "site" }
local does = {
  ["1"] = function(p) return p:enhance { agc = true, denoise = true, vad = true } end,
  ["2"] = function(p) return p:enhance { agc = false, denoise = false, vad = false } end,
  ["3"] = function(p) return p:volume { speaks = -12, hears = -6 } end,
  ["4"] = function(p) return p:volume { speaks = 0, hears = 0 } end,
  ["5"] = function(p, c) return c:play("beep.wav", { gain = -6 }) end,
  ["6"] = function(p, c) return c:play("beep.wav", { loop = true }) end,
  ["7"] = function(p, c) return c:stop() end,
  ["8"] = function(p, c) return c:play "missing.wav" end,
}
function policy.digit(event, conference, participant)
  parley.log.info("key " .. event.digit .. " of " .. participant.user)
  if does[event.digit] then
    local ok, text, code = does[event.digit](participant, conference)
    parley.log.info("done " .. tostring(ok) .. " " .. tostring(text))
  end
end
function policy.played(event) parley.log.info("played '" .. event.reason .. "'") end
return policy
"""
NO_EVENTS = ("PCMU", "PCMA")


def conference(**options):
    inside = ", ".join(f"{key} = {value}" for key, value in options.items())
    return f'policy = "{OPEN}"\nstop_timeout = 0\nconferences = {{ demo = {{ {inside} }} }}\n'


def joined(server, *users, **offer):
    phones = [Phone(server, user) for user in users]
    for phone in phones:
        phone.call(**offer)
    return phones


def music(server, name, frequency, seconds=1.0, db=-20, rate=16000):
    samples = tone.sine(frequency, db, rate)(0, int(seconds * rate))
    audio.write_wav(server.directory / name, samples, rate)


# ---- music and announcements -------------------------------------------------------------------


def with_music(config='audio = { hold_music = "music.wav" }\n' + conference(), policy=POLICY):
    server = Server(config=config, policy=policy, start=False)
    music(server, "music.wav", 600, 1.37)
    music(server, "beep.wav", 900, 0.5)
    server.start()
    return server


@run.real_time
def test_who_waits_alone_hears_music_and_nobody_else():
    with with_music() as server:
        (alice,) = joined(server, "alice")
        tone.assert_hears(alice.hear(1, settle=0.6), {600: -20}, tolerance=1)
        first = len(alice.audio.packets)
        (bob,) = joined(server, "bob")
        alice.say(tone.sine(1400))
        tone.assert_hears(bob.hear(0.5), {1400: -20}, absent=[600])
        assert np.max(np.abs(bob.audio.audio())) < 0.15, "bob heard no more than alice"
        tone.assert_hears(alice.hear(0.5), {}, absent=[600])
        # It fades: no step where it ends.
        end = alice.audio.audio(first)[: 8 * 200]
        assert tone.click(end, [600]) < -55, tone.click(end, [600])
        bob.hang_up()
        tone.assert_hears(alice.hear(0.5, settle=1), {600: -20}, tolerance=1)


@run.real_time
def test_a_folder_of_music_goes_on_and_is_lower_under_what_is_said():
    config = 'audio = { hold_music = "music/" }\n' + conference()
    policy = POLICY.replace("return policy", """
function policy.joined(_, _, participant) participant:play "beep.wav" end
return policy""")
    server = Server(config=config, policy=policy, start=False)
    (server.directory / "music").mkdir()
    music(server, "music/1.wav", 600, 1.0)
    (server.directory / "music" / "2.wav").write_text("no sound")
    music(server, "music/3.wav", 800, 1.0)
    music(server, "beep.wav", 900, 1.0)
    assert run_parley("check", server.config).returncode == 0
    server.start()
    with server:
        (alice,) = joined(server, "alice")
        tone.assert_hears(alice.hear(0.5, settle=0.3), {900: -20, 600: -35}, tolerance=1)
        server.expect_log("warn .*music/2.wav.*skipped", within=5)
        heard = alice.hear(3, settle=0)
        for frequency in (600, 800):
            levels = [tone.level(heard[at : at + 1600], frequency) for at in range(0, 22400, 400)]
            assert max(levels) > -21.5, (frequency, levels)
        (server.directory / "music" / "1.wav").unlink()
        (server.directory / "music" / "3.wav").unlink()
        server.expect_log("hold_music: .*music/: no file in it can be played", within=5)
        assert "no file in it" in run_parley("check", server.config).stderr


@run.real_time
def test_the_loop_of_the_music_does_not_click():
    with with_music() as server:
        (alice,) = joined(server, "alice")
        heard = alice.hear(3, settle=0.6)
        assert tone.click(heard, [600]) < -50, tone.click(heard, [600])
        assert tone.loudness(heard) > -21.5


@run.real_time
def test_what_is_no_number_in_a_file_is_silence():
    server = Server(
        config='audio = { hold_music = "music.wav" }\n' + conference(), policy=POLICY, start=False
    )
    samples = tone.sine(600, -20, 16000)(0, 32000).astype("<f4")
    samples[8000], samples[16000], samples[24000] = np.nan, np.inf, -np.inf
    body = samples.tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, 16000, 64000, 4, 32)
    head = struct.pack("<4sI4s", b"RIFF", 36 + len(body), b"WAVE")
    data = head + form + struct.pack("<4sI", b"data", len(body)) + body
    (server.directory / "music.wav").write_bytes(data)
    server.start()
    with server:
        (alice,) = joined(server, "alice")
        heard = alice.hear(2.2, settle=0.6)
        tone.assert_hears(heard, {600: -20}, tolerance=1)
        assert np.max(np.abs(heard)) < 0.2, np.max(np.abs(heard))


@run.real_time
def test_a_conference_may_have_its_own_music_or_silence():
    config = 'audio = { hold_music = "music.wav" }\n' + conference(
        hold_music='"none"', hold_music_softer=12, hold_music_shuffle="true"
    )
    with with_music(config) as server:
        (alice,) = joined(server, "alice")
        assert not np.any(np.abs(alice.hear(1)) > 0.001), "silence"
        server.config.write_text(config.replace("none", "beep.wav"))
        server.reload()
        tone.assert_hears(alice.hear(1, settle=1), {900: -32}, absent=[600], tolerance=1)


@run.real_time
def test_a_policy_gives_who_comes_other_music_or_what_all_hear_if_that_is_none():
    policy = POLICY.replace("return policy", """
local music = { alice = { hold_music = "own/", hold_music_softer = 6 }, bob = { hold_music = "empty/" } }
function policy.join(request) return accept(music[request.actor.user]) end
return policy""")
    server = Server(config='audio = { hold_music = "music.wav" }\n' + conference(), policy=policy, start=False)
    for folder in ("own", "empty"):
        (server.directory / folder).mkdir()
    music(server, "own/1.wav", 900, 4.0)
    music(server, "music.wav", 600)
    server.start()
    with server:
        (alice,) = joined(server, "alice")
        tone.assert_hears(alice.hear(0.5, settle=0.6), {900: -26}, absent=[600], tolerance=1)
        alice.hang_up()
        (bob,) = joined(server, "bob")
        tone.assert_hears(bob.hear(0.5, settle=0.6), {600: -20}, absent=[900], tolerance=1)
        server.expect_log(r"error .*lua:\d+: hold_music: .*empty/")


@run.real_time
def test_music_that_is_not_there_is_told_and_harms_nobody():
    config = conference(hold_music='"missing.wav"')
    with Server(config=config, policy=POLICY) as server:
        server.expect_log(r"error.*hold_music: .*missing.wav: no such file")
        alice, bob = joined(server, "alice", "bob")
        server.expect_log(r"error.*\[demo\].*hold_music: .*missing.wav: no such file")
        alice.say(tone.sine(500))
        tone.assert_hears(bob.hear(), {500: -20})
        checked = run_parley("check", server.config)
        assert checked.returncode == 2, checked
        assert "hold_music:" in checked.stderr and "missing.wav" in checked.stderr, checked.stderr
        (server.directory / "missing.wav").write_text("no sound at all")
        assert "no sound file" in run_parley("check", server.config).stderr
        music(server, "missing.wav", 600)
        assert run_parley("check", server.config).returncode == 0


@run.real_time
def test_announcements_are_heard_by_all_once_or_until_they_are_stopped():
    with with_music() as server:
        alice, bob = joined(server, "alice", "bob")
        alice.hear(0.5)
        first = len(bob.audio.packets)
        alice.audio.press("5")
        server.expect_log("played ''")
        heard = bob.audio.audio(first)
        loud = np.abs(heard) > 0.02
        assert abs(np.count_nonzero(loud) / tone.RATE - 0.38) < 0.1, "most of half a second"
        alice.audio.press("6")
        tone.assert_hears(bob.hear(1, settle=0.5), {900: -20}, tolerance=1)
        tone.assert_hears(alice.hear(), {900: -20}, tolerance=1)
        alice.audio.press("7")
        server.expect_log("played 'stopped'")
        assert tone.level(bob.hear(), 900) < -60
        alice.audio.press("8")
        server.expect_log("played '.*missing.wav: no such file")
        assert tone.click(bob.audio.audio(first), [900]) < -45


def test_what_scripts_may_play_lies_beside_the_config():
    policy = """
local policy = parley.policy { name = "site" }
function policy.joined(_, conference)
  for _, file in ipairs { "/etc/passwd", "../x.wav", "", 5 } do
    parley.log.info(tostring(select(2, pcall(conference.play, conference, file))))
  end
  parley.log.info(tostring(select(2, pcall(conference.play, conference, "x.wav", { gain = 99 }))))
end
return policy
"""
    with Server(config=conference(), policy=policy) as server:
        joined(server, "alice")
        server.expect_log("gain must be a number from -60 to 12 dB, not 99")
        assert server.log().count("must lie in the config's directory") == 2
        assert "play: the file has no name" in server.log()
        assert "play: the file must be a text" in server.log()


# ---- voices ------------------------------------------------------------------------------------


def test_enhancement_and_volume_go_through_the_policy_and_into_what_is_heard():
    policy = POLICY.replace(
        "return policy",
        """
function policy.join() return accept { agc = true, speaks = -3 } end
function policy.volume(request)
  parley.log.info("asked " .. request.params.speaks .. " " .. request.params.hears)
  if request.params.hears < 0 then return reject(403, "not so soft") end
end
return policy""",
    )
    with Server(config=conference(), policy=policy) as server:
        alice, bob = joined(server, "alice", "bob")
        alice.audio.press("3")
        server.expect_log("asked -12")
        server.expect_log("done nil not so soft")
        alice.audio.press("2")
        server.expect_log("gain control off")
        alice.say(tone.sine(500, -10))
        tone.assert_hears(bob.hear(), {500: -13})
        alice.audio.press("4")
        server.expect_log(r"is heard at \+0.0 dB")
        tone.assert_hears(bob.hear(), {500: -10})


@run.real_time
def test_a_soft_phone_and_a_loud_one_sound_alike_with_gain_control():
    config = "audio = { agc = true }\n" + conference()
    soft, loud = audio.voice(0, 6) * 0.25, audio.voice(1, 6) * 4
    with Server(config=config, policy=POLICY) as server:
        alice, bob, carol = joined(server, "alice", "bob", "carol")
        alice.say(tone.once(soft))
        alice.hear(3.5)
        softly = tone.loudness(carol.hear(2))
        alice.say(tone.silence)
        bob.say(tone.once(loud))
        alice.hear(3.5)
        loudly = tone.loudness(carol.hear(2))
        assert abs(loudly - softly) < 6, (softly, loudly, "they were 24 dB apart")


@run.real_time
def test_steady_noise_is_suppressed_where_that_is_asked_for():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.02, 8 * tone.RATE)
    levels = {}
    for denoise in ("false", "true"):
        with Server(config=conference(denoise=denoise), policy=POLICY) as server:
            alice, bob = joined(server, "alice", "bob")
            alice.say(tone.once(noise))
            levels[denoise] = tone.loudness(bob.hear(1, settle=2))
    assert levels["true"] < levels["false"] - 8, levels


@run.real_time
def test_loud_noise_is_nobody_speaking_with_voice_detection():
    rng = np.random.default_rng(1)
    noise = tone.once(rng.normal(0, 0.05, 20 * tone.RATE))
    for vad in ("false", "true"):
        with Server(config=conference(vad=vad), policy=POLICY) as server:
            alice, bob = joined(server, "alice", "bob")
            alice.say(noise)
            bob.hear(1, settle=1)
            speaking = server.participants()["alice"]["speaking"]
            assert speaking == (vad == "false"), (vad, speaking)
            alice.say(tone.once(audio.voice(0, 10)))
            bob.hear(1.5)
            assert server.participants()["alice"]["speaking"], vad


# ---- keys in the audio -------------------------------------------------------------------------


@run.real_time
def test_a_phone_without_telephone_events_presses_keys_that_nobody_hears():
    with Server(config=conference(), policy=POLICY) as server:
        (alice,) = joined(server, "alice", formats=NO_EVENTS)
        (bob,) = joined(server, "bob")
        bob.hear(0.3)
        first = len(bob.audio.packets)
        alice.say(tone.keys("0*#9", db=-12))
        server.expect_log("key 9 of alice")
        bob.hear(0.2)
        heard = bob.audio.audio(first)
        assert re.findall(r"key (.) of alice", server.log()) == list("0*#9"), server.log()
        # Of 400 ms of tones, less than 20 ms each.
        assert np.count_nonzero(np.abs(heard) > 0.01) < 4 * 0.02 * tone.RATE


@run.real_time
def test_a_phone_that_sends_both_presses_each_key_once():
    with Server(config=conference(dtmf='"both"'), policy=POLICY) as server:
        alice, bob = joined(server, "alice", "bob")
        alice.audio.press("0")
        server.expect_log("key 0 of alice")
        alice.say(tone.keys("99"))
        bob.hear(1.5)
        alice.audio.press("*")
        server.expect_log("key [*] of alice")
        assert "key 9" not in server.log(), "the tones beside events are the same keys again"
        # Who has sent no event is heard by his tones.
        bob.say(tone.keys("#"))
        server.expect_log("key # of bob")


@run.real_time
def test_where_keys_are_heard_is_for_the_config_to_say():
    for dtmf, told in (("rfc4733", "0"), ("inband", "9"), ("auto", "0")):
        with Server(config=conference(dtmf=f'"{dtmf}"'), policy=POLICY) as server:
            alice, bob = joined(server, "alice", "bob")
            alice.say(tone.keys("9"))
            bob.hear(1)
            alice.say(tone.silence)
            alice.audio.press("0")
            server.expect_log(f"key {told} of alice")
            bob.hear(0.5)
            assert sum(" of alice" in line for line in server.lines) == 1, (dtmf, server.log())


def test_a_wrong_value_is_told_with_its_line():
    with Server(config="\n" + conference(dtmf='"tones"'), start=False) as server:
        checked = run_parley("check", server.config)
        assert checked.returncode == 2 and ":4: " in checked.stderr, checked
        assert 'must be "auto", "rfc4733", "inband" or "both"' in checked.stderr
        server.config.write_text('audio = { agc = "yes" }\n')
        assert "audio.agc must be true or false" in run_parley("check", server.config).stderr


if __name__ == "__main__":
    run.main()
