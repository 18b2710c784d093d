"""Who is spoken to in which language: each caller in its own, all at once in the conference's."""

import run
from changes import take_change
from parley import Server, run_parley
from prompts import assert_said_in
from sip import Phone

POLICY = """
local policy = parley.policy { name = "babel" }
function policy.join(request)
  if request.actor.user == "bob" then return accept { language = "en" } end
end
function policy.digit(event, conference, participant)
  if event.digit == "0" then return conference:play "conference-over" end
  participant:play { "there-are", counted(21, "participant") }
end
function policy.played(event, _, participant)
  print(event.file .. " was heard by " .. (participant and participant.user or "all"))
end
return policy
"""

APPLICATION = """
return function(call)
  call:answer()
  call:set_language "de"
  call:sleep(0.3)
  call:say "welcome"
  call:join(parley.conference "hall")
end
"""

CONFIG = """
applications = { ["9000"] = "talk" }
conferences = { hall = { language = "de" } }
"""

COUNTED = ["there-are", "20", "participants"]


@run.real_time
def test_one_hears_german_and_another_english_in_one_conference():
    files = {"scripts/talk.lua": APPLICATION}
    with Server(policy=POLICY, config=CONFIG, files=files) as server:
        with Phone(server, "alice") as alice, Phone(server, "bob") as bob:
            alice.invite("9000")
            alice.expect(200)
            alice.ack()
            take_change(alice, "sendrecv", within=20)
            bob.call("hall")
            for phone in (alice, bob):
                phone.press("1")
            for name in ("alice", "bob"):
                server.expect_log(f"there-are was heard by {name}", within=20)
            alice.press("0")
            server.expect_log("conference-over was heard by all", within=20)
            for phone in (alice, bob):
                phone.hear(0.1, 0)
            by_alice, by_bob = alice.audio.played(), bob.audio.played()
        assert_said_in(by_alice, ["welcome", *COUNTED, "conference-over"], "de", "en")
        assert_said_in(by_bob, COUNTED, "en", "de")
        assert_said_in(by_bob, ["conference-over"], "de", "en")


def test_a_language_that_is_not_there_is_told_by_the_check_and_by_the_call():
    policy = 'local policy = parley.policy { name = "site" }\n'
    policy += 'function policy.join() return accept { language = "xx" } end\nreturn policy\n'
    with Server(policy=policy) as server, Phone(server) as alice:
        alice.invite("demo")
        alice.expect(500)
        server.expect_log(
            r'site\.lua:2: accept: language: there are no rules for "xx", scripts/language/xx\.lua; '
            "there are de, en"
        )
    wrong = 'conferences = { hall = { language = "xx" } }\n'
    with Server(config=wrong, start=False) as server:
        told = run_parley("check", "--config", str(server.config))
        assert told.returncode != 0, told
        assert 'conference hall: language: there are no rules for "xx"' in told.stderr, told.stderr
    wrong = 'applications = { x = { script = "reception", options = { languages = { "e" } } } }\n'
    with Server(config=wrong, start=False) as server:
        told = run_parley("check", "--config", str(server.config))
        assert told.returncode != 0, told
        assert 'languages: there are no rules for "e"; there are de, en' in told.stderr, told.stderr


if __name__ == "__main__":
    run.main()
