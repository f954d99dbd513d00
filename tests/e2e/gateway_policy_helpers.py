# SPDX-License-Identifier: Apache-2.0
"""Clients, and upstreams that tell what they got, for tests of the gateway's queues, limits, fallbacks and breakers."""

import contextlib
import hashlib
import http.client
import http.server
import json
import socket
import struct
import threading

from llm_calls import Call, dialect_of
from processes import request, wait_for

STEADY = {"breaker": {"minimum_calls": 1000000}}  # no breaker opens
ONCE = {"attempts": 1, "retries": 0}
# How each dialect names an error of the gateway: (its shape's outermost keys, where its code is).
SHAPES = {"openai": {"error"}, "anthropic": {"type", "error"}, "gemini": {"error"}}


class Answer:
    """A whole answer of the gateway. `whole`: HTTP says that it is all."""

    def __init__(self, status, headers, body, whole=True):
        self.status, self.headers, self.body, self.whole = status, headers, body, whole

    def json(self):
        return json.loads(self.body)

    @property
    def attempts(self):
        return int(self.headers["x-aigw-attempts"])

    @property
    def upstream(self):
        return self.headers["x-aigw-upstream"]

    @property
    def retry_after(self):
        return int(self.headers["retry-after"])

    @property
    def no_retry(self):
        return self.headers["x-should-retry"] == "false"


class Pending:
    """A request that was sent on a connection of its own, whose answer is still to be read."""

    def __init__(self, port, call, method="POST", headers=None, timeout=60):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.connection.request(method, call.path, call.body, {**call.headers, **(headers or {})})

    def answer(self):
        try:
            answer = self.connection.getresponse()
            try:
                return Answer(answer.status, answer.headers, answer.read())
            except http.client.IncompleteRead as error:
                return Answer(answer.status, answer.headers, error.partial, whole=False)
        finally:
            self.connection.close()

    def leave(self, by_reset=False):
        if by_reset:
            self.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def ask(gateway, call, method="POST", headers=None, timeout=60):
    return Pending(gateway.port, call, method, headers, timeout).answer()


def chat(name, commands="", **more):
    return Call("chat", name, commands, **more)


def ask_many(gateways, calls, clients=32):
    """Makes all calls by so many clients at once, over these gateways by turns; the answers in the calls' order."""
    answers, left, lock = [None] * len(calls), iter(range(len(calls))), threading.Lock()

    def work(gateway):
        while True:
            with lock:
                number = next(left, None)
            if number is None:
                return
            answers[number] = ask(gateway, calls[number])

    threads = [threading.Thread(target=work, args=(gateways[number % len(gateways)],)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def get(gateway, path, method="GET", headers=None):
    return request(gateway.proxy + path, method, headers)


def model_state(gateway, name):
    """The model's row of GET /api/ai/process."""
    rows = get(gateway, "/api/ai/process").json()["models"]
    return next(row for row in rows if row["name"] == name)


def wait_for_model(gateway, name, **wanted):
    """Until the model's row says so: in_flight=, queued=, state=."""
    def same():
        row = model_state(gateway, name)
        return all(row[key] == value for key, value in wanted.items())
    wait_for(same, f"{name} to be {wanted}", interval=0.002)


def code_of(dialect, body):
    """The gateway's own code in an error of that dialect, whose whole shape is looked at."""
    value = json.loads(body)
    assert set(value) == SHAPES[dialect], value
    error = value["error"]
    assert error["message"]
    if dialect == "openai":
        assert set(error) == {"message", "type", "param", "code"}
        return error["code"]
    if dialect == "anthropic":
        assert value["type"] == "error" and error["type"]
        return error["details"]["error_code"]
    assert error["code"] >= 400 and error["status"].isupper()
    return error["details"][0]["reason"]


def assert_refused(answer, operation, status, code):
    """The gateway's own answer, in the caller's dialect."""
    assert (answer.status, answer.headers["content-type"]) == (status, "application/json"), answer.body
    assert code_of(dialect_of(operation), answer.body) == code


class Change:
    """How counters rise within a `with`."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.before = self.page = None

    def __enter__(self):
        self.before = self.gateway.page()
        return self

    def __exit__(self, *_):
        pass

    def by(self, name, **labels):
        """By how much, on the page that was read last."""
        return self.page.total("aigw_" + name, **labels) - self.before.total("aigw_" + name, **labels)

    def wait(self, name, count=1, **labels):
        """Until the counter has risen by `count`, and no more. Another page is read only where the last one does not say so: a
        request is counted after its attempts, and is to be waited for first."""
        def risen():
            self.page = self.gateway.page()
            return self.by(name, **labels) >= count
        if self.page is None or self.by(name, **labels) != count:
            wait_for(risen, f"{name}{labels} to rise by {count}", limit=20)
        assert self.by(name, **labels) == count, (name, labels)


def rows_of(provider, name, count=1):
    """The ledger's rows of that id, once there are `count`, in the order of their starts."""
    def found():
        rows = [row for row in provider.ledger() if row["id"] == name]
        return rows if len(rows) >= count else None
    return sorted(wait_for(found, f"{count} rows of {name}"), key=lambda row: row["attempt"]) if count else \
        [row for row in provider.ledger() if row["id"] == name]


def digest(data):
    """As the ledger has bodies."""
    return hashlib.sha256(data).hexdigest()[:16]


def reload(stack, gateway, config):
    """Gives the gateway another config, and returns the answer of POST /-/reload. A text is written as it is."""
    if not isinstance(config, str):
        listen = {"listen": [f"127.0.0.1:{gateway.port}"]}
        config = json.dumps({**config, "proxy": {**listen, **config.get("proxy", {})}})
    stack.write(f"gateway-{gateway.port}.yml", config)
    return request(gateway.url + "/-/reload", "POST")


class Recorder:
    """An upstream that keeps what it is sent, byte for byte, and answers all of it alike."""

    def __init__(self):
        recorder = self
        self.requests = []  # {"method", "target", "headers": [(name, value)], "body"}
        self.reply = (200, [("content-type", "application/json")], b'{"id":"recorded","choices":[]}')

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                recorder.requests.append({"method": self.command, "target": self.path, "headers": self.headers.items(),
                                          "body": body})
                status, headers, content = recorder.reply
                self.send_response_only(status)
                for name, value in [*headers, ("content-length", str(len(content)))]:
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @contextlib.contextmanager
    def serving(self):
        self.thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()

    def take(self):
        """What came since the last time."""
        requests, self.requests = self.requests, []
        return requests


def exchange(port, data, half_close=False, timeout=20):
    """All bytes that come back for these, until the gateway closes the connection or says nothing more."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as client:
        for piece in data if isinstance(data, (list, tuple)) else [data]:
            client.sendall(piece)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        got = b""
        while piece := client.recv(65536):
            got += piece
        return got
