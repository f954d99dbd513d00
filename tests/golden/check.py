# SPDX-License-Identifier: Apache-2.0
"""The exporter on the fixtures prints exactly tests/golden/system.prom; what varies is written as 0. docs/metrics.md follows.

check.py BINARY [--update]
"""

import sys

from fixture import FIXTURES, VARYING, VARYING_LABELS, run
from recorded import check_metrics, judge

# What promtool says of names that must stay as they are, since node_exporter has them.
INHERITED = [
    r"^node_(memory|netstat)_\w+ metric names should be written in 'snake_case'",
    r"^node_entropy_\w+_bits use base unit \"bytes\" instead of \"bits\"$",
]


def fixed(text):
    """The text with varying values and labels taken out."""
    lines, seen = [], set()
    text = text.replace(FIXTURES, "tests/fixtures")
    for line in text.rstrip("\n").split("\n"):
        name = line.partition("{")[0].partition(" ")[0]
        if line.startswith("#"):
            lines.append(line)
        elif VARYING_LABELS.match(name):
            if name not in seen:
                lines.append(f"{name} 0")
            seen.add(name)
        elif VARYING.match(name):
            lines.append(line.rpartition(" ")[0] + " 0")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def main(binary, update):
    text, log = run(binary)
    own, inherited = check_metrics(text, INHERITED)
    print(f"promtool check metrics: {len(own)} complaints, and {inherited} of names that node_exporter has too")
    print("\n".join(own), end="\n" if own else "")
    good = judge("system", fixed(text), update)
    if not good and log:
        print("the exporter's log:", log, sep="\n")
    return 0 if good and not own else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
