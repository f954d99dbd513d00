#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test: every small mistake in a rule must make a case fail.

usage: mutate.py --cases FOLDER [--only NAME] RULES...

Mutants that change nothing that anybody could see are listed in cases/<component>/equivalent.yaml, each with its
reason. An entry there that matches no mutant, or whose mutant is killed after all, fails too.
"""
import argparse
import concurrent.futures
import pathlib
import sys
import tempfile

import cases
import mutants


def killed(rules_of_mutants, steps):
    """Runs each mutant's rules against the steps in turn, until one fails. Returns the names of the killed ones."""
    dead = set()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for groups in steps:
            documents = {}
            for number, (name, rules) in enumerate(rules_of_mutants.items()):
                if name not in dead:
                    path = cases.rule_file(folder / f"{number}.rules.yaml", rules)
                    for interval, document in cases.test_documents([path], groups).items():
                        documents[name, interval] = document
            for (name, _), (passed, output) in (cases.promtool(documents, folder) if documents else {}).items():
                if "parse error" in output:
                    raise RuntimeError(f"the mutant is not valid: {name}: {output[:500]}")
                if not passed:
                    dead.add(name)
    return dead


def alert_job(name, entry, own, selector, common):
    """All mutants of the rules with one alert name -> (mutant names, killed names)."""
    everything = {f"{name} ({r['labels']['severity']}): {mistake}": [m if r is x else x for x in own]
                  for r in own for mistake, m in number_doubles(mutants.mutants(r, selector))}
    written = [cases.group_for(c, entry, common, c.name, cases.input_series(c.series, common))
               for c in entry["cases"]]
    # Most mutants die in one of the first cases; only the others need the rest.
    steps = [written[:1], written[1:3], written[3:6], written[6:]]
    return list(everything), killed(everything, [step for step in steps if step])


def record_job(rule, groups, selector):
    everything = {f"{rule['record']}: {mistake}": [m] for mistake, m in number_doubles(mutants.mutants(rule, selector))}
    return list(everything), killed(everything, [groups])


def number_doubles(pairs):
    """The same mistake can be made in two places of a rule."""
    seen = {}
    for name, rule in pairs:
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name} #{seen[name]}"), rule


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("rules", nargs="+")
    args = parser.parse_args()
    component = cases.load(args.cases)
    common = component.common
    equivalent = cases.read_strings(pathlib.Path(args.cases) / "equivalent.yaml") or {}
    rules = [rule for _, rule in cases.read_rules(args.rules)]

    jobs = []
    for name, entry in component.alerts.items():
        own = [r for r in rules if r.get("alert") == name]
        if own and args.only in name:
            jobs.append((alert_job, name, entry, own, common["selector"], common))
    for rule in rules:
        if "record" in rule and args.only in rule["record"]:
            records = [r for r in component.records if r["record"] == rule["record"]]
            jobs.append((record_job, rule, list(cases.record_groups(records, common)), common["selector"]))
    total, survivors, dead = 0, [], set()
    # Two threads, each with its own promtool process.
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for names, killed_names in pool.map(lambda job: job[0](*job[1:]), jobs):
            total += len(names)
            dead |= killed_names
            survivors += [n for n in names if n not in killed_names]
    wrong = [n for n in survivors if n not in equivalent]
    stale = [n for n in equivalent if n not in survivors] if not args.only else []
    for name in wrong:
        print(f"survived: {name}")
    for name in stale:
        print(f"equivalent.yaml lists what is {'killed' if name in dead else 'no mutant'}: {name}")
    known = len(survivors) - len(wrong)
    print(f"{total - known} mutants, {len(dead)} killed ({known} more change nothing and are listed with their reason)")
    sys.exit(1 if wrong or stale or not total else 0)


main()
