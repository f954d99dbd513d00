# SPDX-License-Identifier: Apache-2.0
"""The circuit-breaker exporter in ./binnacle demo: an HAProxy before two servers, of which one fails now and then and is
taken out for it, and a Node application whose opossum breakers tell of themselves over DogStatsD."""

import json
import os
import sys

import node_app
from caches import free_udp_port
from haproxy import WebServer, breaker_backend, start_haproxy
from processes import StackError

SHOWS = {
    "circuit breakers, closed": 'sum(circuit_breaker_state{state="closed"})',
    "circuit breakers, opened so far": 'sum(circuit_breaker_transitions_total{from="closed",to="open"})',
}
HONOR_LABELS = True  # a breaker's instance is its own
RATE = 20  # requests a second
FAILS_EVERY, FAILS_FOR = 15, 3  # seconds


def start(stack, build):
    steady, failing = WebServer(), WebServer()
    failing.fail_every(FAILS_EVERY, FAILS_FOR)
    haproxy = start_haproxy(stack, {"shop": breaker_backend(web1=steady.port, web2=failing.port)})
    haproxy.start_load("shop", RATE)
    statsd = f"127.0.0.1:{free_udp_port()}"
    config = {
        "sources": [{"name": "edge", "kind": "haproxy", "address": haproxy.socket, "interval": "200ms"}],
        "breakers": {"rules": [{"breaker": "shop", "alerts": {"open_seconds": 60}}]},
        "statsd": {"listen": [statsd]},
    }
    # JSON is YAML too.
    file = stack.write("circuit-breakers.yml", json.dumps(config))
    binary = os.path.join(build, "exporters/circuit-breaker/circuit-breaker-exporter")
    url = stack.start_exporter(binary, f"--config.file={file}")[1]
    # After the exporter, which has to be there for what the application tells.
    start_opossum(stack, statsd)
    return {"circuit-breaker": url}


def start_opossum(stack, statsd):
    why = node_app.missing()
    if why is None:
        try:
            node_app.install()
            node_app.start_node(stack, statsd)
        except StackError as error:
            why = str(error)
    if why is not None:
        print("demo: no opossum application: " + why, file=sys.stderr)
