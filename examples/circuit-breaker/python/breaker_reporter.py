# SPDX-License-Identifier: Apache-2.0
"""Tells the circuit-breaker exporter of an application's breakers, by DogStatsD over UDP. Needs nothing but Python 3.7."""

import socket
import threading

PACKET = 1432  # bytes that pass every Ethernet in one piece
FORBIDDEN = str.maketrans(",|\n\r", "____")


class BreakerReporter:
    """Never waits and never raises: what cannot be sent is lost. Any thread may use it; a forked process needs its own."""

    def __init__(self, host="127.0.0.1", port=9125, instance="", flush_seconds=0.2, resend_seconds=10):
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(family, kind)
        self._socket.setblocking(False)
        self._address = address
        self._instance = ",instance:" + instance.translate(FORBIDDEN) if instance else ""
        self._lock = threading.RLock()
        self._lines, self._size = [], 0
        self._standing = {}  # states and settings, sent again now and then: an exporter may have been started later
        self._ended = threading.Event()
        threading.Thread(target=self._run, args=(flush_seconds, resend_seconds), daemon=True).start()

    def state(self, breaker, state):
        """At each change: closed, open, half_open, forced_open, disabled, metrics_only or unknown."""
        status = {"closed": 0, "half_open": 1, "open": 2}.get(state, 3)
        self._stand((breaker, "state"), f"_sc|circuit_breaker.state|{status}|#{self._tags(breaker)},state:{state}")
        self.flush()

    def call(self, breaker, result, seconds):
        """A call that has ended: success, failure, timeout, slow or ignored."""
        self._add(f"circuit_breaker.call:{seconds * 1000:.3f}|ms|#{self._tags(breaker)},result:{result}")

    def rejected(self, breaker, count=1):
        """Calls that the breaker refused."""
        self._add(f"circuit_breaker.calls:{count}|c|#{self._tags(breaker)},result:rejected")

    def setting(self, breaker, name, value):
        """failure_ratio_threshold, slow_call_ratio_threshold, slow_call_threshold_seconds or minimum_calls."""
        self._stand((breaker, name), f"circuit_breaker.{name}:{value}|g|#{self._tags(breaker)}")

    def flush(self):
        with self._lock:
            self._send()

    def close(self):
        self._ended.set()
        self.flush()

    def _tags(self, breaker):
        return "breaker:" + breaker.translate(FORBIDDEN) + self._instance

    def _stand(self, key, line):
        with self._lock:
            self._standing[key] = line
            self._add(line)

    def _add(self, line):
        line = line.encode("utf-8", "replace")
        with self._lock:
            if self._size + len(line) > PACKET:
                self._send()
            self._lines.append(line)
            self._size += len(line) + 1

    def _send(self):
        lines, self._lines, self._size = self._lines, [], 0
        if lines:
            try:
                self._socket.sendto(b"\n".join(lines), self._address)
            except OSError:
                pass  # full, or nobody there: an application goes on

    def _run(self, flush_seconds, resend_seconds):
        waited = 0
        while not self._ended.wait(flush_seconds):
            waited += flush_seconds
            if waited >= resend_seconds:
                waited = 0
                with self._lock:  # all the while, or an old state could come after a new one
                    for line in self._standing.values():
                        self._add(line)
            self.flush()
