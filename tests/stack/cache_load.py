# SPDX-License-Identifier: Apache-2.0
"""An application with a cache of its own (L1) before Redis (L2), sessions in Memcached and carts in a Redis Cluster. What it
does with its own cache it tells over StatsD.

cache_load.py REDIS MEMCACHED STATSD NODE...: loopback ports.
"""

import collections
import random
import socket
import sys
import time
import zlib

from memcached import Client as Memcached

RATE = 40  # requests a second
USERS = 3000
VALUE = 2000  # bytes
L1_ENTRIES, L1_SECONDS = 30, 5
L2_SECONDS = 120
SLOW_EVERY = 100  # requests
SLOW_SECONDS = 0.03  # more than the slow log's 10 ms


class RedisError(Exception):
    pass


class Redis:
    """One connection."""

    def __init__(self, port):
        self.stream = socket.create_connection(("127.0.0.1", port), timeout=60).makefile("rwb")

    def __call__(self, *words):
        words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        self.stream.flush()
        return self.reply()

    def reply(self):
        line = self.stream.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RedisError(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            return None if rest == b"-1" else self.stream.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        if kind == b"+":
            return rest
        raise ConnectionError(f"Redis answered {line!r}")


class Cluster:
    """Goes where a node sends it."""

    def __init__(self, ports):
        self.nodes = {port: Redis(port) for port in ports}

    def __call__(self, *words):
        try:
            return random.choice(list(self.nodes.values()))(*words)
        except RedisError as error:
            if not str(error).startswith("MOVED "):
                raise
            return self.nodes[int(str(error).rpartition(":")[2])](*words)


class Statsd:
    """As an ordinary client sends: a packet for each value."""

    def __init__(self, port):
        self.port, self.socket = port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send(self, name, value, kind, **tags):
        text = f"cache.{name}:{value:g}|{kind}|#" + ",".join(f"{tag}:{word}" for tag, word in {"cache": "users", **tags}.items())
        self.socket.sendto(text.encode(), ("127.0.0.1", self.port))


class Users:
    """Users by number: from this process' memory, else from Redis, else loaded at some cost."""

    def __init__(self, redis, statsd):
        self.redis, self.statsd = redis, statsd
        self.entries = collections.OrderedDict()  # to when each ends, and the value

    def read(self, number):
        began = time.perf_counter()
        value = self.from_memory(number)
        self.tell("l1", "get", value, began)
        if value is None:
            self.remember(number, self.from_redis(number))

    def from_redis(self, number):
        began = time.perf_counter()
        value = self.redis("GET", f"user:{number}")
        self.tell("l2", "get", value, began)
        if value is None:
            began = time.perf_counter()
            value = self.load(number)
            self.statsd.send("load", (time.perf_counter() - began) * 1e3, "ms")
            self.redis("SET", f"user:{number}", value, "EX", L2_SECONDS)
        return value

    def tell(self, tier, operation, value, began):
        self.statsd.send("requests", 1, "c", tier=tier, op=operation, result="miss" if value is None else "hit")
        self.statsd.send("operation", (time.perf_counter() - began) * 1e3, "ms", tier=tier, op=operation)

    def from_memory(self, number):
        ends, value = self.entries.get(number, (0, None))
        if value is not None and ends < time.monotonic():
            del self.entries[number]
            self.statsd.send("expirations", 1, "c")
            return None
        if value is not None:
            self.entries.move_to_end(number)
        return value

    def load(self, number):
        time.sleep(0.002)
        plain = f"user {number} ".encode() * (2 * VALUE // 10) + random.randbytes(VALUE // 2)
        packed = zlib.compress(plain, 1)
        self.statsd.send("compression.in", len(plain), "c")
        self.statsd.send("compression.out", len(packed), "c")
        return packed

    def remember(self, number, value):
        self.entries[number] = (time.monotonic() + L1_SECONDS, value)
        if len(self.entries) > L1_ENTRIES:
            self.entries.popitem(last=False)
            self.statsd.send("evictions", 1, "c", reason="size")

    def tell_size(self):
        self.statsd.send("entries", len(self.entries), "g")
        self.statsd.send("max_entries", L1_ENTRIES, "g")
        self.statsd.send("size", sum(len(value) for _, value in self.entries.values()), "g")
        self.statsd.send("max_size", L1_ENTRIES * VALUE, "g")


def go_wrong(redis, statsd):
    """A slow command, two that are refused, and a value whose name means nothing."""
    redis("DEBUG", "SLEEP", SLOW_SECONDS)
    for words in (("INCR", "greeting"), ("NONSENSE",)):
        try:
            redis(*words)
        except RedisError:
            statsd.send("errors", 1, "c", tier="l2", op="set")
    statsd.send("nobody_knows", 1, "c")


def main(redis_port, memcached_port, statsd_port, *nodes):
    redis, sessions, carts = Redis(redis_port), Memcached(memcached_port), Cluster(nodes)
    statsd = Statsd(statsd_port)
    users = Users(redis, statsd)
    redis("SET", "greeting", "hello")
    number = 0
    while True:
        # Few are read often, and many now and then.
        user = int(random.paretovariate(0.5)) % USERS
        users.read(user)
        if sessions.get(f"session:{user}") is None:
            sessions.set(f"session:{user}", "x" * random.randrange(50, VALUE), L2_SECONDS)
        carts("SET", f"cart:{user}", "x", "EX", L2_SECONDS)
        carts("GET", f"cart:{random.randrange(USERS)}")
        number += 1
        if number % SLOW_EVERY == 1:
            go_wrong(redis, statsd)
            users.tell_size()
        time.sleep(random.expovariate(RATE))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
