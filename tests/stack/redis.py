# SPDX-License-Identifier: Apache-2.0
"""Private Redis servers on loopback: one alone, a replica, a cluster of three nodes, a Sentinel; gone with their Stack."""

import contextlib
import os
import shutil
import subprocess
import time

from processes import Breakable, StackError, free_port


def program(name):
    found = shutil.which(name) or f"/usr/bin/{name}"
    if not os.access(found, os.X_OK):
        raise StackError(f"no {name} is installed: ./binnacle setup test")
    return found


def parse_info(text):
    """{field: text} of INFO; sections are left out, as no field is in two of them."""
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("#"))


class Redis(Breakable):
    """A redis-server in a folder of its own; `options` are its settings by name."""

    def __init__(self, stack, options=None, name="redis", password=""):
        self.stack, self.name, self.port, self.password = stack, name, free_port(), password
        self.options = dict(options or {})
        self.folder = stack.path(f"{name}-{self.port}")
        os.mkdir(self.folder)
        self.process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def command(self):
        settings = {"port": self.port, "bind": "127.0.0.1", "dir": self.folder, "save": "", "daemonize": "no",
                    "enable-debug-command": "local", **self.options}
        if self.password:
            settings["requirepass"] = self.password
        return [program("redis-server"), *(word for name, value in settings.items() for word in (f"--{name}", str(value)))]

    def start(self, wait=True):
        """Starts it; with `wait`, until it serves."""
        self.process = self.stack.start(self.name, self.command())
        if wait:
            self.process.wait_until(lambda: self.try_cli("PING") == "PONG", "PONG")
        return self

    def cli_environment(self, password=None):
        return {**os.environ, **({"REDISCLI_AUTH": password or self.password} if password or self.password else {})}

    def try_cli(self, *words):
        """What redis-cli prints, whatever it is."""
        done = subprocess.run([program("redis-cli"), "-p", str(self.port), *map(str, words)], capture_output=True, text=True,
                              timeout=60, check=False, env=self.cli_environment())
        return done.stdout.strip()

    def cli(self, *words):
        """What redis-cli prints for a command that succeeds."""
        done = subprocess.run([program("redis-cli"), "-e", "-p", str(self.port), *map(str, words)], capture_output=True,
                              text=True, timeout=60, check=False, env=self.cli_environment())
        if done.returncode != 0:
            raise StackError(f"{self.name}: redis-cli {' '.join(map(str, words))}: {done.stderr or done.stdout}".strip())
        return done.stdout.rstrip("\n")

    def info(self, section="everything"):
        return parse_info(self.cli("INFO", section))

    def fill(self, count):
        """Writes `count` keys in one script."""
        self.cli("EVAL", "for i = 1, tonumber(ARGV[1]) do redis.call('SET', 'filled:' .. i, 'x') end", 0, count)

    @contextlib.contextmanager
    def killed(self):
        self.kill()
        try:
            yield
        finally:
            self.start()


class Sentinel(Redis):
    """A Sentinel that watches one primary, whose failover it would need a second one for."""

    def __init__(self, stack, primary, master_name="orders", quorum=1):
        super().__init__(stack, name="sentinel")
        self.config = stack.write(f"sentinel-{self.port}.conf", "".join(f"{line}\n" for line in (
            f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}",
            f"sentinel monitor {master_name} 127.0.0.1 {primary.port} {quorum}",
            f"sentinel down-after-milliseconds {master_name} 60000")))

    def command(self):
        return [program("redis-server"), self.config, "--sentinel"]


def start_redis(stack, options=None, **more):
    return Redis(stack, options, **more).start()


def start_replica(stack, primary, options=None, name="replica"):
    """A replica that is linked to its primary, and that its primary calls online."""
    replica = start_redis(stack, {"replicaof": f"127.0.0.1 {primary.port}", "repl-diskless-sync-delay": 0,
                                  **(options or {})}, name=name)
    replica.process.wait_until(lambda: replica.info("replication").get("master_link_status") == "up", "its primary")
    # A moment after that the primary still says wait_bgsave.
    line = f"port={replica.port},state=online,"
    replica.process.wait_until(lambda: any(line in value for value in primary.info("replication").values()),
                               "its primary to call it online")
    return replica


def start_cluster_node(stack, name, password=""):
    """A node of its own, that knows no other yet."""
    options = {"cluster-enabled": "yes", "cluster-config-file": "nodes.conf", "cluster-port": free_port(),
               "cluster-node-timeout": 60000, **({"masterauth": password} if password else {})}
    return start_redis(stack, options, name=name, password=password)


def start_cluster(stack, nodes=3, password=""):
    """A cluster without replicas, all of whose nodes find it in order."""
    servers = [start_cluster_node(stack, f"node-{number}", password) for number in range(nodes)]
    done = subprocess.run([program("redis-cli"), "--cluster", "create", *(server.address for server in servers),
                           "--cluster-replicas", "0", "--cluster-yes"], capture_output=True, text=True, timeout=120,
                          check=False, env=servers[0].cli_environment())
    if done.returncode != 0:
        raise StackError(f"redis-cli --cluster create: {done.stdout[-400:]} {done.stderr[-400:]}")
    for server in servers:
        server.process.wait_until(lambda: parse_info(server.cli("CLUSTER", "INFO")).get("cluster_state") == "ok",
                                  "the cluster in order")
    return servers


def start_sentinel(stack, primary, quorum=1):
    return Sentinel(stack, primary, quorum=quorum).start()


if __name__ == "__main__":
    from processes import Stack
    with Stack() as own:
        print(f"Redis: {start_redis(own).address}\nEnd with Ctrl-C.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(1)
