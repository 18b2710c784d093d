"""The audit: whoever asks, in whatever way, is one line of it: who, whom, and the line that decided."""

import re

import run
from changes import take_change
from moderation import waits
from parley import Server
from sip import Phone
from texting import join, read, text, write

# What is done to somebody in a conference, and the verb that it is.
WISHES = {
    "mute": "other:mute()",
    "unmute": "other:unmute()",
    "hold": "other:hold()",
    "unhold": "other:unhold()",
    "volume": "other:volume { speaks = -3 }",
    "enhance": "other:enhance { agc = true }",
    "role": 'other:set_role "guest"',
    "rename": 'other:rename "Robert"',
    "floor": "other:give_floor()",
    "permit": "other:permit { may_speak = false }",
    "lock": "conference:lock()",
    "unlock": "conference:unlock()",
    "limit": "conference:limit { duration = 3600 }",
}
VERBS = {"unmute": "mute", "unhold": "hold", "unlock": "lock"}
OF_ALL = {"lock", "limit"}
DECIDED = sorted({"close", "decide", "invite", "remove"} | {VERBS.get(name, name) for name in WISHES})

ALL = f"""
local function do_all(conference, other)
  {"; ".join(f"do local ok, why = {wish} if not ok then print('no', why) end end" for wish in WISHES.values())}
end
local function find(conference, user)
  for p in conference:participants() do
    if p.user == user then return p end
  end
end
"""

POLICY = f"""
local policy = parley.policy {{ name = "site" }}
{ALL}
{"".join(f"function policy.{verb}() return accept() end" + chr(10) for verb in DECIDED)}
function policy.join(request)
  if request.actor.user == "erin" then return pending {{ decided_by = "host" }} end
  return accept {{ role = request.actor.user == "alice" and "host" or "participant" }}
end
function policy.joined(_, conference, participant)
  if participant.user == "carol" then do_all(conference, find(conference, "bob")) end
end
function policy.digit(event, conference)
  local bob = find(conference, "bob")
  if event.digit == "1" then do_all(conference, bob) end
  if event.digit == "3" then
    for wish in conference:pending() do
      wish:approve()
    end
  end
  if event.digit == "4" then parley.on_behalf(function() conference:close "Good night" end) end
  if event.digit == "2" then parley.on_behalf(function() do_all(conference, bob) end) end
end
return policy
"""

TALK = f"""
{ALL}
return function(call)
  while call:wait_for {{ "digit" }}.digit ~= "9" do end
  do_all(call.conference, find(call.conference, "bob"))
  call:wait_for {{ "digit", timeout = 60 }}
end
"""

CONFIG = """
policy = "policy/site.lua"
applications = { talk = "talk" }
conferences = { board = { policy = "chat", attendant = "talk" } }
"""


def line_of(text, what):
    return 1 + next(i for i, line in enumerate(text.splitlines()) if what in line)


def decided(verb):
    return rf"accepted\S*.* - by \S*policy/site.lua:{line_of(POLICY, f'function policy.{verb}(')}, generation 1"


def expected(who):
    """A line for each wish, in their order, by who has it."""
    for name in WISHES:
        verb = VERBS.get(name, name)
        whom = "" if verb in OF_ALL else r" sip:bob@\S+ \(\d+\)"
        yield rf"{who} asks to {verb}{whom}(, with .*)?: {decided(verb)}"


def script(name, text):
    return rf"\S*{name}.lua:{line_of(text, 'do local ok')}"


def joins(user):
    return (
        rf"sip:{user}@\S+ \(unproven\) asks to join, with attendant talk: accepted(, with role host)? - by "
        rf"\S*policy/site.lua:{line_of(POLICY, 'return accept { role')}, generation 1"
    )


class Audit:
    """The lines that come to the audit of the conference."""

    def __init__(self, server):
        self.server, self.seen = server, []

    def lines(self):
        return self.server.command("audit", "board").stdout.splitlines()

    def expect(self, *patterns):
        """That lines like these come to it, and no others."""
        wanted = len(self.seen) + len(patterns)
        run.until(lambda: len(self.lines()) >= wanted, lambda: "\n".join(self.lines()))
        new = self.lines()[len(self.seen):]
        assert len(new) == len(patterns), "\n".join(new)
        for line, pattern in zip(new, patterns):
            assert re.fullmatch(r"\S+Z board: " + pattern, line), f"{line}\nis not\n{pattern}"
        self.seen.extend(new)


def test_every_way_to_ask_is_one_line_that_names_who_whom_and_what_decided():
    alices = r"sip:alice@\S+"
    with Server(config=CONFIG, files={"policy/site.lua": POLICY, "scripts/talk.lua": TALK}) as server, Phone(
        server
    ) as alice, Phone(server, "bob") as bob, Phone(server, "carol") as carol, Phone(server, "dave") as dave:
        expect = Audit(server).expect
        join(alice, "board")
        expect(joins("alice"))
        bob.call("board")
        expect(joins("bob"))
        carol.call("board")  # a hook
        told = rf"{script('site', POLICY)}, told joined of sip:carol@\S+ \(\d+\),"
        expect(joins("carol"), *expected(told))
        alice.press("1")  # a key, and a hook
        told = rf"{script('site', POLICY)}, told digit 1 of {alices} \(\d+\),"
        expect(*expected(told))
        alice.press("2")  # a key, whose request it is
        expect(*expected(rf"{alices} \(unproven\), told digit 2 of {alices} \(\d+\),"))
        alice.press("9")  # a key, and an application
        expect(*expected(rf"{script('talk', TALK)}, told digit 9 of {alices} \(\d+\),"))
        write(alice, "/mute bob")  # a message, which asks, too, whether it may
        alice.expect((200, 202), method="MESSAGE")
        message = rf"{alices} \(unproven\) asks to message: accepted.* - by .*chat.lua:\d+, generation 1"
        told = rf"{alices} \(unproven\), told messaged of {alices} \(\d+\),"
        expect(message, rf"{told} asks to mute sip:bob@\S+ \(\d+\), with muted true: {decided('mute')}")
        assert text(read(alice)) == "Robert (bob) is muted"
        alice.refer_again(f"<{carol.own_uri};method=BYE>")
        alice.expect(202, method="REFER")
        carol.reply(carol.expect("BYE"), 200)
        alice.is_up = bob.is_up = carol.is_up = False
        expect(rf"{alices} \(unproven\) asks to remove sip:carol@\S+ \(\d+\).*: {decided('remove')}")
        assert alice.progress()[1] or alice.progress()[1]
        alice.refer_again(f"<sip:dave@{dave.sent_by}>")
        alice.expect(202, method="REFER")
        expect(rf"{alices} \(unproven\) asks to invite sip:dave@\S+, with attendant talk: {decided('invite')}")


def test_what_was_left_to_somebody_the_end_and_the_operators_words_are_lines_as_well():
    alices = r"sip:alice@\S+"
    with Server(config=CONFIG, files={"policy/site.lua": POLICY, "scripts/talk.lua": TALK}) as server, Phone(
        server
    ) as alice, Phone(server, "erin") as erin, Phone(server, "erin") as other:
        expect = Audit(server).expect

        def expect_the_end(*phones):
            for phone in phones:
                phone.reply(phone.expect("BYE"), 200)
                phone.is_up = False

        join(alice, "board")
        erin.call("board")
        alice.press("3")
        take_change(erin, "sendrecv")
        told = rf"\S*site.lua:{line_of(POLICY, 'wish:approve()')}, told digit 3 of {alices} \(\d+\),"
        about = r"asks to decide about the join of sip:erin@\S+ \(\d+\), with approved true"
        expect(joins("alice"), rf"{told} {about}: {decided('decide')}")
        other.call("board")
        (waiting,) = waits(server, conference="board")
        assert server.command("approve", str(waiting["id"])).returncode == 0
        take_change(other, "sendrecv")
        assert server.command("invite", "board", "sip:dave@192.0.2.7").returncode == 0
        assert server.command("end", "board", "Time is over").returncode == 0
        expect_the_end(alice, erin, other)
        expect(
            f"the operator {about}: {decided('decide')}",
            f"the operator asks to invite sip:dave@192.0.2.7, with attendant talk: {decided('invite')}",
            f"the operator asks to close, with reason Time is over: {decided('close')}",
        )
        join(alice, "board")
        alice.press("4")
        expect_the_end(alice)
        told = rf"{alices} \(unproven\), told digit 4 of {alices} \(\d+\),"
        expect(joins("alice"), rf"{told} asks to close, with reason Good night: {decided('close')}")


if __name__ == "__main__":
    run.main()
