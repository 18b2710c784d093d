"""Sidebars: conferences within a conference (RFC 4353 §2, framework 5.6), and who hears whom there."""

import run
import tone
from lines import Line
from message import uri_of
from naming import follow, refused, replaces
from parley import Server
from roster import Roster, text
from sip import Phone

# Keys in the main conference: 7 makes a sidebar with alice and bob, 8 one with alice, and asks bob.
# In a sidebar: 0 goes back, 9 ends it for all.
POLICY = """
local policy = parley.policy { name = "site" }
local function find(conference, user)
  for participant in conference:participants() do
    if participant.user == user then return participant end
  end
end
function policy.subscribe() return accept() end
function policy.join(request, conference)
  if conference.parent then return accept { role = "outsider" } end
end
local function aside(digit, conference)
  local side, why, code = conference:sidebar { title = "Aside" }
  if not side then return print("no sidebar", code, why) end
  print("sidebar", side.name, side.parent.name, side.title)
  side:bring(find(conference, "alice"))
  local bob = find(conference, "bob")
  local who = digit == "7" and side:bring(bob) or side:ask(bob, { timeout = 3 })
  print("bob is", who.status, who.conference.name == side.name, who.main == bob)
end
function policy.digit(event, conference, participant)
  if not conference.parent and event.digit >= "7" then return aside(event.digit, conference) end
  if event.digit == "0" then participant:back() end
  if event.digit == "9" then conference:close "That was all" end
end
local function tell(event, conference, participant)
  local place = conference.parent and "side" or "main"
  print("event", event.name, place, participant.user, participant.status, event.on, event.code)
end
policy.dialing, policy.alerting, policy.failed = tell, tell, tell
policy.joined, policy.left, policy.aside = tell, tell, tell
function policy.ended(event, conference) print("ended", conference.name, event.reason) end
%s
return policy
"""

EMPTY = 'return parley.policy { name = "none" }'

TONES = {"alice": 500, "bob": 800, "carol": 1100, "dave": 1400}
LEVEL, BACKGROUND = -20, -18


class Conference:
    """alice, bob and carol in it, each with a tone; dave is not in."""

    def __init__(self, hooks="", policy=POLICY, files=None):
        policy = policy % hooks if "%s" in policy else policy
        self.server = Server(policy=policy, config="conferences = { demo = {} }", files=files)
        self.phones = {name: Phone(self.server, name) for name in TONES}
        self.alice, self.bob, self.carol, self.dave = self.phones.values()

    def __enter__(self):
        for name, phone in self.phones.items():
            phone.say(tone.sine(TONES[name], LEVEL))
            if phone is not self.dave:
                phone.call()
        return self

    def __exit__(self, *what):
        try:
            for phone in self.phones.values():
                phone.__exit__(*what)
        finally:
            self.server.__exit__(*what)

    def aside(self, key="7"):
        """alice has a sidebar made; returns its name."""
        self.alice.press(key)
        return self.server.expect_log(r"sidebar (\w+) demo Aside")[1]

    def assert_hears(self, name, **levels):
        """All that this phone hears: dB by the name of the phone."""
        present = {TONES[who]: level for who, level in levels.items()}
        absent = [frequency for who, frequency in TONES.items() if who not in levels]
        tone.assert_hears(self.phones[name].hear(), present, absent, tolerance=1)


@run.real_time
def test_who_is_in_a_sidebar_is_heard_there_and_hears_the_rest_in_the_background():
    with Conference() as conference:
        carol = {"carol": LEVEL}
        both = {"alice": LEVEL, "bob": LEVEL}
        conference.assert_hears("bob", alice=LEVEL, carol=LEVEL)
        name = conference.aside()
        conference.server.expect_log("bob is connected true true")
        conference.server.expect_log("event aside main bob connected true")
        conference.assert_hears("bob", alice=LEVEL, carol=LEVEL + BACKGROUND)
        conference.assert_hears("alice", bob=LEVEL, carol=LEVEL + BACKGROUND)
        conference.assert_hears("carol")
        conference.dave.call(name)  # from outside, into the sidebar alone
        conference.assert_hears("dave", **both)
        conference.assert_hears("alice", bob=LEVEL, dave=LEVEL, carol=LEVEL + BACKGROUND)
        conference.assert_hears("carol")
        conference.bob.press("0")
        conference.server.expect_log("event aside main bob connected false")
        conference.assert_hears("bob", **carol)
        conference.assert_hears("carol", bob=LEVEL)
        conference.alice.press("9")
        conference.dave.reply(conference.dave.expect("BYE"), 200)
        conference.server.expect_log(f"ended {name} That was all")
        conference.assert_hears("carol", **both)
        conference.assert_hears("bob", alice=LEVEL, carol=LEVEL)



@run.real_time
def test_who_is_asked_hears_a_prompt_that_nobody_else_hears_and_comes_in_by_a_key():
    with Conference() as conference:
        server, bob = conference.server, conference.bob
        conference.aside("8")
        server.expect_log("bob is alerting true true")
        server.expect_log("event alerting side bob alerting")
        asked = bob.hear(1.5, settle=0)  # two notes, twice, with carol behind them
        assert max(tone.level(asked[at : at + 800], 523) for at in range(0, 11000, 400)) > -25
        conference.assert_hears("carol", bob=LEVEL)  # who goes on speaking there
        bob.press("1")
        server.expect_log("event joined side bob connected")
        server.expect_log("event aside main bob connected true")
        conference.assert_hears("alice", bob=LEVEL, carol=LEVEL + BACKGROUND)
        conference.assert_hears("carol")
        bob.press("0")
        server.expect_log("event left side bob disconnected nil 200")
        conference.assert_hears("bob", carol=LEVEL)


def test_who_declines_or_does_not_answer_stays_where_it_is():
    with Conference() as conference:
        server = conference.server
        name = conference.aside("8")
        server.expect_log("event dialing side bob")
        conference.bob.press("2")
        server.expect_log("event failed side bob disconnected nil 603")
        assert set(server.participants(name)) == {"alice"}, "it goes on with who is in"
        conference.alice.press("0")
        server.expect_log(f"ended {name} the last participant has left")
        refused(conference.dave, 410, name)
        conference.alice.press("8")
        server.expect_log("event failed side bob disconnected nil 408", within=6)
        assert set(server.participants()) == {"alice", "bob", "carol"}
        assert "event aside main bob" not in server.log()


class Watch:
    """A subscriber, and what it knows."""

    def __init__(self, conference, user="eve", headers=None, name="demo"):
        self.phone = Phone(conference.server, user, media=False)
        self.phone.subscribe(name, headers=headers)
        self.phone.expect(200)
        self.roster = Roster(self.phone.notified())

    def until(self, ready):
        return follow(self.phone, self.roster, ready)

    def assert_whole(self):
        """What partial documents came to is what a new subscriber is told."""
        full = self.fetch()
        while self.roster.version != full.version:
            self.until(lambda roster: roster.version >= full.version)
            full = self.fetch()
        assert self.roster == full

    def fetch(self):
        """The full document, by a new subscription."""
        with Phone(self.phone.server, "mallory", media=False) as other:
            other.subscribe(uri_of(self.phone.remote_uri), expires=0)
            other.expect(200)
            return Roster(other.notified())


def test_a_sidebar_is_in_the_documents_by_reference_or_by_value():
    """RFC 4575 §5.9: the <user> stays in the main roster, its media are what they are by the sidebar;
    §5.9.1: who sees the URI subscribes to it."""
    for shown in ("ref", "val"):
        hooks = f"function policy.sidebar() return accept {{ shown = '{shown}' }} end"
        with Conference(hooks) as conference:
            watch = Watch(conference)
            assert watch.roster.references() == {} and watch.roster.sidebars() == {}
            name = conference.aside("8")
            uri = conference.alice.uri(name)
            if shown == "ref":
                watch.until(lambda roster: roster.references() == {uri: "Aside"})
                inner = Watch(conference, "mallory", name=name)
                inner.until(lambda roster: roster.status("bob") == "alerting")
                conference.bob.press("1")
                inner.until(lambda roster: roster.status("bob") == "connected")
                assert inner.roster.text("conference-description/subject") == "Aside"
            else:
                asked = {"alice": "connected", "bob": "alerting"}
                watch.until(lambda roster: roster.sidebars().get(uri) == asked)
                conference.bob.press("1")
                both = {"alice": "connected", "bob": "connected"}
                watch.until(lambda roster: roster.sidebars().get(uri) == both)
            watch.until(
                lambda roster: text(roster.endpoint("bob"), "media/status") == "recvonly"
            )
            watch.assert_whole()
            assert watch.roster.names() == {"alice", "bob", "carol"}
            conference.alice.press("9")
            watch.until(lambda roster: not roster.references() and not roster.sidebars())
            watch.until(
                lambda roster: text(roster.endpoint("bob"), "media/status") == "sendrecv"
            )
            watch.assert_whole()
            watch.phone.close()
            if shown == "ref":
                inner.until(lambda roster: roster.is_deleted)
                inner.phone.close()


def test_what_is_not_shown_is_shown_to_moderators_by_reference():
    hooks = """
function policy.sidebar() return accept { shown = "none" } end
function policy.subscribe(request)
  return accept { view = request.actor.user == "eve" and "moderator" or "plain" }
end"""
    with Conference(hooks) as conference:
        moderator, other = Watch(conference), Watch(conference, "mallory")
        uri = conference.alice.uri(conference.aside())
        moderator.until(lambda roster: roster.references() == {uri: "Aside"})
        other.until(lambda roster: text(roster.endpoint("bob"), "media/status") == "recvonly")
        assert other.roster.references() == {} and other.roster.sidebars() == {}
        moderator.phone.close()
        other.phone.close()


REFERS = """
function policy.invite(request, conference)
  if conference.parent then return accept() end
end
function policy.remove(request, conference)
  if conference.parent then return accept() end
end"""


def test_a_refer_to_the_sidebar_asks_who_is_in_the_conference_instead_of_calling():
    """RFC 4579 §5.5, to the sidebar's URI: no second dialog (framework 5.6). With method=BYE (§5.11) it
    brings back."""
    with Conference(REFERS) as conference:
        server, bob = conference.server, conference.bob
        name = conference.aside("7")
        bob.press("0")
        server.expect_log("event aside main bob connected false")
        with Phone(server, "eve", media=False) as eve:
            eve.refer(f"<{bob.name}>", name)
            eve.expect(202)
            assert eve.progress() == ("SIP/2.0 100 Trying", False)
            server.expect_log("event dialing side bob")
            bob.press("1")
            assert eve.progress() == ("SIP/2.0 200 OK", True)
            assert set(server.participants(name)) == {"alice", "bob"}
            assert len(server.participants()) == 3, "and who is in the main conference still is"
            eve.refer(f"<{bob.name};method=BYE>", name)
            eve.expect(202)
            assert eve.progress() and eve.progress() == ("SIP/2.0 200 OK", True)
            server.expect_log("event left side bob disconnected nil 200")
            eve.refer(f"<{bob.name}>", name)
            eve.expect(202)
            assert eve.progress() == ("SIP/2.0 100 Trying", False)
            # Who has itself brought in answers the question; a stranger may do no more than that.
            line = Line(bob)
            line.refer(f"<{bob.name}>", name)
            line.expect(202)
            assert line.progress() and line.progress() == ("SIP/2.0 200 OK", True)
            assert eve.progress() == ("SIP/2.0 200 OK", True)
        bob.expect_nothing()  # no INVITE, no BYE: it has one call
        with Phone(server, "dave") as dave:  # who is not in is called
            with Phone(server, "eve", media=False) as eve:
                eve.refer(f"<{dave.own_uri}>", name)
                eve.expect(202)
                assert eve.progress() == ("SIP/2.0 100 Trying", False)
                dave.pick_up(dave.expect_call())
                assert eve.progress() == ("SIP/2.0 200 OK", True)
            assert set(server.participants(name)) == {"alice", "bob", "dave"}


def test_strangers_neither_dial_into_a_sidebar_nor_see_it_unless_a_policy_lets_them():
    closed = POLICY.replace("return accept { role", "return nil, { role").replace(
        "function policy.subscribe() return accept() end", ""
    )
    with Conference(policy=closed) as conference:
        name = conference.aside()
        refused(conference.dave, 403, name)
        with Phone(conference.server, "eve", media=False) as eve:
            eve.subscribe(name)
            eve.expect(401)
            eve.refer(f"<{conference.carol.name}>", name)
            eve.expect(401)
        conference.carol.subscribe(name)  # in the parent, and all the same a stranger there
        conference.carol.expect(401)


def test_it_ends_with_its_parent_and_who_leaves_is_gone_from_both():
    with Conference() as conference:
        server = conference.server
        name = conference.aside()
        conference.dave.call(name)
        conference.bob.hang_up()
        server.expect_log("event left side bob disconnected nil 0")
        server.expect_log("event left main bob disconnected nil 0")
        assert set(server.participants(name)) == {"alice", "dave"}
        assert server.command("end", "demo").returncode == 0
        for phone in (conference.alice, conference.carol, conference.dave):
            phone.reply(phone.expect("BYE"), 200)
        server.expect_log(f"ended {name}")
        server.expect_log("ended demo")
        assert server.participants(name) == {}


@run.real_time
def test_replaces_hands_over_the_place_in_a_sidebar():
    """RFC 3891, RFC 4579 §5.9: by the dialog of the main conference."""
    hooks = "function policy.replace() return accept() end"
    with Conference(hooks) as conference:
        server, bob = conference.server, conference.bob
        name = conference.aside()
        server.expect_log("event aside main bob connected true")
        with Phone(server, "bob") as second:
            second.say(tone.sine(TONES["dave"], LEVEL))
            second.invite("demo", headers=replaces(bob))
            second.expect(200)
            second.ack()
            bob.reply(bob.expect("BYE"), 200)
            run.until(
                lambda: second.name in {p["uri"] for p in server.participants(name).values()},
                lambda: server.participants(name),
            )
            conference.assert_hears("alice", dave=LEVEL, carol=LEVEL + BACKGROUND)
            conference.assert_hears("carol")
            assert "event left" not in server.log()
            second.press("0")
            server.expect_log("event left side bob disconnected nil 200")
            conference.assert_hears("carol", dave=LEVEL)


@run.real_time
def test_mute_and_hold():
    """Mute is of the conference where it is said, hold of the call."""
    hooks = """
function policy.joined(event, conference, participant)
  if conference.parent and participant.user == "bob" then
    print("muted", participant:mute(), participant.muted, participant.main.muted)
    print("held", participant:hold(), participant.held, participant.main.held)
  end
end"""
    with Conference(hooks) as conference:
        server, bob = conference.server, conference.bob
        conference.aside()
        server.expect_log("muted true true false")
        server.expect_log("held true true true")
        change = bob.expect("INVITE")
        assert change.sdp.audio.direction == "recvonly"
        assert uri_of(change["Contact"]) == uri_of(bob.answer["Contact"]), "its dialog is the parent's"
        bob.reply(change, 200, body=bob.offer(direction="sendonly"))
        bob.expect("ACK")
        conference.assert_hears("alice", carol=LEVEL + BACKGROUND)
        assert not server.participants()["bob"]["muted"]


@run.real_time
def test_what_cannot_be_is_refused_with_the_reason():
    policy = """
local policy = parley.policy { name = "site" }
function policy.digit(event, conference, participant)
  local made = {}
  local side = conference:sidebar { background = false, policy = "none" }
  print("nested", side:sidebar())
  print("brought", side:bring(participant))
  print("again", side:bring(participant))
  local other = conference:sidebar()
  print("elsewhere", other:bring(participant))
  repeat
    local one, why, code = conference:sidebar()
    made[#made + 1] = one
    if not one then print("at most", #made + 2, code, why) end
  until not one
  local count = 0
  for one in conference:sidebars() do count = count + 1 end
  print("there are", count)
end
return policy
"""
    with Conference(policy=policy, files={"policy/none.lua": EMPTY}) as conference:
        server = conference.server
        conference.alice.press("1")
        server.expect_log("nested nil A sidebar has no sidebars 403")
        server.expect_log("brought participant sip:alice@")
        server.expect_log("again nil already in 486")
        server.expect_log("elsewhere nil In another sidebar, or asked into one 486")
        most = server.expect_log("at most (\\d+) 503 The conference has as many sidebars as it can")[1]
        server.expect_log(f"there are {most}")
        conference.assert_hears("alice")  # a background that is off


if __name__ == "__main__":
    run.main()
