# SPDX-License-Identifier: Apache-2.0
"""The postgres-pool exporter on a private primary, replica and PgBouncer has exactly the families, types, help texts and
label names of tests/golden/postgres-pool.prom, where values are written as 0 and labels as *. docs/metrics.md follows.

check_postgres.py BINARY [--update]
"""

import os
import re
import sys
import time

import recorded

sys.path.insert(0, os.path.join(recorded.HERE, "../stack"))
from orders import Orders  # noqa: E402
from processes import Stack, StackError, request  # noqa: E402

# Those that are off by default.
COLLECTORS = ["bloat", "database_wraparound", "long_running_transactions", "stat_statements", "stat_user_indexes"]
# Two rows for one series: one is dropped.
TWICE = {"name": "twice", "sql": "SELECT i AS value FROM generate_series(1, 2) i", "metrics": [{"column": "value"}]}

# What promtool says of names that must stay as they are, since postgres_exporter has them.
INHERITED = [
    r'^pg_(stat|statio)_(archiver|database|user_tables|wal_receiver)_\w+ counter metrics should have "_total" suffix$',
    r'^pg_(locks|stat_activity|stat_archiver_\w+|stat_user_tables_\w+)_count non-histogram and non-summary metrics should'
    r' not have "_count" suffix$',
]

SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$")
LABEL = re.compile(r'([a-zA-Z_]\w*)="(?:[^"\\]|\\.)*"')
# Some families come and go: nothing is written for a while, a statement has not been slow yet.
LIMIT = 120  # seconds, for all families of the recorded page to be seen
UPDATE_TIME = 40  # seconds of watching for a new page
INTERVAL = 1  # seconds


class Shape:
    """All that scrapes have had: families in the order of their names, each with the label names of its samples."""

    def __init__(self, text=""):
        self.heads, self.samples = {}, {}
        self.add(text)

    def add(self, text):
        family = None
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family = line.split(" ", 3)[2]
                head = [line]
            elif line.startswith("# TYPE "):
                self.heads[family] = [*head, line]
            elif match := SAMPLE.match(line):
                labels = ",".join(f'{name}="*"' for name in LABEL.findall(match[2] or ""))
                self.samples.setdefault(family, {})[f"{match[1]}{{{labels}}} 0" if labels else f"{match[1]} 0"] = None

    def text(self):
        return "".join("\n".join([*self.heads[family], *sorted(self.samples[family])]) + "\n" for family in sorted(self.heads))

    def covers(self, other):
        return all(set(samples) <= set(self.samples.get(family, ())) for family, samples in other.samples.items())


def scrape(url):
    answer = request(url + "/metrics", headers={"X-Prometheus-Scrape-Timeout-Seconds": "20"})
    if answer.status != 200:
        raise StackError(f"/metrics was answered {answer.status}")
    return answer.text


def watch(url, wanted):
    """Scrapes until all that is wanted was seen, or for a while. Returns the last page and the shape of all."""
    began = time.monotonic()
    seen = Shape()
    while True:
        page = scrape(url)
        seen.add(page)
        watched = time.monotonic() - began
        if (wanted and seen.covers(wanted)) or watched > (LIMIT if wanted else UPDATE_TIME):
            return page, seen
        time.sleep(INTERVAL)


def main(binary, update):
    path, wanted = recorded.path_of("postgres-pool"), None
    if not update and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            wanted = Shape(file.read())
    with Stack() as stack:
        shop = Orders(stack, queries=[TWICE])
        shop.start_load()
        shop.start_trouble()
        process, url = stack.start_exporter(os.path.abspath(binary), "--config.file=" + shop.config,
                                            *[f"--collector.{name}" for name in COLLECTORS])
        page, seen = watch(url, wanted)
        log = process.log_text()
    own, inherited = recorded.check_metrics(page, INHERITED)
    print(f"promtool check metrics: {len(own)} complaints, and {inherited} of names that postgres_exporter has too")
    print("\n".join(own), end="\n" if own else "")
    good = recorded.judge("postgres-pool", seen.text(), update)
    if not good:
        print("the exporter's log:", log, sep="\n")
    return 0 if good and not own else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
    except StackError as error:
        sys.exit(f"golden: {error}")
