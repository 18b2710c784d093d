"""The focus calls somebody to bring them in (RFC 4579 §5.2, RFC 3261 §13.2)."""

import hashlib
import re
import time

import run
import sdp
import tone
from dialing import EVENTS, failed, invite, refuse
from message import Message, uri_of
from parley import Server
from roster import Roster, text
from sip import Phone, unique

# ---- RFC 4579 figure 2 -----------------------------------------------------------------------


@run.real_time
def test_figure_2_the_focus_dials_out_to_carol():
    with Server() as server, Phone(server, "alice") as alice, Phone(server, "carol") as carol:
        alice.say(tone.sine(500)).call()
        carol.say(tone.sine(800))
        # F1 INVITE Contact:Conf-ID;isfocus
        f1 = invite(server, carol)
        assert f1.uri == carol.own_uri
        assert f1["Contact"] == f"<sip:demo@{server.address}>;isfocus"
        assert uri_of(f1["From"]) == f"sip:demo@{server.address}" and '"Demo"' in f1["From"]
        assert uri_of(f1["To"]) == f"sip:carol@{carol.address}"
        assert f1["Max-Forwards"] == "70" and f1.cseq[1] == "INVITE"
        assert {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"} <= f1.tokens("Allow")
        assert f1.sdp.audio.direction == "sendrecv" and "0" in f1.sdp.audio.formats
        # F2 180 Ringing
        carol.reply(f1, 180)
        server.expect_log("progress: 180")
        # F3 200 OK, F4 ACK
        f4 = carol.pick_up(f1)
        assert f4.uri == carol.own_uri and f4.cseq == (f1.cseq[0], "ACK")
        assert f4["Call-ID"] == f1["Call-ID"] and f4.tag("To") == carol.local_tag
        # RTP
        tone.assert_hears(alice.hear(), {800: -20}, absent=[500])
        tone.assert_hears(carol.hear(), {500: -20}, absent=[800])
        assert set(server.participants()) == {"alice", "carol"}
        # F5 SUBSCRIBE, F6 200, F7 NOTIFY, F8 200
        assert {"conference", "dialog"} <= f1.tokens("Allow-Events")
        carol.resubscribe()
        carol.expect(200, method="SUBSCRIBE")
        roster = Roster(carol.notified())
        assert roster.names() == {"alice", "carol"}
        assert text(roster.endpoint("carol"), "joining-method") == "dialed-out"
        assert text(roster.endpoint("alice"), "joining-method") == "dialed-in"


# ---- states and events -----------------------------------------------------------------------


def test_who_is_called_is_dialing_out_alerting_and_connected():
    with Server(policy=EVENTS) as server, Phone(server, "carol") as carol:
        request = invite(server, carol)
        entry = server.participants()["carol"]
        assert entry["status"] == "dialing-out" and not entry["joined"]
        assert server.status()["conferences"][0]["count"] == 0, "not counted before the answer"
        carol.reply(request, 180)
        server.expect_log(r"event alerting carol alerting - - 0")
        assert server.participants()["carol"]["status"] == "alerting"
        assert "alerting" in server.command("status").stdout
        carol.pick_up(request)
        server.expect_log(r"event joined carol connected - - 1")
        assert server.participants()["carol"]["status"] == "connected"
        carol.hang_up()
        server.expect_log(r"event left carol disconnected 0 hung up 0")
        order = re.findall(r"event (\w+) carol", server.log())
        assert order == ["dialing", "alerting", "joined", "left"]


def test_a_183_with_sdp_is_no_answer_yet():
    """RFC 3261 §13.2.1: the 2xx says the same again; early media are not listened to."""
    with Server() as server, Phone(server, "carol") as carol:
        request = invite(server, carol)
        early = carol.offer()
        carol.reply(request, 183, body=early, reason="Session Progress")
        server.expect_log("progress: 183")
        assert server.participants()["carol"]["status"] == "dialing-out"
        carol.reply(request, 200, body=early)
        carol.connect_audio(request.sdp)
        carol.is_up = True
        carol.expect("ACK")
        carol.audio.wait_for_packets(5)


def test_the_server_may_hang_up():
    """An operator's stop: the BYE names its reason."""
    policy = """
    local policy = parley.policy { name = "brief" }
    function policy.joined(_, _, participant) participant:remove "That was all" end
    return policy
    """
    with Server(policy=policy) as server, Phone(server, "carol") as carol:
        request = invite(server, carol)
        carol.pick_up(request)
        bye = carol.expect("BYE")
        assert "That was all" in bye["Reason"] and bye.cseq[0] > request.cseq[0]
        carol.reply(bye, 200)


def test_hold_and_other_offers_of_whom_we_called_work_as_for_any_caller():
    with Server() as server, Phone(server, "carol") as carol:
        carol.pick_up(invite(server, carol))
        carol.invite_request = None
        carol.reinvite(direction="sendonly")
        ok = carol.expect(200)
        assert ok.sdp.audio.direction == "recvonly"
        assert ok.sdp.origin[0] != 0 and ";isfocus" in ok["Contact"]
        carol.ack()
        server.expect_log("is on hold")
        assert server.participants()["carol"]["status"] == "on-hold"


# ---- refusals --------------------------------------------------------------------------------


def test_busy_declined_and_every_other_refusal_are_told():
    with Server(policy=EVENTS) as server, Phone(server, "carol", media=False) as carol:
        for code, reason in (
            (486, "Busy Here"),
            (603, "Decline"),
            (404, "Not Found"),
            (488, "Not Acceptable Here"),
            (500, "Oops"),
            (600, "Busy Everywhere"),
        ):
            refuse(carol, invite(server, carol), code, reason=reason)
            failed(server, "carol", code, reason)
        assert server.status()["server"]["calls"] == 0


def test_a_final_answer_that_comes_twice_is_acknowledged_twice():
    with Server() as server, Phone(server, "carol", media=False) as carol:
        request = invite(server, carol)
        carol.reply(request, 486)
        carol.expect("ACK")
        carol.reply(request, 486)
        carol.expect_repeated("ACK")


def test_a_200_that_comes_twice_is_acknowledged_twice():
    """RFC 3261 §13.2.2.4: the ACK is lost, the phone repeats its 200."""
    with Server() as server, Phone(server, "carol") as carol:
        request = invite(server, carol)
        answer = carol.offer()
        carol.reply(request, 200, body=answer)
        ack = carol.expect("ACK")
        for _ in range(2):
            carol.reply(request, 200, body=answer)
            carol.expect_repeated("ACK")
        assert carol.repeated[-1][1].raw == ack.raw
        carol.is_up = True


def test_an_answer_that_makes_no_sense_is_acknowledged_and_hung_up():
    answers = (
        None,
        b"once upon a time\r\n",
        sdp.offer("127.0.0.1", 0),
        sdp.offer("127.0.0.1", 4000, formats=("speex",)),
    )
    with Server(policy=EVENTS) as server:
        for answer in answers:
            with Phone(server, "carol", media=False) as carol:
                request = invite(server, carol)
                carol.reply(request, 200, body=answer)
                carol.expect("ACK")
                bye = carol.expect("BYE")
                assert "cause=488" in bye["Reason"]
                carol.reply(bye, 200)
                failed(server, "carol", 488)


ODD = {
    "no Contact": (200, {"Contact": None}),
    "a Contact that leads nowhere": (200, {"Contact": "<sip:>"}),
    "a Contact of another scheme": (200, {"Contact": "<mailto:carol@example.com>"}),
    "every Contact": (200, {"Contact": "*"}),
    "a Record-Route of another scheme": (200, {"Record-Route": "<tel:123>"}),
    "a redirection to nowhere": (302, {"Contact": None}),
    "a redirection to everywhere": (302, {"Contact": "*"}),
    "a redirection to nonsense": (302, {"Contact": ["<sip:a@b:99999>", "<tel:1>", "<sip:@>"]}),
    "an empty challenge": (401, {"WWW-Authenticate": "Digest"}),
    "another kind of challenge": (407, {"Proxy-Authenticate": 'Basic realm="far.example.com"'}),
    "no challenge": (401, {}),
    "a challenge without a nonce": (401, {"WWW-Authenticate": 'Digest realm="far.example.com"'}),
    "a long nonce": (401, {"WWW-Authenticate": f'Digest realm="far.example.com", nonce="{"x" * 9000}"'}),
    "a session that is too short for anybody": (422, {"Min-SE": "4294967295"}),
    "no word about the session": (422, {}),
    "a reliable 180": (180, {"Require": "100rel", "RSeq": "7"}),
    "a reliable 183 without a demand": (183, {"RSeq": "1"}),
    "an unheard-of 1xx": (199, {}),
    "an unheard-of 2xx": (299, {"Contact": None}),
    "an unheard-of refusal": (699, {}),
}


@run.limit(60)
def test_odd_answers_harm_nobody():
    """Whatever it is, the call ends well, by our BYE or its own refusal, and nothing is left."""
    with Server(config=CREDENTIALS) as server:
        for what, (code, headers) in ODD.items():
            with Phone(server, "carol", media=False) as carol:
                request = invite(server, carol)
                carol.reply(request, code, headers=headers)
                if code < 200:
                    carol.reply(request, 486)
                while True:
                    message = carol.receive(0.3)
                    if message is None or message.method == "ACK" and code >= 300:
                        break
                    if message.method == "BYE":
                        carol.reply(message, 200)
                carol.reply(request, 486)  # too late, or for one that went on
                carol.is_up = False
            assert server.process.poll() is None, f"{what} has killed the server"
            assert server.status()["server"]["calls"] == 0, f"{what} has left a call behind"
        done = server.command("invite", "demo", "sip:last@192.0.2.1")
        assert done.returncode == 0, "it still works"


# ---- no answer, CANCEL -----------------------------------------------------------------------

SOON = "outbound = { timeout = 1 }\n"


@run.real_time
def test_whoever_does_not_answer_in_time_is_cancelled():
    with Server(config=SOON, policy=EVENTS) as server, Phone(server, "carol", media=False) as carol:
        request = invite(server, carol)
        carol.reply(request, 180)
        began = time.monotonic()
        cancel = carol.expect("CANCEL")
        assert 0.5 < time.monotonic() - began < 2 * run.SLOW
        assert cancel.uri == request.uri and cancel["Via"] == request["Via"], "RFC 3261 §9.1"
        assert cancel.cseq == (request.cseq[0], "CANCEL") and cancel["To"] == request["To"]
        assert "cause=408" in cancel["Reason"]
        failed(server, "carol", 408, "No answer")
        carol.reply(cancel, 200)
        refuse(carol, request, 487)
        server.expect_log("ended: 408 No answer")
        assert server.status()["server"]["calls"] == 0


def test_a_cancel_waits_for_the_first_provisional_answer():
    """RFC 3261 §9.1."""
    with Server(config=SOON) as server, Phone(server, "carol", media=False) as carol:
        request = invite(server, carol)
        carol.expect_repeated("INVITE")
        server.expect_log("does not come in: 408")
        carol.reply(request, 180)
        cancel = carol.expect("CANCEL")
        carol.reply(cancel, 200)
        refuse(carol, request, 487)


def test_whoever_is_cancelled_and_says_nothing_is_given_up():
    """RFC 3261 §9.1: after 64·T1 the INVITE counts as cancelled."""
    with Server(config=SOON + 'sip = { t1 = "20ms" }\n') as server, Phone(server, "carol", media=False) as carol:
        request = invite(server, carol)
        carol.reply(request, 180)
        carol.reply(carol.expect("CANCEL"), 200)
        server.expect_log("its INVITE is cancelled, and gets no final answer")
        server.expect_log("ended: 408 No answer")
        assert server.status()["sip"]["calls"] == 0


def test_a_200_that_crosses_our_cancel_is_acknowledged_and_hung_up():
    with Server(config=SOON, policy=EVENTS) as server, Phone(server, "carol", media=False) as carol:
        request = invite(server, carol)
        carol.reply(request, 180)
        cancel = carol.expect("CANCEL")
        carol.reply(request, 200, body=carol.offer())
        assert carol.expect("ACK").tag("To") == carol.local_tag
        bye = carol.expect("BYE")
        assert bye.tag("To") == carol.local_tag and "cause=408" in bye["Reason"]
        carol.reply(cancel, 481)
        carol.reply(bye, 200)
        failed(server, "carol", 408)
        assert server.status()["server"]["calls"] == 0


def test_when_the_conference_ends_the_phones_stop_ringing():
    policy = """
    local policy = parley.policy { name = "end" }
    function policy.alerting(_, conference) conference:close "Changed our mind" end
    return policy
    """
    with Server(policy=policy) as server, Phone(server, "carol", media=False) as carol:
        request = invite(server, carol)
        carol.reply(request, 180)
        cancel = carol.expect("CANCEL")
        assert "Changed our mind" in cancel["Reason"]
        carol.reply(cancel, 200)
        refuse(carol, request, 487)
        assert server.participants() == {}


def test_a_server_that_stops_cancels():
    with Server() as server, Phone(server, "carol", media=False) as carol:
        request = invite(server, carol)
        carol.reply(request, 180)
        server.process.terminate()
        carol.reply(carol.expect("CANCEL"), 200)
        refuse(carol, request, 487)
        server.wait_stopped()


# ---- forking ---------------------------------------------------------------------------------


def test_of_a_forked_call_the_first_200_wins_and_the_others_are_hung_up():
    """RFC 3261 §13.2.2.4; the two branches differ in their To tags and Contacts."""
    with Server() as server, Phone(server, "carol") as carol, Phone(
        server, "carol", media=False
    ) as other:
        request = invite(server, carol)
        other.take(request)
        for phone in (carol, other):  # a forking proxy would sit between
            carol.send(reply_of(phone, request, 180))
        winner = reply_of(carol, request, 200, carol.offer())
        carol.send(winner)
        carol.connect_audio(request.sdp)
        carol.is_up = True
        assert carol.expect("ACK").tag("To") == carol.local_tag
        carol.send(reply_of(other, request, 200, other.offer()))
        assert other.expect("ACK").tag("To") == other.local_tag
        bye = other.expect("BYE")
        assert bye.tag("To") == other.local_tag and bye.uri == other.own_uri
        other.reply(bye, 200)
        carol.audio.wait_for_packets(5)
        assert set(server.participants()) == {"carol"}


def reply_of(phone, request, code, body=None):
    """The answer of one branch, to be sent by whoever forked the call."""
    lines = [("Via", via) for via in request.all("Via")] + [
        ("From", request["From"]),
        ("To", f"{request['To']};tag={phone.local_tag}"),
        ("Call-ID", request["Call-ID"]),
        ("CSeq", request["CSeq"]),
        ("Contact", phone.contact),
    ]
    if body:
        lines.append(("Content-Type", "application/sdp"))
    return Message(f"SIP/2.0 {code} Reason", lines, body or b"")


def test_behind_a_proxy_the_route_set_leads():
    with Server() as server, Phone(server, "carol") as carol:
        request = invite(server, carol)
        routes = [f"<{carol.own_uri};lr;n={n}>" for n in (1, 2)]
        ack = carol.pick_up(
            request, headers={"Record-Route": routes, "Contact": "<sip:carol@192.0.2.9>"}
        )
        assert ack.uri == "sip:carol@192.0.2.9"
        assert ack.all("Route") == list(reversed(routes)), "RFC 3261 §12.1.2"


# ---- redirection -----------------------------------------------------------------------------


def test_a_redirected_call_is_made_anew():
    """RFC 3261 §8.1.3.4: To, From and Call-ID stay, the CSeq rises; the best q is tried first."""
    with Server(policy=EVENTS) as server, Phone(server, "carol", media=False) as carol, Phone(
        server, "office", media=False
    ) as office, Phone(server, "home") as home:
        first = invite(server, carol)
        contacts = [f"<{home.own_uri}?Subject=x>;q=0.2", f"<{office.own_uri};method=INVITE>;q=0.8"]
        refuse(carol, first, 302, headers={"Contact": contacts})
        second = office.expect_call()
        assert second.uri == office.own_uri, "neither headers nor method go with it"
        assert second["To"] == first["To"] and second["From"] == first["From"]
        assert second["Call-ID"] == first["Call-ID"] and second.cseq[0] > first.cseq[0]
        refuse(office, second, 486)
        third = home.expect_call()
        assert third.uri == home.own_uri
        home.pick_up(third)
        assert set(server.participants()) == {"carol"}, "it is still carol who was invited"


def test_a_redirection_in_a_circle_ends():
    with Server(policy=EVENTS) as server, Phone(server, "carol", media=False) as carol, Phone(
        server, "dave", media=False
    ) as dave:
        request = invite(server, carol)
        refuse(carol, request, 302, headers={"Contact": f"<{dave.own_uri}>"})
        request = dave.expect_call()
        refuse(dave, request, 301, headers={"Contact": f"<{carol.own_uri}>"})
        failed(server, "carol", 301)


def test_an_endless_redirection_ends():
    """Always to another name: outbound.redirects is the bound."""
    with Server(config="outbound = { redirects = 3 }\n", policy=EVENTS) as server, Phone(
        server, "carol", media=False
    ) as carol:
        request = invite(server, carol)
        for number in range(3):
            target = f"<sip:n{number}@{carol.address}:{carol.port}>"
            refuse(carol, request, 302, headers={"Contact": target})
            request = carol.expect_call()
        refuse(carol, request, 302, headers={"Contact": f"<sip:n9@{carol.address}:{carol.port}>"})
        failed(server, "carol", 302)


def test_redirections_may_be_forbidden():
    with Server(config="outbound = { redirects = 0 }\n", policy=EVENTS) as server, Phone(
        server, "carol", media=False
    ) as carol:
        refuse(carol, invite(server, carol), 302, headers={"Contact": "<sip:dave@192.0.2.1>"})
        failed(server, "carol", 302)


def test_a_redirection_to_this_server_itself_is_not_followed():
    with Server(policy=EVENTS) as server, Phone(server, "carol", media=False) as carol:
        contact = f"<sip:demo@{server.address}>"
        refuse(carol, invite(server, carol), 302, headers={"Contact": contact})
        failed(server, "carol", 302)


# ---- digest ----------------------------------------------------------------------------------

CREDENTIALS = """
outbound = { credentials = { ["far.example.com"] = { user = "parley", password = "secret" } } }
"""
NONCE = "dcd98b7102dd2f0e8b11d0f600bfb0c093"


def challenge(scheme='Digest realm="far.example.com"', **parameters):
    parts = [f'{key}="{value}"' for key, value in {"nonce": NONCE, **parameters}.items()]
    return ", ".join([scheme, *parts])


def check_digest(request, header="Authorization", password="secret"):
    """Recomputes RFC 7616 §3.4.1 and returns the parameters."""
    text = request[header]
    assert text and text.startswith("Digest "), request
    given = {
        key: value.strip('"') for key, value in re.findall(r'(\w+)=("[^"]*"|[^\s,]+)', text[7:])
    }
    kind = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[given.get("algorithm", "MD5")]

    def h(*parts):
        return kind(":".join(parts).encode()).hexdigest()

    assert given["uri"] == request.uri and given["username"] == "parley"
    a1, a2 = h("parley", given["realm"], password), h(request.method, request.uri)
    if "qop" in given:
        assert given["qop"] == "auth" and re.fullmatch("[0-9a-f]{8}", given["nc"])
        expected = h(a1, given["nonce"], given["nc"], given["cnonce"], "auth", a2)
    else:
        expected = h(a1, given["nonce"], a2)
    assert given["response"] == expected, f"wrong digest in{request}"
    return given


def challenged(challenges, code=401, asks="WWW-Authenticate", answers="Authorization"):
    """One call that is challenged once; returns the credentials and the second INVITE."""
    with Server(config=CREDENTIALS) as server, Phone(server, "carol") as carol:
        first = invite(server, carol)
        assert first[answers] is None
        refuse(carol, first, code, headers={asks: challenges})
        second = carol.expect_call()
        assert second["Call-ID"] == first["Call-ID"] and second.cseq[0] == first.cseq[0] + 1
        assert second.tag("From") == first.tag("From")
        given = check_digest(second, answers)
        ack = carol.pick_up(second)
        assert ack[answers] == second[answers], "RFC 3261 §22.1"
        return given


def test_an_md5_challenge_is_answered():
    given = challenged(challenge(qop="auth,auth-int", algorithm="MD5", opaque="5ccc069c"))
    assert given["nc"] == "00000001" and given["opaque"] == "5ccc069c"
    assert given["algorithm"] == "MD5"


def test_a_sha_256_challenge_is_answered():
    assert challenged(challenge(qop="auth", algorithm="SHA-256"))["algorithm"] == "SHA-256"


def test_an_old_challenge_without_qop_and_algorithm_is_answered():
    given = challenged(challenge())
    assert "qop" not in given and "algorithm" not in given and "cnonce" not in given


def test_a_challenge_of_a_proxy_is_answered():
    challenged(challenge(qop="auth"), 407, "Proxy-Authenticate", "Proxy-Authorization")


def test_of_several_challenges_the_first_that_we_can_answer_counts():
    """RFC 8760 §2.4."""
    many = [
        challenge(qop="auth", algorithm="SHA-512-256"),
        challenge(qop="auth", algorithm="SHA-256"),
        challenge(qop="auth", algorithm="MD5"),
    ]
    assert challenged(many)["algorithm"] == "SHA-256"


def test_a_wrong_password_is_not_tried_twice():
    with Server(config=CREDENTIALS, policy=EVENTS) as server, Phone(
        server, "carol", media=False
    ) as carol:
        header = {"WWW-Authenticate": challenge(qop="auth")}
        refuse(carol, invite(server, carol), 401, headers=header)
        again = {"WWW-Authenticate": challenge(qop="auth", nonce="another")}
        refuse(carol, carol.expect_call(), 401, headers=again)
        failed(server, "carol", 401)


def test_a_stale_nonce_is_replaced():
    with Server(config=CREDENTIALS) as server, Phone(server, "carol") as carol:
        refuse(
            carol, invite(server, carol), 401, headers={"WWW-Authenticate": challenge(qop="auth")}
        )
        second = carol.expect_call()
        fresh = challenge(qop="auth", nonce="fresh") + ", stale=true"
        refuse(carol, second, 401, headers={"WWW-Authenticate": fresh})
        third = carol.expect_call()
        assert check_digest(third)["nonce"] == "fresh"
        carol.pick_up(third)


def test_endless_staleness_ends():
    with Server(config=CREDENTIALS, policy=EVENTS) as server, Phone(
        server, "carol", media=False
    ) as carol:
        request = invite(server, carol)
        for number in range(100):
            header = challenge(qop="auth", nonce=f"n{number}") + ", stale=true"
            refuse(carol, request, 401, headers={"WWW-Authenticate": header})
            request = carol.receive(0.5)
            if request is None:
                break
            carol.take(request)
        assert 5 < number < 50, number
        failed(server, "carol", 401)


def test_a_realm_that_we_have_no_password_for_gets_none():
    with Server(config=CREDENTIALS, policy=EVENTS) as server, Phone(
        server, "carol", media=False
    ) as carol:
        header = 'Digest realm="evil.example.com", nonce="x", qop="auth"'
        refuse(carol, invite(server, carol), 401, headers={"WWW-Authenticate": header})
        failed(server, "carol", 401)
        assert "secret" not in server.log()


def test_later_requests_bring_their_credentials_along():
    with Server(config=CREDENTIALS + SHORT) as server, Phone(server, "carol") as carol:
        header = {"Proxy-Authenticate": challenge(qop="auth")}
        refuse(carol, invite(server, carol), 407, headers=header)
        second = carol.expect_call()
        carol.pick_up(second, headers={"Allow": "INVITE, ACK, BYE, CANCEL, UPDATE"})
        update = carol.expect("UPDATE", within=4)
        given = check_digest(update, "Proxy-Authorization")
        assert given["nc"] == "00000002" and given["nonce"] == NONCE
        carol.reply(update, 200)


def test_credentials_change_by_a_reload():
    with Server(config=CREDENTIALS) as server, Phone(server, "carol") as carol:
        server.config.write_text(CREDENTIALS.replace("secret", "changed"))
        server.reload()
        header = {"WWW-Authenticate": challenge(qop="auth")}
        refuse(carol, invite(server, carol), 401, headers=header)
        second = carol.expect_call()
        check_digest(second, password="changed")
        carol.pick_up(second)


def test_credentials_that_are_incomplete_are_named_by_parley_check():
    with Server(start=False) as server:
        path = server.write("bad.lua", 'outbound = { credentials = { ["x.org"] = { user = 1 } } }\n')
        done = server.command("check", path)
        assert done.returncode == 2 and "x.org" in done.stderr, done.stderr
        path = server.write("worse.lua", '\noutbound = { proxy = "192.0.2.1" }\n')
        done = server.command("check", path)
        assert done.returncode == 2 and "worse.lua:2" in done.stderr, done.stderr


# ---- session timers --------------------------------------------------------------------------

SHORT = "session = { expires = 4, min_se = 2 }\n"


def test_the_invite_asks_for_a_session_timer_and_we_refresh():
    with Server(config=SHORT) as server, Phone(server, "carol") as carol:
        request = invite(server, carol)
        assert request["Session-Expires"] == "4" and "timer" in request.tokens("Supported")
        agreed = {
            "Session-Expires": "4;refresher=uac",
            "Require": "timer",
            "Allow": "INVITE, ACK, BYE, CANCEL, UPDATE",
        }
        carol.pick_up(request, headers=agreed)
        update = carol.expect("UPDATE", within=4)
        assert update["Session-Expires"] == "4;refresher=uac"
        carol.reply(update, 200, headers={"Session-Expires": "4;refresher=uac"})
        carol.audio.wait_for_packets(5)


@run.real_time
def test_a_phone_that_refreshes_is_waited_for():
    with Server(config=SHORT) as server, Phone(server, "carol") as carol:
        request = invite(server, carol)
        agreed = {"Session-Expires": "4;refresher=uas", "Require": "timer"}
        carol.pick_up(request, headers=agreed)
        began = time.monotonic()
        bye = carol.expect("BYE", within=6)
        assert 2 < time.monotonic() - began < 5 * run.SLOW and "cause=408" in bye["Reason"]
        carol.reply(bye, 200)


def test_a_longer_session_is_agreed_to():
    """RFC 4028 §7.4: 422 names what would do."""
    with Server(config=SHORT) as server, Phone(server, "carol") as carol:
        refuse(carol, invite(server, carol), 422, headers={"Min-SE": "90"})
        second = carol.expect_call()
        assert second["Session-Expires"] == "90" and second["Min-SE"] == "90"
        carol.pick_up(second)


# ---- targets ---------------------------------------------------------------------------------


@run.real_time
def test_a_target_over_tcp():
    with Server() as server, Phone(server, "carol", transport="tcp", waits=True) as carol, Phone(
        server
    ) as alice:
        alice.call()
        alice.say(tone.sine(500))
        request = invite(server, carol)
        assert request.uri == carol.own_uri and "SIP/2.0/TCP" in request["Via"]
        assert ";transport=tcp" in request["Contact"]
        assert "transport" not in request["To"], "RFC 3261 table 1"
        carol.reply(request, 180)
        carol.pick_up(request)
        tone.assert_hears(carol.hear(), {500: -20})


def test_a_call_over_tcp_can_be_cancelled():
    with Server(config=SOON, policy=EVENTS) as server, Phone(
        server, "carol", transport="tcp", waits=True, media=False
    ) as carol:
        request = invite(server, carol)
        carol.reply(request, 180)
        carol.reply(carol.expect("CANCEL"), 200)
        refuse(carol, request, 487)
        failed(server, "carol", 408)


def test_a_target_over_ipv6():
    with Server(host="::1") as server, Phone(server, "carol") as carol:
        request = invite(server, carol)
        assert request.sdp.audio.connection == "::1"
        assert uri_of(request["Contact"]) == f"sip:demo@[::1]:{server.port}"
        carol.pick_up(request)
        carol.audio.wait_for_packets(5)


def test_parameters_of_the_target_stay_and_headers_do_not():
    with Server() as server, Phone(server, "carol", media=False) as carol:
        uri = f"sip:+15551234@{carol.address}:{carol.port};user=phone;x=y;method=BYE?Subject=hi&Route=z"
        request = invite(server, carol, uri=uri)
        assert request.uri == f"sip:+15551234@{carol.address}:{carol.port};user=phone;x=y"
        assert uri_of(request["To"]) == f"sip:+15551234@{carol.address};user=phone"
        assert request["Subject"] is None and request["Route"] is None
        refuse(carol, request, 486)


def test_what_cannot_be_called_is_refused_at_once():
    targets = {
        "carol": 400,
        "sip:": 400,
        "sips:carol@127.0.0.1": 400,
        "tel:+15551234": 400,
        "http://127.0.0.1/": 400,
        "sip:carol@127.0.0.1:0": 400,
        "sip:carol@127.0.0.1:99999": 400,
        "sip:carol@127.0.0.1;transport=sctp": 400,
        "sip:<carol>@127.0.0.1": 400,
        "sip:carol@[::1]": 503,
        "sip:carol@0.0.0.0": 482,
        "sip:carol@224.0.0.1": 503,
        "sip:carol@255.255.255.255": 503,
    }
    with Server() as server:
        own = f"sip:demo@{server.address}"
        for uri, code in {**targets, own: 482, f"{own}:5060;transport=tcp": 482}.items():
            done = server.command("invite", "demo", uri)
            assert done.returncode == 1 and f": {code} " in done.stderr, (uri, done.stderr)
        assert server.status()["server"]["calls"] == 0 and server.participants() == {}


def test_a_conference_of_ours_is_not_invited_by_its_name_either():
    with Server(config='domain = "conf.example.com"\nconferences = { a = {}, b = {} }\n') as server:
        done = server.command("invite", "a", "sip:b@conf.example.com")
        assert done.returncode == 1 and ": 482 " in done.stderr, done.stderr


def test_an_invite_of_ours_that_comes_back_is_a_loop():
    """By a proxy that sends it home: RFC 3261 §16.3 would look at the Via, we at the Call-ID."""
    with Server(policy=EVENTS) as server, Phone(server, "proxy", media=False) as proxy:
        request = invite(server, proxy)
        uri = f"sip:demo@{server.address}"
        via = f"SIP/2.0/UDP {proxy.sent_by};branch={unique('z9hG4bK')};rport"
        headers = [("Via", via)] + request.headers
        proxy.send(Message(f"INVITE {uri} SIP/2.0", headers, request.body))
        looped = proxy.receive()
        while looped.code == 100:
            looped = proxy.receive()
        assert looped.code == 482, looped
        ack = [("Via", via), ("To", looped["To"]), ("CSeq", f"{request.cseq[0]} ACK")]
        ack += [(name, request[name]) for name in ("From", "Call-ID", "Max-Forwards")]
        proxy.send(Message(f"ACK {uri} SIP/2.0", ack))
        refuse(proxy, request, 482)
        failed(server, "proxy", 482)


def test_nobody_at_the_address_is_told_at_once():
    """The kernel says that the port is closed (ICMP)."""
    with Server(policy=EVENTS) as server:
        with Phone(server, "carol", media=False) as carol:
            uri = carol.own_uri
        done = server.command("invite", "demo", uri)
        assert done.returncode == 0
        failed(server, "carol", 503)


def test_nobody_at_a_tcp_address_is_told_at_once():
    with Server(policy=EVENTS) as server:
        with Phone(server, "carol", media=False) as carol:
            uri = carol.own_uri + ";transport=tcp"
        server.command("invite", "demo", uri)
        failed(server, "carol", 503)


def test_who_never_answers_at_all_is_given_up():
    """A black hole: INVITEs until the phone has rung long enough, though it never rang."""
    with Server(config=SOON, policy=EVENTS) as server, Phone(server, "carol", media=False) as carol:
        invite(server, carol)
        failed(server, "carol", 408, "No answer")


def test_all_calls_go_to_the_outbound_proxy():
    with Server(start=False) as server, Phone(server, "proxy") as proxy:
        server.config.write_text(f'outbound = {{ proxy = "{proxy.own_uri}" }}\n')
        server.arguments += ["--config", str(server.config)]
        server.start()
        request = invite(server, proxy, uri="sip:carol@far.example.com;transport=tcp")
        assert request.uri == "sip:carol@far.example.com;transport=tcp"
        assert request["Route"] == f"<{proxy.own_uri};lr>", "RFC 3261 §8.1.2"
        assert uri_of(request["To"]) == "sip:carol@far.example.com"
        ack = proxy.pick_up(request)
        assert ack["Route"] is None, "only a Record-Route would have asked for it"
        assert "carol" in server.participants()


def test_our_own_domain_stands_in_the_from():
    with Server(config='domain = "conf.example.com"\n') as server, Phone(server, "carol") as carol:
        request = invite(server, carol)
        assert uri_of(request["From"]) == "sip:demo@conf.example.com"
        assert request["Contact"] == f"<sip:demo@{server.address}>;isfocus", "reachable by anybody"
        carol.pick_up(request)


if __name__ == "__main__":
    run.main()
