"""An INVITE with a list of recipients (RFC 5366): who it brings in, and when it brings in nobody."""

import run
from dialing import refuse
from message import parameter
from parley import Server
from recipients import (
    ACCOUNTS,
    LISTS,
    MULTIPART,
    REQUIRE,
    authorize,
    entry,
    invite_list,
    list_part,
    multipart,
    part,
    resource_list,
)
from roster import Roster, text
from sip import Phone, options


def sdp_part(phone):
    return part("application/sdp", phone.offer())


def watched(phone, roster, ready):
    while not ready(roster):
        roster.take(phone.notified())
    return roster


def test_the_call_flow_of_figure_2():
    with Server(ACCOUNTS) as server, Phone(server) as alice, Phone(server, "bill") as bill, Phone(
        server, "randy"
    ) as randy, Phone(server, "joe") as joe:
        alice.invite("demo")  # the password first, which the figure leaves out
        challenged = alice.expect(401)
        alice.ack()
        body = multipart(
            sdp_part(alice),
            list_part(
                resource_list(
                    entry(bill.own_uri, copyControl="to"),
                    entry(randy.own_uri, copyControl="to", anonymize="true"),
                    entry(joe.own_uri, copyControl="cc"),
                )
            ),
        )
        headers = MULTIPART | REQUIRE | authorize(alice, challenged, alice.invite_request)
        f1 = alice.send_invite(body, headers)
        f2 = alice.expect(200)
        assert f2.cseq == f1.cseq
        assert "isfocus" in f2["Contact"] and f"<sip:demo@{server.address}>" in f2["Contact"]
        alice.ack()
        for phone in (bill, randy, joe):
            f3 = phone.expect_call()
            assert parameter(f3["Contact"], "isfocus") is not None
            assert f3["From"].endswith(f";tag={f3.tag('From')}") and "sip:demo@" in f3["From"]
            assert f3.sdp.audio.port
            phone.pick_up(f3)  # F6 to F8
        # §3.1: what has become of them, the conference package tells.
        watcher = Phone(server, "alice", media=False)
        subscribe = watcher.subscribe()
        watcher.resubscribe(headers=authorize(watcher, watcher.expect(401), subscribe))
        watcher.expect(200)
        roster = watched(watcher, Roster(watcher.notified()), lambda r: len(r.names()) == 4)
        assert roster.names() == {"alice", "bill", "anonymous1", "joe"}
        assert text(roster.endpoint("bill"), "joining-method") == "dialed-out"
        watcher.close()


def test_a_list_in_front_of_the_session_description_will_do():
    with Server(ACCOUNTS) as server, Phone(server) as alice, Phone(server, "bill") as bill:
        body = multipart(list_part(resource_list(bill.own_uri)), sdp_part(alice))
        invite_list(alice, "demo", body)
        alice.expect(200)
        alice.ack()
        bill.pick_up(bill.expect_call())


def test_a_list_alone_is_a_late_offer():
    with Server(ACCOUNTS) as server, Phone(server) as alice, Phone(server, "bill") as bill:
        headers = {"Content-Type": LISTS, "Content-Disposition": "recipient-list"}
        invite_list(alice, "demo", resource_list(bill.own_uri), headers)
        assert alice.expect(200).sdp.audio.port
        alice.ack(body=alice.offer())
        bill.pick_up(bill.expect_call())
        server.expect_log(r"sip:alice@\S+ joined")


def test_several_lists_are_one_and_who_is_there_twice_is_called_once():
    with Server(ACCOUNTS) as server, Phone(server) as alice, Phone(server, "bill") as bill, Phone(
        server, "joe"
    ) as joe:
        lists = [
            list_part(resource_list(bill.own_uri, bill.own_uri.upper().replace("SIP:BILL", "sip:bill"))),
            list_part(resource_list(joe.own_uri, bill.own_uri)),
        ]
        invite_list(alice, "demo", multipart(sdp_part(alice), *lists))
        alice.expect(200)
        alice.ack()
        bill.pick_up(bill.expect_call())
        joe.pick_up(joe.expect_call())
        bill.expect_nothing()


def test_one_who_is_busy_is_no_harm_to_the_others_and_is_told():
    with Server(ACCOUNTS) as server, Phone(server) as alice, Phone(server, "bill") as bill, Phone(
        server, "joe"
    ) as joe, Phone(server, "alice", media=False) as watcher:
        alice.invite("demo")
        answer = alice.expect(401)
        alice.ack()
        alice.send_invite(True, authorize(alice, answer, alice.invite_request))
        alice.expect(200)
        alice.ack()
        subscribe = watcher.subscribe()
        watcher.resubscribe(headers=authorize(watcher, watcher.expect(401), subscribe))
        watcher.expect(200)
        roster = Roster(watcher.notified())
        # Once more, from another phone of alice's, into the conference that is there.
        other = Phone(server, "alice")
        body = multipart(sdp_part(other), list_part(resource_list(joe.own_uri, bill.own_uri)))
        invite_list(other, "demo", body)
        other.expect(200)
        other.ack()
        refuse(joe, joe.expect_call(), 486)
        bill.pick_up(bill.expect_call())
        watched(watcher, roster, lambda r: r.status("joe") == "disconnected" and "bill" in r.names())
        watched(watcher, roster, lambda r: r.status("bill") == "connected")
        assert text(roster.endpoint("joe"), "disconnection-method") == "busy"
        other.hang_up()
        other.close()


def test_who_is_shown_without_a_name_is_not_named_by_whom_it_brings_in():
    for shown in "anonymous", "hidden":
        policy = f"""local policy = parley.policy {{ name = "site" }}
        function policy.join(request)
          if request.actor.user == "alice" then return accept {{ {shown} = true }} end
        end
        return policy"""
        with Server(ACCOUNTS, policy=policy) as server, Phone(server, "carol") as carol, Phone(
            server
        ) as alice, Phone(server, "bill") as bill:
            carol.call()
            carol.resubscribe()
            carol.expect(200, method="SUBSCRIBE")
            roster = Roster(carol.notified())
            recipients = list_part(resource_list(bill.own_uri, "tel:+15550100"))
            invite_list(alice, "demo", multipart(sdp_part(alice), recipients))
            alice.expect(200)
            alice.ack()
            bill.pick_up(bill.expect_call())
            while roster.status("bill") != "connected":
                notify = carol.notified()
                assert b"alice" not in notify.body, notify
                roster.take(notify)


def refused(server, phone, code, body, headers=None):
    invite_list(phone, "demo", body, headers)
    answer = phone.expect(code)
    phone.ack()
    assert server.participants() == {}
    return answer


def test_strangers_and_who_may_not_are_refused_and_nobody_is_called():
    policy = """local policy = parley.policy { name = "site" }
    function policy.invite(request)
      if request.uri:find "joe" then return reject(403, "Not him") end
    end
    return policy"""
    with Server(ACCOUNTS, policy=policy) as server, Phone(server, "carol") as carol, Phone(
        server
    ) as alice, Phone(server, "bill") as bill, Phone(server, "joe") as joe:
        body = multipart(sdp_part(carol), list_part(resource_list(bill.own_uri)))
        carol.invite("demo", body=body, headers=MULTIPART | REQUIRE)
        carol.expect(401)
        carol.ack()
        body = multipart(sdp_part(alice), list_part(resource_list(bill.own_uri, joe.own_uri)))
        assert refused(server, alice, 403, body).reason == "Not him"
        bill.expect_nothing()
        joe.expect_nothing(0.05)


def test_lists_that_are_none():
    with Server(ACCOUNTS) as server, Phone(server) as alice, Phone(server, "bill") as bill:
        uri = bill.own_uri
        for data in (
            b"",
            b"<resource-lists/>",
            resource_list("<entry/>"),
            resource_list(),
            b'<!DOCTYPE x [<!ENTITY a "b">]>' + resource_list(uri).partition(b"?>")[2],
        ):
            answer = send(server, multipart(sdp_part(alice), list_part(data)))
            assert answer.code == 400 and answer.reason == "Bad Recipient List", (data, answer)
        answer = send(
            server,
            multipart(
                sdp_part(alice),
                list_part(resource_list(uri, '<external anchor="http://example.com/list"/>')),
            ),
        )
        assert answer.code == 400 and answer.reason == "Recipients Are Elsewhere"
        assert "external" in answer["Warning"]
        bill.expect_nothing()


def send(server, body, headers=None):
    """What a broken body is answered with; a stranger will do, it is not asked for a password."""
    with Phone(server, "carol") as carol:
        carol.invite("demo", body=body, headers=MULTIPART | REQUIRE | (headers or {}))
        answer = carol.expect((400, 413, 415, 420))
        carol.ack()
        return answer


def test_who_requires_the_extension_has_a_list():
    with Server(ACCOUNTS) as server, Phone(server) as alice:
        answer = send(server, alice.offer(), {"Content-Type": "application/sdp"})
        assert answer.code == 400 and answer.reason == "Missing Recipient List"


def test_bodies_that_are_not_understood():
    with Server(ACCOUNTS) as server, Phone(server) as alice, Phone(server, "bill") as bill:
        other = part("text/plain", b"hello")
        recipients = list_part(resource_list(bill.own_uri))
        answer = send(server, multipart(sdp_part(alice), recipients, other))
        assert answer.code == 415
        assert answer.tokens("Accept") == {"application/sdp", "multipart/mixed", LISTS}
        # The same list as something to be shown, not obeyed.
        assert send(server, multipart(sdp_part(alice), part(LISTS, resource_list()))).code == 415
        assert send(server, b"--boundary1\r\n\r\ncut off").code == 400
        assert send(server, multipart(sdp_part(alice)), {"Content-Type": "multipart/mixed"}).code == 400
        assert send(server, multipart(*[sdp_part(alice)] * 20)).code == 413
        optional = part("text/plain", b"hello", "Content-Disposition: render;handling=optional")
        invite_list(alice, "demo", multipart(optional, sdp_part(alice), recipients))
        alice.expect(200)
        alice.ack()
        bill.pick_up(bill.expect_call())


def test_at_most_so_many_are_called_as_the_config_says():
    config = ACCOUNTS + "outbound = { recipients = 2 }\n"
    with Server(config) as server, Phone(server) as alice, Phone(server, "bill") as bill:
        two = list_part(resource_list(bill.own_uri, "sip:nobody@192.0.2.1"))
        three = list_part(resource_list(bill.own_uri, "sip:a@192.0.2.1", "sip:b@192.0.2.1"))
        answer = send(server, multipart(sdp_part(alice), three))
        assert answer.code == 413 and "At most 2 recipients" in answer["Warning"]
        bill.expect_nothing()
        invite_list(alice, "demo", multipart(sdp_part(alice), two))
        alice.expect(200)
        alice.ack()
        bill.pick_up(bill.expect_call())


def test_a_server_that_takes_no_lists_says_so():
    config = ACCOUNTS + "outbound = { recipients = 0 }\n"
    with Server(config) as server, Phone(server, "carol") as carol:
        body = multipart(sdp_part(carol), list_part(resource_list("sip:a@192.0.2.1")))
        answer = send(server, body)
        assert answer.code == 420 and answer["Unsupported"] == "recipient-list-invite"
        assert send(server, body, {"Require": None}).code == 415
        options(carol)
        ok = carol.expect(200)
        assert "recipient-list-invite" not in ok.tokens("Supported")
        assert LISTS not in ok.tokens("Accept")


def test_options_says_that_lists_are_taken():
    """RFC 5366 §5."""
    with Server() as server, Phone(server) as alice:
        options(alice)
        ok = alice.expect(200)
        assert "recipient-list-invite" in ok.tokens("Supported")
        assert {LISTS, "multipart/mixed"} <= ok.tokens("Accept")


def test_a_re_invite_with_a_list_is_refused():
    """RFC 5366 §5.1."""
    with Server(ACCOUNTS) as server, Phone(server, "carol") as carol, Phone(server, "bill") as bill:
        carol.call()
        body = multipart(sdp_part(carol), list_part(resource_list(bill.own_uri)))
        carol.reinvite(body, MULTIPART | REQUIRE)
        answer = carol.expect(420)
        assert answer["Unsupported"] == "recipient-list-invite"
        assert "recipient-list-invite" not in answer.tokens("Supported")
        carol.ack()
        carol.reinvite(multipart(sdp_part(carol)), MULTIPART)  # the call goes on
        carol.expect(200)
        carol.ack()
        bill.expect_nothing()


if __name__ == "__main__":
    run.main()
