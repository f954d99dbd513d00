# SPDX-License-Identifier: Apache-2.0
"""What the tests of the images need of Docker: its command, containers that end with the test, files of an image."""

import contextlib
import json
import subprocess
import tarfile
import time
import urllib.request

BASE = "debian:bookworm-slim"
PATIENCE = 180  # seconds; a condition that comes at all comes far sooner


def docker(*arguments, check=True):
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise SystemExit(f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def why_not():
    """Why no image can be built here; nothing where one can."""
    try:
        done = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "there is no docker command"
    if done.returncode != 0:
        return "no Docker engine answers: " + (done.stderr.strip().splitlines() or ["?"])[-1]
    if subprocess.run(["docker", "image", "inspect", BASE], capture_output=True, check=False).returncode != 0:
        if subprocess.run(["docker", "pull", "-q", BASE], capture_output=True, check=False).returncode != 0:
            return f"there is no image {BASE}, and it cannot be pulled"
    return ""


def inspect(name):
    return json.loads(docker("inspect", name))[0]


def logs(name):
    done = subprocess.run(["docker", "logs", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout


def wait_for(condition, what):
    """The condition's value, as soon as it is true."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            raise SystemExit(f"not within {PATIENCE} s: {what}")
        time.sleep(0.2)
    return value


def files_of(image):
    """{path: size} of all files and links of an image."""
    name = docker("create", image, "true")
    try:
        with subprocess.Popen(["docker", "export", name], stdout=subprocess.PIPE) as export:
            with tarfile.open(fileobj=export.stdout, mode="r|") as archive:
                return {"/" + entry.name: entry.size for entry in archive if not entry.isdir()}
    finally:
        docker("rm", name)


class Sandbox:
    """A network of its own, and containers in it; all gone with `with`."""

    def __init__(self, prefix):
        self.prefix, self.names = prefix, []

    def __enter__(self):
        docker("network", "create", self.prefix)
        return self

    def __exit__(self, *_):
        for name in self.names:
            docker("rm", "-f", "-v", name, check=False)
        docker("network", "rm", self.prefix, check=False)

    def run(self, name, *arguments):
        """`arguments` are all of `docker run` but its name. Returns the container's name."""
        full = f"{self.prefix}-{name}"
        self.names.append(full)
        docker("run", "-d", "--name", full, *arguments)
        return full

    def gateway(self):
        return inspect(self.prefix)["IPAM"]["Config"][0]["Gateway"]


def wait_for_health(name, wanted):
    def reached():
        state = inspect(name)["State"]
        if not state["Running"]:
            raise SystemExit(f"{name} ended with code {state['ExitCode']}:\n{docker('logs', name)}")
        return state["Health"]["Status"] == wanted

    try:
        wait_for(reached, f"{name} is {wanted}")
    except SystemExit:
        print(json.dumps(inspect(name)["State"]["Health"]), docker("logs", "--tail", "20", name), sep="\n", flush=True)
        raise


def get_json(url):
    with contextlib.suppress(OSError, ValueError):
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.load(answer)
    return None
