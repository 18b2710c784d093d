"""Real phones without a sound card: baresip, linphonec, sipp.

    with Server() as server, Baresip("alice", audio.voice(0, 40)) as alice:
        alice.call(f"sip:demo@{server.address}")
        ...
        alice.hang_up()
        samples = alice.recording()

Each phone runs in a directory and on a loopback address of its own, speaks a WAV file, and writes
what it hears into another one. Commands wait for what they bring about.
"""

import json
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading

import audio
import parley
import run

READY = 10  # seconds
WITHIN = 5
MODULES = "/usr/lib/baresip/modules"


def require(program):
    if not shutil.which(program):
        raise run.Skip(f"{program} is not installed")


class Program:
    """A process whose output is read line by line while it runs."""

    def __init__(self, name, arguments, directory, keyboard=False, environment=None):
        self.name = name
        self.lines, self.news = [], threading.Condition()
        # stdbuf: line by line although it is no terminal that they write to.
        self.process = subprocess.Popen(["stdbuf", "-oL", *map(str, arguments)], cwd=directory, env=environment,
                                        stdin=subprocess.PIPE if keyboard else subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        preexec_fn=parley.die_with_parent)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        run.on_failure.append(self.tell)

    def read(self):
        for line in self.process.stdout:
            with self.news:
                self.lines.append(line.decode("utf-8", "replace").rstrip())
                self.news.notify_all()

    def type(self, text):
        """A line at its prompt."""
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def expect(self, pattern, within=WITHIN, since=0):
        """Waits for a line with the pattern in it, from line `since` on; returns the match."""
        def found():
            return next(filter(None, (re.search(pattern, line) for line in self.lines[since:])), None)
        with self.news:
            self.news.wait_for(found, within * run.SLOW)
            match = found()
        assert match, f"{self.name} did not say {pattern!r} within {within} s"
        return match

    def wait(self, within=WITHIN):
        """Its exit code, once it ends by itself."""
        try:
            code = self.process.wait(within * run.SLOW)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {within} s") from None
        self.reader.join(WITHIN)
        return code

    def end(self):
        """Ends it for certain; harmless when it has ended."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(WITHIN)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.reader.join(WITHIN)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    def tell(self):
        print(f"--- {self.name} said")
        for line in self.lines[-150:]:
            print(line)


BARESIP_CONFIG = """\
poll_method epoll
net_interface {address}
sip_listen {address}:5060
call_max_calls 4
call_local_timeout 60
audio_source aufile,{directory}/voice.wav
audio_player aubridge,unheard
audio_alert aubridge,silent
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_buffer 20-160
rtcp_mux no
jitter_buffer_delay 0-0
module_path {modules}
module g711.so
module g722.so
module opus.so
module l16.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {address}:4444
snd_path {directory}/heard
"""


class Baresip:
    """A baresip that says `samples` from the moment a call is up. The samples must last longer
    than the call: baresip hangs up at their end. Without a jitter buffer, so that its recording
    holds every packet that came and nothing else."""

    def __init__(self, user, samples, transport="udp", codecs="PCMU,PCMA", server=None, password=None):
        """`server` and `password`: registers there."""
        require("baresip")
        self.user, self.address = user, parley.address()
        self.server = server
        home = server.address if server else self.address
        account = f";auth_user={user};auth_pass={password};regint=600" if server else ";regint=0"
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"parley-{user}-"))
        (self.directory / "heard").mkdir()
        audio.write_wav(self.directory / "voice.wav", samples)
        (self.directory / "config").write_text(BARESIP_CONFIG.format(
            address=self.address, directory=self.directory, modules=MODULES))
        (self.directory / "accounts").write_text(
            f"<sip:{user}@{home};transport={transport}>{account};audio_codecs={codecs}\n")
        (self.directory / "contacts").write_text("")
        self.events, self.responses, self.program, self.control = [], {}, None, None
        self.news, self.token = threading.Condition(), 0

    def __enter__(self):
        self.program = Program(self.user, ["baresip", "-4", "-s", "-f", self.directory], self.directory)
        try:
            self.program.expect("baresip is ready", READY)
            self.control = socket.create_connection((self.address, 4444), WITHIN)
            self.control.settimeout(None)
        except BaseException:
            self.__exit__()
            raise
        threading.Thread(target=self.listen, daemon=True).start()
        if self.server:
            self.server.expect_log(f"{self.user} registered", READY)
        return self

    def __exit__(self, *_):
        self.program.end()
        if self.control:
            self.control.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    # ---- control: JSON in netstrings over TCP -------------------------------------------------

    def listen(self):
        buffer = b""
        while True:
            try:
                piece = self.control.recv(65536)
            except OSError:
                return
            if not piece:
                return
            buffer += piece
            while match := re.match(rb"(\d+):", buffer):
                end = match.end() + int(match[1])
                if len(buffer) <= end:
                    break
                self.take(json.loads(buffer[match.end():end]))
                buffer = buffer[end + 1:]

    def take(self, message):
        with self.news:
            if message.get("response"):
                self.responses[message["token"]] = message
            else:
                self.events.append(message)
            self.news.notify_all()

    def command(self, name, parameters=""):
        """Tells baresip to do something; returns how many events there were before."""
        before, self.token = len(self.events), self.token + 1
        token = f"{self.token}"
        text = json.dumps({"command": name, "params": parameters, "token": token}).encode()
        self.control.sendall(b"%d:%s," % (len(text), text))
        with self.news:
            self.news.wait_for(lambda: token in self.responses, WITHIN * run.SLOW)
        response = self.responses.get(token)
        assert response and response["ok"], f"{self.user}'s baresip did not take {name!r}: {response}"
        return before

    def expect(self, kind, within=WITHIN, since=0):
        """Waits for an event of that type; returns it. A call that ends instead is a failure."""
        def found():
            return next((e for e in self.events[since:] if e["type"] in (kind, "CALL_CLOSED")), None)
        with self.news:
            self.news.wait_for(found, within * run.SLOW)
            event = found()
        assert event, f"{self.user}'s baresip had no {kind} within {within} s: {self.events[since:]}"
        assert event["type"] == kind, f"{self.user}'s call ended: {event.get('param')}"
        return event

    # ---- the phone ----------------------------------------------------------------------------

    def call(self, uri):
        """Dials; returns when sound comes in."""
        since = self.command("dial", uri)
        self.expect("CALL_ESTABLISHED", since=since)
        self.expect("CALL_RTPESTAB", since=since)

    @property
    def uri(self):
        """What to call."""
        return f"sip:{self.user}@{self.address}"

    def pick_up(self):
        """Answers a call that comes in or has come in; returns the caller's URI."""
        incoming = self.expect("CALL_INCOMING")
        since = self.command("accept")
        self.expect("CALL_ESTABLISHED", since=since)
        self.expect("CALL_RTPESTAB", since=since)
        return incoming["peeruri"]

    def hang_up(self):
        self.expect("CALL_CLOSED", since=self.command("hangup"))

    def press(self, keys):
        """Keys, one after the other, as telephone-events (RFC 4733)."""
        self.command("sndcode", keys)

    def hold(self):
        self.command("hold")

    def resume(self):
        self.command("resume")

    def is_up(self):
        return not any(e["type"] == "CALL_CLOSED" for e in self.events)

    def recording(self):
        """What it heard, all of it, at 8 kHz: packet after packet, without the pauses between
        them. Complete after the call has ended; ends at a change of the session."""
        files = sorted((self.directory / "heard").glob("*-dec.wav"))
        assert len(files) == 1, f"{self.user} has {len(files)} recordings, not one"
        samples, rate = audio.read_wav(files[0])
        return samples if rate == audio.RATE else audio.resample(samples, rate)

    def heard_seconds(self):
        """How long the recording is by now, as written to disk."""
        files = list((self.directory / "heard").glob("*-dec.wav"))
        return max((path.stat().st_size / 2 / audio.RATE for path in files), default=0)


LINPHONE_CONFIG = """\
[sip]
sip_port={port}
sip_tcp_port={port}
sip_tls_port=0
bind_address={address}
use_ipv6=0
ipv6_migration_done=1
guess_hostname=0
contact="{user}" <sip:{user}@{address}>
media_encryption=none
inc_timeout=30
register_only_when_network_is_up=0
default_proxy={proxy}
[rtp]
bind_address={address}
audio_rtp_port={rtp_port}
audio_adaptive_jitt_comp_enabled=0
[net]
mtu=1300
firewall_policy=0
bind_address={address}
[sound]
echocancellation=0
[misc]
max_calls=4
"""

LINPHONE_ACCOUNT = """\
[auth_info_0]
username={user}
passwd={password}
domain={server}
realm=parley
[proxy_0]
reg_proxy=<sip:{server}>
reg_identity=sip:{user}@{server}
reg_expires=600
reg_sendregister=1
publish=0
"""


class Linphone:
    """A linphonec that plays the samples and records into a file what it hears."""

    def __init__(self, user, samples, server=None, password=None, explains=False):
        """`server` and `password`: registers there. `explains`: its log is kept, for expect_said."""
        require("linphonec")
        self.user, self.address = user, parley.address()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"parley-{user}-"))
        audio.write_wav(self.directory / "voice.wav", samples)
        (self.directory / ".local/share/linphone").mkdir(parents=True)  # without it, it has no SIP
        self.config, self.log = self.directory / "linphonerc", self.directory / "log"
        self.server, self.explains = server, explains
        text = LINPHONE_CONFIG.format(user=user, address=self.address, port=5060, rtp_port=7078,
                                      proxy=0 if server else -1)
        if server:
            text += LINPHONE_ACCOUNT.format(user=user, server=server.address, password=password)
        self.config.write_text(text)

    def __enter__(self):
        environment = {"HOME": str(self.directory), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        log = ["-d", "6", "-l", self.log] if self.explains else []
        self.program = Program(self.user, ["linphonec", "-c", self.config, *log], self.directory, keyboard=True,
                               environment=environment)
        try:
            self.program.type("soundcard use files")
            self.program.type(f"play {self.directory / 'voice.wav'}")
            self.program.type(f"record {self.directory / 'heard.wav'}")
            self.program.expect("Ready|linphonec>", READY)
            if self.server:
                self.server.expect_log(f"{self.user} registered", READY)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.program.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def call(self, uri):
        """Dials; returns when the media of both sides are agreed on and running."""
        since = len(self.program.lines)
        self.program.type(f"call {uri}")
        self.program.expect("Media streams established", since=since)

    def expect_said(self, pattern, within=10):
        """Waits for a line of its own log; returns the match."""
        return run.until(lambda: re.search(pattern, self.log.read_text(errors="replace") if self.log.exists() else ""),
                         lambda: f"linphonec's log has no {pattern!r}", within)

    def pick_up(self):
        """Answers a call that comes in."""
        self.program.expect("incoming call from")
        since = len(self.program.lines)
        self.program.type("answer")
        self.program.expect("Media streams established", since=since)

    def press(self, key):
        self.program.type(key)

    def hang_up(self):
        """Ends the call, which must have been up and end well; then quits, with exit code 0."""
        since = len(self.program.lines)
        self.program.type("terminate")
        ended = self.program.expect(r"Call \d+ with .* (ended|error).*", since=since)[0]
        assert ended.endswith("ended (No error)."), f"{self.user}'s call ended badly: {ended}"
        self.program.type("quit")
        code = self.program.wait()
        assert code == 0, f"linphonec ended with {code}"

    def recording(self):
        """What it played to its user, at 8 kHz. Complete after the call has ended."""
        samples, rate = audio.read_wav(self.directory / "heard.wav")
        return samples if rate == audio.RATE else audio.resample(samples, rate)


class Sipp:
    """A sipp that calls a conference by a scenario of tests/clients/sipp, `calls` times in all,
    `rate` a second; or waits to be called, if that is what the scenario does. With `echo` it sends back all RTP that
    it gets. `signs`: the URI of its [authentication], without "sip:". `words` are the scenario's own [keywords]."""

    def __init__(self, scenario, server, conference="demo", transport="udp", calls=1, rate=10, echo=False,
                 within=30, signs=None, **words):
        require("sipp")
        self.address, self.within = parley.address(), within
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="parley-sipp-"))
        self.errors = self.directory / "errors"
        path = parley.ROOT / "tests/clients/sipp" / f"{scenario}.xml"
        self.arguments = ["sipp", "-sf", path, "-s", conference, "-i", self.address, "-p", 5060, "-mi", self.address,
                          "-mp", 6000, "-t", {"udp": "u1", "tcp": "t1"}[transport], "-m", calls, "-r", rate,
                          "-l", calls, "-nostdin", "-timeout", f"{within * run.SLOW}s", "-timeout_error",
                          "-recv_timeout", 10000 * run.SLOW, "-trace_err", "-error_file", self.errors]
        self.arguments += ["-rtp_echo"] if echo else []
        self.arguments += ["-auth_uri", signs] if signs else []
        for name, value in words.items():
            self.arguments += ["-key", name, value]
        self.arguments.append(f"{server.address}:{server.port}")

    def __enter__(self):
        self.program = Program("sipp", self.arguments, self.directory)
        return self

    def __exit__(self, *_):
        self.program.end()
        shutil.rmtree(self.directory, ignore_errors=True)

    def wait_for_port(self):
        """Until it can be called."""
        run.until(lambda: not parley.is_free(self.address, 5060), lambda: "sipp does not listen")

    def wait(self):
        """Until all calls are done; every one of them must have gone as the scenario says."""
        code = self.program.wait(self.within + WITHIN)
        complaints = self.errors.read_text(errors="replace")[:3000] if self.errors.exists() else "nothing said why"
        assert code == 0, f"sipp ended with {code}: {complaints}"
