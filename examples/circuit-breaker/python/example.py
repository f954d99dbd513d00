# SPDX-License-Identifier: Apache-2.0
"""A breaker goes through an outage and tells of it: closed, open, half open, open, half open, closed.

example.py [HOST:PORT] prints how many calls of each result there were, as JSON.
"""

import collections
import json
import sys
import time

from breaker_reporter import BreakerReporter

THRESHOLD = 5  # failures in a row
OPEN_SECONDS = 0.3


class Rejected(Exception):
    pass


class Breaker:
    """A small breaker. The lines with `reporter` are all that reporting takes."""

    def __init__(self, name, reporter):
        self.name, self.reporter = name, reporter
        self.failures, self.opened = 0, 0.0
        self.move_to("closed")
        reporter.setting(name, "minimum_calls", THRESHOLD)

    def move_to(self, state):
        self.state = state
        self.reporter.state(self.name, state)

    def call(self, function):
        if self.state == "open":
            if time.monotonic() < self.opened + OPEN_SECONDS:
                self.reporter.rejected(self.name)
                raise Rejected(self.name)
            self.move_to("half_open")
        began = time.monotonic()
        try:
            result = function()
        except Exception:
            self.reporter.call(self.name, "failure", time.monotonic() - began)
            self.failures += 1
            if self.state == "half_open" or self.failures >= THRESHOLD:
                self.opened = time.monotonic()
                self.move_to("open")
            raise
        self.reporter.call(self.name, "success", time.monotonic() - began)
        self.failures = 0
        if self.state == "half_open":
            self.move_to("closed")
        return result


def main(address="127.0.0.1:9125"):
    host, _, port = address.rpartition(":")
    reporter = BreakerReporter(host, int(port), instance="example")
    breaker = Breaker("payments", reporter)
    counts = collections.Counter()

    def pay(works):
        time.sleep(0.002)
        if not works:
            raise ConnectionError("payments are out of order")

    def call(works, times):
        for _ in range(times):
            try:
                breaker.call(lambda: pay(works))
                counts["success"] += 1
            except Rejected:
                counts["rejected"] += 1
            except ConnectionError:
                counts["failure"] += 1

    call(True, 100)
    call(False, 50)  # opens after five of them
    time.sleep(OPEN_SECONDS)
    call(False, 20)  # the first one, half open, fails
    time.sleep(OPEN_SECONDS)
    call(True, 100)  # the first one, half open, closes it
    reporter.close()
    print(json.dumps(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
