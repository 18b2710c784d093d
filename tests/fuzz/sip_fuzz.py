"""A fuzzer of the whole SIP path: flows of calls, subscriptions, referrals, registrations and what
else there is, in which every other message is wrong in some way, the answers to the server's own
requests too.

After each batch of flows everybody falls silent, and the server must be as it was before: alive,
without a call, subscription or dialog that is left over, and no bigger; at the end, without a
transaction either.

    make fuzz SECONDS=600        for long, with a seed of its own (SEED=4711 repeats one)

The same seed does the same as far as the server's answers come at the same time.
"""

import argparse
import collections
import contextlib
import os
import pathlib
import random

import select
import sys
import tempfile
import time

import digest
import recipients
import run

from message import parameter, render
from mutate import Mutator
from parley import Server
from sip import Phone, options, unique

VERBS = "create join replace invite timeout mute hold media remove lock close subscribe".split()
POLICY = (
    'local policy = parley.policy { name = "everything" }\n'
    + "".join(f"function policy.{verb}() return accept() end\n" for verb in VERBS)
    + "return policy\n"
)
# All that waits does so briefly, so that what is left over can be told from what still waits.
CONFIG = """
sip = { t1 = "20ms" }
rtp = { timeout = "1s" }
session = { expires = 3, min_se = 1 }
notify = { interval = "20ms", min_expires = 1, max_expires = 3 }
registration = { min_expires = 1, max_expires = 4 }
outbound = { timeout = "1s", credentials = { ["far"] = { user = "parley", password = "secret" } } }
stop_timeout = "200ms"
accounts = { alice = { password = "wonder" }, bob = { password = "builder" } }
conferences = { factory = { factory = "answer" } }
max_calls = 400
"""
PASSWORDS = {"alice": "wonder", "bob": "builder"}
USERS = ("alice", "bob", "carol", "mallory")
TARGETS = ("demo", "other", "factory", "alice", "demo;x=y")
SETTLED = 20  # s for all of that to pass
TRANSACTIONS_OVER = 32 + SETTLED  # s; an INVITE of the server's lasts so long (RFC 3261 timer D)
GROWTH = 24 << 20  # bytes that the process may be bigger than after the first batches


class Peer(Phone):
    """A phone that makes mistakes, and takes whatever comes."""

    def __init__(self, fuzzer, user, transport):
        super().__init__(fuzzer.server, user, transport=transport, media=False)
        run.on_failure.remove(self.tell)
        self.fuzzer, self.dice, self.challenge = fuzzer, fuzzer.dice, None

    def send(self, message):
        data = self.fuzzer.spoil(message)
        with contextlib.suppress(OSError):
            super().send(data)
        return message

    def turn(self, within=0.008, quiet=False):
        """Takes what has come and answers it; `quiet`: the peer does not want to play any more."""
        with contextlib.suppress(OSError, AssertionError, ValueError, IndexError, TypeError, AttributeError, KeyError):
            while message := self.receive(within):
                if message.is_response:
                    self.take_response(message)
                elif message.method != "ACK":
                    self.learn(message)
                    self.take_request(message, quiet)

    def take_response(self, message):
        self.learn(message)
        method = message.cseq[1]
        if message.code in (401, 407):
            self.challenge = digest.choose(message, "SHA-256")
        if method == "INVITE" and message.code >= 200 and self.dice.random() < 0.9:
            self.ack(body=self.offer() if self.dice.random() < 0.2 else None)

    def take_request(self, message, quiet):
        if quiet:
            self.reply(message, 481)
        elif message.method == "INVITE":
            self.answer_call(message)
        elif message.method == "CANCEL":
            self.reply(message, 200)
        elif self.dice.random() < 0.9:
            self.reply(message, self.dice.choice((200, 200, 200, 200, 481, 500)))

    def answer_call(self, invite):
        if parameter(invite["To"], "tag") is None:
            self.take(invite)
        way = self.dice.randrange(10)
        if way < 5:
            if way < 3:
                self.reply(invite, 180)
            self.reply(invite, 200, body=self.offer() if way else None)
        elif way == 5:
            self.reply(invite, 302, headers={"Contact": f"<{self.own_uri}>, <sip:x@invalid>;q=0.1"})
        elif way == 6:
            challenge = f'Digest realm="far", nonce="{unique()}", qop="auth", algorithm=MD5'
            self.reply(invite, self.dice.choice((401, 407)), headers={"WWW-Authenticate": challenge})
        elif way < 9:
            self.reply(invite, self.dice.choice((183, 486, 491, 500, 503, 603)), body=self.offer())

    # ---- what it does by itself ---------------------------------------------------------------

    def begin(self):
        self.new_dialog()
        self.remote_uri = self.uri(self.dice.choice(TARGETS))

    def proof(self, method):
        if not self.challenge or self.user not in PASSWORDS:
            return {}
        uri = self.remote_target or self.remote_uri
        return {
            "Authorization": digest.authorization(self.challenge, self.user, PASSWORDS[self.user], method, uri)
        }

    def ask(self, method, headers=None, body=None):
        """A request of the dialog there is, or a first one; sent again with a password."""
        for _ in range(2):
            before = self.challenge
            self.send(self.request(method, headers=self.proof(method) | (headers or {}), body=body))
            self.turn()
            if self.challenge is before:
                return

    def call(self, headers=None, body=True):
        self.begin()
        before = self.challenge
        self.send_invite(body, self.proof("INVITE") | (headers or {}))
        self.turn()
        if self.challenge is not before:
            self.send_invite(body, self.proof("INVITE") | (headers or {}))
            self.turn()
        for _ in range(self.dice.randrange(4)):
            self.dice.choice((self.reinvite_somehow, self.in_dialog, self.follow, self.refer_somebody))()
        if self.dice.random() < 0.8:
            self.ask("BYE")

    def reinvite_somehow(self):
        direction = self.dice.choice(("sendonly", "inactive", "sendrecv", "recvonly"))
        formats = self.dice.choice((("PCMU",), ("PCMA", "opus"), ("L16/16000", "telephone-event"), ("speex",)))
        self.send_invite(self.dice.choice((self.offer(direction=direction, formats=formats), None)), None)
        self.turn()

    def in_dialog(self):
        method = self.dice.choice(("UPDATE", "OPTIONS", "INFO", "MESSAGE", "PRACK", "NOTIFY"))
        self.ask(method, body=self.offer() if method in ("UPDATE", "MESSAGE") else None)

    def give_up(self):
        self.begin()
        self.send_invite(True, None)
        self.cancel()
        self.turn()

    def call_with_list(self):
        entries = [recipients.entry(peer.own_uri, copyControl="to") for peer in self.fuzzer.some_peers()]
        parts = [recipients.part("application/sdp", self.offer())]
        parts.append(recipients.list_part(recipients.resource_list(*entries)))
        self.call(recipients.MULTIPART | recipients.REQUIRE, recipients.multipart(*parts))

    def call_in_place(self):
        """Join and Replaces, of a call that somebody has or had."""
        other = self.dice.choice(self.fuzzer.some_peers())
        dialog = f"{other.call_id};to-tag={other.remote_tag};from-tag={other.local_tag}"
        self.call({self.dice.choice(("Join", "Replaces")): dialog})

    def follow(self):
        if self.remote_tag is None:
            self.begin()
        event = self.dice.choice(("conference", "conference", "dialog", "refer", "presence"))
        for expires in self.dice.choice(((3,), (3, 3, 0), (0,), (1, 3))):
            self.ask("SUBSCRIBE", {"Event": event, "Expires": expires})

    def refer_somebody(self):
        if self.remote_tag is None:
            self.begin()
        other = self.dice.choice(self.fuzzer.some_peers())
        target = self.dice.choice(
            (
                f"<{other.own_uri}>",
                f"<{other.own_uri};method=BYE>",
                f"<{other.own_uri}?Refer-To=%3C{other.own_uri}%3E>;method=REFER",
                f"<{other.own_uri}?Replaces={other.call_id}%3Bto-tag%3D{other.remote_tag}%3Bfrom-tag%3Dx>",
                f"{other.own_uri};action=add",
                "<cid:list@here>",
            )
        )
        headers = {"Refer-To": target}
        if self.dice.random() < 0.3:
            headers |= {"Refer-Sub": "false", "Supported": "norefersub"}
        body = None
        if "cid:" in target:
            headers |= {
                "Require": "multiple-refer",
                "Content-Type": recipients.LISTS,
                "Content-ID": "<list@here>",
                "Content-Disposition": "recipient-list",
            }
            body = recipients.resource_list(*(peer.own_uri for peer in self.fuzzer.some_peers()))
        self.ask("REFER", headers, body)

    def register(self):
        self.new_dialog()
        self.remote_uri = f"sip:{self.server.address}"
        own = f"<sip:{self.user}@{self.server.address}>"
        fields = {"To": own, "From": f"{own};tag={self.local_tag}"}
        for contact, expires in self.dice.choice((((self.contact, 4),), ((self.contact, 4), ("*", 0)), ((None, None),))):
            self.ask("REGISTER", fields | {"Contact": contact, "Expires": expires})

    def initiate(self):
        self.begin()
        if self.dice.random() < 0.5:
            self.remote_uri = f"sip:{self.server.address}"
        fields = {"Contact": self.contact, "Accept": "application/conference-info+xml", "Event": "Conference"}
        for _ in range(self.dice.randrange(1, 3)):
            action = self.dice.choice(("add", "delete", "hold", "resume", "none"))
            others = (f"<{peer.own_uri};action={action}>" for peer in self.fuzzer.some_peers())
            self.ask("INITIATE", fields | {"Confer-To": ", ".join(others)})

    def look(self):
        self.begin()
        self.ask(self.dice.choice(("OPTIONS", "OPTIONS", "MESSAGE", "PUBLISH", "NOTIFY", "CANCEL")))

    def babble(self):
        """An answer that nobody has waited for."""
        self.begin()
        request = self.request(self.dice.choice(("INVITE", "SUBSCRIBE", "BYE")))
        self.reply(request, self.dice.choice((100, 180, 200, 401, 481)), body=self.offer())

    FLOWS = (call, call, call, give_up, call_with_list, call_in_place, follow, follow, refer_somebody, refer_somebody,
             register, initiate, look, babble)  # fmt: skip


class Fuzzer:
    def __init__(self, server, seed):
        self.server, self.seed, self.dice = server, seed, random.Random(seed)
        self.mutate = Mutator(self.dice, [server.address])
        self.sent, self.count, self.batches, self.sizes = collections.deque(maxlen=400), 0, 0, []
        self.peers = []
        self.before = self.leftovers()

    def spoil(self, message):
        data = message if isinstance(message, bytes) else render(message)
        data = self.mutate(data) if self.dice.random() < 0.5 else data
        self.count += 1
        self.sent.append(data)
        return data

    def some_peers(self):
        return [self.dice.choice(self.peers) for _ in range(self.dice.randrange(1, 4))]

    def leftovers(self):
        status = self.server.status()
        left = {key: status["sip"][key] for key in ("calls", "subscriptions", "dialogs", "errands")}
        return left | {"conferences": len(status["conferences"]), "registrations": len(status["registrations"])}

    def batch(self, flows):
        """So many flows, then the time that it takes until nothing is left of them."""
        self.batches += 1
        for _ in range(flows):
            transport = "tcp" if self.dice.random() < 0.15 else "udp"
            peer = Peer(self, self.dice.choice(USERS), transport)
            self.peers.append(peer)
            self.dice.choice(Peer.FLOWS)(peer)
            self.dice.choice(self.peers).turn(0.001)
        self.settle()
        self.check_alive()
        self.sizes.append(self.size())

    def settle(self):
        deadline = time.monotonic() + SETTLED * run.SLOW
        while (left := self.leftovers()) != self.before:
            assert time.monotonic() < deadline, f"left after {SETTLED} s: {left}, before it was {self.before}"
            by_socket = {peer.sock: peer for peer in self.peers if peer.sock.fileno() >= 0}
            for sock in select.select(list(by_socket), [], [], 0.1)[0]:
                peer = by_socket[sock]
                peer.turn(0, quiet=True)
                if peer.transport == "tcp":
                    peer.sock.close()  # at its end it could be read for ever
        for peer in self.peers:
            peer.close()
        self.peers = []

    def check_transactions(self):
        def left():
            return self.server.status()["sip"]["transactions"]

        run.until(lambda: not left(), lambda: f"{left()} transactions are left", TRANSACTIONS_OVER)

    def check_alive(self):
        assert self.server.process.poll() is None, "the server has ended"
        with Phone(self.server, "witness", media=False) as witness:
            options(witness)
            witness.expect(200)
        run.on_failure.remove(witness.tell)

    def size(self):
        with open(f"/proc/{self.server.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def check_size(self):
        """A sanitizer keeps what was freed."""
        if not os.environ.get("SANITIZE") and len(self.sizes) > 2:
            grown = self.sizes[-1] - max(self.sizes[:2])
            assert grown < GROWTH, f"{grown >> 20} MiB more than after two batches: {self.sizes}"

    def told(self):
        return (
            f"seed {self.seed}: {self.batches} batches, {self.count} messages, "
            f"{self.sizes[-1] >> 10 if self.sizes else 0} KiB"
        )

    def keep(self):
        """What was sent last, for whoever looks into a failure."""
        path = pathlib.Path(tempfile.gettempdir()) / f"parley-fuzz-{self.seed}.txt"
        path.write_text("".join(f"{data!r}\n" for data in self.sent))
        print(f"--- the last {len(self.sent)} messages of seed {self.seed}, batch {self.batches}, are in {path}")


def fuzz(seed, is_over, flows=60, tell=print):
    """Batches until `is_over`(batches so far); then a call must still go as it should."""
    with Server(config=CONFIG, policy=POLICY, log_level="error") as server:
        fuzzer = Fuzzer(server, seed)
        run.on_failure.append(fuzzer.keep)
        while not is_over(fuzzer.batches):
            fuzzer.batch(flows)
            fuzzer.check_size()
            tell(fuzzer.told())
        with Phone(server, "carol") as carol, Phone(server, "dave") as dave:
            carol.call()
            dave.call()
            dave.audio.wait_for_packets(10)
        fuzzer.check_transactions()


def main():
    parser = argparse.ArgumentParser(description="Sends broken SIP to a server of its own.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--flows", type=int, default=60, help="flows in a batch")
    arguments = parser.parse_args()
    end = time.monotonic() + arguments.seconds
    try:
        fuzz(arguments.seed, lambda _: time.monotonic() >= end, arguments.flows,
             lambda line: print(line, flush=True))
    except BaseException:
        for tell in run.on_failure:
            tell()
        raise


if __name__ == "__main__":
    sys.exit(main())
