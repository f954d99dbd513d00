# SPDX-License-Identifier: Apache-2.0
"""What must hold between the objects in kubernetes/, and between them and the other generated files."""
import json
import pathlib
import re

import yaml

LARGEST = 262144  # what kubectl apply can note down of an object in an annotation
WORKLOADS = ("Deployment", "DaemonSet")
SECURITY = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
CONTAINER_SECURITY = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def load(folder):
    """File name -> its objects."""
    return {path.name: list(yaml.load_all(path.read_text(encoding="utf-8"), yaml.CSafeLoader)) for path in sorted(pathlib.Path(folder).glob("*.yaml"))}


def names(files):
    """("FILE KIND NAME", object) of each object."""
    return [(f"{file} {item['kind']} {item.get('metadata', {}).get('name', '-')}", item) for file, items in files.items() for item in items]


def of_kind(files, *kinds):
    return [(name, item) for name, item in names(files) if item["kind"] in kinds]


def within(part, whole):
    return all(whole.get(key) == value for key, value in part.items())


def check_list(files):
    listed = files["kustomization.yaml"][0]["resources"]
    there = [file for file in files if file != "kustomization.yaml"]
    if sorted(listed) != sorted(there):
        yield f"kustomization.yaml lists {set(listed) ^ set(there)} differently from the folder"
    for name, item in names(files):
        if len(json.dumps(item)) >= LARGEST:
            yield f"{name}: {len(json.dumps(item))} bytes, and {LARGEST} are too many"
        if item["kind"] == "Secret":
            yield f"{name}: a secret is in the repository"
        metadata = item.get("metadata", {"name": "kustomization"})
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", metadata["name"]):
            yield f"{name}: no name of an object"


def check_services(files):
    pods = [item["spec"]["template"] for _, item in of_kind(files, *WORKLOADS)]
    for name, service in of_kind(files, "Service"):
        chosen = [pod for pod in pods if within(service["spec"]["selector"], pod["metadata"]["labels"])]
        if len(chosen) != 1:
            yield f"{name}: selects {len(chosen)} kinds of pods"
            continue
        ports = {port["name"]: port for container in chosen[0]["spec"]["containers"] for port in container["ports"]}
        for port in service["spec"]["ports"]:
            target = ports.get(port["targetPort"])
            if not target or target["protocol"] != port["protocol"]:
                yield f"{name}: its pods have no {port['protocol']} port {port['targetPort']}"
    for name, workload in of_kind(files, *WORKLOADS):
        if not within(workload["spec"]["selector"]["matchLabels"], workload["spec"]["template"]["metadata"]["labels"]):
            yield f"{name}: does not select its own pods"


def check_monitors(files, selectors):
    """selectors: PromQL selectors of jobs, as the rules have them."""
    services = [item for _, item in of_kind(files, "Service")]
    jobs = []
    for name, monitor in of_kind(files, "ServiceMonitor"):
        spec = monitor["spec"]
        chosen = [service for service in services if within(spec["selector"]["matchLabels"], service["metadata"]["labels"])]
        if len(chosen) != 1:
            yield f"{name}: selects {len(chosen)} services"
            continue
        ports = [port["name"] for port in chosen[0]["spec"]["ports"]]
        for endpoint in spec["endpoints"]:
            if endpoint["port"] not in ports:
                yield f"{name}: its service has no port {endpoint['port']}"
        jobs.append(chosen[0]["metadata"]["labels"].get(spec["jobLabel"], "(none)"))
        if ("circuit-breaker" in name) != bool(spec["endpoints"][0].get("honorLabels")):
            yield f"{name}: honorLabels is for breakers, whose label instance is their own"
    for component, selector in selectors.items():
        pattern = re.fullmatch(r'job=~"(.*)"', selector).group(1)
        if sum(bool(re.fullmatch(pattern, job)) for job in jobs) != 1:
            yield f"the rules of {component} look for {selector}, and there are the jobs {', '.join(jobs)}"


def check_workloads(files, version):
    accounts = {item["metadata"]["name"] for _, item in of_kind(files, "ServiceAccount")}
    configs = {item["metadata"]["name"]: item["data"] for _, item in of_kind(files, "ConfigMap")}
    for name, workload in of_kind(files, *WORKLOADS):
        pod = workload["spec"]["template"]["spec"]
        if pod["serviceAccountName"] not in accounts or pod["automountServiceAccountToken"]:
            yield f"{name}: its service account is missing or its token is mounted"
        if not within(SECURITY, pod["securityContext"]) or not pod["securityContext"].get("runAsUser"):
            yield f"{name}: the pod's security context lacks something of {SECURITY}"
        volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
        for container in pod["containers"]:
            yield from check_container(name, container, volumes, configs, version)
        host = [volume for volume in volumes.values() if "hostPath" in volume]
        if (workload["kind"] == "DaemonSet") != bool(host):
            yield f"{name}: a DaemonSet sees its host, and nothing else does"


def check_container(name, container, volumes, configs, version):
    if container["securityContext"] != CONTAINER_SECURITY:
        yield f"{name}: the container's security context is not {CONTAINER_SECURITY}"
    if not container["image"].endswith(f"/{container['name']}:{version}"):
        yield f"{name}: the image is {container['image']}, and the version {version}"
    ports = [port["name"] for port in container["ports"]]
    for probe, path in (("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")):
        get = container[probe]["httpGet"]
        if get["path"] != path or get["port"] not in ports:
            yield f"{name}: {probe} asks for {get}"
    resources = container["resources"]
    if {"cpu", "memory"} - set(resources["requests"]) or "memory" not in resources["limits"]:
        yield f"{name}: requests or limits are missing"
    mounted = {}
    for mount in container["volumeMounts"]:
        if not mount["readOnly"] or mount["name"] not in volumes:
            yield f"{name}: {mount['mountPath']} has no volume, or can be written"
        mounted[mount["mountPath"]] = volumes.get(mount["name"], {})
    for file in re.findall(r"--config\.file=(\S+)", " ".join(container.get("args", []))):
        folder, _, key = file.rpartition("/")
        source = mounted.get(folder, {}).get("configMap", {}).get("name")
        if key not in configs.get(source, {}):
            yield f"{name}: no ConfigMap has {file}"
        elif "/run/secrets/binnacle/" in configs[source][key] and "secret" not in mounted.get("/run/secrets/binnacle", {}):
            yield f"{name}: its config names a secret that is not mounted"


def check_generated(files, alerts, dashboards):
    """alerts: component -> groups of alerts/*.rules.yaml; dashboards: file name -> content."""
    rules = {item["metadata"]["name"].removeprefix("binnacle-"): item["spec"]["groups"] for _, item in of_kind(files, "PrometheusRule")}
    for component in sorted(set(alerts) | set(rules)):
        if alerts.get(component) != rules.get(component):
            yield f"the PrometheusRule of {component} differs from alerts/{component}.*rules.yaml"
    shown = {}
    for name, item in of_kind(files, "ConfigMap"):
        if item["metadata"]["name"].startswith("binnacle-dashboard-"):
            shown.update({file: json.loads(text) for file, text in item["data"].items()})
            if item["metadata"]["labels"].get("grafana_dashboard") != "1" or "grafana_folder" not in item["metadata"]["annotations"]:
                yield f"{name}: Grafana's sidecar would not find it"
    for file in sorted(set(dashboards) | set(shown)):
        if dashboards.get(file) != shown.get(file):
            yield f"the ConfigMap of {file} differs from dashboards/{file}"


def rule_groups(folder):
    """Component -> groups of its files: alerts first, then recording rules."""
    groups = {}
    paths = sorted(pathlib.Path(folder).glob("*.rules.yaml"), key=lambda path: path.name.endswith(".recording.rules.yaml"))
    for path in paths:
        groups.setdefault(path.name.split(".")[0], []).extend(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["groups"])
    return groups


def generated(root):
    """What check_generated compares with."""
    dashboards = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in pathlib.Path(root, "dashboards").glob("*.json")}
    return rule_groups(pathlib.Path(root, "alerts")), dashboards


def faults(files, others, selectors, version):
    return [*check_list(files), *check_services(files), *check_monitors(files, selectors), *check_workloads(files, version),
            *check_generated(files, *others)]
