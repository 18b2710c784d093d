"""Each key of scripts/attendant.lua, pressed by a phone: what it does, who hears the answer, and that nobody
else hears anything, neither of the key nor of the answer."""

import re

import run
import signs
import tone
from parley import ROOT, Server
from sip import Phone

SCRIPT = (ROOT / "scripts/attendant.lua").read_text()
KEYS = dict(re.findall(r'\["([*#][*#\d])"\] = "(\w+)"', SCRIPT))
POLICY = """
local policy = parley.policy { name = "site" }
function policy.create() return accept() end
function policy.join(request)
  local user = request.actor.user
  if user == "alice" then return accept { role = "host" } end
  if user == "33" or user == "34" then return pending { meanwhile = "ring", decided_by = "host" } end
end
return policy
"""
PITCH = {"alice": 500, "bob": 900, "carol": 1300}  # what they say


class Room:
    """Alice, the host, Bob and Carol, whose numbers are 21 and 32: all prompts are signs, and nobody speaks."""

    def __init__(self, server):
        self.server, self.tried = server, set()
        self.phones = {"alice": Phone(server, "alice"), "bob": Phone(server, "21"), "carol": Phone(server, "32")}
        for phone in self.phones.values():
            phone.call()
        for phone in self.phones.values():
            phone.audio.wait_for_packets(10)

    def key(self, who, key):
        """Of each phone in a way of its own."""
        phone = self.phones[who]
        if who == "alice":
            return phone.press(key)
        body, kind = (f"Signal={key}\r\n", "dtmf-relay") if who == "bob" else (key, "dtmf")
        phone.send(phone.request("INFO", headers={"Content-Type": f"application/{kind}"}, body=body.encode()))
        return phone.expect(200, method="INFO")

    def press(self, who, keys, **heard):
        """What each is to hear of it, and who is not named nothing."""
        ears = signs.Ears(self.phones)
        self.tried.add(keys[:2])
        for key in keys:
            self.key(who, key)
        ears.expect(f"{who} presses {keys}", **heard)

    def levels(self):
        """{(listener, speaker): dB} of the last 200 ms."""
        levels = {}
        for listener, phone in self.phones.items():
            last = phone.audio.audio(-10)
            levels |= {(listener, name): round(tone.level(last, pitch)) for name, pitch in PITCH.items()
                       if tone.level(last, pitch) > -50}
        return levels

    def be_quiet(self):
        """Until nothing more of what they say is on its way: a phone that is late sends the rest of it at once."""
        sent = {}
        for name in PITCH:
            self.phones[name].say(tone.silence)
            sent[name] = self.phones[name].audio.sent
        for name in PITCH:
            audio = self.phones[name].audio
            audio.wait_for(lambda: audio.sent > sent[name] + 1, what="silence is said")
        for phone in self.phones.values():
            first = len(phone.audio.packets) + 5
            phone.audio.wait_for(lambda: len(phone.audio.packets) > first + 10
                                 and tone.loudness(phone.audio.audio(-10)) < -60, what="silence")

    def assert_levels(self, wanted):
        """Whom each hears how loud, or does not, while all speak."""
        for name, pitch in PITCH.items():
            self.phones[name].say(tone.sine(pitch))
        self.phones["alice"].hear(0.2, 0.2)
        run.until(lambda: self.levels() == wanted, lambda: f"{self.levels()}, not {wanted}")
        self.be_quiet()


def plain(**changes):
    """All hear all at -20 dB, but for `changes`: bob_alice, what Bob hears of Alice; None: nothing."""
    levels = {(listener, speaker): -20 for listener in PITCH for speaker in PITCH if listener != speaker}
    for name, level in changes.items():
        levels[tuple(name.split("_"))] = level
    return {pair: level for pair, level in levels.items() if level is not None}


def told_keys(prefix):
    """What the help says, in any order: so many keys, each with its name."""
    signs_of = {"*": "star", "#": "hash"}
    return {("help-" + name.replace("_", "-"), signs_of[key[0]], key[1]) for key, name in KEYS.items()
            if key[0] == prefix and not name.endswith("help")}


def help_is_told(room, keys):
    """To each who asks, all at once; then they are in as before."""
    ears = signs.Ears(room.phones)
    for who, key in keys.items():
        room.tried.add(key)
        for part in key:
            room.key(who, part)
    room.phones["alice"].hear(3 * (signs.LENGTH + signs.PAUSE) * len(told_keys("#")), 0)
    for who, key in keys.items():
        ears.wait_for(3 * len(told_keys(key[0])), who)
    room.phones["alice"].hear(0.16, 0)
    for name in room.phones:
        told, wanted = signs.read(ears.samples(name)), told_keys(keys[name][0]) if name in keys else set()
        assert set(zip(told[::3], told[1::3], told[2::3])) == wanted and len(told) == 3 * len(wanted), (name, told)
    room.assert_levels(plain())


def own_keys(room):
    room.assert_levels(plain())
    room.press("bob", "*6", bob=["muted"])
    room.assert_levels(plain(alice_bob=None, carol_bob=None))
    room.press("bob", "*6", bob=["unmuted"])
    room.press("bob", "*4", bob=["660 Hz"])
    room.press("carol", "*7", carol=["660 Hz"])
    room.assert_levels(plain(bob_alice=-23, bob_carol=-26, alice_carol=-23))
    room.press("bob", "*5", bob=["660 Hz"])
    room.press("carol", "*8", carol=["660 Hz"])
    room.assert_levels(plain())
    room.press("carol", "*1", carol=["hand-raised"], alice=["3", "2", "wants-to-speak"])
    room.press("bob", "*2", bob=["there-are", "3", "participants"])
    room.press("alice", "*3", alice=["roll-call", "somebody", "2", "1", "3", "2"])
    room.press("bob", "*9", bob=["in-no-sidebar"])
    room.press("bob", "#2", bob=["not-allowed"])
    room.press("alice", "57*#")  # means nothing
    room.press("bob", "90#9")


def keys_that_change_the_conference(room):
    room.press("alice", "#2", alice=["is-locked"])
    room.press("alice", "#2", alice=["is-unlocked"])
    for told in (["recording-on"], ["recording-off"]):
        room.press("alice", "#3", alice=told, bob=told, carol=told)
    for told, levels in (
        (["lecture-on"], plain(alice_bob=None, alice_carol=None, bob_carol=None, carol_bob=None)),
        (["lecture-off"], plain()),
    ):
        room.press("alice", "#4", alice=told, bob=told, carol=told)
        room.assert_levels(levels)
    room.press("alice", "#5", alice=["all-muted"])
    room.assert_levels(plain(alice_bob=None, alice_carol=None, bob_carol=None, carol_bob=None))
    room.press("alice", "#5", alice=["all-unmuted"])


def keys_about_others(room, operator, dialled):
    server = room.server
    room.press("bob", "*0", bob=["operator-called"])
    operator.reply(operator.expect_call(), 486)
    operator.expect("ACK")
    room.press("alice", "#1", alice=["nobody-waits"])
    with Phone(server, "33") as dave, Phone(server, "34") as eve:
        for phone in (dave, eve):
            phone.invite()
            phone.expect(180)
        room.press("alice", "#1", alice=["3", "3", "wants-in", "admit-or-refuse"])
        room.press("alice", "2", alice=["3", "4", "wants-in", "admit-or-refuse"])
        assert dave.expect(603)
        dave.ack()
        room.press("alice", "1", alice=["nobody-else-waits"])
        eve.expect(200)
        eve.ack()
        room.press("alice", "#6", alice=["3", "4", "is-removed"])
        eve.reply(eve.expect("BYE"), 200)
    room.press("alice", "#7", alice=["enter-phone-number"])
    room.press("alice", "5551#", alice=["is-called"])
    call = dialled.expect_call()
    assert call.uri.startswith("sip:5551@"), call
    room.phones["dialled"] = dialled
    ears = signs.Ears(room.phones)
    dialled.pick_up(call)
    ears.expect("it is answered", dialled=["you-are-called", "press-1-to-accept"])
    dialled.press("1")
    server.expect_log(r"sip:5551@\S+ joined as participant")
    room.assert_levels(plain() | {("dialled", name): -20 for name in PITCH})
    dialled.hang_up()
    del room.phones["dialled"]


def sidebar(room):
    room.press("alice", "#8", alice=["2", "1", "press", "1", "3", "2", "press", "2"])
    room.press("alice", "1", alice=["sidebar-entering"], bob=["sidebar-invited"])
    room.key("bob", "1")
    room.server.expect_log(r"[0-9a-f]{24} \S+ sip:21@\S+ joined as participant")
    softly = plain(alice_carol=-38, bob_carol=-38, carol_alice=None, carol_bob=None)
    room.assert_levels(softly)
    room.press("bob", "*9", bob=["sidebar-left"], alice=["sidebar-left"])
    room.press("alice", "*9", alice=["in-no-sidebar"])
    room.assert_levels(plain())


@run.real_time
@run.limit(120)
def test_what_each_key_does_and_who_hears_the_answer():
    assert len(KEYS) >= 20, KEYS
    server = Server(policy=POLICY, start=False)
    signs.place(server)
    with Phone(server, "operator") as operator, Phone(server, "5551") as dialled:
        options = f'operator = "{operator.own_uri}", dial = "{dialled.own_uri.replace("5551", "NUMBER")}"'
        server.write("parley.lua", 'stop_timeout = 0\nattendant = "attendant"\napplications = { attendant = {'
                     f' script = "attendant", options = {{ {options}, pause = 0.5, timeout = 2 }} }} }}')
        server.arguments += ["--config", str(server.config)]
        server.start()
        with server:
            room = Room(server)
            own_keys(room)
            keys_that_change_the_conference(room)
            keys_about_others(room, operator, dialled)
            sidebar(room)
            help_is_told(room, {"bob": "**", "alice": "##"})
            room.press("alice", "#0", alice=["end-for-all", "press-1-to-accept"])
            farewell = ["conference-over"]
            room.press("alice", "1", alice=farewell, bob=farewell, carol=farewell)
            for phone in room.phones.values():
                phone.reply(phone.expect("BYE"), 200)
                assert all(packet.payload_type == 0 for packet in phone.audio.packets), "no key is passed on"
            assert set(KEYS) <= room.tried, set(KEYS) - room.tried


if __name__ == "__main__":
    run.main()
