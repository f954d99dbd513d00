# SPDX-License-Identifier: Apache-2.0
"""The cache exporter prints exactly tests/golden/cache-NAME.prom for each recorded server tests/fixtures/cache/NAME.txt; what
varies is left out or written as 0. docs/metrics.md follows.

check_recorded.py BINARY [--update]
"""

import glob
import os
import re
import subprocess
import sys
import tempfile

import recorded
from check_cache import INHERITED
from metrics_page import PAGE

sys.path.insert(0, os.path.join(recorded.HERE, "../stack"))
from recording import Player, Recording  # noqa: E402

FIXTURES = os.path.join(recorded.HERE, "../fixtures/cache")
# Of the exporter itself, or measured by it: on the other golden page.
OWN = re.compile(r"^(process_|cache_(?!scrape_collector_state)|(redis|memcached)_(ping|connect|version)_duration_seconds)")
# Against this machine's clock, where the server does not tell its own.
VARYING = re.compile(r"^(redis|memcached)_start_time_seconds")
# Names of redis_exporter that only these servers have.
MORE_INHERITED = [
    r'^redis_storage_provider_read_\w+ counter metrics should have "_total" suffix$',
    r'^redis_(long_lock_waits|server_threads|search_global)_total non-counter metrics should not have "_total" suffix$',
]


def once(binary, name, recording):
    kind = "memcached" if name.startswith("memcached") else "redis"
    with Player(recording, kind == "memcached") as player, tempfile.NamedTemporaryFile("w", suffix=".yml") as config:
        config.write(f"targets: [{{name: {name}, kind: {kind}, address: '127.0.0.1:{player.port}'}}]\n")
        config.flush()
        done = subprocess.run([binary, "--once", "--config.file=" + config.name], capture_output=True, text=True, timeout=120,
                              check=False)
    if done.returncode != 0:
        raise SystemExit(f"{binary} --once ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def fixed(text):
    """The server's own families, and how the collectors ended."""
    lines = []
    for line in text.splitlines():
        name = line.split(" ")[2] if line.startswith("#") else line.partition("{")[0].partition(" ")[0]
        if OWN.match(name) or (name.startswith("cache_") and line.endswith(" 0")):
            continue
        varies = VARYING.match(name) and not line.startswith("#")
        lines.append(line.rpartition(" ")[0] + " 0" if varies else line)
    return "\n".join(lines) + "\n"


def check(binary, path, update):
    """Whether the page of one recorded server is as expected; prints what is not."""
    name = os.path.splitext(os.path.basename(path))[0]
    with open(path, encoding="utf-8") as file:
        recording = Recording.parse(file.read())
    page = once(binary, name, recording)
    own, _ = recorded.check_metrics(page, INHERITED + MORE_INHERITED)
    print("\n".join(f"{name}: promtool: {complaint}" for complaint in own), end="\n" if own else "")
    golden = recorded.path_of("cache-" + name)
    if update:
        with open(golden, "w", encoding="utf-8") as file:
            file.write(fixed(page))
    return recorded.compare(golden, fixed(page)) == 0 and not own


def main(binary, update):
    paths = sorted(glob.glob(os.path.join(FIXTURES, "*.txt")))
    results = [check(os.path.abspath(binary), path, update) for path in paths]
    if update:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(recorded.documentation())
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
