# SPDX-License-Identifier: Apache-2.0
"""A small shop's circuit breakers, for the golden page and the render suite: behind an HAProxy, in a Redis, in a Spring Boot
application, at an Envoy, in a Hystrix stream, on a JSON page, and pushed over DogStatsD; and the exporter's config for all."""

import contextlib
import json
import signal
import socket
import threading
import time

from breaker_stories import CLOSED, OPEN, Actuator, Envoy, Hystrix, JsonPage, Story
from cache_load import Redis as RedisClient
from caches import free_udp_port
from haproxy import PASSWORD as PAGE_PASSWORD
from haproxy import USER as PAGE_USER
from haproxy import WebServer, breaker_backend, start_haproxy
from processes import Stack
from redis import start_redis
from replay import Events, Replay

USER, PASSWORD = "binnacle", "of-the-exporter"
GOBREAKER_STATES = {CLOSED: 0, "half_open": 1, OPEN: 2}
CHECK_STATUS = {CLOSED: 0, "half_open": 1, OPEN: 2}  # of a service check
STEP = 0.25  # seconds between what the applications tell
# What nobody would do: more series of a name that the exporter has, which it drops.
TWICE = {"match": "app.twice", "type": "counter", "name": "circuit_breaker_source_polls_total", "labels": {"source": "mesh"},
         "tags": []}
RULES = [
    {"breaker": "payments", "slow_call": "50ms", "readiness": True,
     "alerts": {"open_seconds": 30, "failure_ratio": 0.3, "slow_call_ratio": 0.2, "rejected_per_second": 5,
                "openings_per_hour": 20}},
]


class Breakers:
    """`config` is the exporter's config file, for --config.file. What is not a process of the stack ends with `with`."""

    def __init__(self, stack, mappings=()):
        self.stack, self.mappings, self.statsd_port = stack, list(mappings), free_udp_port()
        self.actuator = Actuator({"inventory": Story(), "prices": Story(late=7)})
        self.envoy = Envoy({"payments": Story(late=3), "outbound|80||search.shop.svc.cluster.local": Story(late=11)})
        self.hystrix = Hystrix({"GetUser": Story(late=5), "GetOrders": Story(late=13)})
        self.json = JsonPage({"mailer": Story(late=9), "thumbnails": Story(late=1)})
        self.held = {"ledger": Story(late=2), "carts": Story(late=15)}
        self.pushed = {"payments": Story(late=4), "recommendations": Story(late=17)}
        self.replay = Replay({**self.actuator.pages(), **self.envoy.pages(), "/hystrix.stream": Events(self.hystrix.text, 0.25),
                              "/breakers": lambda _: self.json.text()})
        self.redis = start_redis(stack, name="breakers-redis")
        self.redis.cli("ACL", "SETUSER", USER, "on", ">" + PASSWORD, "~gobreaker:state:*", "~*pybreaker:*", "+scan", "+get")
        self.password_file = stack.write("password-of-exporter", PASSWORD)
        self.web = {"web1": WebServer(), "web2": WebServer()}
        self.haproxy = start_haproxy(stack, {"web": breaker_backend(**{name: web.port for name, web in self.web.items()})})
        self.page_password_file = stack.write("password-of-page", PAGE_PASSWORD)
        self.ended = threading.Event()

    def __enter__(self):
        self.replay.__enter__()
        # JSON is YAML too.
        self.config = self.stack.write("breakers.yml", json.dumps(self.exporter_config()))
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.replay.__exit__()
        for web in self.web.values():
            web.__exit__()

    def exporter_config(self):
        url = self.replay.url
        return {
            "credentials": {"monitoring": {"username": USER, "password_file": self.password_file},
                            "page": {"username": PAGE_USER, "password_file": self.page_password_file}},
            "sources": [
                {"name": "edge", "kind": "haproxy", "address": self.haproxy.socket},
                {"name": "edge-page", "kind": "haproxy", "url": self.haproxy.page, "credentials": "page", "interval": "2s"},
                {"name": "locks", "kind": "redis", "address": self.redis.address, "credentials": "monitoring",
                 "interval": "200ms"},
                {"name": "warehouse", "kind": "resilience4j", "url": url, "instance": "warehouse-1", "interval": "500ms"},
                {"name": "mesh", "kind": "envoy", "url": url, "interval": "1s"},
                {"name": "accounts", "kind": "hystrix", "url": url + "/hystrix.stream"},
                {"name": "jobs", "kind": "json", "url": url + "/breakers"},
            ],
            "breakers": {"rules": RULES},
            "statsd": {"listen": [f"127.0.0.1:{self.statsd_port}"], "mappings": self.mappings},
        }

    def start_load(self):
        """The applications, until this ends, and requests to the servers behind HAProxy, one of which fails at times."""
        self.web["web1"].fail_every(15, 6)
        self.haproxy.start_load("web", 20)
        for tell in (self.tell_redis, self.tell_statsd):
            threading.Thread(target=tell, daemon=True).start()

    def tell_redis(self):
        """As gobreaker and pybreaker keep their state; the exporter only reads it."""
        client = RedisClient(self.redis.port)
        generation, before = 0, None
        while not self.ended.wait(STEP):
            state, since = self.held["ledger"].at()
            generation, before = generation + (state != before), state
            client("SET", "gobreaker:state:ledger", gobreaker_state(state, since, generation))
            state, since = self.held["carts"].at()
            client("SET", "shop:pybreaker:state", state.replace("_", "-"))
            client("SET", "shop:pybreaker:fail_counter", 0 if state == CLOSED else 5)
            client("SET", "shop:pybreaker:success_counter", 0)
            if state == OPEN:
                client("SET", "shop:pybreaker:opened_at", int(since))

    def tell_statsd(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", self.statsd_port))
            while not self.ended.wait(STEP):
                for name, story in self.pushed.items():
                    with contextlib.suppress(ConnectionRefusedError):  # while nobody listens yet
                        client.send("\n".join(push_lines(name, story)).encode())


def gobreaker_state(state, since, generation):
    open_for = 3.0
    return json.dumps({
        "state": GOBREAKER_STATES[state], "generation": generation, "age": 0,
        "counts": {"Requests": int((time.time() - since) * 10), "TotalSuccesses": int((time.time() - since) * 8),
                   "TotalFailures": int((time.time() - since) * 2), "TotalExclusions": 0, "ConsecutiveSuccesses": 3,
                   "ConsecutiveFailures": 0}, "buckets": [],
        "start": rfc3339(since), "expiry": rfc3339(since + open_for) if state == OPEN else "0001-01-01T00:00:00Z"})


def rfc3339(moment):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1e6):06d}Z"


def push_lines(name, story):
    """What an application tells of a quarter of a second; two lines mean nothing to the exporter."""
    state, tags = story.state(), f"breaker:{name},instance:shop-1"
    yield f"_sc|circuit_breaker.state|{CHECK_STATUS[state]}|#{tags}"
    yield f"circuit_breaker.failure_ratio_threshold:0.5|g|#{tags}"
    yield f"circuit_breaker.minimum_calls:20|g|#{tags}"
    if state == OPEN:
        yield f"circuit_breaker.calls:4|c|#{tags},result:rejected"
    else:
        yield f"circuit_breaker.call:12.5:18:31:70|ms|#{tags}"
        yield f"circuit_breaker.call:95|ms|#{tags},result:failure"
    yield "circuit_breaker.call:5|ms"
    yield "app.jobs:1|c"
    yield "app.twice:1|c"


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Stack() as stack, Breakers(stack) as breakers:
        breakers.start_load()
        print(f"--config.file={breakers.config}\nEnd with Ctrl-C.", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
