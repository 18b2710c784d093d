"""The journal: what was asked, who decided it by which line, what came of it; for people and programs."""

import json
import os
import re
import resource
import signal
import stat
import subprocess

import run
from parley import BINARY, Server, run_parley
from sip import Phone

POLICY = """
local policy = parley.policy { name = "site" }
function policy.join(request)
  if request.actor.user == "mallory" then return reject(403, "Not you") end
  if request.actor.user == "bob" then return accept { role = "listener", muted = true } end
end
function policy.digit(event, conference, participant)
  if event.digit == "1" then
    for other in conference:participants "listener" do other:unmute() end
  end
  if event.digit == "2" then
    for other in conference:participants "listener" do other:remove "Thank you" end
  end
end
return policy
"""


def lines(server, *words, command="journal"):
    """What `parley journal --json` prints, by those words."""
    done = server.command(command, "--json", *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def expect_lines(server, *words, count=1):
    """The journal's lines, once there are so many: they, and their file, are there a little later."""
    path = server.data / "journal.jsonl"
    return run.until(
        lambda: path.exists() and len(found := lines(server, *words)) >= count and found,
        lambda: path.exists() and lines(server, *words),
    )


def test_it_tells_who_asked_who_decided_and_what_came_of_it():
    with Server(policy=POLICY) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "mallory") as mallory:
        alice.call()
        bob.call()
        mallory.invite()
        mallory.expect(403)
        mallory.ack()
        alice.press("1")
        alice.press("2")
        bob.reply(bob.expect("BYE"), 200)
        bob.is_up = False
        alice.hang_up()
        expect_lines(server, "--verb", "left", count=2)

        start, *rest = lines(server)
        assert (start["kind"], start["version"]) == ("start", "0.1.0")
        assert [line.get("verb") or line["event"] for line in rest if line["kind"] != "event" or
                line["event"] in ("joined", "muted", "left", "digit")] == [
            "join", "joined", "join", "joined", "join", "digit", "mute", "muted", "digit", "remove",
            "left", "left"]  # fmt: skip

        joined, came_muted, refused = lines(server, "demo", "--verb", "join")
        assert re.fullmatch(r"sip:alice@\S+", joined["actor"]["uri"])
        assert joined["actor"]["proof"] == "none" and joined["verdict"] == "accept"
        assert (joined["by"], joined["generation"]) == ("default", 1)
        assert came_muted["given"] == {"role": "listener", "muted": True}
        assert came_muted["by"].endswith("site.lua:5")
        assert (refused["verdict"], refused["code"], refused["reason"]) == ("reject", 403, "Not you")
        assert refused["by"].endswith("site.lua:4")

        (unmuted,) = lines(server, "--verb", "mute")
        assert unmuted["actor"]["kind"] == "script"
        assert unmuted["actor"]["position"].endswith("site.lua:9")
        assert (unmuted["event"], unmuted["digit"]) == ("digit", "1")
        assert re.fullmatch(r"sip:bob@\S+", unmuted["whom"])

        text = server.command("audit", "demo").stdout.splitlines()
        assert [re.search(r"asks to (\w+)", line)[1] for line in text] == [
            "join", "join", "mute", "remove"]  # fmt: skip
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT[\d:.]+Z demo: \S+site.lua:12, told digit 2 of sip:alice@\S+ \(\d+\), asks to "
            r"remove sip:bob@\S+ \(\d+\), with reason Thank you: accepted - by the server's default, "
            r"generation 1",
            text[3],
        )
        nowhere = server.command("journal", "nowhere")
        assert nowhere.returncode == 1 and not nowhere.stdout
        assert f'there is no conference "nowhere" in it, which goes back to {start["at"]}' in nowhere.stderr
        assert lines(server, "demo", "--verb", "sidebar") == []
        assert lines(server, "--since", "2999-01-01") == []
        assert len(lines(server, "--since", "10m")) == len(rest) + 1
        assert stat.S_IMODE((server.data / "journal.jsonl").stat().st_mode) == 0o600


def test_a_server_that_is_killed_loses_a_moment_at_most_and_the_next_one_goes_on():
    with Server(policy=POLICY) as server, Phone(server) as alice:
        alice.call()
        expect_lines(server, "--verb", "joined")
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        with (server.data / "journal.jsonl").open("a") as file:
            file.write('{"at":"2026-11-20T11:26:18.123Z","kind":"dec')
        again = server.command("journal", "--verb", "joined")
        assert again.stdout.count("\n") == 1 and "1 line cannot be read" in again.stderr
        server.start()
        alice.is_up = False
        alice.call()
        assert len(expect_lines(server, "--verb", "joined", count=2)) == 2
        assert [line["kind"] for line in lines(server)].count("start") == 2


def test_what_is_wrong_on_the_command_line_is_told():
    with Server(start=False) as server:
        assert "there is no journal to be read" in server.command("journal").stderr
        wrong = server.command("journal", "--since", "yesterday")
        assert wrong.returncode == 2 and "must be like 10m" in wrong.stderr
        assert "give one conference" in server.command("audit", "demo", "board").stderr
        assert "--follow takes no value" in server.command("journal", "--follow=1").stderr
        assert 'no request and no event "mutes"' in server.command("journal", "--verb", "mutes").stderr


def test_a_full_disk_costs_lines_and_no_call():
    with Server(policy=POLICY) as server, Phone(server) as alice, Phone(server, "bob") as bob:
        alice.call()
        expect_lines(server, "--verb", "joined")
        size = (server.data / "journal.jsonl").stat().st_size
        room = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        bob.call()
        server.expect_log("journal.jsonl: File too large; lines are lost until that is put right")
        bob.hang_up()
        server.expect_left("bob")
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, room)
        alice.hang_up()
        server.expect_log("journal.jsonl: goes on")
        expect_lines(server, "--verb", "left")
        assert server.log().count("lines are lost") == 1
        kinds = [line["kind"] for line in lines(server)]
        assert kinds.count("gap") == 1 and lines(server)[kinds.index("gap")]["lost"] >= 2
        assert [line["who"] for line in lines(server, "--verb", "joined")] == [alice.own_uri]


class Follower:
    """`parley journal --follow`, by those words more, whose lines are read one by one."""

    def __init__(self, server, *words):
        self.process = subprocess.Popen(
            [BINARY, "journal", "--json", "--follow", *words, "--data", server.data],
            stdout=subprocess.PIPE,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def expect(self, what):
        """The next line that has the value."""
        for text in self.process.stdout:
            line = json.loads(text)
            if what in line.values():
                return line
        raise AssertionError(f"the journal ended without {what!r}")


def test_who_follows_it_does_so_over_new_files_and_a_new_server_until_nobody_reads():
    with Server(config="journal = { size = 1, files = 3 }", policy=POLICY) as server, Phone(
        server
    ) as alice, Phone(server, "mallory") as mallory:
        expect_lines(server)
        with Follower(server) as follower, Follower(server, "--verb", "left") as idle:
            assert follower.expect("start")
            journal = server.data / "journal.jsonl"
            # As long as a file may be; the next line begins another one.
            with journal.open("a") as file:
                file.write(('{"at":"2026-11-20T11:26:18.123Z","kind":"filler"}\n') * (2**20 // 50))
            alice.call()
            assert follower.expect("joined")["who"] == alice.own_uri
            assert (server.data / "journal.jsonl.1").stat().st_size > 2**20 > journal.stat().st_size
            # As `logrotate` does it, by copytruncate and by renaming.
            journal.write_text("")
            mallory.invite()
            mallory.expect(403)
            mallory.ack()
            assert follower.expect("reject")["reason"] == "Not you"
            journal.rename(server.data / "old")
            alice.hang_up()
            assert follower.expect("left")["who"] == alice.own_uri
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            server.start()
            assert follower.expect("start")
            idle.process.stdout.close()
            idle.process.wait(10)


def test_a_reload_takes_another_file_or_says_why_it_cannot():
    with Server(config="", policy=POLICY) as server, Phone(server) as alice:
        first, second = server.data / "journal.jsonl", server.directory / "second.jsonl"

        def reload(options):
            server.config.write_text(f"journal = {{ {options} }}")
            return server.command("reload")

        def read(*words):
            done = server.command("journal", "--json", "--config", server.config, *words)
            return [json.loads(line) for line in done.stdout.splitlines()]

        missing = reload('path = "nowhere/journal.jsonl"')
        assert missing.returncode != 0
        assert re.search(r"journal.path: \S+/nowhere/journal.jsonl cannot be written: No such file", missing.stderr)
        os.mkfifo(server.directory / "pipe")
        assert "pipe cannot be written: it is a pipe" in reload('path = "pipe"').stderr
        with Server(config="") as other:
            taken = reload(f'path = "{other.data}/journal.jsonl"')
            assert "another server writes there" in taken.stderr
            alike = Server(config=f'journal = {{ path = "{first}" }}', start=False)
            with alike:
                refused = run_parley("serve", *alike.arguments)
                assert refused.returncode == 1 and "another server writes there" in refused.stderr

        alice.call()
        done = reload('path = "second.jsonl", files = 2')
        assert done.returncode == 0 and "restart" not in done.stdout + done.stderr
        alice.hang_up()
        run.until(lambda: '"left"' in second.read_text(), second.read_text)
        one, two = ([json.loads(line) for line in path.open()] for path in (first, second))
        assert (one[-1]["kind"], one[-1]["to"]) == ("moved", str(second))
        assert (two[0]["kind"], two[0]["from"]) == ("moved", str(first))
        assert [line["event"] for line in one if line["kind"] == "event"][-1] == "joined"
        assert "left" in [line.get("event") for line in two]
        assert stat.S_IMODE(second.stat().st_mode) == 0o600

        assert reload("files = 0").returncode == 0
        run.until(lambda: '"stop"' in second.read_text(), second.read_text)
        before = first.stat().st_size
        alice.call()
        alice.hang_up()
        assert reload("files = 1").returncode == 0
        expect_lines(server, "--since", "10m", count=len(one) + 1)
        assert [line["kind"] for line in lines(server)][len(one):][0] == "start"
        assert before < first.stat().st_size


def test_the_audit_tells_the_operator_from_the_server():
    config = "conferences = { demo = { duration = 2 } }"
    with Server(config=config, policy=POLICY) as server, Phone(server) as alice:
        alice.call()
        assert server.command("fact", "closed", "yes").returncode == 0
        assert server.command("invite", "demo", "sip:bob@192.0.2.7").returncode == 0
        alice.reply(alice.expect("BYE"), 200)
        alice.is_up = False
        expect_lines(server, "--verb", "ended")
        text = server.command("audit").stdout
        assert "demo: the operator asks to invite sip:bob@192.0.2.7: accepted" in text
        assert re.search("demo: the server asks to close, with reason The time of the conference is over: accepted", text)
        assert 'the fact closed is "yes" - by the operator' in server.command("journal").stdout


def test_what_callers_send_stays_one_line():
    name = '"' + "x" * 3000 + '\\"\xc3\xa9\x01\xff{\\\\}"'
    with Server(policy=POLICY) as server, Phone(server, "mallory", transport="tcp") as phone:
        sender = f"{name} <sip:mallory@{phone.address}>;tag={phone.local_tag}"
        phone.invite(headers={"From": sender, "User-Agent": 'a\x02"' * 500})
        (line,) = expect_lines(server, "--verb", "join")
        assert line["actor"]["name"].startswith("xxx") and len(line["actor"]["name"]) <= 400
        assert len((server.data / "journal.jsonl").read_text().splitlines()) == len(lines(server))


if __name__ == "__main__":
    run.main()
