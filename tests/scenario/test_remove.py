"""Many are put out at once, but for some: by the command line and by a script, each by a decision of its own."""

import re

import run
from parley import Server, run_parley
from sip import Phone

POLICY = """
local policy = parley.policy { name = "site" }
function policy.remove(request)
  if request.target.user == "dave" then return reject(403, "Dave stays") end
  if request.target.user == "erin" then return pending { decided_by = "host", reason = "Erin" } end
end
function policy.digit(event, conference, presser)
  if event.digit ~= "9" then return end
  local done = conference:remove_all { except = { "bob", presser }, reason = "Thank you all" }
  for _, one in ipairs(done.refused) do
    parley.log.info(one.participant.user, "stays:", one.code, one.why)
  end
  parley.log.info(done.count, "are out")
end
return policy
"""

CONFIG = "conferences = { demo = {} }\n"


def goes(phone, reason):
    bye = phone.expect("BYE")
    assert f'text="{reason}"' in bye["Reason"], bye
    phone.reply(bye, 200)
    phone.is_up = False


def refused(server, *words, code=1):
    done = server.command("remove", *words)
    assert done.returncode == code, done
    return done.stderr


def test_all_but_some_are_put_out_by_a_key_and_by_the_operator_and_replayed():
    with Server(config=CONFIG, policy=POLICY) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob, Phone(server, "carol") as carol, Phone(server, "dave") as dave, Phone(server, "erin") as erin:
        file = server.directory / "demo.jsonl"
        for phone in (alice, bob, carol, dave, erin):
            phone.call("demo")
        assert server.command("record", "demo", file).returncode == 0

        alice.press("9")
        goes(carol, "Thank you all")
        server.expect_log("dave stays: 403 Dave stays")
        server.expect_log("erin stays: 202 It waits for a decision")
        server.expect_log("1 are out")
        assert set(server.participants()) == {"alice", "bob", "dave", "erin"}

        # When nobody is called as an exception says, nobody is put out.
        assert 'nobody in demo is called "zoe": nobody is put out' in refused(server, "demo", "--all", "--except", "alice,zoe")
        assert 'nobody in demo is called "zoe"' in refused(server, "demo", "bob,zoe")
        assert 'there is no conference "dmeo"' in refused(server, "dmeo", "bob")
        assert "give a conference, and whom" in refused(server, "demo", code=2)
        assert "give a conference, and whom" in refused(server, "demo", "bob", "--except", "alice", code=2)
        assert "has blanks" in refused(server, "demo", "bob alice", code=2)
        assert set(server.participants()) == {"alice", "bob", "dave", "erin"}

        assert "0 are put out, 1 not: 403 Dave stays" in refused(server, "demo", "dave")
        why = refused(server, "demo", "--all", "--except", f"erin,{alice.own_uri}", "--reason", "Good night")
        assert "1 is put out, 1 not: 403 Dave stays" in why, why
        goes(bob, "Good night")
        assert "that waits for a decision: parley pending demo" in refused(server, "demo", "erin")
        done = server.command("remove", "demo", str(server.participants()["alice"]["id"]))
        assert (done.returncode, done.stdout) == (0, "1 is put out\n"), done
        goes(alice, "Removed from the conference")

        # Who has asked for it, and by which line: each of them is a request of its own.
        def audit():
            return server.command("audit", "demo", "--verb", "remove").stdout

        run.until(lambda: len(audit().splitlines()) == 3, audit)
        for user, who in (
            ("carol", r"\S*site.lua:9, told digit 9 of sip:alice@\S+ \(\d+\),"),
            ("bob", "the operator"),
            ("alice", "the operator"),
        ):
            assert re.search(rf"{who} asks to remove sip:{user}@", audit()), audit()

        assert server.command("record", "--stop", "demo").returncode == 0
        run.until(lambda: '"kind":"end"' in file.read_text(), lambda: file.read_text()[-500:])
        same = run_parley("replay", file)
        assert same.stdout.endswith(", 0 differences\n"), same.stdout + same.stderr


if __name__ == "__main__":
    run.main()
