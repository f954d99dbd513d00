# SPDX-License-Identifier: Apache-2.0
"""The archive that ./binnacle bundle writes: what is in it, and that it installs, upgrades and goes away again."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD, VERSION = os.environ["BINNACLE_BUILD"], os.environ["BINNACLE_VERSION"]
EXPORTERS = ["system-exporter", "postgres-pool-exporter", "cache-exporter", "circuit-breaker-exporter", "ai-gateway-exporter"]
CONFIG = "etc/default/cache-exporter"


def run(*command, code=0, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout + done.stderr


def make(folder):
    run("/usr/bin/python3", "-B", ROOT / "bundle/make_bundle.py", "--build", BUILD, "--output", folder)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session")
def unpacked(archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(archive) as tar:
        tar.extractall(folder)
    return next(folder.iterdir())


@pytest.fixture(scope="session")
def installed(unpacked, tmp_path_factory):
    """A root folder, with a blank in its name, that everything is installed to once."""
    root = tmp_path_factory.mktemp("with a blank") / "root"
    print(run(unpacked / "install", "--root", root))
    return root


@pytest.fixture
def bundle(unpacked, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(unpacked, tmp_path / "bundle")


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def change(bundle, name, text):
    """Another version of the bundle, with right checksums."""
    (bundle / name).write_text(text)
    names = sorted(files_of(bundle).keys() - {"SHA256SUMS"})
    (bundle / "SHA256SUMS").write_text("".join(f"{hashlib.sha256((bundle / name).read_bytes()).hexdigest()}  {name}\n" for name in names))


def one_line(text):
    assert len(text.strip().splitlines()) == 1 and text.startswith("install: "), text
    return text


# ---- the archive ----

def test_two_makes_are_equal(archive, tmp_path):
    again = make(tmp_path)
    assert again.name == archive.name
    with tarfile.open(archive) as first, tarfile.open(again) as second:
        contents = [{entry.name: hashlib.sha256(tar.extractfile(entry).read()).hexdigest() for entry in tar} for tar in (first, second)]
    assert contents[0] == contents[1]
    assert again.read_bytes() == archive.read_bytes()
    print(f"{archive.name}: {archive.stat().st_size} bytes, {len(contents[0])} files")


def test_archive_is_plain(archive):
    with tarfile.open(archive) as tar:
        entries = tar.getmembers()
    assert [entry.name for entry in entries] == sorted(entry.name for entry in entries)
    assert {entry.name.split("/")[0] for entry in entries} == {archive.name.removesuffix(".tar.gz")}
    assert len({entry.mtime for entry in entries}) == 1
    assert {(entry.uid, entry.gid, entry.uname, entry.type) for entry in entries} == {(0, 0, "", tarfile.REGTYPE)}
    assert {entry.name.split("/", 1)[1] for entry in entries if entry.mode == 0o755} == {"install", *(f"bin/{name}" for name in EXPORTERS)}


@pytest.mark.parametrize("folder", ["alerts", "dashboards", "docker", "kubernetes", "docs/runbooks"])
def test_data_is_the_repository_s(unpacked, folder):
    wanted = {name: path.read_bytes() for name, path in files_of(ROOT / folder).items()}
    assert wanted
    assert {name: path.read_bytes() for name, path in files_of(unpacked / folder).items()} == wanted


def test_compose_finds_its_files(unpacked):
    services = yaml.safe_load((unpacked / "docker/compose.yaml").read_text())["services"]
    mounted = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", []) if volume.startswith(".")]
    assert len(mounted) > 5
    missing = [path for path in mounted if not (unpacked / "docker" / path).exists()]
    assert missing == ["./alertmanager-secrets"], "which are the user's own"


def test_a_build_that_is_none(tmp_path):
    said = run("/usr/bin/python3", "-B", ROOT / "bundle/make_bundle.py", "--build", tmp_path, code=1)
    assert said.startswith("bundle: ") and len(said.splitlines()) == 1 and "no build folder" in said


# ---- checksums ----

def test_checksums(bundle):
    assert re.match(r"\d+ files are as they were made", run(bundle / "install", "--check"))
    with open(bundle / "bin/cache-exporter", "r+b") as binary:
        binary.seek(5000)
        binary.write(b"\0corrupt")
    assert "damaged: bin/cache-exporter" in one_line(run(bundle / "install", "--check", code=1))
    assert "damaged" in one_line(run(bundle / "install", "--root", bundle / "root", code=1))
    assert not files_of(bundle / "root")


def test_a_missing_and_an_added_file(bundle):
    (bundle / "alerts/added.rules.yaml").write_text("groups: []\n")
    assert "added.rules.yaml" in one_line(run(bundle / "install", "--check", code=1))
    (bundle / "alerts/added.rules.yaml").unlink()
    (bundle / "alerts/cache.rules.yaml").unlink()
    assert "alerts/cache.rules.yaml" in one_line(run(bundle / "install", "--check", code=1))


# ---- the SBOM ----

def needed(binary):
    return re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", binary))


def test_sbom(unpacked):
    document = json.loads((unpacked / "sbom.spdx.json").read_text())
    assert document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0"
    elements = {entry["SPDXID"]: entry for entry in document["packages"] + document["files"]}
    assert len(elements) == len(document["packages"]) + len(document["files"])
    ends = {entry[end] for entry in document["relationships"] for end in ("spdxElementId", "relatedSpdxElement")}
    assert ends - {"SPDXRef-DOCUMENT"} == set(elements), "every package is of something, and nothing else is named"
    texts = {entry["licenseId"] for entry in document["hasExtractedLicensingInfos"]}
    assert set(re.findall(r"LicenseRef-[\w.-]+", " ".join(entry["licenseDeclared"] for entry in document["packages"]))) == texts
    for entry in document["packages"]:
        if entry["name"] not in ("binnacle", "civetweb"):
            assert run("dpkg-query", "-W", "-f", "${Version}", f"{entry['name']}") == entry["versionInfo"]
    for exporter in EXPORTERS:
        entry = elements[f"SPDXRef-file-{exporter}"]
        sums = {entry["algorithm"]: entry["checksumValue"] for entry in entry["checksums"]}
        assert sums["SHA256"] == hashlib.sha256((unpacked / "bin" / exporter).read_bytes()).hexdigest()
        links = {(link["relationshipType"], elements[link["relatedSpdxElement"]]["name"]) for link in document["relationships"]
                 if link["spdxElementId"] == entry["SPDXID"]}
        static = {name for kind, name in links if kind == "STATIC_LINK"}
        assert {"libcli11-dev", "nlohmann-json3-dev", "libspdlog-dev"} <= static
        assert ("DYNAMIC_LINK", "libc6") in links
    licences = {entry["name"]: entry["licenseDeclared"] for entry in document["packages"]}
    assert licences["nlohmann-json3-dev"] == "MIT" and licences["libcli11-dev"] == "BSD-3-Clause"
    known = sum(licence != "NOASSERTION" for licence in licences.values())
    print(f"SBOM: {len(licences)} packages, {known} with a licence, {len(document['relationships'])} relationships")


def test_libraries(unpacked):
    rows = [line.split(" ") for line in (unpacked / "libraries.txt").read_text().splitlines()]
    for exporter in EXPORTERS:
        listed = {library: package for name, library, package in rows if name == exporter}
        assert sorted(listed) == sorted(needed(unpacked / "bin" / exporter))
        for package in set(listed.values()):
            run("dpkg-query", "-W", package)


# ---- what is installed ----

def test_programs_run(installed):
    for exporter in EXPORTERS:
        assert run(installed / "usr/local/bin" / exporter, "--version").startswith(f"{exporter} {VERSION} ")
    page = run(installed / "usr/local/bin/system-exporter", "--once", "--web.listen-address=127.0.0.1:0")
    assert "\nnode_load1 " in page


@pytest.mark.parametrize("name", ["postgres-pool", "cache", "circuit-breaker", "ai-gateway"])
def test_examples(installed, tmp_path, name):
    text = (installed / f"usr/local/share/binnacle/examples/{name}.yml").read_text()
    for secret in re.findall(r"/run/credentials/\S+", text):
        assert secret.startswith(f"/run/credentials/{name}-exporter.service/")
        (tmp_path / "secret").write_text("not-a-real-secret\n")
        text = text.replace(secret, str(tmp_path / "secret"))
    (tmp_path / "config.yml").write_text(text)
    run(installed / f"usr/local/bin/{name}-exporter", f"--config.file={tmp_path}/config.yml", "--config.check")


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_environment_file(installed, tmp_path, exporter):
    """Every variable, with its default, is one that the exporter takes; so nothing but comments is in the file."""
    lines = (installed / "etc/default" / exporter).read_text().splitlines()
    assert not [line for line in lines if line and not line.startswith("#")]
    given = dict(re.match(r"#([A-Z0-9_]+)=(.*)", line).groups() for line in lines if re.match(r"#[A-Z0-9_]+=", line))
    prefix = exporter.upper().replace("-", "_")
    assert len(given) > 10 and all(variable.startswith(prefix) for variable in given)
    environment = {variable: value.strip("'") for variable, value in given.items() if value}
    needs = {"postgres-pool-exporter": ["--postgres.dsn=host=127.0.0.1"],
             "circuit-breaker-exporter": ["--statsd.listen=127.0.0.1:0"],
             "ai-gateway-exporter": [f"--config.file={tmp_path}/config.yml"]}.get(exporter, [])
    (tmp_path / "config.yml").write_text('upstreams: [{name: a, url: "http://127.0.0.1:1"}]\nmodels: [{name: m, targets: [{upstream: a}]}]\n')
    run(installed / "usr/local/bin" / exporter, "--config.check", *needs, env=environment)


def test_prometheus_files(installed, tmp_path):
    rules = sorted((installed / "usr/local/share/binnacle/alerts").glob("*.rules.yaml"))
    assert len(rules) == len(list((ROOT / "alerts").glob("*.rules.yaml")))
    config = (installed / "etc/binnacle/prometheus.yml").read_text()
    assert "/usr/local/share/binnacle/alerts/*.rules.yaml" in config
    # The folder has a blank in its name, which promtool's patterns may have.
    (tmp_path / "prometheus.yml").write_text(config.replace("/usr/local", f"{installed}/usr/local"))
    said = run("promtool", "check", "config", tmp_path / "prometheus.yml")
    assert len(re.findall(r"SUCCESS: \d+ rules found", said)) == len(rules), said
    run("amtool", "check-config", installed / "etc/binnacle/alertmanager.yml")


def test_jobs_are_those_that_the_rules_look_for(installed):
    jobs = [job["job_name"] for job in yaml.safe_load((installed / "etc/binnacle/prometheus.yml").read_text())["scrape_configs"]]
    for name in ("system", "postgres", "cache", "circuit-breaker", "ai-gateway"):
        text = (ROOT / f"alerts/{name}.rules.yaml").read_text()
        pattern = re.search(r'up\{job=~"([^"]*)"\} == 0', text).group(1)
        assert [job for job in jobs if re.fullmatch(pattern, job)], f"{name}: {pattern}"


def test_grafana_provisioning(installed):
    folder = installed / "usr/local/share/binnacle/grafana/provisioning"
    provider = yaml.safe_load((folder / "dashboards/binnacle.yaml").read_text())["providers"][0]
    path = installed / provider["options"]["path"].lstrip("/")
    assert sorted(files_of(path)) == sorted(files_of(ROOT / "dashboards"))
    assert yaml.safe_load((folder / "datasources/binnacle.yaml").read_text())["datasources"][0]["type"] == "prometheus"


def test_units(installed, tmp_path):
    # systemd-analyze wants programs that are there; and no blank in their paths.
    (tmp_path / "bin").symlink_to(installed / "usr/local/bin")
    units = []
    for exporter in EXPORTERS:
        text = (installed / f"usr/local/lib/systemd/system/{exporter}.service").read_text()
        assert f"ExecStart=/usr/local/bin/{exporter}" in text and "@" + "bindir" not in text
        units.append(tmp_path / f"{exporter}.service")
        units[-1].write_text(text.replace("/usr/local/bin", str(tmp_path / "bin")))
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed: the units are only read")
    said = run("systemd-analyze", "verify", "--man=no", *units)
    assert not re.search("|".join(EXPORTERS), said), said


# ---- installing again, upgrading, removing ----

def test_nothing_is_left(bundle, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    said = run(bundle / "install", "--root", root, "--dry-run")
    assert not list(root.iterdir()) and "would put" in said
    run(bundle / "install", "--root", root)
    assert len(files_of(root)) == len(said.splitlines()), "what --dry-run said, and the list of it"
    before = {name: (path.stat().st_mtime_ns, path.read_bytes()) for name, path in files_of(root).items() if not name.endswith("/installed")}
    assert " 0 files new, 0 updated" in run(bundle / "install", "--root", root)
    after = {name: (path.stat().st_mtime_ns, path.read_bytes()) for name, path in files_of(root).items() if not name.endswith("/installed")}
    assert before == after
    run(root / "usr/local/share/binnacle/install", "--remove", "--root", root)
    assert not list(root.iterdir())


def test_changed_configs_are_kept(bundle, tmp_path):
    root = tmp_path / "root"
    run(bundle / "install", "--root", root, "--only=cache,system")
    (root / CONFIG).write_text("CACHE_EXPORTER_LOG_LEVEL=debug\n")
    assert f"kept     {root}/{CONFIG}" in run(bundle / "install", "--root", root, "--only=cache,system")
    assert not (root / f"{CONFIG}.new").exists(), "the bundle has nothing new to say"

    change(bundle, "default/cache-exporter", "# of the next version\n")
    change(bundle, "default/system-exporter", "# of the next version\n")
    said = run(bundle / "install", "--root", root, "--only=cache,system")
    assert f"{CONFIG}.new" in said
    assert (root / CONFIG).read_text() == "CACHE_EXPORTER_LOG_LEVEL=debug\n"
    assert (root / f"{CONFIG}.new").read_text() == "# of the next version\n"
    assert (root / "etc/default/system-exporter").read_text() == "# of the next version\n", "one that nobody changed follows"

    assert f"kept     {root}/{CONFIG}, which you have changed" in run(bundle / "install", "--root", root, "--remove")
    assert list(files_of(root)) == [CONFIG]


def test_a_file_that_a_version_has_no_more(bundle, tmp_path):
    root = tmp_path / "root"
    run(bundle / "install", "--root", root, "--only=monitoring")
    (bundle / "alerts/cache.rules.yaml").unlink()
    change(bundle, "docs/metrics.md", "# Metrics\n")
    assert "gone" in run(bundle / "install", "--root", root, "--only=monitoring")
    assert not (root / "usr/local/share/binnacle/alerts/cache.rules.yaml").exists()
    assert (root / "usr/local/share/doc/binnacle/metrics.md").read_text() == "# Metrics\n"


def test_broken_off(bundle, tmp_path):
    """The twentieth file cannot be put in place: what is there by then can be removed, or the rest be installed."""
    root, shims = tmp_path / "root", tmp_path / "shims"
    shims.mkdir()
    (shims / "mv").write_text(f'#!/bin/sh\necho >>{tmp_path}/calls\n[ $(wc -l <{tmp_path}/calls) -lt 20 ] || exit 1\nexec {shutil.which("mv")} "$@"\n')
    (shims / "mv").chmod(0o755)
    broken = {**os.environ, "PATH": f"{shims}:{os.environ['PATH']}"}
    run(bundle / "install", "--root", root, code=1, env=broken)
    assert 10 < len(files_of(root)) < 30
    assert "19 there already" in run(bundle / "install", "--root", root)
    run(bundle / "install", "--root", root, "--remove")
    assert not list(root.iterdir())
    (tmp_path / "calls").unlink()
    run(bundle / "install", "--root", root, code=1, env=broken)
    run(bundle / "install", "--root", root, "--remove")
    assert not list(root.iterdir())


def test_parts(bundle, tmp_path):
    root = tmp_path / "root"
    run(bundle / "install", "--root", root, "--only", "system")
    assert [path.name for path in (root / "usr/local/bin").iterdir()] == ["system-exporter"]
    run(bundle / "install", "--root", root, "--only", "cache")
    assert sorted(path.name for path in (root / "usr/local/bin").iterdir()) == ["cache-exporter", "system-exporter"]
    run(bundle / "install", "--root", root, "--remove", "--only", "system")
    assert [path.name for path in (root / "usr/local/bin").iterdir()] == ["cache-exporter"]
    run(bundle / "install", "--root", root, "--remove")
    assert not list(root.iterdir())


def test_another_prefix(bundle, tmp_path):
    root = tmp_path / "root"
    run(bundle / "install", "--root", root, "--prefix", "/opt/binnacle", "--only=system,monitoring")
    unit = (root / "etc/systemd/system/system-exporter.service").read_text()
    assert "ExecStart=/opt/binnacle/bin/system-exporter" in unit
    assert "/opt/binnacle/share/binnacle/alerts" in (root / "etc/binnacle/prometheus.yml").read_text()
    run(root / "opt/binnacle/share/binnacle/install", "--root", root, "--remove")
    assert not list(root.iterdir())


def test_files_of_others(bundle, tmp_path):
    theirs = tmp_path / "root/usr/local/bin/system-exporter"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("somebody else's\n")
    root = tmp_path / "root"
    assert "not from a bundle" in one_line(run(bundle / "install", "--root", root, "--only=system", code=1))
    assert list(files_of(root)) == ["usr/local/bin/system-exporter"]
    run(bundle / "install", "--root", root, "--only=cache")
    run(bundle / "install", "--root", root, "--remove")
    assert theirs.read_text() == "somebody else's\n" and len(files_of(root)) == 1


@pytest.mark.parametrize("arguments, said", [
    (["--only", "redis"], "no part 'redis'"),
    (["--prefix"], "--prefix needs a value"),
    (["--prefix", "opt"], "must begin with /"),
    (["--purge"], "unknown argument '--purge'"),
    (["--remove", "--root", "/nonexistent"], "there is no folder /nonexistent"),
    (["--remove", "--root", "."], "nothing is installed"),
])
def test_errors(unpacked, tmp_path, arguments, said):
    assert said in one_line(run(unpacked / "install", *arguments, code=1, cwd=tmp_path))


def test_a_missing_library_is_named(unpacked, tmp_path):
    (tmp_path / "ldd").write_text("#!/bin/sh\nprintf '\\tlibc.so.6 => not found\\n'\n")
    (tmp_path / "ldd").chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    said = run(unpacked / "install", "--root", tmp_path / "root", "--only=system", env=environment)
    assert "missing  libc.so.6, which system-exporter needs: apt-get install libc6" in said


def test_another_machine(bundle, tmp_path):
    change(bundle, "VERSION", f"binnacle {VERSION} linux riscv128\n")
    assert "is for riscv128" in one_line(run(bundle / "install", "--root", tmp_path / "root", code=1))
    assert not files_of(tmp_path / "root")
