#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The relabelling that docs/alertmanager.md gives for an open breaker and its callers: a real Prometheus sends alerts
through it to a real Alertmanager, and only the caller's own alerts are hidden.

usage: test_service_label.py DOCUMENT CONFIG
"""
import pathlib
import re
import socket
import subprocess
import sys
import tempfile

import yaml
from alertmanager_server import Alertmanager, wait_for

BREAKER = {"alertname": "CircuitBreakerOpenTooLong", "severity": "critical", "component": "circuit-breaker",
           "job": "circuit-breaker", "instance": "edge-a:9910", "source": "shop", "breaker": "payments"}
# alert -> whether it must be hidden
ALERTS = [
    (BREAKER, False),
    ({"alertname": "ApplicationErrorBudgetBurnFast", "severity": "critical", "component": "application", "job": "shop"}, True),
    ({"alertname": "ApplicationErrorBudgetBurnFast", "severity": "critical", "component": "application", "job": "stock"}, False),
    ({"alertname": "ApplicationDown", "severity": "warning", "component": "application", "job": "shop", "instance": "a:1"}, False),
    ({"alertname": "PostgresServerDown", "severity": "critical", "component": "postgres", "job": "shop"}, False),
]


def main():
    document, config = sys.argv[1:]
    block = next(text for text in re.findall(r"```yaml\n(.*?)```", pathlib.Path(document).read_text(), re.DOTALL)
                 if "alert_relabel_configs" in text)
    rules = [{"alert": labels["alertname"], "expr": "vector(1)", "labels": {k: v for k, v in labels.items() if k != "alertname"}}
             for labels, _ in ALERTS]
    with Alertmanager(config) as server, tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        root = pathlib.Path(folder)
        settings = yaml.safe_load(block)
        settings["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [server.url.removeprefix("http://")]}]}]
        settings["global"] = {"evaluation_interval": "1s"}
        settings["rule_files"] = [str(root / "rules.yml")]
        (root / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "now", "rules": rules}]}))
        (root / "prometheus.yml").write_text(yaml.safe_dump(settings))
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        with open(root / "log", "w") as log:
            prometheus = subprocess.Popen(["prometheus", f"--config.file={root}/prometheus.yml", f"--storage.tsdb.path={root}/data",
                                           f"--web.listen-address=127.0.0.1:{port}", "--rules.alert.resend-delay=1s"],
                                          stdout=log, stderr=log)
            try:
                def states():
                    if prometheus.poll() is not None:
                        sys.exit((root / "log").read_text())
                    found = [(dict(labels), state) for labels, state in server.states().items()]
                    return [(labels.get("alertname"), labels.get("job"), state) for labels, state in found]

                wanted = sorted((labels["alertname"], labels["job"], "suppressed" if hidden else "active") for labels, hidden in ALERTS)
                wait_for(lambda: f"states {wanted}, but {sorted(states())}:\n{(root / 'log').read_text()}\n",
                         lambda: sorted(states()) == wanted)
            finally:
                prometheus.terminate()
                prometheus.wait()
    print("an open breaker hides the alerts of its caller, of nobody else, with the relabelling of docs/alertmanager.md")


main()
