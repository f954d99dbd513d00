# SPDX-License-Identifier: Apache-2.0
"""The StatsD listener beside Node's statsd server, in one run, in turns: how many lines each takes, and what is lost.

A sender on the same machine shares its processors with the receiver, so CPU time a line says more than lines a second.
Figures are medians over the rounds; nothing here passes or fails.
"""

import argparse
import itertools
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = os.path.join(HERE, "../e2e/statsd-clients")
sys.path[:0] = [os.path.join(HERE, "../stack"), HERE]
from measure import cpu_seconds, status_kib  # noqa: E402
from processes import Stack, StackError, free_port, request, wait_for  # noqa: E402

# name: what is sent, lines a packet, packets, packets a second (0: as fast as the sender can)
LOADS = {
    "packed, 3.25 M lines/s": ("counters", 25, 260_000, 130_000),
    "packed, unlimited": ("counters", 25, 300_000, 0),
    "packed, timers and gauges too, 2 M lines/s": ("mixed", 25, 160_000, 80_000),
    "single lines, 150,000/s": ("counters", 1, 450_000, 150_000),
    "single lines, unlimited": ("counters", 1, 600_000, 0),
    "random names, 10,000 packets/s": ("random", 20, 30_000, 10_000),
}
CONFIG = """
statsd:
  listen: ["127.0.0.1:0"]
  unmapped: keep
  mappings:
  - {match: cache.requests, name: cache_requests_total}
  - {match: cache.operation, name: cache_operation_duration_seconds}
  - {match: cache.size, name: cache_size_bytes}
"""


RUNS = itertools.count()  # a log file for each process


class Ours:
    name = "ours"

    def __init__(self, stack, options):
        self.process, self.url = stack.start_exporter(
            options.exporter, f"--config.file={stack.write('statsd.yml', CONFIG)}", name=f"ours-{next(RUNS)}")
        self.port = int(re.search(r"udp://127\.0\.0\.1:(\d+)", self.process.log_text())[1])

    def totals(self):
        """(packets read, lines taken, packets that the kernel dropped, values lost)."""
        sums = {"packets_total": 0, "lines_total": 0, "kernel_drops_total": 0, "values_lost_total": 0}
        for line in request(self.url + "/metrics").text.splitlines():
            found = re.match(r"\w+?_statsd_(\w+)(?:\{[^}]*\})? (\S+)$", line)
            if found and found[1] in sums:
                sums[found[1]] += float(found[2])
        return tuple(sums.values())


class Node:
    name = "npm's statsd"

    def __init__(self, stack, _):
        self.port, self.management = free_port(), free_port()
        config = stack.write("node.js", f"""{{
            port: {self.port}, mgmt_port: {self.management}, address: "127.0.0.1", mgmt_address: "127.0.0.1",
            flushInterval: 3600000, backends: [], deleteIdleStats: false }}""")
        self.process = stack.start(f"node-{next(RUNS)}", ["node", os.path.join(CLIENTS, "node_modules/statsd/stats.js"), config])
        self.process.wait_until(self.ask, "answers")

    def ask(self):
        try:
            with socket.create_connection(("127.0.0.1", self.management), 60) as client:
                client.sendall(b"counters\n")
                text = b""
                while not text.endswith(b"END\n\n"):
                    got = client.recv(65536)
                    if not got:
                        return None
                    text += got
                return text.decode()
        except OSError:
            return None

    def totals(self):
        """Its own counters; drops from the kernel's table of UDP sockets."""
        text = self.ask() or ""
        def count(name):
            found = re.search(rf"'?statsd\.{name}'?: (\d+)", text)
            return float(found[1]) if found else 0
        wanted = f":{self.port:04X}"
        with open("/proc/net/udp", encoding="ascii") as table:
            drops = sum(int(line.split()[-1]) for line in table if line.split()[1].endswith(wanted))
        return count("packets_received"), count("metrics_received"), float(drops), 0.0


def at_rest(receiver):
    """The totals once they stand still."""
    def same():
        first = receiver.totals()
        time.sleep(0.3)
        return first if receiver.totals() == first else None
    return wait_for(same, "the receiver has read everything")


def send(flood, port, load):
    mode, lines, packets, pace = load
    done = subprocess.run([flood, f"127.0.0.1:{port}", mode, str(lines), str(packets), str(pace)], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise StackError("statsd_flood failed: " + done.stderr.strip())
    return list(map(int, done.stdout.split()))


def measure_one(receiver, flood, load):
    before, cpu = at_rest(receiver), cpu_seconds(receiver.process.pid)
    packets, lines, _, failed, wall, _ = send(flood, receiver.port, load)
    after = at_rest(receiver)
    used = cpu_seconds(receiver.process.pid) - cpu
    read, taken, dropped, lost = (b - a for a, b in zip(before, after))
    return {"offered": lines / wall * 1e9, "packets": packets / wall * 1e9, "taken": taken / lines, "dropped": dropped / packets,
            "unaccounted": packets - read - dropped, "values_lost": lost, "failed_sends": failed,
            "cpu_line": used / max(taken, 1), "cpu_packet": used / max(read, 1),
            "resident": status_kib(receiver.process.pid, "VmRSS"), "own": status_kib(receiver.process.pid, "RssAnon")}


def measure(stack, options):
    subprocess.run([os.path.join(CLIENTS, "install")], check=True, stdout=sys.stderr)
    kinds = [Ours] + ([Node] if shutil.which("node") else [])
    results = {}
    for load, how in LOADS.items():
        for _ in range(options.rounds):
            for kind in kinds:
                receiver = kind(stack, options)  # anew, so that no flood is measured with another one's series
                results.setdefault(load, {}).setdefault(kind.name, []).append(measure_one(receiver, options.flood, how))
                stack.processes.remove(receiver.process)
                receiver.process.stop()
    return {load: {name: {key: statistics.median(one[key] for one in all_of) for key in all_of[0]} for name, all_of in by_name.items()}
            for load, by_name in results.items()}


def print_table(results):
    print(f"{'load':44} {'receiver':14} {'M lines/s':>9} {'1000 pkt/s':>10} {'taken':>8} {'dropped':>8} {'not told':>8} {'ns a line':>9} "
          f"{'ns a pkt':>9} {'resident':>9}")
    for load, by_name in results.items():
        for name, one in by_name.items():
            print(f"{load:44} {name:14} {one['offered'] / 1e6:9.2f} {one['packets'] / 1e3:10.0f} {one['taken']:8.2%} {one['dropped']:8.2%} "
                  f"{one['unaccounted']:8.0f} {one['cpu_line'] * 1e9:9.0f} {one['cpu_packet'] * 1e9:9.0f} {one['resident'] / 1024:5.1f} MiB")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--exporter", required=True, help="an exporter that has a StatsD listener")
    arguments.add_argument("--flood", required=True, help="the sender, tests/bench/statsd_flood")
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
        sys.exit(f"statsd.py: {error}")
