"""The call that README.md tells of, line by line: the same keys, and the same is heard in the same order."""

import re

import run
import signs
import tone
from parley import ROOT, Server
from sip import Phone

README = (ROOT / "README.md").read_text()
CONFIG = (ROOT / "scripts/demo.lua").read_text()  # of `make run`
TEXTS = dict(reversed(line.split("\t")) for line in signs.TABLE.read_text().splitlines() if "\t" in line)
VOICES = {"Alice": 800, "Bob": 1800}  # Hz, in the place of their names
NUMBER = re.search(r"The number of your conference is \*(\d{6})\*", README)[1]


def rows():
    """[(who, what they do, what Alice hears, what Bob hears)] of the table."""
    table = README[README.index("| Alice, the host, hears |") :].split("\n\n")[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return [(*action.split(" ", 1), alice, bob) for _, action, alice, bob in lines]


def heard(cell, number):
    """The names of what a cell of the table says is heard; of tones, the pitch."""
    names = []
    while cell:
        special = re.match(r"\*(?:(tone)|(\w+)'s name|(\d+))\*", cell)
        if special:
            tone_of, voice, digits = special.groups()
            names += ["1000 Hz"] if tone_of else [f"{VOICES[voice]} Hz"] if voice else list(number)
            cell = cell[special.end() :].lstrip(" ,.")
            continue
        text = max((text for text in TEXTS if cell.startswith(text)), key=len, default=None)
        assert text, f"no prompt says '{cell}'"
        names.append(TEXTS[text])
        cell = cell[len(text) :].lstrip()
    return names


def dial(phone):
    phone.invite("9000")
    phone.expect(200)
    phone.ack()
    phone.is_up = True


def say_name(phone, who):
    """So long that something of it is heard on a machine that stalls meanwhile."""
    phone.hear(0.2, 0)
    phone.say(tone.once(tone.sine(VOICES[who])(0, tone.RATE * 2 // 5))).hear(0.7, 0)


def come_in(phone):
    """The re-INVITE that tells where it is now; returns the number."""
    again = phone.expect("INVITE", within=10)
    phone.reply(again, 200, body=phone.offer())
    phone.expect("ACK")
    return re.search(r"<sip:(\d+)@", again["Contact"])[1]


@run.real_time
def test_the_call_in_the_readme_is_what_is_heard():
    server = Server(CONFIG, start=False)
    signs.place(server)
    server.start()
    with server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        phones, number = {"Alice": alice, "Bob": bob}, NUMBER
        for who, action, *cells in rows():
            ears, phone = signs.Ears(phones), phones[who]
            if action.startswith("dials"):
                dial(phone)
            elif action.startswith("says"):
                say_name(phone, who)
            keys = "".join(re.findall(r"`([^`]+)`", action))
            phone.press(keys.replace(NUMBER, number))
            if keys == "1133#":
                number = come_in(phone)
            wanted = {name: heard(cell, number) for name, cell in zip(phones, cells)}
            ears.expect(f"{who} {action}", within=15, **wanted)
        for phone in phones.values():
            phone.reply(phone.expect("BYE"), 200)


if __name__ == "__main__":
    run.main()
