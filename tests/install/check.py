# SPDX-License-Identifier: Apache-2.0
"""`meson install` puts everything where it belongs, and what it installed runs. check.py BUILD VERSION [--static-libstdc++]"""

import os
import subprocess
import sys
import tempfile

build, version = sys.argv[1:3]

EXPORTERS = ["system-exporter", "postgres-pool-exporter", "cache-exporter", "circuit-breaker-exporter",
             "ai-gateway-exporter"]
WANTED = [
    *(f"bin/{name}" for name in EXPORTERS),
    *(f"system/{name}.service" for name in EXPORTERS),
    "share/binnacle/dashboards/system.json",
    "share/binnacle/alerts/system.rules.yaml",
    "share/binnacle/alerts/alertmanager.yml",
    "share/doc/binnacle/runbooks/SystemExporterDown.md",
]
HARDENING = ["DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "SystemCallFilter=@system-service"]


def installed(folder):
    return {os.path.join(where, name) for where, _, names in os.walk(folder) for name in names}


def faults_of_binary(name, binary):
    faults = []
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    print(f"{said.strip()}; {os.path.getsize(binary)} bytes")
    if not said.startswith(f"{name} {version} "):
        faults.append(f"--version says {said!r}, the project {version!r}")
    linked = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout
    if "--static-libstdc++" in sys.argv and binary_needs(binary, "libstdc++"):
        faults.append(f"{name} was built with -static-libstdc++, and needs libstdc++.so")
    if "not found" in linked:
        faults.append(f"a library of {name} is missing: {linked}")
    return faults


def faults_of_unit(name, unit):
    with open(unit, encoding="utf-8") as file:
        text = file.read()
    faults = [f"the systemd unit of {name} lacks {line}" for line in HARDENING if line not in text]
    if not any(f"/bin/{name}{end}" in text for end in ("\n", " ")) or "@" + "bindir" in text:
        faults.append(f"the systemd unit of {name} does not start the installed binary")
    return faults


def main():
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", folder], check=True)
        files = installed(folder)
        found = {}
        for wanted in WANTED:
            matches = [name for name in files if name.endswith("/" + wanted)]
            if matches:
                found[wanted] = matches[0]
            else:
                faults.append(f"not installed: {wanted}")
        print(f"{len(files)} files installed")
        for name in EXPORTERS:
            if f"bin/{name}" in found:
                faults += faults_of_binary(name, found[f"bin/{name}"])
            if f"system/{name}.service" in found:
                faults += faults_of_unit(name, found[f"system/{name}.service"])
    print("\n".join(faults) or "all in place")
    return 1 if faults else 0


def binary_needs(binary, library):
    headers = subprocess.run(["readelf", "-d", binary], capture_output=True, text=True, check=True).stdout
    return any("(NEEDED)" in line and library in line for line in headers.splitlines())


sys.exit(main())
