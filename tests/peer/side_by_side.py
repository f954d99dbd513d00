# SPDX-License-Identifier: Apache-2.0
"""Compares two exporters of one server: each value of theirs must once stand between two of ours, taken right before and
right after."""

from exposition import parse
from processes import request


def without(samples, labels):
    return {(name, frozenset(pair for pair in key if pair[0] not in labels)): value for (name, key), value in samples.items()}


def page(url):
    """The families of a server; our label of a target that has a name is left out."""
    families = parse(request(url + "/metrics").text)
    for family in families.values():
        family.samples = without(family.samples, {"target"})
    return families


class Comparison:
    """Of one server. `moving` is {name: (tolerance, why)}, `labels` {name: (labels to leave out, why)}, `series`
    {name: (a label of series that are theirs alone, why)}."""

    def __init__(self, moving, labels, series):
        self.moving, self.labels, self.series = moving, labels, series
        self.proven = set()  # (name, series)
        self.found = {}  # of the last round: name -> (what, detail); what is equal, absent, type, labels, series, keys or value

    def round(self, ours, theirs, compared):
        before, peer, after = page(ours), page(theirs), page(ours)
        self.found = {name: self.judge(name, before.get(name), family, after.get(name))
                      for name, family in peer.items() if compared(name) and family.samples}

    def judge(self, name, before, theirs, after):
        if before is None or after is None:
            return "absent", sorted(theirs.samples.values())[-1]
        wanted, low, high = theirs.samples, before.samples, after.samples
        differs = []
        if after.type != theirs.type:
            differs.append("type")
        if name in self.labels:
            if low.keys() == wanted.keys():
                return "stale", f"listed with other labels, and has the same: {self.labels[name][0]}"
            differs.append("labels")
            wanted, low, high = (without(samples, self.labels[name][0]) for samples in (wanted, low, high))
        if name in self.series:
            wanted = {key: value for key, value in wanted.items() if self.series[name][0] not in key[1]}
            if len(wanted) < len(theirs.samples):
                differs.append("series")
        if not low.keys() == wanted.keys() == high.keys():
            return "keys", str([(one[0], dict(one[1])) for one in low.keys() ^ wanted.keys()][:3])
        wrong = [key for key in wanted if not self.stands(name, key, low[key], wanted[key], high[key])]
        if wrong:
            key = wrong[0]
            return "value", f"{dict(key[1])}: ours {low[key]!r} and {high[key]!r}, theirs {wanted[key]!r}"
        return (differs[0] if differs else "equal"), ""

    def stands(self, name, key, low, value, high):
        relative, absolute = 1e-9, 0
        if name in self.moving:
            if self.moving[name][0] is None:
                return True
            relative, absolute = self.moving[name][0]
        low, high = sorted((low, high))
        if low - abs(low) * relative - absolute <= value <= high + abs(high) * relative + absolute:
            self.proven.add((name, key))
        return (name, key) in self.proven
