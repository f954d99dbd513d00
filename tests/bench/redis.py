# SPDX-License-Identifier: Apache-2.0
"""The cache exporter beside Debian's redis_exporter and beside the floor, in one run, in turns, on a private Redis: an ordinary
one and a large one.

The floors only send commands over an open connection, all together, and read the replies: INFO alone, and all that ours sends
in a scrape. redis-cli's INFO is a process of its own each time, whose start is counted. Figures are medians over the rounds;
nothing here passes or fails.
"""

import contextlib
import os
import resource
import select
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../stack"), HERE]
from exposition import parse  # noqa: E402
from measure import PLAIN, Exporter, command_line, cpu_seconds, median_of, print_ratio, run, status_kib  # noqa: E402
from processes import StackError, answers, free_port, request  # noqa: E402
from redis import start_redis, start_replica  # noqa: E402

PEER_PROGRAM = "prometheus-redis-exporter"
OURS, OURS_SAME, PEER = "ours, as it comes", "ours, the same facts", "redis_exporter"
INFO_FLOOR, ALL_FLOOR, CLI = "floor: INFO", "floor: all that ours sends", "redis-cli INFO everything"
# What redis_exporter 1.45 tells by default.
SAME_FACTS = ["ping", "info", "replication", "keyspace", "commandstats", "latencystats", "errorstats", "redis_config", "cluster", "latency",
              "slowlog"]
SAME_FLAGS = ["--collector.disable-defaults", *(f"--collector.{name}" for name in SAME_FACTS)]
INFO = "INFO everything"

# What applications do, a command a line.
USUAL = """SET k v|GET k|GET none|DEL gone|EXISTS k|EXPIRE k 100000|TTL k|INCR n|DECR n|MSET a 1 b 2|MGET a b|SETEX s 100000 v
HSET h f v|HGET h f|HGETALL h|HINCRBY h n 1|HDEL h none|LPUSH l a b c|RPOP l|LRANGE l 0 9|LLEN l|SADD st a b|SMEMBERS st
SISMEMBER st a|ZADD z 1 a 2 b|ZRANGE z 0 9|ZINCRBY z 1 a|ZSCORE z a|PUBLISH c m|EVAL return(1) 0|XADD x * f v|XRANGE x - +
SCAN 0|TYPE k|DBSIZE|PING|INCR st|NOSUCHCOMMAND"""
RARE = """APPEND k w|STRLEN k|GETRANGE k 0 1|SETRANGE k 0 x|GETSET k v|SETNX k v|INCRBY n 2|DECRBY n 2|INCRBYFLOAT fl 1.5|GETEX k
PTTL k|PEXPIRE k 100000000|PERSIST k|RENAME a c|RANDOMKEY|TOUCH k|UNLINK c|OBJECT ENCODING k|DUMP k|COPY k k2|HMGET h f|HLEN h
HKEYS h|HVALS h|HEXISTS h f|HSETNX h f v|HSCAN h 0|HSTRLEN h f|RPUSH l d|LPOP l|LINDEX l 0|LSET l 0 y|LTRIM l 0 9|LREM l 0 none
LPOS l y|SCARD st|SREM st none|SINTER st st|SUNION st st|SDIFF st st|SRANDMEMBER st|SSCAN st 0|SMISMEMBER st a b|SUNIONSTORE s2 st
ZCARD z|ZCOUNT z 0 9|ZRANK z a|ZREVRANK z a|ZREM z none|ZRANGEBYSCORE z 0 9|ZREVRANGE z 0 9|ZSCAN z 0|ZPOPMIN z2|ZMSCORE z a
ZUNIONSTORE z3 1 z|ZLEXCOUNT z - +|XLEN x|XREVRANGE x + -|XTRIM x MAXLEN 100|XINFO STREAM x|SETBIT bit 7 1|GETBIT bit 7|BITCOUNT bit
BITPOS bit 1|PFADD hll a|PFCOUNT hll|GEOADD g 13 38 p|GEOPOS g p|GEODIST g p p|GEOHASH g p|TIME|ECHO m|SCRIPT EXISTS aa
CLIENT ID|CLIENT GETNAME|MEMORY USAGE k|COMMAND COUNT|PUBSUB CHANNELS|WAIT 0 0|LOLWUT|ACL WHOAMI|CONFIG GET save|SLOWLOG LEN"""
OFTEN = 200  # times each


class Load:
    def __init__(self, commands, databases, keys, clients, replicas):
        self.commands, self.databases, self.keys, self.clients, self.replicas = commands, databases, keys, clients, replicas


LOADS = {
    "an ordinary Redis: 37 commands in use, 4 databases, 50 clients, a replica": Load(USUAL, 4, 10_000, 50, 1),
    "a large one: 115 commands in use, 16 databases, 1,000 clients, 3 replicas, 1,000,000 keys":
        Load(USUAL + "\n" + RARE, 16, 1_000_000, 1_000, 3),
}


class Connection:
    """One that sends inline commands. A reply's first line is read; what follows is left to the end of the batch."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)

    def run(self, lines):
        """Sends commands, and waits until all are answered."""
        self.socket.sendall("".join(line + "\r\n" for line in [*lines, "ECHO end-of-batch"]).encode())
        tail = b""
        while not tail.endswith(b"end-of-batch\r\n"):
            got = self.socket.recv(1 << 16)
            if not got:
                raise StackError("Redis closed the connection")
            tail = (tail + got)[-64:]


def commands_of(text):
    return [command for command in text.replace("\n", "|").split("|") if command]


def start_server(stack, load, connections):
    server = start_redis(stack, {"maxmemory": "2gb", "maxmemory-policy": "allkeys-lru", "appendonly": "yes", "maxclients": 5000,
                                 "latency-monitor-threshold": 1, "repl-diskless-sync-delay": 0})
    for number in range(load.replicas):
        start_replica(stack, server, name=f"replica-{number}")
    worker = Connection(server.port)
    fill = "for i = 1, tonumber(ARGV[1]) do redis.call('SET', ARGV[2] .. i, 'x', 'EX', 100000) end"
    for start in range(0, load.keys, 100_000):
        server.cli("EVAL", fill, 0, min(100_000, load.keys - start), f"key:{start}:")
    for number in range(load.databases):
        worker.run([f"SELECT {number}", "SET k v", "SET s v EX 100000"])
    worker.run(["SELECT 0"])
    for _ in range(OFTEN):
        worker.run(commands_of(load.commands))
    server.cli("DEBUG", "SLEEP", "0.02")
    for _ in range(load.clients):
        connections.append(Connection(server.port))
    return server


class Recorder(threading.Thread):
    """Stands between one exporter and Redis, and keeps what the exporter sends."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.sent = server, b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.start()

    @property
    def address(self):
        return "127.0.0.1:%d" % self.listener.getsockname()[1]

    def run(self):
        client, _ = self.listener.accept()
        self.listener.close()
        with client, socket.create_connection(("127.0.0.1", self.server.port)) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    got = ready.recv(1 << 16)
                    if not got:
                        return
                    if ready is client:
                        self.sent += got
                    (server if ready is client else client).sendall(got)


def sent_by_ours(stack, options, server):
    """The commands of one scrape after others, words apart by spaces."""
    recorder = Recorder(server)
    process, url = stack.start_exporter(options.exporter, f"--redis.addr={recorder.address}", name="recorded")
    for _ in range(3):
        recorder.sent = b""
        request(url + "/metrics")
    stack.processes.remove(process)
    process.stop()
    commands, rest = [], recorder.sent
    while rest:
        head, _, rest = rest.partition(b"\r\n")
        words = []
        for _ in range(int(head[1:])):
            size, _, rest = rest.partition(b"\r\n")
            words.append(rest[:int(size[1:])].decode())
            rest = rest[int(size[1:]) + 2:]
        commands.append(" ".join(words))
    return commands


def commands_a_scrape(server, exporter):
    """By the server's own count, in which its last INFO is not yet."""
    times = 10
    before = int(server.info("stats")["total_commands_processed"])
    for _ in range(times):
        exporter.scrape(PLAIN)
    return (int(server.info("stats")["total_commands_processed"]) - before - 1) / times


def run_floor(binary, port, commands, iterations):
    done = subprocess.run([binary, str(port), str(iterations), *commands], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError("the floor failed: " + done.stderr.strip())
    cpu, wall, count, size = map(int, done.stdout.split())
    return {"cpu": cpu / 1e9, "wall": wall / 1e9, "commands": count, "bytes": size}


def run_cli(port, iterations):
    def children():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before, walls, size = children(), [], 0
    for _ in range(iterations):
        start = time.perf_counter()
        size = len(subprocess.run(["redis-cli", "-p", str(port), *INFO.split()], capture_output=True, check=True).stdout)
        walls.append(time.perf_counter() - start)
    return {"cpu": (children() - before) / iterations, "wall": statistics.median(walls), "commands": 1, "bytes": size}


def compile_floor(stack):
    binary = stack.path("redis-floor")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "hiredis"], capture_output=True, text=True, check=True).stdout
    subprocess.run(["c++", "-std=c++20", "-O2", os.path.join(HERE, "redis_floor.cpp"), "-o", binary, *flags.split()], check=True)
    return binary


def start_exporters(stack, options, server):
    exporters = []
    for name, flags in ((OURS_SAME, SAME_FLAGS), (OURS, [])):
        process, url = stack.start_exporter(options.exporter, f"--redis.addr={server.address}", *flags, name=name.replace(" ", "-"))
        exporters.append(Exporter(name, process, url))
    if shutil.which(PEER_PROGRAM):
        port = free_port()
        process = stack.start(PEER, [PEER_PROGRAM, f"-web.listen-address=127.0.0.1:{port}", f"-redis.addr=redis://{server.address}"])
        peer = Exporter(PEER, process, f"http://127.0.0.1:{port}")
        process.wait_until(lambda: answers(peer.url + "/metrics"), "answers")
        exporters.append(peer)
    return exporters


def with_server_cpu(server, iterations, job):
    before = cpu_seconds(server.process.pid)
    figure = job()
    figure["server_cpu"] = (cpu_seconds(server.process.pid) - before) / iterations
    return figure


def measure_load(stack, options, load, connections):
    server = start_server(stack, load, connections)
    exporters = start_exporters(stack, options, server)
    sent, counts = sent_by_ours(stack, options, server), {}
    for exporter in exporters:
        exporter.measure(PLAIN, options.warm_up)
        counts[exporter.name] = commands_a_scrape(server, exporter)
    floor = options.floor or compile_floor(stack)
    jobs = {exporter.name: lambda one=exporter: one.measure(PLAIN, options.scrapes) for exporter in exporters}
    jobs[ALL_FLOOR] = lambda: run_floor(floor, server.port, sent, options.scrapes)
    jobs[INFO_FLOOR] = lambda: run_floor(floor, server.port, [INFO], options.scrapes)
    jobs[CLI] = lambda: run_cli(server.port, options.scrapes)
    figures = {name: [] for name in jobs}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
        for name, job in jobs.items():
            figures[name].append(with_server_cpu(server, options.scrapes, job))
    entries = {name: {**{key + "_us": median_of(rounds, key) * 1e6 for key in ("cpu", "wall", "server_cpu")},
                      "bytes": median_of(rounds, "bytes"), "commands": rounds[0].get("commands")}
               for name, rounds in figures.items()}
    for exporter in exporters:
        page = parse(request(exporter.url + "/metrics").text)
        pid = exporter.process.pid
        entries[exporter.name] |= {
            "wall_p99_us": median_of(figures[exporter.name], "wall_p99") * 1e6, "commands": counts[exporter.name],
            "series": sum(len(family.samples) for family in page.values()), "memory_kib": status_kib(pid, "VmRSS"),
            "own_memory_kib": status_kib(pid, "RssAnon"), "peak_memory_kib": status_kib(pid, "VmHWM")}
    return {"entries": entries, "ratios": ratios(entries), "sent": sent}


def measure(stack, options):
    """All figures, as --json prints them."""
    result = {"host": f"{os.uname().sysname} {os.uname().release}, {os.cpu_count()} CPUs", "rounds": options.rounds,
              "scrapes_a_round": options.scrapes, "binary_kib": os.path.getsize(options.exporter) // 1024, "loads": {}}
    for name, load in LOADS.items():
        print(name, file=sys.stderr, flush=True)
        connections = []
        with contextlib.ExitStack() as open_ones:
            open_ones.callback(lambda them=connections: [one.socket.close() for one in them])
            result["loads"][name] = measure_load(stack, options, load, connections)
        for process in reversed(stack.processes):
            process.stop()
        stack.processes.clear()
    return result


def ratios(entries):
    found = {}
    for ours in (OURS, OURS_SAME):
        for other, keys in ((PEER, ("cpu", "wall", "server_cpu")), (ALL_FLOOR, ("cpu", "wall")), (INFO_FLOOR, ("cpu", "wall")),
                            (CLI, ("cpu", "wall"))):
            for key in keys:
                if other in entries and entries[other][key + "_us"]:
                    found[f"{ours}: {key.replace('_', ' ')}, of {other}'s"] = entries[ours][key + "_us"] / entries[other][key + "_us"]
        for key in ("peak_memory_kib", "memory_kib", "own_memory_kib"):
            if PEER in entries:
                found[f"{ours}: {key[:-4].replace('_', ' ')}, of {PEER}'s"] = entries[ours][key] / entries[PEER][key]
    return found


def print_table(result):
    print(f"{result['host']}; medians of {result['rounds']} rounds of {result['scrapes_a_round']} scrapes, in turns;"
          f" our binary: {result['binary_kib']} KiB")
    columns = {"CPU us": "cpu_us", "wall us": "wall_us", "p99 us": "wall_p99_us", "server us": "server_cpu_us",
               "commands": "commands", "bytes": "bytes", "series": "series", "RSS KiB": "memory_kib", "own KiB": "own_memory_kib",
               "peak KiB": "peak_memory_kib"}
    for load, figures in result["loads"].items():
        print(f"\n{load}\n" + " " * 28 + "".join(f"{title:>10}" for title in columns))
        for name, entry in figures["entries"].items():
            cells = (entry.get(key) for key in columns.values())
            print(f"{name:<28}" + "".join(f"{'' if cell is None else format(cell, '.0f'):>10}" for cell in cells))
        print()
        for name, value in figures["ratios"].items():
            print_ratio(name, value)
        if PEER not in figures["entries"]:
            print(f"{PEER}: not measured: there is no {PEER_PROGRAM}: install the package of that name")


if __name__ == "__main__":
    sys.exit(run(measure, print_table, command_line(__doc__, "cache-exporter", "redis_floor.cpp", scrapes=100, rounds=3, warm_up=30)))
