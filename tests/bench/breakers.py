# SPDX-License-Identifier: Apache-2.0
"""An application that tells of every call by the C++ reporter: what that costs the exporter, and what it costs a call.

Both run on the same machine, so the longest calls are those in which the reporter's thread had to wait for a processor.
Missing are calls that never arrived: `dropped` counts the lines that the reporter's socket refused, and `kernel` the packets that
the exporter's could not hold. Figures are medians over the rounds; nothing here passes or fails.
"""

import argparse
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../stack"), HERE]
from measure import cpu_seconds, status_kib  # noqa: E402
from processes import Stack, StackError, request, wait_for  # noqa: E402

# name: threads, calls, calls a second (0: as fast as they can)
LOADS = {
    "10,000 calls/s, one thread": (1, 100_000, 10_000),
    "10,000 calls/s, four threads": (4, 100_000, 10_000),
    "100,000 calls/s, four threads": (4, 500_000, 100_000),
    "unlimited, one thread": (1, 1_000_000, 0),
    "unlimited, four threads": (4, 1_000_000, 0),
}
FIGURES = ("calls", "dropped", "mean", "median", "p99", "p999", "longest", "cpu_call")
RUNS = itertools.count()  # a log file for each process


def told(url):
    """(calls that the exporter has counted, packets that the kernel dropped)."""
    calls = drops = 0
    for line in request(url + "/metrics").text.splitlines():
        if line.startswith("circuit_breaker_calls_total{"):
            calls += float(line.rpartition(" ")[2])
        elif line.startswith("circuit_breaker_statsd_kernel_drops_total{"):
            drops += float(line.rpartition(" ")[2])
    return calls, drops


def at_rest(url):
    """What was told, once it stands still."""
    def same():
        first = told(url)
        time.sleep(0.3)
        return (first,) if told(url) == first else None
    return wait_for(same, "the exporter has read everything")[0]


def measure_one(stack, options, load):
    process, url = stack.start_exporter(options.exporter, "--statsd.listen=127.0.0.1:0", name=f"exporter-{next(RUNS)}")
    port = re.search(r"udp://127\.0\.0\.1:(\d+)", process.log_text())[1]
    threads, calls, rate = load
    cpu, began = cpu_seconds(process.pid), time.monotonic()
    done = subprocess.run([options.reporter, "127.0.0.1", port, str(threads), str(calls), str(rate)], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise StackError("breaker_reporter_bench failed: " + done.stderr.strip())
    wall, used = time.monotonic() - began, cpu_seconds(process.pid) - cpu
    one = dict(zip(FIGURES, map(int, done.stdout.split())))
    taken, drops = at_rest(url)
    one |= {"rate": one["calls"] / wall, "exporter_cpu": used / wall, "exporter_call": used / max(taken, 1), "kernel_drops": drops,
            "missing": one["calls"] - one["dropped"] - taken, "resident": status_kib(process.pid, "VmRSS")}
    stack.processes.remove(process)
    process.stop()
    return one


def measure(stack, options):
    results = {load: [] for load in LOADS}
    for _ in range(options.rounds):
        for load, how in LOADS.items():
            results[load].append(measure_one(stack, options, how))
    return {load: {key: statistics.median(one[key] for one in rounds) for key in rounds[0]} for load, rounds in results.items()}


def print_table(results):
    print(f"{'':30} {'a call of the application, ns':>42} {'the exporter':>34} {'calls':>24}")
    print(f"{'load':30} {'mean':>7} {'median':>7} {'99 %':>7} {'99.9 %':>8} {'CPU':>7} {'% of a core':>12} {'ns a call':>10} "
          f"{'resident':>10} {'calls/s':>9} {'missing':>8} {'dropped':>8} {'kernel':>7}")
    for load, one in results.items():
        print(f"{load:30} {one['mean']:7.0f} {one['median']:7.0f} {one['p99']:7.0f} {one['p999']:8.0f} {one['cpu_call']:7.0f} "
              f"{one['exporter_cpu'] * 100:12.2f} {one['exporter_call'] * 1e9:10.0f} {one['resident'] / 1024:6.1f} MiB "
              f"{one['rate']:9.0f} {one['missing']:8.0f} {one['dropped']:8.0f} {one['kernel_drops']:7.0f}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--exporter", required=True, help="the circuit-breaker exporter, of an optimised build")
    arguments.add_argument("--reporter", required=True, help="tests/bench/breaker-reporter-bench")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    with Stack() as stack:
        results = measure(stack, options)
    if options.json:
        print(json.dumps(results, indent=1))
    else:
        print_table(results)


if __name__ == "__main__":
    try:
        main()
    except StackError as error:
        sys.exit(f"breakers.py: {error}")
