# SPDX-License-Identifier: Apache-2.0
"""Alertmanager's inhibition as it is documented, in a few lines, to ask what each rule and label is there for."""
import functools
import re

MATCHER = re.compile(r'([a-zA-Z_]\w*)(=~|!~|!=|=)"(.*)"')


@functools.cache
def parsed(text):
    return MATCHER.fullmatch(text).groups()


def matches(matchers, labels):
    for text in matchers:
        name, operator, value = parsed(text)
        actual = labels.get(name, "")
        same = re.fullmatch(value, actual) is not None if "~" in operator else value == actual
        if same == operator.startswith("!"):
            return False
    return True


def hides(rule, source, target):
    if not matches(rule["source_matchers"], source) or not matches(rule["target_matchers"], target):
        return False
    # What is on both sides of a rule does not hide what is on both sides, so nothing hides itself.
    if matches(rule["target_matchers"], source) and matches(rule["source_matchers"], target):
        return False
    return all(source.get(name, "") == target.get(name, "") for name in rule["equal"])


def hidden(rule, alerts):
    """Positions of the alerts that the rule hides because of another one."""
    return {i for i, target in enumerate(alerts) if any(hides(rule, source, target) for source in alerts if source is not target)}


def without_label(rule, label):
    return {**rule, "equal": [name for name in rule["equal"] if name != label]}
