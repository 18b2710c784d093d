"""What calls in applications cost: bench.py --applications.

Callers are dialogs on one socket, who say no more than it takes; with RTP they are parley-load's.
The time from a key to the reaction is that from the first packet that ends a telephone-event to
the BYE by which the application answers it.
"""

import re
import select
import socket
import struct
import time

SCRIPTS = {
    "ring": "return function(call) call:ring() call:sleep(3600) end\n",
    "wait0": "return function(call) call:answer() call:ask { timeout = 3600 } end\n",
    "key": "return function(call) call:answer() call:ask { max = 1, timeout = 60 } end\n",
    "menu0": """
return function(call)
  call:answer()
  while true do call:ask { prompt = { "welcome", "menu" }, timeout = 1 } end
end
""",
    "decide": """
return function(call)
  local conference = parley.conference "room"
  local function again()
    for i = 1, 50 do
      if i % 2 == 1 then conference:lock() else conference:unlock() end
    end
  end
  call:ring()
  for i = 1, 200 do again() call:sleep(0.001) end
end
""",
}
POLICY = """
local policy = parley.policy { name = "deciding", options = { hosts = { type = "list", default = {} } } }
function policy.lock(request, conference)
  if conference.state.closed then return reject(403, "Closed") end
  if request.actor.kind == "script" then return accept {} end
end
return policy
"""


def config(directory):
    """Writes the scripts there; the text of the config."""
    for name, script in SCRIPTS.items():
        (directory / f"{name}.lua").write_text(script, encoding="utf-8")
    (directory / "deciding.lua").write_text(POLICY, encoding="utf-8")
    applications = ", ".join(f'{name} = "{directory}/{name}.lua"' for name in SCRIPTS)
    return (f"applications = {{ {applications} }}\n"
            f'conferences = {{ room = {{ policy = "{directory}/deciding.lua" }} }}\n'
            'log_level = "warn"\n')


class Callers:
    """Many calls from one socket, with a number each."""

    def __init__(self, address, server):
        self.address, self.server = address, server
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind((address, 0))
        self.audio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.audio.bind((address, 0))
        self.count = 0

    def close(self):
        self.socket.close()
        self.audio.close()

    def request(self, method, user, number, to, body=""):
        host = "%s:%d" % self.socket.getsockname()
        lines = [f"{method} sip:{user}@{self.server} SIP/2.0",
                 f"Via: SIP/2.0/UDP {host};branch=z9hG4bK{method}{number};rport",
                 f"From: <sip:caller{number}@{host}>;tag=from{number}", f"To: {to}",
                 f"Call-ID: call-{number}@{self.address}", f"CSeq: 1 {method}",
                 f"Contact: <sip:caller{number}@{host}>", "Max-Forwards: 70",
                 f"Content-Length: {len(body)}"]
        if body:
            lines.append("Content-Type: application/sdp")
        text = "\r\n".join(lines) + "\r\n\r\n" + body
        self.socket.sendto(text.encode(), (self.server, 5060))

    def invite(self, user):
        self.count += 1
        port = self.audio.getsockname()[1]
        body = (f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
                f"m=audio {port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n")
        self.request("INVITE", user, self.count, f"<sip:{user}@{self.server}>", body)
        return self.count

    def receive(self, seconds):
        """The next message, its text; None: there is none."""
        readable, _, _ = select.select([self.socket], [], [], seconds)
        return self.socket.recv(65536).decode() if readable else None

    def gather(self, user, count, code):
        """So many calls, each up to that answer."""
        answered, sent = 0, 0
        deadline = time.monotonic() + 30 + count / 100
        while answered < count and time.monotonic() < deadline:
            while sent < count and sent < answered + 50:
                self.invite(user)
                sent += 1
            text = self.receive(1)
            if text and text.startswith(f"SIP/2.0 {code}"):
                answered += 1
                if code == 200:
                    self.acknowledge(user, text)
        return answered

    def acknowledge(self, user, text):
        number = re.search(r"^Call-ID: call-(\d+)@", text, re.M)[1]
        self.request("ACK", user, number, re.search(r"^To: (.*)\r$", text, re.M)[1])

    def time_key(self):
        """Calls, presses a key, and is hung up: ms from its end to the BYE. None: it never came."""
        self.invite("key")
        text = self.receive(5)
        while text and not text.startswith("SIP/2.0 200"):
            text = self.receive(5)
        if not text:
            return None
        self.acknowledge("key", text)
        peer = (self.server, int(re.search(r"^m=audio (\d+)", text, re.M)[1]))
        source, first = self.count, 1000
        for i in range(8):
            header = struct.pack(">BBHII", 0x80, 101 | (0x80 if i == 0 else 0), i, first, source)
            is_last = i > 4
            payload = struct.pack(">BBH", 1, (0x80 if is_last else 0) | 10, 160 * min(i + 1, 6))
            if i == 5:
                began = time.perf_counter()
            self.audio.sendto(header + payload, peer)
            time.sleep(0.02 if not is_last else 0)
        text = self.receive(5)
        while text and not text.startswith("BYE"):
            text = self.receive(5)
        return 1000 * (time.perf_counter() - began) if text else None


def percentiles(values):
    values = sorted(values)
    at = lambda part: values[min(len(values) - 1, int(part * len(values)))] if values else 0
    return f"{at(0.5):.1f} / {at(0.99):.1f}"


def memory(server):
    """KiB that are the process's own."""
    with open(f"/proc/{server.process.pid}/smaps_rollup", encoding="utf-8") as rollup:
        return sum(int(line.split()[1]) for line in rollup if line.startswith("Private"))


def cost(server, begin, seconds, keys):
    """KiB a call, CPU a call and second, and how long a key takes, while the calls of `begin`, which
    returns how many there are, wait."""
    before = memory(server)
    count = begin()
    time.sleep(2)
    used, cpu = memory(server) - before, server.cpu()
    time.sleep(seconds)
    cpu = server.cpu() - cpu
    times = keys()
    return count, used / max(count, 1), 1e6 * cpu / seconds / max(count, 1), times


def decisions(callers, server):
    """Decisions a second, by a policy of the conference's own, and how long its hook takes."""
    status = server.status()
    began = time.perf_counter()
    callers.invite("decide")
    text = callers.receive(60)
    while text and not text.startswith("SIP/2.0 480"):
        text = callers.receive(60)
    seconds = time.perf_counter() - began
    status = server.status()
    (hooks,) = [policy["hooks"]["lock"] for policy in status["scripts"]["policies"]
                if "lock" in policy["hooks"]]
    return hooks["calls"] / seconds if text else 0, hooks
