"""Conferences of several servers, linked with each other (RFC 4353 §4.5): they hear each other, the
roster says what the other is (RFC 4575 §5.6.5), and no loop comes to be."""

import re

import run
import tone
from parley import Server, run_parley
from roster import Roster, text
from sip import Phone
from texting import join, read, write
from texting import text as said

# Who writes "link URI" to a conference has it linked with that one, "unlink NAME" no longer.
POLICY = """
local policy = parley.policy { name = "links" }
function policy.create() return accept() end
function policy.subscribe() return accept() end
function policy.message(request)
  if request.text:find "link " then return accept { relay = false } end
end
function policy.messaged(event, conference)
  local what, whom = event.text:match "^(%l+) (%S+)$"
  if what == "link" then
    local link, why, code = conference:invite(whom)
    print("linking", conference.name, link and "begins" or why, code or 0)
  elseif what == "unlink" then
    for p in conference:participants() do
      if p.user == whom and p.is_focus then p:remove() end
    end
  end
end
function policy.joined(_, conference, participant)
  print("joined", conference.name, participant.user, participant.is_focus)
end
function policy.failed(event, conference) print("failed", conference.name, event.code, event.reason) end
function policy.left(_, conference, participant) print("left", conference.name, participant.user) end
return policy
"""


class Room:
    """A conference with somebody in it, who writes what is to be done."""

    def __init__(self, server, phone, name):
        self.server, self.phone, self.name = server, phone, name
        join(phone, name)

    @property
    def uri(self):
        return f"sip:{self.name}@{self.server.address}"

    def ask(self, text):
        write(self.phone, text)
        self.phone.expect(200)

    def link(self, other):
        self.ask(f"link {other.uri}")
        self.server.expect_log(f"joined {self.name} {other.name} true")
        other.server.expect_log(f"joined {other.name} {self.name} true")

    def refuses(self, other, why):
        """Nothing comes of linking them, for this reason."""
        before = len(self.server.lines)
        self.ask(f"link {other.uri}")
        run.until(
            lambda: any(re.search(why, line) for line in self.server.lines[before:]),
            lambda: f"{self.name} is not kept from linking {other.name}: {self.server.lines[before:]}",
        )

    def learns(self, other, count):
        """The last that it is told by the other is that so many conferences come with it."""

        def last():
            told = [line for line in self.server.lines if f"{other.name}@{other.server.address} is a focus: " in line]
            return told and f": {count} conference" in told[-1]

        run.until(last, lambda: f"{self.name} is not told of {count}")

    def users(self):
        return set(self.server.participants(self.name))


@run.real_time
def test_people_on_both_servers_hear_each_other_and_the_roster_says_what_the_other_is():
    with Server(policy=POLICY) as one, Server(policy=POLICY) as two, Phone(one, "alice") as alice, Phone(
        one, "anna"
    ) as anna, Phone(two, "bob") as bob, Phone(one, "watcher", media=False) as watcher:
        room, hall = Room(one, alice, "room"), Room(two, bob, "hall")
        anna.call("room")
        room.link(hall)
        alice.say(tone.sine(500))
        anna.say(tone.sine(1100))
        bob.say(tone.sine(1700))
        # Nobody hears an echo of what they say themselves.
        run.eventually(lambda: tone.assert_hears(bob.hear(), {500: -20, 1100: -20}, absent=[1700]))
        run.eventually(lambda: tone.assert_hears(alice.hear(), {1100: -20, 1700: -20}, absent=[500]))
        run.eventually(lambda: tone.assert_hears(anna.hear(), {500: -20, 1700: -20}, absent=[1100]))

        watcher.subscribe("room")
        watcher.expect(200)
        roster = Roster(watcher.notified())
        assert roster.names() == {"alice", "anna", "hall"}
        assert text(roster.user("hall"), "cascaded-focus") == hall.uri
        assert text(roster.user("alice"), "cascaded-focus") is None

        # What is written goes over the link as well, and does not come back.
        write(bob, "Hello over there")
        bob.expect(202)
        assert said(read(alice)) == "hall: bob: Hello over there"
        bob.expect_nothing(0.2)

        # Two conferences that have nobody but each other are over: who has called lets go.
        bob.hang_up()
        alice.hang_up()
        assert room.users() == {"anna", "hall"}  # Anna may wait for somebody there
        anna.hang_up()
        two.expect_log("left hall room")
        one.expect_log(r"\[room\] conference is over")
        two.expect_log(r"\[hall\] conference is over")


def test_no_loop_is_closed_however_long_it_is():
    with Server(policy=POLICY) as one, Server(policy=POLICY) as two, Server(policy=POLICY) as three, Server(
        policy=POLICY
    ) as four, Phone(one, "a") as a, Phone(two, "b") as b, Phone(three, "c") as c, Phone(four, "d") as d:
        first, second = Room(one, a, "first"), Room(two, b, "second")
        third, fourth = Room(three, c, "third"), Room(four, d, "fourth")
        loop = "482 Linked With This Conference Already"
        first.refuses(first, "linking first That is this server itself 482")
        first.link(second)
        second.refuses(first, "already in 486")
        first.refuses(second, "already in 486")
        third.link(fourth)
        second.link(third)  # of which the first and the fourth are told, too
        first.learns(second, 3)
        fourth.learns(third, 3)
        third.refuses(first, loop)
        first.refuses(third, loop)
        fourth.refuses(first, loop)
        assert first.users() == {"a", "second"} and fourth.users() == {"d", "third"}
        assert second.users() == {"b", "first", "third"}

        # Without the link in the middle they are two again, which may be linked at their ends.
        third.ask("unlink second")
        first.learns(second, 1)
        fourth.learns(third, 1)
        fourth.link(first)
        second.refuses(third, loop)


def test_a_name_is_no_command_over_a_link():
    with Server("conferences = { room = { policy = 'chat' } }") as server, Phone(server, "alice") as alice, Phone(
        server, "hall"
    ) as hall:
        join(alice, "room")
        join(hall, "room", {"Contact": hall.contact + ";isfocus"})
        write(hall, "/list: hello, all")  # as somebody there says it whose name begins like this
        hall.expect(202)
        assert said(read(alice)) == "hall: /list: hello, all"
        hall.expect_nothing(0.2)


def test_who_is_asked_for_a_link_refuses_the_loop_and_a_focus_that_is_called_presses_no_key():
    asking = POLICY.replace(
        'print("joined"', 'if participant.is_focus then participant:rename "Another conference" end\n  print("joined"'
    ).replace("return policy", "function policy.invite() return accept { confirm = true } end\nreturn policy")
    with Server(policy=asking) as server, Phone(server, "alice") as alice, Phone(server, "hall") as hall, Phone(
        server, "third"
    ) as third:
        room = Room(server, alice, "room")
        file = server.directory / "room.jsonl"
        assert server.command("record", "room", file).returncode == 0
        room.ask(f"link {hall.own_uri}")
        invite = hall.expect_call()
        ids = {"room": invite["Conference-Cascade"], "hall": 16 * "a", "third": 16 * "b"}

        def told_by(message):
            return re.split(r",\s*", message["Conference-Cascade"])

        assert re.fullmatch("[0-9a-f]{16}", ids["room"]), invite
        focus = {"Contact": hall.contact + ";isfocus", "Conference-Cascade": ids["hall"]}
        hall.pick_up(invite, headers=focus)
        server.expect_log("joined room hall true")

        def comes(*names):
            third.new_dialog()
            told = ", ".join(ids[name] for name in names)
            third.invite("room", headers={"Contact": third.contact + ";isfocus", "Conference-Cascade": told})
            answer = third.expect((200, 482))
            third.ack()
            return answer

        for loop in ("room", "hall"):
            answer = comes("third", loop)
            assert (answer.code, answer.reason) == (482, "Linked With This Conference Already"), answer
            hall.pick_up(hall.expect("INVITE"), headers=focus)  # is it still there?
        answer = comes("third")
        assert answer.code == 200, answer
        assert told_by(answer) == [ids["room"], ids["hall"]], answer
        server.expect_log("joined room third true")
        assert room.users() == {"alice", "hall", "third"}
        # Hall is told of it, too.
        assert told_by(hall.expect("INVITE")) == [ids["room"], ids["third"]]

        # What a policy does about them is decided again as it was.
        assert server.command("record", "--stop", "room").returncode == 0
        run.until(lambda: '"kind":"end"' in file.read_text(), lambda: file.read_text()[-500:])
        same = run_parley("replay", file)
        assert same.stdout == "5 requests asked again, 0 differences\n", same.stdout + same.stderr


def test_a_link_that_is_dead_is_in_the_way_but_once():
    with Server(policy=POLICY) as server, Phone(server, "alice") as alice, Phone(server, "hall") as old, Phone(
        server, "hall"
    ) as new:
        room = Room(server, alice, "room")

        def come(phone, ids):
            contact = {"Contact": phone.contact + ";isfocus"}
            phone.invite("room", headers=contact | {"Conference-Cascade": ", ".join(16 * digit for digit in ids)})

        def forget():
            old.reply(old.expect("INVITE"), 481)  # as a server does that has been restarted
            old.expect("ACK")
            server.expect_log("left room hall")
            old.is_up = False

        come(old, "ab")
        old.expect(200)
        old.ack()
        server.expect_log("joined room hall true")
        come(new, "cb")
        new.expect(482)
        new.ack()
        forget()
        come(new, "cb")
        new.expect(200)
        new.ack()
        new.is_up = True
        run.until(lambda: len(room.users()) == 2, room.users)

        # The same when it is the one who has stayed that calls again.
        old, server.lines[:] = new, []
        room.ask(f"link {old.name}")
        server.expect_log("already in 486")
        forget()


def test_two_that_call_each_other_at_the_same_instant_keep_the_same_one_of_the_calls():
    with Server(policy=POLICY) as server, Phone(server, "a") as a, Phone(server, "twin") as called, Phone(
        server, "twin"
    ) as calling:
        room = Room(server, a, "room")
        for digit, kept, superfluous in (("0", calling, called), ("f", called, calling)):
            twin = {"Conference-Cascade": digit * 16}
            room.ask(f"link {called.own_uri}")
            invite = called.expect_call()
            calling.invite("room", headers=twin | {"Contact": calling.contact + ";isfocus"})
            calling.expect(200)
            calling.ack()
            server.expect_log("joined room twin true")
            calling.is_up = True
            called.pick_up(invite, headers=twin | {"Contact": called.contact + ";isfocus"})
            bye = superfluous.expect("BYE")
            assert "482" in bye["Reason"], bye
            superfluous.reply(bye, 200)
            superfluous.is_up = False
            kept.pick_up(kept.expect("INVITE"), headers=twin)  # is told that nobody else is linked
            kept.hang_up()
            server.expect_log("left room twin")
            run.until(lambda: room.users() == {"a"}, room.users)


def test_what_a_caller_makes_up_links_nothing_and_harms_nobody():
    with Server(policy=POLICY) as server, Phone(server, "mallory") as mallory, Phone(server, "alice") as alice:
        focus = {"Contact": mallory.contact + ";isfocus"}
        for ids in ("<&\"%s>, 1", "0123456789abcde", "0123456789ABCDEF", ",,,", "f" * 60000, "0123456789abcdef" * 9):
            mallory.new_dialog()
            join(mallory, "room", focus | {"Conference-Cascade": ids})
            server.expect_log("joined room mallory true")
            mallory.hang_up()
        assert "is a focus" not in "".join(server.lines)
        mallory.new_dialog()
        mallory.invite("room", headers=focus | {"Conference-Cascade": ", ".join(f"{i:016x}" for i in range(40))})
        assert mallory.expect(482).reason == "Too Many Conferences Linked"
        mallory.ack()

        # An ordinary phone is told nothing of it.
        alice.invite("room")
        assert alice.expect(200)["Conference-Cascade"] is None
        alice.ack()


if __name__ == "__main__":
    run.main()
