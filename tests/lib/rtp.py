"""What a phone says and hears: RTP (RFC 3550), RTCP and telephone-events (RFC 4733).

One thread serves the streams of all phones of a test: it sends each packet at its time and keeps
all that comes with the time of its arrival. Tests wait for what they want to hear by wait_for().
"""

import heapq
import os
import random
import select
import socket
import struct
import threading
import time

import numpy as np

import run
import tone

SR, RR, SDES, BYE = 200, 201, 202, 203
EVENT_PAYLOAD_TYPE = 101


class Packet:
    """An RTP packet that came, parsed."""

    def __init__(self, data, arrival, source):
        self.data, self.arrival, self.source = data, arrival, source
        first, second, self.sequence, self.timestamp, self.ssrc = struct.unpack(">BBHII", data[:12])
        assert first >> 6 == 2, f"not RTP version 2: {data[:16]!r}"
        self.marker, self.payload_type = bool(second & 0x80), second & 0x7F
        sources = 12 + 4 * (first & 15)
        self.sources = [int.from_bytes(data[at : at + 4], "big") for at in range(12, sources, 4)]
        self.extensions, self.payload = {}, data[sources:]
        if first & 0x10:
            profile, words = struct.unpack(">HH", data[sources : sources + 4])
            self.payload = data[sources + 4 + 4 * words :]
            self.extensions = extensions(profile, data[sources + 4 : sources + 4 + 4 * words])


def extensions(profile, data):
    """{id: its bytes}, of a header extension in the one-byte or the two-byte form (RFC 8285)."""
    assert profile in (0xBEDE, 0x1000), f"an extension of profile {profile:x}"
    found, at = {}, 0
    while at < len(data):
        if data[at] == 0:
            at += 1
        elif profile == 0xBEDE:
            size = (data[at] & 15) + 1
            found[data[at] >> 4] = data[at + 1 : at + 1 + size]
            at += 1 + size
        else:
            found[data[at]] = data[at + 2 : at + 2 + data[at + 1]]
            at += 2 + data[at + 1]
    return found


def header(payload_type, sequence, timestamp, ssrc, marker=False):
    return struct.pack(
        ">BBHII",
        0x80,
        payload_type | (0x80 if marker else 0),
        sequence & 0xFFFF,
        timestamp & 0xFFFFFFFF,
        ssrc,
    )


def rtcp_packets(data):
    """[(type, count, body)] of a compound packet; checks RFC 3550 §6.1 and A.2."""
    packets, at = [], 0
    while at < len(data):
        first, kind, words = struct.unpack(">BBH", data[at : at + 4])
        assert first >> 6 == 2, f"not RTCP version 2: {data.hex()}"
        packets.append((kind, first & 31, data[at + 4 : at + 4 + 4 * words]))
        at += 4 + 4 * words
    assert at == len(data), f"RTCP lengths do not add up: {data.hex()}"
    assert packets[0][0] in (SR, RR), f"a compound packet begins with SR or RR: {data.hex()}"
    return packets


def cname_of(data):
    """The CNAME in a compound packet, or None."""
    for kind, _, body in rtcp_packets(data):
        if kind == SDES and body[4] == 1:
            return body[6 : 6 + body[5]].decode()
    return None


class Clockwork:
    """The thread: timers and sockets of all streams. A callback returns when it wants to be
    called next, or None."""

    def __init__(self):
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.poll, self.readers, self.timers, self.count = select.epoll(), {}, [], 0
        self.wake_r, self.wake_w = os.pipe()
        os.set_blocking(self.wake_w, False)
        self.error = None
        self.poll.register(self.wake_r, select.EPOLLIN)
        threading.Thread(target=self.work, name="rtp", daemon=True).start()

    def read(self, sock, callback):
        with self.lock:
            self.readers[sock.fileno()] = (sock, callback)
            self.poll.register(sock.fileno(), select.EPOLLIN)

    def forget(self, sock):
        with self.lock:
            if self.readers.pop(sock.fileno(), None):
                self.poll.unregister(sock.fileno())

    def at(self, when, callback):
        with self.lock:
            self.count += 1
            heapq.heappush(self.timers, (when, self.count, callback))
        try:
            os.write(self.wake_w, b"!")
        except BlockingIOError:
            pass  # it is awake already

    def work(self):
        while True:
            with self.lock:
                pause = self.timers[0][0] - time.monotonic() if self.timers else 1
            for fd, _ in self.poll.poll(max(pause, 0)):
                if fd == self.wake_r:
                    os.read(fd, 4096)
                    continue
                with self.lock:
                    self.drain(fd)
            with self.lock:
                while self.timers and self.timers[0][0] <= time.monotonic():
                    _, _, callback = heapq.heappop(self.timers)
                    again = callback()
                    if again is not None:
                        self.at(again, callback)
                self.changed.notify_all()

    def drain(self, fd):
        if fd not in self.readers:
            return
        sock, callback = self.readers[fd]
        while True:
            try:
                data, source = sock.recvfrom(65536)
            except BlockingIOError:
                return
            except ConnectionError:
                continue  # an ICMP error of something sent earlier
            callback(data, time.monotonic(), source[:2])

    def wait_for(self, condition, within, what):
        with self.changed:
            if not self.changed.wait_for(condition, within * run.SLOW):
                raise AssertionError(f"not within {within} s: {what}")


class Clock:
    """The clockwork of this process, begun at its first use."""

    work = None

    @classmethod
    def get(cls):
        if cls.work is None:
            cls.work = Clockwork()
        return cls.work


def open_pair(address):
    """Two UDP sockets, RTP on an even port and RTCP on the next (RFC 3550 §11)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for _ in range(200):
        port = random.randrange(40002, 60000, 2)  # 40000 is what phones without audio say
        pair = []
        try:
            for number in (port, port + 1):
                sock = socket.socket(family, socket.SOCK_DGRAM)
                pair.append(sock)
                sock.bind((address, number))
                sock.setblocking(False)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            return pair
        except OSError:
            for sock in pair:
                sock.close()
    raise AssertionError(f"no two free ports on {address}")


class Stream:
    """One phone's audio in both directions.

    play() sets what is said (a source of tone.py, or None to send nothing at all), hear() gives
    what is heard from now on, `packets` and `rtcp` are all that came.
    """

    def __init__(self, address, rtcp_every=None):
        self.clock = Clock.get()
        self.sock, self.rtcp_sock = open_pair(address)
        self.address, self.port = address, self.sock.getsockname()[1]
        self.law, self.ptime, self.remote, self.source = tone.PCMU, 20, None, tone.silence
        self.ssrc, self.sequence = random.getrandbits(32), random.getrandbits(16)
        self.timestamp, self.said, self.sent, self.octets = random.getrandbits(32), 0, 0, 0
        self.packets, self.rtcp, self.running, self.marker = [], [], False, True
        self.rtcp_every, self.key = rtcp_every, None
        self.pace = 1  # of the clock: 0.99 sends 1 % too fast
        self.clock.read(self.sock, self.take)
        self.clock.read(self.rtcp_sock, self.take_rtcp)

    # ---- saying -----------------------------------------------------------------------------

    def connect(self, address, port, payload_type=0, ptime=20):
        """Where to send and as what; sending begins with the first connect."""
        with self.clock.lock:
            self.remote, self.law, self.ptime = (address, port), tone.LAWS[payload_type], ptime
            if not self.running:
                self.running = True
                self.due = time.monotonic()
                self.clock.at(self.due, self.speak)
                if self.rtcp_every:
                    self.clock.at(self.due, self.report)

    def play(self, source):
        with self.clock.lock:
            self.marker = self.source is None
            self.source = source

    def mute(self):
        self.play(None)

    def speak(self):
        if not self.running:
            return None
        count = self.ptime * self.law.rate // 1000
        if self.key:
            self.speak_key(count)
        elif self.source is not None:
            self.send(self.law.payload_type, self.law.encode(self.source(self.said, count)))
        self.said += count
        self.timestamp += count
        self.due += self.ptime / 1000 * self.pace
        return self.due

    def press(self, digit, duration=100, clock=None):
        """A key as telephone-events in place of the audio, the end three times (RFC 4733 §2.5).
        `clock`: what its duration is counted in, when that is not the audio's."""
        with self.clock.lock:
            assert self.key is None, "one key at a time"
            self.key = [
                "0123456789*#ABCD".index(digit),
                self.timestamp,
                duration * self.law.rate // 1000,
                clock or self.law.rate,
            ]

    def speak_key(self, count):
        code, start, duration, clock = self.key
        pressed = self.timestamp - start + count
        ended = pressed >= duration
        told = min(pressed, duration) * clock // self.law.rate
        payload = struct.pack(">BBH", code, (0x80 if ended else 0) | 10, told)
        for _ in range(3 if ended else 1):
            self.send(EVENT_PAYLOAD_TYPE, payload, start, pressed == count)
        if ended:
            self.key = None

    def send(self, payload_type, payload, timestamp=None, marker=None, sock=None):
        """One RTP packet with the stream's next sequence number."""
        marker = self.marker if marker is None else marker
        data = (
            header(
                payload_type,
                self.sequence,
                self.timestamp if timestamp is None else timestamp,
                self.ssrc,
                marker,
            )
            + payload
        )
        self.sequence += 1
        self.marker = False
        self.sent += 1
        self.octets += len(payload)
        self.send_raw(data, sock)

    def send_raw(self, data, sock=None):
        try:
            (sock or self.sock).sendto(data, self.remote)
        except ConnectionError:
            pass  # nobody listens there any more

    def report(self):
        if not self.running:
            return None
        now = time.time()
        ntp = int((now + 2208988800) * 2**32)
        report = struct.pack(
            ">BBHIQIII",
            0x80,
            SR,
            6,
            self.ssrc,
            ntp,
            self.timestamp & 0xFFFFFFFF,
            self.sent,
            self.octets,
        )
        names = struct.pack(">BBHI", 0x81, SDES, 4, self.ssrc) + b"\x01\x09test@host\x00"
        self.send_rtcp(report + names)
        return time.monotonic() + self.rtcp_every

    def send_rtcp(self, data):
        self.rtcp_sock.sendto(data, (self.remote[0], self.remote[1] + 1))

    # ---- hearing ----------------------------------------------------------------------------

    def take(self, data, arrival, source):
        if len(data) > 1 and 192 <= data[1] <= 223:  # muxed RTCP (RFC 5761 §4)
            self.take_rtcp(data, arrival, source)
            return
        self.packets.append(Packet(data, arrival, source))

    def take_rtcp(self, data, arrival, source):
        self.rtcp.append((arrival, data, source))

    def wait_for(self, condition, within=3, what="the stream's condition"):
        self.clock.wait_for(condition, within, what)

    def wait_for_packets(self, count, within=3):
        """Until `count` more packets have come; returns them."""
        first = len(self.packets)
        self.wait_for(
            lambda: len(self.packets) >= first + count,
            within,
            f"{count} RTP packets at {self.address}:{self.port}",
        )
        return self.packets[first:]

    def hear(self, seconds=0.5, settle=0.25):
        """Samples of so many seconds of what comes from now on, after `settle` more."""
        with self.clock.lock:
            first = len(self.packets)
        rate = self.law.rate
        wanted = int((seconds + settle) * rate)
        self.wait_for(
            lambda: len(self.audio(first)) >= wanted,
            2 * (seconds + settle) + 2,
            f"{seconds + settle} s of audio at {self.address}:{self.port}",
        )
        return self.audio(first)[int(settle * rate) : wanted]

    def audio(self, first=0, last=None):
        """Samples of the packets [first:last], put where their timestamps say; lost is 0."""
        packets = [p for p in self.packets[first:last] if p.payload_type in tone.LAWS]
        if not packets:
            return np.zeros(0)
        base = packets[0].timestamp
        offsets = [(p.timestamp - base + 2**31) % 2**32 - 2**31 for p in packets]
        pieces = [tone.LAWS[p.payload_type].decode(p.payload) for p in packets]
        assert max(offsets) < 3600 * tone.RATE, "the timestamps jump by more than an hour"
        samples = np.zeros(max(max(o + len(s) for o, s in zip(offsets, pieces)), 0))
        for offset, piece in zip(offsets, pieces):
            if offset >= 0:
                samples[offset : offset + len(piece)] = piece
        return samples

    def played(self, first=0):
        """Samples of the packets from there on, put where their sequence numbers say. A tick that the server
        had to drop on a busy machine is a hole in the timestamps, but no number: what is played (a prompt, a
        tone of the server) stands still meanwhile, and is here without the hole. What was lost is 0."""
        pieces = []
        ssrc = base = begin = end = 0
        for packet in self.packets[first:]:
            if packet.payload_type not in tone.LAWS:
                continue
            piece = tone.LAWS[packet.payload_type].decode(packet.payload)
            if packet.ssrc != ssrc:
                ssrc, base, begin = packet.ssrc, packet.sequence, end
            number = (packet.sequence - base + 2**15) % 2**16 - 2**15
            if number >= 0:
                pieces.append((begin + number * len(piece), piece))
                end = max(end, pieces[-1][0] + len(piece))
        samples = np.zeros(end)
        for offset, piece in pieces:
            samples[offset : offset + len(piece)] = piece
        return samples

    def assert_steady(self, first=0, last=None, longest_gap=0.06):
        """Sequence and timestamp go on without a hole, and no packet is later than that."""
        packets = self.packets[first:last]
        for before, after in zip(packets, packets[1:]):
            assert after.ssrc == before.ssrc, "the SSRC changed"
            assert (
                after.sequence == (before.sequence + 1) & 0xFFFF
            ), f"sequence {before.sequence} is followed by {after.sequence}"
            step = (after.timestamp - before.timestamp) & 0xFFFFFFFF
            assert (
                step == len(before.payload) // self.law.width
            ), f"a timestamp step of {step} for {len(before.payload)} samples"
            gap = after.arrival - before.arrival
            assert gap < longest_gap * run.SLOW, f"{gap * 1000:.0f} ms without a packet"

    def close(self):
        with self.clock.lock:
            self.running = False
            for sock in (self.sock, self.rtcp_sock):
                self.clock.forget(sock)
                sock.close()
