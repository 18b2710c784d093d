"""Refusals: every request that cannot be served is told why (RFC 3261 §8.2, §21)."""

import run
import sdp
from parley import Server
from sip import Phone, options, unique


def refused(code, conference="demo", changes=None, config=None, **invite):
    """An INVITE that must fail with `code`; returns the response, ACKed."""
    with Server(config=config) as server, Phone(server, media=False) as alice:
        alice.invite(conference, headers=changes, **invite)
        response = alice.expect(code, method="INVITE")
        alice.ack()
        alice.expect_nothing()
        assert server.status()["server"]["calls"] == 0
        return response


def test_400_for_an_invite_without_a_contact():
    refused(400, changes={"Contact": None})


def test_400_for_a_contact_that_nobody_can_send_to():
    refused(400, changes={"Contact": "<mailto:alice@example.com>"})


def test_400_for_a_broken_sdp():
    assert refused((400, 488), body=b"this is no session\r\n").code in (400, 488)


def test_400_when_the_cseq_names_another_method():
    with Server() as server, Phone(server, media=False) as alice:
        options(alice, headers={"CSeq": "7 INVITE"})
        alice.expect(400)


def test_405_with_allow_for_methods_that_are_known_but_not_served():
    with Server() as server, Phone(server, media=False) as alice:
        alice.remote_uri = alice.uri("demo")
        for method in ("PUBLISH", "PRACK"):
            more = {"Event": "conference", "RAck": "1 1 INVITE"}
            alice.new_dialog()
            alice.send(alice.request(method, headers=more, body=None))
            response = alice.expect(405, method=method)
            assert {"INVITE", "BYE", "OPTIONS"} <= response.tokens("Allow")


def test_405_in_a_dialog_leaves_the_call():
    with Server() as server, Phone(server) as alice:
        alice.call()
        alice.send(alice.request("PUBLISH", headers={"Event": "conference"}))
        alice.expect(405)
        alice.audio.wait_for_packets(5)


def test_501_for_a_method_that_nobody_knows():
    with Server() as server, Phone(server, media=False) as alice:
        alice.remote_uri = alice.uri("demo")
        alice.send(alice.request("DANCE"))
        alice.expect(501)


def test_406_when_the_answer_could_not_be_taken():
    refused(406, changes={"Accept": "text/plain"})


def test_415_with_accept_for_a_body_of_another_type():
    response = refused(415, changes={"Content-Type": "application/x-poem"}, body=b"roses are red")
    assert "application/sdp" in response.tokens("Accept")


def test_415_for_a_body_in_an_unknown_encoding():
    refused(415, changes={"Content-Encoding": "x-rot13"})


def test_416_for_a_uri_that_is_not_sip():
    refused(416, "tel:+4930123456")
    refused(416, "unheardof:demo")


def test_420_names_the_extension_that_is_not_supported():
    response = refused(420, changes={"Require": "timer, x-telepathy"})
    assert response.tokens("Unsupported") == {"x-telepathy"}


def test_420_is_not_for_proxy_require():
    """RFC 3261 §20.29: Proxy-Require is for proxies, a UAS does not look at it."""
    with Server() as server, Phone(server) as alice:
        alice.call(headers={"Proxy-Require": "x-telepathy"})


def test_481_for_requests_of_a_dialog_that_we_do_not_have():
    with Server() as server, Phone(server, media=False) as alice:
        for method in ("INVITE", "UPDATE", "OPTIONS", "BYE", "INFO"):
            alice.new_dialog()
            alice.remote_uri, alice.remote_tag = alice.uri("demo"), "nobody"
            body = alice.offer() if method in ("INVITE", "UPDATE") else None
            alice.invite_request = alice.send(alice.request(method, body=body))
            response = alice.expect(481, method=method)
            if method == "INVITE":
                alice.ack(response=response)


def test_482_when_the_same_request_comes_on_two_ways():
    """RFC 3261 §8.2.2.2: same From tag, Call-ID and CSeq, another branch."""
    with Server() as server, Phone(server) as alice:
        invite = alice.invite("demo")
        ok = alice.expect(200)
        again = alice.request(
            "INVITE",
            cseq=invite.cseq[0],
            body=invite.body,
            uri=invite.uri,
            to=invite["To"],
            branch=unique("z9hG4bK"),
        )
        alice.send(again)
        response = alice.expect(482)
        alice.invite_request = again
        alice.ack(response=response)
        alice.invite_request = invite
        alice.ack(response=ok)
        assert set(server.participants()) == {"alice"}


def test_486_when_the_conference_is_full_and_200_when_there_is_room_again():
    with Server(config="conferences = { demo = { capacity = 2 } }\n") as server, Phone(
        server, "alice"
    ) as alice, Phone(server, "bob") as bob, Phone(server, "carol") as carol:
        alice.call()
        bob.call()
        carol.invite("demo")
        carol.expect(486)
        carol.ack()
        bob.hang_up()
        server.expect_left("bob")
        carol.call()
        assert set(server.participants()) == {"alice", "carol"}


def test_488_with_a_warning_when_no_codec_is_common():
    response = refused(488, formats=("speex", (100, "GSM/8000")))
    assert response["Warning"].split()[0] in ("304", "305"), response["Warning"]


def test_488_when_there_is_no_audio():
    refused(488, media="video")


def test_488_for_a_stream_that_must_be_encrypted():
    refused(488, protocol="RTP/SAVP")


def test_an_offer_without_any_media_is_not_a_call():
    body = sdp.offer("127.0.0.1", 40000).split(b"m=")[0]
    assert refused((400, 488), body=body)


def test_503_with_retry_after_when_the_server_is_full():
    with Server(config="max_calls = 1\n") as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        bob.invite("demo")
        assert int(bob.expect(503)["Retry-After"].split()[0]) > 0
        bob.ack()
        alice.hang_up()
        server.expect_left("alice")
        bob.call()


def test_503_when_all_rtp_ports_are_taken_and_recovery_after():
    with Server(arguments=("--rtp-ports", "20000-20003")) as server, Phone(
        server, "alice"
    ) as alice, Phone(server, "bob") as bob, Phone(server, "carol") as carol:
        alice.call()
        bob.call()
        carol.invite("demo")
        assert carol.expect(503)["Retry-After"]
        carol.ack()
        alice.hang_up()
        for _ in range(20):  # the port closes with one of the next ticks
            bob.audio.wait_for_packets(1)
            carol.invite("demo")
            answer = carol.expect((200, 503))
            carol.ack()
            if answer.code == 200:
                break
        assert set(server.participants()) == {"bob", "carol"}


def test_505_for_another_version_of_sip():
    with Server() as server, Phone(server, media=False) as alice:
        alice.remote_uri = alice.uri("demo")
        request = alice.request("OPTIONS")
        request.start = request.start.replace("SIP/2.0", "SIP/3.0")
        alice.send(request)
        response = alice.receive(1)
        assert response is None or response.code in (400, 505), response


if __name__ == "__main__":
    run.main()
