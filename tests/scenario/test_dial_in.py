"""Dial-in (RFC 4579 §5.1, RFC 3261 §13.3, RFC 3264): from the INVITE to voices that are heard."""

import rtp
import run
import sdp
import tone
from message import parameter, uri_of
from parley import OPEN, Server
from roster import CONFERENCE, Roster
from sip import Phone

SERVED = {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE"}
# As Carol's UA says in F1, and what the focus must know of it to be useful to her.
CAROL = {
    "Allow": "INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY",
    "Allow-Events": "dialog",
    "Accept": "application/sdp, message/sipfrag",
    "Supported": "replaces",
}


def test_figure_1_a_participant_joins_a_conference_using_the_conference_uri():
    """RFC 4579 §5.1."""
    with Server() as server, Phone(server, "carol") as carol:
        conference = f"sip:demo@{server.address}"
        # F1 INVITE sip:Conf-ID, F2 180 Ringing, F3 200 OK Contact:Conf-ID;isfocus, F4 ACK
        carol.invite(headers=CAROL)
        ringing = carol.expect(180)
        ok = carol.expect(200, method="INVITE")
        for response in (ringing, ok):
            assert response["Contact"] == f"<{conference}>;isfocus"
            assert uri_of(response["To"]) == conference and response.tag("To")
        assert ringing.tag("To") == ok.tag("To") and not ringing.body
        assert {"INVITE", "ACK", "CANCEL", "OPTIONS", "BYE", "REFER", "SUBSCRIBE"} <= ok.tokens(
            "Allow"
        )
        assert {"dialog", "conference"} <= ok.tokens("Allow-Events")
        assert "application/sdp" in ok.tokens("Accept") and ok["Supported"]
        assert ok["Content-Type"] == "application/sdp" and ok.sdp.audio.port
        carol.ack()
        # F5 SUBSCRIBE sip:Conf-ID, F6 200 OK, F7 NOTIFY, F8 200 OK: outside of the INVITE's dialog
        with Phone(server, "carol", media=False) as watcher:
            watcher.subscribe(headers={"From": f"{carol.invite_request['From']}"})
            watcher.local_tag = carol.local_tag
            subscribed = watcher.expect(200, method="SUBSCRIBE")
            assert subscribed["Contact"] == f"<{conference}>;isfocus"
            notify = watcher.notified()
            assert notify["Contact"] == f"<{conference}>;isfocus"
            assert notify["Event"] == "conference"
            assert notify["Subscription-State"].startswith("active;expires=")
            roster = Roster(notify)
            assert roster.entity == conference and roster.names() == {"carol"}
            joined = f"{CONFERENCE}joining-method"
            assert roster.endpoint("carol").findtext(joined) == "dialed-in"


def test_a_call_is_answered_by_ringing_and_by_ok_from_the_focus():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo")
        alice.expect(100)
        ringing = alice.expect(180)
        assert ringing.tag("To")
        ok = alice.expect(200, method="INVITE")
        assert ok.tag("To") == ringing.tag("To"), "both belong to one dialog"
        assert uri_of(ok["Contact"]) == f"sip:demo@{server.address}"
        assert parameter(ok["Contact"], "isfocus") == ""
        assert SERVED <= ok.tokens("Allow")
        assert "application/sdp" in ok.tokens("Accept")
        assert "timer" in ok.tokens("Supported")
        assert ok["Server"].startswith("Parley/")
        assert ok["Content-Type"] == "application/sdp"
        alice.ack()
        alice.expect_nothing()
        assert not alice.repeated, "an ACKed 200 is not sent again"


def test_allow_names_no_method_that_is_then_refused():
    with Server() as server, Phone(server) as alice:
        allowed = alice.call()["Allow"].replace(" ", "").split(",")
        for method in set(allowed) - {"INVITE", "ACK", "CANCEL", "BYE"}:
            alice.send(alice.request(method))
            assert alice.receive().code not in (405, 501), method


def test_the_answer_takes_the_offered_codecs_in_the_offered_order():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo", formats=("PCMA", "PCMU", "speex", "telephone-event"))
        audio = alice.expect(200).sdp.audio
        assert audio.protocol == "RTP/AVP"
        assert audio.formats == ["8", "0", "101"]
        assert audio.rtpmaps[101] == "telephone-event/8000"
        assert audio.direction == "sendrecv"
        assert audio.connection == server.address
        alice.ack()


def test_the_answer_keeps_the_offerers_payload_type_for_telephone_event():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo", formats=("PCMU", (96, "telephone-event/8000")))
        assert alice.expect(200).sdp.audio.formats == ["0", "96"]
        alice.ack()


def test_other_media_are_refused_in_the_answer_and_audio_goes_on():
    with Server() as server, Phone(server) as alice:
        alice.invite(
            "demo", before=("m=video 40010 RTP/AVP 31",), after=("m=audio 40020 RTP/SAVP 0",)
        )
        answer = alice.expect(200).sdp
        assert [(m.kind, m.protocol, m.port > 0) for m in answer.medias] == [
            ("video", "RTP/AVP", False),
            ("audio", "RTP/AVP", True),
            ("audio", "RTP/SAVP", False),
        ]
        alice.ack()


@run.real_time
def test_an_invite_without_offer_gets_the_offer_in_the_200():
    with Server() as server, Phone(server) as alice, Phone(server, "bob") as bob:
        bob.call()
        bob.say(tone.sine(800))
        alice.invite("demo", body=None)
        ok = alice.expect(200)
        assert "0" in ok.sdp.audio.formats and "8" in ok.sdp.audio.formats
        assert ok.sdp.audio.direction == "sendrecv"
        alice.ack(body=alice.offer(formats=("PCMA",)))
        tone.assert_hears(alice.hear(), {800: -20})
        assert {p.payload_type for p in alice.audio.packets} == {8}


def test_an_unusable_answer_in_the_ack_ends_the_call():
    answers = {
        "no common codec": sdp.offer("127.0.0.1", 40000, formats=("speex",)),
        "refused": sdp.offer("127.0.0.1", 0, formats=("PCMU",)),
        "not SDP at all": b"once upon a time\r\n",
        "missing": None,
    }
    with Server() as server:
        for why, answer in answers.items():
            with Phone(server, media=False) as alice:
                alice.invite("demo", body=None)
                alice.expect(200)
                alice.ack(body=answer)
                bye = alice.expect("BYE")
                assert "SIP" in (bye["Reason"] or ""), f"{why}: a Reason says why"
                alice.reply(bye, 200)
        assert server.status()["server"]["calls"] == 0


def test_a_conference_that_does_not_exist_is_not_found():
    with Server() as server, Phone(server) as alice:
        alice.invite("nowhere")
        assert alice.expect(404).tag("To")
        alice.ack()
        alice.expect_nothing()


def test_the_user_part_may_be_escaped():
    with Server() as server, Phone(server) as alice:
        alice.invite("d%65mo")
        assert uri_of(alice.expect(200)["Contact"]) == f"sip:demo@{server.address}"
        alice.ack()


def test_a_host_of_another_domain_is_not_found_when_a_domain_is_set():
    with Server(config='domain = "conf.example.com"\n') as server, Phone(server) as alice:
        alice.invite("sip:demo@elsewhere.example.com")
        alice.expect(404)
        alice.ack()
        alice.invite("sip:demo@CONF.example.com")
        assert uri_of(alice.expect(200)["Contact"]) == "sip:demo@conf.example.com"
        alice.ack()
        alice.hang_up()
        alice.invite("sip:demo@conf.example.com:5070")
        assert uri_of(alice.expect(200)["Contact"]) == "sip:demo@conf.example.com:5070"
        alice.ack()
        alice.hang_up()
        ok = alice.call(f"sip:demo@{server.address}")
        assert uri_of(ok["Contact"]) == f"sip:demo@{server.address}", "it may not know the name"


def test_with_the_open_policy_the_first_call_makes_the_conference_and_the_last_ends_it():
    with Server(policy=OPEN) as server, Phone(server) as alice, Phone(server, "bob") as bob:
        alice.call("tea")
        bob.call("tea")
        assert set(server.participants("tea")) == {"alice", "bob"}
        alice.hang_up()
        server.expect_left("alice")
        assert set(server.participants("tea")) == {"bob"}
        bob.hang_up()
        server.expect_left("bob")
        assert "tea" not in [entry["name"] for entry in server.status()["conferences"]]


@run.real_time
def test_a_call_over_tcp():
    with Server() as server, Phone(server, transport="tcp") as alice, Phone(server, "bob") as bob:
        ok = alice.call()
        assert uri_of(ok["Contact"]) == f"sip:demo@{server.address};transport=tcp"
        bob.call()
        bob.say(tone.sine(800))
        alice.say(tone.sine(500))
        tone.assert_hears(alice.hear(), {800: -20}, absent=[500])


def test_a_message_over_tcp_may_come_in_pieces_and_two_in_one():
    with Server() as server, Phone(server, transport="tcp") as alice:
        from message import render

        data = render(alice_invite(alice))
        for at in range(0, len(data), 100):
            alice.sock.sendall(data[at : at + 100])
        alice.expect(200)
        ack, bye = alice.request("ACK", cseq=alice.cseq), alice.request("BYE")
        alice.is_up = False
        alice.sock.sendall(b"\r\n\r\n" + render(ack) + render(bye))
        alice.expect(200, method="BYE")


def alice_invite(alice):
    alice.remote_uri = alice.uri("demo")
    alice.invite_request = alice.request("INVITE", body=alice.offer())
    return alice.invite_request


@run.real_time
def test_a_call_over_ipv6():
    with Server(host="::1") as server, Phone(server) as alice, Phone(server, "bob") as bob:
        ok = alice.call()
        assert uri_of(ok["Contact"]) == f"sip:demo@[::1]:{server.port}"
        assert ok.sdp.audio.connection == "::1"
        bob.call()
        bob.say(tone.sine(800))
        tone.assert_hears(alice.hear(), {800: -20})


def test_an_ipv6_address_on_a_server_without_ipv6_media_is_not_acceptable():
    with Server() as server, Phone(server, media=False) as alice:
        alice.invite("demo", body=sdp.offer("::1", 40000))
        alice.expect(488)
        alice.ack()


@run.real_time
def test_three_callers_hear_the_two_others_and_not_themselves():
    voices = {"alice": 500, "bob": 800, "carol": 1100}
    with Server() as server, Phone(server, "alice") as alice, Phone(
        server, "bob", transport="tcp"
    ) as bob, Phone(server, "carol") as carol:
        phones = (alice, bob, carol)
        for phone in phones:
            phone.say(tone.sine(voices[phone.user])).call()
        for phone in phones:
            others = {hertz: -20 for user, hertz in voices.items() if user != phone.user}
            tone.assert_hears(phone.hear(), others, absent=[voices[phone.user]])
            phone.audio.assert_steady()


def test_two_conferences_do_not_hear_each_other():
    with Server(policy=OPEN) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.say(tone.sine(500)).call("red")
        bob.say(tone.sine(800)).call("blue")
        for phone in (alice, bob):
            assert tone.loudness(phone.hear()) < -60


@run.real_time
def test_a_phone_may_take_part_with_either_law():
    with Server() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        alice.say(tone.sine(500)).call(formats=("PCMU",))
        bob.say(tone.sine(800)).call(formats=("PCMA",))
        tone.assert_hears(alice.hear(), {800: -20})
        tone.assert_hears(bob.hear(), {500: -20})
        assert {p.payload_type for p in bob.audio.packets} == {8}


def test_the_same_invite_sent_again_is_the_same_call():
    with Server() as server, Phone(server) as alice:
        invite = alice.invite("demo")
        alice.expect(200)
        alice.send(invite)
        alice.expect_repeated(200)
        alice.ack()
        assert len(server.participants()) == 1


def test_rtcp_is_answered_beside_the_port_of_the_answer():
    with Server() as server, Phone(server, rtcp_every=0.5) as alice:
        alice.call()
        alice.audio.wait_for(lambda: alice.audio.rtcp, 12, "a report of the server")
        _, data, source = alice.audio.rtcp[0]
        assert rtp.cname_of(data) and source[1] == alice.audio.remote[1] + 1


if __name__ == "__main__":
    run.main()
