# SPDX-License-Identifier: Apache-2.0
"""A small shop's caches, for the demo, the golden page and the render suite: a Redis that evicts, its replica and its
Sentinel, a Redis Cluster of three nodes, a Memcached, the exporter's config for all of them, and an application that uses
them and tells of its own cache over StatsD."""

import contextlib
import json
import os
import signal
import socket
import sys

from memcached import start_memcached
from processes import Stack, wait_for
from redis import start_cluster, start_redis, start_replica, start_sentinel

PRIMARY, REPLICA, SENTINEL, SESSIONS = "shop", "shop-replica", "shop-sentinel", "shop-sessions"  # the targets' names
CART = "cart-{}"  # those of the cluster's nodes
USER, PASSWORD = "binnacle", "of-the-exporter"
# All that the exporter may do, as its README.md has it.
RIGHTS = "+ping +info +config|get +latency +slowlog|len +slowlog|get +cluster|info +client|setname +client|list".split()
KEY_RIGHTS = "~* +type +strlen +getrange +pfcount +llen +scard +zcard +hlen +xlen +scan +memory|usage +xinfo +select".split()
# The keys of the primary that the exporter looks at.
KEYS = {"single": ["queue:mail", "stock"], "count": ["user:*"], "streams": ["orders"],
        "groups": [{"name": "users", "pattern": "user:*", "memory": True}]}

# Takes 64 MiB, below which fragmentation tells nothing. Without an expiry, so that it is never evicted.
BALLAST = 66_000_000  # bytes
SETTINGS = {"maxmemory": "72mb", "maxmemory-policy": "volatile-lru", "appendonly": "yes", "latency-monitor-threshold": 10,
            "timeout": 3600}
# Means nothing to a replica that takes no writes: it is there to be shown.
REPLICA_SETTINGS = {"min-replicas-to-write": 1}
USERS = "for i = 1, 3000 do redis.call('SET', 'user:' .. i, string.rep('x', 2000), 'EX', 60 + i) end"


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Caches:
    """The servers. `config` is the exporter's config file, for --config.file; `single` has the flags for the primary alone.

    `mappings` are the exporter's for StatsD, beside its own.
    """

    def __init__(self, stack, mappings=()):
        self.stack, self.mappings, self.statsd_port = stack, list(mappings), free_udp_port()
        self.primary = start_redis(stack, SETTINGS, name=PRIMARY)
        self.replica = start_replica(stack, self.primary, REPLICA_SETTINGS, name=REPLICA)
        self.sentinel = start_sentinel(stack, self.primary)
        self.nodes = start_cluster(stack)
        self.memcached = start_memcached(stack, "-m", "16", name=SESSIONS)
        for server in (self.primary, self.replica):
            server.cli("ACL", "SETUSER", USER, "on", ">" + PASSWORD, *RIGHTS, *KEY_RIGHTS)
        self.fill()
        self.password_file = stack.write("password-of-exporter", PASSWORD)
        # JSON is YAML too.
        self.config = stack.write("caches.yml", json.dumps(self.exporter_config()))

    @property
    def single(self):
        return [f"--redis.addr={self.primary.address}", f"--redis.user={USER}", f"--redis.password-file={self.password_file}"]

    def fill(self):
        """Enough to evict, and to have saved."""
        primary = self.primary
        primary.cli("SETRANGE", "ballast", BALLAST, "x")
        primary.cli("EVAL", USERS, 0)
        primary.cli("SET", "stock", 42)
        primary.cli("RPUSH", "queue:mail", "welcome", "invoice")
        for number in range(1, 6):
            primary.cli("XADD", "orders", f"{number}-1", "item", "compass")
        primary.cli("XDEL", "orders", "1-1")
        primary.cli("XGROUP", "CREATE", "orders", "billing", 0)
        primary.cli("XREADGROUP", "GROUP", "billing", "worker", "COUNT", 3, "STREAMS", "orders", ">")
        for command, running in (("BGSAVE", "rdb_bgsave_in_progress"), ("BGREWRITEAOF", "aof_rewrite_in_progress")):
            primary.cli(command)
            wait_for(lambda field=running: primary.info("persistence")[field] == "0", f"{command} to end")

    def exporter_config(self):
        def redis(name, server, **more):
            return {"name": name, "address": server.address, **more}

        guarded = {"credentials": "monitoring"}
        return {
            "credentials": {"monitoring": {"username": USER, "password_file": self.password_file}},
            "targets": [redis(PRIMARY, self.primary, keys=KEYS, **guarded), redis(REPLICA, self.replica, **guarded),
                        redis(SENTINEL, self.sentinel),
                        *[redis(CART.format(number), node) for number, node in enumerate(self.nodes, 1)],
                        {"name": SESSIONS, "kind": "memcached", "address": f"127.0.0.1:{self.memcached.port}"}],
            "statsd": {"listen": [f"127.0.0.1:{self.statsd_port}"], "mappings": self.mappings},
        }

    def start_load(self):
        """The application, until the stack ends."""
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cache_load.py")
        ports = [self.primary.port, self.memcached.port, self.statsd_port, *[node.port for node in self.nodes]]
        self.stack.start("load", [sys.executable, "-B", script, *map(str, ports)])


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Stack() as stack:
        caches = Caches(stack)
        caches.start_load()
        print(f"--config.file={caches.config}\nEnd with Ctrl-C.", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
