# SPDX-License-Identifier: Apache-2.0
"""An exporter's --help as the file of environment variables that its systemd unit reads."""
import re
import textwrap

HEADER = """\
# Flags of {name} as environment variables, each with its default. Take the # away from what you change, and
# `systemctl restart {name}`.
"""
# Flags that make an exporter end at once.
NOT_OF_A_SERVICE = ("_ONCE", "_CONFIG_CHECK", "_HEALTH_CHECK")


def environment_file(name, text):
    """The commented variables of all flags, in the order of --help."""
    out = [HEADER.format(name=name)]
    for about, default, variable in flags(text):
        if not variable.endswith(NOT_OF_A_SERVICE):
            out += textwrap.wrap(about, 110, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
            out.append(f"#{variable}={quoted(default)}\n")
    return "\n".join(out)


def flags(text):
    """(description, default, variable) of each flag that has a variable."""
    about = []
    for line in text.splitlines():
        line = line.strip()
        if re.match(r"--(\[no-\])?[a-z]", line):
            about = []
            continue
        about.append(line)
        ended = re.fullmatch(r"(.*?)(?:Default: (.*) )?\[([A-Z][A-Z0-9_]+)\]", " ".join(about))
        if ended:
            yield ended.group(1).strip(), ended.group(2) or "", ended.group(3)
            about = []


def quoted(value):
    """Single quotes: systemd takes what is between them as it is."""
    return f"'{value}'" if re.search(r"[^\w.,:/@%+-]", value) else value
