"""What the server says of a call's quality is what the phone has done to it: loss, lateness, jitter,
clipping, and what the phone reports of its own ears (RFC 3550 §6.4, RFC 3611)."""

import re
import struct
import time

import numpy as np

import rtp
import run
import tone
from parley import Server
from sip import Phone

XR = 207
XR_OFFER = ("a=rtcp-xr:rcvr-rtt=all voip-metrics",)
SITE = """
local policy = parley.policy { name = "site" }
function policy.quality(event, conference, participant)
  parley.log.info(string.format("quality of %s: %s (%s), MOS %s, far end %s, loss %.3f, %s",
    participant.user, event.quality, event.before, tostring(event.mos), tostring(event.remote_mos), event.loss,
    participant:stats().quality))
end
return policy
"""


def lose(stream, which):
    """From now on the packets with these numbers, counted from here, are not sent."""
    send, count = stream.send_raw, [0]

    def sieve(data, sock=None):
        count[0] += 1
        if not which(count[0] - 1):
            send(data, sock)

    with stream.clock.lock:
        stream.send_raw = sieve


def status_of(server, user, condition, within=10):
    """The status of a participant as soon as it fulfils the condition."""

    def found():
        status = server.participants().get(user)
        return status if status and condition(status) else None

    return run.until(found, lambda: server.participants().get(user), within)


def last_words(server, user):
    """The figures of the line at the end of the call."""
    line = server.expect_log(r"quality: MOS (\S+) \(far end (\S+)\), lost (\d+) of (\d+) \((\S+) %\), late (\d+), "
                             r"concealed (\d+) ms, jitter (\S+) ms, round trip (\d+) ms, level (\S+) dBov, "
                             r"clipped (\d+) ms, sent (\d+) \(far end lost (\d+)\), (\S+)")
    server.expect_left(user)
    names = "mos far_end lost of percent late concealed jitter round_trip level clipped sent far_end_lost codec"
    return dict(zip(names.split(), line.groups()))


# ---- what we hear -------------------------------------------------------------------------------


@run.real_time
def test_a_clean_call_is_told_as_one():
    with Server() as server, Phone(server, "alice") as alice:
        alice.say(tone.sine(500)).call()
        found = status_of(server, "alice", lambda p: p["received"] >= 150 and p["quality"], within=12)
        assert found["mos"] == 4.41 and found["quality"] == "good", found
        assert found["remote_mos"] is None, "it has reported nothing"
        assert abs(found["speech_db"] - -23) < 0.5 and found["clipped_ms"] == 0, found
        alice.hang_up()
        said = last_words(server, "alice")
        assert said["mos"] == "4.4" and said["far_end"] == "-" and said["lost"] == "0", said
        assert said["percent"] == "0.0" and said["codec"] == "PCMU" and said["level"] == "-23", said
        assert float(said["jitter"]) < 20


@run.real_time
def test_every_tenth_packet_lost_is_ten_percent_and_the_mos_of_it():
    with Server() as server, Phone(server, "alice") as alice:
        alice.say(tone.sine(500)).call()
        alice.audio.wait_for_packets(5)
        lose(alice.audio, lambda n: n % 10 == 5)
        found = status_of(server, "alice", lambda p: p["received"] >= 270)
        share = found["lost"] / (found["lost"] + found["received"])
        assert 0.09 < share < 0.105 and found["late"] == 0, found
        percent = 100 * share
        rating = 93.2 - 95 * percent / (percent + 25.1)
        mos = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6
        assert abs(found["mos"] - mos) < 0.03, (found, mos)
        assert abs(found["concealed_ms"] - 20 * found["lost"]) <= 40 + 4 * found["lost"], found
        alice.hang_up()
        said = last_words(server, "alice")
        assert abs(float(said["percent"]) - 10) < 1 and abs(float(said["mos"]) - mos) < 0.15, (said, mos)


@run.real_time
def test_the_same_loss_in_bursts_scores_lower():
    with Server() as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        alice.say(tone.sine(500)).call()
        bob.say(tone.sine(800)).call()
        lose(alice.audio, lambda n: n % 10 == 9)
        lose(bob.audio, lambda n: n % 50 >= 45)
        enough = lambda p: p["received"] >= 400
        alone, burst = status_of(server, "alice", enough, 15), status_of(server, "bob", enough, 15)
        assert abs(alone["lost"] - burst["lost"]) <= 6, (alone, burst)
        assert burst["mos"] < alone["mos"] - 0.15, (alone, burst)


@run.real_time
def test_one_packet_that_comes_much_too_late_is_counted_as_late_not_as_lost():
    with Server() as server, Phone(server, "alice") as alice:
        alice.say(tone.sine(500)).call()
        alice.audio.wait_for_packets(50)
        send, count, held = alice.audio.send_raw, [0], []

        def delay(data, sock=None):
            count[0] += 1
            if count[0] == 20:
                held.append(data)
                return
            send(data, sock)
            if count[0] == 30:
                send(held.pop(), sock)

        alice.audio.send_raw = delay
        found = status_of(server, "alice", lambda p: p["received"] > 150)
        assert found["late"] == 1 and found["lost"] == 0, found
        assert 20 <= found["concealed_ms"] <= 60 and 4.2 < found["mos"] < 4.41, found


@run.real_time
def test_jitter_is_measured_and_the_delay_that_it_makes():
    with Server() as server, Phone(server, "alice") as alice:
        alice.say(tone.sine(500)).call()
        alice.audio.wait_for_packets(50)
        send, held = alice.audio.send_raw, []

        def hold(data, sock=None):
            held.append((data, sock))
            if len(held) == 10:
                for one in held:
                    send(*one)
                held.clear()

        alice.audio.send_raw = hold
        found = status_of(server, "alice", lambda p: p["received"] > 250)
        assert found["lost"] == 0 and 20 < found["jitter_ms"] < 80, found
        assert 60 < found["delay_ms"] < 250, found


@run.real_time
def test_a_phone_that_is_too_loud_is_told_of():
    """A square wave at full scale, 25 packets of it; then a tone 1 dB below."""

    def square(first, count):
        return np.where((first + np.arange(count)) // 8 % 2, 1.0, -1.0)

    with Server() as server, Phone(server, "alice") as alice:
        alice.say(tone.sine(500, -1)).call()
        alice.audio.wait_for_packets(30)
        assert server.participants()["alice"]["clipped_ms"] == 0
        with alice.audio.clock.lock:
            sent = alice.audio.sent
            alice.audio.play(lambda first, count: square(first, count) if alice.audio.sent < sent + 25
                             else tone.sine(500, -1)(first, count))
        found = status_of(server, "alice", lambda p: p["clipped_ms"] > 0 and p["received"] > sent + 60)
        assert 480 <= found["clipped_ms"] <= 530, found
        alice.hang_up()
        assert 480 <= int(last_words(server, "alice")["clipped"]) <= 530


@run.limit(60)
@run.real_time
def test_scripts_are_told_when_the_quality_changes():
    with Server(policy=SITE) as server, Phone(server, "alice") as alice:
        alice.say(tone.sine(500)).call()
        whole = alice.audio.send_raw
        status_of(server, "alice", lambda p: p["quality"] == "good", within=12)
        assert "quality of alice" not in server.log(), "that it begins well is no news"
        lose(alice.audio, lambda n: n % 3 == 0)
        server.expect_log(r"quality of alice: (fair|poor|bad) \(good\), MOS [123]\.\d+, far end nil, loss 0\.[0-3]", 12)
        server.expect_log(r"alice@\S+ sounds (fair|poor|bad): MOS")
        with alice.audio.clock.lock:
            alice.audio.send_raw = whole
        server.expect_log(r"quality of alice: good \((fair|poor|bad)\), MOS 4\.\d+, far end nil, loss 0\.0\d+, good", 16)


# ---- what the phone hears -----------------------------------------------------------------------


def receiver_report(alice, fraction, lost, jitter, lsr=0, dlsr=0):
    """An RR of alice's about what she gets, and her name."""
    got = alice.audio.packets[-1]
    block = struct.pack(">IIIIII", got.ssrc, round(fraction * 256) << 24 | lost, got.sequence, jitter, lsr, dlsr)
    return (struct.pack(">BBHI", 0x81, rtp.RR, 7, alice.audio.ssrc) + block
            + struct.pack(">BBHI", 0x81, rtp.SDES, 4, alice.audio.ssrc) + b"\x01\x09test@host\x00")


def extended_report(alice, *blocks):
    body = b"".join(blocks)
    return struct.pack(">BBHI", 0x80, XR, 1 + len(body) // 4, alice.audio.ssrc) + body


def voip_metrics(alice, loss=0.0, discard=0.0, rating=127, mos=127, delay=60):
    ssrc = alice.audio.packets[-1].ssrc
    return struct.pack(">BBHIBBBBHHHHbbBBBBBBBBHHH", 7, 0, 8, ssrc, round(loss * 256), round(discard * 256), 0, 0,
                       0, 0, 0, delay, -17, -60, 127, 16, rating, 127, mos, mos, 0, 0, 40, 60, 60)


def blocks_of(stream):
    """{type: the newest XR block of it} that has come."""
    found = {}
    for _, data, _ in stream.rtcp:
        for kind, _, body in rtp.rtcp_packets(data):
            at = 4
            while kind == XR and at < len(body):
                words = struct.unpack(">H", body[at + 2:at + 4])[0]
                found[body[at]] = body[at + 4:at + 4 + 4 * words]
                at += 4 + 4 * words
    return found


@run.real_time
def test_receiver_reports_tell_what_the_phone_hears():
    with Server() as server, Phone(server, "alice", rtcp_every=10) as alice:
        alice.call()
        alice.audio.wait_for_packets(100)
        alice.audio.send_rtcp(receiver_report(alice, 0.25, 20, 80))
        sent = len(alice.audio.packets)
        found = status_of(server, "alice", lambda p: p["remote_lost"] == 20)
        assert found["remote_loss"] == 0.25 and found["remote_jitter_ms"] == 10, found
        percent = 2000 / sent
        rating = 93.2 - 95 * percent / (percent + 25.1)
        mos = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6
        assert abs(found["remote_mos"] - mos) < 0.1, (found, mos)
        alice.hang_up()
        said = last_words(server, "alice")
        assert said["far_end_lost"] == "20" and abs(float(said["far_end"]) - mos) < 0.2, (said, mos)


@run.real_time
def test_the_round_trip_comes_from_the_senders_report():
    with Server() as server, Phone(server, "alice", rtcp_every=10) as alice:
        alice.call()
        alice.audio.wait_for(lambda: alice.audio.rtcp, 10, "a report")
        arrival, data, _ = alice.audio.rtcp[-1]
        kind, _, body = rtp.rtcp_packets(data)[0]
        assert kind == rtp.SR
        lsr = struct.unpack(">I", body[6:10])[0]
        time.sleep(0.5)
        waited = time.monotonic() - arrival
        alice.audio.send_rtcp(receiver_report(alice, 0, 0, 0, lsr, round((waited - 0.2) * 65536)))
        found = status_of(server, "alice", lambda p: p["round_trip_ms"] > 0)
        assert 190 < found["round_trip_ms"] < 240, "it has said 200 ms less than it took"


@run.real_time
def test_figures_that_cannot_be_true_are_not_believed():
    with Server() as server, Phone(server, "alice", rtcp_every=10) as alice:
        alice.call(extra=XR_OFFER)
        alice.audio.wait_for_packets(100)
        alice.audio.send_rtcp(receiver_report(alice, 0.25, 2, 80))
        before = status_of(server, "alice", lambda p: p["remote_lost"] == 2)
        # An LSR that was none of ours, more lost than sent, hours of jitter, a minute of buffer.
        rubbish = receiver_report(alice, 0.9, 0x7FFFFF, 0xFFFFFFFF, 0xDEADBEEF, 0x1234)
        alice.audio.send_rtcp(rubbish + extended_report(alice, voip_metrics(alice, discard=0.125, delay=60000)))
        after = status_of(server, "alice", lambda p: p["remote_discarded"])
        for figure in ("remote_loss", "remote_lost", "remote_jitter_ms", "round_trip_ms"):
            assert after[figure] == before[figure], (figure, before, after)
        assert after["remote_mos"] > 2.5, (before, after)


@run.real_time
def test_the_phones_own_score_counts_when_it_tells_one():
    with Server() as server, Phone(server, "alice", rtcp_every=10) as alice:
        ok = alice.call(extra=XR_OFFER)
        assert ok.sdp.audio.attribute("rtcp-xr") == "rcvr-rtt=all voip-metrics"
        alice.audio.wait_for_packets(20)
        report = receiver_report(alice, 0, 0, 0)
        alice.audio.send_rtcp(report + extended_report(alice, voip_metrics(alice, discard=0.125, mos=31)))
        found = status_of(server, "alice", lambda p: p["remote_mos"])
        assert abs(found["remote_mos"] - 3.1) < 0.02 and found["remote_discarded"] == 0.13, found
        alice.audio.send_rtcp(report + extended_report(alice, voip_metrics(alice, rating=50)))
        status_of(server, "alice", lambda p: abs(p["remote_mos"] - 2.58) < 0.02)
        # neither: what it discards and how long it buffers make the score
        alice.audio.send_rtcp(report + extended_report(alice, voip_metrics(alice, discard=0.125, delay=60)))
        status_of(server, "alice", lambda p: abs(p["remote_mos"] - 3.22) < 0.05)


@run.limit(60)
@run.real_time
def test_a_phone_that_wants_our_metrics_gets_them():
    with Server() as server, Phone(server, "alice", rtcp_every=1) as alice:
        alice.say(tone.sine(500)).call(extra=XR_OFFER)
        alice.audio.wait_for_packets(5)
        lose(alice.audio, lambda n: n % 8 == 0)
        got = lambda: 7 in blocks_of(alice.audio) and alice.audio.sent > 250
        alice.audio.wait_for(got, 15, "a report with metrics")
        first = len(alice.audio.rtcp)
        alice.audio.wait_for(lambda: len(alice.audio.rtcp) > first, 10, "one more")
        block = blocks_of(alice.audio)[7]
        (ssrc, loss, discard, burst_density, _, burst, _, _, delay, signal, _, _, gmin, rating, _, _, mos, _, _,
         nominal) = struct.unpack(">IBBBBHHHHbbBBBBBBBBH", block[:28])
        assert ssrc == alice.audio.ssrc and gmin == 16 and discard == 0
        assert abs(loss - 32) <= 4, f"an eighth is 32 of 256, not {loss}"
        assert abs(burst_density - 33) <= 5 and burst > 500, "losses 8 apart are one long burst"
        assert 60 <= rating <= 68 and 30 <= mos <= 36, (rating, mos)
        assert abs(signal - -17) <= 2, "a sine of -20 dB is -17 dBm0"
        assert 0 < delay < 200 and nominal < 200


def test_nobody_gets_extended_reports_unasked():
    with Server() as server, Phone(server, "alice", rtcp_every=1) as alice:
        ok = alice.call()
        assert ok.sdp.audio.attribute("rtcp-xr") is None
        alice.audio.wait_for(lambda: alice.audio.rtcp, 10, "a report")
        alice.audio.wait_for_packets(20)
        assert not blocks_of(alice.audio)


@run.limit(60)
@run.real_time
def test_who_only_listens_or_only_speaks_learns_the_round_trip_too():
    """Reference times and their answers (RFC 3611 §4.4, §4.5) in both directions."""
    with Server() as server, Phone(server, "alice", rtcp_every=10) as alice:
        alice.say(tone.sine(500))
        alice.invite("demo", direction="sendonly", extra=XR_OFFER)
        alice.expect(200)
        alice.ack()
        alice.audio.wait_for(lambda: 4 in blocks_of(alice.audio), 15, "a reference time: it sends nothing to us")
        arrival, data, _ = alice.audio.rtcp[-1]
        ours = struct.unpack(">I", rtp.rtcp_packets(data)[0][2][:4])[0]
        seconds, fraction = struct.unpack(">II", blocks_of(alice.audio)[4])
        lrr = (seconds & 0xFFFF) << 16 | fraction >> 16
        mine = struct.pack(">BBHII", 4, 0, 2, 0x12345678, 0x9ABCDEF0)
        time.sleep(0.3)
        waited = time.monotonic() - arrival
        answer = struct.pack(">BBHIII", 5, 0, 3, ours, lrr, round((waited - 0.3) * 65536))
        empty = struct.pack(">BBHI", 0x80, rtp.RR, 1, alice.audio.ssrc)
        asked = time.monotonic()
        alice.audio.send_rtcp(empty + extended_report(alice, mine, answer))
        found = status_of(server, "alice", lambda p: p["round_trip_ms"] > 0)
        assert 290 < found["round_trip_ms"] < 340, found
        alice.audio.wait_for(lambda: 5 in blocks_of(alice.audio), 15, "an answer to hers")
        ssrc, mid, delay = struct.unpack(">III", blocks_of(alice.audio)[5])
        assert ssrc == alice.audio.ssrc and mid == 0x56789ABC
        took = next(when for when, data, _ in reversed(alice.audio.rtcp)) - asked
        assert abs(delay / 65536 - took) < 0.1


def test_rubbish_in_extended_reports_harms_nobody():
    with Server() as server, Phone(server, "alice", rtcp_every=10) as alice:
        alice.call(extra=XR_OFFER)
        alice.audio.wait_for_packets(20)
        dice = np.random.default_rng(3611)
        good = receiver_report(alice, 0.5, 9, 8) + extended_report(alice, voip_metrics(alice, mos=20))
        for _ in range(300):
            bad = bytearray(good)
            for at in dice.integers(0, len(bad), 4):
                bad[at] = dice.integers(0, 256)
            alice.audio.send_rtcp(bytes(bad[:dice.integers(1, len(bad) + 1)]))
        alice.audio.send_rtcp(good)
        found = status_of(server, "alice", lambda p: p["remote_lost"] == 9)
        assert re.fullmatch("good|fair|poor|bad|", found["quality"]), found
        alice.audio.wait_for_packets(20)


if __name__ == "__main__":
    run.main()
