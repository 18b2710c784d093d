"""`parley shadow`: a policy is asked beside the live one, differences are told, nothing is done."""

import re

import run
import tone
from parley import Server
from sip import Phone

LIVE = """local policy = parley.policy { name = "site" }
function policy.join(request, conference)
  return accept { role = "guest" }
end
function policy.joined(event, conference)
  conference.state.n = (conference.state.n or 0) + 1
end
function policy.left(event, conference)
  print("live has counted " .. conference.state.n)
end
return policy
"""
CANDIDATE = """local policy = parley.policy { name = "site", version = 2 }
function policy.migrate(state)
  return { counts = { state.n or 0 } }
end
function policy.join(request, conference)
  local user = request.actor.user
  if user == "mallory" then
    return reject(403)
  elseif user == "carol" then
    error "what now"
  elseif user == "dave" then
    return accept { role = "guest" }
  end
  return accept { role = "host", muted = true }
end
function policy.joined(event, conference, participant)
  local done, why, code = participant:mute()
  conference.state.counts = { (conference.state.counts or { 0 })[1] + 100 }
  print("candidate has counted " .. conference.state.counts[1] .. ", " .. why .. " " .. code)
end
return policy
"""


def test_a_shadow_is_asked_about_all_and_does_nothing():
    files = {"new/site.lua": CANDIDATE, "new/broken.lua": "\nlocal x = = 1\n"}
    with Server(policy=LIVE, files=files) as server, Phone(server, "alice") as alice, Phone(
        server, "bob", media=False
    ) as bob, Phone(server, "mallory", media=False) as mallory, Phone(
        server, "carol", media=False
    ) as carol, Phone(server, "dave", media=False) as dave:
        alice.say(tone.sine(500)).call()
        new = server.directory / "new"
        done = server.command("shadow", new / "broken.lua", "--for", "site")
        assert done.returncode == 1 and "broken.lua:2: unexpected symbol" in done.stderr, done
        done = server.command("shadow", new / "broken.lua")
        assert done.returncode == 1 and "no policy 'broken' is in use" in done.stderr, done
        assert "No policy has been asked" in server.command("shadow").stdout
        done = server.command("shadow", new / "site.lua")
        assert done.returncode == 0, done
        for phone in (bob, mallory, carol, dave):
            phone.call()
        # Counted on from what the live one had, by itself, and muted nobody.
        server.expect_log("candidate has counted 401, a shadow does nothing 403")
        entries = server.participants()
        assert {e["role"] for e in entries.values()} == {"guest"}
        assert not any(e["muted"] for e in entries.values())
        told = server.command("shadow").stdout
        assert "4 requests, 2 decided otherwise, 1 errors, 0 left out" in told, told
        for line in (
            r"1  join: live says accept \(\S+/policy/site.lua:3\), candidate says accept with "
            r"another role, muted \(\S+/new/site.lua:14\)",
            r"1  join: live says accept \(\S+\), candidate says reject 403 \(\S+/new/site.lua:8\)",
        ):
            assert re.search(line, told), told
        server.expect_log(r"shadow: join: live says accept .* of sip:mallory@")
        server.expect_log(r"shadow: \S+/new/site.lua:10: what now .*harms nobody")
        assert server.command("shadow", "stop").returncode == 0
        assert server.command("shadow", "stop").returncode == 1
        assert "It is over." in server.command("shadow").stdout
        bob.hang_up()
        server.expect_log("live has counted 5")


def test_a_shadow_of_one_conference_ends_with_its_time_or_a_reload():
    config = "conferences = { demo = {}, tea = {} }\n"
    with Server(config, LIVE, files={"site.lua": CANDIDATE}) as server, Phone(
        server, "mallory", media=False
    ) as mallory:
        path = server.directory / "site.lua"
        server.command("shadow", path, "--conference", "tea")
        for conference in ("demo", "tea"):
            mallory.call(conference)
            mallory.hang_up()
            server.expect_left("mallory")
        assert " 1 requests, 1 decided otherwise" in server.command("shadow").stdout
        server.reload()
        server.expect_log("shadow: .*: no longer, since the scripts were reloaded: 1 requests, 1 diff")
        server.command("shadow", path, "--seconds", "1")
        server.expect_log("shadow: .*: no longer, since its time is over: 0 requests")


if __name__ == "__main__":
    run.main()
