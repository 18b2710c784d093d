"""Streams that come and go in a call: many m-lines, and none (RFC 3264 §6, §8; RFC 4353 §5.9)."""

import dialing
import run
import tone
from changes import take_change
from message import parameter
from parley import Server
from roster import Roster, text
from sip import Phone

SILENT = -60
VIDEO = "m=video 40010 RTP/AVP 31"
NO_VIDEO = "m=video 0 RTP/AVP 31"
NO_AUDIO = "m=audio 0 RTP/AVP 0"

POLICY = """
local policy = parley.policy { name = "site" }
local function tell(event, conference, participant)
  print("event", event.name, participant.user, participant.media, event.code or event.on)
end
policy.changed, policy.held = tell, tell
function policy.subscribe() return accept() end
function policy.digit(event, conference)
  for participant in conference:participants() do
    if participant.user == "bob" then participant:hold() end
  end
end
return policy
"""


def streams(sdp):
    """[(kind, whether it is on, protocol, first format)]"""
    return [(m.kind, m.port != 0, m.protocol, m.formats[0]) for m in sdp.medias]


def change(phone, code=200, **offer):
    phone.reinvite(**offer)
    answer = phone.expect(code)
    phone.ack()
    return answer


class Pair:
    """alice at 500 Hz and bob at 800 Hz."""

    def __enter__(self):
        self.server = Server(policy=POLICY)
        self.alice, self.bob = Phone(self.server, "alice"), Phone(self.server, "bob")
        self.alice.say(tone.sine(500)).call()
        self.bob.say(tone.sine(800)).call()
        return self.server, self.alice, self.bob

    def __exit__(self, *what):
        try:
            for phone in (self.alice, self.bob):
                phone.__exit__(*what)
        finally:
            self.server.__exit__(*what)


def assert_together(alice, bob):
    tone.assert_hears(alice.hear(settle=0.5), {800: -20}, absent=[500], tolerance=3)
    tone.assert_hears(bob.hear(), {500: -20}, absent=[800], tolerance=3)


def assert_without_audio(server, alice, bob):
    """bob is in, and neither heard nor sent anything; the roster says so."""
    server.expect_log("event changed bob none 200")
    assert set(server.participants()) == {"alice", "bob"}
    assert tone.level(alice.hear(), 800) < SILENT
    came = len(bob.audio.packets)
    alice.audio.wait_for_packets(15)
    assert len(bob.audio.packets) - came <= 1
    with Phone(server, "eve", media=False) as eve:
        eve.subscribe()
        eve.expect(200)
        roster = Roster(eve.notified())
        assert roster.status("bob") == "connected"
        assert text(roster.endpoint("bob"), "media/status") == "inactive"


@run.real_time
def test_a_stream_is_added_and_removed_and_the_audio_goes_on():
    with Pair() as (_, alice, bob):
        assert_together(alice, bob)
        added = change(alice, after=(VIDEO, "a=rtpmap:31 H261/90000")).sdp
        assert streams(added) == [
            ("audio", True, "RTP/AVP", "0"),
            ("video", False, "RTP/AVP", "31"),
        ]
        assert_together(alice, bob)
        removed = change(alice, after=(NO_VIDEO,)).sdp
        assert streams(removed) == streams(added)
        assert removed.origin == added.origin, "nothing has changed for us"
        assert_together(alice, bob)


def test_what_is_of_no_use_is_refused_in_its_place_with_its_protocol():
    """As a browser and a fax machine would offer, all in one."""
    more = (
        "m=message 40020 TCP/MSRP *",
        "a=accept-types:text/plain",
        "m=application 40030 UDP/DTLS/SCTP webrtc-datachannel",
        "a=mid:2",
        "m=image 40040 udptl t38",
        "m=audio 40050 RTP/AVP 0",
        "m=audio 40060 UDP/TLS/RTP/SAVPF 111",
        "a=rtpmap:111 opus/48000/2",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
    )
    ice = ("a=mid:0", "a=ice-ufrag:abcd", "a=candidate:1 1 UDP 2130706431 192.0.2.9 9 typ host")
    with Server() as server, Phone(server) as alice:
        answer = alice.call(
            body=alice.offer(before=("a=group:BUNDLE 0 2", VIDEO), extra=ice, after=more)
        ).sdp
        assert streams(answer) == [
            ("video", False, "RTP/AVP", "31"),
            ("audio", True, "RTP/AVP", "0"),
            ("message", False, "TCP/MSRP", "*"),
            ("application", False, "UDP/DTLS/SCTP", "webrtc-datachannel"),
            ("image", False, "udptl", "t38"),
            ("audio", False, "RTP/AVP", "0"),
            ("audio", False, "UDP/TLS/RTP/SAVPF", "111"),
        ]
        assert answer.attributes == [], "no group that we do not keep"
        alice.audio.wait_for_packets(5)


@run.real_time
def test_another_m_line_becomes_the_audio_one():
    with Pair() as (_, alice, bob):
        assert_together(alice, bob)
        moved = change(alice, before=(NO_AUDIO,)).sdp
        assert streams(moved) == [
            ("audio", False, "RTP/AVP", "0"),
            ("audio", True, "RTP/AVP", "0"),
        ]
        assert_together(alice, bob)
        back = change(alice, after=(NO_AUDIO,)).sdp
        assert streams(back) == list(reversed(streams(moved)))
        assert_together(alice, bob)


@run.real_time
def test_a_participant_without_audio_stays_and_has_it_again():
    with Pair() as (server, alice, bob):
        assert_together(alice, bob)
        answer = change(bob, port=0).sdp
        assert streams(answer) == [("audio", False, "RTP/AVP", "0")]
        assert_without_audio(server, alice, bob)
        change(bob)
        server.expect_log("event changed bob sendrecv 200")
        assert_together(alice, bob)


@run.real_time
def test_audio_goes_and_video_stays_offered():
    with Pair() as (server, alice, bob):
        answer = change(bob, port=0, after=(VIDEO,)).sdp
        assert [port for _, port, _, _ in streams(answer)] == [False, False]
        assert_without_audio(server, alice, bob)


def test_without_audio_there_are_no_reports_either():
    """RFC 3264 §8.2. A report comes every 2 to 6.2 s (RFC 3550 §6.2)."""
    with Pair() as (_, alice, bob):
        bob.audio.wait_for(lambda: bob.audio.rtcp, within=8, what="a report")
        change(bob, port=0)
        alice.audio.wait_for_packets(10)  # what was on its way is here
        came = len(bob.audio.rtcp)
        alice.audio.wait_for_packets(350, within=12)
        assert len(bob.audio.rtcp) == came


def test_an_empty_reinvite_without_audio_is_offered_it_again():
    """RFC 3261 §14.2: as if it were a new call; RFC 3264 §8.1: in the slot that is free."""
    with Pair() as (server, alice, bob):
        change(bob, port=0, before=(NO_VIDEO,))
        bob.reinvite(body=None)
        offer = bob.expect(200).sdp
        assert streams(offer) == [
            ("video", False, "RTP/AVP", "31"),
            ("audio", True, "RTP/AVP", offer.audio.formats[0]),
        ]
        bob.ack(body=bob.offer(before=(NO_VIDEO,), formats=("PCMU",)))
        server.expect_log("event changed bob sendrecv 200")
        bob.audio.wait_for_packets(5)


def test_the_focus_does_not_force_audio_on_who_has_none():
    with Pair() as (server, alice, bob):
        change(bob, port=0)
        server.expect_log("event changed bob none 200")
        alice.audio.press("1")
        invite = bob.expect("INVITE")
        assert streams(invite.sdp) == [("audio", False, "RTP/AVP", "0")]
        bob.reply(invite, 200, body=bob.offer(port=0))
        bob.expect("ACK")
        server.expect_log("event held bob none true")


@run.real_time
def test_who_refuses_our_audio_in_a_reinvite_stays():
    with Pair() as (server, alice, bob):
        assert_together(alice, bob)
        alice.audio.press("1")
        take_change(bob, "recvonly", port=0)
        server.expect_log("event held bob none true")
        assert set(server.participants()) == {"alice", "bob"}
        answer = change(bob).sdp
        assert answer.audio.direction == "recvonly", "it is still on hold"
        assert tone.level(alice.hear(), 800) < SILENT


def refused_from_the_start(phone):
    bye = phone.expect("BYE")
    assert "cause=488" in bye["Reason"], bye["Reason"]
    phone.reply(bye, 200)


def test_who_is_called_and_refuses_the_audio_does_not_come_in():
    with Server(policy=dialing.EVENTS) as server, Phone(server, "carol") as carol:
        invite = dialing.invite(server, carol)
        carol.reply(invite, 200, body=carol.offer(port=0))
        carol.is_up = True
        assert carol.expect("ACK").cseq == (invite.cseq[0], "ACK")
        refused_from_the_start(carol)
        dialing.failed(server, "carol", 488)


def test_who_answers_our_offer_in_the_ack_without_audio_does_not_come_in():
    with Server() as server, Phone(server) as alice:
        alice.invite(body=None)
        alice.expect(200)
        alice.ack(body=alice.offer(port=0))
        refused_from_the_start(alice)
        assert server.participants() == {}


def test_no_call_begins_without_audio():
    with Server() as server, Phone(server) as alice:
        for offer in ({"port": 0}, {"media": "video", "formats": ((31, None),)}):
            alice.invite(**offer)
            refused = alice.expect(488)
            assert refused["Warning"].startswith("304 "), refused["Warning"]
            alice.ack()
        assert server.participants() == {}


@run.real_time
def test_a_fax_in_place_of_the_audio_is_refused_and_the_audio_goes_on():
    with Pair() as (server, alice, bob):
        fax = bob.offer(media="image", protocol="udptl", formats=(("t38", None),))
        bob.reinvite(body=fax)
        refused = bob.expect(488)
        assert parameter(refused["To"], "tag") == bob.remote_tag
        bob.ack()
        assert_together(alice, bob)


if __name__ == "__main__":
    run.main()
