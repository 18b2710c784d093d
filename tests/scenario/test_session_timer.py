"""Session timers (RFC 4028), with short sessions set in the config."""

import re
import time

import run
from parley import Server
from sip import Phone

SHORT = "session = { expires = 4, min_se = 2 }\n"
LONG = "session = { expires = 1800, min_se = 90 }\n"


def asks(seconds, refresher=None, **more):
    """The headers of a request for a session of so many seconds."""
    value = f"{seconds};refresher={refresher}" if refresher else str(seconds)
    return {"Session-Expires": value, "Supported": "timer", **more}


def session(message):
    """(seconds, refresher) of Session-Expires."""
    match = re.fullmatch(r"(\d+)\s*;\s*refresher\s*=\s*(uac|uas)", message["Session-Expires"] or "")
    assert match, f"no Session-Expires with a refresher in{message}"
    return int(match[1]), match[2]


def test_too_short_a_session_is_422_with_what_would_do():
    with Server(config=LONG) as server, Phone(server) as alice:
        alice.invite("demo", headers=asks(60))
        refused = alice.expect(422)
        assert refused["Min-SE"] == "90"
        alice.ack()
        alice.invite("demo", headers=asks(90, **{"Min-SE": "90"}))
        ok = alice.expect(200)
        assert session(ok)[0] == 90
        alice.ack()


def test_a_caller_that_asks_to_refresh_is_the_refresher():
    with Server(config=LONG) as server, Phone(server) as alice:
        ok = alice.call(headers=asks(300, "uac"))
        assert session(ok) == (300, "uac")
        assert "timer" in ok.tokens("Require"), "RFC 4028 §9: when the UAC refreshes"


def test_a_caller_that_wants_us_to_refresh_gets_it():
    with Server(config=LONG) as server, Phone(server) as alice:
        assert session(alice.call(headers=asks(300, "uas"))) == (300, "uas")


def test_a_caller_that_only_supports_timers_gets_the_servers_time():
    with Server(config=LONG) as server, Phone(server) as alice:
        assert session(alice.call(headers={"Supported": "timer"}))[0] == 1800


def test_a_longer_wish_than_ours_is_shortened():
    with Server(config=LONG) as server, Phone(server) as alice:
        assert 90 <= session(alice.call(headers=asks(7200)))[0] <= 7200


def test_a_longer_minimum_than_our_time_is_respected():
    with Server(config=LONG) as server, Phone(server) as alice:
        ok = alice.call(headers=asks(3600, **{"Min-SE": "3600"}))
        assert session(ok)[0] >= 3600


@run.real_time
def test_we_refresh_by_update_at_half_time():
    with Server(config=SHORT) as server, Phone(server) as alice:
        began = time.monotonic()
        alice.call(headers=asks(4, "uas", Allow="INVITE, ACK, BYE, CANCEL, UPDATE"))
        for turn in (1, 2):
            update = alice.expect("UPDATE", within=4)
            assert abs(time.monotonic() - began - 2 * turn) < 1 * run.SLOW
            assert session(update) == (4, "uac"), "now we are the client"
            assert ";isfocus" in update["Contact"]
            alice.reply(update, 200, headers=asks(4, "uac", Require="timer"))
        alice.audio.wait_for_packets(5)


def test_we_refresh_by_reinvite_when_the_phone_has_no_update():
    with Server(config=SHORT) as server, Phone(server) as alice:
        first = alice.call(headers=asks(4, "uas", Allow="INVITE, ACK, BYE, CANCEL"))
        invite = alice.expect("INVITE", within=4)
        assert session(invite) == (4, "uac")
        assert invite.sdp.origin == first.sdp.origin, "the offer is what was agreed on"
        alice.reply(invite, 200, body=alice.offer(), headers=asks(4, "uac", Require="timer"))
        ack = alice.expect("ACK")
        assert ack.cseq == (invite.cseq[0], "ACK")
        alice.audio.wait_for_packets(5)


def test_a_phone_without_timers_is_refreshed_all_the_same_or_left_alone():
    """RFC 4028 §9: we may refresh alone when the phone does not know timers."""
    with Server(config=SHORT) as server, Phone(server) as alice:
        alice.call(headers={"Allow": "INVITE, ACK, BYE, CANCEL, UPDATE"})
        request = alice.receive(3)
        if request:
            assert request.method == "UPDATE" and request.tag("To") == alice.local_tag
            alice.reply(request, 200)
        assert set(server.participants()) == {"alice"}


def refresh(alice, method, seconds=4):
    if method == "UPDATE":
        alice.send(alice.request("UPDATE", headers=asks(seconds, "uac")))
        return alice.expect(200, method="UPDATE")
    alice.reinvite(headers=asks(seconds, "uac"))
    ok = alice.expect(200, method="INVITE")
    alice.ack()
    return ok


@run.real_time
def test_a_call_lives_as_long_as_the_phone_refreshes_and_no_longer():
    with Server(config=SHORT) as server, Phone(server) as alice:
        alice.call(headers=asks(4, "uac"))
        for method in ("UPDATE", "INVITE", "UPDATE"):
            alice.expect_nothing(2 / run.SLOW)
            assert session(refresh(alice, method)) == (4, "uac")
        began = time.monotonic()
        bye = alice.expect("BYE", within=6)
        assert 2 < time.monotonic() - began < 5 * run.SLOW
        assert "cause=408" in (bye["Reason"] or ""), bye
        alice.reply(bye, 200)
        assert server.participants() == {}


def test_a_phone_that_has_forgotten_the_call_is_dropped():
    """A 481 to the refresh ends the dialog (RFC 3261 §12.2.1.2, RFC 4028 §10)."""
    with Server(config=SHORT) as server, Phone(server) as alice:
        alice.call(headers=asks(4, "uas", Allow="INVITE, ACK, BYE, CANCEL, UPDATE"))
        alice.reply(alice.expect("UPDATE", within=4), 481)
        bye = alice.receive(4)
        if bye:
            assert bye.method == "BYE", bye
            alice.reply(bye, 481)
        alice.is_up = False
        assert server.participants() == {}


@run.real_time
def test_a_phone_that_does_not_answer_our_refresh_is_dropped_when_the_session_expires():
    with Server(config=SHORT) as server, Phone(server) as alice:
        began = time.monotonic()
        alice.call(headers=asks(4, "uas", Allow="INVITE, ACK, BYE, CANCEL, UPDATE"))
        alice.expect("UPDATE", within=4)
        bye = alice.expect("BYE", within=5)
        assert time.monotonic() - began < 5 * run.SLOW
        alice.reply(bye, 200)
        assert server.participants() == {}


def test_a_refresh_that_collides_is_tried_again():
    """491 to our refresh: RFC 3261 §14.1, after 0 to 2 s since the call id is not ours;
    the session would end a third of its time before it expires."""
    with Server(config="session = { expires = 14, min_se = 2 }\n") as server, Phone(
        server
    ) as alice:
        alice.call(headers=asks(14, "uas", Allow="INVITE, ACK, BYE, CANCEL, UPDATE"))
        first = alice.expect("UPDATE", within=9)
        alice.reply(first, 491)
        second = alice.expect("UPDATE", within=4)
        assert second.cseq[0] > first.cseq[0]
        alice.reply(second, 200, headers=asks(14, "uac"))
        assert set(server.participants()) == {"alice"}


def test_a_reinvite_of_the_phone_while_ours_is_under_way_is_491():
    with Server(config="session = { expires = 8, min_se = 2 }\n") as server, Phone(server) as alice:
        alice.call(headers=asks(8, "uas", Allow="INVITE, ACK, BYE, CANCEL"))
        theirs = alice.expect("INVITE", within=6)
        alice.reinvite()
        refused = alice.expect(491, method="INVITE")
        alice.ack(response=refused)
        alice.reply(theirs, 200, body=alice.offer(), headers=asks(8, "uac", Require="timer"))
        alice.expect("ACK")
        assert set(server.participants()) == {"alice"}


def test_a_refresh_that_is_too_short_is_422_and_the_call_goes_on():
    with Server(config=LONG) as server, Phone(server) as alice:
        alice.call(headers=asks(300, "uac"))
        alice.send(alice.request("UPDATE", headers=asks(10, "uac")))
        assert alice.expect(422)["Min-SE"] == "90"
        assert set(server.participants()) == {"alice"}


def test_timers_that_are_off_are_off():
    with Server(config="session = { expires = 0 }\n") as server, Phone(server) as alice:
        ok = alice.call(headers={"Supported": "timer"})
        assert ok["Session-Expires"] is None


if __name__ == "__main__":
    run.main()
