"""What applications have done for them: http.get and the like, and parley.store."""

import contextlib
import signal
import socket

from parley import OPEN, Server, run_parley
from sip import Phone
from web import Web


def with_script(body, config="", **others):
    """A server on which what `body` returns is the reason that calls to 9000 are refused with."""
    script = f"""
local kv = parley.store "tests"
local function run(call)
{body}
end
return function(call) call:reject(480, tostring(run(call)):sub(1, 95)) end
"""
    config = f'policy = "{OPEN}"\napplications = {{ ["9000"] = "own" }}\n{config}'
    return Server(config=config, files={"scripts/own.lua": script}, **others)


def allowing(*hosts):
    return "http = { allow = { " + ", ".join(f'"{host}"' for host in hosts) + " } }\n"


def said(phone):
    refused = phone.expect(480, within=15)
    phone.ack()
    return refused.reason


def call(server, user="alice"):
    with Phone(server, user) as phone:
        phone.invite("9000")
        return said(phone)


# ---- the web -----------------------------------------------------------------------------------


ASK = """
  local paths = { moved = "elsewhere//hello", far = "elsewhere/http://127.0.0.1:9/" }
  local path = paths[call.from.user] or call.from.user
  local page, why = http.get("http://WEB/" .. path, {
    limit = 1000, timeout = path == "slow" and 0.5 or 30,
  })
  return page and page.status .. " " .. page.body or why
"""


def test_an_application_asks_the_web_whatever_comes_of_it():
    closed = socket.socket()
    with closed, Web("127.0.0.1") as web, contextlib.ExitStack() as ends:
        closed.bind(("127.0.0.1", 0))
        body = ASK.replace("WEB", web.host)
        server = ends.enter_context(with_script(body, allowing(web.host)))
        assert call(server, "hello") == "200 hello"
        assert call(server, "chunked") == "200 foursix"
        assert call(server, "huge") == "the answer is longer than 1000 bytes"
        assert "closed" in call(server, "cut")
        assert call(server, "slow") == "no answer within 0.5 s"
        assert call(server, "moved") == "200 hello"
        assert call(server, "far").startswith(
            "redirected: http.allow does not name 127.0.0.1:9"
        )
        body = ASK.replace("WEB", f"127.0.0.1:{closed.getsockname()[1]}")
        server.write(
            "scripts/own.lua",
            f"return function(call) call:reject(480, (function() {body} end)()) end",
        )
        server.config.write_text(
            server.config.read_text().replace(web.host, f"127.0.0.1:{closed.getsockname()[1]}")
        )
        server.reload()  # who may be asked is what the config says now
        assert "Failed to connect" in call(server, "hello")


def test_a_table_is_posted_as_json_and_read_again():
    with Web("127.0.0.1") as web:
        body = f"""
  local page = http.post("http://{web.host}/", {{ name = call.from.user, tags = {{ 1, 2 }} }})
  local got = json.decode(page.body).got
  return page.headers["x-type"] .. " " .. got.name .. #got.tags
"""
        with with_script(body, allowing(web.host)) as server:
            assert call(server) == "application/json alice2"


def test_nobody_is_asked_whom_the_config_does_not_name():
    with Web("127.0.0.1") as web:
        with with_script(ASK.replace("WEB", web.host)) as server, Phone(server) as alice:
            alice.invite("9000")
            alice.expect(500)
            alice.ack()
            server.expect_log(
                rf"scripts/own.lua:\d+: http.get: http.allow does not name {web.host}; the config "
                rf'says who may be asked: http = {{ allow = {{ "{web.host}" }} }}'
            )
        assert not web.requests
    done = Server(config='http = { allow = { "http://x/" } }\n', start=False)
    with done:
        checked = run_parley("check", done.config)
        assert checked.returncode == 2
        assert 'http.allow.1 must be like "api.example.com"' in checked.stderr, checked.stderr


def test_two_hundred_callers_ask_at_once_and_others_are_not_kept_waiting():
    count = 200
    with Web("127.0.0.1") as web, contextlib.ExitStack() as ends:
        body = f'call:ring() return http.get("http://{web.host}/soon", {{ timeout = 30 }}).body'
        server = ends.enter_context(with_script(body, allowing(web.host)))
        phones = [ends.enter_context(Phone(server, f"p{i}")) for i in range(count)]
        for phone in phones:
            phone.invite("9000")
        with Phone(server, "bob") as bob:
            bob.call("garden")  # who has nothing to do with all this
            bob.hang_up()
        for phone in phones:
            phone.expect(180)
        assert {said(phone) for phone in phones} == {"soon"}
        assert len(web.requests) == count


def test_hanging_up_and_stopping_give_up_what_is_asked():
    with Web("127.0.0.1") as web:
        body = f'call:ring() return http.get("http://{web.host}/slow", {{ timeout = 60 }})'
        with with_script(body, allowing(web.host)) as server:
            with Phone(server) as alice, Phone(server, "bob") as bob:
                alice.invite("9000")
                alice.expect(180)
                alice.cancel()
                alice.expect(200, method="CANCEL")
                alice.expect(487)
                alice.ack()
                bob.invite("9000")
                bob.expect(180)
                server.process.terminate()
                bob.expect(503)
                bob.ack()
                server.wait_stopped()  # at once, not when the web has answered


# ---- the store ---------------------------------------------------------------------------------

COUNT = """
  local name = call.from.user
  local calls = kv:add(name .. "/calls")
  local before = kv:get(name .. "/last")
  assert(kv:set(name .. "/last", { number = calls, at = { "here", 1.5 } }))
  return calls .. " " .. tostring(before and before.number .. before.at[1] .. before.at[2])
    .. " " .. table.concat(kv:keys(name), ",")
"""


def test_what_is_kept_outlives_calls_and_a_kill():
    with with_script(COUNT) as first:
        assert call(first) == "1 nil alice/calls,alice/last"
        assert call(first) == "2 1here1.5 alice/calls,alice/last"
        assert call(first, "bob") == "1 nil bob/calls,bob/last"
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        with with_script(COUNT, data=first.data) as second:
            assert call(second) == "3 2here1.5 alice/calls,alice/last"
        first.process = None


def test_a_damaged_store_is_told_of_and_calls_go_on():
    with with_script("local value, why = kv:get 'x' return value or why", start=False) as server:
        server.data.mkdir()
        file = server.data / "store.db"
        file.write_bytes(b"no database" * 1000)
        server.start()
        server.expect_log(r"error store \S+/store.db: file is not a database; it is left as it is")
        assert call(server).startswith(f"store {file}: file"), "and whoever asks is told"
        assert file.read_bytes() == b"no database" * 1000
        with Phone(server, "bob") as bob:
            bob.call("garden")


def test_many_callers_count_together():
    count = 100
    body = "call:ring() for _ = 1, 5 do kv:add 'all' end return 'done'"
    with with_script(body) as server, contextlib.ExitStack() as ends:
        phones = [ends.enter_context(Phone(server, f"p{i}")) for i in range(count)]
        for phone in phones:
            phone.invite("9000")
        assert {said(phone) for phone in phones} == {"done"}
        server.write(
            "scripts/own.lua",
            'return function(call) call:reject(480, parley.store("tests"):get("all") .. "") end',
        )
        server.reload()
        assert call(server) == str(5 * count)


if __name__ == "__main__":
    import run

    run.main()
