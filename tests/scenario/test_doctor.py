"""`parley doctor`: what it says of a Parley, and of far ends that are worse."""

import json
import re
import signal
import socket
import subprocess
import threading

import run
from message import Message, merge, render
from parley import BINARY, ROOT, Server, address, run_parley
from run import limit

WITHIN = 90  # seconds; every line has a limit of its own

CONFIG = """
accounts = { alice = { password = "down the hole" } }
conferences = { ward = {}, new = { factory = "answer" }, sent = { factory = "redirect" } }
"""
# Who examines sees everything.
POLICY = """
local policy = parley.policy { name = "examined" }

function policy.subscribe(request)
  if request.actor.authenticated then return accept { view = "moderator" } end
end

return policy
"""


def examine(uri, *arguments):
    """{id: entry}, and the exit code."""
    done = run_parley("doctor", uri, "--json", *arguments, within=WITHIN)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    return {entry["id"]: entry for entry in report["checks"]}, done.returncode


def names(checks, result):
    return {check for check, entry in checks.items() if entry["result"] == result}


def expect_empty(server, within=5):
    """The focus lets go of who hung up a moment after it has answered the BYE."""
    run.until(lambda: not server.status()["server"]["calls"], server.participants, within)
    assert not server.participants("ward"), "the doctor has left"


class FarEnd:
    """Answers every request by `answer(request)`: a code and headers, or None; and a body. In a
    thread of its own."""

    def __init__(self, answer):
        self.address, self.answer, self.requests = address(), answer, []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((self.address, 5060))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.uri = f"sip:room@{self.address}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.sock.sendto(b"", (self.address, 5060))
        self.thread.join()
        self.sock.close()

    def serve(self):
        while True:
            data, source = self.sock.recvfrom(65536)
            if not data:
                return
            message = Message.parse(data, source)
            if message.is_response:
                continue
            self.requests.append(message)
            said = message.method != "ACK" and self.answer(message)
            if said:
                self.sock.sendto(render(self.reply(message, *said)), source)

    def reply(self, request, code, headers=None, body=b""):
        to = request["To"] if ";tag=" in request["To"] else request["To"] + ";tag=far"
        lines = [("Via", via) for via in request.all("Via")]
        lines += [("From", request["From"]), ("To", to), ("Call-ID", request["Call-ID"])]
        lines += [("CSeq", request["CSeq"]), ("Contact", f"<{self.uri}>")]
        return Message(f"SIP/2.0 {code} Said", merge(lines, headers), body)


def sdp(host):
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        "m=audio 9 RTP/AVP 0\r\n"
    ).encode()


def plain_phone(request):
    """A phone that takes every call, and is no focus."""
    if request.method == "INVITE":
        return 200, {"Content-Type": "application/sdp"}, sdp("127.0.0.1")
    return 200, {}


# ---- Parley ---------------------------------------------------------------------------------------


def examine_parley(factory):
    with Server(config=CONFIG, policy=POLICY) as server:
        checks, code = examine(
            f"sip:ward@{server.address}",
            "--auth",
            "alice:down the hole",
            "--factory",
            f"sip:{factory}@{server.address}",
        )
        wrong = [entry for entry in checks.values() if entry["result"] != "pass"]
        assert code == 0 and not wrong, wrong
        expect_empty(server)


@limit(100)
def test_everything_passes_at_parley_whose_factory_answers():
    examine_parley("new")


@limit(100)
def test_everything_passes_at_parley_whose_factory_redirects():
    examine_parley("sent")


def test_without_a_password_what_needs_one_is_skipped():
    with Server(config=CONFIG) as server:
        checks, code = examine(f"sip:ward@{server.address}")
        assert checks["dial-in"]["result"] == "pass"
        assert checks["refer"]["result"] == "skipped" and "--auth" in checks["refer"]["seen"]
        assert checks["refer-stranger"]["result"] == "pass"
        assert code == 0, [checks[name] for name in names(checks, "fail")]


def test_a_wrong_password_is_told_at_once():
    with Server(config=CONFIG) as server:
        uri = f"sip:ward@{server.address}"
        done = run_parley("doctor", uri, "--auth", "alice:wrong", within=WITHIN)
        assert done.returncode == 2 and done.stdout == ""
        assert "alice is not let in with this password: 401" in done.stderr


def test_people_get_a_table():
    with Server(config=CONFIG) as server:
        done = run_parley("doctor", f"sip:ward@{server.address}", within=WITHIN)
        lines = done.stdout.splitlines()
        assert lines[0].startswith("pass         options "), lines[0]
        assert "(RFC 4579 5.13)" in lines[0]
        assert re.fullmatch(
            rf"sip:ward@{server.address}, Parley/\S+: \d+ pass, 0 fail, \d+ not offered, \d+ skipped",
            lines[-1],
        ), lines[-1]


@limit(100)
def test_the_readme_shows_what_it_says_of_parley():
    shown = re.search(r"```\n(pass .*?)\n```", (ROOT / "README.md").read_text(), re.S)[1]
    with Server(config=CONFIG, policy=POLICY) as server:
        uris = f"sip:ward@{server.address}", "--factory", f"sip:new@{server.address}"
        done = run_parley("doctor", *uris, "--auth", "alice:down the hole", within=WITHIN)
        said = done.stdout.replace(server.address, "192.0.2.10").strip()
        assert said == shown, said


def test_whoever_stops_it_leaves_nobody_in_the_conference():
    with Server(config=CONFIG) as server:
        doctor = subprocess.Popen(
            [BINARY, "doctor", f"sip:ward@{server.address}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        server.expect_log("joined", within=10)
        doctor.send_signal(signal.SIGINT)
        _, error = doctor.communicate(timeout=20 * run.SLOW)
        assert doctor.returncode == 2 and "stopped" in error, error
        expect_empty(server)


# ---- others ---------------------------------------------------------------------------------------


def test_a_phone_is_no_focus():
    with FarEnd(plain_phone) as far:
        checks, code = examine(far.uri, "--timeout", "2")
        assert code == 1
        assert "without isfocus" in checks["options"]["seen"]
        assert "without Allow" in checks["options-headers"]["seen"]
        assert "without isfocus" in checks["dial-in"]["seen"]
        assert "no RTP comes" in checks["media"]["seen"]
        assert "answered with a=sendrecv" in checks["hold"]["seen"]
        assert checks["require"]["seen"].endswith(": 200 Said, not 420")
        failed = names(checks, "fail")
        assert {"options", "dial-in", "media", "hold", "require", "no-dialog"} <= failed, failed
        # What it does not claim is not held against it.
        assert {"subscribe", "refer", "join", "replaces"} <= names(checks, "not offered")
        assert "factory" in names(checks, "skipped")
        calls = {m["Call-ID"] for m in far.requests if m.method == "INVITE"}
        assert calls <= {m["Call-ID"] for m in far.requests if m.method == "BYE"}, "all are ended"


@limit(100)
def test_who_promises_must_keep_it():
    offered = {
        "Allow": "INVITE, ACK, BYE, OPTIONS, SUBSCRIBE, REFER, INITIATE",
        "Allow-Events": "conference, dialog, refer",
        "Supported": "join, replaces, norefersub, multiple-refer, recipient-list-invite",
        "Accept": "application/sdp",
    }

    def boaster(request):
        code, headers, *body = plain_phone(request)
        code = 202 if request.method == "REFER" else code
        if request["Event"] and request["Event"] != "conference" and request["Expires"]:
            headers["Expires"] = request["Expires"]
        contact = re.sub(r"<(.*)>", r"\1", request.uri)
        return code, headers | offered | {"Contact": f"<{contact}>;isfocus"}, *body

    with FarEnd(boaster) as far:
        checks, code = examine(far.uri, "--timeout", "1")
        assert code == 1
        assert checks["options"]["result"] == checks["options-headers"]["result"] == "pass"
        assert checks["subscribe"]["seen"].endswith("and then no NOTIFY")
        assert checks["bad-event"]["seen"].endswith(": 200 Said, not 489")
        assert "not called" in checks["refer"]["seen"]
        assert checks["refer-nobody"]["result"] == "fail"
        assert "no BYE" in checks["replaces"]["seen"] or "NOTIFY" in checks["replaces"]["seen"]
        assert checks["join-and-replaces"]["seen"].endswith(": 200 Said, not 400")
        assert "not all are called" in checks["invite-list"]["seen"]
        assert names(checks, "not offered") == {"options-sdp"}


def test_nobody_is_there():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        host = address()
        silent.bind((host, 5060))
        done = run_parley("doctor", f"sip:room@{host}", "--timeout", "0.3")
        assert done.returncode == 2
        assert done.stderr == f"parley: doctor: sip:room@{host} does not answer OPTIONS\n"
        assert done.stdout == ""


def test_what_is_wrong_on_the_command_line_is_said():
    for arguments, text in [
        ([], "give the URI of a conference"),
        (["demo"], '"demo" is not a conference\'s SIP URI'),
        (["sip:127.0.0.1"], "is not a conference's SIP URI"),
        (["sip:a@127.0.0.1", "--auth", "alice"], "--auth must be USER:PASSWORD"),
        (["sip:a@127.0.0.1", "--auth"], "--auth needs a value"),
        (["sip:a@127.0.0.1", "--timeout", "0"], "--timeout must be a time from 0.1 to 60 s"),
        (["sip:a@127.0.0.1", "--timeout=1", "--timeout=2"], "--timeout is given twice"),
        (["sip:a@127.0.0.1", "--factory", "new"], '--factory: "new" is not a SIP URI'),
        (["sip:a@127.0.0.1", "--data", "x"], "there is no option --data"),
    ]:
        done = run_parley("doctor", *arguments)
        assert done.returncode == 2 and text in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1, done.stderr


if __name__ == "__main__":
    run.main()
