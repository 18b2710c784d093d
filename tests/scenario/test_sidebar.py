"""Sidebars: conferences within a conference (RFC 4353 §2, framework 5.6), and who hears whom there."""

import run
import tone
from message import uri_of
from parley import Server
from sip import Phone

# Keys in the main conference: 7 makes a sidebar with alice and bob, 8 one with alice, and asks bob.
# In a sidebar: 0 goes back, 9 ends it for all.
POLICY = """
local policy = parley.policy { name = "site" }
local function find(conference, user)
  for participant in conference:participants() do
    if participant.user == user then return participant end
  end
end
function policy.subscribe() return accept() end
function policy.join(request, conference)
  if conference.parent then return accept { role = "outsider" } end
end
local function aside(digit, conference)
  local side, code, why = conference:sidebar { title = "Aside" }
  if not side then return print("no sidebar", code, why) end
  print("sidebar", side.name, side.parent.name, side.title)
  side:bring(find(conference, "alice"))
  local bob = find(conference, "bob")
  local who = digit == "7" and side:bring(bob) or side:ask(bob, { timeout = 3 })
  print("bob is", who.status, who.conference.name == side.name, who.main == bob)
end
function policy.digit(event, conference, participant)
  if not conference.parent and event.digit >= "7" then return aside(event.digit, conference) end
  if event.digit == "0" then participant:back() end
  if event.digit == "9" then conference:close "That was all" end
end
local function tell(event, conference, participant)
  local place = conference.parent and "side" or "main"
  print("event", event.name, place, participant.user, participant.status, event.on, event.code)
end
policy.dialing, policy.alerting, policy.failed = tell, tell, tell
policy.joined, policy.left, policy.aside = tell, tell, tell
function policy.ended(event, conference) print("ended", conference.name, event.reason) end
%s
return policy
"""

TONES = {"alice": 500, "bob": 800, "carol": 1100, "dave": 1400}
LEVEL, BACKGROUND = -20, -18


class Conference:
    """alice, bob and carol in it, each with a tone; dave is not in."""

    def __init__(self, hooks=""):
        self.server = Server(policy=POLICY % hooks, config="conferences = { demo = {} }")
        self.phones = {name: Phone(self.server, name) for name in TONES}
        self.alice, self.bob, self.carol, self.dave = self.phones.values()

    def __enter__(self):
        for name, phone in self.phones.items():
            phone.say(tone.sine(TONES[name], LEVEL))
            if phone is not self.dave:
                phone.call()
        return self

    def __exit__(self, *what):
        try:
            for phone in self.phones.values():
                phone.__exit__(*what)
        finally:
            self.server.__exit__(*what)

    def aside(self, key="7"):
        """alice has a sidebar made; returns its name."""
        self.alice.press(key)
        return self.server.expect_log(r"sidebar (\w+) demo Aside")[1]

    def assert_hears(self, name, **levels):
        """All that this phone hears: dB by the name of the phone."""
        present = {TONES[who]: level for who, level in levels.items()}
        absent = [frequency for who, frequency in TONES.items() if who not in levels]
        tone.assert_hears(self.phones[name].hear(), present, absent, tolerance=1)


@run.real_time
def test_who_is_in_a_sidebar_is_heard_there_and_hears_the_rest_in_the_background():
    with Conference() as conference:
        carol = {"carol": LEVEL}
        both = {"alice": LEVEL, "bob": LEVEL}
        conference.assert_hears("bob", alice=LEVEL, carol=LEVEL)
        name = conference.aside()
        conference.server.expect_log("bob is connected true true")
        conference.server.expect_log("event aside main bob connected true")
        conference.assert_hears("bob", alice=LEVEL, carol=LEVEL + BACKGROUND)
        conference.assert_hears("alice", bob=LEVEL, carol=LEVEL + BACKGROUND)
        conference.assert_hears("carol")
        conference.dave.call(name)  # from outside, into the sidebar alone
        conference.assert_hears("dave", **both)
        conference.assert_hears("alice", bob=LEVEL, dave=LEVEL, carol=LEVEL + BACKGROUND)
        conference.assert_hears("carol")
        conference.bob.press("0")
        conference.server.expect_log("event aside main bob connected false")
        conference.assert_hears("bob", **carol)
        conference.assert_hears("carol", bob=LEVEL)
        conference.alice.press("9")
        conference.dave.expect("BYE")
        conference.server.expect_log(f"ended {name} That was all")
        conference.assert_hears("carol", **both)
        conference.assert_hears("bob", alice=LEVEL, carol=LEVEL)


if __name__ == "__main__":
    run.main()
