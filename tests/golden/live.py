# SPDX-License-Identifier: Apache-2.0
"""The shape of what an exporter shows of live servers: families, types, help texts and label names, whatever the values."""

import re
import time

from processes import StackError, request

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
