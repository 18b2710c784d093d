"""Announcements: what is played to all, to one, to a bus; one after the other, and under speech."""

import numpy as np

import audio
import run
import signs
import tone
from parley import OPEN, Server
from prompts import assert_said, prompt
from sip import Phone

# Keys are the test's remote control; what they do is told in the log.
POLICY = """
local policy = parley.policy { name = "site" }
local does = {
  ["1"] = function(p, c) return p:play { "there-are", number(23), "participants" } end,
  ["2"] = function(p, c) return c:play "recording-on" and c:play { "entering", "admitted" } end,
  ["3"] = function(p, c) return c:play("beep.wav", { loop = true }) end,
  ["4"] = function(p, c) return c:stop() end,
  ["5"] = function(p, c) return c:close "Enough" end,
}
function policy.digit(event, conference, participant)
  local ok, why, code = does[event.digit](participant, conference)
  parley.log.info("done " .. tostring(ok) .. " " .. tostring(why))
end
function policy.close() return accept { after = { "conference-over", "goodbye" } } end
function policy.played(event, _, participant)
  local whom = participant and participant.user or "all"
  parley.log.info("played " .. event.file .. " to " .. whom .. " '" .. event.reason .. "'")
end
return policy
"""
CONFIG = f'policy = "{OPEN}"\nstop_timeout = 0\nconferences = {{ demo = {{ }} }}\n'


def joined(server, *users):
    phones = [Phone(server, user) for user in users]
    for phone in phones:
        phone.call()
    return phones


@run.real_time
def test_a_list_is_whispered_to_one_and_nobody_else_hears_it():
    with Server(config=CONFIG, policy=POLICY) as server:
        alice, bob = joined(server, "alice", "bob")
        alice.hear(0.3)
        first = len(alice.audio.packets), len(bob.audio.packets)
        alice.audio.press("1")
        server.expect_log("played there-are to alice ''", within=10)
        alice.hear(0.1, 0)
        assert_said(alice.audio.played(first[0]), ["there-are", "20", "3", "participants"])
        assert audio.heard(bob.audio.audio(first[1]), prompt("there-are"))[0] < 0.1


@run.real_time
def test_announcements_to_all_follow_each_other():
    with Server(config=CONFIG, policy=POLICY) as server:
        alice, bob = joined(server, "alice", "bob")
        alice.hear(0.3)
        first = len(bob.audio.packets)
        alice.audio.press("2")
        server.expect_log("played entering to all ''", within=10)
        alice.hear(0.1, 0)
        heard = bob.audio.played(first)
        begin = assert_said(heard, ["entering", "admitted"])
        score, at, _ = audio.heard(heard[:begin], prompt("recording-on"))
        pause = (begin - at - len(prompt("recording-on"))) / audio.RATE
        assert score > 0.9 and -0.02 <= pause < 0.3, (score, pause)


@run.real_time
def test_an_announcement_is_softer_while_somebody_speaks_and_never_clicks():
    server = Server(config=CONFIG, policy=POLICY, start=False)
    audio.write_wav(server.directory / "beep.wav", tone.sine(900, -20, 16000)(0, 16000), 16000)
    server.start()
    with server:
        alice, bob = joined(server, "alice", "bob")
        alice.hear(0.3)
        alice.audio.press("3")
        server.expect_log("plays beep.wav")
        run.eventually(lambda: tone.assert_hears(alice.hear(0.5, settle=0.5), {900: -20}, tolerance=1))
        first = len(bob.audio.packets)
        bob.say(tone.sine(500))
        run.eventually(lambda: tone.assert_hears(alice.hear(0.5, settle=1), {500: -20, 900: -30}, tolerance=1))
        bob.say(tone.silence)
        run.eventually(lambda: tone.assert_hears(alice.hear(0.5, settle=2), {900: -20}, tolerance=1))
        heard = bob.audio.played(first)  # who does not hear himself
        assert tone.click(heard, [900]) < -45, tone.click(heard, [900])
        assert np.min([tone.level(heard[at : at + 1600], 900) for at in range(0, len(heard) - 1600, 800)]) < -28
        alice.audio.press("4")
        server.expect_log("played beep.wav to all 'stopped'")


@run.real_time
def test_all_hear_the_farewell_to_its_end_before_their_byes():
    with Server(config=CONFIG, policy=POLICY) as server:
        alice, bob = joined(server, "alice", "bob")
        alice.hear(0.3)
        first = [len(phone.audio.packets) for phone in (alice, bob)]
        alice.audio.press("5")
        server.expect_log("plays conference-over", within=10)
        carol = Phone(server, "carol")
        carol.invite()
        carol.expect(480)
        carol.ack()
        for phone, begin in zip((alice, bob), first):
            bye = phone.expect("BYE", within=20)
            assert "Enough" in bye["Reason"], bye["Reason"]
            phone.reply(bye, 200)
            assert_said(phone.audio.played(begin), ["conference-over", "goodbye"])


# ---- policy/announcements.lua, at every leg ----------------------------------------------------

ANNOUNCED = """
local policy = parley.policy { name = "site" }
local does = {
  ["1"] = function(c) return c:record { file = "all.wav" } end,
  ["2"] = function(c) return c:pause_recording() end,
  ["3"] = function(c) return c:resume_recording() end,
  ["4"] = function(c) return c:stop_recording() end,
  ["5"] = function(c) return c:limit { duration = 5, warning = 4 } end,
}
function policy.join(request) return accept { spoken_name = request.actor.user == "carol" and "star" or nil } end
function policy.digit(event, conference) assert(does[event.digit](conference)) end
return policy
"""
OPTIONS = 'names = 3, tones = 4, join_tone = "tone:500/100", leave_tone = "tone:700/100"'


class Hall:
    """A conference whose people hear signs for prompts."""

    def __init__(self, server):
        self.server, self.phones = server, {}

    def comes(self, who, *greeting, all_hear=()):
        self.phones[who] = phone = Phone(self.server, who)
        ears = signs.Ears(self.phones)
        phone.call()
        heard = {name: list(all_hear) for name in self.phones}
        ears.expect(f"{who} comes", **heard | {who: [*greeting, *all_hear]})

    def goes(self, who, *all_hear):
        phone = self.phones.pop(who)
        ears = signs.Ears(self.phones)
        phone.hang_up()
        ears.expect(f"{who} goes", **{name: list(all_hear) for name in self.phones})

    def key(self, key, *all_hear, within=5):
        ears = signs.Ears(self.phones)
        self.phones["alice"].press(key)
        ears.expect(f"key {key}", within, **{name: list(all_hear) for name in self.phones})


@run.real_time
def test_what_the_announcements_tell_and_whom():
    config = CONFIG.replace("{ demo = { }", f'{{ demo = {{ policy = "announcements", options = {{ {OPTIONS} }} }}')
    server = Server(config=config, policy=ANNOUNCED, start=False)
    signs.place(server)
    server.start()
    with server:
        hall = Hall(server)
        hall.comes("alice", "you-are-alone")
        hall.comes("bob", "there-are", "2", "participants", all_hear=["500 Hz"])
        hall.key("1", "recording-on")
        hall.comes("carol", "there-are", "3", "participants", "recording-on", all_hear=["star", "has-joined"])
        hall.comes("dave", "there-are", "4", "participants", "recording-on", all_hear=["500 Hz"])
        hall.comes("eve", "there-are", "5", "participants", "recording-on")
        hall.goes("eve", "700 Hz")
        hall.goes("dave", "700 Hz")
        hall.goes("carol", "star", "has-left")
        for key, prompt_of in (("2", "paused"), ("3", "resumed"), ("4", "off")):
            hall.key(key, f"recording-{prompt_of}")
        hall.goes("bob", "you-are-alone")
        hall.comes("fred", "there-are", "2", "participants", all_hear=["500 Hz"])
        hall.key("5", "ends-in", "4", "seconds", "conference-over", within=12)
        for phone in hall.phones.values():
            assert "over" in phone.expect("BYE")["Reason"]


if __name__ == "__main__":
    run.main()
