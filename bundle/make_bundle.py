#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes binnacle-VERSION-linux-ARCH.tar.gz from a build folder whose exporters are compiled; ./binnacle bundle calls it.

Two runs over the same files write the same bytes: names are sorted, owners are 0, and the time of every file is
SOURCE_DATE_EPOCH, or else that of the commit.
"""
import argparse
import gzip
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

import exporter_help
import sbom

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
EXPORTERS = ("system", "postgres-pool", "cache", "circuit-breaker", "ai-gateway")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
# Folder or file of the repository, and where it goes in the bundle.
COPIED = {
    "LICENSE": "LICENSE",
    "alerts": "alerts",
    "dashboards": "dashboards",
    "docker": "docker",
    "kubernetes": "kubernetes",
    "bundle/README.md": "README.md",
    "bundle/install": "install",
    "bundle/examples": "examples",
    "bundle/grafana": "grafana",
    "bundle/prometheus.yml.in": "prometheus/prometheus.yml.in",
}


# What users may have put there, and nobody else is to get.
NEVER_COPIED = ("__pycache__", "*secrets*", "*.key", "*.pem", ".env")


class Fault(Exception):
    """What is wrong, in one line."""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fault(f"{' '.join(command[:4])} failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}")
    return done.stdout


def project_version(build):
    info = pathlib.Path(build, "meson-info/intro-projectinfo.json")
    if not info.exists():
        raise Fault(f"{build} is no build folder: meson setup {build}, and compile the target exporters there")
    return json.loads(info.read_text())["version"]


def built(build, name):
    binary = pathlib.Path(build, "exporters", name, f"{name}-exporter")
    if not binary.exists():
        raise Fault(f"{binary} is not built: meson compile -C {build} exporters")
    return binary


def timestamp():
    """Seconds since 1970 that every file of the bundle gets."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    done = subprocess.run(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else 0


def copy_data(folder):
    for source, target in COPIED.items():
        source, target = ROOT / source, folder / target
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*NEVER_COPIED))
        else:
            shutil.copy(source, target)
    for page in sorted((ROOT / "docs").rglob("*.md")):
        target = folder / page.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, target)


def copy_exporter(build, folder, name):
    """Binary, systemd unit, and the file of environment variables that the unit reads."""
    exporter = f"{name}-exporter"
    for part in ("bin", "systemd", "default"):
        (folder / part).mkdir(exist_ok=True)
    binary = folder / "bin" / exporter
    shutil.copy(built(build, name), binary)
    run("strip", str(binary))
    shutil.copy(ROOT / "exporters" / name / f"{exporter}.service.in", folder / "systemd")
    (folder / "default" / exporter).write_text(exporter_help.environment_file(exporter, run(str(binary), "--help")))


def files_of(folder):
    return sorted((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.relative_to(folder).as_posix())


def set_modes(folder):
    for path in files_of(folder):
        name = path.relative_to(folder).as_posix()
        path.chmod(0o755 if name == "install" or name.startswith("bin/") else 0o644)


def write_sums(folder):
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files_of(folder)]
    (folder / "SHA256SUMS").write_text("".join(lines))


def write_archive(folder, archive, seconds):
    """Files alone, sorted; written beside its name first, so that a broken run leaves no half archive."""
    unfinished = archive.with_suffix(".part")
    with open(unfinished, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in files_of(folder):
            entry = tarfile.TarInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}")
            entry.size, entry.mtime, entry.mode = path.stat().st_size, seconds, path.stat().st_mode & 0o777
            with open(path, "rb") as content:
                tar.addfile(entry, content)
    unfinished.replace(archive)


def make(build, output):
    version = project_version(build)
    machine = os.uname().machine
    name = f"binnacle-{version}-linux-{ARCHITECTURES.get(machine, machine)}"
    seconds = timestamp()
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary, name)
        folder.mkdir()
        copy_data(folder)
        for exporter in EXPORTERS:
            copy_exporter(build, folder, exporter)
        (folder / "VERSION").write_text(f"binnacle {version} linux {machine}\n")
        set_modes(folder)
        binaries = {f"{exporter}-exporter": folder / "bin" / f"{exporter}-exporter" for exporter in EXPORTERS}
        document, libraries = sbom.of_build(build, binaries, name=name, version=version, seconds=seconds)
        (folder / "sbom.spdx.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        (folder / "libraries.txt").write_text(libraries)
        set_modes(folder)
        write_sums(folder)
        set_modes(folder)
        archive = output / f"{name}.tar.gz"
        write_archive(folder, archive, seconds)
    return archive


def main():
    parser = argparse.ArgumentParser(description="Writes the bundle.")
    parser.add_argument("--build", required=True, help="build folder with the exporters")
    parser.add_argument("--output", type=pathlib.Path, help="folder to write to; the build folder unless given")
    arguments = parser.parse_args()
    try:
        archive = make(arguments.build, arguments.output or pathlib.Path(arguments.build))
    except (Fault, sbom.Unknown, OSError) as fault:
        sys.exit(f"bundle: {fault}")
    print(f"{archive} ({archive.stat().st_size} bytes)")


if __name__ == "__main__":
    main()
