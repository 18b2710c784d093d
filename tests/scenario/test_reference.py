"""Every example of the reference (`parley api markdown`) is run where it belongs: in a hook, an
application, a test, each in a simulated server of its own, where an error in a script is a failure."""

import re

import run
from parley import Server, run_parley

EVENT = """\
local policy = parley.policy { name = "example" }
function policy.create() return accept() end
function policy.join(request)
  if request.actor.user == "dora" then return pending { decided_by = "host" } end
  return accept { role = "host" }
end
function policy.digit(event, conference, participant)
  local user = {}
  for p in conference:participants() do user[p.user] = p end
  local alice, bob, other, holder = user.alice, user.bob, user.bob, user.alice
  local request, side = conference:pending()(), conference:sidebar()
  local file, page, text = "tone:440/100", { body = "{}" }, "QQ=="
  conference.state.first, event.reason = alice.id, ""
  EXAMPLE
end
return policy
"""

DECISION = """\
local policy = parley.policy { name = "example", options = { pin = { type = "string", default = "1" } } }
function policy.join(request, conference)
  local pin = "1"
  EXAMPLE
end
return policy
"""

MIX = """\
local policy = parley.policy { name = "example" }
function policy.mix(mix, conference)
  local stage, list = mix:bus "stage", {}
  for p in conference:participants() do list[#list + 1] = p end
  if #list < 2 then return end
  local participant, agent, coach = list[1], list[1], list[2]
  EXAMPLE
end
return policy
"""

LOADED = 'local policy = parley.policy { name = "example" }\nEXAMPLE\nreturn policy\n'

APPLICATION = """\
local cache, calls = parley.store "cache", parley.store "calls"
return function(call)
  local conference, user, found = parley.conference "demo", "alice", { id = 7 }
  local timer = parley.after("1h", print)
  BEFORE
  EXAMPLE
end
"""

# What has to come before an application's example.
ANSWERED = "call:answer()"
BEFORE = {
    "call:leave": "call:answer() call:join(conference)",
    "call:rejoin": "call:answer() call:join(conference) call:leave()",
    **{f"call:{name}": "" for name in "ring early answer reject challenge redirect".split()},
}

# Who is in when the example of a test begins.
HOST = """\
local policy = parley.policy { name = "host" }
function policy.joined(_, conference, participant)
  if participant.user ~= "bob" then return end
  participant:play "welcome"
  conference:invite "sip:carol@192.0.2.7"
end
function policy.played(event, _, participant)
  if event.reason == "" and participant and participant.role == "participant" then
    participant:set_role "welcome"
    participant:play "menu"
  end
end
return policy
"""

CALLS = """
test("NAME", CONFIG, function(sim)
  local demo = sim:conference { name = "demo" }
  sim:conference { name = "board" }
  sim:web(function() return "{}" end)
  local alice = sim:call("alice", demo)
  sim:call("bob", demo)
  sim:call("dora", demo)
  local caller = IS_APPLICATION and sim:call("erin", "9000") or alice
  if caller.status == "in" or caller.status == "application" then caller:press "1" end
  sim:advance "2m"
  local errors, first = sim:errors()
  CHECK
end)
"""

TESTS = """
test("NAME", { policy = "./host.lua" }, function(sim)
  local board = sim:conference { name = "board" }
  local alice, bob = sim:call("alice", board), sim:call("bob", board)
  sim:advance "20s"
  EXAMPLE
end)
"""


def examples():
    """Name, from where it may be called, example."""
    text = run_parley("api", "markdown").stdout
    for name, body in re.findall(r"^#### (\S+)\n(.*?)(?=^#{3,4} |\Z)", text, re.S | re.M):
        origin = re.search(r"^- for (.*)$", body, re.M)[1]
        yield name, origin, re.search(r"```lua\n(.*?)\n```", body, re.S)[1]


def script(name, origin, example):
    """The script that the example is in: the text, and whether it is an application."""
    if name == "parley.options":
        return f"{example}\nreturn function() end\n", True
    if name == "parley.policy":
        return f"{example}\nreturn policy\n", False
    if origin == "the hook mix":
        return MIX.replace("EXAMPLE", example), False
    if example.startswith("function policy."):
        return LOADED.replace("EXAMPLE", example), False
    if origin.startswith("applications") or re.search(r"\bcall[.:]", example):
        text = APPLICATION.replace("BEFORE", BEFORE.get(name, ANSWERED))
        return text.replace("EXAMPLE", example), True
    is_verdict = re.search(r"return (accept|reject|pending|challenge)\b", example)
    return (DECISION if is_verdict else EVENT).replace("EXAMPLE", example), False


def simulate(origins, change, check):
    """Runs the examples, each as `change` makes it, with `check` at the end of its test."""
    files, tests = {"host.lua": HOST}, ""
    for number, (name, origin, example) in enumerate(examples()):
        if origin == "tests":
            tests += TESTS.replace("NAME", name).replace("EXAMPLE", example)
        elif name in ("test", "selftest"):
            tests += example.replace("selftest(", "test(") + "\n"
        elif origin in origins or not origins:
            path = f"example{number}.lua"
            files[path], is_application = script(name, origin, change(example))
            site, application = f'policy = "./{path}"', f'applications = {{ ["9000"] = "./{path}" }}'
            test = CALLS.replace("CONFIG", f"{{ {application if is_application else site} }}")
            test = test.replace("IS_APPLICATION", str(is_application).lower())
            tests += test.replace("NAME", name).replace("CHECK", check(name))
    with Server(start=False, files={**files, "tests.lua": tests}) as server:
        done = run_parley("test", "tests.lua", cwd=server.directory)
        assert done.returncode == 0, done.stdout + done.stderr
        return int(re.search(r"^(\d+) tests, 0 failed", done.stdout, re.M)[1])


def test_no_example_of_the_reference_makes_an_error():
    def check(name):
        return f"expect(errors, {int(name == 'parley.log.error')}, first)"

    assert simulate((), lambda example: example, check) > 120


def test_every_example_of_the_reference_is_come_to():
    """Each says so in the log before it does anything."""
    origins = {origin for _, origin, _ in examples()} - {"the text of a file"}
    said = "parley.log.error 'here it is' "
    count = simulate(
        origins,
        lambda example: example if example.startswith("function") else said + example,
        lambda name: f'assert("{name}" == "conference:recheck" or first:find "here it is")',
    )
    assert count > 120


if __name__ == "__main__":
    run.main()
