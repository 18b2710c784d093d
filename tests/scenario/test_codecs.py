"""Codecs by name: each is negotiated as it is offered, and phones with different ones hear each other.

What Opus and G.722 sound like is measured in tests/unit/media, and with phones in tests/clients.
"""

import numpy as np

import run
import tone
from parley import Server
from sip import Phone

EVENT_48000 = (105, "telephone-event/48000")


def names(audio):
    """The encodings of an m-line, in its order."""
    static = {"0": "PCMU/8000", "8": "PCMA/8000", "9": "G722/8000", "13": "CN/8000"}
    return [audio.rtpmaps.get(int(number), static.get(number)) for number in audio.formats]


def test_the_offer_of_ours_has_all_codecs_best_first():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo", body=None)
        audio = alice.expect(200).sdp.audio
        assert names(audio) == [
            "opus/48000/2",
            "G722/8000",
            "PCMU/8000",
            "PCMA/8000",
            "L16/16000",
            "L16/8000",
            "CN/8000",
            "telephone-event/48000",
            "telephone-event/8000",
        ], audio.attributes
        assert "fmtp:96 useinbandfec=1;usedtx=1" in audio.attributes
        alice.ack(body=alice.offer())


def test_each_codec_is_taken_under_the_offerers_number():
    offers = {
        "opus": (111, "opus/48000/2"),
        "G722": (9, "G722/8000"),
        "L16": (123, "L16/16000"),
        "PCMA": (8, "PCMA/8000"),
    }
    with Server() as server:
        for name, format in offers.items():
            with Phone(server, name.lower()) as phone:
                phone.invite("demo", formats=(format,))
                audio = phone.expect(200).sdp.audio
                assert audio.formats == [str(format[0])]
                assert names(audio) == [format[1]]
                phone.ack()
                server.expect_log(f"sip:{name.lower()}@.* joined")
                assert server.participants()[name.lower()]["codec"] == name
                # One frame a packet, whatever the codec: and they do come.
                packets = phone.audio.wait_for_packets(10)
                assert {p.payload_type for p in packets} == {format[0]}
                rate = int(format[1].split("/")[1])
                steps = {b.timestamp - a.timestamp for a, b in zip(packets, packets[1:])}
                # a tick that this machine has missed is a gap
                assert min(steps) == rate // 50 and not any(step % (rate // 50) for step in steps), steps


def test_an_answer_may_choose_any_of_our_offer():
    with Server() as server:
        for format in (
            (96, "opus/48000/2"),
            (9, "G722/8000"),
            (0, "PCMU/8000"),
            (97, "L16/16000"),
            (98, "L16/8000"),
        ):
            with Phone(server) as phone:
                phone.invite("demo", body=None)
                ok = phone.expect(200)
                phone.send(
                    phone.request(
                        "ACK", cseq=phone.invite_request.cseq[0], body=phone.offer(formats=(format,))
                    )
                )
                packets = phone.audio.wait_for_packets(5)
                assert {p.payload_type for p in packets} == {format[0]}, ok
                phone.bye()


def test_keys_tick_at_the_clock_of_the_codec_and_at_8000_when_nothing_else_is_there():
    with Server() as server, Phone(server) as alice, Phone(server, "bob") as bob:
        alice.invite("demo", formats=("opus", EVENT_48000, "telephone-event"))
        assert names(alice.expect(200).sdp.audio)[1:] == ["telephone-event/48000"]
        alice.ack()
        bob.invite("demo", formats=("opus", "telephone-event"))
        assert names(bob.expect(200).sdp.audio)[1:] == ["telephone-event/8000"]
        bob.ack()


@run.real_time
def test_keys_that_tick_at_8000_beside_a_wide_codec_are_no_loss():
    script = """
local policy = parley.policy { name = "keys" }
function policy.digit(event) print("key " .. event.digit .. " of " .. event.duration .. " s") end
return policy
"""
    with Server(policy=script) as server, Phone(server) as alice:
        alice.say(tone.sine(500, rate=16000))
        alice.call(formats=("L16/16000", "telephone-event"))
        alice.audio.wait_for_packets(25)
        before = server.participants()["alice"]["concealed_ms"]
        for digit in "159":
            alice.audio.press(digit, clock=8000)
            server.expect_log(f"key {digit} of 0.1 s")
            alice.audio.wait_for_packets(10)
        assert server.participants()["alice"]["concealed_ms"] - before < 80


@run.real_time
def test_narrow_and_wide_phones_hear_each_other_at_the_right_level():
    with Server() as server:
        with Phone(server) as alice, Phone(server, "bob") as bob, Phone(server, "carol") as carol:
            alice.say(tone.sine(500, rate=16000))
            bob.say(tone.sine(800))
            carol.say(tone.silence)
            alice.call(formats=("L16/16000",))
            bob.call(formats=("PCMU",))
            carol.call(formats=("L16/16000",))
            tone.assert_hears(alice.hear(), {800: -20}, absent=(500,), tolerance=0.2, rate=16000)
            tone.assert_hears(bob.hear(), {500: -20}, absent=(800,), tolerance=0.2)
            tone.assert_hears(carol.hear(), {500: -20, 800: -20}, tolerance=0.2, rate=16000)


@run.real_time
def test_wideband_stays_wide_between_wide_phones_and_folds_nowhere_in_narrow_ones():
    with Server() as server:
        with Phone(server) as alice, Phone(server, "bob") as bob, Phone(server, "carol") as carol:
            alice.say(tone.sine(5500, rate=16000))
            alice.call(formats=("L16/16000",))
            bob.call(formats=("L16/16000",))
            carol.call(formats=("L16/8000",))
            tone.assert_hears(bob.hear(), {5500: -20}, rate=16000)
            assert tone.loudness(carol.hear()) < -75, "an alias of 5500 Hz is in 8000 Hz"


@run.real_time
def test_changing_the_codec_in_a_call_goes_on_with_the_sound():
    with Server() as server, Phone(server) as alice, Phone(server, "bob") as bob:
        alice.say(tone.sine(500))
        bob.say(tone.sine(800))
        alice.call(formats=("PCMU",))
        bob.call(formats=("PCMA",))
        tone.assert_hears(bob.hear(), {500: -20})
        alice.reinvite(formats=("L16/16000",))
        tone.assert_hears(bob.hear(settle=0.5), {500: -20})  # she has not yet read the answer
        assert server.participants()["alice"]["codec"] == "L16"
        assert server.participants()["alice"]["rejected"] == 0
        alice.expect(200)
        alice.audio.play(tone.sine(500, rate=16000))
        alice.ack()
        tone.assert_hears(bob.hear(settle=0.5), {500: -20})
        heard = [p for p in alice.audio.wait_for_packets(50) if p.payload_type == 107]
        samples = np.concatenate([tone.WIDE.decode(p.payload) for p in heard])
        tone.assert_hears(samples, {800: -20}, rate=16000)


if __name__ == "__main__":
    run.main()
