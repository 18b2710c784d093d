"""A hundred reloads under 200 live conferences, a third of them broken, each in its way: no packet is
missing, no state is lost, no dialog is touched, and each failure is named with its file and line. Nor
is it otherwise with conferences that go ahead or stay, a shadow, and scripts that are taken back.

What a reload takes is measured by `make bench BENCH=--reload`.
"""

import contextlib
import os
import re

import run
import tone
from changes import take_change
from parley import Server, address
from sip import Phone

CONFERENCES = int(os.environ.get("CONFERENCES", 200))
RELOADS = int(os.environ.get("RELOADS", 100))
TALKING, WAITING, TALKED_TO, WATCHING = 10, 10, 10, 10  # conferences with two who talk; phones

POLICY = """local policy = parley.policy { name = "site", version = VERSION }
function policy.join(request, conference)
  if request.actor.user:find "^waiting" then
    return pending { decided_by = "host", expires = "1h" }
  end
end
function policy.subscribe(request, conference)
  return accept {}
end
function policy.joined(event, conference)
  conference.state.joined = (conference.state.joined or 0) + 1
end
function policy.digit(event, conference)
  print(conference.state.joined .. " joined, " .. conference.state.moves .. " moves")
end
"""
MIGRATE = """function policy.migrate(state, version)
  return { joined = state.joined, moves = (state.moves or 0) + 1 }
end
"""
END = "return policy\n"
LATER = POLICY + MIGRATE + END
MENU = """local version = VERSION
return function(call)
  call:answer()
  local keys = call:ask { max = 1, timeout = 3600 }
  call:hangup("version " .. version .. " heard " .. keys)
end
"""
CONFIG = (
    "conferences = { "
    + ", ".join(f"c{number} = {{}}" for number in range(CONFERENCES))
    + ' }\napplications = { ["9000"] = "menu" }\nreload = { errors = 3 }\n'
)
# What is written where, and what is told of it.
BROKEN = [
    ("site", "local x = = 1\n", r"site.lua:1: unexpected symbol"),
    ("site", "\nnothing.here()\n", r"site.lua:2: unknown global 'nothing'"),
    ("site", LATER.replace("policy.digit", "policy.digits"), r"site.lua:13: unknown hook 'digits'"),
    ("site", POLICY + MIGRATE, r"site.lua: the file must return its policy"),
    ("site", POLICY + END, r"site.lua: version \d+ needs .*policy.migrate"),
    ("site", "local t = {}\nwhile true do t = { t } end\n", r"site.lua:2: not enough memory"),
    ("site", LATER.replace("return {", "error 'no' return {"), r"site.lua:17: no - .* c\d+"),
    ("site", LATER.replace("state.joined,", "print,"), r"site.lua:\d+: .*joined: a function"),
    ("site", "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(200000) .. i end\n", r"site.lua:1: "),
    ("menu", "return function(call)\n  call:answer(\nend\n", r"menu.lua:3: "),
    ("menu", "return 1\n", r"menu.lua"),
    ("config", CONFIG + "colour = 3\n", r"parley.lua:4: .*colour"),
]


class Scripts:
    """What stands in the files; each good one is a version of its own."""

    def __init__(self, server):
        self.server, self.version = server, 1
        self.paths = {
            "site": server.policy,
            "menu": server.directory / "scripts/menu.lua",
            "config": server.config,
        }

    def good(self):
        self.version += 1
        self.paths["site"].write_text(LATER.replace("VERSION", str(self.version)))
        self.paths["menu"].write_text(MENU.replace("VERSION", str(self.version)))
        self.paths["config"].write_text(CONFIG)
        self.server.reload()

    def broken(self, number):
        name, text, told = BROKEN[number % len(BROKEN)]
        self.paths[name].write_text(text.replace("VERSION", str(self.version + 1)))
        done = self.server.command("reload")
        assert done.returncode == 2 and re.search(told, done.stderr), (told, done)
        assert self.server.status()["scripts"]["generation"] == self.version
        self.paths["site"].write_text(LATER.replace("VERSION", str(self.version)))
        self.paths["menu"].write_text(MENU.replace("VERSION", str(self.version)))
        self.paths["config"].write_text(CONFIG)


def enter_all(server, phones):
    """Who is there before the first reload: {what: [phone, …]}."""

    def phone(user, media=False):
        return phones.enter_context(Phone(server, user, media=media))

    talking = [phone(f"talker{n}", True).say(tone.sine(400 + 40 * n)) for n in range(2 * TALKING)]
    for number, one in enumerate(talking):
        one.call(f"c{number // 2}")
    silent = [phone(f"silent{n}").call(f"c{n}") and None for n in range(TALKING, CONFERENCES)]
    waiting = [phone(f"waiting{n}") for n in range(WAITING)]
    menus = [phone(f"caller{n}", True) for n in range(TALKED_TO)]
    watching = [phone(f"watcher{n}") for n in range(WATCHING)]
    for number, one in enumerate(waiting):
        one.call(f"c{number}")
    for one in menus:
        one.call("9000")
    for number, one in enumerate(watching):
        one.subscribe(f"c{number}")
        one.expect(200)
        one.notified()
    assert len(silent) == CONFERENCES - TALKING
    return talking, waiting, menus, watching


def assert_steady(server, talking, first):
    """No packet is missing; and no turn was left out, unless the machine was too busy for it."""
    skipped = sum(thread["skipped_ticks"] for thread in server.status()["media_threads"])
    for phone in talking:
        packets = phone.audio.packets[first[phone] :]
        assert len(packets) > 10
        for before, after in zip(packets, packets[1:]):
            assert after.ssrc == before.ssrc
            assert after.sequence == (before.sequence + 1) & 0xFFFF
            step = (after.timestamp - before.timestamp) & 0xFFFFFFFF
            assert step == 160 or (skipped and step % 160 == 0), f"a timestamp step of {step}"


def touch_some(server, scripts, phones):
    """What an operator does besides reloads of all."""

    def generations():
        return {c["name"]: c["generation"] for c in server.status()["conferences"]}

    def other(text):
        return text.replace("VERSION", str(scripts.version + 1))

    # One goes ahead, and back again, while all others stay.
    live, site = scripts.version, scripts.paths["site"]
    site.write_text(other(LATER))
    assert server.command("reload", "--only", "c0").returncode == 0
    assert {name for name, number in generations().items() if number != live} == {"c0"}
    assert server.command("reload", "--back", "c0").returncode == 0
    assert set(generations().values()) == {live}
    # One stays while all others go.
    assert server.command("pin", "c1").returncode == 0
    scripts.good()
    assert {name for name, number in generations().items() if number == live} == {"c1"}
    assert server.command("unpin", "c1").returncode == 0
    live = server.status()["scripts"]["generation"]
    assert set(generations().values()) == {live}
    # A shadow would let nobody in.
    shadow = site.with_name("candidate.lua")
    shadow.write_text(other(LATER).replace("if request", 'if true then return reject(403) end if request'))
    done = server.command("shadow", str(shadow), "--for", str(site))
    assert done.returncode == 0, done
    phones.enter_context(Phone(server, "late", media=False)).call(f"c{CONFERENCES - 1}")
    told = server.command("shadow").stdout
    assert "1 decided otherwise" in told and "candidate says reject 403" in told, told
    # Scripts that fail for several callers are taken back.
    site.write_text(other(LATER).replace("if request", 'if request.actor.user == "bad" then error "bad" end if request'))
    server.reload()
    assert set(generations().values()) == {live + 1}
    for _ in range(3):
        bad = phones.enter_context(Phone(server, "bad", address=address(), media=False))
        bad.invite("c2")
        bad.expect(500)
        bad.ack()
    server.expect_log(rf"generation {live + 1} has failed 3 times.*: generation {live} decides again")
    assert set(generations().values()) == {live}


@run.limit(120)
def test_a_hundred_reloads_touch_nothing_that_lives():
    files = {"scripts/menu.lua": MENU.replace("VERSION", "1")}
    policy = (POLICY + END).replace("VERSION", "1")
    with Server(
        CONFIG, policy, files=files, log_level="info"
    ) as server, contextlib.ExitStack() as phones:
        talking, waiting, menus, watching = enter_all(server, phones)
        scripts = Scripts(server)
        scripts.good()
        first = {phone: len(phone.audio.packets) for phone in talking}
        for number in range(RELOADS):
            scripts.broken(number // 3) if number % 3 == 2 else scripts.good()
        touch_some(server, scripts, phones)
        assert_steady(server, talking, first)
        for phone in talking + waiting + menus + watching:
            phone.expect_nothing(0.01)
        generations = server.status()["scripts"]["generations"]
        assert len(generations) <= 3, generations
        go_on(server, scripts, talking, waiting, menus, watching)


def go_on(server, scripts, talking, waiting, menus, watching):
    """All that waited goes on where it was."""
    for menu in menus:
        menu.audio.press("7")
        bye = menu.expect("BYE")
        assert "version 1 heard 7" in bye["Reason"], bye
        menu.reply(bye, 200)
        menu.is_up = False
    for number in re.findall(r"(?m)^\s*(\d+) ", server.command("pending").stdout):
        assert server.command("approve", number).returncode == 0
    for number, one in enumerate(waiting):
        server.expect_log(rf"\[c{number} \w+\] sip:waiting{number}@\S+ joined")
        take_change(one, "sendrecv")
    for number, one in enumerate(watching):
        assert one.notified() if number < len(waiting) else True
    for number in range(0, 2 * TALKING, 2):
        talking[number].audio.press("1")
        joined = 3 if number // 2 < len(waiting) else 2
        server.expect_log(rf"\[c{number // 2}.*\] {joined} joined, {scripts.version - 1} moves")


if __name__ == "__main__":
    run.main()
