# SPDX-License-Identifier: Apache-2.0
"""What no source file may hold: left-overs, paths of somebody's machine, a missing licence line."""

import re
import sys

from sources import ROOT, all_files

CODE = (".cpp", ".h", ".hpp", ".mjs", ".py", ".libsonnet", ".jsonnet", ".build", ".sh", ".ts", ".tsx")
LEFT_OVERS = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(home|root|work|Users)/\w")
LICENCE = "SPDX-License-Identifier: Apache-2.0"
MAX_LINES = 600


def faults(name, text):
    lines = text.split("\n")
    if not any(LICENCE in line for line in lines[:3]):
        yield 1, f"its first lines lack {LICENCE}"
    if len(lines) > MAX_LINES:
        yield MAX_LINES, f"{len(lines)} lines: more than anybody reads in one go"
    if name.endswith("tests/lint/words.py"):
        return
    for number, line in enumerate(lines, 1):
        if LEFT_OVERS.search(line):
            yield number, "a left-over: " + line.strip()
        if MACHINE_PATHS.search(line) and "test" not in name:
            yield number, "a path of one machine: " + line.strip()


files = [name for name in all_files() if name.endswith(CODE)]
count = 0
for name in files:
    with open(name, encoding="utf-8") as file:
        for number, fault in faults(name, file.read()):
            print(f"{name[len(ROOT) + 1:]}:{number}: {fault}")
            count += 1
print(f"{len(files)} files checked, {count} faults")
sys.exit(1 if count or not files else 0)
