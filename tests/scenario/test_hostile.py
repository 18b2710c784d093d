"""Scripts that mean harm (tests/hostile/): each is let loose on one server, and none gets anywhere.

A script says in its first lines what it tries, what must come of it, what the log must say (a
pattern), and how the call that provokes it ends: the code of its answer, or BYE.

    stopped   ended by an error that names the file and the line
    harmless  what it does is allowed, and nothing comes of it
    refused   not loaded

policy/ has the policies of conferences of the same names, scripts/ the applications of numbers of
the same names (WEB is a web server that means harm, too), loading/ what goes wrong before anybody
calls, migrate/ what a new version of a policy does with the state of a conference.
"""

import contextlib
import pathlib
import re

import numpy as np

import run
from parley import ROOT, Server
from sip import Phone
from web import Web

FOLDER = ROOT / "tests/hostile"
TALKERS = 50
NOISE = np.random.default_rng(1).normal(0, 0.02, 800)
NAMES = {"tries", "must", "says", "call"}

CONFIG = """
policy = "site"
http = {{ allow = {{ "{web}" }} }}
store = {{ size = 1 }}
conferences = {{ demo = {{ policy = "standard" }}, moved = {{ policy = "moved" }}, {conferences} }}
applications = {{ {applications} }}
"""

SITE = 'return parley.policy { name = "site" }'
MOVED = """
local policy = parley.policy { name = "moved" }
function policy.joined(_, conference) conference.state.count = conference.count end
return policy
"""


class Script:
    def __init__(self, path):
        self.path, self.kind, self.name = path, path.parent.name, path.stem
        self.text = path.read_text()
        head = dict(re.findall(r"(?m)^-- (\w+): (.*)$", self.text))
        assert {"tries", "must", "says"} <= set(head) <= NAMES, f"{path}: what does it do?"
        self.must, self.says, self.call = head["must"], head["says"], head.get("call")
        self.number = self.name + "-app" * (self.kind == "scripts")
        self.file = f"{self.kind}/{self.name}.lua"

    @property
    def line(self):
        """The pattern of the line that the log must have."""
        if self.must == "harmless":
            return rf"{self.says}.*\({re.escape(self.file)}:\d+\)"
        return rf"{re.escape(self.file)}:\d+: .*{self.says}"


def scripts(kind):
    return [Script(path) for path in sorted((FOLDER / kind).glob("*.lua"))]


def hostile_server(web):
    policies, applications = scripts("policy"), scripts("scripts")
    config = CONFIG.format(
        web=web.host,
        conferences=", ".join(f'["{s.name}"] = {{ policy = "{s.name}" }}' for s in policies),
        applications=", ".join(f'["{s.name}-app"] = "{s.name}"' for s in applications),
    )
    files = {script.file: script.text.replace("WEB", web.host) for script in policies + applications}
    files |= {"policy/site.lua": SITE, "policy/moved.lua": MOVED}
    return Server(config=config, files=files)


def provoke(server, all_of_them):
    """Calls each of them, all at the same time, and hangs up on those that stay."""
    problems = []
    with contextlib.ExitStack() as stack:
        phones = [stack.enter_context(Phone(server, "eve", media=False)) for _ in all_of_them]
        for script, phone in zip(all_of_them, phones):
            phone.invite(script.number)
        for script, phone in zip(all_of_them, phones):
            with noting(problems, script):
                answer = phone.expect((200, 500), within=15).code
                phone.ack()
                assert answer == (500 if script.call == "500" else 200), f"it is answered {answer}"
        for script, phone in zip(all_of_them, phones):
            with noting(problems, script):
                if phone.is_up and script.call == "BYE":
                    phone.reply(phone.expect("BYE", within=15), 200)
        for script, phone in zip(all_of_them, phones):
            with noting(problems, script):
                if phone.is_up:
                    phone.bye()
                    phone.expect(200, method="BYE", within=15)
            phone.is_up = False
    assert not problems, "\n".join(problems)


@contextlib.contextmanager
def noting(problems, script):
    try:
        yield
    except AssertionError as problem:
        problems.append(f"{script.file}: {problem}")


def expect_verdicts(server, all_of_them):
    problems = []
    for script in all_of_them:
        with noting(problems, script):
            server.expect_log(script.line)
    assert not problems, "\n".join(problems)


def expect_figures(status, all_of_them):
    """What operators see of each hook: calls, errors, and how long it takes."""
    told = {policy["file"]: list(policy["hooks"].values()) for policy in status["policies"]}
    told |= {entry["file"]: [entry["steps"]] for entry in status["applications"]}
    for script in all_of_them:
        hooks = told[script.file]
        errors = sum(hook["errors"] for hook in hooks)
        assert (errors > 0) == (script.must == "stopped"), f"{script.file}: {hooks}"
        assert all(hook["p50_us"] <= hook["p99_us"] for hook in hooks), f"{script.file}: {hooks}"


def fail_to_load(server, script, name, before):
    """As that policy it is refused, and the one before it goes on."""
    server.write(f"policy/{name}.lua", script.text)
    done = server.command("reload")
    assert done.returncode != 0, f"{script.file} is loaded"
    assert re.search(rf"policy/{name}\.lua.*{script.says}", done.stderr), f"{script.file}: {done}"
    server.write(f"policy/{name}.lua", before)


def assert_whole(packets):
    """Each packet has come, and next to none was left out at its time: whatever stops a mixer, a busy machine
    aside, would leave out the time that the scripts have run, a tenth of it all."""
    steps = [
        ((after.sequence - before.sequence) & 0xFFFF, (after.timestamp - before.timestamp) & 0xFFFFFFFF)
        for before, after in zip(packets, packets[1:])
    ]
    assert {step for step, _ in steps} == {1}, "the sequence has a hole"
    missing = sum(step - 160 for _, step in steps) / (160 * len(steps))
    assert missing < 0.05, f"{missing:.1%} of the time nothing was sent"


def noise(at, count):
    return np.resize(np.roll(NOISE, -at), count)


@contextlib.contextmanager
def talking(server):
    """Fifty who talk with each other; at the end nobody has lost anything."""
    with contextlib.ExitStack() as stack:
        phones = [stack.enter_context(Phone(server, f"user{i}")) for i in range(TALKERS)]
        for phone in phones:
            phone.audio.mute()  # calling takes longer beside so many voices
            phone.call("demo")
        for phone in phones:
            phone.say(noise)
        for phone in phones:
            phone.audio.wait_for_packets(10)
        first = [len(phone.audio.packets) for phone in phones]
        yield
        for phone, begin in zip(phones, first):
            assert_whole(phone.audio.packets[begin:])
        for user, entry in server.participants("demo").items():
            assert entry["lost"] == 0, f"of what {user} said: {entry}"


@run.real_time
@run.limit(100)
def test_hostile_scripts_harm_nobody():
    policies, applications = scripts("policy"), scripts("scripts")
    with (
        Web("127.0.0.1") as web,
        hostile_server(web) as server,
        talking(server),
        Phone(server, "alice", media=False) as alice,
    ):
        alice.call("moved")
        for _ in range(2):  # the conference lives on: the second call goes as the first
            provoke(server, policies)
            provoke(server, applications)
        expect_verdicts(server, policies + applications)
        expect_figures(server.status()["scripts"], policies + applications)
        loading, migrating = scripts("loading"), scripts("migrate")
        assert len(policies + applications + loading + migrating) > 100, "the README says so"
        for script in loading:
            fail_to_load(server, script, "site", SITE)
        for script in migrating:
            fail_to_load(server, script, "moved", MOVED)
        assert server.status()["scripts"]["generation"] == 1


if __name__ == "__main__":
    run.main()
