"""Moderation (framework §5.5): what a policy leaves to somebody waits for that somebody."""

import contextlib
import re
import time

import audio
import run
import tone
from changes import take_change
from message import uri_of
from parley import Server
from roster import Roster
from sip import Phone

MUSIC = 700  # Hz; alice is 500, who waits is 900
QUIET = -60

# alice lets others in; who else calls waits, each in his way.
POLICY = """
local policy = parley.policy { name = "door" }
local ways = { bob = "music", early = "early", ring = "ring", silent = "silence" }
function policy.create() return accept() end
function policy.join(request, conference)
  local user = request.actor.user
  if user == "alice" or user == "anne" then return accept { role = "moderator" } end
  return pending {
    meanwhile = ways[user], expires = user == "late" and "1s" or "2m", reason = "At the door",
  }
end
function policy.subscribe(request)
  local participant = request.actor.participant
  local is_moderator = participant and participant.role == "moderator"
  return accept { view = is_moderator and "moderator" or "plain" }
end
function policy.pending(event, conference, participant)
  local p = event.request
  print("told pending", p.verb, p.actor.user, p.reason, p.params.role, p.deciders[1], participant)
end
function policy.decided(event, conference, participant)
  print("told decided", event.request.verb, event.request.actor.user, event.approved, event.code,
    event.reason, participant and participant.user)
end
%s
return policy
"""


def write_music(server):
    samples = tone.sine(MUSIC, -20, 16000)(0, 2 * 16000)
    audio.write_wav(server.directory / "music.wav", samples, 16000)


@contextlib.contextmanager
def door(*names, hooks="", config="", **options):
    """A server whose conference demo has a moderator at the door, and phones."""
    with contextlib.ExitStack() as stack:
        server = Server(
            policy=POLICY % hooks, config='audio = { hold_music = "music.wav" }\n' + config, start=False, **options
        )
        stack.enter_context(server)
        write_music(server)
        server.start()
        yield server, *(stack.enter_context(Phone(server, name)) for name in names)


def pending(server, conference="demo"):
    """What waits, as the status tells it."""
    for entry in server.status()["conferences"]:
        if entry["name"] == conference:
            return entry["pending"]
    return []


def waits(server, count=1, conference="demo", within=3):
    """What waits, once there is so much of it."""
    deadline = time.monotonic() + within * run.SLOW
    while len(found := pending(server, conference)) != count:
        assert time.monotonic() < deadline, f"not {count}: {found}"
        time.sleep(0.05)
    return found


def user_of(waiting):
    return re.search(r"sips?:([^@]*)@", waiting["uri"])[1]


def decide(server, *words):
    """The operator decides, and is told so."""
    done = server.command(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_to_hear(phone, frequency, within=5):
    deadline = time.monotonic() + within * run.SLOW
    while tone.level(phone.hear(0.2, 0), frequency) < -30:
        assert time.monotonic() < deadline, f"{frequency} Hz was not heard"


# ---- who wants in ------------------------------------------------------------------------------


def test_a_caller_waits_with_music_and_is_let_in():
    """RFC 4579 §5.3: the focus is told by the re-INVITE that brings the caller in."""
    with door("alice", "carol", "bob") as (server, alice, carol, bob):
        alice.say(tone.sine(500)).call()
        ok = bob.say(tone.sine(900)).call()
        assert "isfocus" not in ok["Contact"], ok
        assert uri_of(ok["Contact"]) == f"sip:demo@{server.address}", ok
        server.expect_log(r"told pending join bob At the door participant moderator nil")
        wait_to_hear(bob, MUSIC)
        # Nobody hears who waits, who hears nobody, and alice is alone: her music is her own.
        heard = bob.hear(0.5)
        assert tone.level(heard, 500) < QUIET and tone.level(heard, 900) < QUIET
        assert tone.level(alice.hear(0.5), 900) < QUIET
        (waiting,) = waits(server)
        assert (waiting["verb"], user_of(waiting)) == ("join", "bob"), waiting
        assert waiting["decided_by"] == ["moderator"] and 100 < waiting["expires_in"] <= 120
        assert set(server.participants()) == {"alice"}
        listed = decide(server, "pending", "demo")
        assert "sip:bob@" in listed and "At the door" in listed and str(waiting["id"]) in listed
        assert "1 request waits for a decision" in server.command("status").stdout
        assert decide(server, "approve", waiting["id"]) == f"{waiting['id']} is approved\n"
        change = take_change(bob, "sendrecv")
        assert uri_of(change["Contact"]) == f"sip:demo@{server.address}"
        wait_to_hear(bob, 500)
        wait_to_hear(alice, 900)
        assert tone.level(bob.hear(0.5), MUSIC) < QUIET
        server.expect_log(r"told decided join bob true 200  bob")
        assert set(server.participants()) == {"alice", "bob"} and not pending(server)
        assert decide(server, "pending") == "Nothing waits for a decision.\n"
        done = server.command("approve", waiting["id"])
        assert done.returncode == 1 and "nothing of number" in done.stderr, done


if __name__ == "__main__":
    run.main()
