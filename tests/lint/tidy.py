# SPDX-License-Identifier: Apache-2.0
"""clang-tidy on every source file that a clang build folder compiled. tidy.py BUILD [PART OF A NAME ...]"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from sources import ROOT

build, parts = sys.argv[1], sys.argv[2:]
with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as database:
    entries = {os.path.normpath(os.path.join(entry["directory"], entry["file"])) for entry in json.load(database)}
files = sorted(name for name in entries if name.startswith(os.path.join(ROOT, "exporters"))
               and not name.endswith("_test.cpp") and (not parts or any(part in name for part in parts)))


def tidy(name):
    done = subprocess.run(["clang-tidy-16", "--quiet", "-p", build, name], capture_output=True, text=True, check=False)
    return name, done.returncode, done.stdout.strip()


failed = 0
with ThreadPoolExecutor(os.cpu_count()) as pool:
    for name, code, output in pool.map(tidy, files):
        if code != 0:
            failed += 1
            print(f"{os.path.relpath(name, ROOT)}:\n{output}")
print(f"{len(files)} files checked, {failed} with findings")
sys.exit(1 if failed or not files else 0)
