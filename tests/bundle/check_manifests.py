# SPDX-License-Identifier: Apache-2.0
"""kubernetes/ fits together and fits the real binaries. check_manifests.py BUILD VERSION

Made defects must be found, too: else the checks would prove nothing."""
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

import manifests

ROOT = pathlib.Path(__file__).resolve().parents[2]
build, version = sys.argv[1:3]
# Exporter -> the component of the mixin whose rules look for its job.
COMPONENTS = {"system": "system", "postgres-pool": "postgres", "cache": "cache", "circuit-breaker": "circuitBreaker",
              "ai-gateway": "aiGateway"}


def selectors():
    """What config.libsonnet's selectors are, alone: the whole mixin takes half a minute."""
    wanted = ", ".join(f"{json.dumps(exporter)}: config.{section}.selector" for exporter, section in COMPONENTS.items())
    code = f"local config = (import '{ROOT}/jsonnet/config.libsonnet')._config; {{ {wanted} }}"
    return json.loads(subprocess.run(["jsonnet", "-e", code], capture_output=True, text=True, check=True).stdout)


def pod_of(files, exporter):
    return next(item for item in files[f"{exporter}.yaml"] if item["kind"] in manifests.WORKLOADS)["spec"]["template"]["spec"]


def of(files, file, kind):
    return next(item for item in files[file] if item["kind"] == kind)


# What is broken, and how.
DEFECTS = {
    "a file that is not listed": lambda files: files["kustomization.yaml"][0]["resources"].pop(),
    "a ConfigMap that is too large": lambda files: files["dashboard-system.yaml"][0]["data"].update({"more.json": json.dumps("x" * manifests.LARGEST)}),
    "a secret": lambda files: files["cache.yaml"].append({"kind": "Secret", "metadata": {"name": "cache"}}),
    "a service without pods": lambda files: of(files, "cache.yaml", "Service")["spec"]["selector"].update(x="y"),
    "a port that is not there": lambda files: of(files, "cache.yaml", "Service")["spec"]["ports"][0].update(targetPort="http"),
    "a monitor of another port": lambda files: of(files, "cache.yaml", "ServiceMonitor")["spec"]["endpoints"][0].update(port="http"),
    "a job that no rule knows": lambda files: of(files, "cache.yaml", "Service")["metadata"]["labels"].update({"app.kubernetes.io/name": "x"}),
    "breakers' own labels lost": lambda files: of(files, "circuit-breaker.yaml", "ServiceMonitor")["spec"]["endpoints"][0].pop("honorLabels"),
    "a pod as root": lambda files: pod_of(files, "cache")["securityContext"].pop("runAsNonRoot"),
    "a container that may write": lambda files: pod_of(files, "cache")["containers"][0]["securityContext"].update(readOnlyRootFilesystem=False),
    "another version": lambda files: pod_of(files, "cache")["containers"][0].update(image="binnacle/cache-exporter:0"),
    "a probe of another path": lambda files: pod_of(files, "cache")["containers"][0]["livenessProbe"]["httpGet"].update(path="/health"),
    "no limit of memory": lambda files: pod_of(files, "cache")["containers"][0]["resources"]["limits"].clear(),
    "a host that can be written": lambda files: pod_of(files, "system")["containers"][0]["volumeMounts"][0].update(readOnly=False),
    "a config that no ConfigMap has": lambda files: of(files, "cache.yaml", "ConfigMap")["data"].clear(),
    "a secret that is not mounted": lambda files: pod_of(files, "cache")["containers"][0]["volumeMounts"].pop(),
    "an alert of another text": lambda files: files["rules-cache.yaml"][0]["spec"]["groups"][0]["rules"][0].update(expr="up"),
    "a dashboard that is old": lambda files: files["dashboard-system.yaml"][0]["data"].update({"system.json": "{}"}),
    "a dashboard without its label": lambda files: files["dashboard-system.yaml"][0]["metadata"]["labels"].clear(),
}


def local_arguments(arguments, folder):
    """A container's arguments, with its folders on this machine and no fixed ports."""
    given = [argument.replace("/etc/binnacle", str(folder)) for argument in arguments]
    given = [re.sub(r"=/host(/|$)", "=/", argument) for argument in given]
    given = [re.sub(r"^(--statsd\.listen)=.*", r"\1=127.0.0.1:0", argument) for argument in given]
    return [*given, "--web.listen-address=127.0.0.1:0"]


def run_exporter(files, exporter, folder):
    """Faults of the real binary under the manifest's arguments, config and probes."""
    container = pod_of(files, exporter)["containers"][0]
    binary = os.path.join(build, "exporters", exporter, f"{exporter}-exporter")
    arguments = local_arguments(container["args"], folder)
    for item in files[f"{exporter}.yaml"]:
        for key, text in item.get("data", {}).items() if item["kind"] == "ConfigMap" else ():
            for secret in re.findall(r"/run/secrets/binnacle/(\w+)", text):
                (folder / secret).write_text("not-a-real-secret\n")
            text = text.replace("/run/secrets/binnacle", str(folder))
            (folder / key).write_text(re.sub(r"listen: \[.*\]", 'listen: ["127.0.0.1:0"]', text))
    checked = subprocess.run([binary, *arguments, "--config.check"], capture_output=True, text=True, check=False)
    if checked.returncode:
        return [f"{exporter}: --config.check says {checked.stderr.strip()}"]
    default = re.search(r"Default: :(\d+) \[\w+_WEB_LISTEN_ADDRESS\]", subprocess.run(
        [binary, "--help"], capture_output=True, text=True, check=True).stdout).group(1)
    faults = []
    if int(default) != next(port["containerPort"] for port in container["ports"] if port["name"] == "metrics"):
        faults.append(f"{exporter}: the port is not {default}, where the exporter serves")
    with open(folder / "log", "w+", encoding="utf-8") as log, subprocess.Popen([binary, *arguments], stderr=log) as process:
        try:
            address = wait_for_address(folder / "log", process)
            for probe in ("livenessProbe", "readinessProbe"):
                with urllib.request.urlopen(address + container[probe]["httpGet"]["path"], timeout=10) as reply:
                    print(f"{exporter}: {probe} {reply.status}")
        except OSError as error:
            faults.append(f"{exporter}: {error}: {(folder / 'log').read_text()[-300:]}")
        finally:
            process.terminate()
    return faults


def wait_for_address(log, process):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"msg=\S*listening\S* address=(http://\S+)", log.read_text())
        if found:
            return found.group(1)
        time.sleep(0.05)
    raise OSError("it does not serve")


def main():
    files = manifests.load(ROOT / "kubernetes")
    known = selectors()
    others = manifests.generated(ROOT)
    faults = manifests.faults(files, others, known, version)
    for name, make in DEFECTS.items():
        broken = copy.deepcopy(files)
        make(broken)
        if not manifests.faults(broken, others, known, version):
            faults.append(f"a made defect was not found: {name}")
    for exporter in COMPONENTS:
        with tempfile.TemporaryDirectory() as folder:
            faults += run_exporter(files, exporter, pathlib.Path(folder))
    objects = manifests.names(files)
    largest = max((len(json.dumps(item)), name) for name, item in objects)
    print(f"{len(files)} files, {len(objects)} objects, the largest {largest[0]} bytes ({largest[1]}); {len(DEFECTS)} made defects")
    print("\n".join(faults) or "all fits")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
