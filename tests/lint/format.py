# SPDX-License-Identifier: Apache-2.0
"""Every C++ file is as clang-format would write it. `format.py --fix` writes it so."""

import subprocess
import sys

from sources import cpp_files

files = cpp_files()
if "--fix" in sys.argv[1:]:
    sys.exit(subprocess.run(["clang-format-14", "-i", *files], check=False).returncode)
done = subprocess.run(["clang-format-14", "--dry-run", "-Werror", *files], capture_output=True, text=True, check=False)
print("\n".join(done.stderr.splitlines()[:60]))
print(f"{len(files)} files checked")
if done.returncode != 0 or not files:
    print("to format them: /usr/bin/python3 tests/lint/format.py --fix")
    sys.exit(1)
