# SPDX-License-Identifier: Apache-2.0
"""A parser for the part of PromQL that rules and panels use: text to a tree, and the tree back to text.

It exists because the checks here need to know an expression's parts (selectors, ranges, guards, thresholds), and
promtool only says whether an expression is valid. What it does not know raises ValueError.
"""
import dataclasses
import re
from dataclasses import dataclass, field

AGGREGATIONS = {"sum", "min", "max", "avg", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile",
                "count_values"}
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
SET_OPERATORS = ("and", "or", "unless")
PRECEDENCE = [("or",), ("and", "unless"), COMPARISONS, ("+", "-"), ("*", "/", "%", "atan2"), ("^",)]

TOKEN = re.compile(r"""
    (?P<space>\s+|\#[^\n]*)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<duration>(?:\d+(?:ms|[smhdwy]))+)
  | (?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)
  | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
  | (?P<op>=~|!~|==|!=|>=|<=|[-+*/%^<>=(){}\[\],@])
""", re.VERBOSE)


@dataclass
class Node:
    """One part of an expression."""

    def children(self):
        for spec in dataclasses.fields(self):
            value = getattr(self, spec.name)
            yield from [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Node)]

    def walk(self):
        yield self
        for child in self.children():
            yield from child.walk()


@dataclass
class Number(Node):
    text: str

    def __str__(self):
        return self.text


@dataclass
class String(Node):
    text: str  # with its quotes

    def __str__(self):
        return self.text


@dataclass
class Matcher:
    label: str
    op: str
    value: str  # with its quotes

    def __str__(self):
        return f"{self.label}{self.op}{self.value}"


@dataclass
class Selector(Node):
    metric: str
    matchers: list = field(default_factory=list)
    range: str = ""
    offset: str = ""

    def __str__(self):
        labels = "{%s}" % ",".join(map(str, self.matchers)) if self.matchers else ""
        return (self.metric + labels + (f"[{self.range}]" if self.range else "")
                + (f" offset {self.offset}" if self.offset else ""))


@dataclass
class Call(Node):
    function: str
    args: list

    def __str__(self):
        return f"{self.function}({', '.join(map(str, self.args))})"


@dataclass
class Aggregation(Node):
    op: str
    args: list
    grouping: str = ""  # by, without or nothing
    labels: list = field(default_factory=list)

    def __str__(self):
        grouping = f" {self.grouping} ({', '.join(self.labels)}) " if self.grouping else ""
        return f"{self.op}{grouping}({', '.join(map(str, self.args))})"


@dataclass
class Binary(Node):
    op: str
    left: Node
    right: Node
    bool: bool = False
    matching: str = ""  # on, ignoring or nothing
    labels: list = field(default_factory=list)
    group: str = ""  # group_left (...), group_right (...) or nothing

    def __str__(self):
        parts = [self.op]
        if self.bool:
            parts.append("bool")
        if self.matching:
            parts.append(f"{self.matching} ({', '.join(self.labels)})")
        if self.group:
            parts.append(self.group)
        return f"({self.left} {' '.join(parts)} {self.right})"


@dataclass
class Negation(Node):
    operand: Node

    def __str__(self):
        return f"(-{self.operand})"


class Parser:
    def __init__(self, text):
        self.text = text
        self.tokens = []
        position = 0
        while position < len(text):
            match = TOKEN.match(text, position)
            if not match:
                raise ValueError(f"cannot read {text[position:position + 20]!r} in {text!r}")
            if match.lastgroup != "space":
                self.tokens.append((match.lastgroup, match.group()))
            position = match.end()
        self.next = 0

    def peek(self):
        return self.tokens[self.next] if self.next < len(self.tokens) else ("end", "")

    def take(self, wanted=None):
        kind, text = self.peek()
        if kind == "end" or wanted is not None and text != wanted:
            raise ValueError(f"expected {wanted or 'more'}, found {text or 'the end'} in {self.text!r}")
        self.next += 1
        return text

    def accept(self, wanted):
        if self.peek()[1] == wanted and self.peek()[0] != "string":
            self.next += 1
            return True
        return False

    def listed(self, item, closing):
        items = []
        while not self.accept(closing):
            items.append(item())
            if not self.accept(","):
                self.take(closing)
                break
        return items

    def label_list(self):
        self.take("(")
        return self.listed(self.take, ")")

    def expression(self, level=0):
        if level == len(PRECEDENCE):
            return self.unary()
        left = self.expression(level + 1)
        while self.peek()[1] in PRECEDENCE[level] and self.peek()[0] != "string":
            node = Binary(self.take(), left, None)
            node.bool = self.accept("bool")
            if self.peek()[1] in ("on", "ignoring"):
                node.matching = self.take()
                node.labels = self.label_list()
                if self.peek()[1] in ("group_left", "group_right"):
                    node.group = self.take()
                    node.group += f" ({', '.join(self.label_list())})" if self.peek()[1] == "(" else ""
            node.right = self.expression(level + 1)
            left = node
        return left

    def unary(self):
        return Negation(self.unary()) if self.accept("-") else self.primary()

    def primary(self):
        kind, text = self.peek()
        if self.accept("("):
            inner = self.expression()
            self.take(")")
            return inner
        if kind == "number":
            return Number(self.take())
        if kind == "string":
            return String(self.take())
        if kind != "name" and text != "{":
            raise ValueError(f"unexpected {text or 'end'} in {self.text!r}")
        name = "" if text == "{" else self.take()
        if name in AGGREGATIONS:
            return self.aggregation(name)
        if self.accept("("):
            return Call(name, self.listed(self.expression, ")"))
        return self.selector(name)

    def aggregation(self, op):
        node = Aggregation(op, [])
        for _ in range(2):
            if self.peek()[1] in ("by", "without"):
                node.grouping = self.take()
                node.labels = self.label_list()
            elif not node.args:
                self.take("(")
                node.args = self.listed(self.expression, ")")
        return node

    def selector(self, name):
        node = Selector(name)
        if self.accept("{"):
            node.matchers = self.listed(lambda: Matcher(self.take(), self.take(), self.take()), "}")
        if self.accept("["):
            node.range = self.take()
            self.take("]")
        if self.accept("offset"):
            node.offset = self.take()
        return node


def parse(text):
    """The tree of an expression. Raises ValueError for what is not PromQL or not known here."""
    parser = Parser(text)
    tree = parser.expression()
    if parser.peek()[0] != "end":
        raise ValueError(f"cannot read from {parser.peek()[1]!r} on in {text!r}")
    return tree


def selectors(tree):
    return [node for node in tree.walk() if isinstance(node, Selector)]


def seconds(duration):
    """A PromQL duration such as 1h30m in seconds."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
    return sum(int(n) * units[u] for n, u in re.findall(r"(\d+)(ms|[smhdwy])", duration))


def without_grafana_variables(expr):
    """A panel's expression as Prometheus would get it: intervals filled in, $job and $instance left in their quotes."""
    for variable, value in (("$__rate_interval", "5m"), ("$__interval", "1m"), ("$__range", "1h")):
        expr = expr.replace(variable, value)
    return expr


def result_labels(tree, labels_of):
    """Names of the labels that a result can have. `labels_of` gives those of a metric."""
    if isinstance(tree, Selector):
        return set(labels_of(tree.metric))
    if isinstance(tree, Negation):
        return result_labels(tree.operand, labels_of)
    if isinstance(tree, Aggregation):
        inner = result_labels(tree.args[-1], labels_of)
        if tree.op in ("topk", "bottomk"):
            return inner
        return {"by": inner & set(tree.labels), "without": inner - set(tree.labels), "": set()}[tree.grouping]
    if isinstance(tree, Call):
        if tree.function in ("label_replace", "label_join"):
            return result_labels(tree.args[0], labels_of) | {tree.args[1].text.strip("\"'")}
        if tree.function in ("vector", "time", "scalar", "absent"):
            return set()
        return set().union(*(result_labels(arg, labels_of) for arg in tree.args))
    if isinstance(tree, Binary):
        left, right = (result_labels(side, labels_of) for side in (tree.left, tree.right))
        if tree.op == "or":
            return left & right
        if tree.op in ("and", "unless"):
            return left
        if is_scalar(tree.left) or is_scalar(tree.right):
            return left | right
        if tree.group:
            return right if tree.group.startswith("group_right") else left
        if tree.matching:
            return left & set(tree.labels) if tree.matching == "on" else left - set(tree.labels)
        return left
    return set()


def is_scalar(tree):
    if isinstance(tree, Binary):
        return is_scalar(tree.left) and is_scalar(tree.right)
    if isinstance(tree, Negation):
        return is_scalar(tree.operand)
    return isinstance(tree, (Number, String)) or isinstance(tree, Call) and tree.function in ("time", "scalar", "pi")
