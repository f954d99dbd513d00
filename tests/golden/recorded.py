# SPDX-License-Identifier: Apache-2.0
"""What the golden tests share: the recorded pages, docs/metrics.md that is made from them, and promtool's opinion."""

import difflib
import os
import re
import subprocess

import metrics_page

HERE = os.path.dirname(os.path.abspath(__file__))


def path_of(exporter):
    return os.path.join(HERE, exporter + ".prom")


def check_metrics(text, inherited):
    """The complaints of `promtool check metrics`, without those that a pattern of `inherited` names; and how many those were."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if line]
    own = [line for line in complaints if not any(re.match(pattern, line) for pattern in inherited)]
    return own, len(complaints) - len(own)


def compare(path, actual):
    """How many lines differ from the file, printed."""
    expected = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            expected = file.read()
    lines = list(difflib.unified_diff(expected.split("\n"), actual.split("\n"), path, "made now", lineterm="", n=1))
    print("\n".join(lines[:60]) or f"{os.path.basename(path)}: {actual.count(chr(10))} lines, all equal")
    if lines:
        print(f"{len(lines)} lines of difference; where they are meant: the same command with --update")
    return len(lines)


def documentation(changed=()):
    """docs/metrics.md of all recorded pages; `changed` has the pages {exporter: text} that are new."""
    pages = dict(changed)
    for name in metrics_page.PREFIXES:
        if name not in pages and os.path.exists(path_of(name)):
            with open(path_of(name), encoding="utf-8") as file:
                pages[name] = file.read()
    return metrics_page.page(pages)


def verdict(exporter, page, seen, log, update, inherited=(), whose=""):
    """The exit code for a live page: whether promtool likes its names, but for those that are `inherited` from `whose`, and
    the shape `seen` is the recorded one. Prints why not, and then the exporter's log."""
    own, kept = check_metrics(page, inherited)
    print(f"promtool check metrics: {len(own)} complaints" + (f", and {kept} of names that {whose} has too" if whose else ""))
    print("\n".join(own), end="\n" if own else "")
    good = judge(exporter, seen.text(), update)
    if not good:
        print("the exporter's log:", log, sep="\n")
    return 0 if good and not own else 1


def judge(exporter, golden, update):
    """Writes the recorded page and docs/metrics.md, or compares them. Returns whether all is well."""
    files = {path_of(exporter): golden, metrics_page.PAGE: documentation({exporter: golden})}
    if not update:
        return sum(compare(path, content) for path, content in files.items()) == 0
    for path, content in files.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
    return True
