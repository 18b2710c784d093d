"""How conferences end (RFC 4579 §5.12, RFC 4353 §5.7), and what is left of them."""

import contextlib
import re
import time

import run
from message import parameter, uri_of
from naming import follow
from parley import OPEN, Server
from roster import Roster
from sip import Phone, options

# Anybody may call the factory, and watch; keys do what the tests want to see.
SITE = """
local policy = parley.policy { name = "site" }
function policy.create() return accept() end
function policy.subscribe() return accept() end
function policy.digit(event, conference) if event.digit == "1" then conference:close("Enough") end end
function policy.ending(event, conference)
  print("event ending", conference.name, event.seconds, conference.ends_at ~= nil)
end
function policy.ended(event) print("event ended", event.reason) end
return policy
"""
FACTORY = 'conferences = { demo = {}, new = { factory = "answer", title = "Ad hoc" } }\n'


@contextlib.contextmanager
def people(server, *names, **options):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Phone(server, name, **options)) for name in names]


def conference_of(ok):
    return re.match(r"sip:([^@]*)@", uri_of(ok["Contact"]))[1]


def subscribe(phone):
    phone.resubscribe()
    phone.expect(200, method="SUBSCRIBE")
    return Roster(phone.notified())


def take_end(phone, roster, bye=True):
    """The BYE and the last NOTIFY, in whichever order; returns both."""
    seen = {} if bye else {"BYE": None}
    while set(seen) != {"BYE", "NOTIFY"}:
        message = phone.receive(6)
        assert message is not None, f"{phone.user} was told only of {list(seen)}"
        assert message.method in ("BYE", "NOTIFY"), message
        phone.reply(message, 200)
        phone.learn(message)
        if message.method == "BYE":
            seen["BYE"] = message
            continue
        roster.take(message)
        if message["Subscription-State"].startswith("terminated"):
            seen["NOTIFY"] = message
    return seen["BYE"], seen["NOTIFY"]


def end_reason(bye):
    return re.search(r'text="([^"]*)"', bye["Reason"])[1]


def assert_gone(phone, conference, code, reason):
    """What every request to the conference is answered with."""
    phone.invite(conference)
    answer = phone.expect(code)
    assert answer.reason == reason
    phone.ack()
    phone.subscribe(conference)
    assert phone.expect(code, method="SUBSCRIBE").reason == reason
    options(phone, conference)
    phone.expect(code, method="OPTIONS")


def test_figure_12_deleting_a_conference():
    """RFC 4579 §5.12: Alice, who made it, departs."""
    with Server(FACTORY, policy=SITE) as server, people(server, "alice", "bob", "carol") as phones:
        alice, bob, carol = phones
        conference = conference_of(alice.call("new"))
        rosters = [subscribe(alice)]
        for phone in (bob, carol):
            phone.call(conference)
            rosters.append(subscribe(phone))
        while rosters[0].names() != {"alice", "bob", "carol"}:
            rosters[0].take(alice.notified())
        alice.bye()  # F1
        ok = alice.receive()  # F2
        assert ok.code == 200 and ok.cseq[1] == "BYE", ok
        for phone, roster in zip(phones, rosters):
            # F3 to F6 BYE to Bob and Carol; F7 to F12 the last NOTIFYs
            bye, notify = take_end(phone, roster, bye=phone is not alice)
            assert parameter(notify["Subscription-State"], "reason") == "noresource"
            assert roster.is_deleted and not roster.users(), "RFC 4575 §5.1"
            if bye:
                assert end_reason(bye) == "Who made the conference has left"
        # Nobody else will ever have this URI: it is gone, not unknown.
        assert_gone(bob, conference, 410, "The conference has ended")
        bob.new_dialog()
        bob.remote_uri = bob.uri(conference)
        bob.send(bob.request("REFER", headers={"Refer-To": "<sip:dave@192.0.2.7>"}))
        bob.expect(410, method="REFER")


def test_who_made_it_may_hear_the_others_leave():
    with Server(FACTORY, policy=SITE) as server, people(server, "alice", "bob") as (alice, bob):
        conference = conference_of(alice.call("new"))
        bob.call(conference)
        bob.hang_up()
        server.expect_left("bob")
        alice.expect_nothing(0.1)
        (entry,) = [c for c in server.status()["conferences"] if c["name"] == conference]
        assert entry["ends_with_creator"] and entry["creator"] == entry["participants"][0]["id"]
        assert "ends with its creator" in server.command("status").stdout


def test_a_name_is_gone_for_a_while_only():
    config = FACTORY + 'created = { gone = "500ms" }'
    with Server(config, policy=SITE) as server, people(server, "alice", "bob") as (alice, bob):
        conference = conference_of(alice.call("new"))
        alice.hang_up()
        server.expect_log("event ended")
        deadline = time.monotonic() + 10
        server.policy.write_text(SITE.replace("create() return accept()", "create() return nil"))
        server.reload()
        while True:
            options(bob, conference)
            code = bob.expect((410, 404), method="OPTIONS").code
            if code == 404 or time.monotonic() > deadline:
                break
        assert_gone(bob, conference, 404, "No such conference")


def test_the_policy_may_let_a_conference_outlive_its_creator():
    policy = SITE.replace(
        "return policy",
        """function policy.close(request)
             print("close", request.actor.kind, request.params.reason)
             return reject(403, "It goes on")
           end
           return policy""",
    )
    with Server(FACTORY, policy=policy) as server, people(server, "alice", "bob") as (alice, bob):
        conference = conference_of(alice.call("new"))
        bob.call(conference)
        alice.hang_up()
        server.expect_log("close server Who made the conference has left")
        bob.expect_nothing(0.1)
        assert set(server.participants(conference)) == {"bob"}
        bob.hang_up()
        server.expect_log("event ended the last participant has left")


def test_a_conference_with_a_name_of_its_own_is_unknown_when_it_is_over():
    with Server(policy=SITE) as server, people(server, "alice", "bob") as (alice, bob):
        alice.call("tea")
        bob.call("tea")
        alice.hang_up()
        server.expect_left("alice")
        bob.expect_nothing(0.1)  # its creator is one of them, unless somebody says otherwise
        bob.hang_up()
        server.expect_log("event ended the last participant has left")
        alice.call("tea")  # and the name is free again


def test_an_empty_conference_stays_for_who_comes_back():
    with Server("created = { empty_timeout = 60 }", policy=SITE) as server, people(
        server, "alice", "bob"
    ) as (alice, bob):
        alice.call("tea")
        alice.hang_up()
        server.expect_left("alice")
        (entry,) = [c for c in server.status()["conferences"] if c["name"] == "tea"]
        since = entry["since"]
        assert entry["count"] == 0 and entry["empty_timeout_ms"] == 60000
        bob.call("tea")
        (entry,) = [c for c in server.status()["conferences"] if c["name"] == "tea"]
        assert entry["since"] == since, "it is the same"


def test_and_goes_when_nobody_does():
    with Server('created = { empty_timeout = "300ms" }', policy=SITE) as server, people(
        server, "alice", "watcher"
    ) as (alice, watcher):
        alice.call("tea")
        watcher.subscribe("tea")
        watcher.expect(200)
        roster = Roster(watcher.notified())
        alice.hang_up()
        notify = take_end(watcher, roster, bye=False)[1]
        assert parameter(notify["Subscription-State"], "reason") == "noresource"
        server.expect_log("event ended nobody has come")
        assert roster.is_deleted


def test_a_conference_ends_in_time_after_a_warning():
    config = 'conferences = { demo = { duration = "3s", warning = "2s" } }'
    with Server(config, policy=SITE) as server, people(server, "alice", "watcher") as (
        alice,
        watcher,
    ):
        watcher.subscribe()
        watcher.expect(200)
        seen_outside = Roster(watcher.notified())
        alice.call()
        roster = subscribe(alice)
        assert "ends at 20" in server.command("status").stdout
        server.expect_log(r"event ending demo 2\.0 true")
        bye, notify = take_end(alice, roster)  # each message within 3 s of the one before
        assert end_reason(bye) == "The time of the conference is over"
        assert parameter(notify["Subscription-State"], "reason") == "noresource"
        assert roster.is_deleted, "for those who were in it"
        # It is always there: it can be watched and called, and begins anew.
        while not seen_outside.users() or seen_outside.names():
            seen_outside.take(watcher.notified())
        assert not seen_outside.is_deleted
        alice.call()
        assert take_end(alice, follow(alice, subscribe(alice), lambda r: r.names() == {"alice"}))


def test_a_script_ends_it_for_all():
    with Server(FACTORY, policy=SITE) as server, people(server, "alice", "bob") as (alice, bob):
        conference = conference_of(alice.call("new"))
        bob.call(conference)
        roster = subscribe(bob)
        alice.audio.press("1")
        bye = alice.expect("BYE")
        alice.reply(bye, 200)
        assert end_reason(bye) == "Enough"
        bye, notify = take_end(bob, roster)
        assert end_reason(bye) == "Enough" and roster.is_deleted
        assert parameter(notify["Subscription-State"], "reason") == "noresource"
        assert_gone(bob, conference, 410, "The conference has ended")


def test_the_create_hook_says_how_long_it_lives():
    policy = SITE.replace(
        "create() return accept()",
        """create(request)
             print("lives", request.params.empty_timeout, request.params.ends_with_creator)
             return accept {
               duration = request.conference_name == "tea" and 0.4 or 0, warning = 0.1, empty_timeout = 60, ends_with_creator = true,
             }""",
    )
    with Server('created = { empty_timeout = "5s" }', policy=policy) as server, people(
        server, "alice", "bob"
    ) as (alice, bob):
        alice.call("tea")
        server.expect_log(r"lives 5\.0 false")
        server.expect_log(r"event ending tea 0\.1")
        alice.reply(alice.expect("BYE"), 200)
        server.expect_log("event ended The time of the conference is over")
        alice.call("milk")
        bob.call("milk")
        alice.hang_up()
        assert end_reason(bob.expect("BYE")) == "Who made the conference has left"
        bob.is_up = False


def test_a_time_that_is_none_is_said_with_its_line():
    for wrong, said in (
        ("duration = -1", "duration must be a duration such as \"5m\", or a number of seconds, from 0 to 1000000 s"),
        ('empty_timeout = "5 m"', "empty_timeout must be a duration such as \"5m\", or a number of seconds"),
        ("ends_with_creator = 1", "ends_with_creator must be true or false, not a number"),
    ):
        policy = SITE.replace("create() return accept()", f"create() return accept {{ {wrong} }}")
        with Server(policy=policy) as server, Phone(server) as alice:
            alice.invite("tea")
            alice.expect(500)
            alice.ack()
            server.expect_log(rf"policy/site\.lua:3: accept: {re.escape(said)}")


if __name__ == "__main__":
    run.main()
