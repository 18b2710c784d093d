"""The life of the server: options, exit codes, status, the end."""

import signal
import socket
import time

import run
from parley import ROOT, Server, address, run_parley
from sip import Phone


# ---- beginning ----------------------------------------------------------------------------------


def refused(code, *words, arguments=(), config=None):
    """A start that must fail with the code and one line that has the words."""
    with Server(start=False, config=config) as server:
        usual = server.arguments[:2] + server.arguments[4:]  # without --log-level
        done = run_parley("serve", *usual, *arguments)
        assert done.returncode == code, done
        lines = [line for line in done.stderr.splitlines() if line.startswith("parley:")]
        assert len(lines) == 1, done.stderr
        for word in words:
            assert word in lines[0], lines[0]


def test_the_ready_line_says_what_to_dial():
    with Server() as server:
        assert f"sip:demo@{server.address}" in server.ready


def test_an_unknown_option_is_2():
    refused(2, "--colour", arguments=("--colour", "red"))


def test_an_option_without_its_value_is_2():
    refused(2, "--rtp-ports", arguments=("--rtp-ports",))


def test_wrong_values_are_2_and_name_what_is_allowed():
    refused(2, "--rtp-ports", arguments=("--rtp-ports", "9-3"))
    refused(2, "--log-level", "debug", arguments=("--log-level", "loud"))
    refused(2, "--rtp-address", arguments=("--rtp-address", "here"))
    refused(2, "--listen", arguments=("--listen", "http://127.0.0.1"))


def test_a_config_that_is_not_there_is_2():
    refused(2, "/no/such/file.lua", arguments=("--config", "/no/such/file.lua"))


def test_an_unknown_key_is_2_with_its_line_and_a_better_one():
    refused(2, "parley.lua:2:", "max_cals", "max_calls", config="-- mine\nmax_cals = 3\n")


def test_a_wrong_type_is_2_with_its_line():
    refused(2, "parley.lua:1:", "max_calls", config='max_calls = "many"\n')


def test_a_duplicate_is_2_with_its_line():
    refused(2, "parley.lua:3:", "demo", config="conferences = {\n  demo = {},\n  demo = {},\n}\n")


def test_a_syntax_error_is_2_with_its_line():
    refused(2, "parley.lua:2:", config="max_calls = 1\nrtp = = 3\n")


def test_a_config_that_never_ends_is_2():
    refused(2, "parley.lua:1:", config="while true do end\n")


def test_a_policy_that_is_not_there_is_2():
    refused(2, "nowhere", arguments=("--policy", "nowhere"))


def test_a_broken_policy_is_2_with_its_line():
    with Server(start=False, policy="\nlocal = 3\n") as server:
        done = run_parley("serve", *server.arguments)
        assert done.returncode == 2 and "site.lua:2:" in done.stderr, done


def test_an_address_that_is_not_ours_is_1():
    with Server(start=False) as server:
        done = run_parley(
            "serve",
            "--data",
            server.data,
            "--listen",
            "sip:192.0.2.1:5060",
            "--rtp-address",
            "127.0.0.1",
        )
        assert done.returncode == 1 and "192.0.2.1" in done.stderr, done


def test_an_address_in_use_is_1_and_is_named():
    where = address()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((where, 5060))
        with Server(start=False, host=where) as server:
            done = run_parley("serve", *server.arguments)
            assert (
                done.returncode == 1 and where in done.stderr and "in use" in done.stderr.lower()
            ), done


def test_two_servers_with_one_data_directory_is_1_and_names_the_first():
    with Server() as first, Server(start=False, data=first.data) as second:
        done = run_parley("serve", *second.arguments)
        assert done.returncode == 1 and str(first.process.pid) in done.stderr, done
        assert first.status()["server"]["pid"] == first.process.pid


def test_a_server_that_was_killed_leaves_nothing_in_the_way():
    with Server() as first:
        first.process.kill()
        first.process.wait()
        with Server(data=first.data) as second:
            assert second.status()["server"]["pid"] == second.process.pid


# ---- commands -----------------------------------------------------------------------------------


def test_help_and_version_say_what_they_should():
    done = run_parley("--help")
    assert done.returncode == 0 and all(
        word in done.stdout for word in ("serve", "check", "reload", "status", "stop")
    )
    done = run_parley("serve", "--help")
    assert done.returncode == 0
    for option in (
        "--config",
        "--listen",
        "--rtp-address",
        "--rtp-ports",
        "--data",
        "--policy",
        "--log-level",
    ):
        assert option in done.stdout, option
    assert run_parley("version").stdout.strip()


def test_an_unknown_command_is_2():
    done = run_parley("dance")
    assert done.returncode == 2 and "dance" in done.stderr


def test_commands_without_a_server_are_1():
    with Server(start=False) as server:
        for command in ("status", "reload", "stop"):
            done = server.command(command)
            assert done.returncode == 1 and done.stderr.startswith("parley:"), done


def test_check_says_ok_or_where_it_is_wrong():
    with Server(start=False) as server:
        good = server.write("good.lua", 'policy = "open"\n')
        bad = server.write("bad.lua", "max_calls = 1\nmax_calls = 2\n")
        broken = server.write("policy/broken.lua", "local x =\nreturn\n")
        done = run_parley("check", good, ROOT / "policy/open.lua", ROOT / "policy/standard.lua")
        assert done.returncode == 0 and done.stdout.count(": ok\n") == 3, done
        done = run_parley("check", good, bad, broken)
        assert done.returncode == 2, done
        assert (
            "bad.lua:2:" in done.stdout + done.stderr
            and "broken.lua:2:" in done.stdout + done.stderr
        )
        done = run_parley("check", "nowhere.lua")
        assert done.returncode == 2
        assert done.stderr == "nowhere.lua: cannot be read: No such file or directory\n", done
        assert run_parley("check").returncode == 0


def test_the_printed_config_is_a_good_one():
    with Server(start=False) as server:
        text = run_parley("config").stdout
        assert "max_calls" in text and "session" in text
        done = run_parley("check", server.write("default.lua", text))
        assert done.returncode == 0, done


def test_status_tells_about_calls():
    with Server() as server, Phone(server) as alice:
        alice.call()
        alice.audio.wait_for_packets(20)
        state = server.status()
        about = state["server"]
        assert about["pid"] == server.process.pid and about["calls"] == 1 and about["version"]
        assert state["scripts"]["generation"] == 1
        person = server.participants()["alice"]
        for key in (
            "codec",
            "received",
            "sent",
            "lost",
            "jitter_ms",
            "muted",
            "held",
            "speaking",
            "role",
        ):
            assert key in person, f"{key} is missing in {person}"
        assert person["codec"].startswith("PCMU") and person["received"] > 5 and person["lost"] == 0
        threads = state["media_threads"]
        assert threads, state
        text = server.command("status").stdout
        for word in ("demo", "alice", "PCMU"):
            assert word in text, text
        assert max(len(line) for line in text.splitlines()) <= 120, text


def test_rubbish_on_the_control_socket_harms_nobody():
    with Server() as server:
        for text in (b"", b"\n", b"dance\n", b"x" * 100000, b"status --colour\n", b"\0\0\0\n"):
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(5)
                sock.connect(str(server.data / "parley.sock"))
                try:
                    sock.sendall(text)
                    sock.shutdown(socket.SHUT_WR)
                    assert not sock.recv(100).startswith(b"ok"), text
                except OSError:
                    pass  # cut off while sending too much
        assert server.status()["server"]["calls"] == 0


def test_the_control_socket_is_for_the_owner_alone():
    with Server() as server:
        assert (server.data / "parley.sock").stat().st_mode & 0o077 == 0


# ---- end ----------------------------------------------------------------------------------------


def end(server, alice, tell):
    tell()
    bye = alice.expect("BYE")
    assert bye["Reason"], "says why"
    alice.reply(bye, 200)
    began = time.monotonic()
    server.wait_stopped()
    assert time.monotonic() - began < 2 * run.SLOW, "the answered BYE was all there was to wait for"


def test_sigterm_ends_the_calls_by_bye_and_exits_0():
    with Server() as server, Phone(server) as alice:
        alice.call()
        end(server, alice, server.process.terminate)


def test_sigint_does_the_same():
    with Server() as server, Phone(server) as alice:
        alice.call()
        end(server, alice, lambda: server.process.send_signal(signal.SIGINT))


def test_parley_stop_does_the_same():
    with Server() as server, Phone(server) as alice:
        alice.call()
        end(server, alice, lambda: server.command("stop").check_returncode())


@run.real_time
def test_a_phone_that_does_not_answer_holds_up_the_end_for_a_bounded_time():
    with Server(config='stop_timeout = "1s"\n') as server, Phone(server) as alice:
        alice.call()
        began = time.monotonic()
        server.process.terminate()
        alice.expect("BYE")
        server.wait_stopped()
        assert 0.5 < time.monotonic() - began < 3 * run.SLOW


def test_a_stopping_server_takes_no_new_calls():
    with Server(config='stop_timeout = "3s"\n') as server, Phone(server) as alice, Phone(
        server, "bob"
    ) as bob:
        alice.call()
        server.process.terminate()
        bye = alice.expect("BYE")
        bob.invite("demo")
        assert bob.expect(503)["Retry-After"]
        bob.ack()
        alice.reply(bye, 200)
        server.wait_stopped()


def test_a_second_interrupt_ends_it_at_once():
    with Server(config='stop_timeout = "30s"\n') as server, Phone(server) as alice:
        alice.call()
        server.process.send_signal(signal.SIGINT)
        alice.expect("BYE")
        server.process.send_signal(signal.SIGINT)
        server.process.wait(3 * run.SLOW)


def test_a_call_that_is_not_acked_yet_is_ended_too():
    with Server() as server, Phone(server) as alice:
        alice.invite("demo")
        alice.expect(200)
        server.process.terminate()
        request = alice.receive(5)
        if request and request.method is None:
            request = alice.receive(5)
        if request:
            alice.reply(request, 200)
        server.wait_stopped()
        alice.is_up = False


def test_an_idle_server_uses_no_processor_time():
    with Server() as server:
        server.status()  # the start is over when it answers
        before = server.cpu()
        time.sleep(2)  # the idleness that is measured
        assert server.cpu() - before <= 0.02 * run.SLOW


if __name__ == "__main__":
    run.main()
