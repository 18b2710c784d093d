"""policy/README.md, "Write your first policy": each of its steps is served, and called."""

import re

import naming
import run
import tone
from changes import take_change
from parley import ROOT, Server, run_parley
from sip import Phone
from test_mix_policy import assert_hears

TEXT = (ROOT / "policy/README.md").read_text()
EXAMPLES = dict(re.findall(r"```lua example=(\S+)\n(.*?)```", TEXT, re.S))


def serve(step):
    """The config of the guide with that step's policy."""
    config = EXAMPLES["parley.lua"].replace("./evening.lua", f"./{step}")
    return Server(config, files={step: EXAMPLES[step]})


def lecture(server):
    return Phone(server), Phone(server, "bob"), Phone(server, "carol")


def call_alice(phone):
    naming.call_proven(phone, "physics")


def test_whoever_comes_first_gives_the_talk():
    with Server(policy=EXAMPLES["talk.lua"]) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call("physics")
        bob.call("physics")
        people = server.participants("physics")
        assert (people["alice"]["role"], people["bob"]["role"]) == ("lecturer", "hall")
        assert people["alice"]["may_speak"] and not people["bob"]["may_speak"]


def test_to_act_in_a_decision_hook_is_told_as_shown():
    shown = " ".join(re.search(r"```\ntalk\.lua:7: (.*?) - hook", TEXT, re.S)[1].split())
    policy = EXAMPLES["talk.lua"].replace("  if conf", "  conference:lock()\n  if conf")
    with Server(policy=policy) as server, Phone(server) as alice:
        naming.refused(alice, 500, "physics")
        server.expect_log(r"site\.lua:7: " + re.escape(shown))


def test_the_lecturer_has_proven_to_be_that():
    with serve("evening.lua") as server:
        assert run_parley("check", server.config, cwd=server.directory).returncode == 0
        shown = re.search(r"```\n(parley\.lua:3: .*)", TEXT)[1]
        server.write("parley.lua", EXAMPLES["parley.lua"].replace("lecturers =", "lecturer ="))
        told = run_parley("check", "parley.lua", cwd=server.directory).stderr
        assert shown in told, told
        alice, bob, _ = lecture(server)
        with alice, bob:
            call_alice(alice)
            bob.call("physics")
            people = server.participants("physics")
            assert (people["alice"]["role"], people["bob"]["role"]) == ("lecturer", "hall")


def test_a_question_is_let_through_by_a_key():
    with serve("questions.lua") as server:
        alice, bob, carol = lecture(server)
        with alice, bob, carol:
            call_alice(alice)
            bob.call("physics")
            carol.call("physics")
            bob.press("1")
            server.expect_log("floor by sip:bob@.* waits")
            alice.press("1")
            server.expect_log("bob@.* may speak")
            bob.press("2")
            server.expect_log("bob@.* may only listen")
            carol.press("1")
            server.expect_log("floor by sip:carol@.* waits")
            alice.press("2")
            server.expect_log("603 Later")
            assert not server.participants("physics")["carol"]["may_speak"]


def test_the_doors_open_when_the_lecturer_comes():
    with serve("doors.lua") as server:
        alice, bob, carol = lecture(server)
        with alice, bob, carol:
            assert "isfocus" not in bob.call("physics")["Contact"]
            call_alice(alice)
            take_change(bob, "sendrecv")
            carol.call("physics")
            people = server.participants("physics")
            assert {p["role"] for p in people.values()} == {"lecturer", "hall"} and len(people) == 3


@run.real_time
def test_the_lecturer_alone_hears_the_hall():
    with serve("lecture.lua") as server:
        alice, bob, carol = lecture(server)
        with alice, bob, carol:
            call_alice(alice)
            for phone, frequency in ((alice, 530), (bob, 830), (carol, 1130)):
                if phone is not alice:
                    phone.call("physics")
                phone.say(tone.sine(frequency, -20))
            assert_hears(alice, {830: -38, 1130: -38})
            assert_hears(carol, {530: -20}, [830])
            bob.press("1")
            server.expect_log("floor by sip:bob@.* waits")
            alice.press("1")
            server.expect_log("bob@.* has the floor")
            assert_hears(carol, {530: -20, 830: -20})


def test_the_test_of_the_lecture_passes_as_shown_and_can_fail():
    shown = re.search(r"\$ build/parley test test_lecture\.lua\n(.*?); ", TEXT, re.S)[1]
    with Server(start=False, files=EXAMPLES) as server:
        done = run_parley("test", "test_lecture.lua", cwd=server.directory)
        assert (done.returncode, done.stdout.split("; ")[0]) == (0, shown), done.stderr
        server.write("lecture.lua", EXAMPLES["lecture.lua"].replace("murmur) end", "murmur - 1) end"))
        done = run_parley("test", "test_lecture.lua", cwd=server.directory)
        assert done.returncode == 1 and "3 tests, 1 failed" in done.stdout, done.stdout
        assert re.search(r"test_lecture\.lua:\d+: .*-18.*-19|-19.*-18", done.stdout + done.stderr)


if __name__ == "__main__":
    run.main()
