# SPDX-License-Identifier: Apache-2.0
"""Small things that several end-to-end tests need."""

import os
import subprocess
import time

from exposition import parse
from processes import request, wait_for

# What Prometheus 2.42 sends.
PROMETHEUS_ACCEPT = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                     "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")


class Metrics:
    """One page of metrics: its families, and each sample by name and labels."""

    def __init__(self, text):
        self.text = text
        self.families = parse(text)
        self.samples = {key: value for family in self.families.values() for key, value in family.samples.items()}

    def get(self, name, **labels):
        """The sample's value, or None."""
        return self.samples.get((name, frozenset(labels.items())))

    def value(self, name, **labels):
        value = self.get(name, **labels)
        assert value is not None, f"no {name}{labels}; of that name there are {self.of(name)[:20]}"
        return value

    def of(self, name):
        """[(labels, value)] of one name."""
        return [(dict(labels), value) for (sample, labels), value in self.samples.items() if sample == name]

    def state(self, collector):
        """The state that the collector ended this scrape in; None when it did not run."""
        states = [labels["state"] for labels, value in self.of("node_scrape_collector_state")
                  if labels["collector"] == collector and value == 1]
        assert len(states) <= 1, f"{collector} is in {states} at once"
        return states[0] if states else None

    def states(self):
        """{collector: state}."""
        names = {labels["collector"] for labels, _ in self.of("node_scrape_collector_success")}
        return {name: self.state(name) for name in names}


def scrape(url, path="/metrics", headers=None, timeout=30):
    """One scrape that must be answered 200, as Metrics."""
    answer = request(url + path, headers=headers, timeout=timeout)
    assert answer.status == 200, f"{path}: {answer.status} {answer.text[:300]}"
    return Metrics(answer.text)


def run_exporter(binary, *flags, env=None, timeout=60):
    """Runs the exporter to its end: (exit code, stdout, stderr)."""
    done = subprocess.run([binary, *flags], capture_output=True, stdin=subprocess.DEVNULL, timeout=timeout, check=False,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def thread_count(pid):
    return len(os.listdir(f"/proc/{pid}/task"))


def open_files(pid):
    """{number: what it is} of the descriptors that a process has open."""
    folder, found = f"/proc/{pid}/fd", {}
    for number in os.listdir(folder):
        try:
            found[int(number)] = os.readlink(f"{folder}/{number}")
        except OSError:
            pass  # closed while we looked
    return found


def status_kib(pid, field):
    """A field of /proc/PID/status in KiB: VmRSS, VmHWM, RssAnon."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    raise AssertionError(f"no {field} in /proc/{pid}/status")


def show(*figures):
    """Prints figures where the test's log shows them."""
    print("\n  " + "\n  ".join(str(figure) for figure in figures), flush=True)


def at_rest(process):
    """(open files, threads) once the last connections are closed."""
    def same():
        first = (open_files(process.pid), thread_count(process.pid))
        time.sleep(0.5)
        return first if (open_files(process.pid), thread_count(process.pid)) == first else None
    return wait_for(same, "open files and threads at rest")
