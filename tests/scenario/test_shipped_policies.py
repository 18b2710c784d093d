"""The policies that come with the server, as phones meet them."""

import datetime
import re
import time

import digest
import run
import tone
from changes import take_change
from dialing import invite, refuse
from parley import ROOT, Server, run_parley
from sip import Phone

QUIET = -60
PASSWORD = "down the hole"


def accounts(*names):
    entries = ", ".join(f'{name} = {{ password = "{PASSWORD}", groups = {{ "staff" }} }}' for name in names)
    return f"accounts = {{ {entries} }}\n"


def conference(name, policy, options):
    return f"conferences = {{ {name} = {{ policy = {policy}, options = {{ {options} }} }} }}\n"


def dial(phone, name, code=200):
    """Calls as the account of the phone's name, with its password."""
    phone.invite(name)
    challenge = digest.choose(phone.expect(401), "SHA-256")
    phone.ack()
    value = digest.authorization(
        challenge, phone.user, PASSWORD, "INVITE", phone.remote_uri
    )
    phone.send_invite(True, {"Authorization": value})
    answer = phone.expect(code)
    phone.ack()
    return answer


def refused(phone, name, code):
    phone.invite(name)
    answer = phone.expect(code)
    phone.ack()
    phone.new_dialog()
    return answer.reason


def wait_for(server, name, ready, within=5):
    """The participants, once they are so."""
    deadline = time.monotonic() + within * run.SLOW
    while not ready(people := server.participants(name)):
        assert time.monotonic() < deadline, f"not so in time: {people}"
        time.sleep(0.05)
    return people


def wait_for_hands(server, name, count=1, within=5):
    """Until so many requests wait for a decision."""
    deadline = time.monotonic() + within * run.SLOW
    while sum(len(c["pending"]) for c in server.status()["conferences"] if c["name"] == name) != count:
        assert time.monotonic() < deadline, f"not {count} requests wait"
        time.sleep(0.05)


def wait_to_hear(phone, frequency, least=-30, within=5):
    deadline = time.monotonic() + within * run.SLOW
    while tone.level(phone.hear(0.2, 0), frequency) < least:
        assert time.monotonic() < deadline, f"{frequency} Hz was not heard"


def ended(phone, reason):
    bye = phone.expect("BYE")
    assert reason in bye["Reason"], bye
    phone.reply(bye, 200)
    phone.is_up = False


def test_all_policies_are_listed_with_what_they_may_be_told():
    files = {"policy/own.lua": "return parley.policy {", "policy/open.lua": (ROOT / "policy/private.lua").read_text()}
    with Server("", files=files, start=False) as server:
        done = run_parley("policies", "--config", server.config)
        assert done.returncode == 2, "one is broken"
        listed = dict(re.findall(r"^([a-z-]+) \(([^)]*)\)$", done.stdout, re.M))
        assert set(listed) == {path.stem for path in (ROOT / "policy").glob("*.lua")} | {"own"}
        assert listed["open"] == str(server.directory / "policy/open.lua")
        assert "own.lua:1: unexpected symbol near <eof>" in done.stdout
    done = run_parley("policies")
    assert done.returncode == 0 and not done.stderr, done
    assert "By invitation only.\n" in done.stdout
    assert re.search(r'closes +a time of day such as "08:30"; default "18:00"\n +Before', done.stdout)
    for path in (ROOT / "policy").glob("*.lua"):
        assert f"| `policy/{path.name}`" in (ROOT / "README.md").read_text(), path
        assert len(path.read_text().splitlines()) < 200, f"{path} is for reading"


@run.real_time
def test_members_have_an_account_and_guests_a_pin():
    application = """
return function(call)
  call:answer()
  local pin = call.from.user == "erin" and "4711" or "4712"
  local ok, why, code = call:join(parley.conference "board", { pin = pin })
  if not ok then print("not in", call.from.user, code, why) end
end
"""
    config = (
        accounts("alice", "bob")
        + conference("board", '"members"', 'hosts = { "alice" }, pin = "4711", guests_speak = false')
        + 'applications = { ["9000"] = "desk" }\n'
    )
    with Server(config, files={"scripts/desk.lua": application}) as server, Phone(
        server, "alice"
    ) as alice, Phone(server, "bob") as bob, Phone(server, "dave") as dave, Phone(
        server, "erin"
    ) as erin, Phone(server, "mallory") as mallory:
        dial(alice, "board")
        dial(bob, "board")
        refused(dave, "board", 401)
        erin.say(tone.sine(900)).call("9000")
        take_change(erin, "sendrecv")
        people = wait_for(server, "board", lambda p: len(p) == 3)
        roles = {name: people[name]["role"] for name in people}
        assert roles == {"alice": "host", "bob": "member", "erin": "guest"}
        assert tone.level(alice.hear(), 900) < QUIET, "guests are not to speak"
        mallory.call("9000")
        server.expect_log("not in mallory 403 Wrong PIN")
        mallory.expect("BYE")
        erin.subscribe("board")
        assert erin.expect(403).reason == "Members only"


def test_a_private_conference_is_not_there_for_others():
    config = accounts("alice", "bob", "carol") + (
        "conferences = {\n"
        '  tea = { policy = "private", options = { hosts = { "alice" }, guests = { "bob" } } },\n'
        '  pub = { policy = "private", options = { hosts = { "alice" }, believe = true } },\n'
        "}\n"
    )
    with Server(config) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol, Phone(server, "dave") as dave:
        dial(alice, "tea")
        dial(bob, "tea")
        people = server.participants("tea")
        assert (people["alice"]["role"], people["bob"]["role"]) == ("host", "guest")
        assert refused(dave, "tea", 404) == refused(dave, "nowhere", 404)
        assert dial(carol, "tea", 404).reason == "No such conference"
        dave.subscribe("tea")
        dave.expect(404)
        dave.new_dialog()
        # Who was called may call back, where a phone's word is believed.
        alice.hang_up()
        refused(dave, "pub", 404)
        refuse(dave, invite(server, dave, "pub"), 486)
        server.expect_log("does not come in: 486")
        dave.new_dialog()
        dave.call("pub")


def office_hours(closes):
    """A desk that is open for members until then, UTC."""
    opens = closes - datetime.timedelta(hours=12)
    days = '"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"'
    options = (
        f'opens = "{opens:%H:%M:%S}", closes = "{closes:%H:%M:%S}", zone = "UTC", warning = "3s", '
        f'days = {{ {days} }}, announcement = "tone:800/600", always = {{ "alice" }}'
    )
    return accounts("alice", "bob") + conference("desk", '{ "office-hours", "members" }', options)


@run.real_time
def test_office_hours_end_with_an_announcement_and_the_door_is_shut():
    now = datetime.datetime.now(datetime.timezone.utc)
    with Server(office_hours(now + datetime.timedelta(hours=6))) as server, Phone(
        server, "alice"
    ) as alice, Phone(server, "bob") as bob, Phone(server, "dave") as dave:
        refused(dave, "desk", 401)  # it is open, and the next policy asks who that is
        dial(bob, "desk")
        closes = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=6)
        server.write("parley.lua", office_hours(closes))
        server.reload()
        wait_to_hear(bob, 800, within=10)
        ended(bob, "The time of the conference is over")
        said = f"Open from {closes - datetime.timedelta(hours=12):%H:%M} to {closes:%H:%M}"
        assert refused(dave, "desk", 480) == said
        assert dial(bob, "desk", 480).reason == said
        dial(alice, "desk")
        assert server.participants("desk")["alice"]["role"] == "member"


@run.real_time
def test_everybody_waits_until_a_moderator_lets_them_in():
    config = accounts("alice") + conference(
        "board", '"moderated"', 'moderators = { "alice" }, announcement = "tone:800/600"'
    )
    with Server(config) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol, Phone(server, "dave") as dave:
        dial(alice.say(tone.sine(500)), "board")
        assert "isfocus" not in bob.say(tone.sine(900)).call("board")["Contact"]
        wait_to_hear(alice, 800)
        heard = alice.hear()
        assert tone.level(heard, 900) < QUIET and tone.level(bob.hear(), 500) < QUIET
        alice.press("1")
        take_change(bob, "sendrecv")
        wait_to_hear(bob, 500)
        wait_to_hear(alice, 900)
        assert server.participants("board")["bob"]["role"] == "participant"
        carol.call("board")
        wait_to_hear(alice, 800)
        alice.press("2")
        ended(carol, "Declined")
        bob.press("1")  # is no moderator's key
        alice.press("4")
        wait_for(server, "board", lambda p: p["bob"]["muted"])
        alice.press("3")
        server.expect_log("conference is locked")
        assert refused(dave, "board", 403) == "Conference is locked"


def test_who_waits_for_a_moderator_may_do_so_before_the_answer():
    ways = {"early": 183, "ring": 180}
    entries = ", ".join(f'{way} = {{ policy = "moderated", options = {{ meanwhile = "{way}" }} }}' for way in ways)
    with Server(f"conferences = {{ {entries} }}\n") as server, Phone(server, "bob") as bob:
        for way, code in ways.items():
            bob.invite(way)
            bob.expect(code)
            wait_for_hands(server, way)
            bob.cancel()
            bob.expect(200, method="CANCEL")
            bob.expect(487)
            bob.ack()
            bob.new_dialog()


@run.real_time
def test_a_lecture_is_heard_by_all_and_questions_by_leave():
    config = accounts("alice") + conference(
        "hall", '"lecture"', 'lecturers = { "alice" }, murmur = -20'
    )
    with Server(config) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol:
        dial(alice.say(tone.sine(500)), "hall")
        bob.say(tone.sine(900)).call("hall")
        carol.say(tone.sine(1700)).call("hall")
        wait_to_hear(alice, 1700, -50)
        tone.assert_hears(alice.hear(), {900: -40, 1700: -40}, tolerance=1)
        tone.assert_hears(bob.hear(), {500: -20}, [1700])
        bob.press("1")
        wait_for_hands(server, "hall")
        alice.press("1")
        wait_to_hear(carol, 900)
        tone.assert_hears(carol.hear(), {500: -20, 900: -20})
        carol.press("1")
        wait_for_hands(server, "hall")
        alice.press("1")  # carol takes bob's place
        wait_to_hear(bob, 1700)
        people = wait_for(server, "hall", lambda p: not p["bob"]["floor"])
        assert people["carol"]["floor"]
        tone.assert_hears(bob.hear(), {500: -20, 1700: -20})
        alice.press("2")
        wait_for(server, "hall", lambda p: not p["carol"]["floor"])
        tone.assert_hears(bob.hear(), {500: -20}, [1700])
        alice.press("3")
        bob.press("1")
        server.expect_log("floor refused: 403 No more questions")


@run.real_time
def test_a_panel_is_joined_by_way_of_the_backstage():
    config = accounts("alice", "bob") + conference(
        "talk", '"panel"', 'hosts = { "alice" }, panelists = { "bob" }, seats = 2, prompter = -10'
    )
    with Server(config) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol, Phone(server, "dave") as dave:
        dial(alice.say(tone.sine(500)), "talk")
        dial(bob.say(tone.sine(900)), "talk")
        carol.say(tone.sine(1700)).call("talk")
        dave.call("talk")
        wait_to_hear(dave, 900)
        tone.assert_hears(dave.hear(), {500: -20, 900: -20}, [1700])
        carol.press("1")
        wait_for_hands(server, "talk")
        alice.press("1")
        wait_for(server, "talk", lambda p: p["carol"]["role"] == "backstage")
        wait_to_hear(alice, 1700, -40)
        tone.assert_hears(alice.hear(), {900: -20, 1700: -30}, tolerance=1)
        tone.assert_hears(bob.hear(), {500: -20}, [1700])
        alice.press("2")
        wait_for(server, "talk", lambda p: p["carol"]["role"] == "panelist")
        wait_to_hear(dave, 1700)
        tone.assert_hears(bob.hear(0.6, 0.6), {500: -20, 1700: -20})
        alice.press("3")
        wait_for(server, "talk", lambda p: p["carol"]["role"] == "audience")
        tone.assert_hears(dave.hear(0.5, 0.6), {500: -20, 900: -20}, [1700])


if __name__ == "__main__":
    run.main()
