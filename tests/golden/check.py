# SPDX-License-Identifier: Apache-2.0
"""The exporter on the fixtures prints exactly tests/golden/system.prom; what varies is written as 0.

check.py BINARY [--update]
"""

import difflib
import os
import subprocess
import sys

from fixture import VARYING, VARYING_LABELS, run

GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "system.prom")


def fixed(text):
    """The text with varying values and labels taken out."""
    lines, seen = [], set()
    for line in text.splitlines():
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
    metrics = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    complaints = [line for line in (metrics.stdout + metrics.stderr).splitlines() if line]
    actual = fixed(text)
    if update:
        with open(GOLDEN, "w", encoding="utf-8") as golden:
            golden.write(actual)
        print(f"wrote {GOLDEN}: {actual.count(chr(10))} lines")
        return 0
    with open(GOLDEN, encoding="utf-8") as golden:
        expected = golden.read()
    difference = list(difflib.unified_diff(expected.splitlines(), actual.splitlines(), "golden", "printed", lineterm="", n=1))
    print("\n".join(difference[:80]))
    if difference and log:
        print("its log:", log, sep="\n")
    print(f"{len(actual.splitlines())} lines compared, {len(difference)} lines of difference; "
          f"promtool check metrics: {len(complaints)} complaints")
    unexpected = [line for line in complaints if line.split()[0] not in INHERITED_NAMES]
    print("\n".join(unexpected))
    return 1 if difference or unexpected else 0


# Names that promtool dislikes and that must stay, since node_exporter and process-exporter have them.
INHERITED_NAMES = set()

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--update" in sys.argv[2:]))
