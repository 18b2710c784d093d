"""RTP and RTCP as phones of all kinds send it (RFC 3550, 3551, 3389, 4733, 5761)."""

import contextlib
import random
import struct
import time

import rtp
import run
import tone
from parley import Server
from sip import Phone

SILENT = -60
DIGITS = """
local policy = parley.policy { name = "site" }
function policy.digit(event, conference, participant)
  parley.log.info("key " .. event.digit .. " of " .. participant.user)
end
return policy
"""
KEEP = """
local policy = parley.policy { name = "site" }
function policy.timeout(request, conference) return reject(403, "stays") end
return policy
"""


@contextlib.contextmanager
def talkers(**options):
    """A server with alice at 500 Hz and bob at 800 Hz in the demo conference."""
    with Server(**options) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        alice.say(tone.sine(500)).call()
        bob.say(tone.sine(800)).call()
        yield server, alice, bob


# ---- who is believed ----------------------------------------------------------------------------


@run.real_time
def test_audio_goes_to_where_the_phones_packets_come_from():
    """Symmetric RTP: behind a NAT the address in the SDP is wrong."""
    with Server() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        bob.say(tone.sine(800)).call()
        alice.say(tone.sine(500)).call(port=9, connection="127.0.0.9")
        tone.assert_hears(alice.hear(), {800: -20})
        tone.assert_hears(bob.hear(), {500: -20})


@run.real_time
def test_a_stranger_can_neither_speak_nor_listen_on_a_running_stream():
    with talkers() as (_, alice, bob):
        alice.audio.wait_for_packets(10)
        thief = rtp.Stream("127.0.0.1")
        thief.play(tone.sine(1300, -6))
        with alice.audio.clock.lock:  # it has heard what alice sends, and goes on like her
            thief.ssrc, thief.sequence = alice.audio.ssrc, alice.audio.sequence
            thief.timestamp = alice.audio.timestamp
        thief.connect(*alice.audio.remote)
        first = len(alice.audio.packets)
        tone.assert_hears(bob.hear(1), {500: -20}, absent=[1300])
        tone.assert_hears(alice.hear(), {800: -20})
        alice.audio.assert_steady(first)
        assert not thief.packets, "nothing was sent to the stranger"
        thief.close()


@run.real_time
def test_a_stranger_who_tries_the_port_of_a_listener_hears_nothing():
    with Server() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        bob.say(tone.sine(800)).call()
        alice.audio.mute()
        alice.call()
        thief = rtp.Stream("127.0.0.1")
        thief.play(tone.sine(1300, -6))
        thief.connect(*alice.audio.remote)
        tone.assert_hears(alice.hear(2), {800: -20})
        tone.assert_hears(bob.hear(), {}, absent=[1300])
        assert not thief.packets, "nothing was sent to the stranger"
        thief.close()


@run.real_time
def test_nothing_is_sent_before_the_ack():
    with Server() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        bob.say(tone.sine(800)).call()
        alice.invite("demo")
        alice.expect(200)
        alice.expect_nothing()
        assert not alice.audio.packets, "a forged INVITE must not aim audio at its victim"
        alice.ack()
        tone.assert_hears(alice.hear(), {800: -20})


@run.real_time
def test_a_phone_whose_port_changes_is_followed_after_a_silence():
    with talkers() as (_, alice, bob):
        tone.assert_hears(bob.hear(), {500: -20})
        old = alice.audio
        old.close()
        alice.audio = rtp.Stream(alice.address)
        alice.audio.ssrc, alice.audio.sequence = old.ssrc, old.sequence  # only the NAT has changed
        alice.audio.timestamp = old.timestamp
        alice.audio.play(tone.sine(650))
        alice.audio.connect(*old.remote)
        alice.audio.wait_for_packets(1, within=5)
        tone.assert_hears(bob.hear(), {650: -20})
        tone.assert_hears(alice.hear(), {800: -20})


@run.real_time
def test_a_phone_that_pauses_loses_nothing_to_another_one_at_its_address():
    with talkers() as (_, alice, bob):
        tone.assert_hears(bob.hear(), {500: -20})
        alice.audio.mute()
        other = rtp.Stream(alice.address)
        other.play(tone.sine(1300, -6))
        other.connect(*alice.audio.remote)
        tone.assert_hears(alice.hear(3), {800: -20})
        tone.assert_hears(bob.hear(), {}, absent=[1300])
        assert not other.packets, "alice's audio went elsewhere"
        other.close()


@run.real_time
def test_a_phone_that_never_sends_still_hears():
    with Server() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        bob.say(tone.sine(800)).call()
        alice.audio.mute()
        alice.call()
        tone.assert_hears(alice.hear(), {800: -20})
        assert alice.audio.sent == 0


# ---- how packets come ---------------------------------------------------------------------------


def packet_length(ptime):
    with Server() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        alice.audio.ptime = ptime
        alice.say(tone.sine(500)).call(ptime=ptime)
        bob.say(tone.sine(800)).call()
        heard = bob.hear(1)
        tone.assert_hears(heard, {500: -20})
        assert tone.distortion(heard, [500]) < -30
        bob.audio.assert_steady()
        tone.assert_hears(alice.hear(1), {800: -20})


@run.real_time
def test_packets_of_10_ms():
    packet_length(10)


@run.real_time
def test_packets_of_30_ms():
    packet_length(30)


@run.real_time
def test_packets_of_40_ms():
    packet_length(40)


@run.real_time
def test_packets_of_60_ms():
    packet_length(60)


@run.real_time
def test_a_lost_packet_now_and_then_is_hidden():
    with talkers() as (server, alice, bob):
        send, dice = alice.audio.send_raw, random.Random(5)
        alice.audio.send_raw = lambda data, sock=None: dice.random() < 0.05 or send(data, sock)
        heard = bob.hear(2)
        tone.assert_hears(heard, {500: -20}, tolerance=1.5)
        assert tone.loudness(heard) > -23
        bob.audio.assert_steady()
        lost = server.participants()["alice"]
        assert lost["lost"] > 0, lost


@run.real_time
def test_packets_that_come_twice_or_in_disorder_are_put_right():
    with talkers() as (_, alice, bob):
        send, held = alice.audio.send_raw, []

        def shuffle(data, sock=None):
            held.append(data)
            if len(held) == 3:
                for one in (held[1], held[0], held[0], held[2]):
                    send(one, sock)
                held.clear()

        alice.audio.send_raw = shuffle
        bob.hear(1)  # the jitter buffer learns how late they come
        tone.assert_hears(bob.hear(1), {500: -20})


@run.real_time
def test_sequence_and_timestamp_may_wrap():
    with Server() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        bob.call()
        alice.audio.sequence, alice.audio.timestamp = 65535 - 20, 2**32 - 20 * 160
        alice.say(tone.sine(500)).call()
        heard = bob.hear(1.5)
        tone.assert_hears(heard, {500: -20})
        assert tone.distortion(heard, [500]) < -30


@run.real_time
def test_a_sender_that_begins_anew_with_another_ssrc_is_heard():
    with talkers() as (_, alice, bob):
        tone.assert_hears(bob.hear(), {500: -20})
        with alice.audio.clock.lock:
            alice.audio.ssrc, alice.audio.sequence, alice.audio.timestamp = 77, 9000, 12345
        tone.assert_hears(bob.hear(0.5, settle=0.5), {500: -20})


@run.real_time
def test_a_pause_without_packets_is_silence_and_speech_after_it_is_heard():
    with talkers() as (_, alice, bob):
        alice.audio.mute()
        assert tone.level(bob.hear(0.5, settle=0.6), 500) < SILENT
        alice.say(tone.sine(500))
        tone.assert_hears(bob.hear(), {500: -20})


@run.real_time
def test_the_clock_of_the_sender_may_run_fast():
    """Half a percent, so that 3 s would pile up 15 ms and an hour 18 s; the delay stays small."""
    with talkers() as (server, alice, bob):
        alice.audio.pace = 0.995
        bob.hear(3)
        assert server.participants()["alice"]["delay_ms"] < 120
        tone.assert_hears(bob.hear(), {500: -20}, tolerance=2)


# ---- rubbish ------------------------------------------------------------------------------------


@run.real_time
def test_wrong_payload_types_and_rubbish_harm_nobody():
    with talkers() as (_, alice, bob):
        first = len(bob.audio.packets)
        dice = random.Random(3550)
        for turn in range(100):
            alice.audio.wait_for_packets(1)
            with alice.audio.clock.lock:
                sequence = alice.audio.sequence
                alice.audio.send(dice.choice((3, 18, 34, 77, 96, 127)), b"\x55" * 160)
                alice.audio.sequence = sequence
            alice.audio.send_raw(dice.randbytes(dice.randrange(0, 200)))
            alice.audio.send_raw(b"\x80\x00" + bytes(dice.randrange(0, 9)))
            alice.audio.send_rtcp(dice.randbytes(dice.randrange(0, 100)))
            if turn == 50:
                tone.assert_hears(bob.hear(), {500: -20})
        tone.assert_hears(bob.hear(), {500: -20})
        bob.audio.assert_steady(first)


@run.real_time
def test_lying_rtp_headers_harm_nobody():
    with talkers() as (_, alice, bob):
        tails = b"", b"\xff\xff\xff\xff", b"\xbe\xde\xff\xff" + bytes(40), b"\xff" * 160
        for first in (0xBF, 0xAF, 0x9F, 0x90, 0xA0, 0x00, 0x40, 0xC0):  # CSRCs, extension, padding
            for tail in tails:
                alice.audio.send_raw(struct.pack(">BBHII", first, 0, 1, 2, alice.audio.ssrc) + tail)
        tone.assert_hears(bob.hear(), {500: -20})


@run.real_time
def test_comfort_noise_is_quiet_and_speech_after_it_is_heard():
    with Server() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        bob.call()
        alice.say(tone.sine(500)).call(formats=("PCMU", "CN", "telephone-event"))
        tone.assert_hears(bob.hear(), {500: -20})
        with alice.audio.clock.lock:
            alice.audio.mute()
            alice.audio.send(13, b"\x4e")
        assert tone.loudness(bob.hear(0.5, settle=0.3)) < -45
        alice.say(tone.sine(500))
        tone.assert_hears(bob.hear(), {500: -20})


# ---- keys ---------------------------------------------------------------------------------------


def test_a_key_is_told_once_and_nobody_hears_it():
    with talkers(policy=DIGITS) as (server, alice, bob):
        alice.say(tone.silence)
        for key in "15#":
            alice.audio.wait_for_packets(5)
            alice.audio.press(key)
            server.expect_log(f"key {key} of alice")
        heard = bob.hear()
        assert tone.loudness(heard) < SILENT
        assert server.log().count("key 1 of alice") == 1


@run.real_time
def test_a_key_while_speaking_leaves_no_noise():
    with talkers(policy=DIGITS) as (server, alice, bob):
        bob.hear(0.2)
        first = len(bob.audio.packets)
        alice.audio.press("7")
        server.expect_log("key 7 of alice")
        bob.hear(0.5)
        heard = bob.audio.audio(first)
        assert max(tone.level(heard, f) for f in (697, 770, 852, 1209, 1336, 1477)) < -45


@run.real_time
def test_a_key_by_a_source_of_its_own_is_told_once_and_leaves_the_audio_alone():
    """Gateways that make keys elsewhere than audio, which goes on meanwhile."""
    with talkers(policy=DIGITS) as (server, alice, bob):
        begin, send = alice.audio.timestamp, alice.audio.send_raw
        left = [(length, end) for end in (False, True) for length in (160, 320, 480, 640)]

        def send_both(data, sock=None):
            send(data, sock)
            if left:
                length, end = left.pop(0)
                event = struct.pack(">BBH", 7, (0x80 if end else 0) | 10, 640 if end else length)
                send(rtp.header(101, 500 - len(left), begin, alice.audio.ssrc ^ 1) + event)

        alice.audio.send_raw = send_both
        server.expect_log("key 7 of alice")
        tone.assert_hears(bob.hear(0.5, settle=0.5), {500: -20})
        assert server.log().count("key 7 of alice") == 1
        assert alice.audio.sent > 30 and not left
        assert server.participants()["alice"]["lost"] == 0


# ---- RTCP ---------------------------------------------------------------------------------------


def reports(stream):
    """{kind: body} of the newest RTCP of each kind, and the number of reports."""
    found = {}
    for _, data, _ in stream.rtcp:
        for kind, count, body in rtp.rtcp_packets(data):
            found[kind] = (count, body)
    return found


def test_sender_reports_count_what_was_sent_and_name_the_cname():
    with Server() as server, Phone(server, "alice", rtcp_every=0.5) as alice:
        alice.call()
        alice.audio.wait_for(lambda: rtp.SR in reports(alice.audio), 15, "a sender report")
        _, data, _ = alice.audio.rtcp[-1]
        count, body = reports(alice.audio)[rtp.SR]
        ssrc, seconds, fraction, stamp, packets, octets = struct.unpack(">IIIIII", body[:24])
        assert ssrc == alice.audio.packets[0].ssrc
        assert abs(seconds + fraction / 2**32 - 2208988800 - time.time()) < 5 * run.SLOW
        assert abs(packets - len(alice.audio.packets)) < 100 * run.SLOW and octets == packets * 160
        assert rtp.cname_of(data)
        assert count == 1 and struct.unpack(">I", body[24:28])[0] == alice.audio.ssrc
        assert stamp and body[28] == 0, "we lost nothing"


def test_a_bye_is_sent_to_the_stream_when_the_call_ends():
    with Server() as server, Phone(server, "alice") as alice:
        alice.call()
        alice.audio.wait_for_packets(10)
        alice.hang_up()
        alice.audio.wait_for(lambda: rtp.BYE in reports(alice.audio), 3, "an RTCP BYE")


def test_rtcp_on_the_port_of_rtp_when_the_phone_wants_it():
    with Server() as server, Phone(server, "alice") as alice:
        ok = alice.call(extra=("a=rtcp-mux",))
        assert ok.sdp.audio.attribute("rtcp-mux") is not None
        alice.audio.wait_for_packets(10)
        alice.hang_up()
        alice.audio.wait_for(lambda: rtp.BYE in reports(alice.audio), 3, "an RTCP BYE")
        assert alice.audio.rtcp[-1][2][1] == alice.audio.remote[1], "it came from the RTP port"


# ---- silence ------------------------------------------------------------------------------------


def test_a_leg_that_sends_nothing_at_all_is_removed():
    with Server(config='rtp = { timeout = "1s" }\n') as server, Phone(server, "alice") as alice:
        alice.audio.mute()
        alice.call()
        bye = alice.expect("BYE", within=4)
        alice.reply(bye, 200)
        assert server.participants() == {}


def test_a_policy_may_keep_a_silent_leg():
    with Server(config='rtp = { timeout = "500ms" }\n', policy=KEEP) as server, Phone(
        server, "alice"
    ) as alice:
        alice.audio.mute()
        alice.call()
        server.expect_log("alice.*no media", within=4)
        alice.expect_nothing(1)
        assert set(server.participants()) == {"alice"}


def test_rtcp_alone_keeps_a_leg_alive():
    with Server(config='rtp = { timeout = "1s" }\n') as server, Phone(
        server, "alice", rtcp_every=0.25
    ) as alice:
        alice.audio.mute()
        alice.call()
        alice.expect_nothing(2.5 / run.SLOW)
        assert set(server.participants()) == {"alice"}


def test_a_phone_that_may_only_listen_is_not_missed():
    with Server(config='rtp = { timeout = "1s" }\n') as server, Phone(server, "alice") as alice:
        alice.audio.mute()
        alice.invite("demo", direction="recvonly")
        alice.expect(200)
        alice.ack()
        alice.expect_nothing(2.5 / run.SLOW)
        assert set(server.participants()) == {"alice"}


if __name__ == "__main__":
    run.main()
