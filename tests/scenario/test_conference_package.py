"""The conference package (RFC 4575): documents, versions, views."""

import calendar
import os
import random
import time

import run
import tone
from parley import OPEN, Server
from roster import CONFERENCE, Roster, text
from sip import Phone

POLICY = """
local policy = parley.policy { name = "rosters" }
function policy.create() return accept() end
function policy.join(request)
  local user = request.actor.user
  if user == "spy" then return accept { hidden = true } end
  if user == "shy" then return accept { anonymous = true } end
  if user == "host" then return accept { role = "host" } end
end
function policy.subscribe(request)
  return accept { view = request.actor.user == "moderator" and "moderator" or "plain" }
end
function policy.digit(event, conference, participant)
  if event.digit == "1" then
    if participant.muted then participant:unmute() else participant:mute() end
  end
  if event.digit == "2" then
    if conference.locked then conference:unlock() else conference:lock() end
  end
  if event.digit == "3" then participant:remove("Enough of this") end
end
return policy
"""


class Watcher:
    """A phone that subscribes and keeps a roster."""

    def __init__(self, server, name="watcher", conference="demo", **options):
        self.phone = Phone(server, name, media=False, **options)
        self.phone.subscribe(conference)
        self.phone.expect(200)
        self.roster = Roster(self.phone.notified())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.phone.close()

    def until(self, ready, within=5):
        """Takes documents until the condition holds of the roster."""
        deadline = time.monotonic() + within * run.SLOW
        while not ready(self.roster):
            assert time.monotonic() < deadline, f"not so in time: {self.roster.names()}"
            self.roster.take(self.phone.notified(within))
        return self.roster

    def drain(self, quiet=0.5):
        """Takes what comes until nothing does."""
        while notify := self.phone.receive(quiet):
            self.phone.learn(notify)
            self.phone.reply(notify, 200)
            self.roster.take(notify)
        return self.roster

    def compare(self):
        """Refreshes: the full document that comes must be what is known already. False: something
        has happened meanwhile, it is newer."""
        self.phone.resubscribe()
        is_accepted = False
        while True:
            message = self.phone.receive()
            assert message, "no document came"
            if message.is_response:
                assert message.code == 200, message
                is_accepted = True
                continue
            self.phone.reply(message, 200)
            if is_accepted and b'state="full"' in message.body.partition(b"><")[0]:
                fetched = Roster(message)
                is_same = fetched.version == self.roster.version
                assert not is_same or fetched == self.roster
                self.roster.take(message)
                return is_same
            self.roster.take(message)


def call_as(phone, sender, headers=None):
    """A call with this From; the test lets the server end it."""
    invite = phone.invite(headers={"From": f"{sender};tag=t-{phone.port}"} | (headers or {}))
    phone.local_tag = invite.tag("From")
    phone.expect(200)
    phone.ack()
    phone.is_up = False


# ---- what is in it ------------------------------------------------------------------------------


def test_a_conference_with_all_that_is_known_of_it():
    config = "conferences = { demo = { title = 'Tea <&> \"cake\"', capacity = 12 } }"
    with Server(config=config, policy=POLICY) as server, Phone(server, "host") as host:
        began = time.time()
        host.say(tone.sine(500)).call(headers={"Referred-By": "<sip:boss@example.com>"})
        host.hear(0.3)
        with Watcher(server) as watcher:
            roster = watcher.roster
            uri = f"sip:demo@{server.address}"
            assert roster.entity == uri
            description = "conference-description"
            assert roster.text(f"{description}/display-text") == 'Tea <&> "cake"'
            assert roster.text(f"{description}/subject") == 'Tea <&> "cake"'
            assert roster.text(f"{description}/conf-uris/entry/uri") == uri
            assert roster.text(f"{description}/conf-uris/entry/purpose") == "participation"
            assert roster.text(f"{description}/service-uris/entry/uri") == uri
            assert roster.text(f"{description}/service-uris/entry/purpose") == "event"
            assert roster.text(f"{description}/maximum-user-count") == "12"
            assert roster.text(f"{description}/available-media/entry/type") == "audio"
            assert roster.text("host-info/uris/entry/uri") == f"sip:{server.address}"
            state = roster.tree.find(f"{CONFERENCE}conference-state")
            assert [text(state, name) for name in ("user-count", "active", "locked")] == [
                "1",
                "true",
                "false",
            ]
            assert text(roster.user("host"), "roles/entry") == "host"
            endpoint = roster.endpoint("host")
            assert endpoint.get("entity") == f"sip:host@{host.address}:{host.port}"
            assert text(endpoint, "status") == "connected"
            assert text(endpoint, "joining-method") == "dialed-in"
            assert abs(moment(text(endpoint, "joining-info/when")) - began) < 5
            assert text(endpoint, "referred/by") == "sip:boss@example.com"
            assert text(endpoint, "media/type") == "audio"
            assert text(endpoint, "media/status") == "sendrecv"
            label = roster.tree.find(
                f"{CONFERENCE}conference-description/{CONFERENCE}available-media/{CONFERENCE}entry"
            ).get("label")
            assert text(endpoint, "media/label") == label
            assert text(endpoint, "media/src-id") == str(host.audio.ssrc)
            assert endpoint.find(f"{CONFERENCE}call-info") is None


def moment(stamp):
    return calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ"))


def test_everybody_has_an_own_time_of_joining():
    with Server(policy=POLICY) as server, Watcher(server) as watcher, Phone(
        server, "alice"
    ) as alice, Phone(server, "bob") as bob:
        alice.call()
        time.sleep(2.1)
        bob.call()
        roster = watcher.until(lambda roster: roster.names() == {"alice", "bob"})
        when = [
            moment(text(roster.endpoint(name), "joining-info/when")) for name in ("alice", "bob")
        ]
        assert 1 <= when[1] - when[0] <= 4


def test_mute_hold_and_lock_are_shown():
    with Server(policy=POLICY) as server, Watcher(server) as watcher, Phone(server) as alice:
        alice.call()
        watcher.until(lambda roster: roster.status("alice") == "connected")
        alice.audio.press("1")
        roster = watcher.until(lambda roster: roster.status("alice") == "muted-via-focus")
        assert text(roster.endpoint("alice"), "media/status") == "recvonly"
        alice.audio.press("1")
        watcher.until(lambda roster: roster.status("alice") == "connected")
        alice.audio.press("2")
        watcher.until(lambda roster: roster.text("conference-state/locked") == "true")
        alice.reinvite(direction="sendonly")
        alice.expect(200)
        alice.ack()
        roster = watcher.until(lambda roster: roster.status("alice") == "on-hold")
        assert text(roster.endpoint("alice"), "media/status") == "sendonly"
        alice.reinvite(direction="sendrecv")
        alice.expect(200)
        alice.ack()
        watcher.until(lambda roster: roster.status("alice") == "connected")


def test_how_somebody_left_is_told_before_the_name_goes():
    with Server(policy=POLICY) as server, Watcher(server) as watcher, Phone(
        server, "alice"
    ) as alice, Phone(server, "bob") as bob:
        alice.call()
        bob.call()
        watcher.until(lambda roster: roster.names() == {"alice", "bob"})
        alice.hang_up()
        roster = watcher.until(lambda roster: roster.status("alice") == "disconnected")
        assert text(roster.endpoint("alice"), "disconnection-method") == "departed"
        assert moment(text(roster.endpoint("alice"), "disconnection-info/when"))
        assert roster.text("conference-state/user-count") == "1"
        bob.audio.press("3")
        bob.reply(bob.expect("BYE"), 200)
        roster = watcher.until(lambda roster: roster.status("bob") == "disconnected")
        assert text(roster.endpoint("bob"), "disconnection-method") == "booted"
        reason = text(roster.endpoint("bob"), "disconnection-info/reason")
        assert reason == 'Reason: SIP;cause=200;text="Enough of this"'
        watcher.until(lambda roster: not roster.users())


def call_out(server, phone):
    """The operator has the phone called; returns the INVITE."""
    done = server.command("invite", "demo", phone.own_uri)
    assert done.returncode == 0, done.stderr
    return phone.expect_call()


def test_who_is_called_dials_rings_and_is_connected():
    with Server(policy=POLICY) as server, Watcher(server) as watcher, Watcher(
        server, "moderator"
    ) as moderator, Phone(server, "carol") as carol:
        request = call_out(server, carol)
        roster = watcher.until(lambda roster: roster.status("carol") == "dialing-out")
        endpoint = roster.endpoint("carol")
        assert text(endpoint, "joining-method") == "dialed-out"
        for later in ("joining-info", "media", "call-info"):
            assert endpoint.find(CONFERENCE + later) is None
        assert roster.text("conference-state/user-count") == "0", "not in yet"
        assert moderator.until(lambda roster: roster.user("carol") is not None)
        carol.reply(request, 180)
        roster = watcher.until(lambda roster: roster.status("carol") == "alerting")
        with Watcher(server, "late") as late:
            assert late.roster.status("carol") == "alerting"
        carol.pick_up(request)
        roster = watcher.until(lambda roster: roster.status("carol") == "connected")
        assert text(roster.endpoint("carol"), "joining-info/when")
        assert text(roster.endpoint("carol"), "media/status") == "sendrecv"
        assert roster.text("conference-state/user-count") == "1"
        roster = moderator.until(lambda roster: roster.status("carol") == "connected")
        sip = roster.endpoint("carol").find(f"{CONFERENCE}call-info/{CONFERENCE}sip")
        assert text(sip, "call-id") == request["Call-ID"]
        assert text(sip, "from-tag") == request.tag("From"), "the INVITE was from us"
        assert text(sip, "to-tag") == carol.local_tag
        carol.hang_up()
        watcher.until(lambda roster: roster.status("carol") == "disconnected")
        method = text(watcher.roster.endpoint("carol"), "disconnection-method")
        assert method == "departed"
        watcher.until(lambda roster: not roster.users())


def test_who_does_not_come_is_told_with_the_reason():
    for code, method in ((486, "busy"), (404, "failed")):
        with Server(policy=POLICY) as server, Watcher(server) as watcher, Phone(
            server, "alice"
        ) as alice, Phone(server, "carol") as carol:
            alice.call()
            request = call_out(server, carol)
            carol.reply(request, 180)
            watcher.until(lambda roster: roster.status("carol") == "alerting")
            carol.reply(request, code, reason="Not Now")
            carol.expect("ACK")
            roster = watcher.until(lambda roster: roster.status("carol") == "disconnected")
            endpoint = roster.endpoint("carol")
            assert text(endpoint, "disconnection-method") == method
            reason = text(endpoint, "disconnection-info/reason")
            assert reason == f'Reason: SIP;cause={code};text="Not Now"'
            watcher.until(lambda roster: roster.user("carol") is None)


def test_whom_we_called_may_watch_outside_of_the_call():
    with Server() as server, Phone(server, "carol") as carol, Phone(
        server, "carol", media=False
    ) as beside:
        carol.pick_up(call_out(server, carol))
        beside.subscribe(headers={"From": f"<{carol.own_uri}>;tag=t-beside"})
        beside.local_tag = "t-beside"
        beside.expect(200)
        assert Roster(beside.notified()).names() == {"carol"}


def test_two_devices_are_one_user():
    with Server(policy=POLICY) as server, Watcher(server) as watcher, Phone(
        server, "alice"
    ) as desk, Phone(server, "alice") as mobile:
        for phone in (desk, mobile):
            call_as(phone, "<sip:alice@example.com>")
        roster = watcher.until(lambda roster: roster.user("alice") is not None)
        roster = watcher.drain()
        endpoints = roster.user("alice").findall(f"{CONFERENCE}endpoint")
        assert len({endpoint.get("entity") for endpoint in endpoints}) == 2
        assert roster.text("conference-state/user-count") == "1"


def test_two_calls_of_one_device_are_two_endpoints():
    with Server(policy=POLICY) as server, Watcher(server) as watcher, Phone(
        server, "alice"
    ) as one, Phone(server, "alice") as two:
        for phone in (one, two):
            phone.contact = f"<sip:alice@{one.address}:{one.port}>"
            call_as(phone, "<sip:alice@example.com>")
        watcher.until(
            lambda roster: roster.user("alice") is not None
            and len(roster.user("alice").findall(f"{CONFERENCE}endpoint")) == 2
        )


# ---- views --------------------------------------------------------------------------------------


def test_who_asks_for_privacy_has_no_name():
    """RFC 3323; RFC 4575 §5.6."""
    with Server(policy=POLICY) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "shy") as shy:
        alice.call(headers={"Privacy": "id"})
        call_as(bob, '"Anonymous" <sip:anonymous@anonymous.invalid>')
        shy.call()
        for name in ("watcher", "moderator"):
            with Watcher(server, name) as watcher:
                roster = watcher.drain()
                found = {user.get("entity") for user in roster.users()}
                assert found == {f"sip:anonymous{n}@anonymous.invalid" for n in (1, 2, 3)}
                for user in roster.users():
                    assert text(user, "display-text") is None
                    whole = " ".join(user.itertext()) + repr([e.attrib for e in user.iter()])
                    assert "alice" not in whole and "shy" not in whole
                    assert alice.address + ":" not in whole


def test_a_nameless_one_keeps_its_number():
    with Server(policy=POLICY) as server, Watcher(server) as watcher, Phone(
        server, "alice"
    ) as alice, Phone(server, "shy") as shy:
        alice.call(headers={"Privacy": "id"})
        shy.call()
        watcher.until(lambda roster: roster.names() == {"anonymous1", "anonymous2"})
        alice.hang_up()
        watcher.until(lambda roster: len(roster.users()) == 1)
        assert watcher.roster.names() == {"anonymous2"}
        alice.call(headers={"Privacy": "id"})
        watcher.until(lambda roster: roster.names() == {"anonymous2", "anonymous3"})


def test_the_hidden_are_shown_to_moderators_only():
    with Server(policy=POLICY) as server, Phone(server, "alice") as alice, Phone(
        server, "spy"
    ) as spy, Watcher(server) as watcher, Watcher(server, "moderator") as moderator:
        alice.call()
        spy.call()
        roster = moderator.until(lambda roster: roster.names() == {"alice", "spy"})
        assert roster.text("conference-state/user-count") == "2"
        sip = "call-info/sip"
        assert text(roster.endpoint("alice"), f"{sip}/call-id") == alice.call_id
        assert text(roster.endpoint("alice"), f"{sip}/from-tag") == alice.local_tag
        assert text(roster.endpoint("alice"), f"{sip}/to-tag") == alice.remote_tag
        roster = watcher.drain()
        assert roster.names() == {"alice"}
        assert roster.text("conference-state/user-count") == "1"
        spy.hang_up()
        moderator.until(lambda roster: roster.names() == {"alice"})
        watcher.phone.expect_nothing()


def test_the_conference_has_the_name_by_which_it_is_called():
    config = 'domain = "conf.example.com"\nconferences = { demo = {} }'
    with Server(config=config, policy=POLICY) as server, Watcher(
        server, conference="sip:demo@conf.example.com"
    ) as one, Watcher(server) as other:
        assert one.roster.entity == "sip:demo@conf.example.com"
        assert other.roster.entity == f"sip:demo@{server.address}"
        assert one.roster.version == other.roster.version


def test_names_that_are_hard_to_write_are_valid_all_the_same():
    with Server(policy=POLICY) as server, Watcher(server) as watcher, Phone(server) as alice:
        name = '"<\\"&\uffff\u202e\U0001f600" <sip:a%20l&i=c%3ce@example.com>'
        call_as(alice, name, {"Referred-By": "<sip:x%zz@example.com>"})
        roster = watcher.until(lambda roster: roster.users())
        assert "\U0001f600" in text(roster.users()[0], "display-text")


# ---- versions -----------------------------------------------------------------------------------


@run.limit(60)
def test_partial_documents_add_up_to_the_full_one_whatever_happens():
    """The reference subscriber against a random conference."""
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    random.seed(seed)
    names = ["alice", "bob", "carol", "spy", "shy", "host"]
    arguments = ("--notify-interval", "50ms")
    with Server(policy=POLICY, arguments=arguments) as server, Watcher(server) as plain, Watcher(
        server, "moderator"
    ) as moderator:
        phones, compared = [Phone(server, name) for name in names], 0
        for _ in range(60):
            phone = random.choice(phones)
            if not phone.is_up:
                phone.invite(headers=random.choice(({}, {"Privacy": "id"})))
                answer = phone.expect((200, 403))
                phone.ack()
                phone.is_up = answer.code == 200
            else:
                act = random.choice(["leave", "leave", "1", "2", "hold"])
                if act == "leave":
                    phone.hang_up()
                elif act == "hold":
                    phone.reinvite(direction=random.choice(["sendonly", "sendrecv"]))
                    phone.expect(200)
                    phone.ack()
                elif phone.audio.key is None:
                    phone.audio.press(act)
            if random.random() < 0.3:
                for watcher in (plain, moderator):
                    watcher.drain(random.choice([0, 0.1]))
                    compared += watcher.compare()
        assert compared > 5
        for watcher in (plain, moderator):
            watcher.drain(1.5)
            assert watcher.compare()
            assert watcher.roster.states.count("partial") > 10, watcher.roster.states
        for phone in phones:
            if phone.is_up:
                phone.hang_up()
            phone.close()


def test_a_new_subscriber_gets_the_present_version():
    with Server(policy=POLICY) as server, Watcher(server) as first, Phone(server) as alice:
        alice.call()
        first.until(lambda roster: roster.names() == {"alice"})
        with Watcher(server, "second") as second:
            assert second.roster == first.roster
            assert second.roster.states == ["full"]


def test_changes_are_told_together_at_most_once_in_the_interval():
    with Server(policy=POLICY, arguments=("--notify-interval", "500ms")) as server, Watcher(
        server
    ) as watcher:
        phones = [Phone(server, f"caller{i}", media=False) for i in range(30)]
        began = time.monotonic()
        for phone in phones:
            phone.call()
        roster = watcher.until(lambda roster: len(roster.names()) == 30)
        took = time.monotonic() - began
        assert len(roster.states) - 1 <= took / 0.5 + 2, f"{roster.states} in {took} s"
        assert set(roster.states[1:]) == {"partial"}
        for phone in phones:
            phone.hang_up()
            phone.close()
        watcher.until(lambda roster: not roster.users(), within=10)


def test_a_slow_subscriber_gets_no_gap():
    """Eight changes are kept for it; beyond that a full document tells the rest."""
    with Server(policy=POLICY, arguments=("--notify-interval", "10ms")) as server, Watcher(
        server, "slow"
    ) as slow, Watcher(server) as quick, Phone(server) as alice:
        alice.call()
        held = slow.phone.expect("NOTIFY")
        quick.until(lambda roster: roster.names() == {"alice"})
        for count in (5, 15):
            for _ in range(count):
                before = quick.roster.status("alice")
                alice.audio.press("1")
                quick.until(lambda roster: roster.status("alice") != before)
            states = len(slow.roster.states)
            slow.roster.take(held)
            slow.phone.reply(held, 200)
            slow.drain()
            assert slow.roster == quick.drain()
            assert ("full" in slow.roster.states[states:]) == (count == 15)
            if count == 5:
                before = quick.roster.status("alice")
                alice.audio.press("1")
                quick.until(lambda roster: roster.status("alice") != before)
                held = slow.phone.expect("NOTIFY")


@run.limit(60)
def test_a_conference_that_is_too_big_for_a_datagram_comes_in_parts():
    with Server(policy=POLICY) as server:
        phones = [Phone(server, f"caller{i}", media=False) for i in range(150)]
        for phone in phones:
            phone.call()
        with Watcher(server) as watcher, Watcher(server, transport="tcp") as other:
            assert len(other.roster.names()) == 150, "TCP takes it whole"
            roster = watcher.drain()
            assert len(roster.names()) == 150
            assert roster.states[:2] == ["full", "partial"]
            phones[0].hang_up()
            watcher.until(lambda roster: roster.user("caller0") is None)
            assert len(watcher.roster.names()) == 149
        for phone in phones:
            if phone.is_up:
                phone.hang_up()
            phone.close()


if __name__ == "__main__":
    run.main()
