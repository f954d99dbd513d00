# SPDX-License-Identifier: Apache-2.0
"""redis_exporter and ours on the same servers: the same names, types, labels and values, but for what redis_differences.py
tells, as the README does. docs/drop-in/redis.md is the table of it.

check_redis.py BINARY [REDIS_EXPORTER] [--update]: the peer is Debian's prometheus-redis-exporter unless another is named.
"""

import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../stack")]
from names import Ours, check_page, listed, matches, readme_names, table  # noqa: E402
from processes import Stack, answers, free_port, wait_for  # noqa: E402
from redis import start_cluster, start_redis, start_replica, start_sentinel  # noqa: E402
from redis_differences import LABELS, MISSING, MOVING, SERIES, TYPES, UNKNOWN  # noqa: E402
from side_by_side import Comparison  # noqa: E402

PEER = "/usr/bin/prometheus-redis-exporter"
PAGE = "docs/drop-in/redis.md"
HEADING = "### Where it differs from redis_exporter, and why"
ROUNDS = 50
BALLAST = 32 << 20  # bytes, beside which a connection's buffers are little

PRIMARY = {"maxmemory": "256mb", "maxmemory-policy": "allkeys-lru", "appendonly": "yes", "latency-monitor-threshold": 1,
           "slowlog-log-slower-than": 5000, "min-replicas-to-write": 1}
OURS = ["--collector.clients", "--collector.latency_histogram_usec"]
SLOW_SAVE = 1_000_000  # microseconds a key: it lasts until the end

# What only the peer's flags turn on, and the same of ours.
PEER_OPTIONS = ["-include-system-metrics", "-include-config-metrics", "-export-client-list", "-check-single-keys=db0=counter",
                "-count-keys=db0=filled:*", "-check-single-streams=db0=orders", "-check-key-groups=^(filled):"]
OUR_KEYS = {"single": ["counter"], "count": ["filled:*"], "streams": ["orders"],
            "groups": [{"name": "filled", "pattern": "filled:*", "memory": True}]}


def slowly(server, command, running):
    """Starts a snapshot or rewrite that is under way until the server ends."""
    server.cli("CONFIG", "SET", "rdb-key-save-delay", SLOW_SAVE)
    server.cli(command)
    wait_for(lambda: server.info("persistence")[running] == "1", command)


def use(primary):
    """A little of everything that INFO and the logs tell of."""
    primary.cli("SETRANGE", "ballast", BALLAST, "x")
    primary.fill(500)
    primary.cli("SET", "counter", "7")
    primary.cli("XADD", "orders", "*", "item", "1")
    primary.cli("XGROUP", "CREATE", "orders", "billing", "0")
    primary.cli("XREADGROUP", "GROUP", "billing", "worker", "STREAMS", "orders", ">")
    primary.cli("EVAL", "redis.call('SELECT', 3); redis.call('SET', 'cart', 'x', 'EX', 100000)", 0)
    primary.cli("SET", "gone", "x", "PX", "1")
    for wrong in (["INCR", "ballast"], ["NO-SUCH-COMMAND"], ["GET", "gone"]):
        primary.try_cli(*wrong)
    primary.cli("DEBUG", "SLEEP", "0.02")
    for command, running in (("BGSAVE", "rdb_bgsave_in_progress"), ("BGREWRITEAOF", "aof_rewrite_in_progress")):
        primary.cli(command)
        wait_for(lambda field=running: primary.info("persistence")[field] == "0", f"{command} to end")


def start_servers(stack):
    """{what it is: server}; all that redis_exporter tells by default is known of one of them."""
    primary = start_redis(stack, PRIMARY)
    replica = start_replica(stack, primary)
    promoted = start_replica(stack, primary, name="promoted")
    use(primary)
    promoted.process.wait_until(lambda: promoted.cli("EXISTS", "counter") == "1", "the primary's keys")
    promoted.cli("REPLICAOF", "NO", "ONE")
    slowly(promoted, "BGSAVE", "rdb_bgsave_in_progress")
    slowly(primary, "BGREWRITEAOF", "aof_rewrite_in_progress")
    return {"primary": primary, "replica": replica, "promoted replica": promoted, "Cluster node": start_cluster(stack)[0],
            "Sentinel": start_sentinel(stack, primary), "primary, all of redis_exporter's options": primary}


def start_both(stack, binary, peer, server, options):
    flags = [f"--redis.addr={server.address}"]
    if options:  # only a config can name keys
        config = {"targets": [{"name": "one", "address": server.address, "keys": OUR_KEYS}]}
        flags = ["--config.file=" + stack.write("keys.yml", json.dumps(config))]
    _, ours = stack.start_exporter(binary, *flags, *OURS)
    theirs = f"http://127.0.0.1:{free_port()}"
    process = stack.start("redis_exporter", [peer, "-web.listen-address=" + theirs.removeprefix("http://"),
                                             f"-redis.addr=redis://{server.address}", *(PEER_OPTIONS if options else [])])
    process.wait_until(lambda: answers(theirs + "/"), "answers")
    return ours, theirs


def compared(name):
    return name.startswith("redis_")


class Verdicts:
    """What was found of each name, on all servers; and what must not be."""

    def __init__(self):
        self.found, self.wrong, self.series = {}, [], 0

    def add(self, place, comparison):
        self.series += len(comparison.proven)
        for name, (what, detail) in comparison.found.items():
            self.found.setdefault(name, set()).add(what)
            if not allowed(name, what, detail):
                self.wrong.append(f"{name}, {place}: {what}: {detail}")

    def unknown_anywhere(self, name):
        return name in UNKNOWN and "absent" in self.found.get(name, ())


def allowed(name, what, detail):
    if what == "absent":
        return matches(name, MISSING) or (name in UNKNOWN and detail <= 0)
    return what == "equal" or name in {"type": TYPES, "labels": LABELS, "series": SERIES}.get(what, ())


def compare(stack, binary, peer):
    verdicts = Verdicts()
    for place, server in start_servers(stack).items():
        ours, theirs = start_both(stack, binary, peer, server, "options" in place)
        comparison = Comparison(MOVING, LABELS, SERIES)
        for _ in range(ROUNDS):
            comparison.round(ours, theirs, compared)
            if all(allowed(name, *outcome) for name, outcome in comparison.found.items()):
                break
        verdicts.add(place, comparison)
        print(f"{place}: {len(comparison.found)} names, {len(comparison.proven)} series equal", flush=True)
    return verdicts


def judge_listed(verdicts, ours, names):
    """The same for names that none of the servers has: by name, type and labels alone, as far as they are known."""
    for name, (kind, labels) in names.items():
        if name in verdicts.found:
            continue
        what = ours.difference(name, kind, labels)
        verdicts.found[name] = {what or "listed"}
        if what and not allowed(name, what, 1):
            verdicts.wrong.append(f"{name}, of the list: {what}")


def stale(verdicts):
    """What redis_differences.py tells, and is not so."""
    found = verdicts.found
    for pattern in MISSING:
        if not any(matches(name, [pattern]) and what == {"absent"} for name, what in found.items()):
            yield f"{pattern} is told to be missing, and nothing of that name is"
    for name, what in found.items():
        if matches(name, MISSING) and what != {"absent"}:
            yield f"{name} is told to be missing, and is not"
    for name in UNKNOWN:
        if not {"absent", "equal"} <= found.get(name, set()):
            yield f"{name} is told to be absent where unknown, and was never so, or never equal"
    for table_of, what in ((TYPES, "type"), (LABELS, "labels"), (SERIES, "series")):
        for name in table_of:
            if what not in found.get(name, ()):
                yield f"{name} is told to have other {what}, and has not"
    for name in MOVING:
        if name not in found:
            yield f"{name} is told to move, and there is no such name"


def untold(verdicts):
    """Names that differ, and that the README says nothing of."""
    told = readme_names(HEADING)
    return [f"{name} differs, and the README's \"{HEADING.strip('# ')}\" does not name it"
            for name, what in sorted(verdicts.found.items()) if what - {"equal", "listed"} and not matches(name, told)]


def render(verdicts, version, names):
    def rows(wanted, why):
        return [(f"`{name}`", why(name)) for name, what in sorted(verdicts.found.items()) if wanted(name, what)]

    missing = rows(lambda name, what: what == {"absent"} and name not in UNKNOWN, lambda name: MISSING[matches(name, MISSING)])
    types = rows(lambda name, what: "type" in what, lambda name: "another type: " + TYPES[name])
    labels = rows(lambda name, what: "labels" in what,
                  lambda name: f"label `{'`, `'.join(sorted(LABELS[name][0]))}`: {LABELS[name][1]}")
    series = rows(lambda name, what: "series" in what,
                  lambda name: "no series `{}=\"{}\"`: {}".format(*SERIES[name][0], SERIES[name][1]))
    unknown = rows(lambda name, what: verdicts.unknown_anywhere(name), lambda name: UNKNOWN[name])
    equal = rows(lambda name, what: what == {"equal"}, lambda name: compared_how(name) if name in MOVING else "")
    listed_only = rows(lambda name, what: what == {"listed"}, lambda name: names[name][0])
    return f"""# redis_exporter's names, and ours

Made by `tests/peer/check_redis.py --update`; the suite `peer` checks that it is so. Both exporters read the same servers at the
same moment: Redis 7.0.15 as a primary, its replica, a promoted replica, a node of a Cluster, and a Sentinel. The peer is
redis_exporter {version}, once with what it has by default and once with all of its options. What later releases can export on
top (up to 1.88.0) is compared by name, type and labels. Ours has `--collector.clients` and
`--collector.latency_histogram_usec` on, and keys in its config.

{len(equal)} names are equal, {len(unknown)} are equal but absent where the number would mean "unknown",
{len(types + labels + series)} differ, {len(listed_only)} more are there by name, {len(missing)} are missing.

## Missing

{table(missing, "name", "why")}
## Different on purpose

{table(types + labels + series, "name", "what")}
## Equal, and absent where unknown

{table(unknown, "name", "when absent")}
## Equal

Name, type, labels and values.

{table(equal, "name", "compared")}
## The same by name

Of modules, other servers, and releases after {version}.

{table(listed_only, "name", "type")}"""


def compared_how(name):
    tolerance, why = MOVING[name]
    if tolerance is None:
        return f"without its value: {why}"
    relative, absolute = tolerance
    parts = [f"{relative:.0%}"] * bool(relative) + [f"{absolute:,}"] * bool(absolute)
    return f"to {' and '.join(parts)}: {why}"


def version_of(peer):
    done = subprocess.run([peer, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+\.\d+", done.stdout + done.stderr)
    return found[0] if found else "of an unknown release"


def main(binary, *more):
    peer = next((word for word in more if not word.startswith("--")), PEER)
    if not os.access(peer, os.X_OK):
        print(f"{peer} is not installed: nothing to compare with")
        return 77  # Meson's "skipped"
    with Stack() as stack:
        verdicts = compare(stack, binary, peer)
    problems = verdicts.wrong
    if peer == PEER:  # the tables and the page are of this release
        names = listed("redis_exporter")
        judge_listed(verdicts, Ours(), names)
        if not problems:  # else it would tell of them
            problems = [*stale(verdicts), *untold(verdicts),
                        *check_page(PAGE, render(verdicts, version_of(peer), names), "--update" in more)]
    for problem in problems:
        print("DIFFERS  " + problem)
    equal = sum(what == {"equal"} for what in verdicts.found.values())
    print(f"{equal} of {len(verdicts.found)} names are equal on all servers, with {verdicts.series} series; {len(problems)} problems")
    return 1 if problems or not equal else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
