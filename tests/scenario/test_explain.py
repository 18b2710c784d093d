"""Why: `parley explain` and conference:explain name the rule, the line, the generation, the event."""

import json
import re

import run
from parley import ROOT, Server
from sip import Phone

TEXT = (ROOT / "README.md").read_text()
WHY = re.search(r"```lua example=why.lua\n(.*?)```", TEXT, re.S)[1]


def explain(server, *words):
    done = server.command("explain", *words)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def refused(server, *words):
    done = server.command("explain", *words)
    assert done.returncode == 1, f"{done.stdout}{done.stderr}"
    return done.stderr


def shown(text):
    """Without what is another in each run: addresses, times, ids, directories."""
    text = re.sub(r"/\S*/policy/", "policy/", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z", "TIME", text)
    text = re.sub(r"@[\d.:]+", "@ADDRESS", text)
    return re.sub(r"participant \d+", "participant N", text)


def pictures():
    """What the README shows of the command."""
    section = TEXT[TEXT.index("## Why? Explain") :]
    section = section[: section.index("\n## ")].replace(WHY, "").replace("```lua example=why.lua\n```\n", "")
    return [shown(text) for text in re.findall(r"\n```\n(.*?)```\n", section, re.S)]


def test_the_readme_shows_what_is_printed():
    pair, whole = pictures()
    with Server("conferences = { garden = {} }", policy=WHY) as server, Phone(
        server
    ) as alice, Phone(server, "bob") as bob, Phone(server, "mallory") as mallory:
        alice.call("garden")
        bob.call("garden")
        for _ in range(2):
            mallory.new_dialog()
            mallory.invite("garden")
            mallory.expect(403)
            mallory.ack()
        bob.press("9")
        server.expect_log(r"sip:alice@\S+ is muted")
        for words, picture in ((("garden", "bob", "alice"), pair), (("garden",), whole)):
            printed = shown(explain(server, *words))
            assert printed == picture, f"this is printed:\n{printed}"


def test_people_are_found_by_user_uri_and_id_and_who_is_not_is_told_of():
    with Server(policy=str(ROOT / "policy/open.lua")) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "bob") as other:
        alice.call()
        bob.call()
        other.call()
        roster = server.status()["conferences"][0]["participants"]
        ids = [str(p["id"]) for p in roster if p["uri"].startswith("sip:bob@")]
        assert "bob hears alice at +0.0 dB" in explain(server, "demo", ids[0], alice.name)
        assert "nobody hears their own voice" in explain(server, "demo", "alice", "alice")
        assert f'"bob" may be each of these, give the id: {ids[0]} sip:bob@' in refused(
            server, "demo", "bob"
        )
        unknown = refused(server, "demo", "carol", "bob")
        assert 'nobody in demo is "carol"; there are: ' in unknown and alice.name in unknown
        assert 'no conference "nowhere"' in refused(server, "nowhere")
        assert server.command("explain").returncode == 2


POLICY = """
local policy = parley.policy { name = "site" }
function policy.create() return accept() end
function policy.join(request)
  if request.actor.user == "ghost" then return accept { hidden = true, anonymous = true } end
  if request.actor.user == "bob" then return accept { role = "listener", muted = true } end
end
function policy.digit(event, conference, presser)
  for p in conference:participants() do
    if p.user == "alice" and event.digit == "1" then p:hold() end
    if p.user == "alice" and event.digit == "2" then p:volume { speaks = -6 } end
    if p.user == "alice" and event.digit == "3" then p:unhold() end
    if event.digit == "4" then print("why: " .. tostring(conference:explain(presser, p))) end
  end
end
return policy
"""


def wait_until(ready):
    """What the focus arranges soon, and tells nobody of."""
    run.until(ready, lambda: "another mix")


def first(server, *words):
    """The first reason of a pair, and what is said as a whole."""
    told = json.loads(explain(server, "demo", *words, "--json"))
    return told["reasons"][0], told


def test_a_rule_a_key_and_the_phone_are_told_apart():
    with Server(policy=POLICY) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "ghost") as ghost:
        alice.call()
        bob.call()
        ghost.call()
        reason, told = first(server, "alice", "bob")
        assert reason["text"] == "bob is muted since coming in" and not told["audible"]
        assert reason["by"].endswith("/policy/site.lua:6") and reason["generation"] == 1
        ghost.press("2")
        server.expect_log("is heard at -6.0 dB")
        reason, told = first(server, "bob", "alice")
        assert told["audible"] and told["gain"] == -6
        assert reason["asked_by"].endswith("site.lua:11") and reason["event"] == "digit"
        assert "site.lua:11 when told digit 2 of anonymous1, decided by default" in reason["because"]
        ghost.press("1")
        held = alice.expect("INVITE")
        alice.reply(held, 200, body=alice.offer(direction="sendonly"))
        alice.expect("ACK")
        reason, _ = first(server, "bob", "alice")
        assert reason["text"] == "alice is on hold" and reason["verb"] == "hold"
        ghost.press("3")
        back = alice.expect("INVITE")
        alice.reply(back, 200, body=alice.offer())
        alice.expect("ACK")
        alice.reinvite(direction="sendonly")
        alice.expect(200)
        alice.ack()
        reason, _ = first(server, "bob", "alice")
        assert reason["text"] == "alice has put the conference on hold, by the phone"
        assert "by" not in reason
        ghost.press("4")
        server.expect_log("why: anonymous1 does not hear bob")
        hidden = json.loads(explain(server, "demo", "ghost", "--json"))
        texts = [r["text"] for r in hidden["reasons"]]
        assert "ghost" not in explain(server, "demo"), "by a policy or not, there is no name"
        assert texts[1].startswith("anonymous1 is hidden") and hidden["reasons"][1]["by"].endswith(":5")


# alice is on stage, all others in the hall; whoever is called coach whispers to alice alone.
PLACES = """
local policy = parley.policy { name = "places" }
function policy.mix(mix, conference)
  local stage, hall = mix:bus "stage", mix:bus "hall"
  local people = {}
  for p in conference:participants() do people[p.user] = p end
  for user, p in pairs(people) do
    p:listens_to(stage)
    if user == "alice" then
      p:speaks_to(stage, -3)
    elseif user == "coach" then
      p:speaks_to(hall)
    elseif user == "bob" then
      p:speaks_to(hall)
    end
  end
  if people.coach and people.alice then mix:pair(people.alice, people.coach, -6) end
end
function policy.digit(event, conference, presser)
  local side = conference:sidebar { title = "Aside" }
  side:bring(presser)
  print("aside is", side.name)
end
function policy.joined(_, conference, participant)
  if participant.user ~= "erin" then return end
  for p in conference.parent:participants() do
    local told = conference:explain(participant, p)
    if p.user == "coach" then print("erin hears", p.user, told.audible, told.gain) end
  end
end
function policy.join(_, conference)
  if conference.parent then return accept { background = -12 } end
end
return policy
"""


def told_by(reason):
    return re.search(r"site.lua:(\d+)$", reason["by"])[1] if "by" in reason else None


def test_the_plan_of_the_mix_and_sidebars_have_their_lines():
    with Server("conferences = { demo = {} }", policy=PLACES) as server, Phone(
        server
    ) as alice, Phone(server, "bob") as bob, Phone(server, "coach") as coach, Phone(
        server, "dave"
    ) as dave:
        for phone in (alice, bob, coach, dave):
            phone.call()
        wait_until(lambda: first(server, "bob", "alice")[1]["gain"] == -3)
        reasons = first(server, "bob", "alice")[1]["reasons"]
        assert reasons[0]["text"] == "alice speaks to the bus stage at -3.0 dB"
        assert reasons[1]["text"] == "bob hears the bus stage at +0.0 dB"
        assert [told_by(reason) for reason in reasons[:2]] == ["10", "8"]
        assert reasons[0]["verb"] == "mix" and reasons[0]["generation"] == 1
        wait_until(lambda: first(server, "alice", "coach")[1]["audible"])
        reason, told = first(server, "alice", "coach")
        assert reason["text"] == "by an exception alice hears coach at -6.0 dB"
        assert told["gain"] == -6 and told_by(reason) == "17"
        reason, told = first(server, "alice", "bob")
        assert not told["audible"] and reason["text"] == "bob speaks to the bus hall at +0.0 dB"
        assert told["reasons"][1]["text"] == "alice does not hear the bus hall"
        reason, told = first(server, "bob", "dave")
        assert reason["text"] == "the hook mix gives dave no bus to speak to"
        alice.press("1")
        wait_until(lambda: not first(server, "bob", "alice")[1]["audible"])
        reason, told = first(server, "bob", "alice")
        assert reason["text"].startswith("alice is in the sidebar ")
        assert reason["asked_by"].endswith("site.lua:21") and reason["event"] == "digit"
        _, told = first(server, "alice", "coach")
        assert told["gain"] == -24
        assert told["reasons"][0]["text"].endswith("and hears the conference at -18.0 dB")
        # who has called the sidebar is in no other conference, and hears the one behind it as well
        name = server.expect_log(r"aside is (\w+)")[1]
        with Phone(server, "erin") as erin:
            erin.call(name)
            heard = json.loads(explain(server, name, "erin", "coach", "--json"))
            texts = [reason["text"] for reason in heard["reasons"]]
            assert texts[0].endswith("and hears the conference at -12.0 dB"), texts
            assert texts[2] == "erin does not hear the bus hall", texts
            server.expect_log("erin hears coach false nil")
        assert "nobody in" in refused(server, name, "erin", "mallory")


# Whoever is not alice waits for her: 1 lets in who waits, 2 does not.
DOOR = """
local policy = parley.policy { name = "door" }
function policy.join(request)
  if request.actor.user == "alice" then return accept { role = "moderator" } end
  return pending { expires = request.actor.user == "late" and "1s" or "2m" }
end
function policy.digit(event, conference)
  for waiting in conference:pending() do
    if event.digit == "1" then waiting:approve() else waiting:reject(403, "Not today") end
  end
end
return policy
"""


def test_who_was_let_in_or_not_by_a_moderator_is_told_with_that_moderator():
    with Server("conferences = { demo = {} }", policy=DOOR) as server, Phone(
        server
    ) as alice, Phone(server, "bob") as bob, Phone(server, "mallory") as mallory, Phone(
        server, "late"
    ) as late:
        alice.call()
        bob.call()
        told = explain(server, "demo", "alice", "bob")
        assert re.search(r"bob@\S+ waits for a decision of moderator on: join, until 20\S+Z\n", told), told
        assert re.search(r"decided by \S+site.lua:5, generation 1", told), told
        alice.press("1")
        again = bob.expect("INVITE")  # with the conference as its focus
        bob.reply(again, 200, body=bob.offer())
        bob.expect("ACK")
        server.expect_log(r"sip:bob@\S+ joined")
        reason = json.loads(explain(server, "demo", "bob", "--json"))["reasons"][0]
        assert reason["text"] == "bob is in as participant"
        assert reason["answered_by"].endswith("site.lua:9") and reason["event"] == "digit"
        assert re.search(
            r"asked by sip:bob@\S+, answered by \S+:9 when told digit 1 of alice, which is allowed by",
            reason["because"],
        )
        mallory.call()
        alice.press("2")
        mallory.reply(mallory.expect("BYE"), 200)
        late.call()
        late.reply(late.expect("BYE"), 200)
        mallory.is_up = late.is_up = False
        expired, rejected = json.loads(explain(server, "demo", "--json"))["refused"]
        assert re.fullmatch(r"sip:late@\S+ may not join: 408 Nobody has decided in time", expired["text"])
        assert expired["by"].endswith("site.lua:5")
        assert re.fullmatch(r"sip:mallory@\S+ may not join: 403 Not today", rejected["text"])
        assert rejected["answered_by"].endswith("site.lua:9") and rejected["event"] == "digit"


STRICT = """
local policy = parley.policy { name = "site" }
function policy.join(request)
  if request.actor.user == "mallory" then return reject(403, "No longer") end
  if request.actor.user == "bob" then return accept { role = "listener", muted = true } end
end
function policy.reloaded(event, conference) conference:recheck() end
return policy
"""


def test_a_policy_that_has_changed_acts_on_who_is_in():
    with Server(policy=POLICY) as server, Phone(server) as alice, Phone(
        server, "carol"
    ) as carol, Phone(server, "mallory") as mallory:
        for phone in (alice, carol, mallory):
            phone.call()
        server.write("policy/site.lua", STRICT.replace("bob", "carol"))
        server.reload()
        bye = mallory.expect("BYE")
        assert 'SIP;cause=403;text="No longer"' in bye["Reason"]
        mallory.reply(bye, 200)
        mallory.is_up = False
        server.expect_log(r"sip:carol@\S+ is muted")
        reason, _ = first(server, "alice", "carol")
        assert reason["text"] == "carol is muted"
        assert reason["by"].endswith("site.lua:5") and reason["generation"] == 2
        assert reason["asked_by"].endswith("site.lua:7") and reason["event"] == "reloaded"
        put_out = json.loads(explain(server, "demo", "--json"))["refused"][0]
        assert re.fullmatch(r"sip:mallory@\S+ was put out: No longer", put_out["text"])
        assert put_out["by"].endswith("site.lua:4")
        server.write("policy/site.lua", POLICY.replace('"bob"', '"alice"'))
        server.reload()
        assert server.command("recheck", "demo").stdout == (
            "the policy is asked again about all 2 who are in\n"
        )
        server.expect_log(r"sip:alice@\S+ is muted")
        assert server.command("recheck", "nowhere").returncode == 1


if __name__ == "__main__":
    run.main()
