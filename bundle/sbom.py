# SPDX-License-Identifier: Apache-2.0
"""What the exporters are made of, as an SPDX 2.3 document: the Debian packages of each binary, as far as Ninja, the dynamic
linker and dpkg know them.

- DYNAMIC_LINK: a shared library that the binary names itself (NEEDED).
- RUNTIME_DEPENDENCY_OF: a shared library that those need in turn.
- STATIC_LINK: a static library that the linker was given, or headers that were compiled in.
"""
import datetime
import hashlib
import os
import pathlib
import re
import subprocess

import copyright_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
# No code of it gets into a binary: the kernel's numbers and structures.
HEADERS_WITHOUT_CODE = {"linux"}


class Unknown(Exception):
    """A file or package that nobody knows."""


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise Unknown(f"{' '.join(command[:4])} failed: {(done.stderr or done.stdout).strip()[:200]}")
    return done.stdout


class Dpkg:
    """Which package a file is of, and what dpkg knows of the package."""

    def __init__(self):
        self.owners, self.packages = {}, {}

    def find(self, paths):
        """Asks for many files at once, which takes no longer than asking for one."""
        # /lib is a link to /usr/lib, and packages have their files under either name.
        asked = {name: path for path in paths if path not in self.owners
                 for name in (path, path.removeprefix("/usr"), "/usr" + path, os.path.realpath(path))}
        names = sorted(asked)
        for start in range(0, len(names), 1000):
            done = subprocess.run(["dpkg", "-S", *names[start:start + 1000]], capture_output=True, text=True, check=False)
            for line in done.stdout.splitlines():
                owners, _, name = line.partition(": ")
                if name in asked:
                    self.owners.setdefault(asked[name], owners.split(", ")[0])

    def owner(self, path):
        """Name of the installed package, with its architecture where dpkg gives one."""
        self.find([path])
        if path not in self.owners:
            raise Unknown(f"{path} is of no Debian package")
        return self.owners[path]

    def package(self, name):
        if name not in self.packages:
            fields = "${Package}\n${Version}\n${Architecture}\n${source:Package}\n${source:Version}"
            keys = ("name", "version", "architecture", "source", "source_version")
            self.packages[name] = dict(zip(keys, run("dpkg-query", "-W", "-f", fields, name).split("\n")))
        return self.packages[name]


def needed(binary):
    """Names of the shared libraries that a binary asks for itself."""
    return re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", str(binary)))


def loaded(binary):
    """Name -> path of all shared libraries that the dynamic linker loads for it."""
    found = dict(re.findall(r"^\s*(\S+) => (/\S+) ", run("ldd", str(binary)), re.MULTILINE))
    interpreter = re.findall(r"^\s*(/\S+) \(", run("ldd", str(binary)), re.MULTILINE)
    return {**found, **{os.path.basename(path): path for path in interpreter}}


def static_libraries(build, target):
    """Paths of the static libraries outside the build folder that the linker was given."""
    command = run("ninja", "-C", build, "-t", "commands", target).strip().splitlines()[-1].split()
    libraries = {os.path.normpath(word) for word in command if word.startswith("/") and word.endswith(".a")}
    compiler = next((word for word in command if re.search(r"(\+\+)(-\d+)?$", word)), "c++")
    for flag, library in (("-static-libstdc++", "libstdc++.a"), ("-static-libgcc", "libgcc.a")):
        if flag in command:
            libraries.add(os.path.normpath(run(compiler, f"-print-file-name={library}").strip()))
    return libraries


def headers(build, target):
    """Paths under /usr of what the compiler read for the target."""
    objects = [word for word in run("ninja", "-C", build, "-t", "inputs", target).split("\n") if word.endswith(".o")]
    read = set()
    for start in range(0, len(objects), 200):
        listed = run("ninja", "-C", build, "-t", "deps", *objects[start:start + 200])
        read.update(os.path.normpath(line.strip()) for line in listed.splitlines() if line.startswith("    /usr/"))
    if not read:
        raise Unknown(f"{build} does not know what {target} was compiled from: compile it there")
    return read


def one_a_folder(paths):
    """Files of one folder below /usr/include are of one package, but those right in it and in the multiarch folder."""
    chosen = {}
    for path in sorted(paths):
        folder = os.path.dirname(path)
        shared = folder in ("/usr/include", "/usr/include/hiredis") or folder.endswith("-linux-gnu")
        chosen.setdefault(path if shared else folder, path)
    return chosen.values()


def of_binary(build, target, binary, dpkg):
    """Package -> (relationship, comment)."""
    own, shared, static = set(needed(binary)), loaded(binary), static_libraries(build, target)
    read = list(one_a_folder(headers(build, target)))
    dpkg.find([*shared.values(), *static, *read])
    links = {}
    for name, path in sorted(shared.items()):
        if name in own:
            links[dpkg.owner(path)] = ("DYNAMIC_LINK", "")
    for name, path in sorted(shared.items()):
        links.setdefault(dpkg.owner(path), ("RUNTIME_DEPENDENCY_OF", ""))
    for path in sorted(static):
        links[dpkg.owner(path)] = ("STATIC_LINK", "a static library that the linker was given")
    sources = {dpkg.package(name)["source"] for name, (kind, _) in links.items() if kind != "RUNTIME_DEPENDENCY_OF"}
    for path in read:
        package = dpkg.owner(path)
        if dpkg.package(package)["source"] not in sources | HEADERS_WITHOUT_CODE:
            links[package] = ("STATIC_LINK", "compiled in from its headers")
    return links


def civetweb():
    """Debian's source package that subprojects/fetch-civetweb has put there, or None."""
    folder = ROOT / "subprojects/civetweb/debian"
    if not (folder / "changelog").exists():
        return None
    version = re.match(r"civetweb \((\S+)\)", (folder / "changelog").read_text(encoding="utf-8")).group(1)
    return {"name": "civetweb", "version": version, "architecture": "source", "source": "civetweb", "source_version": version,
            "copyright": folder / "copyright"}


def identifier(*words):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", "-".join(words))


def package_entry(package, licences):
    path = package.get("copyright") or pathlib.Path("/usr/share/doc", package["name"], "copyright")
    declared, comment, texts = copyright_file.licence(path)
    licences.update(texts)
    entry = {
        "SPDXID": identifier("package", package["name"], package["architecture"]),
        "name": package["name"],
        "versionInfo": package["version"],
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "sourceInfo": f"Debian source package {package['source']} {package['source_version']}",
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": declared,
        "copyrightText": "NOASSERTION",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:deb/debian/{package['name'].replace('+', '%2B')}"
                                f"@{package['version'].replace('+', '%2B').replace(':', '%3A')}?arch={package['architecture']}",
        }],
    }
    return {**entry, "licenseComments": comment} if comment else entry


def file_entry(name, binary):
    content = binary.read_bytes()
    return {
        "SPDXID": identifier("file", name),
        "fileName": f"./bin/{name}",
        "fileTypes": ["BINARY", "APPLICATION"],
        "checksums": [{"algorithm": "SHA1", "checksumValue": hashlib.sha1(content).hexdigest()},
                      {"algorithm": "SHA256", "checksumValue": hashlib.sha256(content).hexdigest()}],
        "licenseConcluded": "Apache-2.0",
        "licenseInfoInFiles": ["NOASSERTION"],
        "copyrightText": "NOASSERTION",
    }


def verification_code(files):
    """As SPDX wants it: SHA-1 of the files' SHA-1 sums, sorted."""
    sums = sorted(entry["checksums"][0]["checksumValue"] for entry in files)
    return hashlib.sha1("".join(sums).encode()).hexdigest()


def relationship(element, kind, related, comment=""):
    entry = {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related}
    return {**entry, "comment": comment} if comment else entry


def of_build(build, binaries, name, version, seconds):
    """The document, and a table "binary, shared library, Debian package" of what each binary needs to start."""
    dpkg, packages, licences, relationships, table = Dpkg(), {}, {}, [], []
    root = identifier("binnacle")
    relationships.append(relationship("SPDXRef-DOCUMENT", "DESCRIBES", root))
    bundled = civetweb()
    for exporter, binary in binaries.items():
        file_id = identifier("file", exporter)
        relationships.append(relationship(root, "CONTAINS", file_id))
        target = f"exporters/{exporter.removesuffix('-exporter')}/{exporter}"
        links = of_binary(build, target, binary, dpkg)
        for package_name, (kind, comment) in sorted(links.items()):
            package = dpkg.package(package_name)
            packages[package["name"], package["architecture"]] = package
            ends = [file_id, identifier("package", package["name"], package["architecture"])]
            if kind == "RUNTIME_DEPENDENCY_OF":
                ends.reverse()
            relationships.append(relationship(ends[0], kind, ends[1], comment))
        if bundled and "libcivetweb.a" in run("ninja", "-C", build, "-t", "inputs", target):
            packages["civetweb", "source"] = bundled
            relationships.append(relationship(file_id, "STATIC_LINK", identifier("package", "civetweb", "source"),
                                              "compiled from Debian's source package"))
        libraries = loaded(binary)
        table += [f"{exporter} {library} {dpkg.owner(libraries[library]).split(':')[0]}\n" for library in sorted(needed(binary))]
    created = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    entries = [package_entry(packages[key], licences) for key in sorted(packages)]
    files = [file_entry(exporter, binary) for exporter, binary in binaries.items()]
    digest = verification_code(files)
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"https://github.com/binnacle/binnacle/spdx/{name}-{digest[:16]}",
        "creationInfo": {"created": created, "creators": ["Tool: binnacle-bundle"]},
        "packages": [{
            "SPDXID": root,
            "name": "binnacle",
            "versionInfo": version,
            "downloadLocation": "NOASSERTION",
            "filesAnalyzed": True,
            "packageVerificationCode": {"packageVerificationCodeValue": verification_code(files)},
            "licenseConcluded": "Apache-2.0",
            "licenseDeclared": "Apache-2.0",
            "copyrightText": "NOASSERTION",
        }, *entries],
        "files": files,
        "hasExtractedLicensingInfos": [{"licenseId": key, "name": key.removeprefix("LicenseRef-Debian-"), "extractedText": licences[key]}
                                       for key in sorted(licences)],
        "relationships": relationships,
    }
    return document, "".join(table)
