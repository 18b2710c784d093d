"""What README.md shows is what happens: its example policy is checked, served and called."""

import os
import re
import subprocess
import time

import digest
import naming
import run
import tone
from changes import take_change
from parley import ROOT, Server, run_parley
from sip import Phone
from test_mix_policy import assert_hears
from web import Web

TEXT = (ROOT / "README.md").read_text()
DEMO = (ROOT / "scripts/demo.lua").read_text()  # of `make run`
EXAMPLES = dict(re.findall(r"```lua example=(\S+)\n(.*?)```", TEXT, re.S))
# Parts of a config or of a policy, and tests.
PARTS = re.findall(r"```lua\n(.*?)```", TEXT, re.S)


def test_every_example_passes_the_check():
    assert EXAMPLES, "the README has examples"
    with Server(start=False, files=EXAMPLES) as server:
        for name in EXAMPLES:
            done = run_parley("check", server.directory / name)
            assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"


def test_every_part_of_a_file_passes_the_check():
    for part in PARTS:
        if part.startswith("function policy."):
            part = f'local policy = parley.policy {{ name = "part" }}\n{part}return policy\n'
        command = "test" if part.startswith("test(") else "check"
        with Server(start=False, files={"part.lua": part}) as server:
            done = run_parley(command, server.directory / "part.lua")
            assert done.returncode == 0, part + done.stdout + done.stderr


def test_the_first_policy_makes_a_host_a_listener_and_keeps_mallory_out():
    with Server(policy=EXAMPLES["quiet.lua"]) as server:
        with Phone(server) as alice, Phone(server, "bob") as bob, Phone(
            server, "mallory"
        ) as mallory:
            alice.call("garden")
            bob.call("garden")
            roster = server.participants("garden")
            assert (roster["alice"]["role"], roster["alice"]["muted"]) == ("host", False)
            assert (roster["bob"]["role"], roster["bob"]["muted"]) == ("listener", True)
            mallory.invite("garden")
            refused = mallory.expect(403)
            assert refused.reason == "Not you"


def test_a_script_tests_itself():
    with Server(start=False, files=EXAMPLES) as server:
        done = run_parley("test", server.directory / "doors.lua")
        assert done.returncode == 0, done.stdout + done.stderr
        shown = re.search(r"\$ build/parley test doors.lua\n(.*?)\n2 tests", TEXT, re.S).group(1)
        assert done.stdout.startswith(shown + "\n2 tests, 0 failed; 121 s simulated"), done.stdout
        done = run_parley("test", server.directory / "whisper.lua")
        assert done.returncode == 0, done.stdout + done.stderr
        patient = EXAMPLES["doors.lua"].replace('"2m"', '"3m"')
        (server.directory / "patient.lua").write_text(patient)
        done = run_parley("test", "--only", "nobody waits", server.directory / "patient.lua")
        assert done.returncode == 1, done.stdout
        assert re.search(r"FAILED .*\n *\S+patient.lua:33: expected 408, got nil", done.stdout)
        assert "1 test, 1 failed" in done.stdout


def test_a_call_to_the_factory_makes_a_conference():
    with Server(EXAMPLES["rooms.lua"]) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob:
        alice.invite("new")
        challenge = digest.choose(alice.expect(401), "SHA-256")
        alice.ack()
        value = digest.authorization(
            challenge, "alice", "down the hole", "INVITE", alice.remote_uri
        )
        alice.send_invite(True, {"Authorization": value})
        ok = alice.expect(200)
        alice.ack()
        assert ";isfocus" in ok["Contact"] and "sip:new@" not in ok["Contact"]
        assert "u=https://example.com/tea" in bob.call().sdp.lines


def test_a_new_version_of_a_policy_takes_over_what_the_old_one_has_counted():
    old = """local policy = parley.policy { name = "counts" }
function policy.joined(event, conference)
  conference.state.count = (conference.state.count or 0) + 1
end
return policy
"""
    told = """function policy.left(event, conference, participant)
  print(conference.state.joins.total .. " joins")
end

return policy"""
    with Server(policy=old) as server, Phone(server, media=False) as alice:
        alice.call()
        server.policy.write_text(EXAMPLES["counts.lua"].replace("return policy", told))
        server.reload()
        with Phone(server, "bob", media=False) as bob:
            bob.call()
            bob.hang_up()
            server.expect_log("2 joins")


def test_a_recording_begins_when_the_host_comes_and_pauses_by_the_hosts_key():
    roles = """local policy = parley.policy { name = "roles" }
function policy.join(request)
  return accept { role = request.actor.user == "alice" and "host" or "guest" }
end
return policy
"""
    files = {"policy/record.lua": EXAMPLES["record.lua"], "policy/roles.lua": roles}
    config = 'conferences = { garden = { policy = { "record", "roles" } } }\n'
    with Server(config, files=files) as server, Phone(server, "bob") as bob, Phone(server) as alice:
        bob.call("garden")
        server.expect_log("bob@.* joined as guest")
        assert "records" not in server.log()
        alice.call("garden")
        server.expect_log("records garden-.*each on a track of its own")
        server.expect_log("plays recording-on$")
        bob.press("9")
        alice.press("9")
        server.expect_log("recording garden-.* pauses")
        server.expect_log("plays recording-paused$")
        assert server.log().count(" pauses") == 1, "it is the host's key"
        with Phone(server, "carol") as carol:
            carol.call("garden")
            server.expect_log("plays recording-paused to sip:carol@")
        alice.press("9")
        server.expect_log("plays recording-resumed$")
        with Phone(server, "dave") as dave:
            dave.call("garden")
            server.expect_log("plays recording-on to sip:dave@")


def test_after_the_host_has_left_nobody_comes_in_and_the_hosts_key_ends_it():
    with Server(policy=EXAMPLES["late.lua"]) as server:
        with Phone(server) as alice, Phone(server, "bob") as bob, Phone(server, "carol") as carol:
            alice.call("garden")
            bob.call("garden")
            alice.hang_up()
            server.expect_left("alice")
            carol.invite("garden")
            assert carol.expect(403).reason == "The host has left"
            carol.ack()
        with Phone(server) as alice, Phone(server, "bob") as bob:
            alice.call("meadow")
            bob.call("meadow")
            alice.audio.press("0")
            for phone in (alice, bob):
                bye = phone.expect("BYE")
                assert "The host has ended it" in bye["Reason"]
                phone.reply(bye, 200)
                phone.is_up = False


def test_one_at_a_time_has_the_floor_and_may_speak():
    with Server(policy=EXAMPLES["floor.lua"]) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call("garden")
        bob.call("garden")
        alice.press("1")
        server.expect_log("alice@.* may speak")
        bob.press("1")
        server.expect_log("floor refused: 486 alice has the floor")
        people = server.participants("garden")
        assert people["alice"]["may_speak"] and not people["bob"]["may_speak"]
        alice.press("2")
        server.expect_log("alice@.* may only listen")


def test_a_word_aside():
    with Server(policy=EXAMPLES["aside.lua"]) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call("garden")
        bob.call("garden")
        alice.press("7")
        name = server.expect_log(r"has a sidebar (\w+)")[1]
        server.expect_log(rf"\[{name} .*bob@.* is asked in")
        bob.press("2")
        server.expect_log("bob@.* does not come aside: 603 Decline")
        shown = server.command("status").stdout
        assert f'Sidebar {name} of garden, "A word aside": 1 participant' in shown
        alice.press("0")
        server.expect_log(rf"\[{name}\] conference is over: the last participant has left")
        alice.press("7")
        name = server.expect_log(rf"has a sidebar (?!{name})(\w+)")[1]
        server.expect_log(rf"\[{name} .*bob@.* is asked in")
        bob.press("1")
        server.expect_log(rf"\[{name} .*bob@.* joined as participant")


def test_in_an_alarm_only_a_password_opens():
    config = 'accounts = { alice = { password = "down the hole" } }'
    with Server(config, policy=EXAMPLES["alarm.lua"]) as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob:
        bob.call("garden")
        bob.hang_up()
        assert server.command("fact", "alarm").stdout == "alarm = nil\n"
        assert server.command("fact", "alarm", "on").stdout == 'alarm = "on"\n'
        bob.new_dialog()
        bob.invite("garden")
        assert bob.expect(403).reason == "Not now"
        bob.ack()
        alice.invite("garden")
        challenge = digest.choose(alice.expect(401), "SHA-256")
        alice.ack()
        value = digest.authorization(
            challenge, "alice", "down the hole", "INVITE", alice.remote_uri
        )
        alice.send_invite(True, {"Authorization": value})
        alice.expect(200)
        alice.ack()
        assert server.participants("garden")["alice"]["role"] == "officer"
        assert server.command("fact", "alarm", "nil").stdout == "alarm = nil\n"


def test_an_assistant_takes_over_a_call():
    config = 'accounts = { bob = { password = "builder", groups = { "assistants" } } }'
    with Server(config, policy=EXAMPLES["assistants.lua"]) as server, Phone(
        server
    ) as alice, Phone(server, "bob") as bob, Phone(server, "mallory") as mallory:
        alice.call()
        naming.refused(mallory, 403, headers=naming.replaces(alice))
        naming.call_proven(bob, headers=naming.replaces(alice))
        alice.reply(alice.expect("BYE"), 200)
        assert set(server.participants()) == {"bob"}


def test_keys_change_how_the_conference_sounds():
    with Server(policy=EXAMPLES["loud.lua"]) as server:
        with Phone(server) as alice:
            alice.call("garden")
            alice.audio.press("1")
            server.expect_log("gain control on, noise suppression off, voice detection on")
            alice.audio.press("2")
            server.expect_log(r"is heard at -3.0 dB and hears at \+2.0 dB")
            alice.audio.press("3")
            server.expect_log("over: .*news.wav: no such file")


@run.real_time
def test_the_coach_is_heard_by_the_agent_alone():
    with Server(policy=EXAMPLES["coached.lua"]) as server, Phone(server, "agent") as agent, Phone(
        server, "customer"
    ) as customer, Phone(server, "coach") as coach:
        for phone, frequency in ((agent, 530), (customer, 830), (coach, 1130)):
            phone.call("desk")
            phone.say(tone.sine(frequency, -20))
        assert_hears(agent, {1130: -23, 830: -32})
        assert_hears(customer, {530: -20}, [1130])
        assert_hears(coach, {530: -20, 830: -32})


def test_a_key_press_has_the_colleague_called():
    with Server(start=False) as server, Phone(server) as alice, Phone(server, "bob") as bob:
        server.write("policy/site.lua", EXAMPLES["fetch.lua"].replace("sip:bob@192.0.2.7", bob.own_uri))
        server.arguments += ["--policy", str(server.directory / "policy/site.lua")]
        server.start()
        alice.call("garden")
        alice.audio.press("1")
        request = bob.expect_call()
        alice.audio.press("1")
        server.expect_log("not called: 486 already in")
        bob.reply(request, 486)
        bob.expect("ACK")
        server.expect_log(r"sip:bob@\S+ does not come: 486 Busy Here")


def test_staff_are_hosts_accounts_are_guests_and_others_are_asked_for_a_password():
    with Server(EXAMPLES["accounts.lua"], policy=EXAMPLES["staff.lua"]) as server, Phone(
        server
    ) as alice, Phone(server, "bob") as bob, Phone(server, "mallory") as mallory:
        for phone, password in ((alice, "down the hole"), (bob, "builder"), (mallory, "please")):
            phone.invite()
            challenge = digest.choose(phone.expect(401), "MD5")
            phone.ack()
            phone.send_invite(
                True,
                {
                    "Authorization": digest.authorization(
                        challenge, phone.user, password, "INVITE", phone.remote_uri
                    )
                },
            )
            phone.expect(401 if phone is mallory else 200)
            phone.ack()
        roster = server.participants()
        assert {user: entry["role"] for user, entry in roster.items()} == {
            "alice": "host",
            "bob": "guest",
        }
        assert roster["alice"]["name"] == "Alice Liddell"


def test_the_desk_leads_into_a_conference_and_the_door_asks_for_a_pin():
    with Server(EXAMPLES["desk.lua"]) as server, Phone(server, "alice") as alice:
        alice.invite("9000")
        alice.expect(200)
        alice.ack()
        alice.press("21234#")
        again = alice.expect("INVITE")
        assert ";isfocus" in again["Contact"], again
        alice.reply(again, 200, body=alice.offer())
        alice.expect("ACK")
    config = 'applications = { ["1"] = "door" }\nconferences = { board = {} }\n'
    door = {"scripts/door.lua": EXAMPLES["scripts/door.lua"]}
    with Server(config, files=door) as server, Phone(server, "alice") as alice:
        for pin, code in (("4712", 403), ("4711", 200)):
            alice.invite("1")
            alice.connect_audio(alice.expect(183).sdp)
            alice.press(pin)
            alice.expect(code)
            alice.ack()
        server.expect_log(r"sip:alice@\S+ joined as host")
        alice.is_up = True


def command_of_make_run(*arguments):
    """Told, not done; this test may itself be run by make."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    done = subprocess.run(["make", "-n", "run", *arguments], cwd=ROOT, env=plain, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]


def test_make_run_brings_a_demonstration():
    assert command_of_make_run() == ["serve", "--config", "scripts/demo.lua"]
    elsewhere = ["serve", "--config", "scripts/demo.lua", "--listen", "sip:192.0.2.10:5060"]
    assert command_of_make_run("ARGS=--listen sip:192.0.2.10:5060") == elsewhere
    assert command_of_make_run("ARGS=--config parley.lua") == ["serve", "--config", "parley.lua"]
    with Server(DEMO) as server, Phone(server, "alice") as alice:
        assert "dial sip:demo@" in server.ready
        alice.call()
        server.expect_log("plays you-are-alone to sip:alice@")
        alice.press("*6")
        server.expect_log(r"sip:alice@\S+ is muted")


def test_the_ready_line_is_the_one_shown():
    shown = re.search(r"^parley ready: dial sip:(\w+)@", TEXT, re.M)[1]
    with Server() as server:
        assert re.match(
            rf"parley ready: dial sip:{shown}@{re.escape(server.address)}", server.ready
        )


def test_every_command_and_option_shown_exists():
    with Server(start=False) as server:
        helped = run_parley("help").stdout
        for command in set(re.findall(r"build/parley (\w+)", TEXT)):
            assert command in helped, command
        config = run_parley("config").stdout
        path = server.write("parley.lua", config)
        assert run_parley("check", path).returncode == 0


def call_as(phone, password, number):
    phone.invite(number)
    challenge = digest.choose(phone.expect(401), "SHA-256")
    phone.ack()
    value = digest.authorization(challenge, phone.user, password, "INVITE", phone.remote_uri)
    phone.send_invite(True, {"Authorization": value})


def test_members_are_looked_up_once_and_may_not_call_too_often():
    with Web("127.0.0.1") as web:
        script = EXAMPLES["scripts/members.lua"].replace("https://api.example.com", f"http://{web.host}")
        config = (
            'accounts = { alice = { password = "a" }, bob = { password = "b" } }\n'
            'applications = { ["9000"] = "members" } conferences = { members = {} }\n'
            f'http = {{ allow = {{ "{web.host}" }} }}\n'
        )
        with Server(config, files={"scripts/members.lua": script}) as server:
            with Phone(server, "bob") as bob:
                call_as(bob, "b", "9000")
                assert bob.expect(403).reason == "Members only"
                bob.ack()
            for _ in range(10):
                with Phone(server, "alice") as alice:
                    call_as(alice, "a", "9000")
                    alice.expect(200)
                    alice.ack()
                    alice.hang_up()
            with Phone(server, "alice") as alice:
                call_as(alice, "a", "9000")
                assert alice.expect(403).reason == "Too often"
                alice.ack()
        assert web.requests == ["/members/bob", "/members/alice"]


@run.real_time
def test_who_knocks_is_let_in_by_a_key():
    with Server(policy=EXAMPLES["knock.lua"]) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol:
        alice.call()
        assert "isfocus" not in bob.call()["Contact"]
        deadline = time.monotonic() + 5 * run.SLOW
        while tone.level(alice.hear(0.2, 0), 1400) < -40:
            assert time.monotonic() < deadline, "the host does not hear that he knocks"
        alice.press("1")
        take_change(bob, "sendrecv")
        assert server.participants()["bob"]["role"] == "guest"
        carol.call()
        alice.press("2")
        bye = carol.expect("BYE")
        assert bye["Reason"] == 'SIP;cause=603;text="Not now"', bye
        carol.reply(bye, 200)
        carol.is_up = False


if __name__ == "__main__":
    run.main()
