#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""alerts/alertmanager.yml: it is valid, each alert goes to the right receivers, and a real Alertmanager hides what
inhibition_cases.py says and nothing else. What is sent when is in test_notifications.py.

usage: test_alertmanager.py CONFIG CASES RULES...
"""
import json
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import cases
import inhibition
import inhibition_cases
import yaml
from alertmanager_server import Alertmanager, wait_for

# severity -> who hears of it; %s is the component. Nothing here is read from the configuration.
RECEIVERS = {
    "critical": ["escalation", "%s-page"],
    "warning": ["%s-ticket"],
    "info": ["digest"],
}
# What carries no component or severity of ours.
STRANGERS = [
    ({"severity": "critical", "component": "of-somebody-else"}, ["escalation", "page"]),
    ({"severity": "critical"}, ["escalation", "page"]),
    ({"severity": "warning", "component": "of-somebody-else"}, ["ticket"]),
    ({"severity": "info", "component": "of-somebody-else"}, ["digest"]),
    ({"severity": "none"}, ["ticket"]),
    ({}, ["ticket"]),
]
# Labels that say how one and the same thing is, not which one it is.
STATE_LABELS = {"component", "severity", "slave_state", "slot_type", "wal_status", "limit", "fstype"}


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}")
    return done.stdout


def check_route(config, labels, wanted):
    done = subprocess.run(["amtool", "config", "routes", "test", f"--config.file={config}",
                           *[f"{name}={value}" for name, value in labels.items()]],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    got = done.stdout.strip().split(",")
    return None if done.returncode == 0 and got == wanted else f"{labels} goes to {got}, not to {wanted} {done.stderr}"


def check_routes(config, rules):
    wanted = list(STRANGERS)
    alerts = {(rule["alert"], rule["labels"]["component"], severity)
              for rule in rules for severity in (rule["labels"]["severity"], "info")}
    for alert, component, severity in sorted(alerts):
        wanted.append(({"alertname": alert, "component": component, "severity": severity},
                       [name.replace("%s", component) for name in RECEIVERS[severity]]))
    with ThreadPoolExecutor(2) as pool:
        faults = [fault for fault in pool.map(lambda item: check_route(config, *item), wanted) if fault]
    if faults:
        sys.exit("\n".join(faults))
    names = {rule["alert"] for rule in rules}
    print(f"{len(wanted)} routes, those of {len(rules)} rules of {len(names)} alerts among them, lead to the right receivers")


def pairs(components, rules):
    """A case for each alert that has a warning and a critical rule: the labels that tell two of them apart must be equal."""
    severities = {}
    for rule in rules:
        severities.setdefault(rule["alert"], set()).add(rule["labels"]["severity"])
    for component in components:
        for alert, entry in component.alerts.items():
            if len(severities.get(alert, ())) < 2:
                continue
            expected = [wanted for case in entry["cases"] for alerts in case.expect.values() for wanted in alerts]
            labels = cases.expected_alert(alert, entry, expected[0], component.common)["exp_labels"]
            labels = {**labels, "alertname": alert}
            yield (f"{alert}: critical hides warning", sorted(set(labels) - STATE_LABELS - {"alertname"}),
                   [{**labels, "severity": "critical"}, {**labels, "severity": "warning"}], {1})


def apart(number, alert):
    """The same alert in a world of its own, so that all cases fit into one Alertmanager."""
    return {name: f"{value}-{number}" if name in ("job", "instance", "service") else value
            for name, value in alert.items() if value}


def worlds(all_cases):
    """(title, alerts, positions that are looked at, those of them that are hidden): each case, and a copy of each of its
    hidden alerts for each label that must be equal, with another value."""
    found = []
    for title, by, alerts, wanted in all_cases:
        found.append((title, alerts, set(range(len(alerts))), wanted))
        for position in sorted(wanted):
            for label in by:
                copy = {**alerts[position], label: "another"}
                found.append((f"{title}; not with another {label}", alerts + [copy], {len(alerts)}, set()))
    return [(title, [apart(number, alert) for alert in alerts], seen, wanted)
            for number, (title, alerts, seen, wanted) in enumerate(found)]


def check_real(config, everything):
    """All at once in a real Alertmanager."""
    alerts = [alert for _, some, _, _ in everything for alert in some]
    with Alertmanager(config) as server:
        server.post(alerts)
        wait_for("state of every alert", lambda: server.hidden(alerts) is not None)

        def faults():
            states = server.states()
            return [f"{title}: hidden are {sorted(got)}, not {sorted(wanted)} of {json.dumps(some, indent=1)}"
                    for title, some, seen, wanted in everything
                    if (got := {i for i in seen if states[frozenset(some[i].items())] == "suppressed"}) != wanted]

        wait_for(lambda: "inhibition as it should be:\n" + "\n".join(faults()) + "\n", lambda: not faults())
    print(f"a real Alertmanager hides what it must of {len(alerts)} alerts in {len(everything)} cases, and nothing else")


def check_rules_are_needed(rules, everything):
    """Without any one rule, or any one of its equal labels, some case goes wrong."""
    by_rule = [[inhibition.hidden(rule, alerts) & seen for rule in rules] for _, alerts, seen, _ in everything]

    def right(changed, sets_of_rule):
        """Whether every case is right when rule number `changed` hides these positions instead."""
        return all(set().union(*hidden[:changed], sets_of_rule[case], *hidden[changed + 1:]) == everything[case][3]
                   for case, hidden in enumerate(by_rule))

    if not right(0, [hidden[0] for hidden in by_rule]):
        sys.exit("tests/rules/inhibition.py does not hide what the real Alertmanager hides")
    labels, survivors = 0, []
    for number, rule in enumerate(rules):
        name = f"{', '.join(rule['source_matchers'])} hides {', '.join(rule['target_matchers'])}"
        if right(number, [set()] * len(everything)):
            survivors.append(name)
        # A label in the two rules of all alerts may be of an alert that has only one severity so far.
        for label in rule["equal"] if any("alertname" in text for text in rule["source_matchers"]) else []:
            labels += 1
            mutant = inhibition.without_label(rule, label)
            if right(number, [inhibition.hidden(mutant, alerts) & seen for _, alerts, seen, _ in everything]):
                survivors.append(f"{label} in: {name}")
    if survivors:
        sys.exit("no case in inhibition_cases.py needs:\n" + "\n".join(survivors))
    print(f"each of {len(rules)} inhibit rules is needed, and each of the {labels} labels that must be equal")


def main():
    config, case_folder, rule_files = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    rules = [rule for _, rule in cases.read_rules(rule_files) if "alert" in rule]
    components = [cases.load(path) for path in sorted(case_folder.iterdir()) if (path / "common.yaml").exists()]
    run("amtool", "check-config", config)
    print("amtool accepts the configuration")
    check_routes(config, rules)
    existing = {rule["labels"]["component"] for rule in rules}
    written = [case for case in inhibition_cases.CASES
               if {a["component"] for a in case[2] if a.get("component") in ("application", "capacity")} <= existing]
    print(f"{len(inhibition_cases.CASES) - len(written)} cases are left out: there are no rules of their component")
    everything = worlds(written + list(pairs(components, rules)))
    inhibit_rules = yaml.safe_load(pathlib.Path(config).read_text())["inhibit_rules"]
    check_real(config, everything)
    check_rules_are_needed(inhibit_rules, everything)


main()
