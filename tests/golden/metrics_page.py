# SPDX-License-Identifier: Apache-2.0
"""docs/metrics.md from the golden files: every family with its type, labels and HELP."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../stack"))
from exposition import parse  # noqa: E402

# Of each exporter's own names; what else is on a page came from a user's textfile or query.
PREFIXES = {
    "system": ("node_", "namedprocess_", "process_"),
    "postgres-pool": ("pg_", "pgbouncer_", "process_"),
}
PAGE = os.path.join(HERE, "../../docs/metrics.md")
HEAD = """# Metrics

Every metric family of every exporter, as the golden tests see it. Generated from `tests/golden/*.prom` by
`tests/golden/check*.py --update`; do not edit.
"""


def row(family):
    labels = sorted({name for _, labels in family.samples for name, _ in labels})
    shown = ", ".join(f"`{label}`" for label in labels)
    text = family.help.replace("|", "\\|")
    return f"| `{family.name}` | {family.type} | {shown} | {text} |"


def section(exporter, golden):
    families = sorted((family for family in parse(golden).values() if family.name.startswith(PREFIXES[exporter])),
                      key=lambda family: family.name)
    return "\n".join([f"## {exporter}-exporter ({len(families)} families)", "", "| name | type | labels | meaning |",
                      "|---|---|---|---|", *map(row, families)]) + "\n"


def page(goldens):
    """`goldens` has the text of each exporter's recorded page."""
    return "\n".join([HEAD, *(section(exporter, goldens[exporter]) for exporter in PREFIXES if exporter in goldens)])
