"""scripts/campaign.lua on the wire: a hundred people and more are called into a conference."""

import re

import run
import tone
from parley import Server, run_parley
from roster import Roster
from sip import Phone
from switchboard import Switchboard

POLICY = """
local policy = parley.policy { name = "open" }
function policy.subscribe() return accept() end
function policy.joined(_, _, participant) participant:rename("The " .. participant.user) end
return policy
"""

CONCURRENT = 20

# How many there are of each kind, and how often each of them is called with one retry.
KINDS = {"comes": (74, 1), "busy": (15, 2), "silent": (6, 2), "declines": (6, 1), "unknown": (5, 1), "fleeting": (3, 1)}


def campaign(uris, **options):
    known = {"conference": '"board"', "retries": 1, "retry_after": 1, "ring": 2, "concurrent": CONCURRENT} | options
    words = ", ".join(f"{name} = {value}" for name, value in known.items())
    names = ", ".join(f'"{uri}"' for uri in uris)
    return (
        "conferences = { board = {} }\n"
        'applications = { campaign = { script = "campaign", '
        f"options = {{ {words}, list = {{ {names} }} }} }} }}\n"
    )


def started(server, uris, **options):
    server.config.write_text(campaign(uris, **options))
    server.arguments += ["--config", str(server.config)]
    server.start()


def begin(server):
    done = server.command("run", "campaign")
    assert done.returncode == 0, done.stderr


@run.real_time
def test_a_hundred_are_called_some_come_and_what_became_of_each_is_told():
    with Server(policy=POLICY, start=False) as server, Switchboard(server) as board, Phone(
        server, "alice"
    ) as alice, Phone(server, "bob") as bob:
        with Phone(server, "gone", media=False) as gone:
            dead = gone.own_uri
        people = [f"{kind}-{i}" for kind, (count, _) in KINDS.items() for i in range(count)]
        people.append("moved-0")
        uris = [alice.own_uri, bob.own_uri, dead, *map(board.uri, people)]
        started(server, uris)
        begin(server)
        for phone in (alice, bob):
            phone.pick_up(phone.expect_call())
        count = KINDS["comes"][0] + KINDS["fleeting"][0] + 1 + 2
        total = sum(count * tries for count, tries in KINDS.values()) + 2 + 1 + 1
        server.expect_log(rf"{count} of {len(uris)} came, by {total} calls", within=15)

        # Each as often as it was to be, and never more at a time.
        assert not board.problems, board.problems
        for kind, (_, tries) in KINDS.items():
            assert {board.tries[name] for name in people if name.startswith(kind + "-")} == {tries}, kind
        assert board.tries["moved-0"] == board.tries["comes-moved-0"] == 1
        assert board.most_called <= CONCURRENT, board.most_called
        assert board.most_called > CONCURRENT / 2, "one after the other is no campaign"

        # The report says of each why, and nothing of who came.
        words = {"busy": "busy", "silent": "no answer", "declines": "refused", "unknown": "unreachable"}
        due = {
            board.uri(name): (words[kind], str(KINDS[kind][1]))
            for name in people
            if (kind := name.partition("-")[0]) in words
        }
        due[dead] = ("unreachable", "1")
        server.expect_log(rf"{re.escape(list(due)[-2])}: unreachable")
        report = re.findall(r" (sip:\S+): ([a-z ]+), after (\d) calls?", server.log())
        assert {uri: (why, tries) for uri, why, tries in report} == due and len(report) == len(due)

        # Who came is there, and they hear each other.
        stay = {name for name in people if name.startswith("comes-")} | {"alice", "bob", "comes-moved-0"}
        run.until(
            lambda: len(server.participants("board")) == len(stay), lambda: f"{len(server.participants('board'))} are in"
        )
        alice.say(tone.sine(500))
        bob.say(tone.sine(1100))
        tone.assert_hears(alice.hear(), {1100: -20}, absent=[500])
        tone.assert_hears(bob.hear(), {500: -20}, absent=[1100])

        # And nothing is left of it afterwards.
        server.command("end", "board")
        for phone in (alice, bob):
            phone.reply(phone.expect("BYE"), 200)
        run.until(lambda: not board.up, lambda: f"{len(board.up)} have had no BYE")
        server.expect_log(r"\[board\] conference is over")
        assert server.participants("board") == {}
        run.until(lambda: server.status()["server"]["calls"] == 0, "calls are left")


@run.real_time
def test_who_is_to_confirm_is_pending_and_neither_heard_nor_in_before_that():
    with Server(policy=POLICY, start=False) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol, Phone(server, "watcher", media=False) as watcher:
        started(server, [bob.own_uri, carol.own_uri], confirm="true", retries=0)
        file = server.directory / "board.jsonl"
        alice.say(tone.sine(500)).call("board")
        assert server.command("record", "board", file).returncode == 0
        watcher.subscribe("board")
        watcher.expect(200)
        roster = Roster(watcher.notified())
        begin(server)
        bob.say(tone.sine(1100)).pick_up(bob.expect_call())
        carol.pick_up(carol.expect_call())
        # RFC 4575 §5.7.3: "not yet in the session, but it is anticipated that he/she will join".
        while {roster.status(name) for name in ("bob", "carol") if name in roster.names()} != {"pending"}:
            roster.take(watcher.notified())
        tone.assert_hears(alice.hear(), {}, absent=[1100])
        bob.press("1")
        carol.press("2")
        carol.reply(carol.expect("BYE"), 200)
        while roster.status("bob") != "connected" or "carol" in roster.names():
            roster.take(watcher.notified())
        tone.assert_hears(alice.hear(), {1100: -20}, absent=[500])
        tone.assert_hears(bob.hear(), {500: -20}, absent=[1100])
        server.expect_log(r"1 of 2 came, by 2 calls")
        server.expect_log(r"sip:carol@\S+: refused, after 1 call ")

        # Who calls, why, and by what question is in the journal, and decided again as it was.
        def audit():
            return server.command("audit", "board").stdout

        run.until(lambda: "rename sip:bob@" in audit(), audit)
        for name in ("bob", "carol"):
            wish = rf"campaign.lua:\d+ asks to invite sip:{name}@\S+, with .*confirm you-are-called"
            assert re.search(wish, audit()), audit()
        assert server.command("record", "--stop", "board").returncode == 0
        run.until(lambda: '"kind":"end"' in file.read_text(), lambda: file.read_text()[-500:])
        same = run_parley("replay", file)
        assert same.stdout.endswith(", 0 differences\n"), file.read_text() + same.stdout + same.stderr


def test_what_cannot_be_called_is_told_and_so_is_what_a_reload_the_end_and_a_stop_leave():
    with Server(policy=POLICY, start=False) as server, Switchboard(server) as board:
        own, silent, comes = f"sip:board@{server.address}", board.uri("silent-0"), board.uri("comes-0")
        started(server, [silent, comes, comes, own, "garbage", "sip:two words@example.com"], retries=0, concurrent=2)

        def told(*lines):
            for line in lines:
                server.expect_log(re.escape(line))
            server.lines.clear()

        def ringing(count):
            run.until(lambda: board.tries["silent-0"] == count, lambda: board.tries)

        # It goes on by what it has begun with, whatever the scripts are now.
        begin(server)
        ringing(1)
        server.reload()
        no_uri = "unreachable, not called: Not a SIP URI that can be called"
        told(
            "1 of 5 came, by 2 calls",
            f"{silent}: no answer, after 1 call",
            f"{own}: unreachable, not called: That is this server itself",
            f"garbage: {no_uri}",
            f"sip:two words@example.com: {no_uri}",
            f"{comes}: twice in the list, called as one",
        )

        # Who is in need not be called. The end of the conference ends it, and that of the server.
        begin(server)
        ringing(2)
        assert server.command("end", "board").returncode == 0
        told("1 of 5 came, by 1 call", f"{silent}: no answer, after 1 call")
        begin(server)
        ringing(3)
        assert server.command("stop").returncode == 0
        server.expect_log("[01] of 5 came, by 2 calls")
        server.expect_log(f"{re.escape(silent)}: [a-z ]+, after 1 call")


def test_an_application_that_there_is_not_or_that_is_one_too_many_is_not_begun():
    sleepy = (
        "return function()\n"
        '  for _ = 1, 70 do parley.run "sleepy" end\n'
        '  print "they run"\n'
        "  parley.sleep(60)\n"
        "end\n"
    )
    with Server("applications = { sleepy = 'sleepy' }", policy=POLICY, start=False) as server:
        server.write("scripts/sleepy.lua", sleepy)
        server.start()
        assert server.command("run", "sleepy").stdout == "it runs\n"
        server.expect_log("they run")
        done = server.command("run", "sleepy")
        assert done.returncode == 1 and "too many applications run without a caller already" in done.stderr
        done = server.command("run", "campain")
        assert done.returncode == 1 and 'there is no application "campain"' in done.stderr
        done = server.command("run")
        assert done.returncode == 2 and "give the name of an application" in done.stderr


if __name__ == "__main__":
    run.main()
