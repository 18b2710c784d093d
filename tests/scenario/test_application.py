"""Applications: scripts that talk with a caller (RFC 4579 §5.3)."""

import re
import time

import audio
import digest
import run
import tone
from message import parameter, uri_of
from parley import OPEN, Server, run_parley
from sip import Phone, options

PROMPTS = {"welcome": (600, 0.4), "menu": (900, 0.5), "sorry": (1300, 0.3)}


def with_application(script, start=True, config="", **others):
    """A server on which calls to 9000 are that script's, and what it may play."""
    config = f'policy = "{OPEN}"\napplications = {{ ["9000"] = "reception" }}\n' + config
    server = Server(
        config=config, files={"scripts/reception.lua": script} | others, start=False
    )
    for name, (frequency, seconds) in PROMPTS.items():
        samples = tone.sine(frequency, -20, 16000)(0, int(seconds * 16000))
        audio.write_wav(server.directory / f"{name}.wav", samples, 16000)
    if start:
        server.start()
    return server


def wait_to_hear(phone, frequency, within=5):
    deadline = time.monotonic() + within * run.SLOW
    while tone.level(phone.hear(0.15, 0), frequency) < -26:
        assert time.monotonic() < deadline, f"{frequency} Hz was not heard within {within} s"


def begin(phone, number="9000"):
    """Calls the application and is answered."""
    phone.invite(number)
    phone.expect(200)
    phone.ack()


# ---- answering ---------------------------------------------------------------------------------


def test_an_application_rings_answers_and_hangs_up():
    script = """
return function(call)
  print("call", call.from.user, call.to, call.answered)
  call:ring()
  call:sleep(0.2)
  print("answered", call:answer(), call.answered)
  call:sleep(0.2)
  print("hung up", call:hangup("Good bye"), call:sleep(1))
end
"""
    with with_application(script) as server, Phone(server, "alice") as alice:
        alice.invite("9000")
        ringing = alice.expect(180)
        assert "isfocus" not in ringing["Contact"], ringing
        ok = alice.expect(200)
        assert uri_of(ok["Contact"]).startswith("sip:9000@"), ok
        assert "isfocus" not in ok["Contact"], "it is no focus yet (RFC 4579 §5.3)"
        alice.ack()
        bye = alice.expect("BYE")
        assert 'text="Good bye"' in bye["Reason"], bye
        alice.reply(bye, 200)
        alice.is_up = False
        server.expect_log("call alice 9000 false")
        server.expect_log("answered true true")
        server.expect_log("hung up true nil gone")


def test_an_application_may_refuse_or_ask_for_a_password():
    script = """
return function(call)
  if call.from.user == "mallory" then return call:reject(403, "Not you") end
  if call.from.user == "carol" then return call:reject(488) end
  if call.from.user == "bob" then return end
  if not call.from.authenticated then return call:challenge() end
end
"""
    with with_application(script) as server:
        for user, code, reason in (
            ("carol", 488, "Not Acceptable Here"),
            ("mallory", 403, "Not you"),
            ("bob", 480, "Temporarily Unavailable"),
            ("alice", 401, "Unauthorized"),
        ):
            with Phone(server, user) as phone:
                phone.invite("9000")
                refused = phone.expect(code)
                assert reason in refused.start, refused
                assert (refused["WWW-Authenticate"] is not None) == (code == 401), refused
                phone.ack()
        assert server.status()["server"]["calls"] == 0


def test_who_has_proven_who_it_is_is_known_to_the_application():
    script = """
return function(call)
  if not call.from.authenticated then return call:challenge() end
  call:answer()
  print("known", call.from.user, call.from.groups.staff)
  call:sleep(60)
end
"""
    accounts = 'accounts = { alice = { password = "down the hole", groups = { "staff" } } }\n'
    with with_application(script, config=accounts) as server, Phone(server, "alice") as alice:
        alice.invite("9000")
        challenge = digest.choose(alice.expect(401), "MD5")
        alice.ack()
        alice.send_invite(
            True,
            {
                "Authorization": digest.authorization(
                    challenge, "alice", "down the hole", "INVITE", alice.remote_uri
                )
            },
        )
        alice.expect(200)
        alice.ack()
        server.expect_log("known alice true")


def test_a_server_that_stops_takes_leave_of_callers_in_applications():
    script = """
return function(call)
  if call.from.user == "alice" then call:answer() end
  call:ring()
  call:sleep(60)
end
"""
    with with_application(script) as server:
        with Phone(server, "alice") as alice, Phone(server, "bob") as bob:
            begin(alice)
            bob.invite("9000")
            bob.expect(180)
            server.process.terminate()
            bye = alice.expect("BYE")
            assert bye["Reason"].startswith("SIP;cause=503"), bye
            alice.reply(bye, 200)
            bob.expect(503)
            bob.ack()
            alice.is_up = False
            server.wait_stopped()


def test_options_of_an_application_are_not_those_of_a_focus():
    with with_application("return function(call) end") as server:
        with Phone(server, "alice") as alice:
            options(alice, "9000")
            ok = alice.expect(200)
            assert "isfocus" not in (ok["Contact"] or ""), ok


# ---- the figure of RFC 4579 §5.3 ---------------------------------------------------------------

RECEPTION = """
return function(call)
  call:ring()
  call:answer()
  call:play "welcome.wav"
  local pin = call:ask { prompt = "menu.wav", min = 2, max = 4, timeout = 20 }
  print("asked", pin)
  local conference, why, code = parley.create { title = "Alice's", owner = call.from }
  print("created", conference, code, why)
  print("joined", call:join(conference, { role = "host" }))
end
"""


@run.real_time
def test_figure_3_a_participant_creates_a_conference_using_an_application():
    with with_application(RECEPTION) as server, Phone(server, "alice") as alice:
        # Alice establishes session with conference application.
        f1 = alice.invite("9000")
        f2 = alice.expect(180)
        assert uri_of(f2["Contact"]).startswith("sip:9000@") and "isfocus" not in f2["Contact"]
        f3 = alice.expect(200)
        assert f3.cseq == f1.cseq and "isfocus" not in f3["Contact"], f3
        alice.ack()  # F4
        # RTP, and Alice uses the application to create the conference.
        wait_to_hear(alice, 600)
        wait_to_hear(alice, 900)
        first = len(alice.audio.packets)
        alice.press("42#")
        f5 = alice.expect("INVITE")
        contact = uri_of(f5["Contact"])
        assert ";isfocus" in f5["Contact"].split(">")[1], f5
        name = re.match(r"sip:([0-9a-f]{24})@", contact)[1]
        assert f5["Call-ID"] == f1["Call-ID"] and f5.tag("To") == f1.tag("From"), f5
        assert f5.tag("From") == f3.tag("To"), "the same dialog"
        assert f5.sdp.audio.port == f3.sdp.audio.port, "and the same stream"
        alice.reply(f5, 200, body=alice.offer())  # F6
        assert alice.expect("ACK").cseq == (f5.cseq[0], "ACK")  # F7
        server.expect_log("asked 42")
        server.expect_log("joined participant")
        assert server.participants(name)["alice"]["role"] == "host"
        alice.say(tone.sine(500))
        with Phone(server, "bob") as bob:
            bob.call(contact)
            bob.say(tone.sine(1700))
            tone.assert_hears(bob.hear(), {500: -20}, absent=[900], tolerance=1.5)
            tone.assert_hears(alice.hear(), {1700: -20}, absent=[900], tolerance=1.5)
            heard = alice.audio.audio(first)
            assert tone.click(heard[: len(heard) // 2], [1700]) < -40, "no crack on the way"
            with Phone(server, "alice", media=False) as watcher:
                watcher.subscribe(contact)  # F8
                f9 = watcher.expect(200)
                assert ";isfocus" in f9["Contact"], f9
                f10 = watcher.notified()  # and F11
                assert f10["Event"] == "conference" and b"alice" in f10.body, f10
        alice.hang_up()
        server.expect_left("alice")
        # Who made it has gone, and with her the conference, or its last participant.
        assert server.status()["server"]["calls"] == 0


EARLY = RECEPTION.replace("call:answer()", "print('early', call:early())")


@run.real_time
def test_the_information_may_be_given_during_an_early_dialog():
    """§5.3: a 183, and the conference URI in the Contact of the 200."""
    with with_application(EARLY) as server, Phone(server, "alice", transport="tcp") as alice:
        alice.invite("9000")
        alice.expect(180)
        session = alice.expect(183)
        assert "isfocus" not in session["Contact"] and session.body, session
        assert session.tag("To") and session["Content-Type"] == "application/sdp", session
        alice.connect_audio(session.sdp)
        wait_to_hear(alice, 600)
        wait_to_hear(alice, 900)
        alice.press("42#")
        ok = alice.expect(200)
        assert ";isfocus" in ok["Contact"] and ok.tag("To") == session.tag("To"), ok
        assert ok.body == session.body, "the answer that was given once is given again"
        alice.ack()
        server.expect_log(r"joined participant")
        server.expect_log(r"alice@\S+ joined as host")
        with Phone(server, "bob") as bob:
            bob.call(uri_of(ok["Contact"]))
            bob.say(tone.sine(1700))
            tone.assert_hears(alice.hear(), {1700: -20}, absent=[900], tolerance=1.5)


@run.real_time
def test_early_audio_is_not_sent_to_who_may_not_have_called():
    """Over UDP anybody may say to be anybody: audio goes where audio comes from."""
    script = """
return function(call)
  call:early()
  while call:play "welcome.wav" do end
end
"""
    with with_application(script) as server, Phone(server, "alice") as alice:
        alice.invite("9000")
        answer = alice.expect(183)
        alice.expect_nothing(0.5)
        assert not alice.audio.packets, "the address is not proven to be Alice's"
        alice.connect_audio(answer.sdp)
        wait_to_hear(alice, 600)
        alice.cancel()
        alice.expect(200, method="CANCEL")
        alice.expect(487)
        alice.ack()
        server.expect_log("leaves the application 9000")
        assert server.status()["server"]["calls"] == 0


def test_without_an_offer_there_is_no_early_audio():
    script = "return function(call) print(call:early()) call:answer() call:sleep(9) end"
    with with_application(script) as server, Phone(server, "alice") as alice:
        alice.invite("9000", body=None)
        ok = alice.expect(200)
        server.expect_log("nil The caller has made no offer 488")
        assert ok.body
        alice.ack(body=alice.offer())
        alice.is_up = True


def test_a_policy_may_refuse_whom_an_application_sends():
    policy = """
local policy = parley.policy { name = "site" }
function policy.create() return accept() end
function policy.join(request)
  print("join", request.actor.kind, request.actor.user, request.params.role)
  if request.params.role == "host" then return reject(403, "No hosts here") end
end
return policy
"""
    script = """
return function(call)
  call:answer()
  local conference = parley.create { title = "x" }
  print("join 1", call:join(conference, { role = "host" }))
  print("join 2", call:join(conference))
  print("afterwards", pcall(call.play, call, "welcome.wav"))
end
"""
    with with_application(
        script, config='policy = "policy/site.lua"\n', **{"policy/site.lua": policy}, start=False
    ) as server:
        server.config.write_text('policy = "site"\napplications = { ["9000"] = "reception" }\n')
        server.start()
        with Phone(server, "alice") as alice:
            begin(alice)
            again = alice.expect("INVITE")
            alice.reply(again, 200, body=alice.offer())
            alice.expect("ACK")
            server.expect_log("join caller alice host")
            server.expect_log("join 1 nil No hosts here 403")
            server.expect_log("join 2 participant")
            server.expect_log("afterwards false .*play: the caller is in a conference")


def test_a_phone_that_refuses_to_be_told_of_its_focus_is_in_all_the_same():
    script = """
return function(call)
  call:answer()
  call:join(parley.conference "room")
end
"""
    with with_application(script, config="conferences = { room = {} }\n") as server:
        with Phone(server, "alice") as alice:
            begin(alice)
            refused = alice.expect("INVITE")
            alice.reply(refused, 488)
            alice.expect("ACK")
            server.expect_log(r"sip:alice@\S+ refuses the change of its call: 488")
            assert server.participants("room")["alice"]["status"] == "connected"
            alice.is_up = True
            alice.hang_up()
            server.expect_left("alice")


@run.real_time
def test_keys_are_heard_in_the_audio_of_phones_that_know_no_events():
    script = "return function(call) call:answer() print('keys', call:ask { max = 2, timeout = 9 }) end"
    with with_application(script) as server, Phone(server, "alice") as alice:
        alice.invite("9000", formats=("PCMU", "PCMA"))
        alice.expect(200)
        alice.ack()
        alice.say(tone.keys("4#2", db=-12))
        server.expect_log("keys 4 ")
        alice.reply(alice.expect("BYE"), 200)
        alice.is_up = False


# ---- asking ------------------------------------------------------------------------------------


@run.real_time
def test_asking_ends_by_a_key_by_time_or_for_good():
    script = """
return function(call)
  call:answer()
  print("1:", call:ask { max = 1, timeout = 20 })
  print("2:", call:ask { min = 3, timeout = 20 })
  print("3:", call:ask { timeout = 0.3 })
  print("4:", call:ask { min = 2, timeout = 2.5 })
  print("5:", call:ask { prompt = "menu.wav", retries = 2, timeout = 0.3 })
  print("6:", call:ask { min = 0, terminator = "*", timeout = 20 })
  print("7:", call:ask { max = 2, timeout = 20 })
  print("8:", call:ask { prompt = "missing.wav", max = 1, timeout = 20 })
  print("end")
end
"""
    with with_application(script) as server, Phone(server, "alice") as alice:
        begin(alice)
        alice.press("7")
        server.expect_log("1: 7")
        alice.press("123#")
        server.expect_log("2: 123")
        server.expect_log("3: nil timeout")
        alice.press("5")
        server.expect_log("4: nil short", within=6)
        first = len(alice.audio.packets)
        server.expect_log("5: nil timeout", within=8)
        heard = abs(alice.audio.audio(first)) > 0.02
        assert abs(heard.sum() / tone.RATE - 3 * 0.5 * 0.75) < 0.35, "the prompt, three times"
        alice.press("*")
        server.expect_log(r"6: \s*\(")
        alice.press("98")
        server.expect_log("7: 98")
        server.expect_log("missing.wav: no such file")
        alice.press("1")
        server.expect_log("8: 1")
        alice.reply(alice.expect("BYE"), 200)
        alice.is_up = False


@run.real_time
def test_a_key_ends_what_plays_and_is_there_for_the_question():
    script = """
return function(call)
  call:answer()
  print("played", call:play "long.wav")
  print("skipped", call:play "welcome.wav")
  print("asked", call:ask { prompt = "menu.wav", max = 2, timeout = 20 })
  print("whole", call:play "welcome.wav")
  print("missing", call:play "missing.wav")
end
"""
    with with_application(script, start=False) as server:
        samples = tone.sine(1100, -20, 16000)(0, 16000 * 20)
        audio.write_wav(server.directory / "long.wav", samples, 16000)
        server.start()
        with Phone(server, "alice") as alice:
            begin(alice)
            wait_to_hear(alice, 1100)
            alice.press("4")
            server.expect_log("played true 4")
            server.expect_log("skipped true 4")
            first = len(alice.audio.packets)
            alice.press("2")
            server.expect_log("asked 42")
            server.expect_log(r"whole true \s*\(")
            server.expect_log("missing nil .*missing.wav: no such file")
            heard = alice.audio.audio(first)
            assert tone.level(heard, 1100) < -35 and tone.level(heard, 900) < -45, "it stopped"
            alice.reply(alice.expect("BYE"), 200)
            alice.is_up = False


# ---- the end -----------------------------------------------------------------------------------


def test_hanging_up_unwinds_the_script_wherever_it_waits():
    script = """
return function(call)
  local user = call.from.user
  call:on_hangup(function() print("on_hangup", user, call:play "welcome.wav") end)
  local where <close> = setmetatable({}, { __close = function() print("closed", user, call.to) end })
  call:answer()
  if user == "alice" then call:ask { timeout = 60 } end
  if user == "bob" then while true do call:play "welcome.wav" end end
  if user == "carol" then call:sleep(60) end
  print("never")
end
"""
    with with_application(script) as server:
        for user in ("alice", "bob", "carol"):
            with Phone(server, user) as phone:
                begin(phone)
                phone.is_up = True
                phone.hang_up()
            server.expect_log(rf"sip:{user}@\S+ leaves the application 9000: hung up")
            assert server.status()["server"]["calls"] == 0
            server.expect_log(f"closed {user} nil")
            server.expect_log(f"on_hangup {user} nil gone")
        assert "never" not in server.log() and "error" not in server.log()


@run.real_time
def test_a_script_that_fails_is_heard_and_told():
    script = """
return function(call)
  if call.from.user == "bob" then error("no bobs") end
  call:answer()
  call:sleep(0.1)
  local nothing = nil
  print(nothing.field)
end
"""
    with with_application(script) as server:
        with Phone(server, "alice") as alice:
            begin(alice)
            bye = alice.expect("BYE", within=6)
            heard = alice.audio.audio()
            for frequency in (950, 1400, 1800):  # the special information tone
                assert tone.level(heard, frequency) > -35, frequency
            assert bye["Reason"].startswith("SIP;cause=500"), bye
            alice.reply(bye, 200)
            alice.is_up = False
        told = server.expect_log(
            r"error \[(\S+)\] scripts/reception.lua:7: attempt to index a nil value .*"
            r"application 9000, call (\S+); the caller is sent away. 1 error"
        )
        assert told[1] == told[2], told[0]
        with Phone(server, "bob") as bob:
            bob.invite("9000")
            bob.expect(500)
            bob.ack()
        server.expect_log("scripts/reception.lua:3: no bobs .* 2 errors")


def test_a_script_has_a_budget_from_wait_to_wait_and_cannot_wait_elsewhere():
    script = """
return function(call)
  local user = call.from.user
  if user == "alice" then while true do end end
  if user == "bob" then coroutine.yield() end
  if user == "carol" then coroutine.wrap(function() call:sleep(1) end)() end
  if user == "dora" then table.sort({ 2, 1 }, function() call:sleep(1) end) end
  if user == "eve" then print(pcall(call.play, call, "welcome.wav")) end
  if user == "eve" then call:ask { wait = 3 } end
  if user == "fred" then call:join "demo" end
end
"""
    with with_application(script) as server:
        for user, what in (
            ("alice", "reception.lua:4: stopped after .* from wait to wait"),
            ("bob", "coroutine.yield is for coroutines that the script itself has made"),
            ("carol", "reception.lua:6: .*sleep: a coroutine of the script's own cannot wait"),
            ("dora", "reception.lua:7: .*sleep: there is no waiting within a function"),
            ("eve", "reception.lua:9: .*ask.*wait"),
            ("fred", "reception.lua:10: .*conference expected"),
        ):
            with Phone(server, user) as phone:
                phone.invite("9000")
                phone.expect(500)
                phone.ack()
            server.expect_log(what)
        server.expect_log("play: there is no audio yet")


def test_a_loop_whose_waits_are_over_at_once_is_stopped():
    for wait in ('call:play("nowhere.wav")', "call:sleep(0)", "call:ask { timeout = 0 }"):
        script = f"return function(call) call:answer() while true do {wait} end end"
        with with_application(script) as server, Phone(server, "alice") as alice:
            begin(alice)
            alice.reply(alice.expect("BYE", within=10), 200)
            name = wait[5 : wait.find("(")] if "(" in wait else "ask"
            server.expect_log(rf"reception.lua:1: {name}: more than 500 waits in 10 s")
            assert len([line for line in server.lines if "nowhere.wav" in line]) < 600


def test_a_call_that_falls_silent_ends():
    script = "return function(call) call:answer() call:sleep(60) end"
    with with_application(script, config="rtp = { timeout = 1 }\n") as server:
        with Phone(server, "alice") as alice:
            begin(alice)
            alice.audio.mute()
            bye = alice.expect("BYE", within=6)
            assert bye["Reason"].startswith("SIP;cause=408"), bye
            alice.reply(bye, 200)
            alice.is_up = False


def test_a_caller_may_be_sent_elsewhere():
    script = 'return function(call) call:redirect("sip:bob@192.0.2.7") end'
    with with_application(script) as server, Phone(server, "alice") as alice:
        alice.invite("9000")
        moved = alice.expect(302)
        assert uri_of(moved["Contact"]) == "sip:bob@192.0.2.7", moved
        alice.ack()


# ---- config, reload, status --------------------------------------------------------------------


def test_a_reload_leaves_conversations_on_what_they_began_with():
    script = """
return function(call)
  call:answer()
  print("first", call:ask { max = 1, timeout = 30 })
  print("old end", call:ask { max = 1, timeout = 30 })
end
"""
    with with_application(script) as server, Phone(server, "alice") as alice:
        begin(alice)
        alice.press("1")
        server.expect_log("first 1")
        server.write("scripts/reception.lua", "return function(call) print('new') end")
        server.reload()
        with Phone(server, "bob") as bob:
            bob.invite("9000")
            bob.expect(480)
            bob.ack()
        server.expect_log("new")
        # One that is broken changes nothing.
        server.write("scripts/reception.lua", "return function(call) print('broken')")
        done = server.command("reload")
        assert done.returncode != 0 and "scripts/reception.lua:1:" in done.stderr, done
        alice.press("2")
        server.expect_log("old end 2")
        alice.reply(alice.expect("BYE"), 200)
        alice.is_up = False
        server.config.write_text(f'policy = "{OPEN}"\n')
        server.reload()
        with Phone(server, "carol") as carol:
            carol.call("9000")  # the policy is open: a conference like any other


def test_what_is_wrong_with_a_config_is_told_with_its_place():
    with with_application("return 5", start=False) as server:

        def wrong(config, *parts):
            server.config.write_text(config)
            checked = run_parley("check", server.config)
            assert checked.returncode == 2, checked
            for part in parts:
                assert part in checked.stderr, checked.stderr

        wrong(
            '\napplications = { ["9000"] = "receptoin" }\n',
            "parley.lua",
            "applications.9000: script 'receptoin': no such file; looked for",
            "scripts/receptoin.lua",
        )
        wrong('applications = { ["9000"] = "reception" }\n', "the file must return its application")
        wrong('\napplications = {\n ["9000"] = 5 }\n', "parley.lua:3: applications.9000 must be")
        wrong('applications = { "reception" }\n', "parley.lua:1:")
        wrong(
            'conferences = { ["9000"] = {} }\napplications = { ["9000"] = "reception" }\n',
            "cannot be both an application and a conference",
        )
        checked = run_parley("check", server.directory / "scripts/reception.lua")
        assert checked.returncode == 2 and "reception.lua" in checked.stderr, checked
        server.write("scripts/reception.lua", "return function(call) call:answer() end\n")
        checked = run_parley("check", server.directory / "scripts/reception.lua")
        assert checked.returncode == 0, checked


if __name__ == "__main__":
    run.main()
