# SPDX-License-Identifier: Apache-2.0
"""The circuit-breaker exporter on an HAProxy, a Redis, applications' HTTP pages and what they push has exactly the families,
types, help texts and label names of tests/golden/circuit-breaker.prom, where values are written as 0 and labels as *.
docs/metrics.md follows.

check_breakers.py BINARY [--update]
"""

import os
import sys

import recorded

sys.path.insert(0, os.path.join(recorded.HERE, "../stack"))
from breakers import TWICE, Breakers  # noqa: E402
from live import Shape, watch  # noqa: E402
from processes import Stack, StackError  # noqa: E402


def main(binary, update):
    path, wanted = recorded.path_of("circuit-breaker"), None
    if not update and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            wanted = Shape(file.read())
    with Stack() as stack, Breakers(stack, mappings=[TWICE]) as breakers:
        breakers.start_load()
        process, url = stack.start_exporter(os.path.abspath(binary), "--config.file=" + breakers.config)
        page, seen = watch(url, wanted)
        log = process.log_text()
    return recorded.verdict("circuit-breaker", page, seen, log, update)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
    except StackError as error:
        sys.exit(f"golden: {error}")
