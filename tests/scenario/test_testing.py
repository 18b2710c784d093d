"""`parley test`: what it prints, its exit codes, and the config that its servers have. What tests can
do themselves is in tests/unit/lua/test_testing.c."""

import json
import tempfile
from pathlib import Path

import run
from parley import run_parley

CONFIG = """
policy = "standard"
accounts = { alice = { password = "down the hole", groups = { "staff" }, name = "Alice" } }
conferences = { board = { policy = "moderated", options = { moderators = { "alice" } } } }
applications = { ["9000"] = "reception" }
"""

TESTS = """
test("the config's conference knows its moderator", function(sim)
  local alice = sim:call("alice", "board", { password = true })
  expect(alice.participant.role, "moderator")
  expect(alice.participant.display_name, "Alice")
  expect(alice.participant.groups.staff, true)
end)
test("there is its application", function(sim)
  expect(sim:call("bob", "9000").status, "application")
end)
test("a prompt that is not there", function(sim)
  local board = parley.conference "board"
  sim:call("alice", board, { password = true })
  board:play "no-such-prompt"
  sim:advance(1)
end)
"""


def test_files_are_run_with_the_config():
    with tempfile.TemporaryDirectory() as name:
        config, tests = Path(name) / "parley.lua", Path(name) / "tests.lua"
        config.write_text(CONFIG)
        tests.write_text(TESTS)
        done = run_parley("test", "--json", "--config", config, tests)
        assert done.returncode == 1, done.stdout + done.stderr
        told = json.loads(done.stdout)
        assert (told["count"], told["failed"]) == (3, 1), told
        assert [test["ok"] for test in told["tests"]] == [True, True, False], told
        assert told["tests"][0]["file"] == str(tests) and told["tests"][0]["line"] == 2
        assert "no-such-prompt" in told["tests"][2]["problem"], told
        assert told["tests"][2]["simulated"] > 1


def test_a_terminal_obeys_nothing_that_scripts_and_journals_say():
    with tempfile.TemporaryDirectory() as name:
        tests, journal = Path(name) / "tests.lua", Path(name) / "journal.jsonl"
        tests.write_text('test("\\27[2J\\u{9b}31m", function() error "\\27]0;owned\\7" end)\n')
        done = run_parley("test", tests)
        assert "FAILED  ?[2J\u00bf31m" in done.stdout and "?]0;owned?" in done.stdout, done
        tests.write_text('parley.policy { name = "site" }\nerror "\\27[2J"\n')
        done = run_parley("check", tests)
        assert "?[2J" in done.stderr and "\x1b" not in done.stderr, done
        journal.write_text('{"at":"2026-11-20T11:26:18.123Z","kind":"\\u001b[2J"}\n')
        assert "Z ?[2J of Parley" in run_parley("journal", "--data", name).stdout


def test_a_file_that_cannot_be_loaded_is_named_with_its_line():
    with tempfile.TemporaryDirectory() as name:
        broken, empty = Path(name) / "broken.lua", Path(name) / "empty.lua"
        broken.write_text("local x\ntest('x', function() x( end)\n")
        empty.write_text("local x = 1\n")
        done = run_parley("test", broken)
        assert done.returncode == 2 and done.stderr.startswith(f"{broken}:2: "), done.stderr
        done = run_parley("test", empty)
        assert done.returncode == 2 and "there are no tests" in done.stderr, done.stderr
        done = run_parley("test", "--only", "dance", broken.with_name("dancing.lua"))
        assert done.returncode == 2 and "dancing.lua" in done.stderr, done.stderr
        broken.write_text("test('x', function() end)\n")
        done = run_parley("test", "--only", "dance", broken)
        assert (done.returncode, done.stdout) == (2, ""), done.stdout
        assert 'no tests in there whose name has "dance"' in done.stderr, done.stderr
        done = run_parley("test", "--json", broken, Path(name) / "nowhere.lua")
        told = json.loads(done.stdout)
        assert (done.returncode, told["count"], len(told["errors"])) == (2, 1, 1), done.stdout
        assert "nowhere.lua" in told["errors"][0], told
        done = run_parley("test", Path(name) / "nowhere.lua")
        assert done.returncode == 2 and "nowhere.lua" in done.stderr, done.stderr
        done = run_parley("test")
        assert done.returncode == 2 and "give files" in done.stderr, done.stderr


if __name__ == "__main__":
    run.main()
