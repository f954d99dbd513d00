# SPDX-License-Identifier: Apache-2.0
"""What the exporters really export, from the pages recorded in tests/golden/*.prom."""
import pathlib
import re

# What Prometheus itself adds, with the labels beyond job and instance.
FROM_PROMETHEUS = {
    "up": set(),
    "scrape_duration_seconds": set(),
    "scrape_samples_scraped": set(),
    "ALERTS": {"alertname", "alertstate", "severity", "component", "target"},
}
FROM_TARGET = {"job", "instance"}
# Labels that the recorded pages leave out, because the set of their values varies from machine to machine.
VARYING_LABELS = {"node_health_check_score": {"check"}}


class Metrics:
    def __init__(self, folder):
        self.types = {}
        self.labels = {}
        pages = sorted(pathlib.Path(folder).glob("*.prom"))
        if not pages:
            raise FileNotFoundError(f"no *.prom in {folder}")
        for page in pages:
            for line in page.read_text().splitlines():
                if match := re.match(r"# TYPE (\S+) (\S+)", line):
                    self.types[match[1]] = match[2]
                elif match := re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ", line):
                    names = re.findall(r'(\w+)="(?:\\.|[^"\\])*"', match[2] or "")
                    self.labels.setdefault(match[1], set()).update(names)

    def known(self, metric):
        return metric in FROM_PROMETHEUS or metric in self.labels

    def labels_of(self, metric):
        """Label names that a series of this metric can have."""
        own = FROM_PROMETHEUS[metric] if metric in FROM_PROMETHEUS else self.labels.get(metric, set())
        return FROM_TARGET | VARYING_LABELS.get(metric, set()) | own

    def type_of(self, metric):
        """counter, gauge, untyped ...; by its name where the golden pages do not have it."""
        family, _, part = metric.rpartition("_")
        if part in ("bucket", "sum", "count") and self.types.get(family) == "histogram":
            return "counter"
        return self.types.get(metric, "counter" if metric.endswith("_total") else "untyped")
