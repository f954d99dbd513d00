# SPDX-License-Identifier: Apache-2.0
"""An HTTP server on loopback that answers recorded bodies by path, also such as never end; and one for a line in, a text out."""

import http.server
import os
import socketserver
import threading
import urllib.parse

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures/circuit-breaker")


def recorded(name):
    """The text of one of tests/fixtures/circuit-breaker."""
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as file:
        return file.read()


class Events:
    """A body of text/event-stream: what `page` tells, every `interval` seconds, until the client goes."""

    def __init__(self, page, interval=0.1):
        self.page, self.interval = page, interval


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm, wbufsize = True, -1  # an answer is one write

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def do_GET(self):  # pylint: disable=invalid-name
        replay = self.server.replay
        replay.requests.append(self.path)
        if replay.authorization and self.headers.get("Authorization") not in replay.authorization:
            self.answer(401, b"who are you?")
            return
        path, _, query = self.path.partition("?")
        page = replay.pages.get(urllib.parse.unquote(path))
        if page is None:
            self.answer(404, b"no such page")
        elif isinstance(page, Events):
            self.tell(page)
        else:
            text = page(query) if callable(page) else page
            body = text if isinstance(text, bytes) else text.encode()
            self.answer(200, body, "application/json" if body[:1] in b"{[" else "text/plain")

    do_POST = do_PUT = do_DELETE = lambda self: self.answer(405, b"only GET")  # pylint: disable=invalid-name

    def answer(self, status, body, kind="text/plain"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def tell(self, events):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream;charset=UTF-8")
        self.send_header("Connection", "close")
        self.end_headers()
        while not self.server.replay.ended.wait(events.interval):
            self.wfile.write(events.page().encode())
            self.wfile.flush()
        self.close_connection = True


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads, block_on_close, request_queue_size = True, True, False, 128

    def handle_error(self, request, client_address):
        pass  # a client that hangs up


class Serving:
    """Runs a server on a free loopback port while it is open."""

    def __init__(self, handler):
        self.ended = threading.Event()
        self.server = Server(("127.0.0.1", 0), handler)
        self.server.replay = self
        self.port = self.server.server_address[1]

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return "http://" + self.address

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


class Replay(Serving):
    """`pages` is {path: a text, bytes, a function of the query that makes one, or Events}; the rest is answered 404.

    Where `authorization` has any, a request without one of these headers is answered 401. `requests` has what was asked for.
    """

    def __init__(self, pages=None, authorization=()):
        super().__init__(Handler)
        self.pages, self.authorization, self.requests = dict(pages or {}), list(authorization), []


class LineHandler(socketserver.StreamRequestHandler):
    def handle(self):
        if line := self.rfile.readline().decode().strip():
            self.wfile.write(self.server.replay.answer(line).encode())


class LineServer(Serving):
    """Reads one line, answers what `answer` makes of it, and closes, as HAProxy's socket does."""

    def __init__(self, answer):
        super().__init__(LineHandler)
        self.answer = answer
