"""Applications that stay with their callers: out of the mix and back, waits, calls, transfer."""

import run
import tone
from message import parameter
from parley import OPEN, Server
from sip import Phone


def with_script(script, config=""):
    config = (
        f'policy = "{OPEN}"\napplications = {{ ["9000"] = "talk" }}\n'
        f"conferences = {{ room = {{}} }}\n{config}"
    )
    return Server(config=config, files={"scripts/talk.lua": script})


def begin(phone):
    phone.invite("9000")
    phone.expect(200)
    phone.ack()
    phone.is_up = True


def go_in(phone, name="room"):
    """The re-INVITE that tells the phone that it is in a conference (RFC 4579 §5.3)."""
    again = phone.expect("INVITE")
    assert f"sip:{name}@" in again["Contact"] and ";isfocus" in again["Contact"], again
    phone.reply(again, 200, body=phone.offer())
    phone.expect("ACK")


# ---- out of the mix and back (framework 5.10) --------------------------------------------------

MENU = """
return function(call)
  call:answer()
  local me = call:join(parley.conference "room", { role = "host" })
  me:volume { speaks = -6 }
  while true do
    call:wait_for { "digit" }
    print("left", call:leave())
    print("asked", call:ask { prompt = "tone:900/60000", max = 1, timeout = 60 })
    print("back", call:rejoin(), me.role)
  end
end
"""


@run.real_time
def test_who_talks_to_the_menu_is_out_of_the_mix_and_comes_back_as_before():
    with with_script(MENU) as server, Phone(server, "alice") as alice, Phone(server, "bob") as bob:
        begin(alice)
        go_in(alice)
        bob.call("room")
        alice.say(tone.sine(500))
        bob.say(tone.sine(1700))
        tone.assert_hears(bob.hear(), {500: -26}, absent=[900], tolerance=1.5)
        tone.assert_hears(alice.hear(), {1700: -20}, absent=[900], tolerance=1.5)
        with Phone(server, "bob", media=False) as watcher:
            watcher.subscribe("room")
            watcher.expect(200)
            watcher.notified()
            alice.press("*")
            server.expect_log("left true")
            held = watcher.notified()
            assert b"on-hold" in held.body and b"alice" in held.body, held.body
            assert server.participants("room")["alice"]["status"] == "on-hold"
            alice.say(tone.sine(500))
            tone.assert_hears(alice.hear(), {900: -20}, absent=[1700], tolerance=8)
            tone.assert_hears(bob.hear(), {}, absent=[500, 900], tolerance=1.5)
            why = server.command("explain", "room", "bob", "alice").stdout
            assert "out of the mix, talking with an application" in why, why
            alice.press("7")
            server.expect_log("asked 7")
            server.expect_log("back true host")
            back = watcher.notified()
            assert b"connected" in back.body, back.body
        alice.say(tone.sine(500))
        tone.assert_hears(bob.hear(), {500: -26}, absent=[900], tolerance=1.5)
        tone.assert_hears(alice.hear(), {1700: -20}, absent=[900], tolerance=1.5)
        alice.expect_nothing(0)
        alice.hang_up()
        server.expect_left("alice")
        assert server.status()["server"]["calls"] == 1


def test_a_conference_that_ends_takes_who_is_at_the_menu_along():
    with with_script(MENU) as server, Phone(server, "alice") as alice:
        begin(alice)
        go_in(alice)
        alice.press("*")
        server.expect_log("left true")
        server.command("end", "room")
        bye = alice.expect("BYE")
        alice.reply(bye, 200)
        alice.is_up = False
        server.expect_log(r"sip:alice@\S+ left: ")
        assert server.status()["visitors"] == []


# ---- hanging up in each wait -------------------------------------------------------------------

WAITS = """
local room = parley.conference
return function(call)
  local user = call.from.user
  local where <close> = setmetatable({}, { __close = function() print("closed", user) end })
  call:on_hangup(function() print("on_hangup", user) end)
  parley.every(0.1, function() print("tick", user) end)
  call:answer()
  local room = parley.conference "room"
  if user == "alice" then call:wait_for { "digit", timeout = 60 } end
  if user == "bob" then room:wait_for { "joined", timeout = 60 } end
  if user == "carol" then room:invite("sip:dora@PHONE", { wait = true }) end
  if user == "eve" then call:transfer "sip:dora@192.0.2.7" end
  if user == "fred" then call:play { "tone:400/60000", times = 9 } end
  if user == "gina" then call:join(room) call:leave() call:wait_for { "muted" } end
  if user == "hugo" then call:join(room) call:wait_for { "muted" } end
  print("never")
end
"""


def test_hanging_up_unwinds_every_wait():
    with with_script("return function() end") as server, Phone(server, "dora") as dora:
        script = WAITS.replace("PHONE", dora.own_uri.split("@")[1])
        server.write("scripts/talk.lua", script)
        server.reload()
        for user in ("alice", "bob", "carol", "eve", "fred", "gina", "hugo"):
            with Phone(server, user) as phone:
                begin(phone)
                if user in ("gina", "hugo"):
                    go_in(phone)
                if user == "carol":
                    dora.expect_call()
                if user == "eve":
                    phone.reply(phone.expect("REFER"), 202)
                if user == "gina":
                    server.expect_log(r"sip:gina@\S+ is on hold")
                server.expect_log(f"tick {user}")
                phone.hang_up()
                server.expect_log(f"closed {user}")
                server.expect_log(f"on_hangup {user}")
        assert "never" not in server.log() and " error " not in server.log()
        assert server.status()["visitors"] == []


# ---- calling somebody --------------------------------------------------------------------------


def test_an_application_waits_for_whom_it_calls():
    script = """
return function(call)
  call:answer()
  local room = parley.conference "room"
  local dora = room:invite("sip:dora@PHONE", { wait = true, name = "Dora" })
  print("first", dora.user, dora.status)
  local event, who = room:wait_for { "left", timeout = 30 }
  print("then", event.name, who and who.user)
  print("second", room:invite("sip:dora@PHONE", { wait = true, timeout = 30 }))
  call:hangup()
end
"""
    with with_script("return function() end") as server, Phone(server, "dora") as dora:
        with Phone(server, "alice") as alice:
            phone = dora.own_uri.split("@")[1]
            server.write("scripts/talk.lua", script.replace("PHONE", phone))
            server.reload()
            begin(alice)
            dora.pick_up(dora.expect_call())
            server.expect_log("first dora connected")
            dora.is_up = True
            dora.hang_up()
            server.expect_log("then left dora")
            dora.new_dialog()
            call = dora.expect_call()
            dora.reply(call, 486, reason="Busy Here")
            dora.expect("ACK")
            server.expect_log("second nil Busy Here 486")
            alice.reply(alice.expect("BYE"), 200)
            alice.is_up = False


# ---- transfer (RFC 5589 §6.1) ------------------------------------------------------------------


def test_a_caller_is_transferred_and_the_application_hears_how_that_goes():
    script = """
return function(call)
  call:answer()
  print("bad", pcall(call.transfer, call, "dora"))
  print("one", call:transfer "sip:dora@192.0.2.7;transport=tcp")
  print("two", call:transfer("sip:dora@192.0.2.7", { timeout = 30 }))
  print("three", call:transfer("sip:dora@192.0.2.7", { timeout = 1 }))
  print("four", call:transfer "sip:dora@192.0.2.7")
  print("five", call:transfer "sip:dora@192.0.2.7")
  print("six", call:transfer "sip:dora@192.0.2.7")
end
"""
    with with_script(script) as server, Phone(server, "alice") as alice:
        begin(alice)
        server.expect_log("bad false .*'dora' is no SIP URI")
        # F3 REFER of figure 2 (Basic Transfer), in the dialog of the call.
        refer = alice.expect("REFER")
        assert refer["Refer-To"] == "<sip:dora@192.0.2.7;transport=tcp>", refer
        assert refer["Referred-By"].startswith("<sip:9000@"), refer
        assert refer["Call-ID"] == alice.call_id and refer.tag("From"), refer
        assert parameter(refer["Contact"], "isfocus") is None, refer
        alice.reply(refer, 405)
        server.expect_log("one nil Method Not Allowed 405")

        def notify(line, state, headers=None):
            fields = {
                "Event": "refer",
                "Subscription-State": state,
                "Content-Type": "message/sipfrag",
            }
            alice.send(alice.request("NOTIFY", headers=fields | (headers or {}), body=line))

        alice.reply(alice.expect("REFER"), 202)  # F4
        notify(b"SIP/2.0 100 Trying\r\n", "active;expires=60")  # F5
        alice.expect(200, method="NOTIFY")  # F6
        notify(b"SIP/2.0 486 Busy Here\r\n", "terminated;reason=noresource", {"Event": "dialog"})
        alice.expect(489)
        notify(b"SIP/2.0 486 Busy Here\r\n", "terminated;reason=noresource")
        alice.expect(200, method="NOTIFY")
        server.expect_log("two nil Busy Here 486")
        alice.reply(alice.expect("REFER"), 202)
        server.expect_log("three nil Request Timeout 408", within=6)
        # Of several REFERs the id says which (RFC 3515 §2.4.6).
        again = alice.expect("REFER")
        alice.reply(again, 202)
        for cseq, code in ((again.cseq[0] - 1, 481), (again.cseq[0], 200)):
            event = {"Event": f"refer;id={cseq}"}
            notify(b"SIP/2.0 200 OK\r\n", "terminated;reason=noresource", event)
            alice.expect(code, method="NOTIFY")
        server.expect_log("four true")
        # A last NOTIFY must say how it went (§2.4.5); one that does not is no success.
        for name, line in (("five", b"SIP/2.0 nonsense\r\n"), ("six", b"SIP/2.0 100 Trying\r\n")):
            alice.reply(alice.expect("REFER"), 202)
            notify(line, "terminated;reason=noresource")
            alice.expect(200, method="NOTIFY")
            server.expect_log(f"{name} nil The phone has not said how it went 500")
        # F13: who has transferred hangs up.
        alice.reply(alice.expect("BYE"), 200)
        alice.is_up = False


# ---- state -------------------------------------------------------------------------------------


def test_applications_and_policies_share_the_state_of_a_conference():
    policy = """
local policy = parley.policy { name = "site" }
function policy.joined(event, conference, participant)
  print("asked for", conference.state.wish, participant.user)
end
return policy
"""
    script = """
return function(call)
  call:answer()
  local room = parley.conference "room"
  room.state.wish = "song " .. call.from.user
  call:sleep(0.1)
  call:join(room)
end
"""
    config = 'applications = { ["9000"] = "talk" }\nconferences = { room = { policy = "song" } }\n'
    files = {"scripts/talk.lua": script, "policy/song.lua": policy}
    with Server(config=config, files=files) as server, Phone(server, "alice") as alice:
        begin(alice)
        go_in(alice)
        server.expect_log("asked for song alice alice")


if __name__ == "__main__":
    run.main()
