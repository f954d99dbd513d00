# SPDX-License-Identifier: Apache-2.0
"""What the exporters really export, from the pages recorded in tests/golden/*.prom, and what applications export by the
usual client libraries, from tests/fixtures/application/*.prom."""
import pathlib
import re

# What Prometheus itself adds, with the labels beyond job and instance.
FROM_PROMETHEUS = {
    "up": set(),
    "scrape_duration_seconds": set(),
    "scrape_samples_scraped": set(),
    "ALERTS": {"alertname", "alertstate", "severity", "component", "target", "source", "breaker"},
    "ALERTS_FOR_STATE": {"alertname", "severity", "component", "target", "source", "breaker"},
}
FROM_TARGET = {"job", "instance"}
# Functions of PromQL that make sense on counters only, and on gauges only.
ON_COUNTERS = ("rate", "irate", "increase", "resets")
ON_GAUGES = ("deriv", "delta", "idelta", "predict_linear", "avg_over_time", "min_over_time", "max_over_time", "sum_over_time",
             "quantile_over_time", "stddev_over_time", "stdvar_over_time", "holt_winters")
# Labels that the recorded pages leave out, because the set of their values varies from machine to machine.
VARYING_LABELS = {"node_health_check_score": {"check"}}


class Metrics:
    def __init__(self, *folders):
        self.types = {}
        self.labels = {}
        pages = []
        for folder in folders:
            found = sorted(pathlib.Path(folder).glob("*.prom"))
            if not found:
                raise FileNotFoundError(f"no *.prom in {folder}")
            pages += found
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

    def family_of(self, metric):
        """The family that a series belongs to: x for x_bucket where x is a histogram, else the series' own name."""
        family, _, part = metric.rpartition("_")
        parts = {"histogram": ("bucket", "sum", "count"), "summary": ("sum", "count")}
        return family if part in parts.get(self.types.get(family), ()) else metric

    def type_of(self, metric):
        """counter, gauge, untyped ...; by its name where the golden pages do not have it."""
        if self.family_of(metric) != metric:
            return "counter"
        return self.types.get(metric, "counter" if metric.endswith("_total") else "untyped")
