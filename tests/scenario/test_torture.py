"""RFC 4475's messages, byte for byte, and RFC 5118's: each is answered as the RFC says, and harms
nobody.

The files in rfc4475/ are the archive of its appendix, named as there. Only the transport in the top
Via is made the one that the message comes by.
"""

import contextlib
import pathlib
import re
import time

import run
from message import Message, render
from parley import OPEN, Server
from sip import Phone, unique

MESSAGES = pathlib.Path(__file__).parent / "rfc4475"
ACCOUNTS = 'stop_timeout = "500ms"\naccounts = { somebody = { password = "secret" } }\n'

# What may come of each; None: silence. The registrar asks everybody for a password.
# fmt: off
RIGHT = {
    # §3.1.1: valid ones
    "wsinv": (481,),          # its To has a tag, which is of no call of ours
    "intmeth": (501, None),   # "`" and "+" are no characters of a method for the SIP library
    "esc01": (404,),          # the user "sips:user@example.com" is no conference
    "escnull": (401,),
    "esc02": (501,),          # an escaped "REGISTER" is another method
    "lwsdisp": (200,),
    "longreq": (200,),
    "dblreq": (401,),
    "semiuri": (404,),
    "transports": (200,),
    "mpart01": (415,),        # a MESSAGE of several parts, which is no plain text
    "unreason": (None,),
    "noreason": (None,),
    # §3.1.2: invalid ones
    "badinv01": (400, None),
    "clerr": (400,),
    "ncl": (400,),
    "scalar02": (400,),
    "scalarlg": (None,),
    "quotbal": (400,),
    "ltgtruri": (400,),
    "lwsruri": (400, None),
    "lwsstart": (200, 400),
    "trws": (200, 400),
    "escruri": (200, 400),
    "baddate": (200, 400),
    "regbadct": (400,),
    "badaspec": (200, 400),
    "baddn": (400,),
    "badvers": (505, None),   # nobody knows how a Via of SIP/7.0 is to be answered
    "mismatch01": (400,),
    "mismatch02": (400, 501),
    "bigcode": (None,),
    # §3.2: transactions
    "badbranch": (200, 400),
    # §3.3: what is well-formed, and means something else than it seems to
    "insuf": (400,),
    "unkscm": (416,),
    "novelsc": (416,),
    "unksm2": (400, 401),
    "bext01": (420,),
    "invut": (415,),
    "regaut01": (401,),
    "multi01": (400,),
    "mcl01": (400,),
    "bcast": (None,),
    "zeromf": (200,),
    "cparam01": (401,),       # test_register has these three succeed
    "cparam02": (401,),
    "regescrt": (401,),
    "sdp01": (406,),
    # §3.4: RFC 2543
    "inv2543": (400,),        # there is no Contact to answer to
}
# On a stream, they end later than what has come.
UNFINISHED = ("clerr", "baddn")
# fmt: on


def by(transport, data):
    return re.sub(
        rb"(?i)(via[ \t]*:\s*SIP\s*/\s*[27]\.0\s*/\s*)\w+|^(v[ \t]*:\s*SIP\s*/\s*2\.0\s*/\s*)\w+",
        lambda match: (match[1] or match[2]) + transport.upper().encode(),
        data,
        count=1,
    )


def answer(phone, within):
    """The final response, or None."""
    deadline = time.monotonic() + within * run.SLOW
    with contextlib.suppress(ConnectionError):  # a stream that nobody can make sense of is closed
        while response := phone.receive(max(deadline - time.monotonic(), 0) / run.SLOW):
            if response.is_response and response.code >= 200:
                return response
    return None


def hang_up(phone, ok):
    """What a message of the RFC has set up goes down again."""
    for number, method in ((ok.cseq[0], "ACK"), (ok.cseq[0] + 1, "BYE")):
        lines = [
            ("Via", f"SIP/2.0/{phone.transport.upper()} {phone.sent_by};branch={unique('z9hG4bK')};rport"),
            ("From", ok["From"]),
            ("To", ok["To"]),
            ("Call-ID", ok["Call-ID"]),
            ("CSeq", f"{number} {method}"),
        ]
        phone.send(render(Message(f"{method} {phone.uri('user')} SIP/2.0", lines)))
    gone = answer(phone, 3)
    while gone and not gone["CSeq"].endswith("BYE"):  # a repeated 200 may have been on its way
        gone = answer(phone, 3)
    assert gone and gone.code == 200, f"the BYE got {gone}"


def exchange(server, transport, data, right):
    """Sends it and says what is wrong with the answer; None: nothing is."""
    with Phone(server, media=False, transport=transport) as phone:
        phone.send(by(transport, data))
        response = answer(phone, 0.2 if None in right else 3)
        if (response and response.code) not in right:
            return f"answered by {response and response.start}, should be one of {right}"
        if response and response.code == 200 and response["CSeq"].endswith("INVITE"):
            hang_up(phone, response)
        return None


def assert_serves(server, calls):
    """Somebody can call, and nothing is left of what was there besides those calls."""
    with Phone(server, "witness") as witness:
        witness.call("demo")
        witness.audio.wait_for_packets(5)
    run.until(lambda: server.status()["server"]["calls"] == calls,
              lambda: f"calls are left: {server.status()['conferences']}", within=5)


def torture(transport):
    wrong = []
    with Server(config=ACCOUNTS, policy=OPEN) as server, Phone(server, "bob") as bob:
        bob.call()
        for name, right in RIGHT.items():
            if transport == "tcp" and name in UNFINISHED:
                right = (None,)
            problem = exchange(server, transport, (MESSAGES / f"{name}.dat").read_bytes(), right)
            if problem:
                wrong.append(f"{name}: {problem}")
        bob.audio.wait_for_packets(5)
        assert_serves(server, calls=1)
    assert not wrong, "\n".join(wrong)


def test_there_are_49_messages():
    assert {path.stem for path in MESSAGES.glob("*.dat")} == set(RIGHT) and len(RIGHT) == 49


@run.limit(60)
def test_each_of_them_by_udp():
    torture("udp")


@run.limit(60)
def test_each_of_them_by_tcp():
    torture("tcp")


def test_a_refusal_that_is_repeated_says_the_same():
    """A phrase that was not kept went out as whatever stood in that memory by then."""
    with Server(config=ACCOUNTS) as server, Phone(server, media=False) as alice:
        alice.invite("nobody%20knows")
        assert alice.expect(404).reason == "No such conference"
        alice.expect_nothing(2)
        assert len(alice.repeated) >= 2 and {m.reason for _, m in alice.repeated} == {"No such conference"}
        alice.ack()


# ---- RFC 5118 -----------------------------------------------------------------------------------

VIA = "Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-{unique}"
COMMON = "\r\nCall-ID: {unique}@hlau_4100\r\nMax-Forwards: 70\r\nCSeq: 98176 {method}\r\n"
PARTIES = "To: sip:user@example.com{tag}\r\nFrom: sip:user@example.com;tag=81x2\r\n"
CONTACT = 'Contact: "Caller" <sip:caller@[2001:db8::1]>\r\n'
SDP = "v=0\r\no=assistant 971731711378798081 0 IN {origin}\r\ns=Live video feed for today's meeting\r\n"
G726 = "t=3338481189 3370017201\r\nm=audio 6000 RTP/AVP 2\r\na=rtpmap:2 G726-32/8000\r\n"

# section, method, URI, top Via (None: as in most), body, the answers that are right
# fmt: off
IPV6 = [
    ("4.1", "REGISTER", "sip:[2001:db8::10]", None, "", (401,)),
    ("4.2 no brackets", "REGISTER", "sip:2001:db8::10", None, "", (400, None)),
    ("4.3 the port within", "REGISTER", "sip:[2001:db8::10:5070]", None, "", (401,)),
    ("4.4 the port behind", "REGISTER", "sip:[2001:db8::10]:5070", None, "", (401,)),
    ("4.5 received with brackets", "BYE", "sip:[2001:db8::10]",
     "Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-{unique}", "", (481, 400)),
    ("4.5 received without", "OPTIONS", "sip:demo@[2001:db8::10]",
     "Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3{unique}", "", (200,)),
    ("4.6 in SDP", "INVITE", "sip:demo@[2001:db8::10]", None,
     SDP.format(origin="IP6 2001:db8::20") + "c=IN IP6 2001:db8::20\r\n" + G726, (488,)),
    ("4.7 many addresses in Via", "BYE", "sip:demo@[2001:db8::10]",
     "Via: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-{unique}\r\n"
     "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144\r\n"
     "Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200", "", (481,)),
    ("4.8 both families in SDP", "INVITE", "sip:demo@[2001:db8::10]", None,
     "v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\nm=audio 22334 RTP/AVP 0\r\n"
     "c=IN IP4 192.0.2.1\r\nm=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:107 H263-1998/90000\r\n",
     (200, 488)),
    ("4.9 mapped addresses", "INVITE", "sip:demo@example.com",
     "Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19{unique}\r\n"
     "Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111",
     SDP.format(origin="IP6 ::ffff:192.0.2.2") + "c=IN IP6 ::ffff:192.0.2.2\r\n" + G726, (488,)),
    ("4.10 three colons", "OPTIONS", "sip:demo@[2001:db8:::192.0.2.1]", None, "", (200, 400, None)),
    ("4.10 two colons", "OPTIONS", "sip:demo@[2001:db8::192.0.2.1]", None, "", (200,)),
]
# fmt: on


def test_ipv6_addresses_stand_where_they_should_and_where_they_should_not():
    wrong = []
    with Server(config=ACCOUNTS, policy=OPEN, host="::1") as server:
        for section, method, uri, via, body, right in IPV6:
            for transport in ("udp", "tcp"):
                words = {"unique": unique(), "method": method, "tag": ";tag=bd76ya" if method == "BYE" else ""}
                text = f"{method} {uri} SIP/2.0\r\n" + (PARTIES + (via or VIA) + COMMON).format(**words)
                text += "" if method == "BYE" else CONTACT
                text += "Content-Type: application/sdp\r\n" if body else ""
                data = f"{text}Content-Length: {len(body)}\r\n\r\n{body}".encode()
                problem = exchange(server, transport, data, right)
                if problem:
                    wrong.append(f"{section} by {transport}: {problem}")
        assert_serves(server, calls=0)
    assert not wrong, "\n".join(wrong)


if __name__ == "__main__":
    run.main()
