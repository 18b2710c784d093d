"""A web server that answers as the path says, on the server's address at a free port."""

import http.server
import json
import socketserver
import threading
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        with self.server.lock:
            self.server.requests.append(self.path)
        try:
            getattr(self, "get_" + self.path.split("/")[1])()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] == "application/json":
            body = json.dumps({"got": json.loads(body)}).encode()
        self.say(200, body, [("X-Type", self.headers["Content-Type"] or "none")])

    def get_hello(self):
        self.say(200, b"hello")

    def get_soon(self):
        time.sleep(0.2)
        self.say(200, b"soon")

    def get_slow(self):
        """Answers when the test is over."""
        self.server.over.wait(60)
        self.close_connection = True

    def get_huge(self):
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65536)

    def get_bomb(self):
        """A gigabyte, in chunks."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(1 << 14):
            self.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    def get_heads(self):
        """Headers without end."""
        self.send_response(200)
        self.flush_headers()
        while True:
            self.wfile.write(b"X-More: " + b"x" * 8000 + b"\r\n")

    def get_drip(self):
        """One byte at a time, until the test is over."""
        self.send_response(200)
        self.end_headers()
        while not self.server.over.wait(0.1):
            self.wfile.write(b"x")

    def get_round(self):
        self.say(302, headers=[("Location", "/round")])

    def get_cut(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        self.close_connection = True

    def get_chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"4\r\nfour\r\n3\r\nsix\r\n0\r\n\r\n")

    def get_members(self):
        user = self.path.split("/")[2]
        self.say(200 if user == "alice" else 404, json.dumps({"id": f"m-{user}"}).encode())

    def get_elsewhere(self):
        """/elsewhere/URL"""
        self.say(302, headers=[("Location", self.path[len("/elsewhere/") :])])


class Web(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host):
        super().__init__((host, 0), Handler)
        self.host = f"{host}:{self.server_port}"
        self.requests, self.lock, self.over = [], threading.Lock(), threading.Event()
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.shutdown()
        self.server_close()
