"""Many phones on one socket, each of which does what its name says when it is called: comes-7 answers
and stays, busy-3 is busy, … They count how many are being called at a time."""

import collections
import re
import socket
import threading
import time

import sdp
from message import Message, uri_of

RINGS = 0.1  # seconds
REFUSALS = {"busy": 486, "declines": 603, "unknown": 404}


class Switchboard:
    def __init__(self, server):
        self.server = server
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.bind((server.address, 0))
        self.sock.settimeout(0.01)
        self.me = f"{server.address}:{self.sock.getsockname()[1]}"
        # Where the audio of all of them goes, and nobody listens.
        self.audio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.audio.bind((server.address, 0))
        self.tries = collections.Counter()  # by name
        self.called, self.most_called = {}, 0  # INVITEs without a final answer, by Call-ID
        self.seen, self.up, self.problems = set(), {}, []
        self.due = collections.deque()  # INVITEs to answer: when, what, from where
        self.is_over = False
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_over = True
        self.thread.join(2)
        self.sock.close()
        self.audio.close()

    def uri(self, name):
        return f"sip:{name}@{self.me}"

    def listen(self):
        while not self.is_over:
            while self.due and self.due[0][0] <= time.monotonic():
                self.answer(*self.due.popleft()[1:])
            try:
                data, source = self.sock.recvfrom(65536)
            except TimeoutError:
                continue
            try:
                self.take(Message.parse(data), source)
            except Exception as error:  # pylint: disable=broad-except
                self.problems.append(repr(error))

    def take(self, message, source):
        if message.is_response:
            return
        name = re.match(r"sip:([^@]*)@", message.uri)[1]
        if message.method == "INVITE":
            self.ring(message, name, source)
        elif message.method == "CANCEL":
            self.reply(message, 200, source)
            if message["Call-ID"] in self.called:
                self.end(self.called[message["Call-ID"]], 487, source)
        elif message.method == "ACK":
            if "sip:fleeting" in message["To"] and message["Call-ID"] in self.up:
                self.hang_up(self.up.pop(message["Call-ID"]), source)
        elif message.method == "BYE":
            self.up.pop(message["Call-ID"], None)
            self.reply(message, 200, source)
        else:
            self.reply(message, 200, source)

    # ---- being called -------------------------------------------------------------------------

    def ring(self, invite, name, source):
        call = invite["Call-ID"]
        if (call, invite.cseq) in self.seen:  # sent again
            return
        self.seen.add((call, invite.cseq))
        if call in self.up:  # what we have answered changes
            self.reply(invite, 200, source, body=self.offer())
            return
        self.tries[name] += 1
        self.called[call] = invite
        self.most_called = max(self.most_called, len(self.called))
        self.reply(invite, 180, source)
        self.due.append((time.monotonic() + RINGS, invite, name, source))

    def answer(self, invite, name, source):
        kind = name.partition("-")[0]
        if invite["Call-ID"] not in self.called:
            return
        if kind in REFUSALS:
            self.end(invite, REFUSALS[kind], source)
        elif kind == "moved":
            self.end(invite, 302, source, contact=self.uri("comes-" + name))
        elif kind in ("comes", "fleeting"):
            self.up[invite["Call-ID"]] = invite
            self.end(invite, 200, source, body=self.offer())
        # "silent" rings on, until it is given up.

    def end(self, invite, code, source, **more):
        self.called.pop(invite["Call-ID"], None)
        self.reply(invite, code, source, **more)

    def hang_up(self, invite, source):
        lines = [
            f"BYE {uri_of(invite['Contact'])} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.me};branch=z9hG4bK-bye-{invite['Call-ID']}",
            "Max-Forwards: 70",
            f"From: {invite['To']};tag=here",
            f"To: {invite['From']}",
            f"Call-ID: {invite['Call-ID']}",
            "CSeq: 1 BYE",
            "Content-Length: 0",
        ]
        self.sock.sendto("\r\n".join([*lines, "", ""]).encode(), source)

    def offer(self):
        return sdp.offer(self.server.address, self.audio.getsockname()[1])

    def reply(self, request, code, source, contact=None, body=b""):
        has_tag = code == 100 or "tag=" in request["To"]
        lines = [f"SIP/2.0 {code} Reason", *(f"Via: {via}" for via in request.all("Via"))]
        lines += [f"From: {request['From']}", f"To: {request['To']}" + ("" if has_tag else ";tag=here")]
        lines += [f"Call-ID: {request['Call-ID']}", f"CSeq: {request['CSeq']}", f"Contact: <{contact or self.uri('all')}>"]
        lines += ["Content-Type: application/sdp"] if body else []
        lines += [f"Content-Length: {len(body)}", "", ""]
        self.sock.sendto("\r\n".join(lines).encode() + body, source)
