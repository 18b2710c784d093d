"""Hot reload: scripts change while people talk, and nobody notices."""

import contextlib
import os
import pathlib
import re
import shutil
import signal

import run
import tone
from parley import Server, address, run_parley
from sip import Phone

LET_IN = """local policy = parley.policy { name = "site" }
function policy.join(request, conference)
  return accept { role = "ROLE" }
end
return policy
"""


def with_role(role):
    return LET_IN.replace("ROLE", role)


def generation(server):
    return server.status()["scripts"]["generation"]


def test_a_reload_takes_the_new_script_for_the_next_caller():
    with Server(policy=with_role("first")) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        before = generation(server)
        server.policy.write_text(with_role("second"))
        server.reload()
        assert generation(server) == before + 1
        bob.call()
        assert {u: p["role"] for u, p in server.participants().items()} == {
            "alice": "first",
            "bob": "second",
        }


def test_a_hangup_signal_reloads_too():
    with Server(policy=with_role("first")) as server, Phone(server) as alice:
        server.policy.write_text(with_role("second"))
        server.process.send_signal(signal.SIGHUP)
        server.expect_log("(?i)reload")
        alice.call()
        assert server.participants()["alice"]["role"] == "second"


@run.real_time
def test_reloads_under_talk_lose_no_packet_and_no_word():
    with Server(policy=with_role("first")) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.say(tone.sine(500)).call()
        bob.say(tone.sine(800)).call()
        bob.hear(0.3)
        first = {phone: len(phone.audio.packets) for phone in (alice, bob)}
        for turn in range(10):
            server.policy.write_text(with_role(f"turn-{turn}"))
            if turn % 2:
                server.reload()
            else:
                server.process.send_signal(signal.SIGHUP)
            bob.audio.wait_for_packets(5)
        for phone, other in ((alice, 800), (bob, 500)):
            phone.hear(0.2)
            phone.audio.assert_steady(first[phone])
            heard = phone.audio.audio(first[phone])
            tone.assert_hears(heard, {other: -20})
            quiet = min(
                tone.loudness(heard[at : at + 160]) for at in range(0, len(heard) - 160, 160)
            )
            assert quiet > -22, f"a hole of {quiet:.0f} dB in the tone"
        alice.expect_nothing(0.1)


def broken(text, *words):
    """A reload of this script fails, says so, and everything goes on with the old one."""
    with Server(policy=with_role("first")) as server, Phone(server, "alice") as alice, Phone(
        server, "bob"
    ) as bob:
        alice.say(tone.sine(500)).call()
        before = generation(server)
        server.policy.write_text(text)
        done = server.command("reload")
        assert done.returncode == 2, done
        for word in words:
            assert word in done.stdout + done.stderr, done
        assert generation(server) == before
        bob.call()
        assert server.participants()["bob"]["role"] == "first"
        tone.assert_hears(bob.hear(), {500: -20})
        server.process.send_signal(signal.SIGHUP)
        server.expect_log(words[0])


def test_a_syntax_error_leaves_the_old_script_running():
    broken(
        "local policy = parley.policy { name = 'site' }\nfunction policy.join(\nreturn policy\n",
        "site.lua:3:",
    )


def test_an_error_while_loading_leaves_the_old_script_running():
    broken("\n\nlocal x = nothing.here\n", "site.lua:3:")


def test_a_hook_that_does_not_exist_is_told_at_the_reload():
    broken(
        with_role("second").replace("policy.join(", "policy.joind("),
        "site.lua",
        "joind",
    )


def test_a_script_that_never_ends_loading_is_cut_off():
    broken("while true do end\n", "site.lua:1:")


def test_a_missing_script_leaves_the_old_one_running():
    with Server(policy=with_role("first")) as server, Phone(server) as alice:
        server.policy.unlink()
        done = server.command("reload")
        assert done.returncode == 2 and "site.lua" in done.stdout + done.stderr, done
        alice.call()
        assert server.participants()["alice"]["role"] == "first"


def role_in(server, phone, conference):
    """What role the scripts that decide about the conference give."""
    phone.call(conference)
    role = server.participants(conference)[phone.user]["role"]
    phone.hang_up()
    server.expect_left(phone.user)
    return role


def test_one_conference_alone_has_the_new_script_until_it_is_taken_back_or_all_have_it():
    with Server(
        policy=with_role("first"), config="conferences = { demo = {}, tea = {} }\n"
    ) as server, Phone(server, "alice", media=False) as alice:
        server.policy.write_text(with_role("second"))
        done = server.command("reload", "--only", "tea")
        assert "tea alone is decided about by scripts generation 2" in done.stdout, done
        assert (role_in(server, alice, "demo"), role_in(server, alice, "tea")) == ("first", "second")
        assert "alone: tea" in server.command("status").stdout
        done = server.command("reload", "--back", "tea")
        assert done.returncode == 0 and role_in(server, alice, "tea") == "first", done
        server.policy.write_text("local x = = 1\n")
        done = server.command("reload", "--only", "tea")
        assert done.returncode == 2 and "site.lua:1:" in done.stderr, done
        server.policy.write_text(with_role("third"))
        server.command("reload", "--only", "tea")
        server.reload()
        assert (role_in(server, alice, "demo"), role_in(server, alice, "tea")) == ("third", "third")


def test_a_pinned_conference_keeps_its_script_while_all_others_go_on():
    with Server(
        policy=with_role("first"), config="conferences = { demo = {}, tea = {} }\n"
    ) as server, Phone(server, "alice", media=False) as alice:
        assert "tea stays with scripts generation 1" in server.command("pin", "tea").stdout
        server.policy.write_text(with_role("second"))
        server.reload()
        assert (role_in(server, alice, "demo"), role_in(server, alice, "tea")) == ("second", "first")
        assert "pinned: tea" in server.command("status").stdout
        conferences = {c["name"]: c["generation"] for c in server.status()["conferences"]}
        assert conferences == {"demo": 2, "tea": 1}
        assert server.command("unpin", "tea").returncode == 0
        assert role_in(server, alice, "tea") == "second"
        done = server.command("unpin", "tea")
        assert done.returncode == 1 and "tea is not pinned" in done.stderr, done
        done = server.command("pin", "coffee")
        assert done.returncode == 1 and 'no conference "coffee"' in done.stderr, done


OF_TWO_CONFIGS = """local policy = parley.policy {
  name = "site", options = { OPTION = { type = "string", default = "none" } }
}
function policy.join(request, conference)
  if SPOILT then error "spoilt" end
  return accept { role = conference.options.OPTION }
end
return policy
"""


def test_what_the_config_says_to_scripts_comes_back_with_them():
    def config(option, capacity):
        return (
            f'conferences = {{ demo = {{ options = {{ {option} = "of {option}" }},'
            f" capacity = {capacity} }} }}\nreload = {{ errors = 1 }}\n"
            f'applications = {{ ["9000"] = "{option}", ["with-{option}"] = "with-{option}" }}\n'
            f'attendant = "with-{option}"\n'
        )

    def policy(option, spoilt):
        return OF_TWO_CONFIGS.replace("OPTION", option).replace("SPOILT", spoilt)

    menu = "return function(call) call:reject(486) end\n"
    attending = 'return function(call) print "OPTION attends" end\n'
    with Server(
        policy=policy("old", "false"),
        config=config("old", 5),
        files={
            "scripts/old.lua": menu,
            "scripts/new.lua": menu.replace("486", "480"),
            "scripts/with-old.lua": attending.replace("OPTION", "old"),
            "scripts/with-new.lua": attending.replace("OPTION", "new"),
        },
    ) as server, Phone(server, "bob", media=False) as bob:
        server.policy.write_text(policy("new", "true"))
        server.config.write_text(config("new", 6))
        server.reload()
        bob.invite()
        bob.expect(500)
        bob.ack()
        server.expect_log("reload: of the config, policy, applications, attendant, and the policies")
        assert "with the policies and options that the config had then" in server.command("status").stdout
        assert role_in(server, bob, "demo") == "of old"
        server.expect_log("old attends")
        bob.invite("9000")
        bob.expect(486)
        bob.ack()
        server.policy.write_text(policy("new", "false"))
        server.reload()
        assert role_in(server, bob, "demo") == "of new"
        server.expect_log("new attends")


FAILING = """local policy = parley.policy { name = "site" }
function policy.join(request, conference)
  if request.actor.user ~= "alice" then
    error "nobody else"
  end
end
return policy
"""


def test_a_script_that_fails_again_and_again_after_a_reload_is_taken_back():
    with Server(
        policy=with_role("first"), config="reload = { errors = 3 }\n"
    ) as server, Phone(server, "bob", media=False) as bob, contextlib.ExitStack() as others:
        server.policy.write_text(FAILING)
        server.reload()
        assert "generation 1, " in server.command("status").stdout

        def fail(phone):
            phone.invite()
            phone.expect(500)
            phone.ack()

        for _ in range(10):
            fail(bob)
        server.expect_log(rf"generation 2: errors that {bob.address} brings about count no more")
        assert generation(server) == 2  # one caller alone does not undo a reload
        for _ in range(2):
            fail(others.enter_context(Phone(server, "eve", address=address(), media=False)))
        server.expect_log(r"generation 2 has failed 3 times, 3 of them at \S+site.lua:4: generation 1")
        bob.call()
        assert server.participants()["bob"]["role"] == "first"
        told = server.command("status").stdout
        assert "generation 2 has failed 3 times, 3 of them at" in told, told


def test_files_that_are_written_anew_are_read_anew_if_that_is_wanted():
    with Server(
        policy=with_role("first"), config="reload = { watch = true }\n"
    ) as server, Phone(server, "alice", media=False) as alice:
        server.policy.write_text("local x = = 1\n")
        server.expect_log("reload: .*site.lua:1: .*; everything stays as it was")
        assert role_in(server, alice, "demo") == "first"
        written = server.policy.with_name(".site.lua.swp")
        written.write_text(with_role("second"))
        written.rename(server.policy)  # as editors do
        server.expect_log("reload: done, script generation 2")
        assert role_in(server, alice, "demo") == "second"
        server.config.write_text("reload = { watch = false }\n")
        server.expect_log("reload: done, script generation 3")
        server.policy.write_text(with_role("third"))
        server.reload()
        server.expect_log("reload: done, script generation 4")
        assert server.log().count("reload: files have changed") == 3


def test_directories_and_links_that_are_made_anew_are_read_anew():
    """As a deployment does it: a directory is removed and made again, and as Kubernetes does it:
    a file is a link through ..data, which is a link to a directory, and is swapped."""
    with Server(config="", start=False) as server, contextlib.ExitStack() as phones:
        mounted = server.directory / "mounted"

        def swap(version):
            there = mounted / f"..{version}"
            there.mkdir(parents=True)
            (there / "site.lua").write_text(with_role(version))
            (mounted / "..new").symlink_to(there.name)
            before = (mounted / "..data").exists() and (mounted / "..data").resolve()
            (mounted / "..new").rename(mounted / "..data")
            if before:
                shutil.rmtree(before)

        swap("first")
        (mounted / "site.lua").symlink_to("..data/site.lua")
        server.config.write_text(f'policy = "{mounted}/site.lua"\nreload = {{ watch = true }}\n')
        server.start()
        alice = phones.enter_context(Phone(server, "alice", media=False))

        def expect_role(role):
            run.until(lambda: role_in(server, alice, "demo") == role, f"callers come in as {role}")

        for version in ("second", "third"):
            swap(version)
            expect_role(version)
        shutil.rmtree(mounted)
        server.expect_log("reload.watch: .*mounted: cannot be watched: No such file")
        mounted.mkdir()
        (mounted / "site.lua").write_text(with_role("fourth"))
        expect_role("fourth")


TESTED = """
selftest("guests are let in", function(sim)
  expect(sim:call("bob", sim:conference {}).status, "WANTED")
end)
return policy"""


def test_self_tests_are_run_before_the_swap_and_one_that_fails_prevents_it():
    with Server(policy=with_role("first")) as server, Phone(server, "alice", media=False) as alice:
        server.policy.write_text(with_role("second").replace("return policy", TESTED).replace("WANTED", "gone"))
        done = server.command("reload")
        assert done.returncode == 2, done
        assert re.search(r'site.lua:7: .* - selftest "guests are let in"', done.stderr), done
        server.expect_log(r'reload: \S+site.lua:7: .*; everything stays as it was')
        assert role_in(server, alice, "demo") == "first"
        checked = run_parley("check", server.policy)
        assert checked.returncode == 2 and "site.lua:7: " in checked.stderr, checked
        server.policy.write_text(server.policy.read_text().replace("gone", "in"))
        server.reload()
        assert role_in(server, alice, "demo") == "second"
        assert run_parley("check", server.policy).returncode == 0


STRICT = """
local policy = parley.policy { name = "site" }
function policy.join(request)
  if request.actor.user == "mallory" then return reject(403) end
end
return policy"""

LENIENT = """
local policy = parley.policy { name = "own" }
selftest("the site's policy is asked first", function(sim)
  local room = sim:conference {}
  expect(sim:call("mallory", room).status, "rejected")
  expect(sim:call("bob", room).status, "in")
end)
return policy"""


def test_self_tests_have_the_options_of_the_command_line():
    config = 'conferences = { demo = { policy = "own" } }\n'
    with Server(config=config, policy=STRICT, files={"policy/own.lua": LENIENT}) as server:
        assert server.command("reload").returncode == 0, server.command("reload")
        server.write("policy/own.lua", LENIENT.replace('"in"', '"gone"'))
        done = server.command("reload")
        assert done.returncode == 2 and "own.lua:6: " in done.stderr, done


def test_one_conference_alone_gets_no_script_whose_self_tests_fail():
    with Server(policy=with_role("first")) as server, Phone(server, "alice", media=False) as alice:
        tested = with_role("second").replace("return policy", TESTED)
        server.policy.write_text(tested.replace("WANTED", "gone"))
        done = server.command("reload", "--only", "demo")
        assert done.returncode == 2, done
        assert re.search(r'site.lua:7: .* - selftest "guests are let in"', done.stderr), done
        server.expect_log(r"reload: conference demo: \S+site.lua:7: .*; everything stays as it was")
        assert role_in(server, alice, "demo") == "first"
        server.policy.write_text(tested.replace("WANTED", "in"))
        assert "demo alone" in server.command("reload", "--only", "demo").stdout
        assert role_in(server, alice, "demo") == "second"
        done = server.command("reload", "--only", "tea")
        assert done.returncode == 2 and 'there is no conference "tea"' in done.stderr, done


SLOW = """
for number = 1, 5 do
  selftest("takes its time, " .. number, function() for _ = 1, 15000000 do end end)
end
return policy"""


def test_who_wants_a_reload_while_self_tests_run_gets_one_afterwards():
    with Server(policy=with_role("first")) as server, Phone(server, "alice", media=False) as alice:
        server.policy.write_text(with_role("second").replace("return policy", SLOW))
        server.process.send_signal(signal.SIGHUP)
        done = server.command("reload")
        assert done.returncode == 2 and "a reload is under way, with its self-tests" in done.stderr
        for _ in range(100):
            server.process.send_signal(signal.SIGHUP)
        server.expect_log("under way, with its self-tests; there will be another one")
        server.expect_log("reload: done, script generation 2")
        assert role_in(server, alice, "demo") == "second"
        server.expect_log("reload: done, script generation 3")


def test_a_script_that_is_written_anew_while_it_is_tested_does_not_become_live_untested():
    with Server(policy=with_role("first")) as server, Phone(server, "alice", media=False) as alice:
        server.policy.write_text(with_role("second").replace("return policy", SLOW))
        server.process.send_signal(signal.SIGHUP)
        tests = pathlib.Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        run.until(tests.read_text, "the self-tests run")
        os.kill(int(tests.read_text()), signal.SIGSTOP)
        server.policy.write_text(with_role("third"))
        os.kill(int(tests.read_text()), signal.SIGCONT)
        server.expect_log(r"reload: \S+site.lua: it was written anew while the self-tests ran", 10)
        server.expect_log("reload: done, script generation 2", 10)
        assert role_in(server, alice, "demo") == "third"


def test_the_config_is_read_again_and_new_conferences_are_there():
    with Server(config="conferences = { demo = {} }\n") as server, Phone(server) as alice:
        alice.invite("tea")
        alice.expect(404)
        alice.ack()
        server.config.write_text('conferences = { demo = {}, tea = { title = "Tea" } }\n')
        server.reload()
        alice.call("tea")


def test_a_conference_taken_out_of_the_config_goes_when_the_last_one_has_left():
    with Server(config="conferences = { demo = {}, tea = {} }\n") as server, Phone(server) as alice:
        alice.call("tea")
        server.config.write_text("conferences = { demo = {} }\n")
        server.reload()
        alice.audio.wait_for_packets(5)
        alice.hang_up()
        server.expect_left("alice")
        alice.invite("tea")
        alice.expect(404)
        alice.ack()


def test_a_broken_config_changes_nothing():
    with Server(config="conferences = { demo = {}, tea = {} }\n") as server, Phone(server) as alice:
        server.config.write_text("conferences = { demo = {} }\ncolour = 3\n")
        done = server.command("reload")
        assert done.returncode == 2 and "parley.lua:2:" in done.stdout + done.stderr, done
        server.config.unlink()
        for _ in range(2):
            done = server.command("reload")
            assert done.returncode == 2 and f"{server.config}: " in done.stderr, done
            server.config.mkdir(exist_ok=True)  # what cannot be read is no better than none
        alice.call("tea")


@run.limit(120)  # the number of reloads bounds it, however slow they are
def test_two_hundred_reloads_leave_the_memory_as_it_was():
    with Server(policy=with_role("first")) as server:

        def resident():
            with open(f"/proc/{server.process.pid}/statm", encoding="ascii") as file:
                return int(file.read().split()[1]) * 4096

        for _ in range(20):
            server.reload()
        before = resident()
        for _ in range(180 // run.SLOW):
            server.reload()
        assert generation(server) >= 20 + 180 // run.SLOW
        grown = resident() - before
        assert grown < (4 << 20) * run.SLOW**2, f"{grown >> 10} KiB more"


def test_a_reload_can_change_the_sites_policy():
    with Server(config='policy = "standard"\n') as server, Phone(server, media=False) as alice:
        alice.invite("anywhere")
        alice.expect(404)
        alice.ack()
        server.config.write_text('policy = "open"\n')
        server.reload()
        alice.call("anywhere")


def test_a_reload_says_what_needs_a_restart():
    with Server(config="max_calls = 5\n") as server:
        server.config.write_text("max_calls = 6\n")
        done = server.command("reload")
        assert done.returncode == 0
        assert "max_calls = 6 needs a restart; until then it is 5" in done.stdout


if __name__ == "__main__":
    run.main()
