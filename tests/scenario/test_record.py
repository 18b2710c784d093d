"""Recordings: of a caller, of a conference; what is in the files, and what goes wrong."""

import contextlib
import pathlib
import signal
import tempfile
import time

import audio
import run
import tone
from parley import OPEN, Server
from sip import Phone

POLICY = """
local policy = parley.policy { name = "site" }
function policy.create() return accept() end
function policy.digit(event, conference)
  if event.digit == "1" then
    local file, why, code = conference:record { file = "board/all.wav" }
    print("record", file, code, why, conference.recording)
  elseif event.digit == "2" then
    print("stop", conference:stop_recording())
  elseif event.digit == "3" then
    conference.state.plan = "by exceptions"
  end
end
function policy.mix(mix, conference)
  if not conference.state.plan then return end
  local staff, who = mix:bus "staff", {}
  for p in conference:participants() do
    who[p.user] = p
    p:speaks_to "main"
  end
  who.alice:speaks_to(staff)
  mix:pair(who.alice, who.bob, -20)
end
function policy.recorded(event)
  print("recorded", event.on, event.file, event.seconds > 0.5, event.reason)
end
return policy
"""


def with_application(script, config="", **others):
    config = f'policy = "{OPEN}"\napplications = {{ ["9000"] = "talk" }}\n' + config
    return Server(config=config, files={"scripts/talk.lua": script}, **others)


def recording(server, name):
    """At 8 kHz, as phones have it."""
    return audio.resample(*audio.read_wav(server.data / "recordings" / name))


def begin(phone, number="9000"):
    phone.invite(number)
    phone.expect(200)
    phone.ack()


def wait_for_sound(server, name, seconds):
    """Until so much of it has been written."""
    path = server.data / "recordings" / name

    def written():
        return path.exists() and path.stat().st_size > 44 + 32000 * seconds

    deadline = time.monotonic() + (seconds + 5) * run.SLOW
    while not written():
        assert time.monotonic() < deadline, f"{name} is not written"
        time.sleep(0.05)


# ---- a caller ----------------------------------------------------------------------------------


@run.real_time
def test_a_caller_is_recorded_and_hears_it_again():
    script = """
return function(call)
  call:answer()
  local r, why = call:record { file = "messages/one.wav", max = 20 }
  print("recorded", r and r.file, r and r.seconds > 0.9, r and r.key, why)
  if r then print("played", call:play(r.file)) end
  call:sleep(60)
end
"""
    with with_application(script) as server, Phone(server, "alice") as alice:
        begin(alice)
        beep = alice.hear(0.6, 0)
        assert tone.level(beep[800:2000], 1000) > -20, "it begins with a tone"
        alice.say(tone.sine(600))
        wait_for_sound(server, "messages/one.wav", 1)
        alice.press("#")
        server.expect_log("recorded recording:messages/one.wav true # nil")
        samples = recording(server, "messages/one.wav")
        alice.say(tone.silence)
        loud = [tone.level(samples[at : at + 1600], 600) for at in range(0, len(samples) - 1600, 800)]
        assert max(loud) > -21 and sum(level > -23 for level in loud) >= 5, loud
        heard = alice.hear(0.6, 0.2)
        assert tone.level(heard[1600:3200], 600) > -23, "what was recorded is played"
        server.expect_log("played true")


def test_a_disk_that_cannot_be_written_is_told_and_the_call_goes_on():
    script = """
return function(call)
  call:answer()
  print("failed", call:record { file = "a/b.wav", beep = false })
  call:play "tone:800/300"
  print("slept", call:sleep(0.1))
  call:hangup "enough"
end
"""
    with with_application(script, 'recordings = { path = "not-here" }\n', start=False) as server:
        (server.directory / "not-here").write_text("a file, no directory")
        server.start()
        server.expect_log("warn.*recordings: .*not-here/temporary/.* a folder on its path is a file")
        with Phone(server, "alice") as alice:
            begin(alice)
            server.expect_log("failed nil what should be a folder on its path is a file")
            server.expect_log("slept true")
            alice.reply(alice.expect("BYE"), 200)
            alice.is_up = False


@run.real_time
def test_who_hangs_up_while_recorded_leaves_a_whole_file():
    script = """
return function(call)
  call:answer()
  call:record { file = "gone.flac", beep = false }
  print("never")
end
"""
    with with_application(script) as server, Phone(server, "alice") as alice:
        begin(alice)
        alice.say(tone.sine(500))
        alice.hear(0.5)
        alice.hang_up()
        server.expect_log("has recorded gone.flac, [0-9.]+ s")
        data = (server.data / "recordings" / "gone.flac").read_bytes()
        assert data[:4] == b"fLaC" and len(data) > 1000
        assert "never" not in server.log()


@run.real_time
def test_who_is_out_of_the_mix_is_recorded_at_once():
    script = """
return function(call)
  call:answer()
  call:join(parley.conference "room")
  call:wait_for "digit"
  call:leave()
  print("recorded", call:record { file = "aside.wav", beep = false })
end
"""
    with with_application(script, "conferences = { room = {} }\n") as server:
        with Phone(server, "alice") as alice:
            begin(alice)
            alice.reply(alice.expect("INVITE"), 200, body=alice.offer())
            alice.expect("ACK")
            server.expect_log("joined as participant")
            alice.say(tone.sine(600))
            alice.press("1")
            wait_for_sound(server, "aside.wav", 1)
            alice.press("#")
            server.expect_log("recorded table")
            samples = recording(server, "aside.wav")
            assert tone.level(samples[1600:4800], 600) > -23, "what she says is in it"


def test_servers_that_share_a_directory_delete_nothing_of_each_others():
    script = """
return function(call)
  call:answer()
  local r = call:record { file = "temporary/7/a.wav", beep = false }
  print("recorded", r.file)
  call:wait_for "digit"
  print("played", call:play(r.file))
  call:sleep(60)
end
"""
    with tempfile.TemporaryDirectory() as shared, contextlib.ExitStack() as servers:

        def begin_another():
            server = with_application(script, f'recordings = {{ path = "{shared}" }}\n')
            return servers.enter_context(server)

        def files():
            return sorted(pathlib.Path(shared).rglob("*.wav"))

        one = begin_another()
        alice = servers.enter_context(Phone(one, "alice"))
        begin(alice)
        run.until(files, lambda: "nothing is recorded")
        alice.press("#")
        one.expect_log("recorded recording:temporary/7/a.wav")
        (first,) = files()
        two = begin_another()
        bob = servers.enter_context(Phone(two, "bob"))
        begin(bob)
        run.until(lambda: len(files()) == 2, lambda: f"each has its own: {files()}")
        alice.press("1")
        one.expect_log("played true")
        one.process.send_signal(signal.SIGKILL)
        one.process.wait()
        alice.is_up = False
        begin_another()
        assert len(files()) == 1 and first not in files(), "what nobody has any more is deleted"
        bob.press("#")
        two.expect_log("recorded recording:temporary/7/a.wav")
        two.stop()
        bob.is_up = False
        assert files() == [], "with the server"


# ---- a conference ------------------------------------------------------------------------------


@run.real_time
def test_a_conference_recording_has_the_voices_of_all():
    with Server(config="", policy=POLICY) as server:
        with Phone(server, "alice") as alice, Phone(server, "bob") as bob:
            for phone, frequency in ((alice, 500), (bob, 900)):
                phone.call()
                phone.say(tone.sine(frequency))
            alice.hear(0.3)
            alice.press("1")
            server.expect_log("record recording:board/all.wav nil nil recording:board/all.wav")
            server.expect_log("recorded true board/all.wav false")
            alice.press("1")
            server.expect_log("record nil 491 it is recorded already")
            wait_for_sound(server, "board/all.wav", 1.2)
            bob.press("3")
            run.until(lambda: tone.level(alice.hear(0.2, 0), 900) < -35, lambda: "the plan")
            size = (server.data / "recordings/board/all.wav").stat().st_size
            wait_for_sound(server, "board/all.wav", size / 32000 + 1)
            bob.press("2")
            server.expect_log("stop true")
            server.expect_log("recorded false board/all.wav true")
            samples = recording(server, "board/all.wav")
            change = size // 2 * 8000 // 16000
            for part in (samples[:change], samples[change:]):
                windows = [part[at : at + 1600] for at in range(0, len(part) - 1600, 800)]
                loud = [[tone.level(window, hz) for hz in (500, 900)] for window in windows]
                best = max(min(both) for both in loud)
                assert best > -21.5, f"both are in it at their level, whatever the mix: {loud}"
                assert max(max(both) for both in loud) < -18, f"and each is so once: {loud}"


@run.real_time
def test_a_server_that_is_killed_leaves_a_file_that_can_be_played():
    server = Server(config="", policy=POLICY)
    with server, Phone(server, "alice") as alice:
        alice.call()
        alice.say(tone.sine(700))
        alice.hear(0.3)
        alice.press("1")
        server.expect_log("recorded true")
        wait_for_sound(server, "board/all.wav", 0.6)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        alice.is_up = False
        samples = recording(server, "board/all.wav")
        assert len(samples) > 0.5 * audio.RATE
        assert tone.level(samples[-2400:-800], 700) > -24


if __name__ == "__main__":
    run.main()
