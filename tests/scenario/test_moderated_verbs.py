"""Every verb can be left to somebody (framework §5.5), whoever asks by whatever means: it does nothing while it
waits, nothing when it is refused, and what was asked for when it is approved."""

import re

import run
from changes import take_change
from lines import Line
from moderation import decide, outcome, pending, pending_notify, waits
from naming import replaces
from parley import ROOT, Server
from roster import Roster
from sip import Phone

VERBS = re.findall(r'X\(VERB_\w+, "(\w+)"', (ROOT / "server/focus/request.h").read_text())
CANNOT_WAIT = {"create", "timeout", "decide"}


def state(server):
    """Of the conference, and of bob in it."""
    (demo,) = [each for each in server.status()["conferences"] if each["name"] == "demo"]
    return demo, server.participants().get("bob")


def logged(pattern):
    return lambda server: re.search(pattern, server.log())


# What a script asks for when alice presses a key; and whether it has been done.
BY_KEY = {
    "mute": ("bob:mute()", lambda server: state(server)[1]["muted"]),
    "enhance": ("bob:enhance { agc = false }", logged("gain control off")),
    "volume": ("bob:volume { speaks = -6 }", logged(r"bob@\S+ is heard at -6.0 dB")),
    "announce": ("conference:play 'tone:1400/300'", logged("plays tone:1400/300")),
    "message": ("conference:message 'We go on'", logged(r"the conference writes, to \d of 2 others")),
    "role": ("bob:set_role 'guest'", lambda server: state(server)[1]["role"] == "guest"),
    "rename": ("bob:rename 'Robert'", lambda server: state(server)[1]["name"] == "Robert"),
    "floor": ("bob:give_floor()", lambda server: state(server)[1]["floor"]),
    "permit": ("bob:permit { may_speak = false }", lambda server: not state(server)[1]["may_speak"]),
    "record": ("conference:record { file = 'talk.wav' }", logged("records talk.wav")),
    "lock": ("conference:lock()", lambda server: state(server)[0]["locked"]),
    "limit": ("conference:limit { duration = '1h' }", lambda server: state(server)[0]["ends"]),
    "sidebar": ("conference:sidebar { title = 'Aside' }", logged("has a sidebar")),
    "media": ("conference:media { codecs = { 'PCMA' } }", logged("media of all: .*codecs: PCMA")),
    "close": ("conference:close 'That is all'", logged("conference is over: That is all")),
}
KEYS = dict(zip(BY_KEY, "1234567890*#ABC"))

POLICY = """
local policy = parley.policy { name = "chair" }
function policy.create() return accept() end
local function ask(request)
  local actor = request.actor
  if actor.user == "alice" or actor.kind == "server" then return accept() end
  return pending { decided_by = "chair" }
end
for _, verb in ipairs { %s } do policy[verb] = ask end
local wishes = {}
%s
function policy.digit(event, conference, alice)
  local bob
  for p in conference:participants() do if p.user == "bob" then bob = p end end
  local done, why, code = wishes[event.digit](conference, bob)
  print("asked", event.digit, done, why, code)
end
function policy.decided(event, conference, participant)
  print("decided", event.request.verb, event.approved, event.code, event.reason)
end
return policy
"""


def chair():
    """A server where all but what alice asks for as a caller waits, and the operator decides."""
    hooks = ", ".join(f'"{verb}"' for verb in VERBS if verb not in CANNOT_WAIT)
    wishes = [
        f'wishes["{KEYS[verb]}"] = function(conference, bob) return {wish} end' for verb, (wish, _) in BY_KEY.items()
    ]
    return Server("conferences = { demo = {} }", policy=POLICY % (hooks, "\n".join(wishes)))


def decided(server, verb, word):
    """The one request that waits is of this verb, and is decided about."""
    (waiting,) = waits(server)
    assert waiting["verb"] == verb, waiting
    decide(server, word, waiting["id"])


def come_in(server, bob):
    bob.call()
    decided(server, "join", "approve")
    take_change(bob, "sendrecv")


def test_each_verb_is_tried_here():
    assert {*BY_KEY, *BY_PHONE} == set(VERBS) - CANNOT_WAIT


@run.limit(60)
def test_what_a_key_asks_for_waits():
    with chair() as server, Phone(server) as alice, Phone(server, "bob") as bob:
        alice.call()
        come_in(server, bob)
        for verb, (_, is_done) in BY_KEY.items():
            alice.press(KEYS[verb])
            (waiting,) = waits(server)
            assert waiting["verb"] == verb, waiting
            server.expect_log(f"asked {re.escape(KEYS[verb])} nil .*202")
            assert not is_done(server), f"{verb} waits, and is done"
            assert f"waits for a decision of chair on: {verb}" in server.command("explain", "demo").stdout
            decide(server, "refuse", waiting["id"])
            server.expect_log(f"decided {verb} false 603 Declined")
            assert not is_done(server), f"{verb} was refused, and is done"
            alice.press(KEYS[verb])
            decided(server, verb, "approve")
            server.expect_log(f"decided {verb} true 200")
            run.until(lambda: is_done(server), lambda: f"{verb} is not done", 5)
            if verb == "media":
                for phone in (alice, bob):
                    take_change(phone, "sendrecv", formats=("PCMA", "telephone-event"))
        for phone in (alice, bob):
            phone.reply(phone.expect("BYE"), 200)
            phone.is_up = False


# ---- what phones ask for ------------------------------------------------------------------------


def join(server, alice, bob, carol):
    bob.call()
    decided(server, "join", "refuse")
    bye = bob.expect("BYE")
    assert bye["Reason"] == 'SIP;cause=603;text="Declined"'
    bob.reply(bye, 200)
    bob.is_up = False
    assert set(server.participants()) == {"alice"}
    bob.new_dialog()
    come_in(server, bob)
    assert set(server.participants()) == {"alice", "bob"}


def refer(bob, server, verb, word, target):
    line = Line(bob)
    line.refer(target)
    line.expect(202)
    pending_notify(line)
    decided(server, verb, word)
    return line


def refused_refer(server, bob, verb, target):
    assert outcome(refer(bob, server, verb, "refuse", target)) == "SIP/2.0 603 Declined"


def hold(server, alice, bob, carol):
    target = f"<{alice.name}>;action=hold"
    refused_refer(server, bob, "hold", target)
    alice.expect_nothing()
    line = refer(bob, server, "hold", "approve", target)
    take_change(alice, "recvonly", direction="sendonly")
    assert outcome(line) == "SIP/2.0 200 OK"


def invite(server, alice, bob, carol):
    target = f"<{carol.own_uri}>"
    refused_refer(server, bob, "invite", target)
    carol.expect_nothing()
    line = refer(bob, server, "invite", "approve", target)
    carol.pick_up(carol.expect_call())
    assert outcome(line) == "SIP/2.0 200 OK"


def remove(server, alice, bob, carol):
    target = f"<{carol.own_uri}>;method=BYE"
    refused_refer(server, bob, "remove", target)
    assert "carol" in server.participants()
    line = refer(bob, server, "remove", "approve", target)
    carol.reply(carol.expect("BYE"), 200)
    carol.is_up = False
    assert outcome(line) == "SIP/2.0 200 OK"


def subscribe(server, alice, bob, carol):
    for word, state in (("refuse", "terminated;reason=rejected"), ("approve", "active;expires=")):
        line = Line(bob)
        line.subscribe()
        line.expect(200)
        first = line.notified()
        assert first["Subscription-State"].startswith("pending;expires=") and not first.body, first
        decided(server, "subscribe", word)
        told = line.notified()
        assert told["Subscription-State"].startswith(state), told
    assert Roster(told).names() == {"alice", "bob"}
    line.resubscribe(expires=0)
    line.expect(200)
    line.notified()


def replace(server, alice, bob, carol):
    """RFC 3891: carol comes in place of bob, who stays when that is refused."""
    carol.new_dialog()
    for word in ("refuse", "approve"):
        carol.invite("demo", headers=replaces(bob))
        carol.expect(200)
        carol.ack()
        carol.is_up = True
        decided(server, "replace", word)
        if word == "refuse":
            carol.reply(carol.expect("BYE"), 200)
            assert set(server.participants()) == {"alice", "bob"}
            carol.new_dialog()
    take_change(carol, "sendrecv")
    bob.reply(bob.expect("BYE"), 200)
    bob.is_up = False
    assert set(server.participants()) == {"alice", "carol"}


BY_PHONE = {  # in this order
    "join": join, "hold": hold, "invite": invite, "remove": remove, "subscribe": subscribe, "replace": replace,
}


@run.limit(60)
def test_what_a_phone_asks_for_waits():
    with chair() as server, Phone(server) as alice, Phone(server, "bob") as bob, Phone(server, "carol") as carol:
        alice.call()
        for wish in BY_PHONE.values():
            wish(server, alice, bob, carol)
            assert not pending(server)


# ---- about one who has left ---------------------------------------------------------------------

ABOUT_CAROL = """
local policy = parley.policy { name = "chair" }
function policy.announce() return pending { decided_by = "chair" } end
function policy.sidebar(request)
  if request.target then return pending { decided_by = "chair" } end
end
function policy.digit(event, conference, alice)
  local side = conference:sidebar { title = "Aside" }
  for p in conference:participants() do
    if p.user == "carol" then p:play "tone:600/1000" side:ask(p) end
  end
end
function policy.decided(event, conference)
  print("decided", event.request.verb, event.approved, event.code, event.reason, conference.parent ~= nil)
end
return policy
"""


def test_what_is_asked_about_one_who_leaves_is_over_at_once_and_told():
    with Server("conferences = { demo = {} }", policy=ABOUT_CAROL) as server, Phone(server) as alice, Phone(
        server, "carol"
    ) as carol:
        alice.call()
        carol.call()
        alice.press("1")
        side = server.expect_log(r"has a sidebar (\w+)")[1]
        assert waits(server)[0]["verb"] == "announce" and waits(server, 1, side)[0]["verb"] == "sidebar"
        carol.hang_up()
        server.expect_log("decided announce false 480 Who it is about has left false")
        server.expect_log("decided sidebar false 480 Who it is about has left true")
        assert not pending(server) and not pending(server, side)
        assert decide(server, "pending") == "Nothing waits for a decision.\n"


if __name__ == "__main__":
    run.main()
