# SPDX-License-Identifier: Apache-2.0
"""Starts servers on free loopback ports, waits until they answer, and leaves nothing behind.

Used by the demo, the end-to-end tests, the render suite and the benchmarks.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

START_LIMIT = 60  # seconds; generous, since machines of two slow cores run this too


class StackError(Exception):
    """What went wrong, in one line for people."""


def free_port():
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition, what, limit=START_LIMIT, interval=0.05):
    """Calls `condition` until it returns something true, and returns that."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise StackError(f"waited {limit} s in vain: {what}")
        time.sleep(interval)


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)


def request(url, method="GET", headers=None, timeout=30):
    """One HTTP request on a connection of its own; any status is a response, no answer is an OSError."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        path = parts.path or "/"
        if parts.query:
            path += "?" + parts.query
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return Response(answer.status, answer.headers, answer.read())
    except http.client.HTTPException as error:
        raise OSError(f"{url}: {type(error).__name__}") from error
    finally:
        connection.close()


def answers(url):
    """Whether a GET of `url` is answered 200."""
    try:
        return request(url, timeout=5).status == 200
    except OSError:
        return False


class Process:
    """A server of ours: its log goes to a file, and it is stopped with its children."""

    def __init__(self, name, command, log, env=None):
        self.name, self.command, self.log = name, command, log
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                env={**os.environ, **(env or {})})

    @property
    def pid(self):
        return self.process.pid

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def check_alive(self):
        code = self.process.poll()
        if code is not None:
            lines = self.log_text().strip().splitlines()[-5:]
            raise StackError(f"{self.name} ended with code {code}: " + " | ".join(lines))

    def wait_until(self, condition, what):
        def alive_and_ready():
            self.check_alive()
            return condition()
        return wait_for(alive_and_ready, f"{self.name}: {what}")

    def stop(self, limit=20):
        """SIGTERM, then SIGKILL to the whole session. Returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(limit)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return self.process.wait()


class Breakable:
    """A server that tests stop, kill and start again: it has a `stack`, a `name`, a `process` and start()."""

    stack = name = process = None

    def start(self):
        raise NotImplementedError

    def state(self):
        """What /proc says of the process: S, R, T (stopped) ..."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0]

    @contextlib.contextmanager
    def frozen(self):
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            wait_for(lambda: self.state() == "T", f"{self.name} to be stopped")
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.process.wait()
        self.stack.processes.remove(self.process)


class Stack:
    """Processes and a temporary folder, gone together at the end of a `with`."""

    def __init__(self):
        self.processes = []
        self.folder = tempfile.mkdtemp(prefix="binnacle-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def start(self, name, command, env=None):
        process = Process(name, command, self.path(f"{name}-{len(self.processes)}.log"), env)
        self.processes.append(process)
        return process

    def start_exporter(self, binary, *flags, name=None, env=None):
        """Starts one of our exporters on a port of its own choice. Returns (process, its base URL)."""
        name = name or os.path.basename(binary)
        process = self.start(name, [binary, "--web.listen-address=127.0.0.1:0", *flags], env)
        pattern = re.compile(r'msg="?listening"? address=(\S+)')
        found = process.wait_until(lambda: pattern.search(process.log_text()), "its address in the log")
        return process, found.group(1)

    def start_prometheus(self, scrape, rules=(), alertmanager=None, interval="1s", honor_labels=()):
        """Debian's Prometheus. `scrape` is {job: [host:port, ...]}; `honor_labels` are the jobs whose series keep their own
        `instance`. Returns (process, its base URL)."""
        jobs = "".join(
            f"  - job_name: {job}\n    honor_labels: {json.dumps(job in honor_labels)}\n"
            f"    static_configs: [{{targets: {json.dumps(targets)}}}]\n"
            for job, targets in scrape.items())
        config = (f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}, evaluation_interval: {interval}}}\n"
                  f"rule_files: {json.dumps([os.path.abspath(rule) for rule in rules])}\n"
                  f"scrape_configs:\n{jobs}")
        if alertmanager:
            config += f"alerting: {{alertmanagers: [{{static_configs: [{{targets: [{json.dumps(alertmanager)}]}}]}}]}}\n"
        port = free_port()
        process = self.start("prometheus", [
            "prometheus", f"--config.file={self.write('prometheus.yml', config)}",
            f"--storage.tsdb.path={self.path('tsdb')}", f"--web.listen-address=127.0.0.1:{port}"])
        url = f"http://127.0.0.1:{port}"
        process.wait_until(lambda: answers(url + "/-/ready"), "ready")
        return process, url

    def start_alertmanager(self, config):
        """Debian's Alertmanager, alone (no cluster). Returns (process, its base URL)."""
        port = free_port()
        process = self.start("alertmanager", [
            "prometheus-alertmanager", f"--config.file={os.path.abspath(config)}",
            f"--storage.path={self.path('alertmanager')}", f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address="])
        url = f"http://127.0.0.1:{port}"
        process.wait_until(lambda: answers(url + "/-/ready"), "ready")
        return process, url


def query(prometheus, expression):
    """An instant query: a list of (labels, value)."""
    answer = request(prometheus + "/api/v1/query?" + urllib.parse.urlencode({"query": expression})).json()
    if answer["status"] != "success":
        raise StackError(f"query {expression}: {answer.get('error')}")
    return [(series["metric"], float(series["value"][1])) for series in answer["data"]["result"]]
