"""Valid SIP messages made wrong, a little or a lot, by a dice of a given seed.

Addresses are never touched: with a digit less, 127.0.0.1 is somebody else on the internet, to whom
a fuzzed server must not write. Before a message is changed they are replaced by words without dots,
and put back where those words have survived.
"""

import re

METHODS = (
    b"INVITE ACK BYE CANCEL OPTIONS REGISTER SUBSCRIBE NOTIFY REFER UPDATE INITIATE MESSAGE INFO PRACK PUBLISH "
    b"INVITE INVITE BYE x"
).split()
HEADERS = (
    b"Via From To Call-ID CSeq Contact Max-Forwards Content-Length Content-Type Event Expires Refer-To "
    b"Referred-By Replaces Join Require Supported Session-Expires Min-SE Authorization Route Record-Route "
    b"Subscription-State Accept Refer-Sub Privacy P-Asserted-Identity Confer-To Retry-After "
    b"Content-Disposition Allow RSeq RAck v f t i m l c k o x r b"
).split()
VALUES = [
    b"", b" ", b"*", b"0", b"-1", b"1", b"255", b"65536", b"2147483648", b"4294967295", b"4294967296",
    b"18446744073709551616", b"9" * 40, b"a" * 300, b"x;" * 100, b",", b";", b"<", b">", b"<>", b'"', b"\\",
    b"<sip:>", b"<sip:@>", b"sip:a@b?x?y", b"<sip:a@b;lr>;tag=", b"<tel:+123>", b"<sips:demo@invalid>",
    b"sip:demo@no.such.host.invalid", b"<sip:a%00b@invalid;method=BYE?Replaces=%00>", b"%", b"%0", b"%00%0d%0a",
    b"\xff\xfe", b"\xc3\xa9", b"conference", b"dialog;id=", b"refer;id=4294967296", b"terminated;reason=",
    b"active;expires=-1", b"timer,100rel,replaces,join,norefersub", b"1800;refresher=uas", b"5;refresher=",
    b"application/sdp", b"application/resource-lists+xml", b"message/sipfrag", b"multipart/mixed;boundary=\"\"",
    b"multipart/mixed;boundary=x", b"Digest nonce=\"\",response=,realm", b"SIP/2.0/UDP invalid;branch=z9hG4bK",
    b"SIP/2.0/TCP invalid;rport=99999;maddr=invalid", b"id;header;critical", b"1 INVITE", b"4294967295 BYE",
    b"x;to-tag=a;from-tag=b;early-only",
]  # fmt: skip
BODIES = [
    b"\r\n", b"m=audio 0 RTP/AVP 0\r\n", b"m=audio 65535 RTP/AVP 127 127\r\n", b"m=video 5000 RTP/AVP 31\r\n",
    b"a=rtpmap:0 PCMU/0\r\n", b"a=rtpmap:96 opus/48000/255\r\n", b"a=fmtp:96 " + b"p=1;" * 100 + b"\r\n",
    b"a=ptime:0\r\n", b"a=inactive\r\n", b"c=IN IP4 0.0.0.0\r\n", b"a=extmap:15 urn:x\r\n", b"b=AS:-1\r\n",
    b"<!DOCTYPE a [<!ENTITY b \"c\">]>", b"<entry uri=\"sip:&#0;@b\"/>", b"</list>", b"<list>" * 50, b"&amp;",
    b"--boundary1\r\n", b"--boundary1--\r\n", b"\0" * 20, b"SIP/2.0 200 OK\r\n",
]  # fmt: skip
WORD = re.compile(rb"[A-Za-z0-9_.+-]+")


class Mutator:
    """`keep`: addresses that stay as they are."""

    def __init__(self, dice, keep):
        self.dice = dice
        self.words = {b"AdDr%dX" % index: text.encode() for index, text in enumerate(keep)}
        self.known = []  # messages seen, to be crossed with

    def __call__(self, data):
        for word, text in self.words.items():
            data = data.replace(text, word)
        self.known = (self.known + [data])[-30:]
        for _ in range(self.dice.choice((1, 1, 1, 2, 3, 6))):
            way = self.dice.choice(self.WAYS)
            data = way(self, data)
        data = self.measured(data) if self.dice.random() < 0.7 else data
        data = re.sub(rb"\d+\.\d+\.\d+\.\d+", self.harmless, data)
        for word, text in self.words.items():
            data = data.replace(word, text)
        return data[:60000]

    @staticmethod
    def harmless(match):
        """What has come to look like an address in spite of all is nobody's."""
        return match[0] if match[0] in (b"0.0.0.0", b"127.0.0.1") else b"192.0.2.1"

    def measured(self, data):
        """With a Content-Length that is right, so that what is wrong is elsewhere."""
        head, _, body = data.partition(b"\r\n\r\n")
        return re.sub(rb"(?mi)^(content-length|l)[ \t]*:.*?\r?$", b"Content-Length: %d\r" % len(body), head, count=1) + (
            b"\r\n\r\n" + body
        )

    # ---- ways: each takes the message and gives it back changed ---------------------------------

    def lines(self, data):
        head, _, body = data.partition(b"\r\n\r\n")
        return head.split(b"\r\n"), body

    def join(self, lines, body):
        return b"\r\n".join(lines) + b"\r\n\r\n" + body

    def flip(self, data):
        data = bytearray(data)
        for _ in range(self.dice.randrange(1, 4)):
            data[self.dice.randrange(len(data))] = self.dice.choice((0, 10, 13, 32, 34, 37, 60, 62, 127, 255)) if (
                self.dice.random() < 0.6
            ) else self.dice.randrange(256)
        return bytes(data)

    def cut(self, data):
        return data[: self.dice.randrange(1, len(data) + 1)]

    def splice(self, data):
        """A piece is taken out, doubled, or put elsewhere."""
        at, to = sorted(self.dice.randrange(len(data) + 1) for _ in range(2))
        piece, elsewhere = data[at:to][:500], self.dice.randrange(len(data) + 1)
        return self.dice.choice(
            (data[:at] + data[to:], data[:to] + piece + data[to:], data[:elsewhere] + piece + data[elsewhere:])
        )

    def drop_line(self, data):
        lines, body = self.lines(data)
        del lines[self.dice.randrange(len(lines))]
        return self.join(lines, body)

    def double_line(self, data):
        lines, body = self.lines(data)
        lines.insert(self.dice.randrange(len(lines) + 1), self.dice.choice(lines))
        return self.join(lines, body)

    def shuffle(self, data):
        lines, body = self.lines(data)
        rest = lines[1:]
        self.dice.shuffle(rest)
        return self.join(lines[:1] + rest, body)

    def value(self, data):
        """A header gets another value, or one from elsewhere in the message."""
        lines, body = self.lines(data)
        at = self.dice.randrange(len(lines))
        name = lines[at].partition(b":")[0]
        other = self.dice.choice(VALUES + [line.partition(b":")[2].strip() for line in lines])
        lines[at] = name + b": " + other
        return self.join(lines, body)

    def header(self, data):
        lines, body = self.lines(data)
        extra = self.dice.choice(HEADERS) + b": " + self.dice.choice(VALUES)
        lines.insert(self.dice.randrange(1, len(lines) + 1), extra)
        return self.join(lines, body)

    def word(self, data):
        """A word becomes another one, or nonsense."""
        found = list(WORD.finditer(data))
        if not found:
            return data
        match = self.dice.choice(found)
        other = self.dice.choice([self.dice.choice(VALUES), self.dice.choice(found)[0], self.dice.choice(METHODS)])
        return data[: match.start()] + other + data[match.end() :]

    def number(self, data):
        found = list(re.finditer(rb"\d+", data))
        if not found:
            return data
        match = self.dice.choice(found)
        near = int(match[0][:15]) + self.dice.choice((-1, 1, 2, 1000, -1000))
        other = self.dice.choice((b"%d" % near, self.dice.choice(VALUES[3:14])))
        return data[: match.start()] + other + data[match.end() :]

    def method(self, data):
        """Another method, in one or both of its places."""
        method = self.dice.choice(METHODS)
        if data.startswith(b"SIP/2.0"):
            return b"SIP/2.0 %d" % self.dice.choice((99, 100, 180, 183, 199, 200, 202, 299, 302, 401, 407, 422, 481,
                                                     486, 491, 500, 503, 603, 699, 700)) + data[11:]
        data = re.sub(rb"^\S*", method, data, count=1)
        if self.dice.random() < 0.7:
            data = re.sub(rb"(?mi)^(CSeq:[ \t]*\d+[ \t]+)\S+", lambda match: match[1] + method, data, count=1)
        return data

    def body(self, data):
        head, _, body = data.partition(b"\r\n\r\n")
        at = self.dice.randrange(len(body) + 1)
        piece = self.dice.choice(BODIES)
        return head + b"\r\n\r\n" + self.dice.choice((body[:at] + piece + body[at:], body[:at] + piece, piece, b""))

    def cross(self, data):
        """The head of this one, the body or the last headers of another."""
        lines, body = self.lines(data)
        others, other_body = self.lines(self.dice.choice(self.known))
        at = self.dice.randrange(1, len(lines) + 1)
        return self.dice.choice(
            (self.join(lines, other_body), self.join(lines[:at] + others[1:], body), self.join(others[:1] + lines[1:], body))
        )

    WAYS = (flip, cut, splice, drop_line, double_line, shuffle, value, value, header, header, word, word, word, number,
            number, method, body, body, cross)  # fmt: skip
