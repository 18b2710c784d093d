#!/usr/bin/python3
"""The load generator against a bridge with known faults: it must see each of them, and nothing
else. The bridge mixes one frame as soon as each leg has sent one, not by the clock, so a slow
machine makes it late but never wrong."""

import collections
import json
import os
import re
import selectors
import socket
import subprocess
import threading
import unittest

LOAD = os.environ.get("LOAD", "build/tests/parley-load")
LEGS, TALKERS, SAMPLES = 6, 3, 160


def ulaw_table():
    table = []
    for code in range(256):
        bits = ~code & 0xFF
        magnitude = (((bits & 15) << 3) + 132 << (bits >> 4 & 7)) - 132
        table.append(-magnitude if bits & 0x80 else magnitude)
    return table


DECODE = ulaw_table()
BY_VALUE = sorted((value, code) for code, value in enumerate(DECODE) if code != 0x7F)
ENCODE = bytearray(65536)
_place = 0
for _sample in range(-32768, 32768):
    while (_place + 1 < len(BY_VALUE)
           and abs(BY_VALUE[_place + 1][0] - _sample) <= abs(BY_VALUE[_place][0] - _sample)):
        _place += 1
    ENCODE[_sample & 0xFFFF] = BY_VALUE[_place][1]


class Leg:
    def __init__(self, bridge, number):
        self.socket = bridge.open_socket()
        self.number = number
        self.peer = None
        self.queue = collections.deque()
        self.sequence = 0
        self.frames = 0
        self.quiet = True
        self.held = collections.deque()


class Bridge(threading.Thread):
    """One conference, N-1 mix. `fault` names what it does wrong."""

    def __init__(self, fault="none", ip="127.0.0.1"):
        super().__init__(daemon=True)
        self.fault, self.ip = fault, ip
        self.family = socket.AF_INET6 if ":" in ip else socket.AF_INET
        self.sip = self.open_socket()
        self.legs = {}
        self.joined = 0
        self.over = False
        self.frames = 0
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.sip, selectors.EVENT_READ, None)

    def open_socket(self):
        opened = socket.socket(self.family, socket.SOCK_DGRAM)
        opened.bind((self.ip, 0))
        opened.setblocking(False)
        return opened

    @property
    def target(self):
        host = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"sip:{host}:{self.sip.getsockname()[1]}"

    def run(self):
        while not self.over:
            for key, _ in self.selector.select(0.2):
                try:
                    data, peer = key.fileobj.recvfrom(4096)
                except BlockingIOError:
                    continue
                if key.data is None:
                    self.answer(data.decode(), peer)
                else:
                    key.data.peer = peer
                    key.data.queue.append(data[12:])
            self.mix_what_is_there()
        for leg in self.legs.values():
            leg.socket.close()
        self.sip.close()
        self.selector.close()

    def answer(self, text, peer):
        method = text.split(" ", 1)[0]
        call_id = re.search(r"\r\nCall-ID: (\S+)", text)[1]
        if method not in ("INVITE", "BYE"):
            return
        copied = "\r\n".join(re.findall(r"\r\n((?:Via|From|To|Call-ID|CSeq): [^\r]*)", text))
        copied = re.sub(r"(?m)^(To: [^;\r]*)$", r"\1;tag=bridge", copied)
        status, rest = "200 OK", "Content-Length: 0\r\n\r\n"
        if method == "BYE":
            leg = self.legs.pop(call_id, None)
            if leg:
                self.selector.unregister(leg.socket)
                leg.socket.close()
        elif self.fault == "busy" and self.joined >= LEGS - 1:
            status = "486 Busy Here"
        else:
            if call_id not in self.legs:
                self.legs[call_id] = leg = Leg(self, self.joined)
                self.joined += 1
                leg.dialog = (peer, text, copied)
                self.selector.register(leg.socket, selectors.EVENT_READ, leg)
            rest = self.sdp(self.legs[call_id])
        self.sip.sendto(f"SIP/2.0 {status}\r\n{copied}\r\n{rest}".encode(), peer)

    def sdp(self, leg):
        family = "IP6" if ":" in self.ip else "IP4"
        port = leg.socket.getsockname()[1]
        body = f"v=0\r\nc=IN {family} {self.ip}\r\nm=audio {port} RTP/AVP 0\r\n"
        return (f"Contact: <{self.target}>\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}")

    def hang_up(self, leg):
        peer, invite, copied = leg.dialog
        far, near = (re.search(rf"(?m)^{name}: ([^\r]*)", copied)[1] for name in ("From", "To"))
        call_id = re.search(r"\r\nCall-ID: (\S+)", invite)[1]
        contact = re.search(r"\r\nContact: <([^>]*)>", invite)[1]
        self.sip.sendto((f"BYE {contact} SIP/2.0\r\nVia: SIP/2.0/UDP {self.target[4:]};"
                         f"branch=z9hG4bKbye\r\nFrom: {near}\r\nTo: {far}\r\n"
                         f"Call-ID: {call_id}\r\nCSeq: 1 BYE\r\n\r\n").encode(), peer)

    def mix_what_is_there(self):
        while True:
            legs = [leg for leg in self.legs.values() if leg.peer]
            if not legs or not all(leg.queue for leg in legs):
                return
            heard = {leg: [DECODE[code] for code in leg.queue.popleft()] for leg in legs}
            for leg, samples in heard.items():
                gain = {("mute", 1): 0.0, ("quiet", 1): 0.79}.get((self.fault, leg.number), 1.0)
                if gain != 1.0:
                    heard[leg] = [int(sample * gain) for sample in samples]
                quiet = not any(samples)
                if self.fault == "clip" and leg.quiet:
                    heard[leg] = [0] * SAMPLES
                leg.quiet = quiet
            total = [sum(samples) for samples in zip(*heard.values())]
            for leg in legs:
                own = [0] * SAMPLES if self.fault == "echo" else heard[leg]
                self.send(leg, bytes(ENCODE[all_ - one & 0xFFFF]
                                     for all_, one in zip(total, own)))
            self.frames += 1
            if self.fault == "hang up" and self.frames == 100:
                self.hang_up(legs[-1])

    def send(self, leg, payload):
        leg.frames += 1
        leg.held.append(payload)
        if len(leg.held) <= (6 if self.fault == "slow" else 0):
            return
        payload = leg.held.popleft()
        if self.fault == "slim" and leg.frames % 10 == 0:
            return  # numbers the rest as if nothing were missing
        leg.sequence += 1
        if self.fault == "lossy" and leg.number == 4 and leg.frames % 50 == 0:
            return
        header = bytes([0x80, 0]) + (leg.sequence & 0xFFFF).to_bytes(2, "big") + \
            (leg.sequence * SAMPLES & 0xFFFFFFFF).to_bytes(4, "big") + \
            (leg.number + 1).to_bytes(4, "big")
        leg.socket.sendto(header + payload, leg.peer)


def load(*options, fault="none", ip="127.0.0.1", conferences=1):
    """Exit code and what was found."""
    bridge = Bridge(fault, ip)
    bridge.start()
    try:
        done = subprocess.run(
            [LOAD, "--target", bridge.target, "--legs", str(LEGS), "--talkers", str(TALKERS),
             "--conferences", str(conferences), "--seconds", "3", "--settle", "0.3",
             "--min-packets", "47", "--local", ip, "--json", *options],
            capture_output=True, text=True, timeout=120, check=False)
    finally:
        bridge.over = True
        bridge.join()
    if not done.stdout:
        raise AssertionError(f"nothing on stdout; exit {done.returncode}: {done.stderr}")
    return done.returncode, json.loads(done.stdout)


class TheGenerator(unittest.TestCase):
    def check(self, result, code, reason):
        self.assertEqual(code, 1, result)
        self.assertFalse(result["ok"])
        self.assertIn(reason, result["reasons"])

    def test_is_content_with_a_good_bridge(self):
        code, result = load()
        self.assertEqual(code, 0, result)
        server = result["server"]
        self.assertEqual(server["legs"], LEGS)
        self.assertEqual(server["heard"], TALKERS * (LEGS - 1))
        self.assertEqual(server["lost"], 0)
        self.assertLess(server["worst_level_db"], 0.3)
        self.assertGreater(server["sinad_p50_db"], 25)
        self.assertGreater(server["added_delay_ms"]["count"], 2)
        self.assertEqual(server["wrong_onsets"], 0)

    def test_works_with_ipv6(self):
        code, result = load(ip="::1")
        self.assertEqual(code, 0, result)

    def test_sees_a_talker_that_is_not_mixed(self):
        code, result = load(fault="mute")
        self.check(result, code, "pairs did not hear each other")
        self.assertEqual(result["server"]["heard"], (TALKERS - 1) * (LEGS - 1))

    def test_sees_a_talker_that_is_two_decibels_down(self):
        code, result = load(fault="quiet")
        self.check(result, code, "pairs did not hear each other")
        self.assertEqual(result["server"]["heard"], (TALKERS - 1) * (LEGS - 1))

    def test_forgives_two_decibels_when_told(self):
        code, result = load("--level-tolerance", "3", fault="quiet")
        self.assertEqual(code, 0, result)

    def test_sees_talkers_who_hear_themselves(self):
        code, result = load(fault="echo")
        self.check(result, code, f"{TALKERS} legs hear themselves")

    def test_sees_lost_packets(self):
        code, result = load(fault="lossy")
        self.check(result, code, "packets lost")
        self.assertIn(result["server"]["lost"], (2, 3, 4))

    def test_forgives_lost_packets_when_told(self):
        code, result = load("--max-loss", "2", "--no-hearing", fault="lossy")
        self.assertEqual(code, 0, result)

    def test_sees_a_bridge_that_sends_fewer_packets_but_numbers_them_in_a_row(self):
        code, result = load("--no-hearing", fault="slim")
        self.check(result, code, "packets a second")
        self.assertEqual(result["server"]["lost"], 0)

    def test_measures_a_delay(self):
        code, result = load(fault="slow")
        self.assertEqual(code, 0, result)
        self.assertGreater(result["server"]["added_delay_ms"]["p50"], 120)

    def test_sees_that_the_beginning_of_speech_is_cut_off(self):
        code, result = load(fault="clip")
        self.assertEqual(code, 0, result)
        self.assertGreater(result["server"]["wrong_onsets"], 0)

    def test_sees_a_refused_call(self):
        code, result = load(fault="busy")
        self.check(result, code, "1 calls failed, the last with 486")
        self.assertEqual(result["server"]["legs"], LEGS - 1)

    def test_sees_a_call_that_the_server_ends(self):
        code, result = load(fault="hang up")
        self.check(result, code, "1 calls were ended by the server")

    def test_churns(self):
        code, result = load("--churn", "--seconds", "8", "--settle", "0.5")
        self.assertEqual(code, 0, result)
        self.assertGreater(result["server"]["joins"], LEGS)

    def test_makes_calls(self):
        code, result = load("--calls", "--rate", "50", "--seconds", "2")
        self.assertEqual(code, 0, result)
        self.assertEqual(result["completed"], 100)

    def test_counts_refused_calls(self):
        code, result = load("--calls", "--rate", "50", "--seconds", "2", fault="busy")
        self.assertEqual(code, 1, result)
        self.assertEqual(result["completed"] + result["refused"], 100)
        self.assertEqual(result["completed"], LEGS - 1)

    def test_says_what_is_wrong_with_an_option(self):
        for option, reason in ((("--legs", "0"), "--legs 0: must be"),
                               (("--legs", "2.5"), "whole number"),
                               (("--target", "sip:example.org"), "IP literal"),
                               (("--prefix", "a b"), "letters"),
                               (("--codec", "gsm"), "must be pcmu, g722 or opus"),
                               (("--calls", "--churn"), "exclude"),
                               ((), "--target is missing")):
            done = subprocess.run([LOAD, *option], capture_output=True, text=True, timeout=20,
                                  check=False)
            self.assertEqual(done.returncode, 2, option)
            self.assertIn(reason, done.stderr)


class TheFloor(unittest.TestCase):
    def test_reflects_all(self):
        done = subprocess.run([LOAD, "--floor", "--legs", "20", "--seconds", "2", "--settle", "0.5",
                               "--min-packets", "45", "--json"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        floor = json.loads(done.stdout)["floor"]
        self.assertEqual((floor["legs"], floor["lost"]), (20, 0))
        self.assertGreater(floor["cpu_us_per_leg_s"], 10)

    def test_is_no_bridge(self):
        """The reflector taken for a server: nobody hears the others, the talkers themselves."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        target = f"sip:127.0.0.1:{port}"
        with subprocess.Popen([LOAD, "--reflect", "--target", target], stdout=subprocess.PIPE,
                              text=True) as reflector:
            self.assertIn("reflector ready", reflector.stdout.readline())
            done = subprocess.run([LOAD, "--target", target, "--seconds", "4", "--settle", "0.5",
                                   "--pid", str(reflector.pid), "--json"],
                                  capture_output=True, text=True, timeout=60, check=False)
            reflector.terminate()
            self.assertEqual(reflector.wait(10), 0)
        self.assertEqual(done.returncode, 1)
        result = json.loads(done.stdout)
        self.assertEqual(result["server"]["heard"], 0)
        self.assertEqual(result["server"]["echoing"], 3)


if __name__ == "__main__":
    unittest.main()
