# SPDX-License-Identifier: Apache-2.0
"""The example of a Node application whose opossum breakers tell of themselves, for the demo and the tests."""

import hashlib
import os
import shutil
import subprocess

from processes import StackError

FOLDER = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../examples/circuit-breaker/node"))
STAMP = os.path.join(FOLDER, "node_modules/.installed")


def wanted():
    """What the packages' stamp says when they are those of the lock file."""
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        with open(os.path.join(FOLDER, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def is_installed():
    try:
        with open(STAMP, encoding="ascii") as file:
            return file.read() == wanted()
    except OSError:
        return False


def missing():
    """Why the application cannot run here, and what helps; None when it can, or its packages can be installed."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            return f"there is no {program}: install nodejs and npm"
    return None


def install():
    """Installs the npm packages of the lock file, unless they are there already."""
    if is_installed():
        return
    done = subprocess.run(["npm", "ci", "--omit=optional", "--loglevel=error"], cwd=FOLDER, capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise StackError("npm ci failed: " + " | ".join(done.stderr.strip().splitlines()[-3:]))
    with open(STAMP, "w", encoding="ascii") as file:
        file.write(wanted())


def start_node(stack, statsd_address):
    """Starts the application, which tells `statsd_address` (host:port). None where Node or the npm packages are not there."""
    if not shutil.which("node") or not is_installed():
        return None
    process = stack.start("node-app", ["node", os.path.join(FOLDER, "app.mjs"), statsd_address])
    process.wait_until(lambda: "reporting to" in process.log_text(), "it reports")
    return process
