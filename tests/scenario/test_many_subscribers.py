"""Many subscribers while many join: bounded NOTIFYs, and no version is missed by anybody.

SUBSCRIBERS=1000 JOINS=200 in the environment makes it as large as that, and -v prints the figures.
"""

import os
import re
import socket
import threading
import time

import run
from parley import OPEN, Server
from sip import Phone

SUBSCRIBERS = int(os.environ.get("SUBSCRIBERS", 100))
JOINS = int(os.environ.get("JOINS", 40))
PACE = 50  # joins a second
INTERVAL = 0.2  # s, the default of notify.interval

SUBSCRIBE = """SUBSCRIBE sip:demo@{server} SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bK-crowd-{number}
Max-Forwards: 70
From: <sip:s{number}@{me}>;tag=s{number}
To: <sip:demo@{server}>
Call-ID: crowd-{number}
CSeq: 1 SUBSCRIBE
Contact: <sip:s{number}@{me}>
Event: conference
Content-Length: 0

""".replace("\n", "\r\n")


class Crowd:
    """Many subscribers on one socket; each NOTIFY is answered at once, and its version checked."""

    def __init__(self, server):
        self.server = server
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.sock.bind((server.address, 0))
        self.sock.settimeout(0.1)
        self.me = f"{server.address}:{self.sock.getsockname()[1]}"
        self.versions, self.seen, self.problems = {}, set(), []
        self.notifies = self.repeated = self.fulls = self.bytes = 0
        self.is_over = False
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def subscribe(self, number):
        text = SUBSCRIBE.format(server=self.server.address, me=self.me, number=number)
        self.sock.sendto(text.encode(), (self.server.address, self.server.port))

    def listen(self):
        while not self.is_over:
            try:
                data, source = self.sock.recvfrom(65536)
            except TimeoutError:
                continue
            if data.startswith(b"NOTIFY"):
                self.answer(data, source)
            elif not data.startswith(b"SIP/2.0 200"):
                self.problems.append(data[:80])

    def answer(self, data, source):
        head, _, body = data.partition(b"\r\n\r\n")
        copied = re.findall(rb"(?m)^(?:Via|From|To|Call-ID|CSeq): [^\r]*\r\n", head + b"\r\n")
        reply = b"SIP/2.0 200 OK\r\n" + b"".join(copied) + b"Content-Length: 0\r\n\r\n"
        self.sock.sendto(reply, source)
        number = int(re.search(rb"Call-ID: crowd-(\d+)", head)[1])
        cseq = int(re.search(rb"CSeq: (\d+)", head)[1])
        if (number, cseq) in self.seen:
            self.repeated += 1
            return
        self.seen.add((number, cseq))
        self.notifies += 1
        self.bytes += len(data)
        version = int(re.search(rb'version="(\d+)"><', body)[1])
        before = self.versions.get(number)
        if b'state="partial" version' in body:
            if before is None or version != before + 1:
                self.problems.append(f"{number}: partial version {version} after {before}")
        else:
            self.fulls += 1
        self.versions[number] = version

    def wait(self, ready, within=20):
        deadline = time.monotonic() + within * run.SLOW
        while not ready() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert ready(), f"{len(self.versions)} have {set(self.versions.values())}"

    def close(self):
        self.is_over = True
        self.thread.join()
        self.sock.close()


@run.limit(200)
def test_notifies_are_bounded_and_nobody_misses_one():
    with Server(policy=OPEN) as server:
        crowd = Crowd(server)
        for number in range(SUBSCRIBERS):
            crowd.subscribe(number)
            if number % 50 == 49:
                time.sleep(0.02)
        crowd.wait(lambda: len(crowd.versions) == SUBSCRIBERS)
        first, cpu = crowd.notifies, server.cpu()
        began = time.monotonic()
        phones = []
        for number in range(JOINS):
            phones.append(Phone(server, f"caller{number}", media=False))
            phones[-1].call()
            time.sleep(max(began + (number + 1) / PACE - time.monotonic(), 0))
        took = time.monotonic() - began
        last = Phone(server, "last", media=False)
        last.subscribe(expires=0)
        last.expect(200)
        time.sleep(2 * INTERVAL)
        version = max(crowd.versions.values())
        crowd.wait(lambda: set(crowd.versions.values()) == {version})
        told = crowd.notifies - first
        print(
            f"{SUBSCRIBERS} subscribers, {JOINS} joins in {took:.1f} s: {told} NOTIFYs"
            f" ({told / SUBSCRIBERS:.1f} each), {crowd.fulls - SUBSCRIBERS} of them full,"
            f" {crowd.bytes >> 10} KiB, {crowd.repeated} repeated,"
            f" {server.cpu() - cpu:.2f} s of processor"
        )
        for thread in server.status()["media_threads"]:
            print({key: thread[key] for key in thread if "late" in key or "skip" in key})
        assert not crowd.problems, crowd.problems[:10]
        assert told <= SUBSCRIBERS * (took / INTERVAL + 3), "more than the interval allows"
        for phone in phones + [last]:
            if phone.is_up:
                phone.hang_up()
            phone.close()
        crowd.close()


if __name__ == "__main__":
    run.main()
