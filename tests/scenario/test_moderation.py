"""Moderation (framework §5.5): what a policy leaves to somebody waits for that somebody."""

import contextlib
import re
import time

import audio
import run
import tone
from changes import take_change
from message import uri_of
from moderation import decide, outcome, pending, pending_notify, waits
from naming import replaces
from parley import Server
from recipients import (
    ACCOUNTS,
    MULTIPART,
    REQUIRE,
    authorize,
    entry,
    list_part,
    multipart,
    part,
    resource_list,
)
from roster import Roster, text
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


def user_of(waiting):
    return re.search(r"sips?:([^@]*)@", waiting["uri"])[1]


def user_uri(phone):
    return f"sip:{phone.user}@{phone.sent_by}"


def wait_to_hear(phone, frequency, within=5):
    deadline = time.monotonic() + within * run.SLOW
    while tone.level(phone.hear(0.2, 0), frequency) < -30:
        assert time.monotonic() < deadline, f"{frequency} Hz was not heard"


def wait_not_to_hear(phone, frequency, within=5):
    deadline = time.monotonic() + within * run.SLOW
    while tone.level(phone.hear(0.2, 0), frequency) > QUIET:
        assert time.monotonic() < deadline, f"{frequency} Hz is still heard"


# ---- who wants in ------------------------------------------------------------------------------


@run.real_time
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


@run.real_time
def test_who_rings_or_hears_music_early_is_answered_when_let_in():
    """RFC 4579 §5.3 in its early form: the first Contact with isfocus is that of the 200."""
    with door("alice", "early", "ring") as (server, alice, early, ring):
        alice.say(tone.sine(500)).call()
        ring.say(tone.sine(800)).invite("demo")
        ringing = ring.expect(180)
        assert "isfocus" not in ringing["Contact"] and not ringing.body, ringing
        early.say(tone.sine(900)).invite("demo")
        progress = early.expect(183)
        assert "isfocus" not in progress["Contact"], progress
        early.connect_audio(progress.sdp)
        wait_to_hear(early, MUSIC)
        assert tone.level(early.hear(0.3), 500) < QUIET
        assert tone.level(alice.hear(0.3), 900) < QUIET
        for waiting in waits(server, 2):
            decide(server, "approve", waiting["id"])
        for phone in ring, early:
            ok = phone.expect(200)
            assert ok["Contact"].endswith(";isfocus"), ok
            phone.ack()
        wait_to_hear(early, 500)
        wait_to_hear(ring, 500)
        wait_to_hear(alice, 900)
        assert tone.level(early.hear(0.3), MUSIC) < QUIET


@run.real_time
def test_who_is_refused_too_late_or_tired_of_waiting():
    with door("alice", "bob", "ring", "late", "silent", "carol") as (
        server,
        alice,
        bob,
        ring,
        late,
        silent,
        carol,
    ):
        alice.call()
        bob.call()
        (waiting,) = waits(server)
        decide(server, "refuse", waiting["id"], "Not tonight")
        assert end_of(bob) == 'SIP;cause=603;text="Not tonight"'
        server.expect_log("told decided join bob false 603 Not tonight nil")
        ring.invite("demo")
        ring.expect(180)
        decide(server, "refuse", waits(server)[0]["id"])
        assert ring.expect(603).reason == "Declined"
        ring.ack()
        late.call()
        assert end_of(late, 5) == 'SIP;cause=408;text="Nobody has decided in time"'
        silent.call()
        waits(server)
        assert silent.hear(0.3) is None or tone.loudness(silent.hear(0.3)) < QUIET
        silent.hang_up()
        server.expect_log("told decided join silent false 487 hung up")
        ring.new_dialog()
        ring.invite("demo")
        ring.expect(180)
        waits(server)
        ring.cancel()
        ring.expect(200, method="CANCEL")
        ring.expect(487)
        ring.ack()
        waits(server, 0)
        carol.call()
        waits(server)
        assert server.command("end", "demo", "That is all").returncode == 0
        assert end_of(carol).endswith('text="That is all"')
        assert end_of(alice).endswith('text="That is all"')
        server.expect_log("told decided join carol false 200 That is all")


def end_of(phone, within=3):
    """The Reason of the BYE, which is answered."""
    bye = phone.expect("BYE", within)
    phone.reply(bye, 200)
    phone.is_up = False
    return bye["Reason"]


# ---- the moderators ----------------------------------------------------------------------------


class Watcher:
    """A phone that watches the conference from within its call, and has a roster."""

    def __init__(self, phone):
        self.phone = phone
        phone.resubscribe()
        phone.expect(200, method="SUBSCRIBE")
        self.roster = Roster(phone.notified())
        self.outcomes = []  # of its REFERs

    def receive(self, within=5):
        """The next message that is no NOTIFY."""
        while message := self.phone.receive(within):
            if message.is_response or message.method != "NOTIFY":
                return message
            self.take(message)
        raise AssertionError(f"{self.phone.user} waited {within} s, nothing came")

    def take(self, notify):
        self.phone.learn(notify)
        self.phone.reply(notify, 200)
        if notify["Event"].startswith("refer"):
            self.outcomes.append(notify.body.decode().strip())
        else:
            self.roster.take(notify)

    def until(self, ready, within=5):
        deadline = time.monotonic() + within * run.SLOW
        while not ready(self.roster):
            assert time.monotonic() < deadline, f"not so in time: {self.roster.names()}"
            self.take(self.phone.expect("NOTIFY", within))

    def until_told(self, outcome):
        while outcome not in self.outcomes:
            self.take(self.phone.expect("NOTIFY"))
        self.outcomes.remove(outcome)

    def refer(self, target, code=202):
        """In the dialog of the call, with the password when that is asked for."""
        request = self.phone.refer_again(target)
        answer = self.receive()
        if answer.code == 401 and code != 401:
            self.phone.refer_again(target, headers=authorize(self.phone, answer, request))
            answer = self.receive()
        assert answer.code == code, answer

    def stop(self):
        self.phone.resubscribe(expires=0)
        assert self.receive().code == 200
        while notify := self.phone.receive(1):
            self.phone.reply(notify, 200)
            if notify["Subscription-State"].startswith("terminated"):
                return


def enter_proven(phone):
    """Calls with the password of the account."""
    phone.invite("demo")
    answer = phone.expect(401)
    phone.ack()
    phone.send_invite(True, authorize(phone, answer, phone.invite_request))
    phone.expect(200)
    phone.ack()


PROVEN = """
function policy.create() return accept() end
local join = policy.join
function policy.join(request, conference)
  if request.actor.user == "alice" and not request.actor.authenticated then return challenge() end
  return join(request, conference)
end
"""


def test_moderators_see_who_waits_and_decide_by_refer():
    """RFC 4575 §5.7.3: pending; RFC 4579 §5.5 and §5.11: REFER lets in, with method=BYE sends away."""
    with door("alice", "peer", "bob", "ring", hooks=PROVEN, config=ACCOUNTS) as (
        server,
        alice,
        peer,
        bob,
        ring,
    ):
        enter_proven(alice)
        peer.call()
        decide(server, "approve", waits(server)[0]["id"])
        take_change(peer, "sendrecv")
        moderator, other = Watcher(alice), Watcher(peer)
        bob.call()
        ring.invite("demo")
        ring.expect(180)
        moderator.until(lambda roster: {"bob", "ring"} <= roster.names())
        seen = moderator.roster
        assert seen.status("bob") == seen.status("ring") == "pending"
        assert text(seen.endpoint("bob"), "joining-method") == "dialed-in"
        assert seen.text("conference-state/user-count") == "2"
        # To who may not decide about him, bob is somebody to be called, and nobody who is in.
        other.refer(f"<{user_uri(bob)}>", code=401)
        other.refer(f"<{user_uri(bob)};method=BYE>", code=401)
        moderator.refer(f"<{user_uri(bob)}>")
        assert ";isfocus" in take_change(bob, "sendrecv")["Contact"]
        moderator.until_told("SIP/2.0 200 OK")
        moderator.until(lambda roster: roster.status("bob") == "connected")
        moderator.refer(f"<{user_uri(ring)};method=BYE>")
        assert ring.expect(603)
        ring.ack()
        moderator.until_told("SIP/2.0 200 OK")
        moderator.until(lambda roster: "ring" not in roster.names())
        other.until(lambda roster: roster.status("bob") == "connected")
        assert set(server.participants()) == {"alice", "peer", "bob"}
        for message in peer.seen:
            assert b"pending" not in message and b"ring@" not in message, message
        moderator.stop()
        other.stop()


@run.real_time
def test_who_is_let_in_by_refer_and_gives_up_is_told_of():
    """RFC 3515 §2.4.4: the subscription ends with what has come of it."""
    with door("alice", "ring", hooks=PROVEN, config=ACCOUNTS) as (server, alice, ring):
        enter_proven(alice)
        moderator = Watcher(alice)
        ring.invite("demo")
        ring.expect(180)
        moderator.until(lambda roster: "ring" in roster.names())
        moderator.refer(f"<{user_uri(ring)}>")
        ring.expect(200)
        ring.hang_up()  # without an ACK
        moderator.until_told("SIP/2.0 487 hung up")
        moderator.stop()


def test_a_moderator_who_leaves_strands_nobody():
    """What waits goes on waiting, through a reload too, and who comes in sees it."""
    keys = """
function policy.digit(event, conference, participant)
  if participant.role ~= "moderator" then return end
  for p in conference:pending() do
    if event.digit == "1" then print("approved", p:approve { role = "guest" }, p.id) end
    if event.digit == "2" then print("refused", p:reject(480, "Come tomorrow"), p.uri, p.target) end
  end
end
"""
    with door("alice", "anne", "bob", "carol", hooks=keys) as (server, alice, anne, bob, carol):
        alice.call()
        bob.call()
        waits(server)
        alice.hang_up()
        server.expect_left("alice")
        server.reload()
        waits(server)
        wait_to_hear(bob, MUSIC)
        anne.say(tone.sine(600)).call()
        watcher = Watcher(anne)
        assert watcher.roster.status("bob") == "pending"
        watcher.stop()
        anne.press("1")
        take_change(bob, "sendrecv")
        wait_to_hear(bob, 600)
        server.expect_log(r"approved participant sip:bob@\S+")
        assert server.participants()["bob"]["role"] == "guest"
        carol.call()
        waits(server)
        anne.press("2")
        assert end_of(carol) == 'SIP;cause=480;text="Come tomorrow"'
        server.expect_log(r"refused true nil nil")


KNOCK = 1400  # Hz


@run.real_time
def test_moderators_hear_that_somebody_knocks():
    """By the verdict, at once and on coming in; and one participant hears what is played to it."""
    hooks = """
local join = policy.join
function policy.join(request, conference)
  local user = request.actor.user
  if user == "peer" then return accept() end
  if user == "bob" then return pending { announce = "knock.wav", expires = 60 } end
  return join(request, conference)
end
function policy.digit(event, conference, participant)
  if event.digit == "1" then print("plays", participant:play("knock.wav", { gain = -6 })) end
  if event.digit == "2" then print("stops", participant:stop()) end
end
function policy.played(event, conference, participant)
  print("told played", participant and participant.user, event.reason)
end
"""
    with door("alice", "anne", "peer", "bob", hooks=hooks) as (server, alice, anne, peer, bob):
        samples = tone.sine(KNOCK, -20, 16000)(0, 20 * 16000)
        audio.write_wav(server.directory / "knock.wav", samples, 16000)
        alice.say(tone.sine(500)).call()
        peer.say(tone.sine(800)).call()
        bob.call()
        wait_to_hear(alice, KNOCK)
        assert tone.level(alice.hear(0.3), 800) > -30, "the others are heard behind it"
        anne.call()  # who was not there when he knocked
        wait_to_hear(anne, KNOCK)
        assert tone.level(peer.hear(0.4), KNOCK) < QUIET
        assert tone.level(bob.hear(0.4), KNOCK) < QUIET
        alice.press("2")
        server.expect_log("stops true")
        server.expect_log("told played alice stopped")
        wait_not_to_hear(alice, KNOCK)
        assert tone.level(anne.hear(0.3), KNOCK) > -30
        peer.press("1")
        server.expect_log("plays true")
        wait_to_hear(peer, KNOCK)
        level = tone.level(peer.hear(0.4), KNOCK)
        assert abs(level + 26) < 1, level
        assert tone.level(alice.hear(0.4), KNOCK) < QUIET
        peer.hang_up()  # in the middle of it
        server.expect_left("peer")
        decide(server, "approve", waits(server)[0]["id"])
        take_change(bob, "sendrecv")
        wait_to_hear(bob, 500)


@run.real_time
def test_an_application_waits_with_its_caller():
    script = """
return function(call)
  call:answer()
  local demo = parley.conference "demo"
  for try = 1, 2 do
    local participant, reason, code = call:join(demo, { role = "guest" })
    print("joined", try, participant and participant.role, code, reason)
    if participant then return call:sleep(60) end
  end
  call:hangup("Good bye")
end
"""
    config = 'applications = { ["9000"] = "reception" }\nconferences = { demo = {} }\n'
    files = {"scripts/reception.lua": script}
    with door("alice", "bob", "carol", config=config, files=files) as (server, alice, bob, carol):
        alice.say(tone.sine(500)).call()
        bob.say(tone.sine(900)).call("9000")
        wait_to_hear(bob, MUSIC)
        decide(server, "refuse", waits(server)[0]["id"], "Later")
        server.expect_log("joined 1 nil 603 Later")
        (waiting,) = waits(server)  # it tries once more
        decide(server, "approve", waiting["id"])
        server.expect_log("joined 2 guest nil nil")
        assert ";isfocus" in take_change(bob, "sendrecv")["Contact"]
        wait_to_hear(bob, 500)
        assert tone.level(bob.hear(0.3), MUSIC) < QUIET
        carol.call("9000")
        waits(server)
        carol.hang_up()
        server.expect_log("told decided join carol false 487 hung up")
        waits(server, 0)


def test_who_waits_to_replace_somebody_comes_as_that_one_is_by_then():
    """RFC 3891: nobody gets rid of a mute by another phone."""
    hooks = """
function policy.join(request) return accept() end
function policy.replace() return pending {} end
function policy.digit(event, conference, participant)
  participant:mute()
  participant:permit { may_speak = false }
  participant:set_role "culprit"
end
"""
    with door("alice", "bob", "other", hooks=hooks) as (server, alice, bob, other):
        alice.call()
        bob.call()
        other.say(tone.sine(900)).invite("demo", headers=replaces(bob))
        other.expect(200)
        other.ack()
        (waiting,) = waits(server)
        bob.press("1")
        server.expect_log(r"sip:bob@\S+ has the role culprit")
        decide(server, "approve", waiting["id"])
        take_change(other, "sendrecv")
        assert end_of(bob)
        as_now = server.participants()["other"]
        assert as_now["muted"] and not as_now["may_speak"] and as_now["role"] == "culprit", as_now
        assert tone.level(alice.hear(0.5), 900) < QUIET


# ---- other wishes ------------------------------------------------------------------------------

EVERYTHING = """
local subscribe = policy.subscribe
local function wait(request)
  if request.actor.kind == "script" then return end
  return pending { decided_by = { "host", "moderator" }, expires = "1m" }
end
function policy.join(request)
  if request.actor.user == "alice" then return accept { role = "moderator" } end
end
policy.invite, policy.remove, policy.hold, policy.close = wait, wait, wait, wait
function policy.subscribe(request)
  local user = request.actor.user
  if user == "alice" then return subscribe(request) end
  return pending { expires = user == "late" and "1s" or "1m" }
end
"""


def test_a_refer_waits_and_is_answered_at_once():
    """RFC 3515 §2.4.2, §2.4.5: 202, and a subscription that is pending until somebody approves."""
    with door("alice", "bob", "carol", hooks=EVERYTHING) as (server, alice, bob, carol):
        alice.call()
        bob.refer(f"<{carol.own_uri}>")
        assert int(bob.expect(202)["Expires"] or 0) == 0
        assert 120 <= pending_notify(bob) <= 150  # until it expires, and a phone has rung
        (waiting,) = waits(server)
        assert waiting["verb"] == "invite" and waiting["target"] == carol.own_uri, waiting
        assert waiting["decided_by"] == ["host", "moderator"]
        carol.expect_nothing(0.2)
        decide(server, "approve", waiting["id"])
        carol.pick_up(carol.expect_call())
        assert outcome(bob) == "SIP/2.0 200 OK"
        assert set(server.participants()) == {"alice", "carol"}
        # One that is refused, and what it is about goes on.
        bob.refer(f"<{user_uri(carol)};method=BYE>")
        bob.expect(202)
        pending_notify(bob)
        (waiting,) = waits(server)
        assert waiting["verb"] == "remove" and "sip:carol@" in waiting["target"], waiting
        decide(server, "refuse", waiting["id"])
        assert outcome(bob) == "SIP/2.0 603 Declined"  # §2.4.7
        # One about somebody who goes.
        bob.refer(f"<{user_uri(carol)};action=hold>")
        bob.expect(202)
        pending_notify(bob)
        waits(server)
        carol.hang_up()
        assert outcome(bob) == "SIP/2.0 480 Who it is about has left"
        waits(server, 0)
        # The operator's own wish waits, too, and says by which number.
        told = server.command("end", "demo")
        assert told.returncode == 0 and "parley approve" in told.stdout, told
        decide(server, "approve", waits(server)[0]["id"])
        end_of(alice)


def test_a_subscription_waits():
    """RFC 6665 §4.1.3: pending, with nothing told, then active, or terminated."""
    with door("alice", "bob", "late", hooks=EVERYTHING) as (server, alice, bob, late):
        alice.call()
        bob.subscribe()
        assert bob.expect(200)["Expires"] == "3600"
        first = bob.notified()
        assert first["Subscription-State"].startswith("pending;expires="), first
        assert not first.body, "nothing of the conference is told"
        bob.resubscribe()
        bob.expect(200)
        assert bob.notified()["Subscription-State"].startswith("pending;expires=")
        (waiting,) = waits(server)
        assert waiting["verb"] == "subscribe"
        decide(server, "approve", waiting["id"])
        notify = bob.notified()
        assert notify["Subscription-State"].startswith("active;expires="), notify
        assert Roster(notify).names() == {"alice"}
        bob.resubscribe()  # it was approved once
        bob.expect(200)
        assert Roster(bob.notified()).names() == {"alice"} and not pending(server)
        late.subscribe()
        late.expect(200)
        assert not late.notified().body
        over = late.notified(5)
        assert over["Subscription-State"] == "terminated;reason=giveup" and not over.body, over
        late.subscribe(event="dialog")
        late.expect(200)
        late.notified()
        decide(server, "refuse", waits(server)[0]["id"])
        assert late.notified()["Subscription-State"] == "terminated;reason=rejected"
        late.subscribe()
        late.expect(200)
        late.notified()
        late.resubscribe(expires=0)
        late.expect(200)
        assert late.notified()["Subscription-State"] == "terminated;reason=timeout"
        waits(server, 0)


def test_several_subscriptions_wait_and_each_is_decided_alone():
    with door("alice", "bob", "carol", "late", hooks=EVERYTHING) as (server, alice, bob, carol, late):
        alice.call()
        for phone in (bob, carol, late):
            phone.subscribe()
            phone.expect(200)
            phone.notified()
        for phone in (carol, bob):  # not in the order in which they came
            (waiting,) = [each for each in pending(server) if user_of(each) == phone.user]
            decide(server, "approve", waiting["id"])
            assert Roster(phone.notified()).names() == {"alice"}
        assert late.notified(5)["Subscription-State"] == "terminated;reason=giveup"
        for phone in (bob, carol):
            phone.resubscribe(expires=0)
            phone.expect(200)
            phone.notified()
        waits(server, 0)


def test_a_list_waits_name_by_name():
    """RFC 5366: all may be asked, and each waits alone; who is refused failed to come."""
    hooks = EVERYTHING.replace('if user == "alice"', "if true")
    with door("alice", "bill", "joe", hooks=hooks, config=ACCOUNTS) as (server, alice, bill, joe):
        body = multipart(
            part("application/sdp", alice.offer()),
            list_part(resource_list(entry(bill.own_uri), entry(joe.own_uri))),
        )
        headers = MULTIPART | REQUIRE
        alice.invite("demo", body=body, headers=headers)
        answer = alice.receive()
        while answer.code < 200:
            answer = alice.receive()
        alice.learn(answer)
        if answer.code == 401:
            alice.ack()
            proof = authorize(alice, answer, alice.invite_request)
            alice.send_invite(body, headers | proof)
            alice.expect(200)
        alice.ack()
        watcher = Watcher(alice)
        first, second = waits(server, 2)
        assert {first["target"], second["target"]} == {bill.own_uri, joe.own_uri}
        by_target = {each["target"]: each["id"] for each in (first, second)}
        watcher.until(lambda roster: {"bill", "joe"} <= roster.names())
        assert watcher.roster.status("joe") == "pending"
        assert text(watcher.roster.endpoint("joe"), "joining-method") == "dialed-out"
        decide(server, "refuse", by_target[joe.own_uri], "Joe snores")
        watcher.until(lambda roster: roster.status("joe") == "disconnected")
        gone = watcher.roster.endpoint("joe")
        assert "Joe snores" in text(gone, "disconnection-info/reason")
        decide(server, "approve", by_target[bill.own_uri])
        bill.pick_up(bill.expect_call())
        watcher.until(lambda roster: roster.status("bill") == "connected")
        watcher.stop()


if __name__ == "__main__":
    run.main()
