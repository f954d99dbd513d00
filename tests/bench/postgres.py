# SPDX-License-Identifier: Apache-2.0
"""The postgres-pool exporter beside Debian's postgres_exporter and pgbouncer_exporter and beside the floor, in one run, in
turns, on private servers.

The floor is a loop that only runs the statements that ours runs in a scrape, on an open
connection, unprepared. Figures are medians
over the rounds; nothing here passes or fails.
"""

import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../stack"), HERE]
from exposition import parse  # noqa: E402
from measure import PLAIN, Exporter, command_line, cpu_seconds, median_of, print_ratio, run, status_kib  # noqa: E402
from postgres import MONITOR, children, start_pgbouncer, start_postgres  # noqa: E402
from processes import StackError, answers, free_port, request  # noqa: E402

POSTGRES_EXPORTER, PGBOUNCER_EXPORTER = "prometheus-postgres-exporter", "prometheus-pgbouncer-exporter"
# Ours that tell what Debian's postgres_exporter tells by default; all of it anew at each scrape, as there.
SAME_FACTS = ["server", "database", "database_conflicts", "database_size", "locks", "settings", "stat_activity", "background",
              "stat_replication", "replication_slots"]
SAME_FLAGS = ["--collector.disable-defaults", *(f"--collector.{name}" for name in SAME_FACTS), "--collector.settings.all",
              "--postgres.keep=0s"]
CONSOLE = {"version": "SHOW VERSION", "config": "SHOW CONFIG", "databases": "SHOW DATABASES", "users": "SHOW USERS",
           "pools": "SHOW POOLS", "stats": "SHOW STATS_TOTALS", "lists": "SHOW LISTS", "memory": "SHOW MEM",
           "servers": "SHOW SERVERS", "clients": "SHOW CLIENTS"}
OURS, OURS_ALL, PEER = "ours, the same facts", "ours, as it comes", "postgres_exporter"
OURS_POOL, PEER_POOL = "ours, PgBouncer", "pgbouncer_exporter"


def server_cpu(server):
    """CPU time in seconds of a server with all processes that it has started."""
    with open(f"/proc/{server.process.pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return ended + sum(cpu_seconds(pid) for pid in (server.process.pid, *children(server.process.pid)))


def log_all(postgres, value):
    postgres.sql.rows(f"ALTER SYSTEM SET log_statement = '{value}'")
    postgres.sql.rows("SELECT pg_reload_conf()")
    postgres.sql.rows("SELECT pg_sleep(0.5)")  # until every session has read it


def logged_statements(postgres, job):
    """The statements that the server runs during a job, from its log, in order; but for our own psql's."""
    log_all(postgres, "all")
    before = len(postgres.process.log_text())
    job()
    text = postgres.process.log_text()[before:]
    log_all(postgres, "none")
    found = re.findall(r"^\S+ \S+ \S+ (\S*)@\S* LOG:  (?:statement|execute [^:]*): (.*(?:\n\t.*)*)$", text, re.M)
    return [statement.replace("\n\t", "\n") for application, statement in found if application not in ("test", "psql")]


def compile_floor(stack):
    binary = stack.path("pg-floor")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libpq"], capture_output=True, text=True, check=True).stdout
    subprocess.run(["c++", "-std=c++20", "-O2", os.path.join(HERE, "pg_floor.cpp"), "-o", binary, *flags.split()], check=True)
    return binary


def run_floor(binary, dsn, statements, iterations):
    done = subprocess.run([binary, statements, str(iterations)], capture_output=True, text=True, check=False,
                          env={**os.environ, "DATA_SOURCE_NAME": dsn})
    if done.returncode != 0:
        raise StackError("the floor failed: " + done.stderr.strip())
    cpu, wall, count, size = map(int, done.stdout.split())
    return {"cpu": cpu / 1e9, "wall": wall / 1e9, "statements": count, "bytes": size}


def start_ours(stack, options, name, dsn, *flags):
    process, url = stack.start_exporter(options.exporter, *flags, name=name.replace(" ", "-"), env={"DATA_SOURCE_NAME": dsn})
    return Exporter(name, process, url)


def start_peer(stack, name, command, env):
    """(exporter, why there is none)."""
    if shutil.which(command[0]) is None:
        return None, f"there is no {command[0]}: install the package of that name"
    port = free_port()
    process = stack.start(name, [word.format(port=port) for word in command], env)
    exporter = Exporter(name, process, f"http://127.0.0.1:{port}")
    try:
        process.wait_until(lambda: answers(exporter.url + "/metrics"), "answers")
    except StackError:
        last = (process.log_text().strip().splitlines() or ["nothing"])[-1]
        stack.processes.remove(process)
        process.stop()
        return None, f"{command[0]} ended: {last}"
    return exporter, None


def some_tables(postgres):
    """Two databases with tables, as a small application has them."""
    postgres.sql.rows("CREATE DATABASE stock")
    for dbname in ("orders", "stock"):
        postgres.sql.rows("".join(f"CREATE TABLE t{n} AS SELECT i, i::text AS x FROM generate_series(1, 100) AS i;" for n in range(40)),
                          dbname=dbname)


def measure(stack, options):
    """All figures, as --json prints them."""
    settings = {"autovacuum": "off", "max_connections": 100}
    postgres = start_postgres(stack, settings=settings)
    some_tables(postgres)
    pgbouncer = start_pgbouncer(stack, postgres, settings={"ignore_startup_parameters": "extra_float_digits"})
    server_of = {}
    exporters, missing = [], {}

    def add(exporter, why_not, name, server):
        if exporter is None:
            missing[name] = why_not
        else:
            exporters.append(exporter)
            server_of[name] = server
    add(start_ours(stack, options, OURS, postgres.dsn(), *SAME_FLAGS), None, OURS, postgres)
    add(*start_peer(stack, PEER, [POSTGRES_EXPORTER, "--web.listen-address=127.0.0.1:{port}"],
                    {"DATA_SOURCE_NAME": postgres.dsn()}), PEER, postgres)
    add(start_ours(stack, options, OURS_ALL, postgres.dsn()), None, OURS_ALL, postgres)
    add(start_ours(stack, options, OURS_POOL, pgbouncer.dsn()), None, OURS_POOL, pgbouncer)
    add(*start_peer(stack, PEER_POOL, [PGBOUNCER_EXPORTER, "--host", "127.0.0.1", "--port", "{port}", "--pgbouncer-host", "127.0.0.1",
                                       "--pgbouncer-port", str(pgbouncer.port), "--pgbouncer-user", MONITOR[0]],
                    {"PGPASSWORD": MONITOR[1]}), PEER_POOL, pgbouncer)

    floor = options.floor or compile_floor(stack)
    lists, counts = {}, {}
    for exporter in exporters:
        exporter.measure(PLAIN, options.warm_up)
        if server_of[exporter.name] is postgres:
            counts[exporter.name] = len(logged_statements(postgres, lambda: exporter.scrape(PLAIN)))
        elif exporter.name == OURS_POOL:
            page = parse(request(exporter.url + "/metrics").text)
            ok = {dict(labels)["collector"] for (_, labels), value in page["pg_scrape_collector_state"].samples.items()
                  if value == 1 and dict(labels)["state"] == "ok"}
            lists[exporter.name] = [statement for name, statement in CONSOLE.items() if name in ok]
            counts[exporter.name] = len(lists[exporter.name])

    def first_scrape():
        one = start_ours(stack, options, "first", postgres.dsn(), *SAME_FLAGS)
        one.scrape(PLAIN)
        one.process.stop()
    lists[OURS] = logged_statements(postgres, first_scrape)  # as they are before they are prepared

    figures, floors = {exporter.name: [] for exporter in exporters}, {OURS: [], OURS_POOL: []}
    files = {name: stack.write(f"statements-{number}", "".join(one + "\0" for one in lists[name])) for number, name in enumerate(floors)}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
        for exporter in exporters:
            server = server_of[exporter.name]
            before = server_cpu(server)
            figure = exporter.measure(PLAIN, options.scrapes)
            figure["server_cpu"] = (server_cpu(server) - before) / options.scrapes
            figures[exporter.name].append(figure)
        for name, server in ((OURS, postgres), (OURS_POOL, pgbouncer)):
            before = server_cpu(server)
            figure = run_floor(floor, server.dsn(), files[name], options.scrapes)
            figure["server_cpu"] = (server_cpu(server) - before) / options.scrapes
            floors[name].append(figure)

    result = {"host": f"{os.uname().sysname} {os.uname().release}, {os.cpu_count()} CPUs", "rounds": options.rounds,
              "scrapes_a_round": options.scrapes, "exporters": {}, "missing": missing}
    keys = ("cpu", "wall", "wall_p99", "server_cpu")
    for exporter in exporters:
        page = parse(request(exporter.url + "/metrics").text)
        result["exporters"][exporter.name] = {
            **{key + "_us": median_of(figures[exporter.name], key) * 1e6 for key in keys},
            "statements": counts.get(exporter.name), "bytes": median_of(figures[exporter.name], "bytes"),
            "series": sum(len(family.samples) for family in page.values()),
            "peak_memory_kib": status_kib(exporter.process.pid, "VmHWM"), "memory_kib": status_kib(exporter.process.pid, "VmRSS"),
            "own_memory_kib": status_kib(exporter.process.pid, "RssAnon")}
    for name, rounds in floors.items():
        result["exporters"]["floor of " + name] = {
            **{key + "_us": median_of(rounds, key) * 1e6 for key in ("cpu", "wall", "server_cpu")},
            "statements": rounds[0]["statements"], "bytes": rounds[0]["bytes"]}
    result["binary_kib"] = os.path.getsize(options.exporter) // 1024
    result["ratios"] = ratios(result["exporters"])
    return result


def ratios(exporters):
    found = {}
    for ours, peer in ((OURS, PEER), (OURS_ALL, PEER), (OURS_POOL, PEER_POOL)):
        if peer not in exporters:
            continue
        for what, key in (("CPU", "cpu_us"), ("wall time", "wall_us"), ("server's CPU", "server_cpu_us"), ("statements", "statements"),
                          ("peak memory", "peak_memory_kib"), ("memory", "memory_kib"), ("own memory", "own_memory_kib")):
            if exporters[ours].get(key) and exporters[peer].get(key):
                found[f"{ours}: {what}, of {peer}'s"] = exporters[ours][key] / exporters[peer][key]
    for ours in (OURS, OURS_POOL):
        for what, key in (("CPU", "cpu_us"), ("wall time", "wall_us"), ("server's CPU", "server_cpu_us")):
            if exporters["floor of " + ours][key]:
                found[f"{ours}: {what}, of the floor's"] = exporters[ours][key] / exporters["floor of " + ours][key]
    return found


def print_table(result):
    print(f"{result['host']}; medians of {result['rounds']} rounds of {result['scrapes_a_round']} scrapes, in turns\n")
    columns = {"CPU us": "cpu_us", "wall us": "wall_us", "p99 us": "wall_p99_us", "server us": "server_cpu_us", "stmts": "statements",
               "bytes": "bytes", "series": "series", "RSS KiB": "memory_kib", "own KiB": "own_memory_kib", "peak KiB": "peak_memory_kib"}
    print(" " * 34 + "".join(f"{title:>10}" for title in columns))
    for name, entry in result["exporters"].items():
        cells = (entry.get(key) for key in columns.values())
        print(f"{name:<34}" + "".join(f"{'' if cell is None else format(cell, '.0f'):>10}" for cell in cells))
    for name, why_not in result["missing"].items():
        print(f"{name}: not measured: {why_not}")
    print(f"\nbinary: {result['binary_kib']} KiB\n")
    for name, value in result["ratios"].items():
        print_ratio(name, value)


if __name__ == "__main__":
    sys.exit(run(measure, print_table, command_line(__doc__, "postgres-pool-exporter", "pg_floor.cpp", scrapes=100, rounds=5, warm_up=50)))
