#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a runbook page tells somebody to type is right: programs, metric names, addresses, flags, other pages.

usage: check_runbooks.py --root REPOSITORY --golden FOLDER

lint_alerts.py checks that each alert has a page with its four headings; this checks what stands in it.
"""
import fnmatch
import pathlib
import re
import shlex
import subprocess
import sys

import sources
import yaml

# Program: the Debian package that has it; '' is on every machine, '-' is ours or no package of Debian's.
PROGRAMS = {
    **dict.fromkeys(("cat", "cd", "chmod", "crontab", "cut", "date", "df", "dmesg", "du", "echo", "find", "for", "grep", "head", "ls", "mv", "printf",
                     "readlink", "sed", "sort", "stat", "tail", "timeout", "tr", "true", "uniq", "wc", "xargs", "awk", "done", "do", "sh"), ""),
    "dig": "bind9-dnsutils", "python3": "python3",
    **dict.fromkeys(("free", "pgrep", "ps", "sysctl", "top", "uptime", "vmstat", "watch"), "procps"),
    **dict.fromkeys(("journalctl", "systemctl", "systemd-cgtop", "timedatectl"), "systemd"),
    **dict.fromkeys(("system-exporter", "postgres-pool-exporter", "cache-exporter", "circuit-breaker-exporter", "ai-gateway-exporter"), "-"),
    **dict.fromkeys(("ip", "ss", "tc"), "iproute2"),
    **dict.fromkeys(("psql", "pg_isready"), "postgresql-client"),
    **dict.fromkeys(("iostat", "pidstat"), "sysstat"),
    **dict.fromkeys(("ntpq",), "ntpsec"),
    "amtool": "prometheus-alertmanager", "chronyc": "chrony", "conntrack": "conntrack", "curl": "curl", "docker": "docker.io", "ethtool": "ethtool",
    "jq": "jq", "kubectl": "-", "lsblk": "util-linux", "lsof": "lsof", "mdadm": "mdadm", "nc": "netcat-openbsd", "openssl": "openssl",
    "perf": "linux-perf", "ping": "iputils-ping", "promtool": "prometheus", "redis-cli": "redis-tools", "smartctl": "smartmontools",
    "socat": "socat", "tcpdump": "tcpdump", "job": "-",
}
SQL = re.compile(r"(SELECT|WITH|SHOW|ALTER|VACUUM|ANALYZE|REINDEX|CREATE|DROP|GRANT|SET|EXPLAIN|\\d|PAUSE|RESUME|RELOAD|RECONNECT)\b|\\")
COMPONENTS = {"system": (9100,), "postgres": (9187,), "cache": (9121,), "circuit-breaker": (9910,), "ai-gateway": (9911, 8911)}
PATHS = re.compile(r"/(metrics(/\w+)?|probe|health(/detailed|/live|/ready)?|-/reload|-/healthy|api/v1/\w+|api/ai/process|v1/.*)?(\?.*)?")
METRIC = re.compile(r"(?<![\w.$/-])(?:node|namedprocess|process|pg|pgbouncer|redis|memcached|cache|circuit_breaker|aigw|gen_ai)_\w*[a-zA-Z0-9](?:_?\*)?")
PLACEHOLDER = re.compile(r"\b[A-Z][A-Z_]+\b")
# Names of the servers' own, in the pages' SQL and texts.
SERVERS = re.compile(r"pg_(stat|statio)_(activity|archiver|database|progress_vacuum|replication|statements|statements_reset|user_tables|wal_receiver)"
                     r"|pg_(basebackup|rewind|dump|isready|cron|partman|hba|wal|monitor|class|database|inherits|roles|locks|prepared_xacts"
                     r"|replication_slots|use_reserved_connections)|cache_memlimit|node_exporter"
                     r"|pg_(blocking_pids|cancel_backend|terminate_backend|current_wal_lsn|drop_replication_slot|get_expr|is_wal_replay_paused"
                     r"|last_wal_receive_lsn|last_wal_replay_lsn|last_xact_replay_timestamp|ls_tmpdir|size_pretty|total_relation_size|wal_lsn_diff"
                     r"|wal_replay_resume)")


def blocks(text):
    """The fenced blocks of a page, each as a list of statements: a line and those that are indented below it."""
    for body in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        statements = []
        for line in body.replace("\\\n", " ").splitlines():
            if line.startswith((" ", "\t")) and statements:
                statements[-1] += "\n" + line
            elif line.strip() and not line.startswith("#"):
                statements.append(line)
        yield statements


def programs_of(statement):
    """The first word of each command in a line of shell."""
    lexer = shlex.shlex(statement, posix=True, punctuation_chars=";|&()")
    lexer.whitespace_split, lexer.commenters = True, "#"
    first = True
    for token in lexer:
        if set(token) <= set(";|&("):
            first = True
        elif first and not re.match(r"\w+=", token):
            first = token in ("do", "sudo", "xargs")
            if token != "sudo":
                yield token


class Page:
    def __init__(self, name, text, component, known, prefixes, pages):
        self.name, self.text, self.component = name, text, component
        self.known, self.prefixes, self.recorded = known, prefixes, pages
        self.commands = 0

    def messages(self):
        for statements in blocks(self.text):
            for statement in statements:
                self.commands += 1
                if not SQL.match(statement):
                    yield from self.shell_messages(statement)
        for metric in sorted(set(METRIC.findall(self.text))):
            if not self.is_known(metric) and not SERVERS.fullmatch(metric):
                yield f"no exporter exports {metric}"

    def is_known(self, metric):
        if metric.endswith("*"):
            return any(fnmatch.fnmatchcase(name, metric) for name in self.known)
        return metric in self.known or metric in self.prefixes

    def shell_messages(self, statement):
        done = subprocess.run(["bash", "-n"], input=statement, capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"no shell would take: {statement}"
            return
        for program in programs_of(statement):
            if program not in PROGRAMS:
                yield f"{program} is no program that is listed, in: {statement}"
        for url in re.findall(r"https?://[^\s'\"|;)]+", statement):
            yield from self.url_messages(url, statement)

    def url_messages(self, url, statement):
        host, slash, path = url.partition("//")[2].partition("/")
        port = host.partition(":")[2]
        if not PATHS.fullmatch(slash + path) and host.startswith("HOST"):
            yield f"no exporter has the path /{path}"
        if self.component in COMPONENTS and host.startswith("HOST:") and port.isdigit() and int(port) not in COMPONENTS[self.component]:
            yield f"{port} is not the port of this component's exporter"
        grep = re.search(r"\| *grep +((?:-\w+ +)*)('[^']*'|\"[^\"]*\"|\S+)", statement)
        if grep and path.startswith("metrics") and self.component in COMPONENTS and not self.finds(grep[2].strip("'\""), "E" in grep[1]):
            yield f"grep finds nothing on the recorded pages: {statement}"

    def finds(self, pattern, extended):
        """Whether a grep would find a line, whatever stands for the placeholders."""
        if pattern in self.known:
            return True
        pattern = PLACEHOLDER.sub("@", pattern)
        if not extended:  # these are plain characters to grep, and their escaped forms are not
            pattern = re.sub(r"(\\?)([{}|+?()])", lambda match: match[2] if match[1] else "\\" + match[2], pattern)
        return re.search(pattern.replace("@", '[^"]*'), self.recorded, re.MULTILINE) is not None


def flag_messages(name, text, code):
    """Flags of ours in the text are in the source."""
    for flag in sorted(set(re.findall(r"--(?:no-)?((?:collector|web|postgres|pgbouncer|redis|memcached|statsd|checkout|scrape|config|log|path)\.[\w.-]*\w)", text))):
        if not flag.isupper() and not PLACEHOLDER.search(flag) and f'"{flag}"' not in code and f'"{flag.removeprefix("collector.")}"' not in code:
            yield f"{name}: no exporter has the flag --{flag}"


def config_messages(name, text, config):
    """Keys that are said to be in the mixin's config are there."""
    for sentence in re.findall(r"[^.;:]*in\s+the\s+mixin's\s+config", text):
        for key in re.findall(r"`(\w+)`", sentence):
            if not re.search(rf"\b{key}:", config):
                yield f"{name}: the mixin's config has no key {key}"


def main():
    args, metrics = sources.arguments()
    root = pathlib.Path(args.root)
    groups = sources.alert_groups(args.root)
    excused = yaml.safe_load((pathlib.Path(__file__).parent / "not-in-golden.yaml").read_text()) or {}
    known = set(metrics.labels) | set(metrics.types) | set(excused) | {rule["record"] for _, group in groups for rule in group["rules"] if "record" in rule}
    prefixes = {"_".join(name.split("_")[:length]) for name in known for length in range(2, name.count("_") + 1)}
    components = {rule["alert"]: rule["labels"]["component"] for _, group in groups for rule in group["rules"] if "alert" in rule}
    code = "".join(path.read_text() for path in root.glob("exporters/*/*.cpp"))
    config = (root / "jsonnet/config.libsonnet").read_text()
    messages, commands, pages = [], 0, 0
    for path in sorted(root.glob("docs/runbooks/*.md")):
        component = components.get(path.stem, "")
        recorded = "".join(page.read_text() for page in sorted(pathlib.Path(args.golden).glob(f"{component}*.prom")))
        page = Page(path.stem, path.read_text(), component, known, prefixes, recorded)
        messages += [f"{path.stem}: {message}" for message in page.messages()]
        messages += flag_messages(path.stem, page.text, code)
        messages += config_messages(path.stem, page.text, config)
        starts = "|".join(sorted({"".join(word.capitalize() for word in name.split("-")) for name in components.values()}))
        for other in sorted(set(re.findall(rf"\b(?:{starts})[A-Z][a-z]+(?:[A-Z][a-z]*)+\b", page.text)) - components.keys()):
            messages.append(f"{path.stem}: {other} is no alert")
        commands, pages = commands + page.commands, pages + 1
    print("\n".join(messages) + "\n" if messages else "", end="")
    print(f"{pages} pages with {commands} commands and statements, {len(messages)} mistakes")
    return 1 if messages or not commands else 0


if __name__ == "__main__":
    sys.exit(main())
