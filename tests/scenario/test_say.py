"""Prompts by name, and numbers, money and dates that are said by them."""

import numpy as np

import audio
import run
import signs
import tone
from parley import Server, run_parley
from prompts import assert_said, prompt
from sip import Phone


def with_application(script, config="", start=True):
    config = 'applications = { ["9000"] = "talk" }\n' + config
    return Server(config=config, files={"scripts/talk.lua": script}, start=start)


def hear_up_to(server, phone, words):
    """Calls 9000; what is heard until the log has these words."""
    phone.invite("9000")
    phone.expect(200)
    phone.ack()
    server.expect_log(words, within=20)
    phone.hear(0.1, 0)
    return phone.audio.audio()


# ---- saying ------------------------------------------------------------------------------------


@run.real_time
def test_numbers_and_money_are_heard_in_order_and_without_gaps():
    script = """
return function(call)
  call:answer()
  call:sleep(0.3)
  print("first", call:say("your-conference-number-is", digits "4711"))
  print("second", call:say("there-are", number(23), "participants", money(1.05, "EUR")))
  call:sleep(60)
end
"""
    with with_application(script) as server, Phone(server, "alice") as alice:
        recording = hear_up_to(server, alice, "second true")
        first = assert_said(recording, ["your-conference-number-is", "4", "7", "1", "1"])
        second = assert_said(
            recording, ["there-are", "20", "3", "participants", "1", "euro", "and", "5", "cents"]
        )
        assert first < second
        assert tone.loudness(recording) > -32, "prompts are at -20 dBov"


@run.real_time
def test_a_key_ends_what_is_said_and_is_the_answer_to_what_comes_next():
    script = """
return function(call)
  call:answer()
  print("key", call:say("menu", number(123456789)))
  print("keys", call:ask { prompt = { "enter-pin", duration(90) }, max = 3 })
  call:sleep(60)
end
"""
    with with_application(script) as server, Phone(server, "alice") as alice:
        alice.invite("9000")
        alice.expect(200)
        alice.ack()
        alice.hear(0.3)
        alice.press("4")
        server.expect_log("key true 4")
        alice.press("71")
        server.expect_log("keys 471")


# ---- where prompts are -------------------------------------------------------------------------


@run.real_time
def test_an_operators_own_recording_comes_first_and_english_last():
    script = """
return function(call)
  call:answer()
  call:say("welcome", "goodbye", "one-moment", "thank-you")
  print("missing", call:play "no-such-prompt")
  call:sleep(60)
end
"""
    server = with_application(
        script, config='prompts = { path = "mine", language = "de" }\n', start=False
    )
    (server.directory / "mine" / "de").mkdir(parents=True)
    for name, frequency in (("mine/welcome", 800), ("mine/de/goodbye", 1200), ("mine/goodbye", 1600)):
        samples = tone.sine(frequency, -20, 16000)(0, 8000)
        audio.write_wav(server.directory / f"{name}.wav", samples, 16000)
    server.start()
    with server, Phone(server, "alice") as alice:
        recording = hear_up_to(server, alice, "missing nil")
        server.expect_log('prompt "no-such-prompt": no such file in .*mine')
        assert audio.heard(recording, prompt("thank-you", "de"))[0] > 0.2, "said in that language"
        begin = audio.heard(recording, prompt("one-moment"))
        assert begin[0] > 0.2 and begin[1] >= 7990, begin
        own = recording[max(begin[1] - 8000, 0) : begin[1]]
        assert tone.level(own[400:3600], 800) > -24, "one's own welcome"
        assert tone.level(own[4400:7600], 1200) > -24, "one's own goodbye in that language"


@run.real_time
def test_an_operators_own_recording_is_of_any_kind():
    script = """
return function(call)
  call:answer()
  print("said", call:say("welcome", "goodbye", "thank-you"))
  call:sleep(60)
end
"""
    server = with_application(script, start=False)
    (server.directory / "sounds").mkdir()
    for name, pitch in (("welcome.flac", 700), ("goodbye.ogg", 1100), ("thank-you.opus", 1500)):
        samples = np.concatenate([tone.sine(pitch, -20, 16000)(0, 4800), np.zeros(4800)])
        audio.write_sound(server.directory / "sounds" / name, samples, 16000)
    server.start()
    with server, Phone(server, "alice") as alice:
        assert signs.read(hear_up_to(server, alice, "said true")) == ["700 Hz", "1100 Hz", "1500 Hz"]


def test_parley_prompts_lists_them_and_says_what_is_missing():
    script = 'return function(call)\n  call:say("welcome", "wellcome")\n  call:play "only-in-latin"\nend'
    with with_application(script, start=False) as server:
        (server.directory / "sounds" / "la").mkdir(parents=True)
        audio.write_wav(server.directory / "sounds" / "la" / "only-in-latin.wav", np.zeros(8000))
        audio.write_wav(server.directory / "sounds" / "welcome.wav", np.zeros(8000))
        (server.directory / "sounds" / "goodbye.wav").write_text("no sound")
        told = run_parley("prompts", "--config", str(server.config))
        assert told.returncode == 2, told
        lines = told.stdout.splitlines()
        welcome = next(line for line in lines if line.startswith("welcome "))
        assert "1.0 s" in welcome and "sounds/welcome.wav" in welcome, welcome
        pin = next(line for line in lines if line.startswith("enter-pin "))
        assert "Please enter the PIN" in pin and "prompts/en/enter-pin.wav" in pin, pin
        assert "goodbye" in told.stderr and "no sound file" in told.stderr, told.stderr
        assert len(lines) > 150
        (server.directory / "sounds" / "goodbye.wav").unlink()
        for told in (run_parley("prompts", "--config", str(server.config)), run_parley("check", str(server.config))):
            assert told.returncode == 0, told
            assert told.stderr.endswith('scripts/talk.lua:2: warning: there is no prompt "wellcome"\n'), told
            assert told.stderr.count("warning") == 1, told
        alone = run_parley("check", str(server.directory / "scripts" / "talk.lua"))
        assert 'talk.lua:2: warning: there is no prompt "wellcome"' in alone.stderr, alone


if __name__ == "__main__":
    run.main()
