"""Policies in Lua decide who comes in and how; their mistakes harm nobody."""

import re
import time

import run
import tone
from parley import Server
from sip import Phone


def policy(body):
    """The text of a site policy with these hooks. The first line of `body` is line 2."""
    return (
        'local policy = parley.policy { name = "site" }\n' + body.strip("\n") + "\nreturn policy\n"
    )


@run.real_time
def test_a_caller_is_let_in_with_a_role_and_muted():
    text = policy(
        """
function policy.join(request, conference)
  return accept { role = "guest", muted = request.actor.user == "alice" }
end"""
    )
    with Server(policy=text) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.say(tone.sine(500)).call()
        bob.call()
        people = server.participants()
        assert (people["alice"]["role"], people["alice"]["muted"]) == ("guest", True)
        assert (people["bob"]["role"], people["bob"]["muted"]) == ("guest", False)
        assert tone.level(bob.hear(), 500) < -60


def test_a_caller_is_rejected_with_code_and_reason():
    text = policy(
        """
function policy.join(request, conference)
  if request.actor.user ~= "alice" then return reject(403, "Only Alice") end
end"""
    )
    with Server(policy=text) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        bob.invite("demo")
        assert bob.expect(403).reason == "Only Alice"
        bob.ack()
        alice.call()
        assert set(server.participants()) == {"alice"}


def test_a_policy_makes_a_conference_for_a_caller():
    text = policy(
        """
function policy.create(request)
  if request.conference_name:match("^team%-%l+$") then return accept { title = "A team" } end
end"""
    )
    with Server(policy=text) as server, Phone(server) as alice:
        alice.invite("other")
        alice.expect(404, within=2)
        alice.ack()
        assert "s=A team" in alice.call("team-red").sdp.lines
        assert set(server.participants("team-red")) == {"alice"}


def test_a_policy_sees_who_calls():
    text = policy(
        """
function policy.join(request, conference)
  local a = request.actor
  parley.log.info(("%s %s <%s> %s %s in %s"):format(request.verb, a.display_name, a.uri, a.user,
    tostring(a.authenticated), conference.name))
end"""
    )
    with Server(policy=text) as server, Phone(server) as alice:
        call_from(alice, '"Alice Liddell" <sip:alice@wonder.land;x=y>;tag=')
        server.expect_log("join Alice Liddell <sip:alice@wonder.land> alice false in demo")


def call_from(alice, sender):
    alice.new_dialog()
    alice.remote_uri = alice.uri("demo")
    headers = {"From": sender + alice.local_tag}
    alice.invite_request = alice.send(alice.request("INVITE", headers=headers, body=alice.offer()))
    alice.expect(200)
    alice.ack()


def test_the_conferences_own_policy_and_its_options_count():
    config = (
        'conferences = { board = { policy = "members", options = { members = { "alice" } } } }\n'
    )
    members = """
local policy = parley.policy {
  name = "members",
  options = { members = { type = "list", default = {} } },
}
function policy.join(request, conference)
  for _, name in ipairs(conference.options.members) do
    if name == request.actor.user then return accept { role = "member" } end
  end
  return reject(403, "Members only")
end
return policy
"""
    with Server(config=config, files={"policy/members.lua": members}) as server, Phone(
        server, "alice"
    ) as alice, Phone(server, "bob") as bob:
        alice.call("board")
        assert server.participants("board")["alice"]["role"] == "member"
        bob.invite("board")
        bob.expect(403)
        bob.ack()


def test_an_error_in_join_is_500_and_the_log_says_where():
    text = policy(
        """
function policy.join(request, conference)
  return request.nothing.there
end"""
    )
    with Server(policy=text) as server, Phone(server) as alice:
        alice.invite("demo")
        alice.expect(500)
        alice.ack()
        line = server.expect_log(r"site\.lua:3: .*hook join.*").string
        for word in ("hook join", "conference demo", "500"):
            assert word in line, line
        assert server.status()["server"]["calls"] == 0


def test_an_error_in_an_event_hook_leaves_the_call():
    text = policy(
        """
function policy.joined(event, conference, participant)
  error("not today")
end"""
    )
    with Server(policy=text) as server, Phone(server) as alice:
        alice.call()
        assert "hook joined" in server.expect_log(r"site\.lua:3: not today").string
        alice.audio.wait_for_packets(5)


def test_a_verdict_that_is_none_is_an_error():
    with Server(policy=policy("function policy.join() return 42 end")) as server, Phone(
        server
    ) as alice:
        alice.invite("demo")
        alice.expect(500)
        alice.ack()
        server.expect_log("hook join")


def endless(body):
    """An endless hook is cut off, the caller gets 500, and others are served meanwhile."""
    text = policy(
        "function policy.join(request)\n  if request.actor.user == 'bob' then return end\n"
        + body
        + "\nend"
    )
    with Server(policy=text) as server, Phone(server) as alice, Phone(server, "bob") as bob:
        bob.say(tone.sine(800)).call()
        began = time.monotonic()
        alice.invite("demo")
        alice.expect(500)
        assert time.monotonic() - began < 1 * run.SLOW
        alice.ack()
        server.expect_log("hook join.*conference demo")
        bob.audio.wait_for_packets(5)


def test_an_endless_loop_is_cut_off():
    endless("  while true do end")


def test_an_endless_loop_that_catches_errors_is_cut_off():
    endless("  while true do pcall(function() while true do end end) end")


def test_an_endless_coroutine_is_cut_off():
    endless(
        "  local c = coroutine.wrap(function() while true do pcall(error) end end)\n"
        "  while true do pcall(c) end"
    )


def test_a_hook_that_eats_memory_is_cut_off():
    endless("  local t = {}\n  while true do t[#t + 1] = ('x'):rep(100000) .. #t end")


def test_endless_recursion_is_cut_off():
    endless("  local function f() return 1 + f() end\n  return f()")


COUNTING = policy(
    """
function policy.join(request, conference)
  conference.state.calls = (conference.state.calls or 0) + 1
  return accept { role = "caller-" .. conference.state.calls }
end"""
)


def test_the_state_of_a_conference_survives_a_reload():
    with Server(policy=COUNTING) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        server.policy.write_text(COUNTING.replace("caller-", "guest-"))
        server.reload()
        bob.call()
        people = server.participants()
        assert people["alice"]["role"] == "caller-1" and people["bob"]["role"] == "guest-2"


def test_a_failing_hook_leaves_the_state_as_it_was():
    text = policy(
        """
function policy.join(request, conference)
  conference.state.calls = (conference.state.calls or 0) + 1
  if request.actor.user == "bob" then error("no") end
  return accept { role = "caller-" .. conference.state.calls }
end"""
    )
    with Server(policy=text) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol:
        alice.call()
        bob.invite("demo")
        bob.expect(500)
        bob.ack()
        carol.call()
        assert server.participants()["carol"]["role"] == "caller-2"


def test_joined_speaking_and_left_are_told_in_order():
    text = policy(
        """
local function tell(event, conference, participant)
  parley.log.info(("heard that %s %s %s %s"):format(participant.user, event.name,
    tostring(event.on), conference.name))
end
policy.joined, policy.left, policy.speaking = tell, tell, tell"""
    )
    with Server(policy=text) as server, Phone(server) as alice:
        alice.say(tone.sine(500)).call()
        server.expect_log("heard that alice joined")
        server.expect_log("heard that alice speaking true demo")
        alice.say(tone.silence)
        server.expect_log("heard that alice speaking false demo")
        alice.hang_up()
        server.expect_log("heard that alice left")
        told = [line for line in server.log().split("\n") if "heard that" in line]
        assert "joined" in told[0] and "left" in told[-1] and len(told) == 4, told


def test_a_script_removes_mutes_and_locks():
    text = policy(
        """
function policy.digit(event, conference, participant)
  if event.digit == "1" then conference:lock() end
  if event.digit == "2" then conference:unlock() end
  if event.digit == "3" then participant:mute() end
  if event.digit == "4" then conference:close("That is all") end
end
function policy.join(request, conference)
  if conference.locked then return reject(403, "Locked") end
end"""
    )
    with Server(policy=text) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        alice.audio.wait_for_packets(3)
        alice.audio.press("1")
        server.expect_log("lock")
        bob.invite("demo")
        assert bob.expect(403).reason == "Locked"
        bob.ack()
        alice.audio.press("2")
        server.expect_log("unlock")
        bob.call()
        alice.audio.press("3")
        server.expect_log("muted")
        assert server.participants()["alice"]["muted"]
        alice.audio.press("4")
        for phone in (alice, bob):
            bye = phone.expect("BYE")
            assert "That is all" in bye["Reason"]
            phone.reply(bye, 200)
        assert server.participants() == {}


def test_a_decision_hook_must_not_act():
    text = policy(
        """
function policy.join(request, conference)
  conference:lock()
end"""
    )
    with Server(policy=text) as server, Phone(server) as alice:
        alice.invite("demo")
        alice.expect(500)
        alice.ack()
        server.expect_log(r"site\.lua:3: .*conference:lock is not possible in a decision hook")


def test_a_participant_that_left_is_a_stale_handle_and_no_crash():
    text = policy(
        """
local gone
function policy.left(event, conference, participant) gone = participant end
function policy.joined(event, conference, participant)
  if gone then
    local name, why = gone.user
    local done, also = gone:mute()
    parley.log.info("stale: " .. tostring(done) .. " " .. tostring(also))
  end
end"""
    )
    with Server(policy=text) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        bob.call()
        alice.call()
        alice.hang_up()
        server.expect_left("alice")
        alice.call()
        server.expect_log("stale: nil gone")


def test_hooks_that_answer_each_other_without_end_are_stopped():
    policy = """local policy = parley.policy { name = "pingpong" }
function policy.joined(_, _, participant) participant:mute() end
function policy.muted(_, conference)
  for p in conference:participants() do
    if p.muted then p:unmute() else p:mute() end
  end
end
return policy
"""
    with Server(policy=policy) as server, Phone(server) as alice, Phone(server, "bob") as bob:
        alice.call()
        bob.call()
        line = server.expect_log("event hooks answer each other's doing without end", within=10)
        assert "site.lua" in line.string and "demo" in line.string
        bob.expect_nothing(0.5)  # what was under way is over
        refused = r"site.lua:5 asks to mute .*: it could not be done: 482 Loop Detected"
        journal = lambda: server.command("journal", "--verb", "mute").stdout
        run.until(lambda: re.search(refused, journal()), journal)
        before, began = server.cpu(), time.monotonic()
        bob.expect_nothing(1)
        assert server.cpu() - before < 0.5 * (time.monotonic() - began), "it still runs in circles"
        assert server.participants(), "and the operator is served"


if __name__ == "__main__":
    run.main()
