"""Three baresips with three voices in one conference: the main job, on real phones."""

import re
import signal
import time

import audio
import run
from audio import RATE, assert_heard, assert_no_gap
from parley import Server
from phones import Baresip
from sip import Phone

SECONDS = 60  # of a voice; more than any call here lasts
SECOND = 50  # packets
USERS = ("alice", "bob", "carol")
LET_IN = """local policy = parley.policy { name = "site" }
function policy.join(request, conference)
  return accept { role = "ROLE" }
end
return policy
"""
BROKEN = """local policy = parley.policy { name = "site" }
function policy.join(request,
return policy
"""
BROKEN_TURN = 6
LATE = 0.06  # seconds that a recording may stay behind the clock


class Talk:
    """Three phones that talk in conference demo, and a watcher who only listens: by its packets
    the tests tell the time, and it shows when each of them came."""

    def __init__(self, server, transports=("udp", "udp", "udp")):
        self.server = server
        self.voices = {user: audio.voice(number, SECONDS) for number, user in enumerate(USERS)}
        self.phones = {user: Baresip(user, self.voices[user], transport)
                       for user, transport in zip(USERS, transports)}
        self.transports = transports
        self.watcher = Phone(server, "watcher")

    def __enter__(self):
        self.entered = []
        try:
            for phone in (*self.phones.values(), self.watcher):
                phone.__enter__()
                self.entered.append(phone)
            for phone, transport in zip(self.phones.values(), self.transports):
                suffix = "" if transport == "udp" else f";transport={transport}"
                phone.call(f"sip:demo@{self.server.address}{suffix}")
            self.watcher.call()
            self.go_on(0.5)
            self.began = self.clocks()
        except BaseException as error:
            self.__exit__(type(error))
            raise
        return self

    def __exit__(self, kind=None, *_):
        for phone in reversed(self.entered):
            phone.__exit__(kind, None, None)

    def go_on(self, seconds=1.0):
        self.watcher.audio.wait_for_packets(int(seconds * SECOND), within=seconds + 3)

    def wait_until(self, condition, what, seconds=5):
        for _ in range(int(seconds * run.SLOW * 10)):
            if condition():
                return
            self.go_on(0.1)
        raise AssertionError(f"not within {seconds} s: {what}")

    def clocks(self):
        """{user: how far the clock is ahead of the recording, in seconds since whenever}."""
        return {user: time.monotonic() - phone.heard_seconds() for user, phone in self.phones.items()}

    def assert_on_time(self):
        """The recordings grew as the time went by. They hold no pauses, so that a server which
        stands still and then goes on where it was shows here and not in what was recorded. A
        baresip that was kept waiting catches up, a packet never sent stays away."""
        def late():
            return {user: round(now - self.began[user], 3) for user, now in self.clocks().items()}
        try:
            self.wait_until(lambda: max(map(abs, late().values())) < LATE * run.SLOW, "", 1)
        except AssertionError:
            raise AssertionError(f"the recordings are behind the clock by {late()} s") from None

    def end(self):
        """Hangs up everywhere; {user: what was heard while all three were there}."""
        for user, phone in self.phones.items():
            assert phone.is_up(), f"{user}'s call ended by itself"
        together = {user: int(phone.heard_seconds() * RATE) for user, phone in self.phones.items()}
        for phone in self.phones.values():
            phone.hang_up()
        return {user: phone.recording()[:together[user]] for user, phone in self.phones.items()}

    def others(self, user):
        return {other: voice for other, voice in self.voices.items() if other != user}


def assert_each_hears_the_others(talk, recordings, seconds):
    """... and not himself, at the right level, for so many seconds without a gap."""
    for user, recording in recordings.items():
        others = talk.others(user)
        found = assert_heard(recording, others, {user: talk.voices[user]})
        for other in others:
            assert 0.8 < found[other][2] < 1.25, f"{user} hears {other} at a gain of {found[other][2]:.2f}"
        gap, checked = assert_no_gap(recording, others)
        assert checked >= seconds, f"only {checked:.1f} s of what {user} heard have both voices in them"
        print(f"{user}: " + ", ".join(f"{who} score {score:.3f} gain {gain:.2f}"
                                      for who, (score, _, gain) in found.items()) +
              f"; longest gap {gap:.0f} ms in {checked:.1f} s")


@run.real_time
@run.limit(60)
def test_each_hears_the_two_others_and_not_himself_while_the_policy_is_reloaded_ten_times():
    with Server(policy=LET_IN) as server, Talk(server) as talk:
        first = len(talk.watcher.audio.packets)
        for turn in range(1, 11):
            talk.go_on()
            server.policy.write_text(BROKEN if turn == BROKEN_TURN else LET_IN.replace("ROLE", f"turn-{turn}"))
            done = server.command("reload")
            if turn == BROKEN_TURN:
                assert done.returncode != 0, "a broken script was taken"
                assert re.search(r"site\.lua:3:", done.stdout + done.stderr), done
            else:
                assert done.returncode == 0, done
        talk.go_on()
        assert set(server.participants()) == {*USERS, "watcher"}
        # Not one packet missing, none late beyond what a busy machine does to the watcher itself.
        talk.watcher.audio.assert_steady(first, longest_gap=0.12)
        talk.assert_on_time()
        assert_each_hears_the_others(talk, talk.end(), 10)


@run.real_time
@run.limit(60)
def test_each_hears_the_two_others_over_tcp_and_udp_alike():
    with Server() as server, Talk(server, transports=("tcp", "udp", "tcp")) as talk:
        talk.go_on(5)
        talk.assert_on_time()
        assert_each_hears_the_others(talk, talk.end(), 5)


@run.real_time
@run.limit(60)
def test_who_is_on_hold_is_not_heard_and_comes_back():
    with Server() as server, Talk(server) as talk:
        talk.go_on(3)
        alice, bob = talk.phones["alice"], talk.phones["bob"]
        alice.hold()
        talk.wait_until(lambda: server.participants()["alice"]["held"], "alice is held")
        talk.go_on(0.5)
        held_from = int(bob.heard_seconds() * RATE)
        talk.go_on(4)
        held_to = int(bob.heard_seconds() * RATE)
        alice.resume()
        talk.wait_until(lambda: not server.participants()["alice"]["held"], "alice is back")
        talk.go_on(4)
        assert_heard(bob.recording()[held_from:held_to], {"carol": talk.voices["carol"]},
                     {"alice": talk.voices["alice"]})
        assert_heard(bob.recording()[held_to:], {"carol": talk.voices["carol"], "alice": talk.voices["alice"]})


@run.limit(60)
def test_a_server_that_stands_still_for_a_fifth_of_a_second_would_be_noticed():
    """What the tests above measure with, measured."""
    with Server() as server, Talk(server) as talk:
        talk.assert_on_time()
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(0.2 * run.SLOW)  # the stall that is to be noticed
        server.process.send_signal(signal.SIGCONT)
        talk.go_on()
        try:
            talk.assert_on_time()
        except AssertionError as error:
            assert "behind the clock" in str(error), error
        else:
            raise AssertionError("nothing was noticed")


if __name__ == "__main__":
    run.main()
