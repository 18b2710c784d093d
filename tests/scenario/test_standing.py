"""What participants are in a conference: role, shown name, floor, leave to speak; and who learns it."""

import time

import run
import tone
from parley import Server
from roster import CONFERENCE, Roster, text
from sip import Phone

POLICY = """
local policy = parley.policy { name = "hall" }
function policy.join(request)
  if request.actor.user == "alice" then return accept { role = "host" } end
  return accept { may_speak = false, display_name = "Hall " .. request.actor.user }
end
function policy.subscribe() return accept() end
-- Any of the hall may have the floor, one at a time.
function policy.floor(request, conference)
  if request.actor.kind == "script" then return end
  for holder in conference:floor() do return reject(486, holder.user .. " has the floor") end
  return accept()
end
function policy.floor_changed(event, _, participant)
  participant:permit { may_speak = event.on }
  participant:set_role(event.on and "speaker" or "listener")
end
function policy.digit(event, conference, participant)
  if event.digit == "1" then
    local ok, why, code = participant:ask_for_floor()
    if not ok then print("refused", participant.user, code, why) end
  elseif event.digit == "2" then participant:unmute()
  elseif event.digit == "5" then for p in conference:floor() do p:take_floor() end
  elseif event.digit == "6" then for p in conference:participants "speaker" do p:rename "The speaker" end
  end
end
return policy
"""


def until(phone, roster, ready, within=5):
    deadline = time.monotonic() + within * run.SLOW
    while not ready(roster):
        assert time.monotonic() < deadline, "the roster does not become so"
        roster.take(phone.notified(within))


def state(roster, name):
    """Display name, role, status, and the status of the stream (RFC 4575 §5.6, §5.7.3, §5.8.5)."""
    user = roster.user(name)
    return (
        text(user, "display-text"),
        text(user, "roles/entry"),
        roster.status(name),
        text(roster.endpoint(name), "media/status"),
    )


@run.real_time
def test_the_hall_listens_and_asks_for_the_floor():
    with Server(policy=POLICY) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol, Phone(server, "watcher", media=False) as watcher:
        alice.call()
        bob.say(tone.sine(500)).call()
        carol.say(tone.sine(1700)).call()
        watcher.subscribe()
        watcher.expect(200)
        roster = Roster(watcher.notified())
        until(watcher, roster, lambda r: r.user("carol") is not None)
        # Not muted, but nothing of it is mixed.
        assert state(roster, "bob") == ("Hall bob", "participant", "connected", "recvonly")
        assert state(roster, "alice")[1:] == ("host", "connected", "sendrecv")
        heard = alice.hear()
        assert tone.level(heard, 500) < -60 and tone.level(heard, 1700) < -60

        bob.press("2")  # unmuting is of no use
        server.expect_log("mute refused: 403 May only listen")
        bob.press("1")
        until(watcher, roster, lambda r: state(r, "bob")[1:] == ("speaker", "connected", "sendrecv"))
        tone.assert_hears(alice.hear(), {500: -20}, [1700])
        carol.press("1")
        server.expect_log("refused carol 486 bob has the floor")
        assert server.participants()["bob"]["floor"] and not server.participants()["carol"]["floor"]

        alice.press("6")
        until(watcher, roster, lambda r: state(r, "bob")[0] == "The speaker")
        assert server.participants()["bob"]["name"] == "The speaker"
        alice.press("5")
        until(watcher, roster, lambda r: state(r, "bob")[1:] == ("listener", "connected", "recvonly"))
        carol.press("1")
        until(watcher, roster, lambda r: state(r, "carol")[1] == "speaker")
        carol.hang_up()  # and the floor is free again
        until(watcher, roster, lambda r: r.status("carol") in (None, "disconnected"))
        bob.press("1")
        until(watcher, roster, lambda r: state(r, "bob")[1] == "speaker")


def test_who_is_no_host_any_longer_sees_what_others_see():
    policy = """
local policy = parley.policy { name = "hosts" }
function policy.join(request)
  return accept { role = request.actor.user == "alice" and "host" or "guest",
    hidden = request.actor.user == "bob" }
end
function policy.subscribe(request)
  return accept { view = request.actor.participant.role == "host" and "moderator" or "plain" }
end
function policy.digit(_, _, participant) participant:set_role "guest" end
return policy
"""
    with Server(policy=policy) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        bob.call()
        alice.subscribe()
        alice.expect(200)
        assert Roster(alice.notified()).names() == {"alice", "bob"}
        alice.press("1")
        deadline = time.monotonic() + 5 * run.SLOW
        while not (notify := alice.notified())["Subscription-State"].startswith("terminated"):
            assert time.monotonic() < deadline
        assert notify["Subscription-State"] == "terminated;reason=deactivated", notify
        alice.subscribe()
        alice.expect(200)
        roster = Roster(alice.notified())
        assert roster.names() == {"alice"}
        assert text(roster.user("alice"), "roles/entry") == "guest"


@run.real_time
def test_who_takes_over_a_call_has_its_standing():
    policy = POLICY.replace("-- Any", "function policy.replace() return accept() end\n-- Any")
    with Server(policy=policy) as server, Phone(server, "bob") as bob, Phone(
        server, "dave"
    ) as dave, Phone(server, "alice") as alice:
        alice.call()
        bob.call()
        bob.press("1")
        server.expect_log("has the floor")
        server.expect_log("has the role speaker")
        bob.expect_nothing(0.1)
        replaces = f"{bob.call_id};to-tag={bob.remote_tag};from-tag={bob.local_tag}"
        dave.say(tone.sine(500)).call(headers={"Replaces": replaces, "Require": "replaces"})
        bye = bob.expect("BYE")
        bob.reply(bye, 200)
        bob.is_up = False
        people = server.participants()
        assert set(people) == {"alice", "dave"}
        assert people["dave"]["role"] == "speaker" and people["dave"]["floor"]
        assert people["dave"]["name"] == "Hall bob" and people["dave"]["may_speak"]
        tone.assert_hears(alice.hear(), {500: -20})


if __name__ == "__main__":
    run.main()
