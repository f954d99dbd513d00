# SPDX-License-Identifier: Apache-2.0
"""The exporter on the fixtures prints exactly tests/golden/system.prom; what varies is written as 0. docs/metrics.md follows.

check.py BINARY [--update]
"""

import difflib
import os
import re
import subprocess
import sys

import metrics_page
from fixture import FIXTURES, VARYING, VARYING_LABELS, run

PREFIXES = ("node_", "namedprocess_", "process_")
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "system.prom")


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


# What promtool says of names that must stay as they are, since node_exporter has them.
INHERITED = [
    re.compile(r"^node_(memory|netstat)_\w+ metric names should be written in 'snake_case'"),
    re.compile(r"^node_entropy_\w+_bits use base unit \"bytes\" instead of \"bits\"$"),
]


def check_metrics(text):
    """The complaints of `promtool check metrics`, without those of inherited names; and how many those were."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if line]
    own = [line for line in complaints if not any(pattern.match(line) for pattern in INHERITED)]
    return own, len(complaints) - len(own)


def compare(path, actual):
    """How many lines differ from the file, printed."""
    expected = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            expected = file.read()
    lines = list(difflib.unified_diff(expected.split("\n"), actual.split("\n"), path, "made now", lineterm="", n=1))
    print("\n".join(lines[:60]) or f"{os.path.basename(path)}: {actual.count(chr(10))} lines, all equal")
    if lines:
        print(f"{len(lines)} lines of difference; where they are meant: tests/golden/check.py BINARY --update")
    return len(lines)


def main(binary, update):
    text, log = run(binary)
    own, inherited = check_metrics(text)
    print(f"promtool check metrics: {len(own)} complaints, and {inherited} of names that node_exporter has too")
    print("\n".join(own), end="\n" if own else "")
    golden = fixed(text)
    files = {GOLDEN: golden, metrics_page.PAGE: metrics_page.page("system", golden, PREFIXES)}
    if update:
        for path, content in files.items():
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
        return 1 if own else 0
    different = sum(compare(path, content) for path, content in files.items())
    if different and log:
        print("the exporter's log:", log, sep="\n")
    return 1 if different or own else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
