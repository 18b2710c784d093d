"""Re-INVITEs of the focus: glare, refusals, and changes for a whole conference (RFC 3261 §14,
RFC 4353 §5.9)."""

import time

import run
import tone
from changes import take_change
from message import uri_of
from parley import Server
from roster import Roster, text
from sip import Phone

# The keys of whoever presses them.
POLICY = """
local policy = parley.policy { name = "site" }
function policy.changed(event, conference, participant)
  print("event changed", participant.user, participant.media, event.code, event.reason)
end
function policy.held(event, conference, participant)
  print("event held", participant.user, event.on)
end
function policy.digit(event, conference, participant)
  local function all(changes) print("all", conference:media(changes)) end
  if event.digit == "0" then all { direction = "sendrecv", codecs = {} } end
  if event.digit == "1" then all { direction = "sendonly" } end
  if event.digit == "2" then all { codecs = { "PCMA" } } end
  if event.digit == "3" then all { codecs = { "mp3" } } end
  if event.digit == "4" then
    print("is", conference.direction, table.concat(conference.codecs, "+"))
  end
  for other in conference:participants() do
    if other.user == "bob" and event.digit == "7" then other:hold() end
  end
end
function policy.subscribe() return accept() end
function policy.left(event, conference, participant)
  if participant.user == "carol" then conference:media { direction = "sendrecv" } end
end
%s
return policy
"""


class Pair:
    """alice at 500 Hz, who presses the keys, and bob at 800 Hz."""

    def __init__(self, hooks="", config=None):
        self.server = Server(policy=POLICY % hooks, config=config)
        self.alice, self.bob = Phone(self.server, "alice"), Phone(self.server, "bob")

    def __enter__(self):
        self.alice.say(tone.sine(500)).call()
        self.bob.say(tone.sine(800)).call()
        return self

    def __exit__(self, *what):
        try:
            for phone in (self.alice, self.bob):
                phone.__exit__(*what)
        finally:
            self.server.__exit__(*what)

    def key(self, digit):
        self.alice.audio.press(digit)


# ---- one call -----------------------------------------------------------------------------------


def test_glare_ends_with_both_changes():
    """RFC 3261 §14.1: each gets 491; who owns the Call-ID waits 2.1 to 4 s, the other 0 to 2 s."""
    with Pair() as pair:
        bob = pair.bob
        pair.key("7")
        theirs = bob.expect("INVITE")
        bob.reinvite(direction="recvonly")
        assert bob.expect(491).cseq == bob.invite_request.cseq
        bob.ack()
        bob.reply(theirs, 491)
        assert bob.expect("ACK").cseq == (theirs.cseq[0], "ACK")
        again = take_change(bob, "recvonly", direction="sendonly")
        assert again.cseq[0] > theirs.cseq[0]
        assert again.sdp.text == theirs.sdp.text, "what was refused is offered word for word"
        bob.reinvite(direction="recvonly")
        assert bob.expect(200).sdp.audio.direction == "inactive"
        bob.ack()
        pair.server.expect_log("event held bob true")


@run.limit(40)
def test_glare_in_a_call_of_ours_waits_longer():
    with Server(policy=POLICY % "") as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        assert server.command("invite", "demo", bob.own_uri).returncode == 0
        bob.pick_up(bob.expect_call())
        alice.audio.press("7")
        invite, began = bob.expect("INVITE"), time.monotonic()
        bob.reply(invite, 491)
        bob.expect("ACK")
        take_change(bob, "recvonly", direction="sendonly", within=8)
        assert time.monotonic() - began >= 2.1


def test_a_phone_that_puts_us_off_is_asked_again():
    with Pair() as pair:
        pair.key("7")
        began = time.monotonic()
        take_change(pair.bob, "recvonly", code=500, headers={"Retry-After": "1"})
        take_change(pair.bob, "recvonly", direction="sendonly")
        assert time.monotonic() - began >= 1
        pair.server.expect_log("event held bob true")


def test_a_phone_that_knows_nothing_of_the_call_has_left_it():
    """RFC 3261 §12.2.1.2."""
    with Pair() as pair:
        pair.key("7")
        invite = pair.bob.expect("INVITE")
        pair.bob.reply(invite, 481)
        pair.bob.expect("ACK")
        pair.bob.reply(pair.bob.expect("BYE"), 481)
        pair.server.expect_left("bob")


def test_a_phone_that_hangs_up_in_the_midst_of_it_is_gone():
    with Pair() as pair:
        pair.key("7")
        invite = pair.bob.expect("INVITE")
        pair.bob.hang_up()
        pair.bob.reply(invite, 487)
        pair.server.expect_left("bob")


def test_a_change_counts_as_a_refresh_of_the_session():
    """RFC 4028 §7.4: the one who refreshes stays the one."""
    config = "session = { expires = 90, min_se = 90 }\n"
    asks = {"Session-Expires": "90;refresher=uac", "Supported": "timer"}
    with Server(config=config, policy=POLICY % "") as server, Phone(server, "bob") as bob:
        bob.call(headers=asks)
        bob.audio.press("7")
        invite = bob.expect("INVITE")
        assert invite["Session-Expires"] == "90;refresher=uas"
        assert "timer" in invite.tokens("Supported")
        bob.reply(
            invite,
            200,
            body=bob.offer(direction="sendonly"),
            headers={"Session-Expires": "90;refresher=uas", "Require": "timer"},
        )
        bob.expect("ACK")
        server.expect_log("event held bob true")


# ---- all of a conference ------------------------------------------------------------------------


@run.real_time
def test_all_are_made_listeners_and_may_speak_again():
    with Pair() as pair, Phone(pair.server, "carol") as carol:
        alice, bob = pair.alice, pair.bob
        tone.assert_hears(alice.hear(settle=0.5), {800: -20}, tolerance=3)
        pair.key("1")
        pair.server.expect_log("all true")
        for phone in (alice, bob):
            take_change(phone, "sendonly", direction="recvonly")
        pair.server.expect_log("event changed alice recvonly 200")
        pair.server.expect_log("event changed bob recvonly 200")
        assert tone.level(alice.hear(), 800) < -60, "they hear, and there is nobody to be heard"
        assert carol.call().sdp.audio.direction == "sendonly", "who comes later gets the same"
        with Phone(pair.server, "eve", media=False) as eve:
            eve.subscribe()
            eve.expect(200)
            roster = Roster(eve.notified())
            assert roster.text("conference-description/available-media/entry/status") == "recvonly"
            assert text(roster.endpoint("carol"), "media/status") == "recvonly"
        people = pair.server.participants()
        assert not people["alice"]["held"] and not people["carol"]["held"]
        carol.hang_up()  # no key of a listener's would be taken
        for phone in (alice, bob):
            take_change(phone, "sendrecv")
        tone.assert_hears(alice.hear(settle=0.5), {800: -20}, absent=[500], tolerance=3)


@run.real_time
def test_the_codec_of_all_is_changed_and_comes_back():
    with Pair() as pair, Phone(pair.server, "carol") as carol:
        alice, bob = pair.alice, pair.bob
        pair.key("2")
        for phone in (alice, bob):
            invite = take_change(phone, "sendrecv", formats=("PCMA", "telephone-event"))
            assert set(invite.sdp.audio.rtpmaps.values()) >= {"PCMA/8000", "telephone-event/8000"}
            assert "PCMU/8000" not in invite.sdp.audio.rtpmaps.values()
        first = len(alice.audio.packets)
        tone.assert_hears(alice.hear(settle=0.5), {800: -20}, absent=[500], tolerance=3)
        assert alice.audio.packets[-1].payload_type == 8 and len(alice.audio.packets) > first
        assert carol.call().sdp.audio.formats[0] == "8", "who comes later gets the same"
        alice.audio.press("4")
        pair.server.expect_log("is sendrecv PCMA")
        alice.audio.wait_for(lambda: alice.audio.key is None, what="the end of the key")
        pair.key("0")
        for phone in (alice, bob, carol):
            invite = take_change(phone, "sendrecv")
            rtpmaps = invite.sdp.audio.rtpmaps
            order = [rtpmaps[int(number)] for number in invite.sdp.audio.formats]
            assert order.index("PCMU/8000") < order.index("PCMA/8000"), "as we like it best again"
        tone.assert_hears(alice.hear(settle=0.5), {800: -20}, absent=[500], tolerance=3)


def test_payload_types_mean_the_same_to_the_end_of_the_call():
    """RFC 3264 §8.3.2."""
    own = ((111, "opus/48000/2"), (96, "telephone-event/8000"))
    with Pair() as pair, Phone(pair.server, "carol") as carol:
        carol.call(formats=("PCMA", *own))
        pair.key("2")
        for phone in (pair.alice, pair.bob):
            take_change(phone, "sendrecv", formats=("PCMA", "telephone-event"))
        take_change(carol, "sendrecv", formats=("PCMA",))
        pair.alice.audio.wait_for(lambda: pair.alice.audio.key is None, what="the end of the key")
        pair.key("0")
        for phone in (pair.alice, pair.bob):
            take_change(phone, "sendrecv")
        rtpmaps = take_change(carol, "sendrecv", formats=("PCMA", *own)).sdp.audio.rtpmaps
        assert rtpmaps[111] == "opus/48000/2" and rtpmaps[96] == "telephone-event/8000"
        assert len(set(rtpmaps.values())) == len(rtpmaps)


def test_who_refuses_the_change_for_all_stays_as_it_was():
    with Pair() as pair:
        pair.key("2")
        take_change(pair.alice, "sendrecv", formats=("PCMA", "telephone-event"))
        take_change(pair.bob, "sendrecv", code=488)
        pair.server.expect_log("event changed bob sendrecv 488")
        assert set(pair.server.participants()) == {"alice", "bob"}
        pair.bob.reinvite(formats=("PCMU",))
        assert pair.bob.expect(200).sdp.audio.formats == ["0"], "it has no other"
        pair.bob.ack()


def test_who_has_none_of_the_codecs_comes_in_all_the_same():
    with Pair() as pair, Phone(pair.server, "carol") as carol:
        pair.key("2")
        for phone in (pair.alice, pair.bob):
            take_change(phone, "sendrecv", formats=("PCMA", "telephone-event"))
        assert carol.call(formats=("PCMU",)).sdp.audio.formats == ["0"]


def test_a_codec_that_there_is_not_is_an_error_and_a_policy_can_forbid_the_change():
    hooks = """
function policy.media(request)
  if request.params.direction == "sendonly" then return reject(403, "All may speak") end
  assert(request.actor.kind == "script" and #request.params.codecs <= 1)
end"""
    with Pair(hooks) as pair:
        pair.key("3")
        pair.server.expect_log("all nil no codec of that name 400")
        pair.alice.audio.wait_for(lambda: pair.alice.audio.key is None, what="the end of the key")
        pair.key("1")
        pair.server.expect_log("all nil All may speak 403")
        pair.bob.expect_nothing()


def test_a_large_conference_is_changed_one_after_the_other():
    """Sixty phones: none is forgotten, none gets it twice."""
    with Pair() as pair:
        others = [Phone(pair.server, f"p{i}", media=False) for i in range(60)]
        try:
            for phone in others:
                phone.call()
            pair.key("2")
            for phone in (pair.alice, pair.bob):
                take_change(phone, "sendrecv", formats=("PCMA", "telephone-event"))
            for phone in others:
                invite = take_change(phone, "sendrecv", formats=("PCMA",))
                assert uri_of(invite["Contact"]) == uri_of(phone.answer["Contact"])
            for phone in others:
                phone.hang_up()
        finally:
            for phone in others:
                phone.close()


if __name__ == "__main__":
    run.main()
