# SPDX-License-Identifier: Apache-2.0
"""The files of this project: what git tracks, or, in a plain copy, what stands outside of build folders."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEFT_OUT = ("build", "node_modules", ".git", "civetweb", "__pycache__", ".pytest_cache")


def all_files():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=False)
    names = [name for name in listed.stdout.split("\0") if name]
    if not names:
        for folder, folders, files in os.walk(ROOT):
            folders[:] = [name for name in folders if not name.startswith(LEFT_OUT)]
            names += [os.path.relpath(os.path.join(folder, name), ROOT) for name in files]
    return sorted(os.path.join(ROOT, name) for name in names if os.path.isfile(os.path.join(ROOT, name)))


def cpp_files():
    return [name for name in all_files() if name.endswith((".cpp", ".h", ".hpp"))]
