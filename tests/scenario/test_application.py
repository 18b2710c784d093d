"""Applications: scripts that talk with a caller (RFC 4579 §5.3)."""

import audio
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
  if call.from.user == "bob" then return end
  if not call.from.authenticated then return call:challenge() end
end
"""
    with with_application(script) as server:
        for user, code, reason in (
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


def test_options_of_an_application_are_not_those_of_a_focus():
    with with_application("return function(call) end") as server:
        with Phone(server, "alice") as alice:
            options(alice, "9000")
            ok = alice.expect(200)
            assert "isfocus" not in (ok["Contact"] or ""), ok


if __name__ == "__main__":
    run.main()
