"""A focus that does not say that it is one (RFC 4579 §4.2, §4.3): an ordinary phone to everybody."""

import run
import tone
from dialing import invite
from message import parameter, uri_of
from parley import Server
from sip import Phone, options

HIDDEN = "conferences = { demo = { hide_focus = true }, open = {} }\n"
KNOWN = (
    'accounts = { alice = { password = "wonder" } }\ntrusted_peers = { "127.0.0.0/8" }\n' + HIDDEN
)


def assert_hidden(message, server, conference="demo"):
    assert message["Contact"].startswith(f"<sip:{conference}@{server.address}>")
    assert "isfocus" not in message["Contact"] and "automata" not in message["Contact"]
    assert message["Allow-Events"] is None, message


@run.real_time
def test_a_call_is_answered_as_by_any_phone():
    with Server(HIDDEN) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        alice.say(tone.sine(500))
        alice.invite()
        assert_hidden(alice.expect(180), server)
        assert_hidden(alice.expect(200), server)
        alice.ack()
        bob.call()
        assert tone.level(bob.hear(), 500) > -40
        alice.send(alice.request("OPTIONS"))
        assert_hidden(alice.expect(200, method="OPTIONS"), server)
        alice.reinvite()
        assert_hidden(alice.expect(200, method="INVITE"), server)
        alice.ack()
        assert "isfocus" in bob.call("open")["Contact"], "the other one does not hide"


def test_options_do_not_tell():
    with Server(HIDDEN) as server, Phone(server) as alice:
        options(alice)
        ok = alice.expect(200)
        assert_hidden(ok, server)
        assert parameter(ok["Contact"], "audio") == "" and ok.sdp.medias[0].kind == "audio"


def test_whom_it_calls_is_not_told_either():
    with Server(HIDDEN) as server, Phone(server, "bob") as bob:
        call = invite(server, bob)
        assert_hidden(call, server)
        bob.pick_up(call)


def test_nobody_can_subscribe_or_refer():
    known = {"P-Asserted-Identity": "<sip:alice@wonder.land>"}
    with Server(KNOWN) as server, Phone(server, "carol") as carol, Phone(server, "bob") as bob:
        carol.call()
        for event in ("conference", "dialog"):
            carol.resubscribe(event)  # in the call
            refused = carol.expect(403, method="SUBSCRIBE")
            assert refused.start == "SIP/2.0 403 Forbidden", refused
            bob.subscribe(event=event, headers=known)
            bob.expect(403)
        bob.new_dialog()
        bob.remote_uri = bob.uri("demo")
        bob.send(bob.request("REFER", headers=known | {"Refer-To": "<sip:dave@192.0.2.1>"}))
        bob.expect(403)
        assert set(server.participants()) == {"carol"}


def test_a_policy_may_hide_what_it_creates():
    policy = """local policy = parley.policy { name = "site" }
function policy.create() return accept { hide_focus = true } end
return policy
"""
    config = 'conferences = { new = { factory = "redirect" } }'
    with Server(config, policy=policy) as server, Phone(server) as alice:
        alice.invite("tea")
        assert_hidden(alice.expect(200), server, "tea")
        alice.ack()
        alice.hang_up()
        options(alice, "coffee")
        assert_hidden(alice.expect(200), server, "coffee")
        alice.invite("new")
        moved = alice.expect(302)
        alice.ack()
        name = uri_of(moved["Contact"])[4:].partition("@")[0]
        assert_hidden(moved, server, name)
        alice.invite(name)
        assert_hidden(alice.expect(200), server, name)
        alice.ack()


if __name__ == "__main__":
    run.main()
