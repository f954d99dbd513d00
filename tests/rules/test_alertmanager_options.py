#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What can be changed in Alertmanager's configuration from outside (jsonnet/config.libsonnet), in a real Alertmanager.

usage: test_alertmanager_options.py MIXIN CONFIG
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from alertmanager_site import Site

DOWN = {"alertname": "CacheRedisDown", "severity": "critical", "component": "cache", "job": "cache", "instance": "app-a:9121"}
SLOW = {"alertname": "CacheRedisSlowCommands", "severity": "warning", "component": "cache", "job": "cache",
        "instance": "app-b:9121"}
# Everything quick; two steps of escalation, the second with a receiver of its own; warnings at work only.
OPTIONS = """
(import '%(mixin)s') + {
  _config+:: { alertmanager+: {
    critical+: { interval: '1s' },
    warning+: { every: '1s' },
    escalations: [{ receiver: 'escalation', after: '3s' }, { receiver: 'manager', after: '6s' }],
    receivers+: { manager: 'slack_configs:\\n  - api_url_file: /etc/alertmanager/secrets/digest.url\\n' },
    warningsOnlyAtWork: true,
    workingHours+: { weekdays: '%(days)s', from: '00:00', to: '24:00' },
  } },
}
"""


def weekday(days_from_now):
    return time.strftime("%A", time.gmtime(time.time() + days_from_now * 86400)).lower()


def generated(mixin, expression, config, folder):
    """A configuration beside a copy of the templates."""
    text = subprocess.run(["jsonnet", "-S", "-e", f"({expression}).alertmanagerConfig"], check=True, stdout=subprocess.PIPE, text=True).stdout
    shutil.copytree(pathlib.Path(config).parent / "templates", pathlib.Path(folder) / "templates")
    path = pathlib.Path(folder) / "alertmanager.yml"
    path.write_text(text)
    subprocess.run(["amtool", "check-config", str(path)], check=True, stdout=subprocess.DEVNULL)
    return path


def check_steps_and_hours(mixin, config):
    # Two days off, so that midnight may come at any time.
    for title, days, told in (("off work", f"{weekday(2)}:{weekday(2)}", False), ("at work", "sunday:saturday", True)):
        with tempfile.TemporaryDirectory() as folder:
            path = generated(mixin, OPTIONS % {"mixin": mixin, "days": days}, config, folder)
            with Site(path) as site:
                site.server.post([DOWN, SLOW])
                (first, _), = site.wait("page", 1)
                (second, _), = site.wait("escalation", 1)
                # The last step comes long after the warning would have.
                (third, _), = site.wait("digest", 1)
                if not first < second < third:
                    sys.exit(f"the steps of an escalation came at {first}, {second}, {third}")
                if told:
                    site.wait("ticket", 1)
                site.nothing_more({"page": 1, "escalation": 1, "digest": 1, "ticket": int(told)}, title)
        print(f"{title}: critical alerts go on, step by step; {1 if told else 0} warnings are sent")


def check_no_escalation(mixin, config):
    with tempfile.TemporaryDirectory() as folder:
        path = generated(mixin, f"(import '{mixin}') + {{ _config+:: {{ alertmanager+: {{ escalations: [] }} }} }}", config, folder)
        receivers = subprocess.run(["amtool", "config", "routes", "test", f"--config.file={path}", "severity=critical", "component=cache"],
                                   check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        if receivers != "cache-page" or "escalation" in path.read_text():
            sys.exit(f"without escalations a critical alert goes to {receivers}")
    print("without escalations: nobody else is told")


def main():
    mixin, config = sys.argv[1:]
    check_no_escalation(mixin, config)
    check_steps_and_hours(mixin, config)


main()
