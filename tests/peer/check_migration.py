# SPDX-License-Identifier: Apache-2.0
"""docs/migration/*.md: the flags and metrics of widely used exporters beside ours.

check_migration.py BINARY... [--update]. Makes each page of migration/*.yaml whose exporter is among the binaries, and complains where
a flag of ours is unknown to it, a flag of theirs is left out (as far as Debian's package is installed), a name is told to be missing
that is there, a name is neither, a type differs, or a config on the page is refused.
"""

import fnmatch
import glob
import os
import re
import subprocess
import sys
import tempfile
import textwrap

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
sys.path[:0] = [os.path.join(HERE, "../stack")]
import redis_differences  # noqa: E402
from exposition import parse  # noqa: E402
from names import check_page, listed, table, text_of  # noqa: E402

OF_ALL = {"--help", "--help-long", "--help-man", "--version", "--log", "--web"}
# The families of each exporter that a peer's names are compared with.
PREFIXES = {"node_exporter": ("node_", "process_"), "postgres_exporter": ("pg_",), "pgbouncer_exporter": ("pgbouncer_",),
            "redis_exporter": ("redis_",), "memcached_exporter": ("memcached_",)}


def help_of(binary):
    done = subprocess.run([binary, "--help"], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def flags_of(text):
    """The flags in a --help of ours or theirs, with two dashes and without their values."""
    found = set()
    for negatable, name in re.findall(r"^ +(?:-\w, )?--?(\[no-\])?([a-zA-Z][\w.-]+)", text, re.MULTILINE):
        found |= {"--" + name} | ({"--no-" + name} if negatable else set())
    return found


def variables_of(text):
    """{flag: environment variable} of a --help of ours."""
    return {"--" + name: variable for name, variable in
            re.findall(r"^  --(?:\[no-\])?([\w.-]+).*?\[([A-Z_]+)\]", text, re.MULTILINE | re.DOTALL)}


def spelled_out(cell):
    """`--collector.a, .b` is two flags."""
    first = cell.split(".", 1)[0]
    return [first + part if part.startswith(".") else part for part in re.split(r", *", cell) if part]


class Ours:
    """What we export: recorded pages, and names in the source for servers that none of them has."""

    def __init__(self, exporter):
        self.families = {}
        for path in [f"{HERE}/../golden/{exporter}.prom", *sorted(glob.glob(f"{HERE}/../golden/{exporter}-*.prom"))]:
            for name, family in parse(text_of(path)).items():
                self.families.setdefault(name, family)
        code = "".join(text_of(path) for path in glob.glob(f"{ROOT}/exporters/{exporter}/*.cpp") if not path.endswith("_test.cpp"))
        self.literals = set(re.findall(r'"([a-z]+_\w+)"', code))

    def has(self, name):
        return name in self.families or name in self.literals


class Page:
    def __init__(self, told, binary):
        self.told, self.binary, self.wrong = told, binary, []
        self.help = help_of(binary)
        self.flags, self.variables = flags_of(self.help), variables_of(self.help)
        self.ours = Ours(told["exporter"])
        self.theirs = listed(told["peer"])
        self.missing = redis_differences.MISSING if told["missing"] == "redis_differences" else told["missing"]
        # Another type on purpose, as the exporter's own comparison with live servers tells and checks.
        self.other_types = set()
        if told["exporter"] == "cache":
            page = text_of(os.path.join(ROOT, "docs/drop-in", told["peer"].removesuffix("_exporter") + ".md"))
            section = page.split("## Different on purpose", 1)[1].split("\n## ", 1)[0]
            self.other_types = set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE))

    def complain(self, message):
        self.wrong.append(f"{self.told['peer']}: {message}")

    def flag_rows(self):
        for theirs, environment, ours, remark in self.told["flags"]:
            named = spelled_out(theirs) if ours == "same" else [ours] if ours else []
            for flag in named:
                if flag not in self.flags:
                    self.complain(f"{flag} is no flag of {os.path.basename(self.binary)}")
            variable = ", ".join(f"`{self.variables[flag]}`" for flag in named if flag in self.variables) if len(named) == 1 else ""
            for flag in re.findall(r"--[a-z][\w.-]*", remark):
                if flag not in self.flags:
                    self.complain(f"{flag}, of a remark, is no flag of {os.path.basename(self.binary)}")
            yield self.code(theirs), self.code(environment), ("the same" if ours == "same" else f"`{ours}`" if ours else "-"), variable, remark

    @staticmethod
    def code(cell):
        return ", ".join(f"`{part}`" if part.isupper() or part.startswith(("-", ".")) or "_" in part else part
                         for part in re.split(r", *", cell) if part)

    def check_their_flags(self):
        """Every flag of Debian's package has a row."""
        peer = "/usr/bin/" + self.told.get("debian", "")
        if "debian" not in self.told or not os.access(peer, os.X_OK):
            return "the flags are those of its source; no binary to compare with"
        patterns = [flag for row in self.told["flags"] for flag in spelled_out(row[0])]
        flags = {re.sub(r"^--no-", "--", flag) for flag in flags_of(help_of(peer))} - OF_ALL
        left_out = sorted(flag for flag in flags if not any(fnmatch.fnmatchcase(flag, pattern) for pattern in patterns))
        for flag in left_out:
            self.complain(f"{flag} of {peer} has no row")
        return f"{len(flags)} flags of {peer}, {len(left_out)} without a row"

    def reason(self, name):
        for patterns, why in self.missing.items():
            if any(fnmatch.fnmatchcase(name, pattern) for pattern in re.split(r", *", patterns)):
                return why
        return None

    def judge_names(self):
        """(names that are the same, names that ours lacks)."""
        same, absent = [], []
        for name, (kind, _) in self.theirs.items():
            by_rule = any(fnmatch.fnmatchcase(name, pattern) for pattern in self.told["by_rule"])
            if self.ours.has(name) or by_rule:
                same.append(name)
                family = self.ours.families.get(name)
                if family and family.type != kind and name not in self.other_types:
                    self.complain(f"{name} is a {family.type} here and a {kind} there")
                if self.reason(name) and not by_rule:
                    self.complain(f"{name} is told to be missing, and is there")
            else:
                absent.append(name)
                if not self.reason(name):
                    self.complain(f"{name} is neither here nor told to be missing")
        for patterns in self.missing:
            for pattern in re.split(r", *", patterns):
                found = [name for name in self.ours.families if fnmatch.fnmatchcase(name, pattern)]
                if found:
                    self.complain(f"{pattern} is told to be missing, and {found[0]} is there")
        return same, absent

    def new_names(self):
        """Families that only we have: `prefix_*` for five and more that share two words which none of theirs begins with."""
        names = sorted(name for name in self.ours.families if name.startswith(PREFIXES[self.told["peer"]]) and name not in self.theirs
                       and not any(fnmatch.fnmatchcase(name, pattern) for pattern in self.told["by_rule"]))
        groups = {}
        for name in names:
            groups.setdefault("_".join(name.split("_")[:2]) + "_", []).append(name)
        shown = []
        for prefix, members in groups.items():
            whole = len(members) >= 5 and not any(name.startswith(prefix) for name in self.theirs)
            shown += [f"`{prefix}*` ({len(members)})"] if whole else [f"`{name}`" for name in members]
        return len(names), ", ".join(shown)

    def check_examples(self):
        """Configs on the page are accepted; flags after our binary's name exist."""
        name = os.path.basename(self.binary)
        for language, body in re.findall(r"^ *```(\w*)\n(.*?)^ *```", self.told["steps"], re.MULTILINE | re.DOTALL):
            if language == "yaml":
                self.check_config(body)
        for code in re.findall(r"```\n(.*?)```|`([^`\n]+)`", self.told["steps"], re.DOTALL):
            for line in "".join(code).replace("\\\n", " ").splitlines():
                for flag in re.findall(r" (--[a-z][\w.-]*)", line.split(name, 1)[1] if re.search(rf"(^| ){name} ", line) else ""):
                    if flag not in self.flags:
                        self.complain(f"{flag} in a step is no flag of {name}")

    def check_config(self, body):
        with tempfile.TemporaryDirectory() as folder:
            secret = os.path.join(folder, "secret")
            with open(secret, "w", encoding="utf-8") as file:
                file.write("x\n")
            path = os.path.join(folder, "config.yml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(re.sub(r"password_file: [^\s,}]+", "password_file: " + secret, textwrap.dedent(body)))
            done = subprocess.run([self.binary, "--config.file=" + path, "--config.check"], capture_output=True, text=True, check=False)
            if done.returncode:
                self.complain(f"a config on the page is refused: {done.stderr.strip()}")

    def text(self):
        peer, name = self.told["peer"], os.path.basename(self.binary)
        same, absent = self.judge_names()
        count, new = self.new_names()
        recorded = [name for name in same if name in self.ours.families]
        by_name = [name for name in same if name not in self.ours.families]
        compared = self.told.get("compared", "that it can export")
        parts = [f"# From {peer} to {name}\n",
                 f"{peer} {self.told['version']} and ours, side by side. Made from `tests/peer/migration/{peer}.yaml` by\n"
                 "`tests/peer/check_migration.py --update`; the suite `peer` checks that every flag of ours is one, that every name called the same is\n"
                 "exported with the same type, and that the configs are accepted.\n",
                 self.told["intro"], "## Steps\n", self.told["steps"],
                 "## Flags and environment\n",
                 table([row for row in self.flag_rows()], peer, "its variable", name, "its variable", "remark"),
                 f"Every flag of ours has a variable: `{name} --help` lists them. Those that {peer} does not have are there, too.\n",
                 "## Metrics\n",
                 f"Of {len(self.theirs)} names {compared}, {len(same)} are the same and {len(absent)} are missing. "
                 f"{count} are new.\n",
                 "### Missing\n",
                 table([(", ".join(f"`{one}`" for one in re.split(r", *", patterns)), why) for patterns, why in self.missing.items()], "name", "why"),
                 "### New\n", new + "\n", "### The same\n", ", ".join(f"`{one}`" for one in recorded) + "\n"]
        if by_name:
            parts += ["### The same, by the source\n", "No recorded server or machine has them: other versions, modules, settings or hardware.\n",
                      ", ".join(f"`{one}`" for one in by_name) + "\n"]
        return "\n".join(parts)


def main(arguments):
    update = "--update" in arguments
    binaries = {os.path.basename(path).removesuffix("-exporter"): path for path in arguments if path != "--update"}
    wrong, pages = [], 0
    for path in sorted(glob.glob(os.path.join(HERE, "migration/*.yaml"))):
        told = yaml.safe_load(text_of(path))
        if told["exporter"] not in binaries:
            print(f"{told['peer']}: the {told['exporter']} exporter is not built: left out")
            continue
        pages += 1
        page = Page(told, binaries[told["exporter"]])
        text = page.text()
        print(f"{told['peer']}: {page.check_their_flags()}")
        page.check_examples()
        wrong += page.wrong + check_page(f"docs/migration/{told['peer']}.md", text, update and not page.wrong)
    print("".join(message + "\n" for message in wrong), end="")
    print(f"{pages} pages, {len(wrong)} mistakes")
    return 1 if wrong or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
