# SPDX-License-Identifier: Apache-2.0
"""The AI gateway shows exactly tests/golden/ai-gateway.prom after the fixed story of requests in tests/stack/gateway_story.py:
every count, every label; what is measured is written as 0. docs/metrics.md follows.

check_gateway.py BINARY [--update]
"""

import os
import re
import sys

import recorded

sys.path.insert(0, os.path.join(recorded.HERE, "../stack"))
from gateway_story import Story  # noqa: E402
from processes import Stack, StackError  # noqa: E402

# Times and what follows from them, sizes of memory, and what scrapes do while the story is told.
VARYING = re.compile(r"^(process_|aigw_(scrape_|exporter_|web_|.*_seconds(_sum)?$|.*_timestamp_seconds$|held_bytes$|connections$"
                     r"|upstream_latency_ratio$|upstream_idle_connections$|upstream_connections_total$"
                     r"|upstream_rate_limit_reset)|gen_ai_.*_seconds_sum$|circuit_breaker_.*(seconds|_timestamp))")
# Of clients that left in the middle of an answer: how much they had had by then. And an answer that has a time in it.
LEFT = re.compile(r'model="\w+-left".*(?<!outcome="canceled")(?<!end="client_cancel")} '
                  r'|_response_bytes_total{model="gpt-process"')
BUILD = re.compile(r'(\w+)="[^"]*"')


def fixed(text):
    """The text with varying values taken out, and of each histogram's buckets all but the last."""
    lines = []
    for line in text.splitlines():
        name = line.partition("{")[0].partition(" ")[0]
        if line.startswith("#"):
            lines.append(line)
        elif name.endswith("_bucket") and 'le="+Inf"' not in line:
            continue
        elif name.endswith("_build_info"):
            lines.append(BUILD.sub(r'\1="*"', line))
        elif VARYING.match(name) or LEFT.search(line):
            lines.append(line.rpartition(" ")[0] + " 0")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def main(binary, update):
    with Stack() as stack:
        story = Story(stack, os.path.abspath(binary))
        story.tell()
        page, log = story.gateway.page().text, story.gateway.process.log_text()
    own, _ = recorded.check_metrics(page, ())
    print(f"promtool check metrics: {len(own)} complaints")
    print("\n".join(own), end="\n" if own else "")
    good = recorded.judge("ai-gateway", fixed(page), update)
    if not good:
        print("the exporter's log:", log, sep="\n")
    return 0 if good and not own else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
    except StackError as error:
        sys.exit(f"golden: {error}")
