"""INVITE with Join (RFC 3911, RFC 4579 §5.8): into the conference that a call belongs to."""

import run
import tone
from message import parameter, uri_of
from naming import ACCOUNTS, call_proven, dialog, join, refused
from parley import OPEN, Server
from roster import Roster
from sip import Phone

TELLS = """
local policy = parley.policy { name = "tells" }
function policy.create() return accept() end
function policy.join(request)
  print("join", request.actor.user, request.conference_name, request.joins and request.joins.user,
        request.by_dialog)
end
return policy
"""


def subscribe(phone):
    phone.resubscribe()
    phone.expect(200, method="SUBSCRIBE")
    return Roster(phone.notified())


@run.real_time
def test_figure_8_adding_a_participant_using_join():
    """RFC 4579 §5.8, message by message. A-F is Alice's dialog with the focus."""
    with Server(policy=TELLS) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        conf_id = uri_of(alice.call()["Contact"])
        seen_by_alice = subscribe(alice)
        # F1 INVITE Join:A-F
        bob.invite("demo", headers={**join(alice), "Supported": "replaces, join"})
        ringing = bob.expect(180)  # F2
        ok = bob.expect(200)  # F3 200 OK Contact:Conf-ID;isfocus
        assert uri_of(ok["Contact"]) == conf_id and parameter(ok["Contact"], "isfocus") == ""
        assert {"join", "replaces"} <= ok.tokens("Supported")
        assert ok.tag("To") == ringing.tag("To")
        bob.ack()  # F4
        notify = alice.notified()  # F5, F7
        assert notify["Event"] == "conference"
        seen_by_alice.take(notify)
        assert seen_by_alice.names() == {"alice", "bob"}
        seen_by_bob = subscribe(bob)  # F6, F8, F9, F10
        assert seen_by_bob.names() == {"alice", "bob"}
        server.expect_log(r"join bob demo alice false")
        alice.say(tone.sine(500))
        tone.assert_hears(bob.hear(), {500: -20})
        alice.bye(), bob.bye()  # with NOTIFYs between the answers


def test_without_a_dialog_of_that_name_a_conference_is_just_called():
    """RFC 3911 §4: the Join is ignored when the Request-URI is a conference's."""
    with Server(policy=TELLS) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        bob.call("demo", headers={"Join": "nobody@nowhere;to-tag=1;from-tag=2"})
        server.expect_log(r"join bob demo nil false")
        assert set(server.participants()) == {"alice", "bob"}


def test_without_a_dialog_of_that_name_nothing_else_is_called():
    with Server(policy=OPEN) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        unknown = {"Join": "nobody@nowhere;to-tag=1;from-tag=2"}
        refused(bob, 481, "elsewhere", unknown)
        for wrong in (
            join(alice, local="x"),
            join(alice, remote="x"),
            join(alice, local="0"),
            {"Join": dialog(alice).replace("call-", "CALL-")},
            # The names are the server's: the other way round is another dialog.
            join(alice, local=alice.local_tag, remote=alice.remote_tag),
        ):
            refused(bob, 481, "elsewhere", wrong)
        assert set(server.participants("elsewhere")) == set()


def test_any_uri_of_the_server_leads_to_the_conference_of_the_dialog():
    """For those who prove who they are; B9."""
    with Server(ACCOUNTS, policy=TELLS) as server, Phone(server, "guest") as guest, Phone(
        server, "bob"
    ) as bob:
        conf_id = uri_of(guest.call()["Contact"])
        ok = call_proven(bob, "elsewhere", join(guest))
        assert uri_of(ok["Contact"]) == conf_id and parameter(ok["Contact"], "isfocus") == ""
        assert set(server.participants()) == {"guest", "bob"}
        server.expect_log(r"join bob demo guest true")


def test_a_stranger_who_knows_the_tags_alone_is_asked_who_he_is():
    """RFC 3911 §7: another URI than the conference's, which the stranger may not know."""
    with Server(ACCOUNTS, policy=OPEN) as server, Phone(server, "guest") as guest, Phone(
        server, "stranger"
    ) as stranger:
        guest.call()
        assert refused(stranger, 401, "elsewhere", join(guest))["WWW-Authenticate"]
        stranger.call("demo", headers=join(guest))  # as anybody may


def test_a_policy_decides_about_it():
    policy = """
    local policy = parley.policy { name = "site" }
    function policy.join(request)
      if not request.joins then return end
      if request.joins.role == "host" then return reject(403, "Hosts are left alone") end
      return accept { role = "guest of " .. request.joins.user }
    end
    return policy
    """
    with Server(policy=policy) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol:
        alice.call()
        bob.call("nothing", headers=join(alice))
        assert server.participants()["bob"]["role"] == "guest of alice"
        server.policy.write_text(server.policy.read_text().replace('"host"', '"participant"'))
        server.reload()
        assert refused(carol, 403, headers=join(alice)).reason == "Hosts are left alone"


def test_a_locked_conference_is_locked():
    policy = """
    local policy = parley.policy { name = "site" }
    function policy.joined(_, conference) conference:lock() end
    return policy
    """
    with Server(policy=policy) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        server.expect_log("conference is locked")
        assert refused(bob, 403, headers=join(alice)).reason == "Conference is locked"


def test_a_call_that_is_being_dialled_can_be_joined():
    """An early dialog is as good as another (RFC 3911 §4)."""
    with Server(policy=TELLS) as server, Phone(server, "bob") as bob, Phone(
        server, "alice"
    ) as alice:
        done = server.command("invite", "demo", bob.own_uri)
        assert done.returncode == 0, done.stderr
        invite = bob.expect_call()
        refused(alice, 481, "elsewhere", join(bob))  # nobody has answered: there is no dialog
        bob.reply(invite, 180)
        server.expect_log("progress: 180")
        alice.call("demo", headers=join(bob))
        server.expect_log(r"join alice demo bob false")
        bob.pick_up(invite)


def test_of_several_phones_that_ring_each_has_a_dialog():
    with Server(policy=TELLS) as server, Phone(server, "bob") as bob, Phone(
        server, "alice"
    ) as alice, Phone(server, "carol") as carol:
        done = server.command("invite", "demo", bob.own_uri)
        assert done.returncode == 0, done.stderr
        invite = bob.expect_call()
        for tag in ("desk", "lab"):
            bob.reply(invite, 180, headers={"To": f"{invite['To']};tag={tag}"})
        server.expect_log("progress: 180.*")
        alice.call("demo", headers=join(bob, remote="lab"))
        carol.call("demo", headers=join(bob, remote="desk"))
        server.expect_log(r"join carol demo bob false")
        bob.pick_up(invite)


def test_what_has_ended_is_declined():
    """603: the conversation is over, and nobody else shall be called instead (RFC 3911 §4)."""
    with Server(policy=OPEN) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        ended = join(alice)
        alice.hang_up()
        server.expect_left("alice")
        refused(bob, 603, headers=ended)
        refused(bob, 603, "elsewhere", ended)


def test_a_subscription_is_no_call():
    """RFC 3911 §4: a dialog that was not created with an INVITE is 481, whatever was called."""
    with Server(policy=OPEN) as server, Phone(server, "alice", media=False) as alice, Phone(
        server, "bob"
    ) as bob:
        alice.subscribe()
        alice.expect(200)
        alice.notified()
        refused(bob, 481, headers=join(alice))


def test_a_call_with_subscriptions_is_a_call():
    """Several usages of a dialog (RFC 5057): it is the INVITE's that counts, and ends."""
    with Server(policy=OPEN) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        subscribe(alice)
        bob.call(headers=join(alice))
        assert set(server.participants()) == {"alice", "bob"}
        bob.hang_up()
        alice.bye()
        server.expect_left("alice")
        refused(bob, 603, headers=join(alice))


def test_what_is_wrong_is_400():
    with Server(policy=OPEN) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        name = dialog(alice)
        for headers in (
            {"Join": [name, name]},
            {"Join": [name, "other@x;to-tag=1;from-tag=2"]},
            {"Join": name, "Replaces": name},
            {"Join": f"{name}, {name}"},
            {"Join": alice.call_id},
            {"Join": f"{alice.call_id};to-tag=1"},
            {"Join": f"{alice.call_id};from-tag=1"},
            {"Join": f"{name};to-tag=2"},
            {"Join": f"{name};from-tag=2"},
            {"Join": f"{alice.call_id};to-tag;from-tag"},
            {"Join": ";to-tag=1;from-tag=2"},
            {"Join": ""},
        ):
            refused(bob, 400, headers=headers)
        for method in ("OPTIONS", "SUBSCRIBE", "BYE", "UPDATE", "INVITE"):  # in the dialog
            alice.send(alice.request(method, headers={"Join": name}))
            assert alice.expect(400, method=method).code == 400
            if method == "INVITE":
                alice.invite_request = None
        bob.new_dialog()
        bob.remote_uri = bob.uri("demo")
        bob.send(bob.request("OPTIONS", headers={"Join": name}))
        bob.expect(400)


def test_it_may_be_required():
    with Server(policy=OPEN) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        bob.call(headers={**join(alice), "Require": "join"})


if __name__ == "__main__":
    run.main()
