# SPDX-License-Identifier: Apache-2.0
"""A private HAProxy on loopback that works as a circuit breaker: it takes a server out after a few failed answers to real
requests, and back after a few passed checks. Its servers are of Python, and fail on command or on a schedule."""

import contextlib
import csv
import http.client
import http.server
import io
import os
import shutil
import socket
import sys
import threading
import time

from processes import Breakable, StackError, free_port, request, wait_for

# Taken out after 4 failed answers in a row, without a passed check among them; three checks, 0.15 s apart, bring it back.
BREAKER = "check inter 1s fastinter 150ms downinter 150ms fall 3 rise 3 observe layer7 error-limit 4 on-error mark-down"
USER, PASSWORD = "binnacle", "of-the-page"

CONFIG = """\
global
  stats socket {socket} mode 600 level admin
  stats socket ipv4@127.0.0.1:{stats_port} level user
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 30s
  timeout check 30s
  retries 0
frontend shop
  bind 127.0.0.1:{port}
  use_backend %[path,field(2,/)]
frontend page
  bind 127.0.0.1:{page_port}
  stats enable
  stats uri /stats
  stats auth {user}:{password}
"""


class QuietServer(http.server.ThreadingHTTPServer):
    """HAProxy's checks reset their connections, which is nothing to be told of."""

    daemon_threads = True
    request_queue_size = 100

    def handle_error(self, client, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(client, client_address)


class WebServer:
    """Answers /health with 200 always but while `ill`, and all else with 200, or 500 while it fails."""

    def __init__(self):
        self.failing = self.ill = False
        self.answers = {200: 0, 500: 0}  # to requests that are no checks, by status
        self.count = threading.Lock()
        self.server = QuietServer(("127.0.0.1", 0), self.handler())
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handler(self):
        web_server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status = web_server.status(self.path.endswith("/health"))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        return Handler

    def status(self, is_check):
        if is_check:
            return 500 if self.ill else 200
        status = 500 if self.failing else 200
        with self.count:
            self.answers[status] += 1
        return status

    def fail_every(self, period, duration):
        """Fails by itself, checks too, for `duration` of each `period`, in seconds, until the process ends."""
        def run():
            while True:
                time.sleep(period - duration)
                self.failing = self.ill = True
                time.sleep(duration)
                self.failing = self.ill = False

        threading.Thread(target=run, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Haproxy(Breakable):
    """An HAProxy whose `backends`, {name: lines}, are reached at its port by paths that begin with their names."""

    def __init__(self, stack, backends, name="haproxy"):
        self.stack, self.name, self.process = stack, name, None
        self.port, self.stats_port, self.page_port = free_port(), free_port(), free_port()
        self.socket = stack.path(f"{name}-{self.port}.sock")
        text = CONFIG.format(socket=self.socket, port=self.port, stats_port=self.stats_port, page_port=self.page_port,
                             user=USER, password=PASSWORD)
        for backend, lines in backends.items():
            text += f"backend {backend}\n" + "".join(f"  {line}\n" for line in lines)
        self.config = stack.write(f"{name}-{self.port}.cfg", text)

    @property
    def page(self):
        """The URL of the statistics page, which wants USER and PASSWORD."""
        return f"http://127.0.0.1:{self.page_port}/stats"

    def start(self):
        program = shutil.which("haproxy") or "/usr/sbin/haproxy"
        if not os.access(program, os.X_OK):
            raise StackError("no HAProxy is installed: ./binnacle setup test")
        self.process = self.stack.start(self.name, [program, "-db", "-f", self.config])
        self.process.wait_until(self.answers, "its socket to answer")
        # "UP 1/3" before the first checks.
        self.process.wait_until(lambda: all("INI" not in row["check_status"] for row in self.servers().values()), "checks")
        return self

    def answers(self):
        try:
            return self.command("show info").startswith("Name: HAProxy")
        except OSError:
            return False

    def command(self, text):
        """What the socket answers to a command."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(self.socket)
            client.sendall(text.encode() + b"\n")
            with client.makefile("rb") as stream:
                return stream.read().decode()

    def servers(self):
        """{"backend/server": {column: text}}."""
        text = self.command("show stat -1 4 -1").removeprefix("# ")
        return {f"{row['pxname']}/{row['svname']}": row for row in csv.DictReader(io.StringIO(text))}

    def status(self, server):
        return self.servers()[server]["status"]

    def get(self, path):
        """The status of the answer to one request."""
        return request(f"http://127.0.0.1:{self.port}{path}").status

    def cycle(self, backend, server, web_server):
        """Closed, open, half-open and closed again. Returns the seconds that it took, and those that it was not closed."""
        def row():
            return self.servers()[f"{backend}/{server}"]

        def opened():
            self.get(f"/{backend}/")
            return int(row()["chkdown"]) > downs

        began, downs = time.monotonic(), int(row()["chkdown"])
        web_server.failing = True
        wait_for(opened, f"{backend}/{server} to open", interval=0)
        at_open = time.monotonic()
        web_server.failing = False
        self.process.wait_until(lambda: row()["status"] == "UP", f"{backend}/{server} to close")
        ended = time.monotonic()
        return ended - began, ended - at_open

    def start_load(self, backend, rate):
        """Requests at `rate` a second, in a thread of its own, until the process ends."""
        def run():
            while True:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    self.get(f"/{backend}/")
                time.sleep(1 / rate)

        threading.Thread(target=run, daemon=True).start()


def breaker_backend(**servers):
    """The lines of a backend whose servers, {name: port}, are breakers."""
    return ["option httpchk GET /health", *(f"server {name} 127.0.0.1:{port} {BREAKER}" for name, port in servers.items())]


def start_haproxy(stack, backends, name="haproxy"):
    return Haproxy(stack, backends, name).start()
