# SPDX-License-Identifier: Apache-2.0
"""docs/metrics.md from the golden files: every family with its type, labels and HELP."""

import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../stack"))
from exposition import parse  # noqa: E402

# Of each exporter's own names; what else is on a page came from a user's textfile or query.
PREFIXES = {
    "system": ("node_", "namedprocess_", "process_"),
    "postgres-pool": ("pg_", "pgbouncer_", "process_"),
    "cache": ("cache_", "redis_", "memcached_", "process_"),
    "circuit-breaker": ("circuit_breaker_", "process_"),
    "ai-gateway": ("aigw_", "gen_ai_", "circuit_breaker_", "process_"),
}
PAGE = os.path.join(HERE, "../../docs/metrics.md")
HEAD = """# Metrics

Every metric family of every exporter, as the golden tests see it. Generated from `tests/golden/*.prom` by
`tests/golden/check*.py --update`; do not edit. What no recorded server or machine has is listed after each table, from the source.
"""

# A row of a table in the source, or the arguments of a call that begins a family: its name, what says its type, its HELP.
TEXT = r'"(?:[^"\\]|\\.)*"'
ROW = re.compile(r'"(?P<name>[a-z]+_\w+)",\s*(?P<words>(?:[\w:.]+,\s*)*)(?P<help>(?:' + TEXT + r"\s*)+)")
NO_METRICS = re.compile(r"gen_ai_token_type|(redis|memcached)_(config|settings|items|slabs)")  # a label; names of collectors


def other_pages(exporter):
    """The pages of further servers that are recorded for an exporter: EXPORTER-SERVER.prom."""
    for path in sorted(glob.glob(os.path.join(HERE, exporter + "-*.prom"))):
        with open(path, encoding="utf-8") as file:
            yield file.read()


def row(family, labels):
    shown = ", ".join(f"`{label}`" for label in sorted(labels))
    text = family.help.replace("|", "\\|")
    return f"| `{family.name}` | {family.type} | {shown} | {text} |"


def in_source(exporter, known):
    """{name: (type, HELP)} of what the source can export and no recorded page has."""
    found = {}
    start = re.compile(r'"(?=' + "|".join(PREFIXES[exporter]) + ")")
    for path in sorted(glob.glob(os.path.join(HERE, "../../exporters", exporter, "*.cpp"))):
        if path.endswith("_test.cpp"):
            continue
        with open(path, encoding="utf-8") as file:
            code = file.read()
        # Anew at every name, since a row may begin with another text: a column, a field.
        for place in start.finditer(code):
            call = re.search(r"\.(gauge|counter|histogram)\(\s*$", code[max(0, place.start() - 80):place.start()])
            match = ROW.match(code, place.start())
            if not match or match["name"] in known or NO_METRICS.fullmatch(match["name"]):
                continue
            text = "".join(part[1:-1] for part in re.findall(TEXT, match["help"])).replace('\\"', '"')
            kind = call or re.search(r"\bk(?:Stat)?(Gauge|Counter)\b", match["words"])
            by_name = "counter" if match["name"].endswith("_total") else "gauge"
            if text.endswith("."):  # else it is no HELP
                found.setdefault(match["name"], (kind[1].lower() if kind else by_name, text.replace("|", "\\|")))
    return found


def section(exporter, golden):
    families, labels = {}, {}
    for page in (golden, *other_pages(exporter)):
        for name, family in parse(page).items():
            if name.startswith(PREFIXES[exporter]):
                families.setdefault(name, family)
                labels.setdefault(name, set()).update(label for _, pairs in family.samples for label, _ in pairs)
    rows = [row(families[name], labels[name]) for name in sorted(families)]
    return "\n".join([f"## {exporter}-exporter ({len(families)} families)", "", "| name | type | labels | meaning |",
                      "|---|---|---|---|", *rows, *unrecorded(exporter, families)]) + "\n"


def unrecorded(exporter, known):
    """Lines of a second table, of what is not on the pages."""
    found = in_source(exporter, known)
    if not found:
        return []
    lines = [f"| `{name}` | {kind} | {text} |" for name, (kind, text) in sorted(found.items())]
    return ["", f"Only with other versions, modules, settings or hardware ({len(found)}):", "", "| name | type | meaning |", "|---|---|---|", *lines]


def page(goldens):
    """`goldens` has the text of each exporter's recorded page."""
    return "\n".join([HEAD, *(section(exporter, goldens[exporter]) for exporter in PREFIXES if exporter in goldens)])
