# SPDX-License-Identifier: Apache-2.0
"""kubernetes/ against the schemas of Kubernetes and of the Prometheus Operator, and through kubectl where there is one.

Skips, and says so, when the npm packages are not installed: tests/bundle/install does that."""
import copy
import json
import pathlib
import shutil
import subprocess
import sys

import yaml

import manifests

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Each is a fault that only one of types and schemas can see.
DEFECTS = {
    "a field that does not exist": ("cache.yaml", "Deployment", lambda item: item["spec"]["template"]["spec"].update(enableServiceLink=True)),
    "a value of another type": ("cache.yaml", "Service", lambda item: item["spec"]["ports"][0].update(port="9121")),
    "a duration that is none": ("cache.yaml", "ServiceMonitor", lambda item: item["spec"]["endpoints"][0].update(interval="15 s")),
    "a rule without an expression": ("rules-cache.yaml", "PrometheusRule", lambda item: item["spec"]["groups"][0]["rules"][0].pop("expr")),
}


def check(entries):
    """Lines that check_types.mjs prints: the faults, and a count."""
    done = subprocess.run(["node", str(HERE / "check_types.mjs")], input=json.dumps(entries), capture_output=True, text=True, check=False)
    return done.stdout.strip().splitlines() if done.returncode == 0 else [f"check_types.mjs failed: {done.stderr}"]


def defects(files):
    """(name in the check's words, object) of each made defect."""
    for name, (file, kind, make) in DEFECTS.items():
        item = copy.deepcopy(next(item for item in files[file] if item["kind"] == kind))
        make(item)
        yield {"name": f"made: {name}", "object": item}


def kustomized(files):
    """Faults of `kubectl kustomize`, which needs no cluster."""
    if not shutil.which("kubectl"):
        print("kubectl is not installed: kustomization.yaml is only read")
        return []
    done = subprocess.run(["kubectl", "kustomize", str(ROOT / "kubernetes")], capture_output=True, text=True, check=False)
    if done.returncode:
        return [f"kubectl kustomize: {done.stderr.strip()}"]
    out = [item["metadata"]["name"] for item in yaml.load_all(done.stdout, yaml.CSafeLoader)]
    wanted = [item["metadata"]["name"] for _, item in manifests.names(files) if item["kind"] != "Kustomization"]
    print(f"kubectl kustomize: {len(out)} objects")
    return [] if sorted(out) == sorted(wanted) else [f"kubectl kustomize gives other objects: {set(out) ^ set(wanted)}"]


def main():
    if not (HERE / "node_modules/.installed").exists():
        print("skipped: no npm packages; tests/bundle/install installs them")
        return 77
    files = manifests.load(ROOT / "kubernetes")
    entries = [{"name": name, "object": item} for name, item in manifests.names(files) if item["kind"] != "Kustomization"]
    lines = check(entries + list(defects(files)))
    for name in DEFECTS:
        found = [line for line in lines if line.startswith(f"made: {name}: ")]
        lines = [line for line in lines if line not in found]
        print(f"made: {name}: {found[0].split(': ', 2)[2] if found else 'not found'}")
        lines += [] if found else [f"a made defect was not found: {name}"]
    count = f"{len(entries) + len(DEFECTS)} objects checked"
    faults = [line for line in lines if line != count] + ([] if count in lines else [f"not {count}"]) + kustomized(files)
    print(f"{len(entries)} objects against their types and schemas")
    print("\n".join(faults) or "all valid")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
