"""Audio levels in RTP header extensions, agreed on by SDP (RFC 6464, RFC 6465, RFC 8285)."""

import run
import tone
from parley import Server
from sip import Phone

LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
EACH = "urn:ietf:params:rtp-hdrext:csrc-audio-level"


def extmaps(audio):
    return [attribute for attribute in audio.attributes if attribute.startswith("extmap")]


def levels_in(phone, one, each):
    """(level of all, {source: its level}) of the packets that came last."""

    def told():
        packets = [p for p in phone.audio.packets[-10:] if p.extensions.get(one)]
        return len(packets) == 10 and all(len(p.sources) == 1 for p in packets) and packets[-1]

    phone.audio.clock.wait_for(told, 10, "packets that say who is heard")
    packet = told()
    assert len(packet.extensions[each]) == len(packet.sources)
    return packet.extensions[one][0] & 0x7F, dict(zip(packet.sources, packet.extensions[each]))


@run.real_time
def test_a_phone_that_offers_levels_is_told_who_is_heard_and_how_loud():
    with Server() as server, Phone(server) as alice, Phone(server, "bob") as bob:
        bob.say(tone.sine(800)).call()
        ok = alice.call(extra=(f"a=extmap:4 {LEVEL} vad=off", f"a=extmap:6/recvonly {EACH}"))
        assert extmaps(ok.sdp.audio) == [f"extmap:4 {LEVEL} vad=off", f"extmap:6/sendonly {EACH}"]
        level, speakers = levels_in(alice, 4, 6)
        assert 22 <= level <= 24, level  # a tone whose peaks are 20 dB below full scale
        assert set(speakers) == {bob.audio.ssrc} and abs(speakers[bob.audio.ssrc] - level) <= 1
        tone.assert_hears(alice.hear(), {800: -20})
        # Who did not ask gets plain packets.
        assert not any(packet.data[0] & 0x1F for packet in bob.audio.packets)


@run.real_time
def test_our_offer_has_levels_and_they_are_told_as_the_answer_says():
    with Server() as server, Phone(server) as alice, Phone(server, "bob") as bob:
        bob.say(tone.sine(800)).call()
        alice.invite("demo", body=None)
        offered = extmaps(alice.expect(200).sdp.audio)
        assert offered == [f"extmap:1 {LEVEL}", f"extmap:2/sendonly {EACH}"]
        alice.ack(body=alice.offer(extra=(f"a=extmap:1 {LEVEL}", f"a=extmap:2/recvonly {EACH}")))
        _, speakers = levels_in(alice, 1, 2)
        assert set(speakers) == {bob.audio.ssrc}
        alice.bye()
        with Phone(server, "carol") as carol:
            carol.invite("demo", body=None)
            carol.expect(200)
            carol.ack(body=carol.offer())
            tone.assert_hears(carol.hear(), {800: -20})
            assert not any(packet.data[0] & 0x1F for packet in carol.audio.packets)


@run.real_time
def test_levels_may_begin_and_end_in_a_call():
    with Server() as server, Phone(server) as alice, Phone(server, "bob") as bob:
        bob.say(tone.sine(800)).call()
        alice.call()
        tone.assert_hears(alice.hear(), {800: -20})
        alice.reinvite(extra=(f"a=extmap:15 {LEVEL}", f"a=extmap:16 {EACH}"))
        assert len(extmaps(alice.expect(200).sdp.audio)) == 2
        alice.ack()
        assert set(levels_in(alice, 15, 16)[1]) == {bob.audio.ssrc}
        alice.reinvite()
        assert not extmaps(alice.expect(200).sdp.audio)
        alice.ack()
        tone.assert_hears(alice.hear(), {800: -20})
        assert not alice.audio.packets[-1].extensions
        alice.audio.assert_steady(0)


if __name__ == "__main__":
    run.main()
