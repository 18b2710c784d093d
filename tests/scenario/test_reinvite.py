"""Changing a running call: re-INVITE (RFC 3261 §14), UPDATE (RFC 3311), hold (RFC 3264 §8.4)."""

import rtp
import run
import tone
from message import uri_of
from parley import Server
from sip import Phone

SILENT = -60


class Pair:
    """A server with two callers that talk: alice at 500 Hz, bob at 800 Hz."""

    def __enter__(self):
        self.server = Server()
        self.alice, self.bob = Phone(self.server, "alice"), Phone(self.server, "bob")
        self.alice.say(tone.sine(500)).call()
        self.bob.say(tone.sine(800)).call()
        tone.assert_hears(self.alice.hear(), {800: -20}, absent=[500])
        tone.assert_hears(self.bob.hear(), {500: -20}, absent=[800])
        return self.server, self.alice, self.bob

    def __exit__(self, *what):
        try:
            for phone in (self.alice, self.bob):
                phone.__exit__(*what)
        finally:
            self.server.__exit__(*what)


def change(phone, method, **offer):
    """A re-INVITE or an UPDATE with a new offer; returns the 200."""
    if method == "UPDATE":
        phone.send(phone.request("UPDATE", body=phone.offer(**offer)))
        return phone.expect(200, method="UPDATE")
    phone.reinvite(**offer)
    ok = phone.expect(200, method="INVITE")
    phone.ack()
    return ok


def is_held(server, user):
    return server.participants()[user]["held"]


@run.real_time
@run.real_time
def test_a_reinvite_with_the_same_offer_disturbs_nobody():
    with Pair() as (_, alice, bob):
        first = len(alice.audio.packets), len(bob.audio.packets)
        ok = change(alice, "INVITE")
        assert ok.tag("To") == alice.remote_tag
        assert ";isfocus" in ok["Contact"]
        tone.assert_hears(alice.hear(), {800: -20}, absent=[500])
        tone.assert_hears(bob.hear(), {500: -20}, absent=[800])
        alice.audio.assert_steady(first[0])
        bob.audio.assert_steady(first[1])


@run.real_time
def test_our_session_version_rises_only_when_our_sdp_changes():
    with Server() as server, Phone(server) as alice:
        first = alice.call().sdp
        same = change(alice, "INVITE").sdp
        held = change(alice, "INVITE", direction="sendonly").sdp
        assert first.origin[0] == same.origin[0] == held.origin[0]
        assert held.origin[1] > same.origin[1] >= first.origin[1]


def hold(method, expected, **offer):
    with Pair() as (server, alice, bob):
        answer = change(alice, method, **offer).sdp.audio
        assert answer.direction in expected, answer.direction
        assert is_held(server, "alice")
        if "inactive" not in expected:  # hold music of a phone is nothing for the others
            assert answer.direction == "recvonly"
        assert tone.level(bob.hear(), 500) < SILENT, "who holds is not heard"
        came = len(alice.audio.packets)
        bob.audio.wait_for_packets(15)
        assert len(alice.audio.packets) - came <= 1, "who holds is sent nothing"
        back = change(alice, method).sdp.audio
        assert back.direction == "sendrecv"
        assert not is_held(server, "alice")
        tone.assert_hears(alice.hear(), {800: -20}, absent=[500])
        tone.assert_hears(bob.hear(), {500: -20}, absent=[800])


@run.real_time
def test_hold_by_sendonly_and_back():
    hold("INVITE", ["recvonly"], direction="sendonly")


@run.real_time
def test_hold_by_inactive_and_back():
    hold("INVITE", ["inactive"], direction="inactive")


@run.real_time
def test_hold_by_the_old_null_address_and_back():
    hold("INVITE", ["recvonly", "inactive"], connection="0.0.0.0")


@run.real_time
def test_hold_by_update_and_back():
    hold("UPDATE", ["recvonly"], direction="sendonly")


@run.real_time
@run.real_time
def test_a_listener_that_is_recvonly_hears_and_is_not_heard():
    with Pair() as (_, alice, bob):
        assert change(alice, "INVITE", direction="recvonly").sdp.audio.direction == "sendonly"
        tone.assert_hears(alice.hear(), {800: -20})
        assert tone.level(bob.hear(), 500) < SILENT


@run.real_time
@run.real_time
def test_a_codec_changed_by_reinvite():
    with Pair() as (_, alice, bob):
        assert change(alice, "INVITE", formats=("PCMA",)).sdp.audio.formats == ["8"]
        tone.assert_hears(bob.hear(), {500: -20})
        first = len(alice.audio.packets)
        tone.assert_hears(alice.hear(), {800: -20})
        assert {p.payload_type for p in alice.audio.packets[first:]} == {8}


@run.real_time
def test_the_audio_follows_a_phone_that_moves_to_another_port():
    with Pair() as (_, alice, bob):
        old, alice.audio = alice.audio, rtp.Stream(alice.address)
        old.close()
        alice.say(tone.sine(650))
        change(alice, "INVITE")
        tone.assert_hears(alice.hear(), {800: -20})
        tone.assert_hears(bob.hear(), {650: -20}, absent=[500])


def test_in_dialog_requests_follow_a_changed_contact():
    with Server() as server, Phone(server) as alice:
        alice.call()
        alice.contact = alice.contact.replace("sip:alice@", "sip:elsewhere@")
        change(alice, "INVITE")
        server.process.terminate()
        bye = alice.expect("BYE")
        assert uri_of("<" + bye.uri + ">").startswith("sip:elsewhere@")
        alice.reply(bye, 200)
        server.wait_stopped()


@run.real_time
def test_a_reinvite_without_offer_gets_ours():
    with Pair() as (_, alice, bob):
        alice.reinvite(body=None)
        offer = alice.expect(200).sdp
        assert offer.audio.direction == "sendrecv" and "0" in offer.audio.formats
        alice.ack(body=alice.offer(formats=("PCMU",)))
        tone.assert_hears(alice.hear(), {800: -20})
        tone.assert_hears(bob.hear(), {500: -20})


@run.real_time
def test_a_held_phone_that_sends_an_empty_reinvite_is_offered_full_audio():
    """RFC 3261 §14.2: the offer of an answer to an empty INVITE is as for a fresh call."""
    with Pair() as (server, alice, _):
        change(alice, "INVITE", direction="sendonly")
        alice.reinvite(body=None)
        assert alice.expect(200).sdp.audio.direction == "sendrecv"
        alice.ack(body=alice.offer())
        tone.assert_hears(alice.hear(), {800: -20})
        assert not is_held(server, "alice")


@run.real_time
def test_an_update_without_offer_is_answered_and_changes_nothing():
    with Pair() as (_, alice, bob):
        alice.send(alice.request("UPDATE"))
        ok = alice.expect(200, method="UPDATE")
        assert not ok.body and ok["Contact"]
        tone.assert_hears(bob.hear(), {500: -20})


@run.real_time
@run.real_time
def test_a_refused_reinvite_leaves_the_call_as_it_was():
    with Pair() as (server, alice, bob):
        first = len(bob.audio.packets)
        alice.reinvite(formats=("speex",))
        refused = alice.expect(488)
        assert refused["Warning"], "it says what is wrong"
        alice.ack()
        tone.assert_hears(bob.hear(), {500: -20})
        tone.assert_hears(alice.hear(), {800: -20})
        bob.audio.assert_steady(first)
        assert set(server.participants()) == {"alice", "bob"}


@run.real_time
def test_a_refused_update_leaves_the_call_as_it_was():
    with Pair() as (_, alice, bob):
        alice.send(alice.request("UPDATE", body=alice.offer(formats=("speex",))))
        alice.expect(488)
        tone.assert_hears(bob.hear(), {500: -20})


def test_an_offer_while_ours_waits_for_its_answer_is_491():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo", body=None)
        late = alice.expect(200)
        invite = alice.invite_request
        alice.send(alice.request("UPDATE", body=alice.offer()))
        alice.expect(491, method="UPDATE")
        alice.invite_request, alice.answer = invite, late
        alice.ack(body=alice.offer())
        alice.audio.wait_for_packets(5)


def test_a_reinvite_while_ours_waits_for_its_answer_is_refused_for_now():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo", body=None)
        late, first = alice.expect(200), alice.invite_request
        alice.reinvite()
        refused = alice.expect((491, 500), method="INVITE")
        assert refused.code == 491 or refused["Retry-After"]
        alice.ack(response=refused)
        alice.invite_request = first
        alice.ack(body=alice.offer(), response=late)
        alice.audio.wait_for_packets(5)
        assert set(server.participants()) == {"alice"}


def test_a_request_with_an_old_sequence_number_is_500():
    with Server() as server, Phone(server) as alice:
        alice.call()
        alice.send(alice.request("UPDATE", cseq=max(alice.cseq - 1, 0)))
        alice.expect(500)
        assert set(server.participants()) == {"alice"}


def test_a_bye_while_a_reinvite_waits_for_its_ack_ends_the_call():
    with Server() as server, Phone(server) as alice:
        alice.call()
        alice.reinvite()
        alice.expect(200)
        alice.hang_up()
        alice.expect_nothing(1)
        assert server.status()["server"]["calls"] == 0


@run.real_time
@run.real_time
def test_fifty_changes_in_a_row_keep_the_stream_in_one_piece():
    with Pair() as (_, alice, bob):
        first = len(bob.audio.packets)
        for turn in range(50):
            change(alice, "UPDATE" if turn % 2 else "INVITE")
        bob.audio.wait_for_packets(10)
        bob.audio.assert_steady(first)
        tone.assert_hears(bob.hear(), {500: -20})


if __name__ == "__main__":
    run.main()
