# SPDX-License-Identifier: Apache-2.0
"""Reads the text format, as much of it as the tests need."""

import re

_LINE = re.compile(r'^(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)(?: (?P<time>-?\d+))?$')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')
_SUFFIXES = ("_bucket", "_sum", "_count")


class Family:
    def __init__(self, name):
        self.name, self.help, self.type = name, "", "untyped"
        self.samples = {}  # (sample name, frozenset of labels) -> float


def parse(text):
    """{family name: Family}. Raises ValueError for a line that is no exposition."""
    families = {}

    def family(name):
        return families.setdefault(name, Family(name))

    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("# HELP "):
            name, _, rest = line[7:].partition(" ")
            family(name).help = rest
        elif line.startswith("# TYPE "):
            name, _, rest = line[7:].partition(" ")
            family(name).type = rest
        elif line and not line.startswith("#"):
            match = _LINE.match(line)
            if not match:
                raise ValueError(f"line {number} is no sample: {line[:80]}")
            name = match["name"]
            base = next((name[:-len(s)] for s in _SUFFIXES if name.endswith(s) and name[:-len(s)] in families
                         and families[name[:-len(s)]].type in ("histogram", "summary")), name)
            labels = frozenset(_LABEL.findall(match["labels"] or ""))
            key = (name, labels)
            if key in family(base).samples:
                raise ValueError(f"line {number} is a duplicate: {line[:80]}")
            family(base).samples[key] = float(match["value"])
    return families
