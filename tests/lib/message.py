"""SIP messages as text (RFC 3261 §7): parsed for asserting, written from readable parts.

Only what tests need. The parser is strict where a peer could be confused (line ends, Content-
Length, header syntax), so that a sloppy server does not pass.
"""

import re

COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "k": "supported",
    "s": "subject",
    "e": "content-encoding",
    "x": "session-expires",
    "o": "event",
    "u": "allow-events",
    "r": "refer-to",
    "b": "referred-by",
}

REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    405: "Method Not Allowed",
    422: "Session Interval Too Small",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    501: "Not Implemented",
}


class Malformed(AssertionError):
    """The peer sent something that is not SIP."""


class Message:
    """One request or response. message["Via"] is the first value or None; all("Via") is all."""

    def __init__(self, start, headers, body=b"", raw=None, source=None):
        self.start, self.headers, self.body = start, headers, body
        self.raw, self.source = raw, source
        words = start.split(" ", 2)
        self.is_response = words[0] == "SIP/2.0"
        if self.is_response:
            self.code, self.reason, self.method = int(words[1]), words[2], None
        else:
            self.code, self.reason, self.method, self.uri = None, None, words[0], words[1]

    @classmethod
    def parse(cls, raw, source=None):
        head, separator, body = raw.partition(b"\r\n\r\n")
        if not separator:
            raise Malformed(f"no empty line ends the headers: {raw!r}")
        lines = head.decode("utf-8").split("\r\n")
        if any("\n" in line or "\r" in line for line in lines):
            raise Malformed(f"a line does not end in CRLF: {raw!r}")
        headers = []
        for line in lines[1:]:
            if line[:1] in " \t" and headers:  # a folded line
                headers[-1] = (headers[-1][0], headers[-1][1] + " " + line.strip())
                continue
            match = re.fullmatch(r"([A-Za-z0-9.!%*_+`'~-]+)[ \t]*:[ \t]*(.*?)[ \t]*", line)
            if not match:
                raise Malformed(f"not a header: {line!r}")
            name = match[1].lower()
            headers.append((COMPACT.get(name, name), match[2]))
        message = cls(lines[0], headers, body, raw, source)
        length = message["Content-Length"]
        if length is not None and int(length) != len(body):
            raise Malformed(f"Content-Length is {length}, the body has {len(body)} bytes: {raw!r}")
        return message

    def all(self, name):
        name = name.lower()
        return [value for key, value in self.headers if key.lower() == name]

    def __getitem__(self, name):
        values = self.all(name)
        return values[0] if values else None

    def tokens(self, name):
        """The values of a list header such as Allow, as a set."""
        return {
            token.strip() for value in self.all(name) for token in value.split(",") if token.strip()
        }

    @property
    def cseq(self):
        number, method = self["CSeq"].split()
        return int(number), method

    @property
    def sdp(self):
        import sdp

        assert self["Content-Type"] == "application/sdp", f"no SDP in {self}"
        return sdp.Sdp(self.body)

    def tag(self, name):
        return parameter(self[name], "tag")

    def __str__(self):
        return "\n    | " + (self.raw or render(self)).decode("utf-8", "replace").replace(
            "\r\n", "\n    | "
        )


def render(message):
    """A Message in bytes. Content-Length is the body's own unless a header says otherwise."""
    lines = [message.start] + [f"{name}: {value}" for name, value in message.headers]
    if not any(name.lower() in ("content-length", "l") for name, _ in message.headers):
        lines.append(f"Content-Length: {len(message.body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + message.body


def merge(headers, changes):
    """`headers` (list of pairs) with `changes` (dict): None removes, a list repeats the header."""
    changes = dict(changes or {})
    lower = {name.lower(): name for name in changes}
    merged = []
    for name, value in headers:
        if name.lower() not in lower:
            merged.append((name, value))
            continue
        key = lower[name.lower()]
        if key in changes:
            merged += spread(key, changes.pop(key))
    for name, value in changes.items():
        merged += spread(name, value)
    return merged


def spread(name, value):
    if value is None:
        return []
    return (
        [(name, one) for one in value] if isinstance(value, (list, tuple)) else [(name, str(value))]
    )


def parameter(value, name):
    """A parameter behind the URI of a name-addr, or of any header; None when it is not there."""
    if value is None:
        return None
    behind = value.rpartition(">")[2] if ">" in value else value
    match = re.search(
        r";\s*" + re.escape(name) + r"(?:\s*=\s*(\"[^\"]*\"|[^;,\s]*))?(?=[;,\s]|$)", behind, re.I
    )
    return None if not match else match[1] or ""


def uri_of(value):
    """The URI inside a name-addr or addr-spec header value."""
    match = re.search(r"<([^>]*)>", value)
    return match[1] if match else value.split(";")[0].strip()


def host_port(uri):
    """("127.0.0.1", 5060) of a SIP URI, with the default port filled in; brackets taken off."""
    match = re.match(r"sips?:(?:[^@]*@)?(\[[^\]]*\]|[^:;?>]*)(?::(\d+))?", uri)
    assert match, f"no SIP URI: {uri}"
    return match[1].strip("[]"), int(match[2] or 5060)
