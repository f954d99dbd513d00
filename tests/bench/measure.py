# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: exporters that are scraped, and what that costs."""

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.parse

from processes import Stack, StackError

PLAIN, GZIPPED = {}, {"Accept-Encoding": "gzip"}


def cpu_seconds(pid):
    """CPU time, user and system, of a process with all threads that it has had, in seconds, to the nanosecond."""
    return time.clock_gettime((~pid << 3) | 2)  # the clock that clock_getcpuclockid() names


def status_kib(pid, field):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field + ":"))


class Exporter:
    def __init__(self, name, process, url):
        self.name, self.process, self.url = name, process, url
        parts = urllib.parse.urlsplit(url)
        self.address = (parts.hostname, parts.port)

    def scrape(self, headers):
        """(seconds, bytes on the wire). Every scrape comes on a connection of its own."""
        start = time.perf_counter()
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        connection.request("GET", "/metrics", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        took = time.perf_counter() - start
        if answer.status != 200:
            raise StackError(f"{self.name} answered {answer.status}")
        return took, len(body)

    def measure(self, headers, scrapes):
        before = cpu_seconds(self.process.pid)
        walls, sizes = zip(*(self.scrape(headers) for _ in range(scrapes)))
        return {"cpu": (cpu_seconds(self.process.pid) - before) / scrapes, "wall": statistics.median(walls),
                "wall_p99": sorted(walls)[int(len(walls) * 0.99)], "bytes": statistics.median(sizes)}


def median_of(rounds, key):
    return statistics.median(one[key] for one in rounds)


def print_ratio(name, value):
    print(f"{name:<58} {value:>6.3f}  (1/{1 / value:.1f})" if 0 < value < 1 else f"{name:<58} {value:>6.3f}")


def command_line(description, exporter, floor, scrapes, rounds, warm_up):
    """The options that every benchmark has; the numbers are their defaults."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exporter", required=True, type=os.path.abspath, help=f"our {exporter}, of an optimised build")
    parser.add_argument("--floor", help=f"the binary of {floor} (default: it is compiled)")
    parser.add_argument("--scrapes", type=int, default=scrapes, help="scrapes a round of each (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=rounds, help="rounds (default: %(default)s)")
    parser.add_argument("--warm-up", type=int, default=warm_up, help="scrapes before the first round (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    return parser.parse_args()


def run(measure, print_table, options):
    """Measures in a stack of servers, and prints. Returns the exit code."""
    try:
        with Stack() as stack:
            result = measure(stack, options)
    except (StackError, OSError, subprocess.SubprocessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        print_table(result)
    return 0
