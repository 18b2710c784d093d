"""A conference with real phones is recorded, and its requests asked again of the same policy and of others."""

import json
import os
import re
import subprocess

import run
from changes import take_change
from moderation import waits
from parley import BINARY, ROOT, Server, run_parley
from sip import Phone
from texting import write

VERBS = set(re.findall(r'X\(VERB_\w+, "(\w+)"', (ROOT / "server/focus/request.h").read_text()))

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


# Whoever presses a key has many things changed, which are chosen by what was kept of those before.
BUSY = """
local policy = parley.policy { name = "site" }
local wishes = {
  function(_, p) p:mute() end,
  function(_, p) p:unmute() end,
  function(c) c:lock() end,
  function(c) c:unlock() end,
  function(_, p) p:set_role(p.role == "guest" and "speaker" or "guest") end,
  function(c, p) p:rename("step " .. c.state.steps) end,
  function(_, p) p:give_floor() end,
  function(_, p) p:take_floor() end,
  function(_, p) p:permit { may_speak = false } end,
  function(_, p) p:permit { may_speak = true } end,
  function(_, p) p:volume { speaks = -3, hears = 2 } end,
  function(_, p) p:enhance { agc = true } end,
  function(c) c:limit { duration = 3600 } end,
  function(c) c:stop() end,
  function(_, p) p:stop() end,
  function(c) c:recheck() end,
  function(c) for w in c:pending() do w:approve() end end,
}
function policy.join(request, conference)
  if request.by_dialog then return accept() end
  if request.actor.user == "mallory" then return reject(403, "Not you") end
  if request.actor.user == "carol" then return pending { decided_by = "host", expires = 60 } end
  if parley.fact "closed" then return reject(486, "Closed") end
  return accept { role = conference.count == 0 and "host" or "guest" }
end
function policy.replace() return accept {} end
function policy.invite() return accept { muted = true } end
function policy.timeout(request)
  if request.target.user ~= "frank" then return reject(403, "Not for long") end
end
function policy.remove(request)
  if request.actor.user == "erin" then return accept { reason = "Erin says so" } end
end
function policy.mute(request, conference)
  if (conference.state.steps or 0) % 5 == 0 then return reject(403, "Not now") end
end
function policy.volume(_, conference)
  return accept {
    speaks = -(conference.state.steps or 0) % 9 }
end
function policy.subscribe(request) return accept { view = "moderator" } end
function policy.replaced(_, conference, participant) participant:rename "went on" end
function policy.digit(event, conference, participant)
  local state = conference.state
  if event.digit == "8" then
    participant:hold()
    conference:media { codecs = { "PCMA" } }
    return
  end
  if event.digit == "7" then conference:message "Hello" conference:record() return end
  if event.digit == "6" then conference:pause_recording() return end
  if event.digit == "5" then conference:limit { duration = 1 } return end
  if event.digit == "9" then conference:sidebar { title = "aside" } return end
  if event.digit == "0" then parley.set_fact("closed", not parley.fact "closed") return end
  for _ = 1, 50 do
    state.steps = (state.steps or 0) + 1
    wishes[state.steps % #wishes + 1](conference, participant)
  end
end
return policy
"""


def lead_a_busy_conference(server, alice, bob, carol, mallory):
    """A thousand requests by keys and by calls, REFER, SUBSCRIBE, Replaces; the operator's, too."""
    bob.call()
    carol.call()
    waits(server)
    for _ in range(12):
        alice.press("1")
    mallory.invite()
    mallory.expect(403)
    mallory.ack()
    with Phone(server, "bob") as other, Phone(server, "dave") as dave:
        other.call(headers={"Replaces": f"{bob.call_id};to-tag={bob.remote_tag};from-tag={bob.local_tag}"})
        bob.reply(bob.expect("BYE"), 200)
        bob.is_up = False
        assert server.command("fact", "closed", "yes").returncode == 0
        dave.invite()
        dave.expect(486)
        dave.ack()
        server.reload()
        assert server.command("fact", "closed", "").returncode == 0
        with Phone(server, "erin") as referrer:
            referrer.subscribe()
            referrer.expect(200)
            referrer.refer(f"<sip:dave@{dave.sent_by}>")
            dave.pick_up(dave.expect_call())
            server.expect_log(r"sip:dave@\S+ joined")
            referrer.refer(f"<sip:dave@{dave.sent_by};method=BYE>")
            dave.reply(dave.expect("BYE"), 200)
            dave.is_up = False
        for _ in range(12):
            other.press("2")
        other.press("9")
        server.expect_log("has a sidebar")
        with Phone(server, "frank") as silent:
            silent.audio.mute()
            silent.call()
            silent.reply(silent.expect("BYE", within=5), 200)
            silent.is_up = False
        write(alice, "Hello all")
        alice.expect((200, 202), method="MESSAGE")
        other.press("7")
        server.expect_log("records|recording")
        other.press("6")
        other.press("8")
        other.expect("INVITE")
        for phone in (other, alice, carol):
            phone.is_up = False
        carol.press("5")
        server.expect_log("conference is over")


@run.limit(60)
def test_a_live_conference_of_a_thousand_requests_is_decided_as_it_was():
    config = 'rtp = { timeout = "1s" }\nconferences = { demo = {} }\n'
    with Server(config=config, policy=BUSY) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol, Phone(server, "mallory") as mallory:
        file = server.directory / "demo.jsonl"
        alice.call()
        assert server.command("record", "demo", file).returncode == 0
        lead_a_busy_conference(server, alice, bob, carol, mallory)
        assert server.command("record", "--stop", "demo").returncode == 0
        run.until(lambda: '"kind":"end"' in file.read_text(), lambda: file.read_text()[-500:])
        recorded = [json.loads(line) for line in file.open()]
        decided = [line for line in recorded if line["kind"] == "decision"]
        # What is asked for before there is the conference cannot be recorded there.
        assert {line["verb"] for line in decided} == VERBS - {"create"}

        same = replay(server)
        assert same.stdout.endswith(", 0 differences\n") and same.returncode == 0, same.stdout[-2000:]
        assert int(same.stdout.split()[0]) == len(decided) >= 1000, f"{same.stdout}: {len(decided)}"

        def replay_other(before, after):
            assert before in BUSY
            return replay(server, "--policy", server.write("policy/other.lua", BUSY.replace(before, after)))

        other = replay_other('403, "Not you"', '486, "Busy"')
        assert other.stdout.splitlines()[-1].endswith(", 1 difference"), other.stdout[-2000:]
        other = replay_other("return accept {\n    speaks", "return reject(403) or {\n    speaks")
        volumes = sum(line["verb"] == "volume" for line in decided)
        assert other.stdout.splitlines()[-1].endswith(f", {volumes} differences"), other.stdout[-2000:]
        # Below the line that is new, all is decided by others than it was.
        other = replay_other("function policy.join", "\nfunction policy.join")
        assert ", 0 differences\n" in other.stdout, other.stdout[-2000:]
        by_lines = sum(":" in line["by"] for line in decided)
        assert f"{by_lines} decided as they were, but by another line\n" in other.stdout


# 7 makes a sidebar, in which who asks is, and bob is asked to be; 3 mutes there, 0 goes back, 9 ends it.
ASIDE = """
local policy = parley.policy { name = "site" }
function policy.join(_, conference)
  if conference.parent then return accept { role = "outsider" } end
end
function policy.joined(_, conference, participant)
  if conference.parent then participant:rename("aside " .. participant.role) end
end
function policy.mute(_, conference)
  conference.state.wishes = (conference.state.wishes or 0) + 1
  if conference.state.wishes % 3 == 0 then return reject(403, "Not here") end
end
function policy.digit(event, conference, participant)
  if event.digit == "7" then
    local side = conference:sidebar { title = "Aside", background = -12 }
    side:bring(participant)
    for other in conference:participants() do
      if other.user == "bob" then side:ask(other) end
    end
    conference.state.asides = (conference.state.asides or 0) + 1
    print("aside", conference.state.asides, side.name)
  elseif event.digit == "3" and participant.muted then participant:unmute()
  elseif event.digit == "3" then participant:mute()
  elseif event.digit == "0" then participant:back()
  elseif event.digit == "9" then conference:close "That was all"
  end
end
return policy
"""


def lead_sidebars(server, alice, bob, dave):
    """From one that was there before: who is in it, comes from outside, declines, answers, hangs up."""
    name = server.expect_log(r"aside 1 (\w+)")[1]
    for _ in range(4):
        alice.press("3")
    dave.call(name)
    dave.press("3")
    bob.press("0")
    server.expect_log(rf"{name}.* sip:bob@\S+ left")
    alice.press("9")
    dave.reply(dave.expect("BYE"), 200)
    dave.is_up = False
    alice.press("7")
    name = server.expect_log(r"aside 2 (\w+)")[1]
    bob.press("2")
    server.expect_log(rf"{name}.* sip:bob@\S+ .*603")
    for _ in range(3):
        alice.press("3")
    alice.press("0")
    server.expect_log(rf"{name}.*conference is over")
    alice.press("7")
    name = server.expect_log(r"aside 3 (\w+)")[1]
    bob.press("1")
    server.expect_log(rf"{name}.* sip:bob@\S+ joined")
    bob.press("3")
    bob.hang_up()
    alice.press("9")
    server.expect_log(rf"{name}.*conference is over")


def test_what_happens_in_sidebars_is_decided_again():
    with Server(policy=ASIDE) as server, Phone(server) as alice, Phone(server, "bob") as bob, Phone(
        server, "dave"
    ) as dave:
        file = server.directory / "demo.jsonl"
        alice.call()
        bob.call()
        alice.press("7")
        bob.press("1")
        server.expect_log(r"sip:bob@\S+ is shown as aside participant")
        assert server.command("record", "demo", file).returncode == 0
        lead_sidebars(server, alice, bob, dave)
        assert server.command("record", "--stop", "demo").returncode == 0
        run.until(lambda: '"kind":"end"' in file.read_text(), lambda: file.read_text()[-500:])
        recorded = [json.loads(line) for line in file.open()]
        decided = [line for line in recorded if line["kind"] == "decision"]
        assert len({line["conference_id"] for line in decided}) == 4  # three sidebars

        same = replay(server)
        assert same.stdout == f"{len(decided)} requests asked again, 0 differences\n", same.stdout + same.stderr
        other = server.write("policy/other.lua", ASIDE.replace('403, "Not here"', '486, "Busy"'))
        refused = sum(line["verdict"] == "reject" and line["verb"] == "mute" for line in decided)
        done = replay(server, "--policy", other)
        assert refused > 1 and done.stdout.endswith(f", {refused} differences\n"), done.stdout


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


LED = """
local policy = parley.policy { name = "site" }
function policy.mute(request)
  if request.actor.kind == "script" then return accept() end
  return reject(403, "By nobody else")
end
function policy.lock() return reject(403, "Open house") end
return policy
"""

LEADER = """
return function(call)
  while true do
    local event = call:wait_for { "digit", timeout = 60 }
    local conference = call.conference
    if event.digit == "1" then
      for other in conference:participants() do
        if other.user == "bob" then other:mute() end
      end
    elseif event.digit == "2" then
      conference:lock()
    else
      conference:close "Good night"
    end
  end
end
"""


def multiply(file, size):
    """The recording with its request to lock, that was refused, again and again in so many bytes."""
    lines = file.read_text().splitlines(keepends=True)
    lock = next(index for index, line in enumerate(lines) if '"verb":"lock"' in line)
    count = size // len(lines[lock])
    file.write_text("".join(lines[:lock] + [lines[lock]] * count + lines[lock + 1 :]))
    return count


def replay_peak(server):
    """What a replay prints, and the bytes that it has used at most."""
    process = subprocess.Popen(
        [BINARY, "replay", server.directory / "demo.jsonl"], stdout=subprocess.PIPE, text=True
    )
    with process.stdout:
        text = process.stdout.read()
    _, _, usage = os.wait4(process.pid, 0)
    return text, usage.ru_maxrss * 1024


def test_what_an_application_has_asked_is_asked_again_in_little_memory():
    config = 'applications = { lead = "lead" }\nconferences = { demo = { attendant = "lead" } }\n'
    with Server(config=config, policy=LED, files={"scripts/lead.lua": LEADER}) as server, Phone(
        server
    ) as alice, Phone(server, "bob") as bob:
        file = server.directory / "demo.jsonl"
        alice.call()
        assert server.command("record", "demo", file).returncode == 0
        bob.call()
        alice.press("1")
        server.expect_log(r"sip:bob@\S+ is muted")
        alice.press("2")
        alice.press("3")
        for phone in (alice, bob):
            phone.reply(phone.expect("BYE"), 200)
            phone.is_up = False
        assert server.command("record", "--stop", "demo").returncode == 0
        run.until(lambda: '"kind":"end"' in file.read_text(), file.read_text)
        same = replay(server)
        assert (same.stdout, same.stderr) == ("4 requests asked again, 0 differences\n", "")
        strict = server.write("policy/strict.lua", LED.replace('"script"', '"caller"'))
        (muted, count) = replay(server, "--policy", strict).stdout.splitlines()
        assert re.search(
            r"lead.lua:8, told digit 1 of sip:alice@\S+ \(\d+\), asks to mute sip:bob@\S+ \(\d+\), with muted "
            r"true: was accepted.*; is rejected 403 By nobody else - by \S+strict.lua:5, generation 1$",
            muted,
        )
        assert count == "4 requests asked again, 1 difference"

        _, base = replay_peak(server)
        times = multiply(file, 20 * 2**20)
        large, peak = replay_peak(server)
        assert large == f"{times + 3} requests asked again, 0 differences\n"
        if not os.environ.get("SANITIZE"):
            assert peak - base < 2 * file.stat().st_size, f"{peak} bytes, {base} without"


if __name__ == "__main__":
    run.main()
