# SPDX-License-Identifier: Apache-2.0
"""A real Alertmanager on a free loopback port, and a receiver that keeps what it is sent."""
import http.server
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{time.time_ns() // 1000 % 1_000_000:06d}Z"


def ago(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))


def wait_for(what, condition, seconds=120):
    """The condition's value, as soon as it is true. `what` may be a function, called when it never is."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"no {what() if callable(what) else what} within {seconds} seconds")
        time.sleep(0.05)
    return value


class Alertmanager:
    """For as long as the with block lasts."""

    def __init__(self, config):
        self.folder = tempfile.TemporaryDirectory()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.output = tempfile.TemporaryFile("w+")
        self.command = ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={self.folder.name}",
                        "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}"]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=self.output, stderr=self.output)

    def restart(self):
        """Ends it as systemd does, and starts it again with what it has written to its disk."""
        self.process.terminate()
        self.process.wait()
        self.start()
        wait_for("answer of Alertmanager", self.ready)

    def __enter__(self):
        wait_for("answer of Alertmanager", self.ready)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def log(self):
        self.output.seek(0)
        return self.output.read()

    def ready(self):
        if self.process.poll() is not None:
            sys.exit(f"Alertmanager ended at once:\n{self.log()}")
        try:
            return urllib.request.urlopen(f"{self.url}/-/ready", timeout=5).status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as reply:
            text = reply.read()
        return json.loads(text) if text.strip() else None

    def post(self, alerts, annotations=None, **times):
        """Alerts by their labels. Each keeps firing until it is posted again with endsAt."""
        self.send("POST", "/api/v2/alerts", [{"labels": labels, "annotations": annotations or {}, **times} for labels in alerts])

    def resolve(self, alerts, annotations=None):
        self.post(alerts, annotations, endsAt=now())

    def silence(self, **labels):
        """Silences what has these labels. Returns the silence's id."""
        matchers = [{"name": name, "value": value, "isRegex": False} for name, value in labels.items()]
        return self.send("POST", "/api/v2/silences", {"matchers": matchers, "startsAt": now(), "endsAt": ago(-3600),
                                                      "createdBy": "test", "comment": "seen"})["silenceID"]

    def end_silence(self, identity):
        self.send("DELETE", f"/api/v2/silence/{identity}")

    def states(self):
        """{labels as a frozen set: state} of every alert."""
        return {frozenset(a["labels"].items()): a["status"]["state"] for a in self.send("GET", "/api/v2/alerts")}

    def hidden(self, alerts):
        """Positions of the alerts that are suppressed now; None while one of them has not arrived."""
        states = self.states()
        if any(states.get(frozenset(a.items()), "unprocessed") == "unprocessed" for a in alerts):
            return None
        return {i for i, a in enumerate(alerts) if states[frozenset(a.items())] == "suppressed"}

    def metric(self, name, **labels):
        """The sum of a counter of Alertmanager itself over all series with these labels."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as reply:
            lines = reply.read().decode().splitlines()
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith(name + "{") and all(text in line for text in wanted))


class Receiver:
    """An HTTP server that answers as chats and pagers do, and keeps (time, path, body) of all that it is sent."""

    def __init__(self):
        outer = self
        self.lock = threading.Lock()
        self.messages = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.lock:
                    outer.messages.append((time.time(), self.path, json.loads(body)))
                # PagerDuty's answer to an event; chats say 200.
                self.send_response(202 if self.path == "/v2/enqueue" else 200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def all(self):
        with self.lock:
            return list(self.messages)
