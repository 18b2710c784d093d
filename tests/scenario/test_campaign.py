"""scripts/campaign.lua on the wire: a hundred people and more are called into a conference."""

import re

import run
import tone
from parley import Server
from roster import Roster
from sip import Phone
from switchboard import Switchboard

POLICY = """
local policy = parley.policy { name = "open" }
function policy.subscribe() return accept() end
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
        alice.say(tone.sine(500)).call("board")
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


def test_an_application_that_there_is_not_is_not_begun():
    with Server(policy=POLICY) as server:
        done = server.command("run", "campain")
        assert done.returncode == 1 and 'there is no application "campain"' in done.stderr
        done = server.command("run")
        assert done.returncode == 2 and "give the name of an application" in done.stderr


if __name__ == "__main__":
    run.main()
