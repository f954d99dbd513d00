# SPDX-License-Identifier: Apache-2.0
"""A small simulated service with the metrics that client libraries export, for the demo and the render suite.

application.py PORT [SEED]          serves its metrics, and handles made-up requests for good
application.py --page COUNT         prints its page after so many requests (tests/fixtures/application/python.prom)

Its own metrics are by Debian's python3-prometheus-client. What a Node.js and a Go service would export of their runtime
is beside them, so that every panel has something to show.
"""

import random
import sys
import threading
import time

from processes import answers, free_port

if __name__ == "__main__":  # who only starts it needs no client library
    from prometheus_client import (REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest,
                                   start_http_server)

JOB = "application"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# (handler, method, share of the requests, usual seconds, share that fails)
ROUTES = (
    ("/cart", "GET", 8, 0.02, 0.002),
    ("/products/:id", "GET", 12, 0.04, 0.001),
    ("/orders", "POST", 3, 0.18, 0.01),
    ("/search", "GET", 5, 0.12, 0.004),
    ("/payments", "POST", 2, 0.3, 0.03),
    ("/reports/daily", "GET", 0.3, 1.8, 0.05),
)
RATE = 25  # requests a second
TROUBLE_EVERY, TROUBLE_FOR = 60, 10  # seconds: payments fail more often then


class Service:
    def __init__(self, registry, chance):
        labels = ("handler", "method")
        self.chance = chance
        self.requests = Counter("http_requests_total", "Requests by route, method and status.", (*labels, "code"), registry=registry)
        self.durations = Histogram("http_request_duration_seconds", "Time that a request took.", labels, buckets=BOUNDS,
                                   registry=registry)
        self.in_flight = Gauge("http_requests_in_flight", "Requests that are being answered.", registry=registry)

    def handle(self, trouble=False):
        """One made-up request. Returns the seconds that it took."""
        handler, method, _, usual, failing = self.chance.choices(ROUTES, [route[2] for route in ROUTES])[0]
        failing = 0.4 if trouble and handler == "/payments" else failing
        seconds = usual * self.chance.lognormvariate(0, 0.6)
        draw = self.chance.random()
        code = "500" if draw < failing else "404" if draw < failing + 0.02 else "201" if method == "POST" else "200"
        self.requests.labels(handler, method, code).inc()
        trace = {"trace_id": f"{self.chance.getrandbits(128):032x}"}
        self.durations.labels(handler, method).observe(seconds, trace)
        return seconds


class Runtimes:
    """What prom-client says of Node.js and client_golang of Go, with made-up values."""

    def __init__(self, registry, chance):
        self.chance = chance
        self.lag = Gauge("nodejs_eventloop_lag_p99_seconds", "Event loop lag, as Node.js has it.", registry=registry)
        self.node_pause = Histogram("nodejs_gc_duration_seconds", "Pauses of the collector, as Node.js has them.", ("kind",),
                                    buckets=(0.001, 0.01, 0.1, 1, 2, 5), registry=registry)
        self.go_pause = Summary("go_gc_duration_seconds", "Pauses of the collector, as Go has them.", registry=registry)

    def tick(self):
        self.lag.set(0.01 + 0.02 * self.chance.random())
        self.node_pause.labels("minor").observe(0.001 + 0.004 * self.chance.random())
        self.go_pause.observe(0.0002 + 0.0004 * self.chance.random())


def serve(port, seed):
    chance = random.Random(seed)
    service, runtimes = Service(REGISTRY, chance), Runtimes(REGISTRY, chance)
    start_http_server(port, "127.0.0.1")
    started = time.monotonic()
    while True:
        seconds = service.handle((time.monotonic() - started) % TROUBLE_EVERY > TROUBLE_EVERY - TROUBLE_FOR)
        service.in_flight.inc()
        timer = threading.Timer(seconds, service.in_flight.dec)
        timer.daemon = True
        timer.start()
        if chance.random() < 0.1:
            runtimes.tick()
        time.sleep(chance.expovariate(RATE))


def print_page(count):
    registry = CollectorRegistry()
    service = Service(registry, random.Random(1))
    for _ in range(count):
        service.handle()
    print((generate_latest(registry) + generate_latest(REGISTRY)).decode(), end="")


def start(stack, seeds=(1, 2)):
    """Starts an instance for each seed. Returns their addresses."""
    addresses = []
    for seed in seeds:
        port = free_port()
        process = stack.start("application", ["/usr/bin/python3", "-B", __file__, str(port), str(seed)])
        process.wait_until(lambda port=port: answers(f"http://127.0.0.1:{port}/metrics"), "its metrics")
        addresses.append(f"127.0.0.1:{port}")
    return addresses


if __name__ == "__main__":
    if sys.argv[1] == "--page":
        print_page(int(sys.argv[2]))
    else:
        serve(int(sys.argv[1]), int((sys.argv[2:] or ["1"])[0]))
