"""A proxy (RFC 3261 §16) between phones and the server, which follows redirections by itself.

    with Server() as server, Proxy(server) as proxy, Phone(proxy, "alice") as alice:
        alice.call(f"sip:demo@{server.address}")

It keeps no state, stays in the path by Record-Route, and knows UDP only.
"""

import hashlib
import re
import socket
import threading

import parley
from message import Message, host_port, parameter, render, uri_of


class Proxy:
    """`recursing`: it does not pass a 3xx on, but calls its Contact (§16.7, step 4)."""

    def __init__(self, server, recursing=True):
        self.server, self.recursing = server, recursing
        self.address, self.port = parley.address(), 5060
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((self.address, self.port))
        self.invites, self.followed, self.seen = {}, [], []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Closing alone would leave the thread in its system call.
        self.sock.sendto(b"", (self.address, self.port))
        self.thread.join(5)
        self.sock.close()

    def run(self):
        while True:
            data, source = self.sock.recvfrom(65536)
            if not data:
                return
            message = Message.parse(data, source)
            self.seen.append(message)
            if message.is_response:
                self.take_response(message)
            else:
                self.forward(message, source)

    def send(self, start, headers, body, where):
        self.sock.sendto(render(Message(start, headers, body)), where)

    def forward(self, request, source, uri=None):
        """Toward `uri`, or where its route or Request-URI leads."""
        routes = request.all("Route")
        if routes and host_port(uri_of(routes[0])) == (self.address, self.port):
            routes.pop(0)
        uri = uri or request.uri
        vias = request.all("Via")
        if source:
            vias[0] = re.sub(r";rport(=\d+)?", "", vias[0])
            vias[0] += f";received={source[0]};rport={source[1]}"
        if request.method == "INVITE" and source:
            self.invites[parameter(vias[0], "branch")] = (request, source)
        key = f"{parameter(vias[0], 'branch')} {uri}"
        branch = "z9hG4bK" + hashlib.sha256(key.encode()).hexdigest()[:16]
        headers = [("Via", f"SIP/2.0/UDP {self.address};branch={branch}")]
        headers += [("Via", via) for via in vias]
        if request.method == "INVITE":
            headers.append(("Record-Route", f"<sip:{self.address};lr>"))
        headers += [("Route", route) for route in routes]
        headers += [
            (name, value) for name, value in request.headers if name.lower() not in ("via", "route")
        ]
        where = host_port(uri_of(routes[0]) if routes else uri)
        self.send(f"{request.method} {uri} SIP/2.0", headers, request.body, where)
        return branch

    def take_response(self, response):
        vias = response.all("Via")
        began = self.invites.get(parameter(vias[1], "branch")) if len(vias) > 1 else None
        if self.recursing and began and 300 <= response.code < 400:
            self.follow(response, *began)
            return
        headers = [("Via", via) for via in vias[1:]]
        headers += [(name, value) for name, value in response.headers if name.lower() != "via"]
        where = (parameter(vias[1], "received"), int(parameter(vias[1], "rport") or 5060))
        self.send(response.start, headers, response.body, where)

    def follow(self, response, request, source):
        ack = [("Via", response["Via"]), ("Max-Forwards", "70")]
        ack += [(name, response[name]) for name in ("From", "To", "Call-ID")]
        ack.append(("CSeq", f"{response.cseq[0]} ACK"))
        self.send(f"ACK {request.uri} SIP/2.0", ack, b"", response.source)
        uri = uri_of(response["Contact"])
        self.followed.append(uri)
        self.forward(request, source, uri)
