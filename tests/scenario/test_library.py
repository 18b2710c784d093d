"""The test library itself: what it would miss, no scenario would find."""

import types

import numpy as np

import run
import sdp
import tone
from message import Malformed, Message, host_port, parameter, render, uri_of
from parley import address
from sip import Phone


def two_phones():
    """alice and bob, each the other's server."""
    here, there = address(), address()
    alice = Phone(types.SimpleNamespace(address=there, port=0), "alice", address=here)
    bob = Phone(types.SimpleNamespace(address=here, port=alice.port), "bob", address=there)
    alice.server.port = bob.port
    return alice, bob


@run.real_time
def test_a_phone_calls_a_phone():
    alice, bob = two_phones()
    alice.invite("demo")
    invite = bob.expect("INVITE")
    bob.reply(invite, 100)
    bob.reply(invite, 180)
    alice.expect(180)
    bob.reply(invite, 200, body=bob.offer())
    offered = invite.sdp.audio
    bob.audio.connect(offered.connection, offered.port)
    alice.expect(200)
    alice.ack()
    bob.expect("ACK")
    alice.say(tone.sine(500))
    tone.assert_hears(bob.hear(), {500: -20}, absent=[800])
    bob.audio.assert_steady()
    alice.bye()
    bob.reply(bob.expect("BYE"), 200)
    alice.expect(200, method="BYE")
    alice.close()
    bob.close()


def fails(what, *arguments):
    """Whether the assertion is one that can fail."""
    try:
        what(*arguments)
    except AssertionError:
        return True
    return False


def test_an_unexpected_answer_fails():
    alice, bob = two_phones()
    alice.invite("demo")
    bob.reply(bob.expect("INVITE"), 404)
    assert fails(alice.expect, 200)
    assert fails(alice.expect, 200, 0.05)
    alice.close()
    bob.close()


def test_g711_is_what_the_standard_says():
    for law, code, value in (
        (tone.PCMU, 0x00, -32124),
        (tone.PCMU, 0x80, 32124),
        (tone.PCMU, 0xFF, 0),
        (tone.PCMU, 0xDF, 396),
        (tone.PCMA, 0x2A, -32256),
        (tone.PCMA, 0xAA, 32256),
        (tone.PCMA, 0xD5, 8),
        (tone.PCMA, 0x55, -8),
    ):
        assert round(law.decode(bytes([code]))[0] * 32768) == value, (law.name, hex(code))
        assert law.encode(np.array([value / 32768])) in (bytes([code]), b"\x7f"), (
            law.name,
            hex(code),
        )


@run.real_time
def test_levels_tell_present_from_absent():
    heard = tone.sine(500, -20)(0, 4000) + tone.sine(800, -26)(0, 4000)
    tone.assert_hears(heard, {500: -20, 800: -26}, absent=[1100])
    assert fails(tone.assert_hears, heard, {500: -21})
    assert fails(tone.assert_hears, heard, {1100: -20})
    assert fails(tone.assert_hears, heard, {}, [800])


def through(law, samples):
    return law.decode(law.encode(samples))


def test_a_step_is_a_click_and_a_ramp_is_none():
    steady = tone.sine(500, -10)(0, 8000)
    quiet = tone.click(through(tone.PCMU, steady), [500])
    for at in (4002, 4004, 4006):
        step, ramp = steady.copy(), steady.copy()
        step[at:] = 0
        ramp[at : at + 160] *= np.linspace(1, 0, 160)
        ramp[at + 160 :] = 0
        assert tone.click(through(tone.PCMU, step), [500]) > quiet + 7
        assert tone.click(through(tone.PCMU, ramp), [500]) < quiet + 2


def test_clipping_is_distortion():
    loud = tone.sine(500, -1)(0, 8000) + tone.sine(800, -1)(0, 8000)
    assert tone.distortion(through(tone.PCMU, np.clip(loud, -1, 1)), [500, 800]) > -17
    assert tone.distortion(through(tone.PCMU, loud / 2), [500, 800]) < -33


def test_broken_messages_are_not_parsed():
    good = Message("SIP/2.0 200 OK", [("Via", "SIP/2.0/UDP x"), ("CSeq", "1 BYE")], b"abc")
    assert Message.parse(render(good)).cseq == (1, "BYE")
    for old, new in ((b"\r\n", b"\n"), (b": 3", b": 4"), (b"CSeq:", b"CS eq:")):
        try:
            Message.parse(render(good).replace(old, new))
        except Malformed:
            continue
        raise AssertionError(f"{new!r} was taken")


def test_headers_are_taken_apart():
    value = '"Joe" <sip:joe@[::1]:5062;transport=tcp>;tag=a1;isfocus'
    assert parameter(value, "tag") == "a1" and parameter(value, "isfocus") == ""
    assert parameter(value, "transport") is None
    assert uri_of(value) == "sip:joe@[::1]:5062;transport=tcp"
    assert host_port(uri_of(value)) == ("::1", 5062) and host_port("sip:127.0.0.1") == (
        "127.0.0.1",
        5060,
    )


def test_sdp_is_read_strictly():
    good = sdp.offer("127.0.0.1", 4000)
    assert sdp.Sdp(good).audio.port == 4000
    for bad in (
        good.replace(b"\r\n", b"\n"),
        good[:-2],
        good.replace(b"s=-\r\n", b""),
        good.replace(b"c=IN IP4 127.0.0.1\r\n", b""),
        good.replace(b"t=0 0\r\n", b""),
    ):
        assert fails(sdp.Sdp, bad), bad


@run.real_time
def test_steady_is_more_than_many():
    alice, bob = two_phones()
    alice.audio.connect(bob.address, bob.audio.port)
    bob.audio.wait_for_packets(10)
    bob.audio.assert_steady()
    del bob.audio.packets[5]
    assert fails(bob.audio.assert_steady)
    alice.close()
    bob.close()


if __name__ == "__main__":
    run.main()
