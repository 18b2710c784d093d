"""SDP (RFC 8866), written for offers and parsed strictly for asserting."""

import itertools

ENCODINGS = {
    "PCMU": (0, "PCMU/8000"),
    "PCMA": (8, "PCMA/8000"),
    "CN": (13, "CN/8000"),
    "telephone-event": (101, "telephone-event/8000"),
    "G722": (9, "G722/8000"),
    "opus": (96, "opus/48000/2"),
    "L16/16000": (107, "L16/16000"),
    "L16/8000": (108, "L16/8000"),
    "speex": (99, "speex/8000"),
}
ORDER = "vosiuepcbtrzka"  # of session-level lines; RFC 8866 §5
sessions = itertools.count(4711)


def offer(
    address,
    port,
    formats=("PCMU", "PCMA", "telephone-event"),
    direction="sendrecv",
    connection=None,
    ptime=None,
    extra=(),
    session=None,
    version=1,
    media="audio",
    protocol="RTP/AVP",
    before=(),
    after=(),
):
    """The text of an offer or an answer. `formats` are names of ENCODINGS or (type, rtpmap).
    `before` and `after` are further m-sections around the audio one."""
    family = "IP6" if ":" in address else "IP4"
    formats = [ENCODINGS[f] if isinstance(f, str) else f for f in formats]
    lines = [
        "v=0",
        f"o=- {session or next(sessions)} {version} IN {family} {address}",
        "s=-",
        f"c=IN {family} {connection or address}",
        "t=0 0",
        *before,
        f"m={media} {port} {protocol} {' '.join(str(number) for number, _ in formats)}",
    ]
    for number, encoding in formats:
        if encoding:
            lines.append(f"a=rtpmap:{number} {encoding}")
        if encoding and encoding.startswith("telephone-event"):
            lines.append(f"a=fmtp:{number} 0-16")
    if ptime:
        lines.append(f"a=ptime:{ptime}")
    if direction:
        lines.append(f"a={direction}")
    return ("\r\n".join([*lines, *extra, *after]) + "\r\n").encode()


class Media:
    def __init__(self, line):
        self.kind, port, self.protocol, *self.formats = line.split(" ")
        self.port = int(port.split("/")[0])
        self.connection, self.attributes = None, []

    def attribute(self, name):
        """The value of a=name:value; "" for a=name; None when it is not there."""
        for attribute in self.attributes:
            key, _, value = attribute.partition(":")
            if key == name:
                return value
        return None

    @property
    def rtpmaps(self):
        """{payload type: "PCMU/8000"}"""
        pairs = (a[7:].split(" ", 1) for a in self.attributes if a.startswith("rtpmap:"))
        return {int(number): encoding for number, encoding in pairs}

    @property
    def direction(self):
        for direction in ("sendrecv", "sendonly", "recvonly", "inactive"):
            if self.attribute(direction) is not None:
                return direction
        return "sendrecv"


class Sdp:
    def __init__(self, body):
        text = body.decode()
        assert text.endswith("\r\n"), f"the last line has no CRLF: {body!r}"
        lines = text[:-2].split("\r\n")
        assert all(len(line) > 2 and line[1] == "=" and "\n" not in line for line in lines), body
        self.lines, self.medias, self.attributes, self.connection = lines, [], [], None
        session = [line[0] for line in itertools.takewhile(lambda line: line[0] != "m", lines)]
        assert session == sorted(session, key=ORDER.index), f"lines out of order: {text}"
        assert session[:3] == ["v", "o", "s"] and "t" in session, f"a line is missing: {text}"
        for line in lines:
            key, value = line[0], line[2:]
            if key == "m":
                self.medias.append(Media(value))
                continue
            holder = self.medias[-1] if self.medias else self
            if key == "a":
                holder.attributes.append(value)
            elif key == "c":
                holder.connection = value.split(" ")[2]
        for media in self.medias:
            media.connection = media.connection or self.connection
            assert media.connection or not media.port, f"no c= line for the media: {text}"
        self.text = text

    @property
    def origin(self):
        """(session id, version)"""
        words = next(line for line in self.lines if line.startswith("o=")).split(" ")
        return int(words[1]), int(words[2])

    @property
    def audio(self):
        return next(media for media in self.medias if media.kind == "audio" and media.port)
