"""The journal: what was asked, who decided it by which line, what came of it; for people and programs."""

import json
import re
import signal
import stat

import run
from parley import Server
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
            r"\d{4}-\d\d-\d\dT[\d:.]+Z demo: \S+site.lua:12, told digit 2 \(\d+\), asks to remove "
            r"sip:bob@\S+ \(\d+\), with reason Thank you: accepted - by the server's default, "
            r"generation 1",
            text[3],
        )
        assert lines(server, "nowhere") == []
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


if __name__ == "__main__":
    run.main()
