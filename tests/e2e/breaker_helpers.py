# SPDX-License-Identifier: Apache-2.0
"""What the tests of the circuit-breaker exporter's sources share."""

import json

from helpers import scrape
from processes import wait_for

HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
TIMEOUT = 2.0  # what the scrapes' header says, in seconds


def start(stack, circuit_breaker_binary, config, *flags, env=None):
    """The exporter with this config, a dict. Returns (process, base URL)."""
    path = stack.write("breakers.yml", json.dumps(config))  # JSON is YAML too
    return stack.start_exporter(circuit_breaker_binary, f"--config.file={path}", *flags, env=env)


def is_up(page, source):
    """Whether the source's last poll succeeded."""
    found = [value for labels, value in page.of("circuit_breaker_source_up") if labels["source"] == source]
    assert len(found) == 1, (source, found)
    return found[0] == 1


def failures(page, source):
    """{reason: how many polls failed so}, those that did."""
    return {labels["reason"]: value for labels, value in page.of("circuit_breaker_source_failures_total")
            if labels["source"] == source and value}


def states(page, source):
    """{(breaker, instance): its state}."""
    found = {}
    for labels, value in page.of("circuit_breaker_state"):
        if labels["source"] == source and value == 1:
            key = (labels["breaker"], labels.get("instance", ""))
            assert key not in found, f"{key} is in two states at once"
            found[key] = labels["state"]
    return found


def transitions(page, source):
    """{(breaker, instance, from, to): how often}, those that were."""
    return {(labels["breaker"], labels.get("instance", ""), labels["from"], labels["to"]): value
            for labels, value in page.of("circuit_breaker_transitions_total") if labels["source"] == source and value}


def number(page, name, source):
    """The value of the one series of this source."""
    found = [value for labels, value in page.of(name) if labels["source"] == source]
    assert len(found) == 1, (name, source, found)
    return found[0]


def wait_for_page(url, condition, what):
    """The first page that meets the condition."""
    def good():
        page = scrape(url)
        return page if condition(page) else None
    return wait_for(good, what)
