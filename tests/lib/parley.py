"""The server under test: on an own loopback address, with an own data directory.

The binary is $PARLEY, or build/parley. With $SANITIZE set the log must be free of reports.
"""

import ctypes
import itertools
import json
import os
import pathlib
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("PARLEY") or str(ROOT / "build/parley")
READY = 10  # seconds a start may take
STOPPED = 10
REPORTS = re.compile(r"(ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:).*")
PR_SET_PDEATHSIG = 1
OPEN = str(ROOT / "policy/open.lua")

numbers = itertools.count(1)
libc = ctypes.CDLL(None)


def die_with_parent():
    """In the child: no server outlives its test."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def address():
    """A loopback address that nobody else uses: by the process id and a count."""
    while True:
        number = next(numbers)
        process = os.getpid() & 0x7FFF
        candidate = f"127.{128 | process >> 8}.{process & 0xFF}.{number % 250 + 1}"
        if is_free(candidate, 5060):
            return candidate


def is_free(host, port):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(family, kind) as sock:
            try:
                if kind == socket.SOCK_STREAM:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind((host, port))
            except OSError:
                return False
    return True


def free_port(host):
    """A port free for both UDP and TCP; for ::1, which all tests share."""
    while True:
        port = 10000 + int.from_bytes(os.urandom(2), "big") % 20000
        if is_free(host, port):
            return port


def run_parley(*arguments, within=10, **options):
    """A parley command that ends by itself."""
    return subprocess.run(
        [BINARY, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=within * run.SLOW,
        **options,
    )


class Server:
    """`config`: text of the config file. `policy`: text of the site policy, or the path of one.
    `files`: {name: text} written beside the config. `data`: another server's data directory. `descriptors`:
    how many files it may have open. `overload`: it may turn calls away when it runs late."""

    def __init__(
        self,
        config=None,
        policy=None,
        arguments=(),
        files=None,
        host=None,
        transports=("udp", "tcp"),
        start=True,
        data=None,
        descriptors=None,
        overload=False,
        log_level="debug",
    ):
        self.address = host or address()
        self.port = free_port(self.address) if ":" in self.address else 5060
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="parley-test-"))
        self.data = data or self.directory / "data"
        self.config, self.policy = self.directory / "parley.lua", None
        self.process, self.lines, self.news = None, [], threading.Condition()
        self.descriptors = descriptors
        self.arguments = ["--data", str(self.data), "--log-level", log_level]
        bracketed = f"[{self.address}]" if ":" in self.address else self.address
        for transport in transports:
            self.arguments += ["--listen", f"sip:{bracketed}:{self.port};transport={transport}"]
        if config is not None:
            self.config.write_text(config)
            self.arguments += ["--config", str(self.config)]
        if policy is not None:
            self.policy = (
                pathlib.Path(policy)
                if policy.endswith(".lua")
                else self.directory / "policy/site.lua"
            )
            if not policy.endswith(".lua"):
                self.write("policy/site.lua", policy)
            self.arguments += ["--policy", str(self.policy)]
        for name, text in (files or {}).items():
            self.write(name, text)
        # What these tests are about is not how fast this machine is at the moment.
        self.arguments += [] if overload else ["--overload-late", "0", "--overload-load", "0"]
        self.arguments += arguments
        run.on_failure.append(self.tell)
        if start:
            self.start()

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    # ---- life ---------------------------------------------------------------------------------

    def prepare_child(self):
        die_with_parent()
        if self.descriptors:
            resource.setrlimit(resource.RLIMIT_NOFILE, (self.descriptors, self.descriptors))

    def start(self):
        self.process = subprocess.Popen(
            [BINARY, "serve", *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=self.prepare_child,
            cwd=self.directory,
        )
        self.reader = threading.Thread(
            target=self.read_log, args=(self.process.stderr,), daemon=True
        )
        self.reader.start()
        self.ready = self.read_ready()

    def read_ready(self):
        """The line that says that calls are accepted."""
        deadline, text = time.monotonic() + READY * run.SLOW, b""
        while b"\n" not in text:
            ready, _, _ = select.select(
                [self.process.stdout], [], [], max(deadline - time.monotonic(), 0)
            )
            piece = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            if not piece:
                self.abandon()
                raise AssertionError(
                    f"the server did not get ready, it said {text!r} and {self.log()}"
                )
            text += piece
        line = text.decode().splitlines()[0]
        assert line.startswith("parley ready"), f"the first line is {line!r}"
        return line

    def read_log(self, pipe):
        for line in pipe:
            with self.news:
                self.lines.append(line.decode("utf-8", "replace").rstrip("\n"))
                self.news.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _trace):
        status = self.process and self.process.poll()
        try:
            if kind is None and self.process and status is None:
                self.stop()
        finally:
            self.abandon()
            shutil.rmtree(self.directory, ignore_errors=True)
            self.check_log()
        if kind and status not in (None, 0):
            raise run.Fatal(f"the server ended with {status} in the middle of the test")

    def abandon(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
            self.reader.join(5)

    def stop(self, how=signal.SIGTERM):
        """A clean end: exit code 0, in time, and nothing that a sanitizer found."""
        self.process.send_signal(how)
        self.wait_stopped()

    def wait_stopped(self, code=0, within=STOPPED):
        try:
            status = self.process.wait(within * run.SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"the server still runs {within} s after it was told to stop"
            ) from None
        self.reader.join(5)
        self.check_log()
        if status != code:
            raise run.Fatal(f"the server ended with {status}")

    def check_log(self):
        found = REPORTS.search(self.log())
        if found:
            raise run.Fatal(f"a sanitizer found: {found[0]}")

    # ---- the log ------------------------------------------------------------------------------

    def log(self):
        with self.news:
            return "\n".join(self.lines)

    def expect_log(self, pattern, within=3):
        """Waits for a line that the pattern is found in; returns the match."""

        def found():
            return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)

        with self.news:
            self.news.wait_for(found, within * run.SLOW)
            match = found()
        assert match, f"no line of the log has {pattern!r}"
        return match

    def expect_left(self, user):
        """Waits until the focus has let go of who hung up; the answer to the BYE is earlier."""
        return self.expect_log(rf"sip:{user}@\S+ left")

    def tell(self):
        print(f"--- log of the server at {self.address}:{self.port}")
        print(self.log())

    # ---- commands -----------------------------------------------------------------------------

    def command(self, *words):
        return run_parley(*words, "--data", self.data)

    def reload(self):
        """Reloads; fails the test when the server refuses."""
        done = self.command("reload")
        assert done.returncode == 0, f"reload failed: {done.stdout}{done.stderr}"

    def status(self):
        done = self.command("status", "--json")
        assert done.returncode == 0, f"status failed: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def participants(self, conference="demo"):
        """{user: the status's entry} of one conference; {} when it does not exist."""
        for entry in self.status()["conferences"]:
            if entry["name"] == conference:
                return {re.search(r"sips?:([^@]*)@", p["uri"])[1]: p for p in entry["participants"]}
        return {}

    def cpu(self):
        """Seconds of processor time used so far."""
        fields = (
            pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
