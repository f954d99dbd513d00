# SPDX-License-Identifier: Apache-2.0
"""Every image builds, holds what it needs and no more, runs as its README says, is scraped by a Prometheus in another container,
turns unhealthy and healthy again, and ends cleanly. check.py VERSION [--built] [EXPORTER ...]; --built: take the images of that
name that are there.

The images stay, as binnacle/NAME:test, so that the next run has their layers. Everything else that is started here is taken away."""

import datetime
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from engine import BASE, Sandbox, docker, files_of, get_json, inspect, logs, wait_for, wait_for_health, why_not
from readme_lines import adapted, docker_lines, write_files

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCKERFILE = os.path.join(ROOT, "docker/Dockerfile")
PORTS = {"system-exporter": 9100, "postgres-pool-exporter": 9187, "cache-exporter": 9121, "circuit-breaker-exporter": 9910,
         "ai-gateway-exporter": 9911}
INCUMBENTS = {"system-exporter": "prometheus-node-exporter", "postgres-pool-exporter": "prometheus-postgres-exporter",
              "cache-exporter": "prometheus-redis-exporter"}
LABELS = ("title", "description", "licenses", "version", "revision", "source", "vendor")
# Besides the binary: shared libraries, and what Debian's packages have about themselves.
EXPECTED = re.compile(r"/usr/lib/(x86_64|aarch64)-linux-gnu/.*\.so[.0-9]*|/etc/ssl/certs/ca-certificates\.crt|"
                      r"/usr/share/(doc|lintian|bug)/.*|/var/lib/dpkg/.*|/var/cache/debconf/.*|/etc/ld\.so\.cache")


def image_of(exporter):
    return f"binnacle/{exporter}:test"


def build(exporter, version):
    began = time.monotonic()
    done = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    revision = done.stdout.strip()
    done = subprocess.run(
        ["docker", "build", "-q", "-f", DOCKERFILE, "--target", exporter, "-t", image_of(exporter), "--build-arg",
         f"VERSION={version}", "--build-arg", f"REVISION={revision or 'unknown'}", ROOT],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{exporter}: docker build failed\n{done.stdout}")
    print(f"{exporter}: built in {time.monotonic() - began:.0f} s", flush=True)


def faults_of_config(exporter, version):
    config = inspect(image_of(exporter))["Config"]
    labels, faults = config["Labels"] or {}, []
    wanted = {"User": "65534:65534", "StopSignal": "SIGTERM", "Entrypoint": ["/usr/bin/" + exporter]}
    faults += [f"{key} is {config.get(key)}" for key, value in wanted.items() if config.get(key) != value]
    if config["Healthcheck"]["Test"] != ["CMD", "/usr/bin/" + exporter, "--health-check"]:
        faults.append(f"its health check is {config['Healthcheck']['Test']}")
    faults += [f"no label {name}" for name in LABELS if not labels.get("org.opencontainers.image." + name)]
    if labels.get("org.opencontainers.image.version") != version:
        faults.append(f"the label version is {labels.get('org.opencontainers.image.version')}")
    said = docker("run", "--rm", image_of(exporter), "--version")
    revision = labels.get("org.opencontainers.image.revision", "")
    if not said.startswith(f"{exporter} {version} (revision {revision[:12]},"):
        faults.append(f"--version says {said!r}")
    return faults


def faults_of_content(exporter, base):
    """What the image adds to its base: printed, and looked at."""
    added = {path: size for path, size in files_of(image_of(exporter)).items() if base.get(path) != size}
    binary = "/usr/bin/" + exporter
    libraries = sorted(path for path in added if ".so" in path and path not in base)
    others = sorted(path for path in added if path != binary and not EXPECTED.fullmatch(path))
    print(f"  adds {len(added)} files, {mib(sum(added.values()))}: the binary of {mib(added.get(binary, 0))}, "
          f"{len(libraries)} libraries, {len(added) - len(libraries) - 1} others")
    if libraries:
        print("  " + " ".join(os.path.basename(path) for path in libraries))
    return [f"an unexpected file: {path}" for path in others] + ([] if binary in added else ["the binary is missing"])


def mib(size):
    return f"{size / 2**20:.1f} MiB"


def print_sizes(exporter, base_size):
    size = inspect(image_of(exporter))["Size"]
    package = INCUMBENTS.get(exporter)
    beside = ""
    if package:
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Installed-Size}", package], capture_output=True, text=True, check=False)
        beside = f"; {package} {mib(int(done.stdout) * 1024)}" if done.stdout.isdigit() else f"; {package} is not installed here"
    print(f"  image {mib(size)} = base {mib(base_size)} + {mib(size - base_size)}{beside}", flush=True)


def root_is_shared():
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        root = next(line for line in mounts if line.split()[4] == "/")
    return "shared:" in root or "master:" in root


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start(sandbox, exporter, number, words, folder):
    """One of the README's lines. Returns the container and where it is scraped."""
    shared = root_is_shared()
    arguments, host_network = adapted(words, image_of(exporter), folder, sandbox.prefix, shared)
    port = PORTS[exporter]
    if host_network:
        if not shared:
            print("  the machine's / is neither shared nor a slave: mounted without rslave here")
        port = free_port()
        arguments = ["-e", exporter.upper().replace("-", "_") + f"_WEB_LISTEN_ADDRESS=:{port}", *arguments]
    name = sandbox.run(f"{exporter}-{number}", *arguments)
    wait_for_health(name, "healthy")
    return name, f"{sandbox.gateway() if host_network else name}:{port}"


def faults_of_run(name):
    """Of a running container: whose it is, and whether its files can be written."""
    faults = []
    if docker("exec", name, "id", "-u") != "65534":
        faults.append("it does not run as 65534")
    written = subprocess.run(["docker", "exec", "-u", "0", name, "touch", "/usr/bin/written"], capture_output=True, check=False)
    if written.returncode == 0:
        faults.append("its root file system can be written")
    status = docker("exec", name, "cat", "/proc/self/status")
    for line in ("CapEff:\t0000000000000000", "NoNewPrivs:\t1"):
        if line not in status:
            faults.append(f"its status has not {line!r}")
    return faults


def check_health(name):
    """A process that hangs is unhealthy, and healthy when it goes on."""
    docker("kill", "--signal=STOP", name)
    wait_for_health(name, "unhealthy")
    last = inspect(name)["State"]["Health"]["Log"][-1]
    docker("kill", "--signal=CONT", name)
    wait_for_health(name, "healthy")
    print(f"  hung, it is unhealthy: {last['Output'].strip()}", flush=True)


def seconds_to_stop(name):
    """The process' own share of a stop, by the times of its last lines."""
    log = logs(name)
    first, last = (re.findall(rf'^time=(\S+) .*msg="{word}"', log, re.M)[-1] for word in ("stopping", "stopped"))
    return (datetime.datetime.fromisoformat(last) - datetime.datetime.fromisoformat(first)).total_seconds()


def faults_of_stop(name):
    began = time.monotonic()
    docker("stop", "-t", "30", name)
    took = time.monotonic() - began
    state = inspect(name)["State"]
    if state["ExitCode"] != 0:
        return [f"it ended with code {state['ExitCode']}"]
    print(f"  docker stop took {took:.2f} s, of these the exporter {seconds_to_stop(name):.3f} s; code 0", flush=True)
    return []


def start_prometheus(sandbox, targets, folder):
    docker("build", "-q", "-f", os.path.join(ROOT, "tests/images/prometheus.Dockerfile"), "-t", "binnacle/prometheus:test",
           os.path.join(ROOT, "tests/images"))
    path = os.path.join(folder, "prometheus.yml")
    config = {"global": {"scrape_interval": "2s", "scrape_timeout": "2s"},
              "scrape_configs": [{"job_name": name, "static_configs": [{"targets": [target]}]} for name, target in targets.items()]}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)
    os.chmod(path, 0o644)
    name = sandbox.run("prometheus", "--network", sandbox.prefix, "-p", "127.0.0.1::9090", "-v", path + ":/prometheus.yml:ro",
                       "binnacle/prometheus:test")
    return "http://" + docker("port", name, "9090/tcp").splitlines()[0]


def check_scraped(prometheus, targets):
    def values(query):
        answer = get_json(f"{prometheus}/api/v1/query?query={query}")
        return {one["metric"]["job"]: float(one["value"][1]) for one in answer["data"]["result"]} if answer else {}

    wait_for(lambda: set(values("up==1")) == set(targets), f"Prometheus has scraped {', '.join(targets)}")
    for name, series in sorted(values("scrape_samples_scraped").items()):
        print(f"{name}: scraped by a Prometheus in another container, {series:.0f} series")


def check_own_port(sandbox, exporter):
    """A health check follows where a flag moves the port to."""
    name = sandbox.run("moved-" + exporter, "--health-interval=1s", "--health-retries=1", image_of(exporter), "--web.listen-address=:9999")
    wait_for_health(name, "healthy")
    print(f"{exporter}: healthy on a port that a flag gives")


def digest_of_binary(exporter):
    name = docker("create", image_of(exporter), "true")
    try:
        tar = subprocess.run(["docker", "cp", f"{name}:/usr/bin/{exporter}", "-"], capture_output=True, check=True).stdout
    finally:
        docker("rm", name)
    return hashlib.sha256(tar[512:]).hexdigest()


def main(version, built, exporters):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that what was started ends, too
    reason = why_not()
    if reason:
        print(f"skipped: {reason}")
        return 77
    faults, targets, running = [], {}, []
    base, base_size = files_of(BASE), inspect(BASE)["Size"]
    with tempfile.TemporaryDirectory() as folder, Sandbox(f"binnacle-test-{os.getpid()}") as sandbox:
        write_files(folder)
        for exporter in exporters:
            if built:
                print(f"{exporter}: was built before")
            else:
                build(exporter, version)
            print_sizes(exporter, base_size)
            print(f"  sha256 of the binary: {digest_of_binary(exporter)}")
            found = faults_of_config(exporter, version) + faults_of_content(exporter, base)
            lines = docker_lines(os.path.join(ROOT, f"exporters/{exporter.removesuffix('-exporter')}/README.md"))
            if not lines:
                found.append("its README has no line `docker run`")
            for number, words in enumerate(lines):
                name, targets[f"{exporter}-{number}"] = start(sandbox, exporter, number, words, folder)
                found += faults_of_run(name)
                running.append((exporter, name))
            print(f"  {len(lines)} `docker run` of the README: healthy", flush=True)
            faults += [f"{exporter}: {fault}" for fault in found]
        for exporter in {"system-exporter", "cache-exporter"} & set(exporters):  # they need no config
            check_own_port(sandbox, exporter)
        check_scraped(start_prometheus(sandbox, targets, folder), targets)
        for exporter, name in running:
            print(f"{name.removeprefix(sandbox.prefix + '-')}:")
            check_health(name)
            faults += [f"{exporter}: {fault}" for fault in faults_of_stop(name)]
    print("\n".join(faults) or "all well")
    return 1 if faults else 0


if __name__ == "__main__":
    chosen = [argument for argument in sys.argv[2:] if argument != "--built"]
    sys.exit(main(sys.argv[1], "--built" in sys.argv, chosen or list(PORTS)))
