"""A real phone creates a conference by its keys, and another comes in by the same way."""

import audio
import run
import tone
from parley import Server
from phones import Baresip
from sip import Phone

PITCH = 800  # Hz, what alice says
CONFIG = 'applications = { ["9000"] = "reception" }\n'


@run.real_time
def test_a_plain_phone_creates_a_conference_and_another_joins_it():
    with Server(CONFIG) as server, Baresip("alice", audio.whistle(PITCH, 90)) as alice:
        alice.call(f"sip:9000@{server.address}")
        alice.press("18254#1133#")
        number = server.expect_log(r"\[(\d{6}) \S+\] sip:alice@\S+ joined as host", within=60)[1]
        assert server.participants(number)["alice"]["status"] == "connected"
        with Baresip("bob", audio.whistle(1700, 90)) as bob, Phone(server, "carol") as carol:
            bob.call(f"sip:9000@{server.address}")
            bob.press(f"2{number}#1133#")
            server.expect_log(rf"\[{number} \S+\] sip:bob@\S+ joined as guest", within=30)
            carol.invite("9000")
            carol.expect(200)
            carol.ack()
            carol.press(f"2{number}#1133#")
            again = carol.expect("INVITE", within=30)
            assert f"sip:{number}@" in again["Contact"] and ";isfocus" in again["Contact"], again
            carol.reply(again, 200, body=carol.offer())
            carol.expect("ACK")
            carol.is_up = True
            heard = carol.hear(settle=1)
            for pitch in (PITCH, 1700):
                assert tone.level(heard, pitch) > -35, f"{pitch} Hz is not heard in the conference"
            bob.hang_up()
        alice.hang_up()
        server.expect_left("alice")


if __name__ == "__main__":
    run.main()
