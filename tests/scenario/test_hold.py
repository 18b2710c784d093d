"""Hold, by a phone (RFC 3264 §8.4) and by the focus (draft-ranjit-sipping-conference §6.3, §6.4)."""

import run
import tone
from changes import take_change
from message import uri_of
from parley import Server
from roster import Roster, text
from sip import Phone

SILENT = -60

# Who presses 1 puts bob on hold, who presses 2 takes him back.
POLICY = """
local policy = parley.policy { name = "site" }
local function tell(event, conference, participant)
  print("event", event.name, participant.user, participant.status, event.on, event.code or "-")
end
policy.held, policy.changed = tell, tell
function policy.subscribe() return accept() end
function policy.digit(event, conference)
  for participant in conference:participants() do
    if participant.user == "bob" then
      local hold = event.digit == "1" and participant.hold or participant.unhold
      print("asked", event.digit, hold(participant))
    end
  end
end
%s
return policy
"""


class Conference:
    """alice at 500 Hz and bob at 800 Hz, and a subscriber."""

    def __init__(self, hooks=""):
        self.server = Server(policy=POLICY % hooks)
        self.phones = [Phone(self.server, name) for name in ("alice", "bob")]
        self.phones.append(Phone(self.server, "eve", media=False))
        self.alice, self.bob, self.eve = self.phones
        self.roster = Roster()

    def __enter__(self):
        self.alice.say(tone.sine(500)).call()
        self.bob.say(tone.sine(800))
        return self

    def __exit__(self, *what):
        try:
            for phone in self.phones:
                phone.__exit__(*what)
        finally:
            self.server.__exit__(*what)

    def watch(self):
        self.eve.subscribe()
        self.eve.expect(200)
        self.roster.take(self.eve.notified())

    def await_status(self, user, *status):
        """Until the roster says so of the participant: status, and of its medium."""
        while (found := self.status(user)) != status:
            notify = self.eve.receive()
            assert notify, f"{user} is {found}, not {status}"
            self.eve.learn(notify)
            self.eve.reply(notify, 200)
            self.roster.take(notify)

    def status(self, user):
        if self.roster.user(user) is None:
            return None
        return self.roster.status(user), text(self.roster.endpoint(user), "media/status")

    def key(self, digit):
        self.alice.audio.press(digit)


def assert_apart(conference):
    assert tone.level(conference.alice.hear(), 800) < SILENT, "who is on hold is not heard"
    bob = conference.bob.audio
    came = len(bob.packets)
    conference.alice.audio.wait_for_packets(15)
    assert len(bob.packets) - came <= 1, "who is on hold is sent nothing"


def assert_together(conference):
    tone.assert_hears(conference.alice.hear(), {800: -20}, absent=[500], tolerance=3)
    tone.assert_hears(conference.bob.hear(), {500: -20}, absent=[800], tolerance=3)


# ---- by the focus -------------------------------------------------------------------------------


@run.real_time
def test_the_focus_puts_a_participant_on_hold_and_takes_it_back():
    """Figure of §6.3: INVITE F28 (a=recvonly), 200 F30, ACK F31, NOTIFY F32; of §6.4: INVITE F36,
    200 F37, ACK F38, NOTIFY F39."""
    with Conference() as conference:
        bob = conference.bob
        ok = bob.call()
        conference.watch()
        conference.await_status("bob", "connected", "sendrecv")
        assert_together(conference)
        conference.key("1")
        held = take_change(bob, "recvonly", direction="sendonly")
        assert uri_of(held["Contact"]) == uri_of(ok["Contact"])
        assert held.sdp.origin[1] == ok.sdp.origin[1] + 1
        conference.await_status("bob", "on-hold", "sendonly")
        conference.server.expect_log("event held bob on-hold true")
        assert conference.server.participants()["bob"]["held"]
        assert_apart(conference)
        conference.key("2")
        back = take_change(bob, "sendrecv")
        assert back.sdp.origin[1] == held.sdp.origin[1] + 1
        conference.await_status("bob", "connected", "sendrecv")
        conference.server.expect_log("event held bob connected false")
        assert_together(conference)


@run.real_time
def test_a_phone_that_refuses_to_be_held_is_held_by_the_mixer():
    with Conference() as conference:
        bob = conference.bob
        bob.call()
        assert_together(conference)
        conference.key("1")
        take_change(bob, "recvonly", code=488)
        conference.server.expect_log("event changed bob on-hold nil 488")
        conference.server.expect_log("event held bob on-hold true")
        assert tone.level(conference.alice.hear(), 800) < SILENT
        assert tone.level(bob.hear(), 500) < SILENT
        conference.key("2")
        take_change(bob, "sendrecv")
        assert_together(conference)


def test_a_policy_can_forbid_it():
    hooks = """
function policy.hold(request, conference)
  return reject(403, request.params.held and "Not here" or "")
end"""
    with Conference(hooks) as conference:
        conference.bob.call()
        conference.key("1")
        conference.server.expect_log("asked 1 nil Not here 403")
        conference.bob.expect_nothing()
        assert not conference.server.participants()["bob"]["held"]


@run.real_time
def test_a_policy_can_let_somebody_in_on_hold():
    hooks = """
function policy.join(request)
  if request.actor.user == "bob" then return accept { held = true } end
end"""
    with Conference(hooks) as conference:
        ok = conference.bob.call()
        assert ok.sdp.audio.direction == "recvonly"
        conference.watch()
        conference.await_status("bob", "on-hold", "sendonly")
        assert_apart(conference)
        conference.key("2")
        take_change(conference.bob, "sendrecv")
        conference.await_status("bob", "connected", "sendrecv")
        assert_together(conference)


def test_who_is_held_by_both_is_back_when_both_say_so():
    with Conference() as conference:
        bob, server = conference.bob, conference.server
        bob.call()
        conference.key("1")
        take_change(bob, "recvonly", direction="sendonly")
        server.expect_log("event held bob on-hold true")
        bob.reinvite(direction="sendonly")
        assert bob.expect(200).sdp.audio.direction == "recvonly"
        bob.ack()
        conference.key("2")
        take_change(bob, "sendrecv", direction="sendonly")
        bob.reinvite()
        assert bob.expect(200).sdp.audio.direction == "sendrecv"
        bob.ack()
        server.expect_log("event held bob connected false")
        told = server.log().count("event held bob")
        assert told == 2, "it was on hold all the time"


def test_a_change_of_mind_in_one_moment_is_one_reinvite():
    hooks = """
function policy.joined(event, conference, participant)
  if participant.user == "bob" then
    participant:hold()
    participant:unhold()
    participant:hold()
  end
end"""
    with Conference(hooks) as conference:
        bob = conference.bob
        bob.call()
        take_change(bob, "recvonly", direction="sendonly")
        bob.expect_nothing()


# ---- by the phone -------------------------------------------------------------------------------


def change(phone, **offer):
    phone.reinvite(**offer)
    ok = phone.expect(200)
    phone.ack()
    return ok.sdp


def test_every_way_to_hold_stands_in_the_roster():
    with Conference() as conference:
        bob = conference.bob
        bob.call()
        conference.watch()
        conference.await_status("bob", "connected", "sendrecv")
        for offer, status in (
            ({"direction": "sendonly"}, ("on-hold", "sendonly")),
            ({"direction": "inactive"}, ("on-hold", "inactive")),
            ({"connection": "0.0.0.0"}, ("on-hold", "sendonly")),
        ):
            change(bob, **offer)
            conference.await_status("bob", *status)
            change(bob)
            conference.await_status("bob", "connected", "sendrecv")


def test_who_only_listens_is_not_on_hold():
    with Conference() as conference:
        bob = conference.bob
        bob.call()
        conference.watch()
        conference.await_status("bob", "connected", "sendrecv")
        assert change(bob, direction="recvonly").audio.direction == "sendonly"
        conference.await_status("bob", "connected", "recvonly")
        conference.server.expect_log("event changed bob connected nil 200")
        change(bob)
        conference.await_status("bob", "connected", "sendrecv")


if __name__ == "__main__":
    run.main()
