"""Subscriptions to conferences (RFC 6665, RFC 4579 §3.4): who gets one, and how it ends."""

import contextlib
import time

import digest
import run
from message import parameter, uri_of
from parley import OPEN, Server
from roster import Roster
from sip import Phone

NOTICES = """
local policy = parley.policy { name = "notices" }
function policy.create() return accept() end
function policy.subscribe(request)
  if request.actor.user == "host" then return accept { view = "moderator" } end
  if request.actor.user == "watcher" then return accept() end
  if request.actor.user == "mallory" then return reject(603, "Not you") end
end
function policy.digit(event, conference, participant)
  if event.digit == "1" then conference:close("That is all") end
  if event.digit == "2" then participant:remove("Enough") end
end
return policy
"""


@contextlib.contextmanager
def people(server, *names, **options):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Phone(server, name, **options)) for name in names]


def assert_over(notify, reason):
    assert notify["Subscription-State"].startswith("terminated"), notify
    assert parameter(notify["Subscription-State"], "reason") == reason, notify


# ---- who ----------------------------------------------------------------------------------------


def test_a_participant_subscribes_within_its_call():
    """RFC 4579 §5.1: SUBSCRIBE with the Contact of the 200 as the Request-URI."""
    with Server() as server, Phone(server) as alice:
        ok = alice.call()
        assert {"conference", "dialog"} <= ok.tokens("Allow-Events")
        assert "SUBSCRIBE" in ok.tokens("Allow")
        subscribe = alice.resubscribe(headers={"Accept": "application/conference-info+xml"})
        assert subscribe.uri == uri_of(ok["Contact"])
        ok = alice.expect(200, method="SUBSCRIBE")
        assert ok["Expires"] == "3600" and ";isfocus" in ok["Contact"]
        notify = alice.notified()
        assert notify["Event"] == "conference" and ";isfocus" in notify["Contact"]
        assert notify["Subscription-State"].startswith("active;expires=3")
        assert notify["Call-ID"] == alice.call_id and notify.tag("To") == alice.local_tag
        roster = Roster(notify)
        assert roster.entity == uri_of(ok["Contact"]), "as it is called"
        assert roster.names() == {"alice"}


def test_a_participant_subscribes_outside_of_its_call():
    """As softphones do: another Call-ID, the same name and address."""
    with Server() as server, Phone(server) as alice, Phone(server, media=False) as beside:
        alice.call()
        me = f"<sip:alice@{alice.address}:{alice.port}>;tag=t-beside"
        beside.subscribe(headers={"From": me})
        beside.local_tag = "t-beside"
        beside.expect(200)
        assert Roster(beside.notified()).names() == {"alice"}
    with Server() as server, Phone(server) as alice, Phone(
        server, address="127.0.0.1", media=False
    ) as elsewhere:
        alice.call()
        elsewhere.subscribe(headers={"From": f"<sip:alice@{alice.address}:{alice.port}>;tag=t1"})
        elsewhere.local_tag = "t1"
        elsewhere.expect(401)  # the name alone proves nothing


def answer(phone, challenge, uri):
    """The SUBSCRIBE once more, with the password."""
    value = digest.authorization(challenge, phone.user, "builder", "SUBSCRIBE", uri)
    phone.resubscribe(headers={"Authorization": value})
    return phone.expect(200)


def test_an_account_watches_from_outside_with_its_password():
    config = "accounts = { bob = { password = 'builder' } }"
    with Server(config) as server, Phone(server) as alice, Phone(server, "bob", media=False) as bob:
        alice.call()
        bob.subscribe()
        answer(bob, digest.choose(bob.expect(401), "SHA-256"), bob.remote_uri)
        assert Roster(bob.notified()).names() == {"alice"}
        # The refresh, too; that one is challenged does not end what there is.
        bob.resubscribe()
        answer(bob, digest.choose(bob.expect(401), "MD5"), bob.remote_target)
        notify = bob.notified()
        assert int(parameter(notify["Subscription-State"], "expires")) > 3000


def test_behind_a_proxy_a_proven_name_must_be_proven_again():
    """All phones behind it have its address."""
    zoe = "<sip:zoe@example.net>"
    with Server('trusted_peers = "127.0.0.79"') as server, Phone(
        server, "proxy", address="127.0.0.79"
    ) as proxy, Phone(server, "mallory", address="127.0.0.79", media=False) as mallory:
        proxy.call(headers={"P-Asserted-Identity": zoe})
        mallory.subscribe(headers={"From": f"{zoe};tag=t1"})
        mallory.local_tag = "t1"
        mallory.expect(401)
        mallory.subscribe(headers={"P-Asserted-Identity": zoe})
        mallory.expect(200)
        assert Roster(mallory.notified()).names() == {"zoe"}


def test_strangers_are_refused():
    with Server() as server, Phone(server) as alice, Phone(server, "eve", media=False) as eve:
        alice.call()
        eve.subscribe()
        eve.expect(401)
        eve.expect_nothing()


def test_the_conference_must_be_there():
    with Server(policy=OPEN) as server, Phone(server, media=False) as alice:
        alice.subscribe("nowhere")
        alice.expect(404)
        alice.subscribe("demo")
        alice.expect(200)
        assert Roster(alice.notified()).names() == set()


def test_the_policy_decides():
    with Server(policy=NOTICES) as server, people(
        server, "watcher", "mallory", "other", media=False
    ) as (watcher, mallory, other):
        watcher.subscribe()
        watcher.expect(200)
        watcher.notified()
        mallory.subscribe()
        assert mallory.expect(603).reason == "Not you"
        other.subscribe()
        other.expect(401)
        server.expect_log("sip:mallory@.* may not subscribe to the conference package .by .*site.lua:7")


def test_a_policy_that_fails_lets_nobody_watch():
    text = NOTICES.replace('if request.actor.user == "host"', "if request.nothing.user")
    with Server(policy=text) as server, Phone(server) as alice:
        alice.call()
        alice.resubscribe()
        alice.expect(500, method="SUBSCRIBE")


def test_a_view_that_is_none_is_an_error_of_the_policy():
    with Server(policy=NOTICES.replace('"moderator"', '"all"')) as server, Phone(
        server, "host", media=False
    ) as host:
        host.subscribe()
        host.expect(500)
        server.expect_log('view must be "plain" or "moderator"')


# ---- how long -----------------------------------------------------------------------------------


def test_fetch_refresh_and_unsubscribe():
    with Server(policy=OPEN) as server, Phone(server, media=False) as alice:
        alice.subscribe(expires=0)
        assert alice.expect(200)["Expires"] == "0"
        notify = alice.notified()
        assert_over(notify, "timeout")
        assert Roster(notify).states == ["full"]
        alice.resubscribe()
        alice.expect(481)
        alice.subscribe(expires=90)
        assert alice.expect(200)["Expires"] == "90"
        roster = Roster(alice.notified())
        alice.resubscribe(expires=7200)
        assert alice.expect(200)["Expires"] == "3600"
        again = Roster(alice.notified())
        assert again == roster and again.states == ["full"]
        alice.resubscribe(expires=0)
        alice.expect(200)
        assert_over(alice.notified(), "timeout")


def test_what_is_too_short_is_423():
    with Server(policy=OPEN) as server, Phone(server, media=False) as alice:
        alice.subscribe(expires=59)
        assert alice.expect(423)["Min-Expires"] == "60"


def test_a_subscription_that_is_not_refreshed_ends():
    with Server(policy=OPEN, arguments=("--notify-min-expires", "1")) as server, Phone(
        server, media=False
    ) as alice:
        alice.subscribe(expires=1)
        alice.expect(200)
        alice.notified()
        assert_over(alice.notified(), "timeout")
        alice.resubscribe()
        alice.expect(481)


def test_the_call_and_the_subscription_outlive_each_other():
    with Server() as server, people(server, "alice", "bob") as (alice, bob):
        bob.call()
        alice.call()
        alice.resubscribe()
        alice.expect(200, method="SUBSCRIBE")
        roster = Roster(alice.notified())
        alice.hang_up()
        while roster.names() != {"bob"}:
            roster.take(alice.notified())
        alice.resubscribe()
        alice.expect(401)  # who is out is a stranger, and has half a minute to prove the opposite
        bob.hang_up()
        while not roster.names() == set():
            notify = alice.notified()
            roster.take(notify)
        assert int(parameter(notify["Subscription-State"], "expires")) <= 32


def test_who_is_put_out_is_told_nothing_more():
    with Server(policy=NOTICES) as server, Phone(server) as alice:
        alice.call()
        alice.resubscribe()
        alice.expect(200, method="SUBSCRIBE")
        alice.notified()
        alice.audio.press("2")
        seen = {}
        while len(seen) < 2:
            message = alice.receive()
            assert message.method in ("BYE", "NOTIFY"), message
            alice.reply(message, 200)
            alice.learn(message)
            if message.method == "BYE" or message["Subscription-State"].startswith("terminated"):
                seen[message.method] = message
        assert_over(seen["NOTIFY"], "rejected")


def test_with_the_conference_the_subscriptions_end():
    with Server(policy=NOTICES) as server, Phone(server) as alice, Phone(
        server, "watcher", media=False
    ) as watcher:
        alice.call("tea")
        watcher.subscribe("tea")
        watcher.expect(200)
        roster = Roster(watcher.notified())
        alice.hang_up()
        while not roster.is_deleted:
            notify = watcher.notified()
            roster.take(notify)
        assert_over(notify, "noresource")
        assert len(roster.users()) == 0
        watcher.subscribe("tea")
        watcher.expect(404)


def test_a_conference_that_is_always_there_keeps_its_subscribers():
    with Server(policy=OPEN) as server, Phone(server) as alice, Phone(
        server, "watcher", media=False
    ) as watcher:
        watcher.subscribe()
        watcher.expect(200)
        roster = Roster(watcher.notified())
        for _ in range(2):
            alice.call()
            while roster.names() != {"alice"}:
                roster.take(watcher.notified())
            alice.hang_up()
            while roster.users():
                roster.take(watcher.notified())
        assert roster.text("conference-state/user-count") == "0"


def test_a_conference_that_a_reload_takes_away_says_so():
    config = "conferences = { demo = { title = 'One' }, other = {} }"
    with Server(config=config, policy=OPEN) as server, people(
        server, "alice", "bob", media=False
    ) as (alice, bob):
        alice.subscribe("demo")
        alice.expect(200)
        roster = Roster(alice.notified())
        bob.subscribe("other")
        bob.expect(200)
        bob.notified()
        server.config.write_text("conferences = { demo = { title = 'Two', capacity = 7 } }")
        server.reload()
        roster.take(alice.notified())
        assert roster.text("conference-description/subject") == "Two"
        assert roster.text("conference-description/maximum-user-count") == "7"
        assert_over(bob.notified(), "noresource")


def test_a_server_that_stops_asks_to_come_back():
    with Server(policy=OPEN) as server, Phone(server, media=False) as alice:
        alice.subscribe()
        alice.expect(200)
        alice.notified()
        server.process.terminate()
        notify = alice.notified()
        assert_over(notify, "probation")
        assert int(parameter(notify["Subscription-State"], "retry-after")) > 0
        server.wait_stopped()


# ---- how ----------------------------------------------------------------------------------------


def test_over_tcp():
    with Server() as server, Phone(server, transport="tcp") as alice:
        alice.call()
        alice.resubscribe()
        alice.expect(200, method="SUBSCRIBE")
        roster = Roster(alice.notified())
        assert roster.entity == f"sip:demo@{server.address};transport=tcp", "as it is called"


def test_two_ids_are_two_subscriptions():
    with Server() as server, Phone(server) as alice:
        alice.call()
        for event in ("conference", "conference;id=2"):
            alice.resubscribe(event)
            alice.expect(200, method="SUBSCRIBE")
            assert alice.notified()["Event"] == event
        alice.resubscribe("conference;id=2", expires=0)
        alice.expect(200)
        notify = alice.notified()
        assert notify["Event"] == "conference;id=2"
        assert_over(notify, "timeout")


def test_what_is_no_package_is_489():
    with Server(policy=OPEN) as server, Phone(server, media=False) as alice:
        alice.subscribe(event="presence")
        assert {"conference", "dialog"} <= alice.expect(489).tokens("Allow-Events")
        alice.subscribe(headers={"Event": None})
        alice.expect(489)
        alice.subscribe(headers={"Accept": "application/pidf+xml"})
        alice.expect(406)


def test_a_repeated_subscribe_makes_one_subscription():
    with Server(policy=OPEN) as server, Phone(server, media=False) as alice:
        subscribe = alice.subscribe()
        alice.expect(200)
        alice.notified()
        alice.send(subscribe)
        alice.expect_repeated(200)
        alice.expect_nothing()


@run.real_time
def test_a_silent_subscriber_is_given_up_and_others_are_served():
    with Server(policy=OPEN) as server, people(server, "deaf", "alice", media=False) as (
        deaf,
        alice,
    ), Phone(server, "bob") as bob:
        deaf.subscribe()
        deaf.expect(200)
        alice.subscribe()
        alice.expect(200)
        roster = Roster(alice.notified())
        bob.call()
        while roster.names() != {"bob"}:
            roster.take(alice.notified())
        first = deaf.expect("NOTIFY")
        deaf.expect_repeated("NOTIFY")
        deaf.expect_nothing()
        assert first.cseq[0] == deaf.remote_cseq, "one at a time"
        began = time.monotonic()
        deaf.reply(first, 200)
        notify = deaf.notified()
        assert notify.cseq[0] == first.cseq[0] + 1
        assert time.monotonic() - began < 2
        assert Roster(first, notify) == roster


def test_who_unsubscribes_as_the_conference_ends_is_told_so():
    """The last one hangs up and ends the subscription, both before the focus has told of the end, or
    the one after it."""
    with Server(policy=OPEN) as server, people(server, "alice", "bob") as (alice, bob):
        for _ in range(10):
            alice.call("brief")
            alice.resubscribe()
            alice.expect(200, method="SUBSCRIBE")
            alice.notified()
            bob.call("brief")
            alice.notified()
            bob.hang_up()
            alice.notified()
            alice.bye()
            alice.resubscribe(expires=0)
            missing = {"BYE", "SUBSCRIBE", "NOTIFY"}
            while missing:
                message = alice.receive()
                assert message, f"nothing more comes, not even {missing}"
                missing.remove(message.cseq[1])
                if message.method == "NOTIFY":
                    assert message["Subscription-State"].startswith("terminated"), message
                    alice.reply(message, 200)
                else:
                    assert message.code in (200, 404, 410, 481), message


if __name__ == "__main__":
    run.main()
