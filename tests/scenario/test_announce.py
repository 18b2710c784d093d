"""Announcements: what is played to all, to one, to a bus; one after the other, and under speech."""

import audio
import run
from parley import OPEN, Server
from prompts import assert_said, prompt
from sip import Phone

# Keys are the test's remote control; what they do is told in the log.
POLICY = """
local policy = parley.policy { name = "site" }
local does = {
  ["1"] = function(p, c) return p:play { "there-are", number(23), "participants" } end,
}
function policy.digit(event, conference, participant)
  local ok, why, code = does[event.digit](participant, conference)
  parley.log.info("done " .. tostring(ok) .. " " .. tostring(why))
end
function policy.played(event, _, participant)
  local whom = participant and participant.user or "all"
  parley.log.info("played to " .. whom .. " '" .. event.reason .. "'")
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
        server.expect_log("played to alice ''", within=10)
        alice.hear(0.1, 0)
        assert_said(alice.audio.audio(first[0]), ["there-are", "20", "3", "participants"])
        assert audio.heard(bob.audio.audio(first[1]), prompt("there-are"))[0] < 0.1


if __name__ == "__main__":
    run.main()
