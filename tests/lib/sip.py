"""A SIP phone on a raw socket, for tests that read as a dialogue.

    with Server() as server, Phone(server, "alice") as alice:
        alice.invite("demo")
        alice.expect(180)
        ok = alice.expect(200)
        alice.ack()
        ...
        alice.hang_up()

A phone has one call at a time. Nothing is sent or answered behind the test's back, except that
leaving the `with` block hangs up what is still up. Every wait is bounded; what comes unexpected
fails the test with the whole message. Retransmissions are set aside in `repeated`.
"""

import itertools
import os
import random
import re
import select
import socket
import time

import rtp
import run
import sdp
import tone
from message import Message, REASONS, host_port, merge, parameter, render, uri_of

WITHIN = 3.0  # seconds an answer may take
counter = itertools.count(1)


def unique(prefix=""):
    return f"{prefix}{os.urandom(5).hex()}{next(counter)}"


def join_host_port(address, port):
    host = f"[{address}]" if ":" in address else address
    return host if port == 5060 else f"{host}:{port}"


class Phone:
    """`address`: the phone's own, the server's by default. `media`: opens an RTP stream, .audio,
    which begins with the first answer. `waits`: over TCP, for the server to connect."""

    def __init__(
        self,
        server,
        user="alice",
        transport="udp",
        address=None,
        media=True,
        waits=False,
        **stream,
    ):
        self.server, self.user, self.transport = server, user, transport
        self.address = address or server.address
        self.audio = rtp.Stream(self.address, **stream) if media else None
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.sock = socket.socket(family, kind)
        self.sock.bind((self.address, 0))
        self.listener = None
        if transport == "tcp" and waits:
            self.sock.listen()
            self.listener = self.sock
        elif transport == "tcp":
            self.sock.settimeout(WITHIN)
            self.sock.connect((server.address, server.port))
        self.port = self.sock.getsockname()[1]
        self.buffer, self.inbox, self.seen, self.repeated, self.log = b"", [], set(), [], []
        self.contact = (
            f"<sip:{user}@{join_host_port(self.address, self.port)}{self.transport_parameter()}>"
        )
        self.sent_by = join_host_port(self.address, self.port)
        self.name = f"sip:{user}@{self.sent_by}"  # what From says
        self.sdp_session, self.sdp_version = next(sdp.sessions), 0
        self.new_dialog()
        run.on_failure.append(self.tell)

    def __enter__(self):
        return self

    def __exit__(self, kind, _value, _trace):
        try:
            if kind is None and self.is_up:
                self.hang_up()
        finally:
            self.close()

    def close(self):
        if self.audio:
            self.audio.close()
        self.sock.close()
        if self.listener:
            self.listener.close()

    def tell(self):
        print(f"--- {self.user} at {self.address}:{self.port}")
        for line in self.log[-40:]:
            print(line)

    # ---- the dialog (RFC 3261 §12) ------------------------------------------------------------

    def new_dialog(self):
        self.call_id, self.local_tag, self.remote_tag = unique("call-"), unique("t"), None
        self.cseq, self.remote_cseq = random.randrange(1, 1000), None
        self.remote_target, self.routes, self.is_up = None, [], False
        self.invite_request = self.answer = None

    @property
    def own_uri(self):
        """What the server dials to reach this phone."""
        return uri_of(self.contact)

    def transport_parameter(self):
        return "" if self.transport == "udp" else f";transport={self.transport}"

    def uri(self, conference):
        """What to dial; a whole URI is taken as it is."""
        if re.match(r"[a-z]+:", conference):
            return conference
        host = join_host_port(self.server.address, self.server.port)
        return f"sip:{conference}@{host}{self.transport_parameter()}"

    def request(self, method, uri=None, headers=None, body=None, cseq=None, branch=None, to=None):
        """A request of the dialog (or one that begins it), as a Message, not sent yet. `headers`
        changes, removes (None) or repeats (list) what would be there."""
        if cseq is None:
            self.cseq += method not in ("ACK", "CANCEL")
            cseq = self.cseq
        uri = uri or self.remote_target or self.remote_uri
        branch = branch or unique("z9hG4bK")
        sender = f"<{self.name}>;tag={self.local_tag}"
        to = to or f"<{self.remote_uri}>" + (f";tag={self.remote_tag}" if self.remote_tag else "")
        lines = [
            (
                "Via",
                f"SIP/2.0/{self.transport.upper()} {self.sent_by};branch={branch};rport",
            ),
            ("Max-Forwards", "70"),
            ("From", sender),
            ("To", to),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
        ]
        lines += [("Route", route) for route in self.routes]
        if method in ("INVITE", "UPDATE", "OPTIONS", "SUBSCRIBE", "REFER"):
            lines.append(("Contact", self.contact))
        if body:
            lines.append(("Content-Type", "application/sdp"))
        return Message(f"{method} {uri} SIP/2.0", merge(lines, headers), body or b"")

    def offer(self, **changes):
        """This phone's SDP with its RTP port; each one is the next version of the session."""
        self.sdp_version += 1
        changes.setdefault("session", self.sdp_session)
        changes.setdefault("version", self.sdp_version)
        changes.setdefault("port", self.audio.port if self.audio else 40000)
        changes.setdefault("address", self.address)
        return sdp.offer(**changes)

    # ---- sending ------------------------------------------------------------------------------

    def send(self, message):
        data = message if isinstance(message, bytes) else render(message)
        self.note(">", data)
        if self.transport == "udp":
            self.sock.sendto(data, (self.server.address, self.server.port))
        else:
            self.sock.sendall(data)
        return message

    def note(self, arrow, data):
        lines = data.decode("utf-8", "replace").split("\r\n")
        cseq = next((line for line in lines if line.lower().startswith("cseq")), "")
        self.log.append(f"{time.strftime('%H:%M:%S')} {arrow} {lines[0][:120]}   {cseq}")

    def invite(self, conference="demo", body=True, headers=None, **offer):
        """Begins a call. body=None: no offer; bytes: that body; else this phone's own offer."""
        self.new_dialog()
        self.remote_uri = self.uri(conference)
        return self.send_invite(body, headers, **offer)

    def reinvite(self, body=True, headers=None, **offer):
        return self.send_invite(body, headers, **offer)

    def send_invite(self, body, headers, **offer):
        body = self.offer(**offer) if body is True else body
        self.invite_request = self.send(self.request("INVITE", headers=headers, body=body))
        return self.invite_request

    def ack(self, body=None, response=None):
        """ACKs the last final answer to the INVITE: of a 2xx end to end, else hop by hop."""
        response = response or self.answer
        invite = self.invite_request
        if response.code < 300:
            if body is not None:
                chosen = re.search(rb"m=audio \d+ \S+ (\d+)", body)
                self.connect_audio(response.sdp, chosen and int(chosen[1]))
            return self.send(self.request("ACK", cseq=invite.cseq[0], body=body))
        via = invite["Via"]
        return self.send(
            self.request(
                "ACK", uri=invite.uri, cseq=invite.cseq[0], to=response["To"], headers={"Via": via}
            )
        )

    def cancel(self):
        invite = self.invite_request
        return self.send(
            self.request(
                "CANCEL",
                uri=invite.uri,
                cseq=invite.cseq[0],
                to=invite["To"],
                headers={"Via": invite["Via"], "From": invite["From"]},
            )
        )

    def bye(self, headers=None):
        self.is_up = False
        return self.send(self.request("BYE", headers=headers))

    def reply(self, request, code, headers=None, body=None, reason=None):
        """Answers a request of the server's."""
        to = request["To"]
        if code > 100 and parameter(to, "tag") is None:
            to += f";tag={self.local_tag}"
        lines = [("Via", via) for via in request.all("Via")]
        lines += [
            ("From", request["From"]),
            ("To", to),
            ("Call-ID", request["Call-ID"]),
            ("CSeq", request["CSeq"]),
        ]
        if request.method in ("INVITE", "UPDATE"):
            lines.append(("Contact", self.contact))
        if body:
            lines.append(("Content-Type", "application/sdp"))
        message = Message(
            f"SIP/2.0 {code} {reason or REASONS.get(code, 'Reason')}",
            merge(lines, headers),
            body or b"",
        )
        return self.send(message)

    # ---- receiving ----------------------------------------------------------------------------

    def receive(self, within=WITHIN):
        """The next message that is new, or None when nothing comes in time."""
        deadline = time.monotonic() + within * run.SLOW
        while True:
            message = self.inbox.pop(0) if self.inbox else self.read(deadline)
            if message is None:
                return None
            self.note("<", message.raw)
            if message.raw in self.seen:
                self.repeated.append((time.monotonic(), message))
                continue
            self.seen.add(message.raw)
            return message

    def read(self, deadline):
        while True:
            pause = deadline - time.monotonic()
            ready, _, _ = select.select([self.sock], [], [], max(pause, 0))
            if not ready:
                return None
            if self.sock is self.listener:
                self.sock, _ = self.listener.accept()
                self.sock.settimeout(WITHIN)
                continue
            if self.transport == "udp":
                data, source = self.sock.recvfrom(65536)
                assert (
                    source[1] == self.server.port and source[0] == self.server.address
                ), f"{data[:60]!r} came from {source}"
                return Message.parse(data, source)
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("the server has closed the connection")
            self.buffer += data
            message = self.cut()
            if message:
                return message

    def cut(self):
        """The first message of the TCP buffer when it is there whole (RFC 3261 §18.3)."""
        self.buffer = self.buffer.lstrip(b"\r\n")
        head, separator, rest = self.buffer.partition(b"\r\n\r\n")
        match = re.search(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d+)", head)
        if not separator:
            return None
        assert match, f"a message over TCP without Content-Length: {head!r}"
        if len(rest) < int(match[1]):
            return None
        size = len(head) + 4 + int(match[1])
        whole, self.buffer = self.buffer[:size], self.buffer[size:]
        if self.buffer:
            following = self.cut()
            if following:
                self.inbox.insert(0, following)  # those behind it are there already
        return Message.parse(whole, (self.server.address, self.server.port))

    def expect(self, what, within=WITHIN, method=None):
        """The next message, which must be a response of that code (or one of a tuple of codes) or
        a request of that method. Waiting for a final response skips provisional ones, waiting for
        18x skips 100. `method`: what the response is to; the CSeq's method."""
        deadline = time.monotonic() + within * run.SLOW
        codes = (what,) if isinstance(what, int) else what
        least = 200 if isinstance(what, str) else min(min(codes), 200)  # less is skipped
        while True:
            message = self.receive(max(deadline - time.monotonic(), 0) / run.SLOW)
            assert message is not None, f"{self.user} waited {within} s for {what}, nothing came"
            if message.is_response:
                self.check_response(message)
                if message.code < least:
                    continue
            self.learn(message)
            if isinstance(what, str):
                assert (
                    not message.is_response and message.method == what
                ), f"{self.user} expected a {what}, got{message}"
            else:
                assert (
                    message.is_response and message.code in codes
                ), f"{self.user} expected {what}, got{message}"
                assert (
                    method is None or message.cseq[1] == method
                ), f"expected to {method}:{message}"
            return message

    def expect_nothing(self, within=0.3):
        message = self.receive(within)
        assert message is None, f"{self.user} expected nothing, got{message}"

    def expect_repeated(self, code, within=WITHIN):
        """One more retransmission of a response or of a request; returns when it came."""
        deadline = time.monotonic() + within * run.SLOW
        count = len(self.repeated)
        while len(self.repeated) == count:
            message = self.read(deadline)
            assert message is not None, f"no retransmission of {code} within {within} s"
            assert message.raw in self.seen, f"expected a retransmission, got{message}"
            self.note("<", message.raw)
            self.repeated.append((time.monotonic(), message))
        when, message = self.repeated[-1]
        assert (message.code or message.method) == code, f"not a {code}:{message}"
        return when

    def check_response(self, message):
        """What is true of every response (RFC 3261 §8.2.6)."""
        assert message["Call-ID"] and message["CSeq"] and message["From"] and message["To"], message
        assert message.all("Via"), message
        if message["Call-ID"] == self.call_id:
            assert message.tag("From") == self.local_tag, message
            assert message.code == 100 or message.tag("To"), f"no To tag in{message}"

    def learn(self, message):
        """Takes into the dialog what the message says about it."""
        if message["Call-ID"] != self.call_id:
            return
        if not message.is_response:
            self.remote_cseq = message.cseq[0]
            if message.method in ("INVITE", "UPDATE", "NOTIFY"):
                self.remote_target = uri_of(message["Contact"])
            if message.method == "NOTIFY" and self.remote_tag is None:
                self.remote_tag = message.tag("From")
            if message.method == "BYE":
                self.is_up = False
            return
        if message.cseq[1] == "INVITE" and message.code >= 200:
            self.answer = message
        begun = message.cseq[1] in ("SUBSCRIBE", "REFER") and message.code in (200, 202)
        if begun and self.remote_tag is None:
            self.remote_tag = message.tag("To")
            self.remote_target = uri_of(message["Contact"])
            self.routes = list(reversed(message.all("Record-Route")))
        if message.cseq[1] in ("INVITE", "UPDATE") and 200 <= message.code < 300:
            assert message["Contact"], f"no Contact in{message}"
            self.remote_target = uri_of(message["Contact"])
            self.is_up = True
            if self.remote_tag is None:
                self.remote_tag = message.tag("To")
                self.routes = list(reversed(message.all("Record-Route")))
            if (
                message.body
                and self.invite_request
                and (self.invite_request.body or message.cseq[1] == "UPDATE")
            ):
                self.connect_audio(message.sdp)

    def connect_audio(self, answer, payload_type=None):
        """Sends as `payload_type`; None: as the first that the answer has. Codecs that cannot be
        made here (tone.LAWS) are only heard."""
        if self.audio and answer.medias and any(m.port for m in answer.medias):
            audio = answer.audio
            chosen = int(audio.formats[0]) if payload_type is None else payload_type
            if chosen in tone.LAWS:
                self.audio.connect(audio.connection, audio.port, chosen, self.audio.ptime)

    # ---- subscriptions (RFC 6665) --------------------------------------------------------------

    def subscribe(self, conference="demo", event="conference", expires=None, headers=None):
        """A SUBSCRIBE out of dialog."""
        self.new_dialog()
        self.remote_uri = self.uri(conference)
        return self.resubscribe(event, expires, headers)

    def resubscribe(self, event="conference", expires=None, headers=None):
        """A SUBSCRIBE in the dialog that the phone has."""
        fields = {"Event": event} | ({} if expires is None else {"Expires": expires})
        return self.send(self.request("SUBSCRIBE", headers=fields | (headers or {})))

    def notified(self, within=WITHIN):
        """The next NOTIFY, answered with 200."""
        notify = self.expect("NOTIFY", within)
        self.reply(notify, 200)
        return notify

    # ---- REFER (RFC 3515) ----------------------------------------------------------------------

    def refer(self, target, conference="demo", headers=None):
        """A REFER out of dialog; `target` is what stands in Refer-To."""
        self.new_dialog()
        self.remote_uri = self.uri(conference)
        return self.refer_again(target, headers)

    def refer_again(self, target, headers=None):
        """A REFER in the dialog that the phone has."""
        return self.send(self.request("REFER", headers={"Refer-To": target} | (headers or {})))

    def progress(self, within=WITHIN):
        """The next NOTIFY of a REFER, answered; returns (status line, whether it was the last)."""
        notify = self.notified(within)
        assert notify["Event"].split(";")[0] == "refer", notify
        assert notify["Content-Type"].split(";")[0] == "message/sipfrag", notify
        state = notify["Subscription-State"]
        is_last = state == "terminated;reason=noresource"
        assert is_last or state.startswith("active;expires="), notify
        return notify.body.decode().strip(), is_last

    # ---- whole exchanges ----------------------------------------------------------------------

    def call(self, conference="demo", **changes):
        """Dials, gets in, ACKs; returns the 200."""
        self.invite(conference, **changes)
        ok = self.expect(200)
        self.ack()
        return ok

    def expect_call(self, within=WITHIN):
        """The INVITE of a new call to this phone, whose dialog is the phone's from now on."""
        self.new_dialog()
        invite = self.expect("INVITE", within)
        assert invite.tag("To") is None, f"not a new call:{invite}"
        self.take(invite)
        return invite

    def take(self, invite):
        self.call_id, self.remote_tag = invite["Call-ID"], invite.tag("From")
        self.remote_cseq, self.remote_uri = invite.cseq[0], uri_of(invite["From"])
        self.remote_target = uri_of(invite["Contact"])
        self.routes = invite.all("Record-Route")

    def pick_up(self, invite, headers=None, ack=True, **answer):
        """Answers the call with 200; returns the ACK."""
        body = self.offer(**answer)
        self.reply(invite, 200, headers=headers, body=body)
        chosen = re.search(rb"^m=audio \d+ \S+ (\d+)", body, re.M)
        self.connect_audio(invite.sdp, chosen and int(chosen[1]))
        self.is_up = True
        return self.expect("ACK") if ack else None

    def hang_up(self):
        self.bye()
        return self.expect(200, method="BYE")

    def say(self, source):
        self.audio.play(source)
        return self

    def press(self, keys):
        """Keys, one after the other, as telephone-events."""
        for key in keys:
            self.audio.press(key)
            self.audio.wait_for(lambda: self.audio.key is None, what="the end of the key")

    def hear(self, seconds=0.5, settle=0.25):
        return self.audio.hear(seconds, settle)


def options(phone, conference="demo", **changes):
    """OPTIONS out of dialog; returns what was sent."""
    phone.new_dialog()
    phone.remote_uri = phone.uri(conference)
    return phone.send(phone.request("OPTIONS", **changes))


def contact_address(message):
    return host_port(uri_of(message["Contact"]))
