"""Baresips with different codecs in one conference: Opus, G.722, L16 and G.711, each hears all others."""

import audio
import run
from parley import Server
from phones import Baresip
from sip import Phone

# As baresip names them, and as the server does.
CODECS = {"olga": ("opus/48000/2", "opus"), "gina": ("G722/16000/1", "G722"),
          "lena": ("L16/16000/1", "L16"), "paul": ("PCMU/8000/1", "PCMU")}


@run.real_time
@run.limit(90)
def test_each_hears_all_others_whatever_their_codecs_are():
    voices = {user: audio.voice(number, 60) for number, user in enumerate(CODECS)}
    phones = {user: Baresip(user, voices[user], codecs=names[0]) for user, names in CODECS.items()}
    entered = []
    with Server() as server, Phone(server, "watcher") as watcher:
        try:
            watcher.call()
            for user, phone in phones.items():
                entered.append(phone.__enter__())
                phone.call(f"sip:demo@{server.address}")
            watcher.audio.wait_for_packets(400, within=12)  # eight seconds
            people = server.participants()
            assert {user: people[user]["codec"] for user in CODECS} == {
                user: names[1] for user, names in CODECS.items()}
            for phone in phones.values():
                phone.hang_up()
            for user, phone in phones.items():
                others = {other: voice for other, voice in voices.items() if other != user}
                found = audio.assert_heard(phone.recording(), others, {user: voices[user]})
                for other, (_, _, gain) in found.items():
                    assert other == user or 0.8 < gain < 1.25, f"{user} hears {other} at {gain:.2f}"
        finally:
            for phone in entered:
                phone.__exit__()


if __name__ == "__main__":
    run.main()
