"""The reception: conferences created and joined by the keys of a phone (RFC 4579 §5.3)."""

import contextlib
import re
import time

import numpy as np

import audio
import run
import tone
from message import uri_of
from parley import Server, address, run_parley
from sip import Phone

# What the prompts are in these tests: a tone for each, so that it is known which one is heard.
PROMPTS = """welcome menu choose-host-pin choose-pin your-conference-number-is enter-number
enter-pin wrong-pin too-many-tries locked-out unknown-conference wait-for-host nothing-entered
not-understood try-again goodbye conference-locked conference-full not-allowed expired one-moment
music""".split()
PITCH = {name: 400 + 60 * index for index, name in enumerate(PROMPTS)}
PITCH |= {str(digit): 2000 + 100 * digit for digit in range(10)}
WINDOW = 1200  # samples

CONFIG = """
applications = {
  ["9000"] = { script = "reception", options = { OPTIONS } },
  ["9001"] = "guessed",
}
audio = { hold_music = "sounds/music.wav" }
conferences = {
  ["1234"] = { title = "Monday" },
  ["5150"] = { policy = "members", options = { pin = "6160" } },
  ["4711"] = { policy = "rooms", options = { host_pin = "8254", guest_pin = "1133" } },
}
"""


# Whoever calls it has misdialled eight times, and somebody has tried all the PINs of 4711.
GUESSED = """
return function(call)
  local wrong = parley.store "reception"
  wrong:add("numbers/" .. call.from.peer:match "^(.*):", 8, { ttl = "5m" })
  wrong:add("conference/4711", 20, { ttl = "5m" })
  call:reject(480)
end
"""

LOCK = """
local policy = parley.policy { name = "lock" }
function policy.reloaded(_, conference) conference:lock() end
return policy
"""


def reception(options="timeout = 20", **others):
    server = Server(CONFIG.replace("OPTIONS", options), start=False, **others)
    server.write("scripts/guessed.lua", GUESSED)
    sounds = server.directory / "sounds"
    sounds.mkdir()
    for name, pitch in PITCH.items():
        samples = np.concatenate([tone.sine(pitch, -20, 16000)(0, 4000), np.zeros(1600)])
        audio.write_wav(sounds / f"{name}.wav", samples, 16000)
    server.start()
    return server


def pitches(samples):
    """Which of the prompts are in it, in their order."""
    found, last = [], None
    for begin in range(0, len(samples) - WINDOW, WINDOW // 4):
        window = samples[begin : begin + WINDOW]
        name = max(PITCH, key=lambda one: tone.level(window, PITCH[one]))
        if tone.level(window, PITCH[name]) < -24:
            last = None
        elif name != last:
            found.append(name)
            last = name
    return found


class Caller(Phone):
    """Talks with the reception, and remembers how far it has listened."""

    heard = 0

    def begin(self, number="9000"):
        self.invite(number)
        self.expect(200)
        self.ack()
        return self

    def wait_to_hear(self, *names, within=15):
        """These prompts, one after the other, among what comes from now on."""
        deadline = time.monotonic() + within * run.SLOW
        while True:
            end = len(self.audio.packets)
            rest = iter(pitches(self.audio.audio(self.heard, end)))
            if all(name in rest for name in names):
                self.heard = end
                return self
            assert time.monotonic() < deadline, (
                f"{names} was not heard, but "
                f"{pitches(self.audio.audio(self.heard))} within {within} s"
            )
            time.sleep(0.1)

    def enter(self, prompt, keys):
        self.wait_to_hear(prompt)
        self.press(keys)
        return self

    def brought_in(self, name=None):
        """The re-INVITE that names the conference is here, and answered; returns it."""
        again = self.expect("INVITE", within=15)
        assert ";isfocus" in again["Contact"].split(">")[1], again
        assert name is None or f"sip:{name}@" in again["Contact"], again
        self.reply(again, 200, body=self.offer())
        self.expect("ACK")
        self.is_up = True
        return again

    def sent_away(self):
        bye = self.expect("BYE", within=15)
        self.reply(bye, 200)
        self.is_up = False


def nothing_is_left(server):
    deadline = time.monotonic() + 10 * run.SLOW
    while True:
        status = server.status()
        left = (status["server"]["calls"], status["visitors"], len(status["conferences"]))
        if left == (0, [], 3):
            return
        assert time.monotonic() < deadline, f"calls, visitors, conferences are left: {left}"
        time.sleep(0.1)


# ---- creating ----------------------------------------------------------------------------------


@run.real_time
def test_a_plain_phone_creates_a_conference_and_others_join_it():
    with reception() as server, Caller(server, "alice") as alice, Caller(server, "bob") as bob:
        # Figure 3: Alice establishes session with conference application.
        f1 = alice.invite("9000")
        f3 = alice.expect(200)
        assert "isfocus" not in f3["Contact"], "it is no focus yet"
        alice.ack()
        # RTP, and Alice uses the application to create the conference.
        alice.wait_to_hear("welcome").enter("menu", "1")
        alice.enter("choose-host-pin", "8254#")
        alice.enter("choose-pin", "8254#")  # the same one will not do
        alice.enter("try-again", "1133#")
        f5 = alice.brought_in()
        assert f5["Call-ID"] == f1["Call-ID"] and f5.tag("To") == f1.tag("From"), f5
        name = re.match(r"sip:([1-9]\d{5})@", uri_of(f5["Contact"]))[1]
        read = ["your-conference-number-is", *name] * 2
        told = pitches(alice.audio.audio(alice.heard))
        assert " ".join(read) in " ".join(told), f"{name} was read out as {told}"
        server.expect_log(rf"\[{name} \S+\] sip:alice@\S+ joined as host")
        # Bob joins by its number and PIN.
        bob.begin().enter("menu", "2").enter("enter-number", f"{name}#")
        bob.enter("enter-pin", "1133#").brought_in(name)
        server.expect_log(rf"\[{name} \S+\] sip:bob@\S+ joined as guest")
        alice.say(tone.sine(500))
        bob.say(tone.sine(1700))
        tone.assert_hears(bob.hear(), {500: -20}, tolerance=1.5)
        tone.assert_hears(alice.hear(), {1700: -20}, tolerance=1.5)
        with Phone(server, "carol") as carol:
            carol.invite(name)
            assert carol.expect(403).reason == "The PIN is needed", "not past the reception"
            carol.ack()
        alice.hang_up()
        bob.hang_up()
        nothing_is_left(server)
        with Phone(server, "carol") as carol:
            carol.invite(name)
            carol.expect(410)
            carol.ack()


@run.real_time
def test_all_may_be_asked_before_the_answer():
    """§5.3: during an early dialog, and the conference URI is in the Contact of the 200."""
    with reception("timeout = 20, early = true") as server, Caller(server, "alice", transport="tcp") as alice:
        alice.invite("9000")
        session = alice.expect(183)
        assert "isfocus" not in session["Contact"], session
        alice.connect_audio(session.sdp)
        alice.enter("menu", "1").enter("choose-host-pin", "8254#").enter("choose-pin", "1133#")
        ok = alice.expect(200, within=15)
        assert re.match(r"sip:[1-9]\d{5}@", uri_of(ok["Contact"])), ok
        assert ";isfocus" in ok["Contact"].split(">")[1] and ok.tag("To") == session.tag("To"), ok
        alice.ack()
        server.expect_log(r"sip:alice@\S+ joined as host")


# ---- joining -----------------------------------------------------------------------------------


@run.real_time
def test_the_number_is_asked_again_and_needs_no_pin_where_there_is_none():
    with reception() as server, Caller(server, "alice") as alice:
        alice.begin().enter("menu", "5").wait_to_hear("not-understood").enter("menu", "2")
        alice.enter("enter-number", "99#").wait_to_hear("unknown-conference")
        alice.enter("enter-number", "1234#").brought_in("1234")
        server.expect_log(r"\[1234 \S+\] sip:alice@\S+ joined as participant")


@run.real_time
def test_a_guest_waits_for_the_host():
    with reception() as server, Caller(server, "alice") as alice, Caller(server, "bob") as bob:
        bob.begin().press("24711#1133#")  # who knows it all need not listen
        bob.wait_to_hear("wait-for-host", "music")
        alice.begin().press("24711#8254#")
        alice.brought_in("4711")
        server.expect_log(r"\[4711 \S+\] sip:alice@\S+ joined as host")
        bob.brought_in("4711")
        server.expect_log(r"\[4711 \S+\] sip:bob@\S+ joined as guest")


@run.real_time
def test_a_host_who_does_not_come_is_not_waited_for_for_ever():
    with reception() as server, Caller(server, "bob") as bob:
        config = server.config.read_text().replace('"1133"', '"1133", patience = 2')
        server.config.write_text(config)
        server.reload()
        bob.begin().press("24711#1133#")
        bob.wait_to_hear("wait-for-host", "expired", "goodbye").sent_away()
        nothing_is_left(server)


@run.real_time
def test_three_wrong_pins_lock_a_caller_out_but_not_others():
    with reception() as server, Caller(server, "host") as host:
        host.begin().press("24711#8254#")
        host.brought_in("4711")
        with Caller(server, "mallory") as mallory:
            mallory.begin().press("24711#")
            for wrong in ("0000#", "1111#", "2222#"):
                mallory.enter("enter-pin", wrong).wait_to_hear("wrong-pin")
            mallory.wait_to_hear("too-many-tries", "goodbye").sent_away()
        with Caller(server, "mallory") as mallory:  # who calls again
            mallory.begin().press("24711#")
            mallory.wait_to_hear("locked-out").sent_away()
        bob_is = address()
        with Caller(server, "bob", address=bob_is) as bob:  # and who is somebody else
            bob.begin().press("24711#0000#")
            bob.wait_to_hear("wrong-pin").enter("enter-pin", "0001#").wait_to_hear("wrong-pin")
            bob.enter("enter-pin", "1133#").brought_in("4711")
            bob.hang_up()
        # Who knows the guests' PIN has no more tries for the host's.
        with Caller(server, "bob", address=bob_is) as bob:
            bob.begin().press("24711#0002#")
            bob.wait_to_hear("wrong-pin", "locked-out").sent_away()
        host.hang_up()


@run.real_time
def test_guesses_slow_a_conference_down_but_lock_out_only_who_guesses():
    with reception() as server, contextlib.ExitStack() as stack:
        with Phone(server, "mallory") as mallory:
            mallory.invite("9001")
            mallory.expect(480)
            mallory.ack()
        # Who is right is no less so with more colleagues behind the same address than it has tries.
        office = address()
        hosts = [stack.enter_context(Caller(server, name, address=office)) for name in ("ann", "ben", "cat", "dan")]
        for host in hosts:
            host.begin().press("24711#8254#")
        for host in hosts:
            host.wait_to_hear("one-moment").brought_in("4711")
        with Caller(server, "mallory") as mallory:  # one more wrong number is the last one
            mallory.begin().press("299#")
            mallory.wait_to_hear("unknown-conference").enter("enter-number", "4711#")
            mallory.wait_to_hear("too-many-tries", "goodbye").sent_away()


@run.real_time
def test_a_room_without_a_pin_for_guests_has_none():
    with reception() as server, Caller(server, "alice") as alice:
        server.config.write_text(server.config.read_text().replace(', guest_pin = "1133"', ""))
        server.reload()
        alice.begin().press("24711#1133#")
        alice.wait_to_hear("wrong-pin").enter("enter-pin", "8254#").brought_in("4711")
        server.expect_log(r"\[4711 \S+\] sip:alice@\S+ joined as host")


# ---- what goes wrong ---------------------------------------------------------------------------


@run.real_time
def test_who_presses_nothing_is_asked_again_and_sent_away():
    with reception("timeout = 0.3") as server:
        with Caller(server, "alice") as alice:
            alice.begin()
            alice.wait_to_hear("menu", "nothing-entered", "menu", "nothing-entered", "goodbye")
            alice.sent_away()
        nothing_is_left(server)


@run.real_time
def test_hanging_up_anywhere_leaves_nothing_behind():
    steps = (
        ("welcome", ""),
        ("choose-host-pin", "1"),
        ("choose-pin", "18254#"),
        ("your-conference-number-is", "18254#1133#"),
        ("enter-number", "2"),
        ("enter-pin", "24711#"),
        ("wrong-pin", "24711#0000#"),
        ("wait-for-host", "24711#1133#"),
    )
    with reception() as server:
        for prompt, keys in steps:
            with Caller(server, "alice") as alice:
                alice.begin().press(keys)
                alice.wait_to_hear(prompt)
                alice.hang_up()
            nothing_is_left(server)


@run.real_time
def test_why_somebody_does_not_come_in_is_said():
    with reception('timeout = 20, creators = "accounts"') as server:
        with Caller(server, "alice") as alice:
            alice.begin().enter("menu", "1").wait_to_hear("not-allowed", "goodbye").sent_away()
        with Caller(server, "alice") as alice:  # members are asked for a password, guests for a PIN
            alice.begin().press("25150#0000#")
            alice.wait_to_hear("wrong-pin").enter("enter-pin", "6160#").brought_in("5150")
            server.expect_log(r"\[5150 \S+\] sip:alice@\S+ joined as guest")
            alice.hang_up()
        with Caller(server, "host") as host, Caller(server, "bob") as bob:
            host.begin().press("24711#8254#")
            host.brought_in("4711")
            server.write("policy/lock.lua", LOCK)
            server.config.write_text(f'policy = "policy/lock.lua"\n{server.config.read_text()}')
            server.reload()
            bob.begin().press("24711#1133#")
            bob.wait_to_hear("conference-locked", "goodbye").sent_away()


def test_its_options_are_checked():
    for options, error in (
        ("digits = 3", "option 'digits' must be a whole number, at least 4, at most 12"),
        ("timeout = 0", "option 'timeout' must be a duration"),
        ("digitts = 5", "declares no option 'digitts' (did you mean 'digits'?)"),
    ):
        config = 'applications = { ["9000"] = { script = "reception", options = { %s } } }\n'
        with Server(config % options, start=False) as server:
            done = run_parley("check", server.config)
            assert done.returncode == 2 and error in done.stderr, done.stderr


if __name__ == "__main__":
    run.main()
