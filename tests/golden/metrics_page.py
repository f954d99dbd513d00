# SPDX-License-Identifier: Apache-2.0
"""docs/metrics.md from the golden files: every family with its type, labels and HELP."""

import glob
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../stack"))
from exposition import parse  # noqa: E402

# Of each exporter's own names; what else is on a page came from a user's textfile or query.
PREFIXES = {
    "system": ("node_", "namedprocess_", "process_"),
    "postgres-pool": ("pg_", "pgbouncer_", "process_"),
    "cache": ("cache_", "redis_", "memcached_", "process_"),
}
PAGE = os.path.join(HERE, "../../docs/metrics.md")
HEAD = """# Metrics

Every metric family of every exporter, as the golden tests see it. Generated from `tests/golden/*.prom` by
`tests/golden/check*.py --update`; do not edit.
"""


def other_pages(exporter):
    """The pages of further servers that are recorded for an exporter: EXPORTER-SERVER.prom."""
    for path in sorted(glob.glob(os.path.join(HERE, exporter + "-*.prom"))):
        with open(path, encoding="utf-8") as file:
            yield file.read()


def row(family, labels):
    shown = ", ".join(f"`{label}`" for label in sorted(labels))
    text = family.help.replace("|", "\\|")
    return f"| `{family.name}` | {family.type} | {shown} | {text} |"


def section(exporter, golden):
    families, labels = {}, {}
    for page in (golden, *other_pages(exporter)):
        for name, family in parse(page).items():
            if name.startswith(PREFIXES[exporter]):
                families.setdefault(name, family)
                labels.setdefault(name, set()).update(label for _, pairs in family.samples for label, _ in pairs)
    rows = [row(families[name], labels[name]) for name in sorted(families)]
    return "\n".join([f"## {exporter}-exporter ({len(families)} families)", "", "| name | type | labels | meaning |",
                      "|---|---|---|---|", *rows]) + "\n"


def page(goldens):
    """`goldens` has the text of each exporter's recorded page."""
    return "\n".join([HEAD, *(section(exporter, goldens[exporter]) for exporter in PREFIXES if exporter in goldens)])
