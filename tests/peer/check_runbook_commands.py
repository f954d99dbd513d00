# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/runbooks, on live servers: SQL on PostgreSQL and its replica, PgBouncer's console, redis-cli, Memcached, and curl
on our exporters that read all of them. None may complain.

check_runbook_commands.py SYSTEM_EXPORTER POSTGRES_POOL_EXPORTER CACHE_EXPORTER CIRCUIT_BREAKER_EXPORTER AI_GATEWAY_EXPORTER
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "../stack"), str(HERE / "../rules")]
from check_runbooks import SQL, blocks  # noqa: E402
from memcached import start_memcached  # noqa: E402
from postgres import ADMIN, APPLICATION, start_pgbouncer, start_postgres  # noqa: E402
from processes import Stack, free_port  # noqa: E402
from redis import start_cluster, start_redis  # noqa: E402
from redis import start_replica as start_redis_replica  # noqa: E402
from replica import start_replica  # noqa: E402

RUNBOOKS = HERE / "../../docs/runbooks"
ON_REPLICA = {"PostgresReplicationLag", "PostgresReplicaNotStreaming"}
# Names that stand for something, in SQL; the others are read as they are.
IN_SQL = {"DATABASE": "orders", "USER": "app", "ROLE": "app", "TABLE": "parted", "KEY": "day", "DEFAULT_PARTITION": "parted_rest"}
TABLES = """CREATE TABLE parted (day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE parted_one PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE parted_rest PARTITION OF parted DEFAULT; CREATE EXTENSION pg_stat_statements;"""
ENDLESS = re.compile(r"--latency-history")


class Servers:
    """All servers, and the exporters that read them."""

    def __init__(self, stack, system_exporter, postgres_exporter, cache_exporter, breaker_exporter, gateway):
        self.postgres = start_postgres(stack, settings={"shared_preload_libraries": "pg_stat_statements", "wal_level": "logical",
                                                        "track_commit_timestamp": "on"})
        self.postgres.sql.rows(TABLES)
        self.replica = start_replica(stack, self.postgres)
        self.bouncer = start_pgbouncer(stack, self.postgres)
        self.redis = start_redis(stack)
        self.redis_replica = start_redis_replica(stack, self.redis)
        self.node = start_cluster(stack)[0]
        self.memcached = start_memcached(stack)
        _, postgres = stack.start_exporter(postgres_exporter, f"--postgres.dsn={self.postgres.dsn()}", f"--pgbouncer.dsn={self.bouncer.dsn()}")
        _, cache = stack.start_exporter(cache_exporter, f"--redis.addr={self.redis.address}", f"--memcached.address=127.0.0.1:{self.memcached.port}")
        _, system = stack.start_exporter(system_exporter)
        # JSON is YAML. Nobody answers at that upstream: the pages are read all the same.
        breakers = stack.write("breakers.yml", json.dumps({"sources": [{"name": "redis", "kind": "redis", "address": self.redis.address}]}))
        _, breaker = stack.start_exporter(breaker_exporter, "--config.file=" + breakers)
        models = stack.write("gateway.yml", json.dumps({"upstreams": [{"name": "gpu", "url": f"http://127.0.0.1:{free_port()}"}],
                                                        "models": [{"name": "llama", "targets": [{"upstream": "gpu"}]}]}))
        proxy = f"127.0.0.1:{free_port()}"
        _, ai = stack.start_exporter(gateway, "--config.file=" + models, "--proxy.listen-address=" + proxy)
        self.exporters = {"9187": postgres, "9121": cache, "9100": system, "9910": breaker, "9911": ai, "8911": "http://" + proxy}

    def run_sql(self, page, statement):
        server = self.replica if page in ON_REPLICA else self.postgres
        for name, value in IN_SQL.items():
            statement = re.sub(rf"\b{name}\b", value, statement)
        return subprocess.run([*server.sql.command(None), "-c", re.sub(r"--.*", "", statement)], capture_output=True, text=True, timeout=60,
                              check=False, env=server.sql.environment())

    def here(self, line):
        """A line of shell with these servers in place of the names, or None where it is about another program."""
        if line.startswith("redis-cli"):
            server = self.node if "NODE" in line else self.redis_replica if "-h REPLICA" in line else self.redis
            line = re.sub(r"(-p (PORT|6379) )", "", line)
            line = re.sub(r"-h (REDIS|PRIMARY|REPLICA|NODE|HOST)\b", f"-h 127.0.0.1 -p {server.port}", line).replace("NODE:6379", server.address)
            return "timeout 2 " + line if ENDLESS.search(line) else line
        if line.startswith("psql"):
            bouncer = "BOUNCER" in line
            server = self.bouncer if bouncer else self.postgres
            line = re.sub(r'psql "host=\w+ (port=6432 )?dbname=\w+ user=\w+ connect_timeout=5"', "psql", line)
            line = re.sub(r"-h \w*BOUNCER -p 6432 -U \w+ pgbouncer", "", line).replace("-d DATABASE", "-d orders")
            return line.replace("psql", f"psql -X -v ON_ERROR_STOP=1 -h {server.folder} -p {server.port} -U {server.sql.user}"
                                        + ("" if " -d " in line else f" -d {server.sql.dbname}"), 1)
        if line.startswith("printf") and "MEMCACHED" in line:
            there = f"127.0.0.1:{self.memcached.port}"
            return line.replace("nc -w 2 MEMCACHED 11211", f"curl -sm 5 telnet://{there}" if not shutil.which("nc") else "nc -w 2 " + there.replace(":", " "))
        if line.startswith("curl"):
            found = re.search(r"http://(?:HOST|127\.0\.0\.1):(\d+)\b", line)
            if not found or found[1] not in self.exporters:
                return None
            line = line.replace(found[0], self.exporters[found[1]])
            return line if shutil.which("jq") else line.partition("| jq")[0]
        return None

    def run_shell(self, page, line):
        command = self.here(line)
        if command is None:
            return None
        if "/metrics/" in command or ".*COLLECTOR" in line:
            collector = {"Postgres": "database", "Cache": "info"}.get(re.match(r"[A-Z][a-z]+", page)[0], "cpu")
            command = re.sub(r"/metrics/\w*", "/metrics/" + collector, command)
        return subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=120, check=False,
                              env={**os.environ, "PGPASSWORD": ADMIN[1] if "BOUNCER" in line else APPLICATION[1]})


def wrong_of(done):
    """What a command complained of. grep says by 1 that it found nothing, which is no mistake."""
    if done.returncode not in (0, 1, 124) or re.search(r"^(ERR|\(error\))|\[ERR\]", done.stdout, re.MULTILINE):
        return f"{done.returncode}: {done.stdout[-200:]} {done.stderr[-300:]}"
    return done.stderr[-300:]


def main(*binaries):
    needed = [program for program in ("psql", "redis-cli", "curl") if not shutil.which(program)]
    if needed:
        print(f"{', '.join(needed)} not installed: nothing to try the commands with")
        return 77  # Meson's "skipped"
    wrong, tried, pages = [], 0, set()
    with Stack() as stack:
        servers = Servers(stack, *binaries)
        for path in sorted(RUNBOOKS.glob("*.md")):
            for statement in (one for block in blocks(path.read_text()) for one in block):
                done = servers.run_sql(path.stem, statement) if SQL.match(statement) else servers.run_shell(path.stem, statement)
                if done is None:
                    continue
                tried += 1
                pages.add(path.stem)
                if message := wrong_of(done):
                    wrong.append(f"{path.stem}: {statement}\n    {message.strip()}")
    print("".join(message + "\n" for message in wrong), end="")
    print(f"{tried} commands and statements of {len(pages)} pages tried, {len(wrong)} mistakes")
    return 1 if wrong or not tried else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
