"""Many subscribers to one conference on one socket. Each NOTIFY is answered at once, its version
checked, and how often they come is counted."""

import collections
import re
import socket
import threading
import time

SUBSCRIBE = """SUBSCRIBE sip:{conference}@{server} SIP/2.0
Via: SIP/2.0/UDP {me};branch=z9hG4bK-crowd-{number}
Max-Forwards: 70
From: <sip:s{number}@{me}>;tag=s{number}
To: <sip:{conference}@{server}>
Call-ID: crowd-{number}
CSeq: 1 SUBSCRIBE
Contact: <sip:s{number}@{me}>
Event: conference
Content-Length: 0

""".replace("\n", "\r\n")


class Crowd:
    def __init__(self, server, port=5060, conference="demo"):
        self.server, self.port, self.conference = server, port, conference
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.sock.bind((server, 0))
        self.sock.settimeout(0.1)
        self.me = f"{server}:{self.sock.getsockname()[1]}"
        self.versions, self.seen, self.problems = {}, set(), []
        self.notifies = self.repeated = self.fulls = self.bytes = 0
        self.times = collections.defaultdict(collections.deque)
        self.busiest = 0  # NOTIFYs to one of them within a second
        self.is_over = False
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def subscribe(self, count):
        """So many of them, not all at once."""
        for number in range(count):
            text = SUBSCRIBE.format(server=self.server, me=self.me, number=number, conference=self.conference)
            self.sock.sendto(text.encode(), (self.server, self.port))
            if number % 50 == 49:
                time.sleep(0.02)

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
        self.note_time(self.times[number])
        self.check(number, body)

    def note_time(self, times):
        now = time.monotonic()
        times.append(now)
        while now - times[0] >= 1:
            times.popleft()
        self.busiest = max(self.busiest, len(times))

    def check(self, number, body):
        """RFC 4575 §4.6: a partial document is for who has the version before it."""
        found = re.search(rb'version="(\d+)"><', body)
        if not found:
            return  # the last NOTIFY of a conference that has ended
        version, before = int(found[1]), self.versions.get(number)
        if b'state="partial" version' in body:
            if before is None or version != before + 1:
                self.problems.append(f"{number}: partial version {version} after {before}")
        else:
            self.fulls += 1
        self.versions[number] = version

    def are_equal(self, count):
        """Whether so many have a document, all the same."""
        versions = list(self.versions.values())
        return len(versions) == count and len(set(versions)) == 1

    def close(self):
        self.is_over = True
        self.thread.join()
        self.sock.close()
