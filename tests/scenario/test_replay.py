"""A conference with real phones is recorded, and its requests asked again of the same policy and of others."""

import re

import run
from changes import take_change
from moderation import waits
from parley import ROOT, Server, run_parley
from sip import Phone

CONFIG = """
conferences = { demo = { options = { moderators = { "alice" }, announcement = "", wait = "1m" } } }
"""
# As it is shipped, but that the moderator's name will do.
MODERATED = (ROOT / "policy/moderated.lua").read_text().replace(
    "if request.actor.authenticated and options", "if options"
)


def replay(server, *words):
    return run_parley("replay", *words, server.directory / "demo.jsonl")


def moderate(server, alice, bob, carol):
    """Bob is let in, carol is not, bob is muted and speaks again; the conference is locked and left."""
    bob.call()
    waits(server)
    alice.press("1")
    take_change(bob, "sendrecv")
    server.expect_log(r"sip:bob@\S+ joined")
    carol.call()
    waits(server)
    alice.press("2")
    carol.reply(carol.expect("BYE"), 200)
    carol.is_up = False
    alice.press("4")
    server.expect_log(r"sip:bob@\S+ is muted")
    alice.press("5")
    server.expect_log(r"sip:bob@\S+ is unmuted")
    alice.press("3")
    server.expect_log("conference is locked")
    carol.invite()
    carol.expect(403)
    carol.ack()
    bob.hang_up()
    server.expect_left("bob")


def record(server):
    """`demo.jsonl` has what is asked in a moderated conference, from after alice has come in."""
    file = server.directory / "demo.jsonl"
    with Phone(server) as alice, Phone(server, "bob") as bob, Phone(
        server, "carol"
    ) as carol:
        alice.call()
        begun = server.command("record", "demo", file)
        assert begun.returncode == 0, begun.stderr
        assert "it is recorded already" in server.command("record", "demo", file).stderr
        moderate(server, alice, bob, carol)
        assert server.command("record", "--stop", "demo").returncode == 0
        assert "demo is not recorded" in server.command("record", "--stop", "demo").stderr
    run.until(lambda: '"left"' in file.read_text(), file.read_text)


def test_a_recorded_conference_is_decided_again_as_it_was_and_otherwise_by_another_script():
    with Server(config=CONFIG, policy=MODERATED) as server:
        record(server)
        same = replay(server)
        assert same.stdout == "9 requests asked again, 0 differences\n", same.stdout + same.stderr
        assert same.returncode == 0

        harsh = server.write(
            "policy/harsh.lua",
            MODERATED.replace('reject(403, "Conference is locked")', 'reject(486, "Later")').replace(
                'keys["4"]', 'keys["9"]'
            ),
        )
        other = replay(server, "--policy", harsh)
        assert other.returncode == 1
        muted, refused, count = other.stdout.splitlines()
        assert re.search(r"asks to mute sip:bob@\S+ \(\d+\), with muted true: was asked; is not asked$", muted)
        assert re.search(
            r"sip:carol@\S+ \(unproven\) asks to join: was rejected 403 Conference is locked - by "
            r"\S+site.lua:\d+, generation 1; is rejected 486 Later - by "
            r"\S+harsh.lua:\d+, generation 1$",
            refused,
        )
        assert count == "8 requests asked again, 2 differences"

        assert "bad.lua:1: unexpected symbol" in replay(server, "--policy", server.write("bad.lua", "=")).stderr
        assert run_parley("replay", "/nowhere").returncode == 2


RESTLESS = """
local policy = parley.policy { name = "site" }
function policy.digit(event, conference, participant)
  for i = 1, 100 do
    participant:mute()
    participant:unmute()
  end
end
return policy
"""


def test_a_recording_ends_when_it_is_full_and_can_be_replayed():
    with Server(policy=RESTLESS) as server, Phone(server) as alice:
        first, second = server.directory / "demo.jsonl", server.directory / "more.jsonl"
        wrong = server.command("record", "--size", "0", "demo", first)
        assert wrong.returncode == 2 and "--size: must be a number of MiB" in wrong.stderr
        alice.call()
        assert server.command("record", "--size", "1", "demo", first).returncode == 0
        (recorded,) = server.status()["recordings"]
        assert (recorded["conference"], recorded["file"], recorded["full"]) == ("demo", str(first), False)
        while not server.status()["recordings"][0]["full"]:
            alice.press("1")
        server.expect_log(r"demo.* the recording \S+demo.jsonl has its 1 MiB, and ends")
        assert "FULL" in server.command("status").stdout
        assert server.command("record", "demo", second).returncode == 0
        (recorded,) = server.status()["recordings"]
        assert recorded["file"] == str(second) and not recorded["full"]
        done = replay(server)
        assert done.returncode == 0 and ", 0 differences" in done.stdout, done.stdout + done.stderr
        assert "the recording ends where it was full" in done.stdout
        assert 2**20 - 40000 < first.stat().st_size <= 2**20


if __name__ == "__main__":
    run.main()
