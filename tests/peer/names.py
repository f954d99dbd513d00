# SPDX-License-Identifier: Apache-2.0
"""What the checks of the cache exporter's names share: lists of names, what the README says, the generated page."""

import fnmatch
import glob
import os
import re

from exposition import parse

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../..")
README = os.path.join(ROOT, "exporters/cache/README.md")


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def listed(exporter):
    """{name: (type, labels)} of names/EXPORTER.txt, which is what a release can export."""
    rows = [line.split() for line in text_of(os.path.join(HERE, f"names/{exporter}.txt")).splitlines() if not line.startswith("#")]
    return {row[0]: (row[1], set(row[2].split(",")) if len(row) > 2 else set()) for row in rows}


class Ours:
    """What we can export: the golden page's families, and names that stand in the source for servers that it has none of."""

    def __init__(self):
        self.golden = parse(text_of(os.path.join(ROOT, "tests/golden/cache.prom")))
        sources = [path for path in glob.glob(os.path.join(ROOT, "exporters/cache/*.cpp")) if not path.endswith("_test.cpp")]
        code = "".join(map(text_of, sources))
        self.literals = set(re.findall(r'"((?:redis|memcached)_\w+)"', code))
        row = re.compile(r'"((?:redis|memcached)_\w+)",\s*k(?:Stat)?(Gauge|Counter)\b')
        self.row_types = {name: kind.lower() for name, kind in row.findall(code)}

    def has(self, name):
        return name in self.golden or name in self.literals

    def difference(self, name, kind, labels):
        """How ours differs from a listed one, as far as it is known; or None."""
        if not self.has(name):
            return "absent"
        if name not in self.golden:
            return "type" if self.row_types.get(name, kind) != kind else None
        if self.golden[name].type != kind:
            return "type"
        ours = {frozenset(label for label, _ in key[1]) - {"target", "le", "quantile"} for key in self.golden[name].samples}
        return None if labels in ours else "labels"


def readme_names(heading):
    """The names and globs in backticks of one section."""
    section = text_of(README).split(heading + "\n", 1)[1]
    section = re.split(r"^#+ ", section, maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"`((?:redis|memcached)_[\w*]+)`", section)


def matches(name, patterns):
    return next((pattern for pattern in patterns if fnmatch.fnmatchcase(name, pattern)), None)


def table(rows, *titles):
    """A Markdown table, or one line where there is nothing."""
    if not rows:
        return "None.\n"
    return "".join("| " + " | ".join(row) + " |\n" for row in (titles, ["---"] * len(titles), *rows))


def check_page(path, text, update):
    """Writes the page, or complains that it is not what it would be. Returns complaints."""
    full = os.path.join(ROOT, path)
    if update:
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        return []
    if not os.path.exists(full) or text_of(full) != text:
        return [f"{path} is not what this run finds; see --update"]
    return []
