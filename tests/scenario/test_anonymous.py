"""Who joins without a name (RFC 3323, RFC 4579 §6) on a condition of its own: nothing that anybody
else gets has the name, the address or the call of that one."""

import contextlib
import re
import struct
import time

import run
import schema
import tone
from moderation import decide, waits
from parley import Server, address
from roster import Roster
from sip import Phone

CONFIG = 'applications = { ["9000"] = "desk" }'
DESK = """
-- Press 1 to come in without a name.
return function(call)
  call:answer()
  local key = call:ask { max = 1, timeout = 10 }
  call:join(parley.conference "demo", { anonymous = key == "1" })
end
"""
POLICY = """
local policy = parley.policy { name = "site" }
function policy.create() return accept() end
function policy.join(request)
  if request.actor.user == "secretrule" then return accept { anonymous = true } end
  if request.actor.user == "secretdoor" then return pending {} end
end
function policy.subscribe(request)
  return accept { view = request.actor.user == "host" and "moderator" or "plain" }
end
function policy.invite() return accept() end
function policy.digit(event, conference, presser)
  if event.digit == "5" then presser:mute() end
  if event.digit == "6" then presser:unmute() end
  if event.digit == "7" then presser:remove "Enough" end
end
return policy
"""


class Ear:
    """All that the server sends to a phone, as bytes: SIP messages, RTP without audio, RTCP."""

    def __init__(self, phone):
        self.phone, self.messages, note = phone, [], phone.note

        def hear(arrow, data):
            if arrow == "<":
                self.messages.append(bytes(data))
            note(arrow, data)

        phone.note = hear

    def heard(self):
        audio = self.phone.audio
        packets = [packet.data[: -len(packet.payload) or None] for packet in audio.packets]
        return self.messages + packets + [data for _, data, _ in audio.rtcp]


class Watcher:
    """A phone that subscribes to the conference; `dialogs` does so to its dialogs."""

    def __init__(self, phone, dialogs=None):
        self.phone, self.dialogs = phone, dialogs
        phone.subscribe()
        phone.expect(200, method="SUBSCRIBE")
        self.roster = Roster()
        if dialogs:
            dialogs.subscribe(event="dialog")
            dialogs.expect(200, method="SUBSCRIBE")

    def until(self, ready):
        deadline = time.monotonic() + 10 * run.SLOW
        while self.roster.tree is None or not ready(self.roster):
            assert time.monotonic() < deadline, f"not so in time: {self.roster.names()}"
            self.roster.take(self.phone.notified(5))
        if self.dialogs:
            self.take_dialogs()

    def take_dialogs(self):
        """What there is of them now."""
        with contextlib.suppress(AssertionError):
            while True:
                schema.check("dialog-info", self.dialogs.notified(0.3).body)


def traces(phone):
    """What would give this phone away, as it may stand in a message."""
    return [
        text.encode()
        for text in (phone.user, "secret", "Sekret", phone.address, phone.call_id, phone.local_tag)
    ] + [struct.pack(">4B", *map(int, phone.address.split(".")))]


def disguise(phone):
    """As chatty as a phone may be."""
    new_dialog = phone.new_dialog

    def chatty_dialog():
        new_dialog()
        phone.call_id = f"secret-call-of-{phone.user}@{phone.address}"
        phone.local_tag = f"secret-tag-of-{phone.user}"

    offer = phone.offer

    def chatty_offer(**changes):
        return offer(**changes).replace(b"o=-", b"o=sekret").replace(b"s=-", b"s=Sekret talk")

    phone.new_dialog, phone.offer = chatty_dialog, chatty_offer
    phone.new_dialog()
    return {
        "From": f'"Sekret Agent" <{phone.name}>;tag={phone.local_tag}',
        "Contact": f'"Sekret Agent" {phone.contact}',
        "P-Asserted-Identity": f'"Sekret Agent" <{phone.name}>',
        "P-Preferred-Identity": f'"Sekret Agent" <{phone.name}>',
        "Remote-Party-ID": f'"Sekret Agent" <{phone.name}>;party=calling',
        "User-Agent": "SekretPhone/1.0",
        "Subject": "Sekret",
        "Organization": "Sekret Service",
        "Call-Info": f"<sip:{phone.user}@{phone.address}>;purpose=icon",
    }


def come_in_by_key(phone):
    headers = disguise(phone)
    phone.invite("9000", headers=headers)
    phone.expect(200)
    phone.ack()
    phone.is_up = True
    phone.press("1")
    again = phone.expect("INVITE")
    assert ";isfocus" in again["Contact"], again
    phone.reply(again, 200, body=phone.offer())
    phone.expect("ACK")


def come_in_by_rule(phone):
    phone.invite(headers=disguise(phone))
    phone.expect(200)
    phone.ack()
    phone.is_up = True


def come_in_by_privacy(phone):
    phone.invite(headers=disguise(phone) | {"Privacy": "id"})
    phone.expect(200)
    phone.ack()
    phone.is_up = True


def come_in_by_door(phone):
    """Is let in by somebody who is not told who that is."""
    come_in_by_privacy(phone)
    (waiting,) = waits(phone.server)
    decide(phone.server, "approve", waiting["id"])
    change = phone.expect("INVITE")
    phone.reply(change, 200, body=phone.offer())
    phone.expect("ACK")


def until(watchers, ready):
    for watcher in watchers:
        watcher.until(ready)


def stay_and_go(server, secret, number, watchers, erin):
    """All that somebody does in a conference that others hear of."""
    nobody = f"anonymous{number}"
    until(watchers, lambda roster: nobody in roster.names())
    secret.say(tone.sine(440))
    names = b"\x01\x16secretly@secret.example"
    secret.audio.send_rtcp(
        struct.pack(">BBHI", 0x80, 201, 1, secret.audio.ssrc)
        + struct.pack(">BBHI", 0x81, 202, 8, secret.audio.ssrc) + names + bytes(3)
    )
    secret.press("5")
    until(watchers, lambda roster: roster.status(nobody) == "muted-via-focus")
    secret.press("6")
    until(watchers, lambda roster: roster.status(nobody) == "connected")
    secret.refer_again(f"<{erin.own_uri}>", headers={"Referred-By": f"<{secret.name}>"})
    secret.expect(202, method="REFER")
    called = erin.expect_call()
    erin.reply(called, 486)
    erin.expect("ACK")
    while not secret.progress()[1]:
        pass
    secret.press("7")
    secret.reply(secret.expect("BYE"), 200)
    secret.is_up = False
    until(watchers, lambda roster: roster.user(nobody) is None)
    server.expect_log(rf"sip:{secret.user}@\S+ left: Enough")


def test_nothing_of_who_joins_anonymously_is_in_anything_that_others_get():
    ways = {"key": come_in_by_key, "rule": come_in_by_rule, "privacy": come_in_by_privacy, "door": come_in_by_door}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(
            Server(CONFIG, policy=POLICY, files={"scripts/desk.lua": DESK})
        )
        others = {
            name: stack.enter_context(Phone(server, name, rtcp_every=0.2))
            for name in ("alice", "bob", "host", "hostess", "warden", "erin")
        }
        others["hostess"].user = "host"  # the same person, for a second subscription
        others["hostess"].name = others["host"].name
        ears = {name: Ear(phone) for name, phone in others.items()}
        others["alice"].call()
        others["alice"].say(tone.sine(300))
        others["warden"].subscribe(event="parley-policy")
        others["warden"].expect(200, method="SUBSCRIBE")
        others["warden"].notified()
        watchers = [Watcher(others["bob"]), Watcher(others["host"], others["hostess"])]
        given_away = []
        for number, (way, come_in) in enumerate(ways.items(), 1):
            secret = stack.enter_context(Phone(server, f"secret{way}", address=address()))
            come_in(secret)
            stay_and_go(server, secret, number, watchers, others["erin"])
            given_away += traces(secret)
        hearing = others["alice"].audio
        hearing.wait_for(lambda: hearing.rtcp, within=10, what="a report with a CNAME")
        for name, ear in ears.items():
            for data in ear.heard():
                for trace in given_away:
                    assert trace.lower() not in data.lower(), (
                        f"{name} got {trace!r} in {data!r}"
                    )
        told = b"".join(ears["host"].messages)
        assert all(f"anonymous{n}@anonymous.invalid".encode() in told for n in (1, 2, 3, 4))
        assert b"sip:anonymous@anonymous.invalid" in told, "that somebody waits"
        assert b"<conference-policy" in b"".join(ears["warden"].messages)
        assert b"<dialog-info" in b"".join(ears["hostess"].messages)
        assert b"INVITE" in b"".join(ears["erin"].messages)
        assert len(ears["alice"].phone.audio.packets) > 50


if __name__ == "__main__":
    run.main()
