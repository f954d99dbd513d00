# SPDX-License-Identifier: Apache-2.0
"""docker/compose.yaml and what it mounts: Compose takes it, every file is there, and each program takes its own.
check_compose.py BUILD"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCKER = os.path.join(ROOT, "docker")
PROMETHEUS = os.path.join(DOCKER, "prometheus.yml")
EXPORTERS = ["system-exporter", "postgres-pool-exporter", "cache-exporter", "circuit-breaker-exporter", "ai-gateway-exporter"]
SERVERS = ["prometheus", "alertmanager", "grafana"]
DEMO = ["postgres", "pgbouncer", "redis", "memcached", "haproxy"]
MADE_BY_USERS = {os.path.join(DOCKER, "alertmanager-secrets")}
HARDENING = ["cap_drop", "read_only", "security_opt"]


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def compose_command():
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    return ["docker", "compose"] if shutil.which("docker") and run("docker", "compose", "version").returncode == 0 else None


def faults_of_compose(command):
    done = run(*command, "-f", os.path.join(DOCKER, "compose.yaml"), "--profile", "demo", "config")
    if done.returncode != 0:
        return [f"{' '.join(command)} config: {done.stderr.strip()}"]
    services, faults = yaml.safe_load(done.stdout)["services"], []
    if set(services) != {*EXPORTERS, *SERVERS, *DEMO}:
        faults.append(f"its services are {sorted(services)}")
    for name in EXPORTERS:
        service = services.get(name, {})
        faults += [f"{name} lacks {key}" for key in HARDENING if not service.get(key)]
        if service.get("build", {}).get("target") != name or "profiles" in service:
            faults.append(f"{name} is not built from its own target, or only in a profile")
    faults += [f"{name} is not in the profile demo" for name in DEMO if services.get(name, {}).get("profiles") != ["demo"]]
    for name, service in services.items():
        image = service.get("image", "")
        if not image.startswith("binnacle/") and not re.search(r":v?\d+\.\d+", image):
            faults.append(f"{name}: the image {image!r} has no fixed version")
    return faults


def faults_of_mounts():
    """Every file of ours that a service mounts is there."""
    with open(os.path.join(DOCKER, "compose.yaml"), encoding="utf-8") as file:
        services = yaml.safe_load(file)["services"]
    faults, mounted = [], 0
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if not source.startswith("."):
                continue
            mounted += 1
            path = os.path.normpath(os.path.join(DOCKER, source))
            if not os.path.exists(path) and path not in MADE_BY_USERS:
                faults.append(f"{name} mounts {source}, which is not there")
    print(f"{mounted} files and folders are mounted")
    return faults


def faults_of_prometheus():
    with open(PROMETHEUS, encoding="utf-8") as file:
        config = yaml.safe_load(file)
    with open(os.path.join(DOCKER, "Dockerfile"), encoding="utf-8") as file:
        exposed = re.findall(r"AS (\S+-exporter)\n.*?^EXPOSE (\d+)", file.read(), re.S | re.M)
    targets = {host_port for job in config["scrape_configs"] for one in job["static_configs"] for host_port in one["targets"]}
    wanted = {f"{'host.docker.internal' if name == 'system-exporter' else name}:{port}" for name, port in exposed}
    faults = [] if targets == wanted and len(wanted) == len(EXPORTERS) else [f"Prometheus scrapes {targets}, the images have {wanted}"]
    # Each job's name is one that the alert `...ExporterDown` of its component selects.
    with open(os.path.join(ROOT, "jsonnet/config.libsonnet"), encoding="utf-8") as file:
        selectors = re.findall(r"""selector: 'job=~"([^']+)"'""", file.read())
    faults += [f"no rule selects the job {job['job_name']}" for job in config["scrape_configs"]
               if not any(re.fullmatch(selector, job["job_name"]) for selector in selectors)]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(PROMETHEUS, folder)
        os.symlink(os.path.join(ROOT, "alerts"), os.path.join(folder, "rules"))
        done = run("promtool", "check", "config", os.path.join(folder, "prometheus.yml"))
    print(f"promtool: {done.stdout.count('SUCCESS')} files are well")
    return faults + ([] if done.returncode == 0 else ["promtool: " + done.stdout + done.stderr])


def faults_of_configs(build):
    faults = []
    for path in sorted(glob.glob(os.path.join(DOCKER, "exporters/*.yml"))):
        name = os.path.basename(path).removesuffix(".yml")
        binary = os.path.join(build, "exporters", name, name + "-exporter")
        if not os.path.exists(binary):
            print(f"{name}-exporter was not built: its config is not checked")
            continue
        done = run(binary, "--config.file=" + path, "--config.check")
        if done.returncode != 0:
            faults.append(done.stderr.strip())
    if shutil.which("haproxy"):
        done = run("haproxy", "-c", "-f", os.path.join(DOCKER, "demo/haproxy.cfg"))
        faults += [] if done.returncode == 0 else ["haproxy: " + done.stderr.strip()]
    else:
        print("haproxy is not installed: its config is not checked")
    return faults


def faults_of_grafana():
    faults = []
    provisioning = os.path.join(DOCKER, "grafana/provisioning")
    with open(os.path.join(provisioning, "datasources/prometheus.yml"), encoding="utf-8") as file:
        sources = yaml.safe_load(file)["datasources"]
    if [source["type"] for source in sources if source.get("isDefault")] != ["prometheus"]:
        faults.append("Grafana's default data source is not Prometheus")
    with open(os.path.join(provisioning, "dashboards/binnacle.yml"), encoding="utf-8") as file:
        provider = yaml.safe_load(file)["providers"][0]
    with open(os.path.join(DOCKER, "compose.yaml"), encoding="utf-8") as file:
        grafana = yaml.safe_load(file)["services"]["grafana"]
    if f"../dashboards:{provider['options']['path']}:ro" not in grafana["volumes"]:
        faults.append(f"Grafana reads dashboards in {provider['options']['path']}, where none is mounted")
    home = os.path.basename(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    if not os.path.exists(os.path.join(ROOT, "dashboards", home)):
        faults.append(f"there is no dashboard {home}")
    return faults


def main(build):
    command = compose_command()
    if command is None:
        print("skipped: there is neither docker-compose nor Docker's compose plugin")
        return 77
    faults = (faults_of_compose(command) + faults_of_mounts() + faults_of_prometheus() + faults_of_configs(build)
              + faults_of_grafana())
    print("\n".join(faults) or "all well")
    return 1 if faults else 0


sys.exit(main(sys.argv[1]))
