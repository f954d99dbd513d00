# SPDX-License-Identifier: Apache-2.0
"""The circuit-breaker exporter prints exactly tests/golden/circuit-breaker-recorded.prom for what HAProxy, Envoy, resilience4j,
Hystrix and JSON pages said, as it is in tests/fixtures/circuit-breaker; times and what the exporter tells of itself are left
out. docs/metrics.md follows.

check_breakers_recorded.py BINARY [--update]
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile

import recorded
from metrics_page import PAGE

sys.path.insert(0, os.path.join(recorded.HERE, "../stack"))
from replay import Events, Replay  # noqa: E402
from replay import recorded as fixture  # noqa: E402

HAPROXY = ["haproxy-1.5", "haproxy-2.6-closed", "haproxy-2.6-open", "haproxy-2.6-half-open", "haproxy-2.6-page",
           "haproxy-strange"]
JSON = {
    "json-default": {},
    "json-map": {"breakers": "/circuits", "states": {"2": "open"}},
    "json-opossum": {"breakers": "", "name": "/state/name",
                     "state_flags": {"disabled": "!/state/enabled", "open": "/state/open", "half_open": "/state/halfOpen",
                                     "closed": "/state/closed"}},
}
HYSTRIX = ["hystrix-process", "hystrix-turbine"]
# They depend on the time; those of the exporter itself, on the other golden page, have no breaker.
VARYING = ("circuit_breaker_state_seconds_total", "circuit_breaker_last_transition_timestamp_seconds")
# Most of these are 0, and tell no more than that.
MOSTLY_ZERO = ("circuit_breaker_state{", "circuit_breaker_transitions_total")


def once_told(text):
    """A stream that tells this, and then only that it lives."""
    parts = itertools.chain([text], itertools.repeat("ping: \n\n"))
    return Events(lambda: next(parts))


def pages_and_sources(url):
    """({path: body}, the config's sources), each source named as its fixture."""
    pages, sources = {}, []

    def add(kind, name, **more):
        sources.append({"name": name, "kind": kind, "url": f"{url}/{name}", "timeout": "30s", **more})

    for name in HAPROXY:
        pages[f"/{name};csv"] = fixture(name + ".csv")
        add("haproxy", name)
    for name, shape in JSON.items():
        pages["/" + name] = fixture(name + ".json")
        add("json", name, **({"shape": shape} if shape else {}))
    for name in HYSTRIX:
        pages["/" + name] = once_told(fixture(name + ".txt"))
        add("hystrix", name)
    pages["/resilience4j/actuator/circuitbreakers"] = fixture("resilience4j-circuitbreakers.json")
    pages["/resilience4j/actuator/circuitbreakerevents"] = fixture("resilience4j-events.json")
    add("resilience4j", "resilience4j", instance="app-1")
    pages["/envoy/clusters"], pages["/envoy/stats"] = fixture("envoy-clusters.json"), fixture("envoy-stats.json")
    add("envoy", "envoy")
    # Of another shape than it should be: it is down, and beside the point of the others.
    pages["/resilience4j-names/actuator/circuitbreakers"] = fixture("resilience4j-names.json")
    add("resilience4j", "resilience4j-names")
    return pages, sources


def once(binary):
    with Replay() as replay, tempfile.NamedTemporaryFile("w", suffix=".yml") as config:
        replay.pages, sources = pages_and_sources(replay.url)
        config.write(json.dumps({"sources": sources}))
        config.flush()
        done = subprocess.run([binary, "--once", "--scrape.timeout=60s", "--config.file=" + config.name], capture_output=True,
                              text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{binary} --once ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def tells(line):
    """Whether a sample is of a breaker, or says whether a source is up, and is the same each time."""
    if line.startswith(VARYING) or (line.startswith(MOSTLY_ZERO) and line.endswith(" 0")):
        return False
    return 'breaker="' in line or line.startswith("circuit_breaker_source_up")


def fixed(text):
    """What tells something; the series of a family in the order of their labels."""
    families, head = {}, []
    for line in text.splitlines():
        if line.startswith("# HELP "):
            head = [line]
        elif line.startswith("# TYPE "):
            head.append(line)
        elif tells(line):
            families.setdefault(tuple(head), []).append(line)
    return "".join("\n".join([*head, *sorted(lines)]) + "\n" for head, lines in families.items())


def main(binary, update):
    page = once(os.path.abspath(binary))
    own, _ = recorded.check_metrics(page, [])
    print(f"promtool check metrics: {len(own)} complaints", *own, sep="\n")
    golden = recorded.path_of("circuit-breaker-recorded")
    if update:
        with open(golden, "w", encoding="utf-8") as file:
            file.write(fixed(page))
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(recorded.documentation())
    return 0 if recorded.compare(golden, fixed(page)) == 0 and not own else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
