"""`parley explain`, asked in one situation after the other, gives the true reason and its line."""

import json
import re
import socket

import digest
import run
from parley import ROOT, Server
from rtp import header
from sip import Phone


def explain(server, *words):
    done = server.command("explain", *words, "--json")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def reasons(server, *words):
    """[(text, line of the policy that decided; None: nobody has)]"""
    return [(each["text"], line_of(each)) for each in explain(server, *words)["reasons"]]


def line_of(each):
    found = re.search(r"\.lua:(\d+)$", each.get("by", ""))
    return found and int(found[1])


def soon(server, words, reason):
    """Waits until it is the first reason: what the focus arranges soon, and tells nobody of."""
    run.until(lambda: reasons(server, *words)[:1] == [reason], lambda: reasons(server, *words))


def line(policy, text):
    """The number of the policy's line with the text in it."""
    (number,) = [number for number, each in enumerate(policy.splitlines(), 1) if text in each]
    return number


DOOR = """local policy = parley.policy { name = "site" }
function policy.create() return accept() end
function policy.join(request)
  local user = request.actor.user
  if user == "early" then return pending { meanwhile = "early", decided_by = { "host", "chair" } } end
  return accept { anonymous = user == "secret", muted = user == "guest" }
end
function policy.lock() return pending { decided_by = "chair" } end
function policy.rename() return pending { decided_by = "chair" } end
function policy.digit(event, conference, presser)
  if event.digit == "1" then presser:mute() end
  if event.digit == "2" then conference:lock() presser:rename "Bob" end
end
return policy
"""


def test_who_waits_or_is_muted_or_has_no_name_and_why_there_is_a_conference():
    with Server(policy=DOOR) as server, Phone(server) as alice, Phone(server, "bob") as bob, Phone(
        server, "guest"
    ) as guest, Phone(server, "secret") as secret, Phone(server, "early") as early:
        for phone in (alice, bob, guest, secret):
            phone.call("k1")
        early.invite("k1")
        early.expect(183)
        whole = explain(server, "k1")
        assert [(each["text"], line_of(each)) for each in whole["reasons"]] == [("it was made", 2)]
        assert whole["reasons"][0]["asked_by"].startswith("sip:alice@")
        (waiting,) = whole["pending"]
        assert waiting == explain(server, "k1", "early") == explain(server, "k1", "alice", "early")
        assert re.fullmatch(
            r"sip:early@\S+ waits for a decision of host or chair on: join, until \S+Z", waiting["text"]
        )
        assert line_of(waiting) == line(DOOR, "pending { meanwhile")
        bob.press("1")  # himself
        server.expect_log(r"sip:bob@\S+ is muted")
        (by_key,) = explain(server, "k1", "alice", "bob")["reasons"]
        assert by_key["text"] == "bob is muted" and by_key["event"] == "digit"
        assert f"site.lua:{line(DOOR, 'presser:mute')} when told digit 1 of bob" in by_key["because"]
        accepted = line(DOOR, "return accept { anonymous")
        assert reasons(server, "k1", "alice", "guest") == [("guest is muted since coming in", accepted)]
        nameless = reasons(server, "k1", "secret")
        assert nameless[1] == ("anonymous1 is anonymous: nobody is shown the name", accepted)
        assert "secret" not in json.dumps(explain(server, "k1", "alice"))
        bob.press("2")
        server.expect_log("rename by .* waits for a decision of chair")
        told = [text for text, _ in reasons(server, "k1", "bob")]
        assert re.fullmatch(r"what is asked about bob waits for a decision of chair on: rename of bob, until \S+Z", told[-1])
        assert [each["verb"] for each in explain(server, "k1")["pending"]] == ["join", "lock", "rename"]
        early.cancel()
        early.expect(200, method="CANCEL")
        early.expect(487)
        early.ack()


PLACES = """local policy = parley.policy { name = "site" }
function policy.join(request)
  if request.actor.user == "faint" then return accept { speaks = -60 } end
end
function policy.mix(mix, conference)
  local people, whisper = {}, mix:bus "whisper"
  for p in conference:participants() do
    people[p.user] = p
    p:listens_to "main"
    if p.user == "coach" then p:speaks_to(whisper)
    elseif p.user ~= "mute" then p:speaks_to "main" end
    if p.user == "alice" then p:listens_to("whisper", -3) end
  end
  if people.bob and people.alice then mix:pair(people.bob, people.alice, "off") end
end
return policy
"""


def test_the_policy_of_the_mix_keeps_one_from_being_heard():
    with Server("conferences = { demo = {} }", policy=PLACES) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "mute") as mute, Phone(server, "faint") as faint, Phone(server, "coach") as coach:
        for phone in (alice, bob, mute, faint, coach):
            phone.call()
        pair = line(PLACES, "mix:pair")
        soon(server, ("demo", "bob", "alice"), ("an exception keeps bob from hearing alice", pair))
        soon(server, ("demo", "bob", "mute"), ("the hook mix gives mute no bus to speak to", None))
        whispers = line(PLACES, "p:speaks_to(whisper)")
        soon(server, ("demo", "bob", "coach"), ("coach speaks to the bus whisper at +0.0 dB", whispers))
        assert reasons(server, "demo", "bob", "coach")[1] == ("bob does not hear the bus whisper", None)
        assert not explain(server, "demo", "bob", "coach")["audible"]
        told = explain(server, "demo", "alice", "coach")
        assert told["audible"] and told["gain"] == -3
        assert (told["reasons"][1]["text"], line_of(told["reasons"][1])) == (
            "alice hears the bus whisper at -3.0 dB", line(PLACES, '"whisper", -3'),
        )
        told = explain(server, "demo", "bob", "faint")
        assert told["gain"] == -60, told
        assert ("faint is heard at -60.0 dB", line(PLACES, "speaks = -60")) in reasons(server, "demo", "bob", "faint")


HALL = f"""
accounts = {{ alice = {{ ha1 = "{digest.ha1("MD5", "alice", "parley", "wonder")}" }} }}
conferences = {{ hall = {{ policy = "lecture", options = {{ lecturers = {{ "alice" }} }} }} }}
"""


def test_in_a_lecture_the_hall_does_not_hear_itself_and_a_hand_is_up():
    lecture = (ROOT / "policy/lecture.lua").read_text()
    with Server(HALL) as server, Phone(server, "bob") as bob, Phone(server, "carol") as carol:
        for phone in (bob, carol):
            phone.call("hall")
        speaks = line(lecture, "p:speaks_to")
        soon(server, ("hall", "carol", "bob"), ("bob speaks to the bus hall at +0.0 dB", speaks))
        assert reasons(server, "hall", "carol", "bob")[1] == ("carol does not hear the bus hall", None)
        bob.press("1")
        server.expect_log("floor by .* waits for a decision of lecturer")
        hand, asked = reasons(server, "hall", "bob")[-1]
        assert re.fullmatch(r"bob waits for a decision of lecturer on: floor of bob, until \S+Z", hand), hand
        assert asked == line(lecture, 'decided_by = "lecturer"')


def test_a_phone_sends_nothing_or_what_nobody_can_play_and_there_is_no_room():
    with Server("max_calls = 3\nconferences = { demo = {} }") as server, Phone(server) as alice, Phone(
        server, "still", media=False
    ) as still, Phone(server, "strange", media=False) as strange, Phone(server, "late") as late:
        alice.call()
        still.call()
        answer = strange.call().sdp.audio
        late.invite()
        late.expect(503)
        late.ack()
        assert reasons(server, "demo", "alice", "still")[-1] == ("the phone of still has sent no audio so far", None)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((strange.address, 40000))
            for count in range(3):  # of a payload type that is in no answer
                sender.sendto(header(77, count, 160 * count, 1, False) + bytes(160), (server.address, answer.port))
            unplayable = (
                "the phone of strange sends nothing that can be played: 3 packets were of a codec that was not "
                "agreed on, or not from there"
            )
            run.until(
                lambda: reasons(server, "demo", "alice", "strange")[-1] == (unplayable, None),
                lambda: reasons(server, "demo", "alice", "strange"),
            )
        assert (unplayable, None) in reasons(server, "demo", "strange")
        alice.audio.wait_for_packets(5)
        alice.audio.mute()
        paused = r"the phone of alice has sent no audio for \d+ s"
        run.until(
            lambda: re.fullmatch(paused, reasons(server, "demo", "still", "alice")[-1][0]),
            lambda: reasons(server, "demo", "still", "alice"),
        )
        (turned_away,) = explain(server, "demo")["refused"]
        assert re.fullmatch(r"sip:late@\S+ may not join: 503 Server is full", turned_away["text"])
        assert turned_away["by"] == "default" and turned_away["code"] == 503


if __name__ == "__main__":
    run.main()
