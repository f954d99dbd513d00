# SPDX-License-Identifier: Apache-2.0
"""The system exporter beside Debian's node_exporter and beside the floor, in one run, in turns, on this host.

Both exporters run the same collectors. The floor is a loop that only makes the calls on files that ours makes in a
scrape. Figures are medians over the rounds; nothing here passes or fails.
"""

import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../stack"), HERE]
from calls import calls_of_a_scrape  # noqa: E402
from exposition import parse  # noqa: E402
from measure import GZIPPED, PLAIN, Exporter, command_line, median_of, print_ratio, run, status_kib  # noqa: E402
from processes import StackError, answers, free_port, request  # noqa: E402

NODE_EXPORTER = "prometheus-node-exporter"


def own_collectors(url):
    families = parse(request(url + "/metrics").text)
    return {dict(labels)["collector"] for _, labels in families["node_scrape_collector_success"].samples}


def peer_collectors():
    """The collectors that node_exporter runs by default."""
    done = subprocess.run([NODE_EXPORTER, "--help"], capture_output=True, text=True, check=False)
    text = " ".join((done.stdout + done.stderr).split())
    return set(re.findall(r"--collector\.(\w+) Enable the \w+ collector \(default: enabled\)", text))


def find_floor(exporter):
    """The floor's binary of the same build, or one made now."""
    built = os.path.join(os.path.dirname(exporter), "../../tests/bench/floor")
    return built if os.access(built, os.X_OK) else None


def compile_floor(stack):
    binary = stack.path("floor")
    subprocess.run(["c++", "-std=c++20", "-O2", os.path.join(HERE, "floor.cpp"), "-o", binary], check=True)
    return binary


def run_floor(binary, calls, iterations):
    done = subprocess.run([binary, calls, str(iterations)], capture_output=True, text=True, check=True)
    cpu, wall, count, size = map(int, done.stdout.split())
    return {"cpu": cpu / 1e9, "wall": wall / 1e9, "calls": count, "bytes": size}


def measure(stack, options):
    """All figures, as --json prints them."""
    process, url = stack.start_exporter(options.exporter, name="everything")
    everything = Exporter("ours, all default collectors", process, url)
    if shutil.which(NODE_EXPORTER) is None:
        raise StackError(f"there is no {NODE_EXPORTER}: install the package of that name")
    common = sorted(own_collectors(url) & peer_collectors())
    chosen = ["--collector.disable-defaults", *(f"--collector.{name}" for name in common)]
    process, url = stack.start_exporter(options.exporter, *chosen, name="ours")
    ours = Exporter("ours", process, url)
    port = free_port()
    process = stack.start("node_exporter", [NODE_EXPORTER, f"--web.listen-address=127.0.0.1:{port}", *chosen])
    peer = Exporter("node_exporter", process, f"http://127.0.0.1:{port}")
    process.wait_until(lambda: answers(peer.url + "/metrics"), "answers")
    exporters = [ours, peer, everything]

    floor = options.floor or find_floor(options.exporter) or compile_floor(stack)
    calls, why_not = calls_of_a_scrape(stack, ours.process.pid, lambda: ours.scrape(PLAIN))
    floor_list = stack.write("calls", "".join(f"{kind} {path}\n" for kind, path in calls))

    for exporter in exporters:
        exporter.measure(PLAIN, options.warm_up)
        exporter.measure(GZIPPED, options.warm_up)
    figures = {(exporter.name, mode): [] for exporter in exporters for mode in ("plain", "gzip")}
    floors = []
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
        for mode, headers in [("plain", PLAIN), ("gzip", GZIPPED)]:
            for exporter in exporters:
                figures[exporter.name, mode].append(exporter.measure(headers, options.scrapes))
        if calls:
            floors.append(run_floor(floor, floor_list, options.scrapes))

    result = {"host": f"{os.uname().sysname} {os.uname().release}, {os.cpu_count()} CPUs",
              "collectors": common, "rounds": options.rounds, "scrapes_a_round": options.scrapes,
              "exporters": {}, "floor": None, "floor_missing": why_not}
    for exporter in exporters:
        page = parse(request(exporter.url + "/metrics").text)
        entry = {"series": sum(len(family.samples) for family in page.values()),
                 "peak_memory_kib": status_kib(exporter.process.pid, "VmHWM"),
                 "memory_kib": status_kib(exporter.process.pid, "VmRSS"),
                 "own_memory_kib": status_kib(exporter.process.pid, "RssAnon"),
                 "threads": len(os.listdir(f"/proc/{exporter.process.pid}/task"))}
        for mode in ("plain", "gzip"):
            rounds = figures[exporter.name, mode]
            entry[mode] = {"cpu_us": median_of(rounds, "cpu") * 1e6, "wall_us": median_of(rounds, "wall") * 1e6,
                           "wall_p99_us": median_of(rounds, "wall_p99") * 1e6, "bytes": median_of(rounds, "bytes"),
                           "cpu_us_rounds": [round(one["cpu"] * 1e6, 1) for one in rounds]}
        result["exporters"][exporter.name] = entry
    if floors:
        result["floor"] = {"cpu_us": median_of(floors, "cpu") * 1e6, "wall_us": median_of(floors, "wall") * 1e6,
                           "calls": floors[0]["calls"], "bytes": floors[0]["bytes"],
                           "cpu_us_rounds": [round(one["cpu"] * 1e6, 1) for one in floors]}
    result["binary_kib"] = {"ours": os.path.getsize(options.exporter) // 1024,
                            "node_exporter": os.path.getsize(os.path.realpath(shutil.which(NODE_EXPORTER))) // 1024}
    result["ratios"] = ratios(result)
    return result


def ratios(result):
    ours, peer = result["exporters"]["ours"], result["exporters"]["node_exporter"]
    found = {}
    for mode in ("plain", "gzip"):
        found[f"CPU a scrape, {mode}, of node_exporter's"] = ours[mode]["cpu_us"] / peer[mode]["cpu_us"]
        found[f"wall time a scrape, {mode}, of node_exporter's"] = ours[mode]["wall_us"] / peer[mode]["wall_us"]
    found["peak memory, of node_exporter's"] = ours["peak_memory_kib"] / peer["peak_memory_kib"]
    found["memory, of node_exporter's"] = ours["memory_kib"] / peer["memory_kib"]
    found["memory without files and libraries, of node_exporter's"] = ours["own_memory_kib"] / peer["own_memory_kib"]
    if result["floor"]:
        for mode in ("plain", "gzip"):
            found[f"CPU a scrape, {mode}, of the floor's"] = ours[mode]["cpu_us"] / result["floor"]["cpu_us"]
    return found


def print_table(result):
    print(f"{result['host']}; medians of {result['rounds']} rounds of {result['scrapes_a_round']} scrapes, in turns")
    print(f"collectors of both ({len(result['collectors'])}): {' '.join(result['collectors'])}\n")
    print(f"{'':<30}{'CPU us':>9}{'wall us':>9}{'p99 us':>9}{'bytes':>9}{'series':>8}{'RSS KiB':>9}{'own KiB':>9}{'peak KiB':>10}{'threads':>9}")
    for name, entry in result["exporters"].items():
        for mode in ("plain", "gzip"):
            figures = entry[mode]
            line = f"{name + (', gzip' if mode == 'gzip' else ''):<30}"
            line += "".join(f"{figures[key]:>9.0f}" for key in ("cpu_us", "wall_us", "wall_p99_us", "bytes"))
            if mode == "plain":
                line += f"{entry['series']:>8}{entry['memory_kib']:>9}{entry['own_memory_kib']:>9}{entry['peak_memory_kib']:>10}{entry['threads']:>9}"
            print(line)
    floor = result["floor"]
    if floor:
        print(f"{'floor':<30}{floor['cpu_us']:>9.0f}{floor['wall_us']:>9.0f}{'':>9}{floor['bytes']:>9}"
              f"   ({floor['calls']} calls on files)")
    else:
        print(f"floor: not measured: {result['floor_missing']}")
    print(f"\nbinary: ours {result['binary_kib']['ours']} KiB, node_exporter {result['binary_kib']['node_exporter']} KiB\n")
    for name, value in result["ratios"].items():
        print_ratio(name, value)


if __name__ == "__main__":
    sys.exit(run(measure, print_table, command_line(__doc__, "system-exporter", "floor.cpp", scrapes=200, rounds=7, warm_up=100)))
