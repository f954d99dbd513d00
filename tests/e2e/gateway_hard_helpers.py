# SPDX-License-Identifier: Apache-2.0
"""Upstreams that do as a script says, clients that see bytes as they come, and gateways between them."""

import contextlib
import json
import re
import socket
import struct
import threading
import urllib.parse

from gateway import model
from processes import request, wait_for
from provider_http import take_request
from provider_plan import Plan
from provider_server import find_call, stream_parts

NEVER = {"minimum_calls": 1000000}  # no breaker opens
GEMINI_MODEL = re.compile(r"/models/([^/:]+):")
PATIENCE = 60  # seconds for anything that has to come


def hard_reset(sock):
    """Ends the connection by a RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def model_of(request):
    """The model that a request is for, in any dialect."""
    match = GEMINI_MODEL.search(request.target)
    if match:
        return urllib.parse.unquote(match[1])
    try:
        return json.loads(request.body).get("model", "")
    except ValueError:
        return ""


def good_body(request):
    """What the simulated provider would answer: (its frames, or one piece; its type; how many frames come before any
    content)."""
    path, _, query = request.target.partition("?")
    call = find_call(path, dict(urllib.parse.parse_qsl(query)), json.loads(request.body))
    plan = Plan(id="hard", input=30, output=20, chunks=5)
    if not call.stream:
        return [json.dumps(call.operation.whole(plan, call.body, call.model)).encode()], "application/json", 0
    parts = stream_parts(call, plan)
    before = next(number for number, part in enumerate(parts) if part.content)
    return [part.data for part in parts], "text/event-stream", before


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


def head(*fields, status="200 OK"):
    return ("\r\n".join([f"HTTP/1.1 {status}", *fields]) + "\r\n\r\n").encode("latin-1")


class Peer:
    """One request to a Hostile server, and the connection that it came by."""

    def __init__(self, server, sock, request):
        self.server, self.sock, self.request = server, sock, request
        self.pieces, self.type, self.before_content = [], "", 0
        with contextlib.suppress(ValueError, AttributeError):
            self.pieces, self.type, self.before_content = good_body(request)

    @property
    def body(self):
        return b"".join(self.pieces)

    def send(self, *data):
        self.sock.sendall(b"".join(data))

    def send_head(self, *fields, status="200 OK"):
        self.send(head(f"content-type: {self.type}", *fields, status=status))

    def send_whole(self, *fields):
        """The good answer."""
        self.send(head(f"content-type: {self.type}", f"content-length: {len(self.body)}", *fields), self.body)

    def silence(self):
        """Says nothing until the other side hangs up."""
        while self.sock.recv(65536):
            pass

    def reset(self):
        hard_reset(self.sock)


class Hostile:
    """A server whose answer to a request is the script of its model's name: a function of a Peer, after which the connection
    is closed unless it returns True. `seen` has all requests, `ended` the names of the scripts that are through. `tls`: a
    context, for TLS."""

    def __init__(self, scripts, tls=None):
        self.scripts, self.seen, self.ended, self.tls = dict(scripts), [], [], tls
        self.connections = 0
        self.bytes_out = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        self._stopping = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def close(self):
        self._stopping = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with contextlib.suppress(OSError), self.tls.wrap_socket(sock, server_side=True) if self.tls else sock as sock:
            data = bytearray()
            while True:
                found = take_request(data)
                while found is None:
                    more = sock.recv(65536)
                    if not more:
                        return
                    data += more
                    found = take_request(data)
                request, size = found
                del data[:size]
                name = model_of(request)
                self.seen.append(request)
                try:
                    going = self.scripts[name](Peer(self, sock, request))
                finally:
                    self.ended.append(name)
                if not going:
                    return


class Answer:
    """What came back on one connection: `whole` as its framing says; `was_reset` by a RST."""

    def __init__(self, data, was_reset=False):
        self.data, self.was_reset = data, was_reset
        self.status, self.headers, self.body, self.whole, self.rest = None, {}, b"", False, b""
        top, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            return
        lines = top.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.fields = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
        self.headers = dict(self.fields)
        if self.headers.get("transfer-encoding") == "chunked":
            self._read_chunks(rest)
        elif "content-length" in self.headers:
            size = int(self.headers["content-length"])
            self.body, self.rest = rest[:size], rest[size:]
            self.whole = len(self.body) == size
        else:
            self.body, self.whole = rest, not was_reset

    def _read_chunks(self, rest):
        at, pieces = 0, []
        while (end := rest.find(b"\r\n", at)) >= 0:
            size = int(rest[at:end], 16)
            at = end + 2
            if size == 0:
                self.whole, self.rest = rest[at:at + 2] == b"\r\n", rest[at + 2:]
                break
            pieces.append(rest[at:at + size])
            at += size + 2
        self.body = b"".join(pieces)

    def json(self):
        return json.loads(self.body)

    def error_code(self):
        """The gateway's own code of an error, from whichever dialect it is in."""
        return error_code_of(self.json())


def error_code_of(value):
    """The code of an error that the gateway made; fails for anything else."""
    error = value["error"]
    if value.get("type") == "error":  # Anthropic
        assert set(value) == {"type", "error"} and isinstance(error["message"], str) and isinstance(error["type"], str)
        return error["details"]["error_code"]
    if "status" in error:  # Gemini
        assert error["code"] >= 400 and isinstance(error["message"], str)
        return error["details"][0]["reason"]
    if set(error) == {"code", "message"}:  # /api/ai/process
        return error["code"]
    assert set(error) == {"message", "type", "param", "code"}
    return error["code"]


def connect(port, receive_buffer=None):
    sock = socket.socket()
    sock.settimeout(PATIENCE)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.connect(("127.0.0.1", port))
    return sock


def read_all(sock, began=None):
    """Everything up to the end of the connection. `began`: an event to set when something came."""
    pieces = []
    try:
        while piece := sock.recv(1 << 18):
            pieces.append(piece)
            if began:
                began.set()
    except ConnectionResetError:
        return Answer(b"".join(pieces), was_reset=True)
    return Answer(b"".join(pieces))


def last_call(call):
    """The bytes of a request after which the connection is closed."""
    call.headers["connection"] = "close"
    return call.bytes()


def ask(port, call, began=None):
    """The Answer to a Call, or to bytes after which the gateway closes the connection."""
    with connect(port) as sock:
        sock.sendall(call if isinstance(call, bytes) else last_call(call))
        return read_all(sock, began)


class Asking:
    """A request on a thread of its own; answer() waits for it."""

    def __init__(self, port, call, began=None):
        self.began, self._answer = began or threading.Event(), None
        self._thread = threading.Thread(target=self._run, args=(port, call), daemon=True)
        self._thread.start()

    def _run(self, port, call):
        self._answer = ask(port, call, self.began)

    @property
    def done(self):
        return not self._thread.is_alive()

    def answer(self):
        self._thread.join(2 * PATIENCE)
        assert self._answer is not None, "no answer came"
        return self._answer


def counted(page, **labels):
    """(outcomes, attempts' results) of the requests with these labels, as {name: count}."""
    found = {"aigw_requests_total": {}, "aigw_attempts_total": {}}
    for (name, sample), value in page.samples.items():
        if name in found and set(labels.items()) <= sample and value:
            key = dict(sample)["outcome" if name == "aigw_requests_total" else "result"]
            found[name][key] = found[name].get(key, 0) + value
    return found["aigw_requests_total"], found["aigw_attempts_total"]


def models_at(upstream_name, names, **more):
    """One model a name, at one upstream, tried once."""
    return [model(name, upstream_name, attempts=1, retries=0, **more) for name in names]


def at_rest(gateway):
    """The page once no request, no drain and no client is there."""
    return gateway.at_rest("connections")


def wait_in_flight(gateway, count, **labels):
    return gateway.wait_for_page(lambda page: page.total("aigw_in_flight_requests", **labels) == count,
                                 f"{count} requests in flight")


class Probe:
    """Good requests and scrapes without end, one after the other, while other things go wrong. stop() gives their number, and
    fails where one of them failed."""

    def __init__(self, gateway, call):
        self.gateway, self.call = gateway, call
        self.good, self.bad, self.stopping = 0, [], threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stopping.is_set():
            try:
                answer = ask(self.gateway.port, self.call)
                if answer.status != 200 or not answer.whole:
                    self.bad.append(answer.data[:300])
                scraped = request(self.gateway.url + "/metrics")
                if scraped.status != 200 or b"aigw_requests_total" not in scraped.body:
                    self.bad.append(scraped.body[:300])
                self.good += 1
            except Exception as error:  # noqa: BLE001 - told by stop()
                self.bad.append(repr(error))
            self.stopping.wait(0.1)

    def goes_on(self):
        """Waits for two more rounds, so that one of them is whole."""
        now = self.good
        wait_for(lambda: self.bad or self.good >= now + 2, "good requests to go on")

    def stop(self):
        self.stopping.set()
        self.thread.join(2 * PATIENCE)
        assert not self.bad, self.bad[:3]
        return self.good
