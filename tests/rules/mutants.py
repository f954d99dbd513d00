# SPDX-License-Identifier: Apache-2.0
"""Makes wrong copies of a rule, one small mistake each. A test suite that is worth its name notices every one."""
import copy

import promql

FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "!=", "!=": "=="}
LOOSENED = {">": ">=", "<": "<=", ">=": ">", "<=": "<"}
OTHER_SEVERITY = {"critical": "warning", "warning": "critical", "info": "warning"}


def changed(rule, **changes):
    mutant = copy.deepcopy(rule)
    for key, value in changes.items():
        if value is None:
            del mutant[key]
        else:
            mutant[key] = value
    return mutant


def times(duration, factor):
    return f"{int(promql.seconds(duration) * factor)}s"


def field_mutants(rule):
    """Mistakes outside the expression."""
    if "for" in rule:
        yield "drop for", changed(rule, **{"for": None})
        yield "for x3", changed(rule, **{"for": times(rule["for"], 3)})
    if "keep_firing_for" in rule:
        yield "drop keep_firing_for", changed(rule, keep_firing_for=None)
        yield "keep_firing_for x3", changed(rule, keep_firing_for=times(rule["keep_firing_for"], 3))
    if "alert" in rule:
        severity = OTHER_SEVERITY[rule["labels"]["severity"]]
        yield f"severity {severity}", changed(rule, labels={**rule["labels"], "severity": severity})


def expression_mutants(expr, selector):
    """(name, changed expression). `selector` is the job selector that every series of the component has: it is
    dropped everywhere at once, for dropping it on one side of a join changes nothing, and so is every matcher."""
    size = len(list(promql.parse(expr).walk()))
    for index in range(size):
        for name, change in node_changes(list(promql.parse(expr).walk())[index]):
            tree = promql.parse(expr)
            change(list(tree.walk())[index])
            yield name, str(tree)
    for index in range(size):
        tree = promql.parse(expr)
        node = list(tree.walk())[index]
        if isinstance(node, promql.Binary) and node.op in promql.SET_OPERATORS:
            for side in ("left",) if node.op != "or" else ("left", "right"):
                kept = getattr(node, side)
                yield f"keep only {kept}"[:70], str(replaced(promql.parse(expr), index, kept))
    matchers = {str(m): m for node in promql.selectors(promql.parse(expr)) for m in node.matchers}
    for text, matcher in matchers.items():
        tree = promql.parse(expr)
        for node in promql.selectors(tree):
            node.matchers = [m for m in node.matchers if m != matcher]
        yield f"drop {'the selector ' if text == selector else ''}{text}", str(tree)


def replaced(tree, index, kept):
    """The tree with its node number `index` replaced by one of the node's own children."""
    node = list(tree.walk())[index]
    side = node.left if str(kept) == str(node.left) else node.right
    if node is tree:
        return side
    for parent in tree.walk():
        for name, value in vars(parent).items():
            if value is node:
                setattr(parent, name, side)
            elif isinstance(value, list):
                setattr(parent, name, [side if item is node else item for item in value])
    return tree


def node_changes(node):
    """(name, function that changes such a node) for each mistake that this node allows."""
    if isinstance(node, promql.Binary) and node.op in FLIPPED:
        yield f"{node.op} becomes {FLIPPED[node.op]}", lambda n: setattr(n, "op", FLIPPED[n.op])
        if node.op in LOOSENED:
            yield f"{node.op} becomes {LOOSENED[node.op]}", lambda n: setattr(n, "op", LOOSENED[n.op])
    if isinstance(node, promql.Number) and float(node.text) != 0:
        for factor in (0.5, 2):
            yield f"{node.text} x{factor}", lambda n, f=factor: setattr(n, "text", repr(float(n.text) * f))
    if isinstance(node, promql.Selector) and node.range:
        yield f"{node.metric}[{node.range}] x4", lambda n: setattr(n, "range", times(n.range, 4))
    if isinstance(node, (promql.Aggregation, promql.Binary)):
        for position, label in enumerate(node.labels):
            yield f"drop label {label} from ({', '.join(node.labels)})", lambda n, p=position: n.labels.pop(p)


def mutants(rule, selector):
    """(name, rule) for every mistake."""
    yield from field_mutants(rule)
    for name, expr in expression_mutants(rule["expr"], selector):
        yield name, changed(rule, expr=expr)
