#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""alerts/alertmanager.yml: it is valid, each alert goes to the right receiver, and a real Alertmanager hides what the
inhibit rules say and nothing else.

usage: test_alertmanager.py CONFIG RULES...
"""
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import cases

HOST = {"job": "node", "instance": "host-a:9100", "component": "system"}
OTHER = {**HOST, "instance": "host-b:9100"}
SHOP = {"job": "postgres-pool", "instance": "db-a:9187", "component": "postgres", "target": "shop"}
STOCK = {**SHOP, "target": "stock"}
CARTS = {"job": "cache", "instance": "app-a:9121", "component": "cache", "target": "carts"}
USERS = {**CARTS, "target": "users"}
SESSIONS = {**CARTS, "target": "sessions"}

# labels -> receiver
ROUTES = [
    ({"severity": "critical", "component": "system"}, "system-page"),
    ({"severity": "warning", "component": "system"}, "system-ticket"),
    ({"severity": "info", "component": "system"}, "silent"),
    ({"severity": "critical", "component": "postgres"}, "postgres-page"),
    ({"severity": "warning", "component": "postgres"}, "postgres-ticket"),
    ({"severity": "critical", "component": "cache"}, "cache-page"),
    ({"severity": "warning", "component": "cache"}, "cache-ticket"),
    ({"severity": "critical", "component": "of-somebody-else"}, "page"),
    ({"severity": "warning", "component": "of-somebody-else"}, "ticket"),
    ({"severity": "none"}, "ticket"),
]

# What is firing -> which of these (by position) must be hidden.
INHIBITIONS = [
    ("an exporter that is down hides its own host's alerts, not itself and not another host's", [
        {**HOST, "alertname": "SystemExporterDown", "severity": "critical"},
        {**HOST, "alertname": "SystemMemoryLow", "severity": "warning"},
        {**HOST, "alertname": "SystemDiskAlmostFull", "severity": "critical", "mountpoint": "/"},
        {**OTHER, "alertname": "SystemMemoryLow", "severity": "warning"},
        {**HOST, "alertname": "SomethingElse", "severity": "warning", "component": "cache"},
    ], {1, 2}),
    ("a critical alert hides the warning of the same name on the same host", [
        {**HOST, "alertname": "SystemMemoryLow", "severity": "critical"},
        {**HOST, "alertname": "SystemMemoryLow", "severity": "warning"},
        {**OTHER, "alertname": "SystemMemoryLow", "severity": "warning"},
        {**HOST, "alertname": "SystemIoPressure", "severity": "warning"},
    ], {1}),
    ("a critical alert on one filesystem does not hide another filesystem's warning", [
        {**HOST, "alertname": "SystemDiskAlmostFull", "severity": "critical", "mountpoint": "/", "device": "/dev/sda1"},
        {**HOST, "alertname": "SystemDiskAlmostFull", "severity": "warning", "mountpoint": "/", "device": "/dev/sda1"},
        {**HOST, "alertname": "SystemDiskAlmostFull", "severity": "warning", "mountpoint": "/data", "device": "/dev/sdb1"},
    ], {1}),
    ("a kill in a container hides the same host's own kill alert", [
        {**HOST, "alertname": "SystemContainerOomKill", "severity": "warning", "cgroup": "/app"},
        {**HOST, "alertname": "SystemOomKill", "severity": "warning"},
        {**OTHER, "alertname": "SystemOomKill", "severity": "warning"},
    ], {1}),
    ("a database server that is down hides its own alerts, not another server's of the same exporter", [
        {**SHOP, "alertname": "PostgresServerDown", "severity": "critical"},
        {**SHOP, "alertname": "PostgresCollectorFailing", "severity": "warning", "collector": "locks"},
        {**STOCK, "alertname": "PostgresCollectorFailing", "severity": "warning", "collector": "locks"},
        {**STOCK, "alertname": "PostgresPoolPaused", "severity": "warning", "name": "orders"},
    ], {1}),
    ("an exporter that is down hides the alerts of all its servers", [
        {name: value for name, value in {**SHOP, "alertname": "PostgresExporterDown", "severity": "critical"}.items()
         if name != "target"},
        {**SHOP, "alertname": "PostgresServerDown", "severity": "critical"},
        {**STOCK, "alertname": "PostgresLongTransaction", "severity": "warning", "datname": "shop"},
        {**HOST, "alertname": "SystemMemoryLow", "severity": "warning"},
    ], {1, 2}),
    ("a critical alert on one database does not hide another database's warning", [
        {**SHOP, "alertname": "PostgresLongTransaction", "severity": "critical", "datname": "orders"},
        {**SHOP, "alertname": "PostgresLongTransaction", "severity": "warning", "datname": "orders"},
        {**SHOP, "alertname": "PostgresLongTransaction", "severity": "warning", "datname": "stock"},
        {**STOCK, "alertname": "PostgresLongTransaction", "severity": "warning", "datname": "orders"},
    ], {1}),
    ("a Redis or Memcached that is down hides its own alerts, not another server's of the same exporter", [
        {**CARTS, "alertname": "CacheRedisDown", "severity": "critical"},
        {**CARTS, "alertname": "CacheCollectorFailing", "severity": "warning", "collector": "slowlog"},
        {**USERS, "alertname": "CacheRedisClientsBlocked", "severity": "warning"},
        {**SESSIONS, "alertname": "CacheMemcachedDown", "severity": "critical"},
        {**SESSIONS, "alertname": "CacheMemcachedEvictionsHigh", "severity": "warning"},
    ], {1, 4}),
    ("a cache exporter that is down hides the alerts of all its caches", [
        {name: value for name, value in {**CARTS, "alertname": "CacheExporterDown", "severity": "critical"}.items()
         if name != "target"},
        {**CARTS, "alertname": "CacheRedisDown", "severity": "critical"},
        {**USERS, "alertname": "CacheRedisEvictionsHigh", "severity": "warning"},
        {**CARTS, "alertname": "CacheRedisEvictionsHigh", "severity": "warning", "instance": "app-b:9121"},
        {**SHOP, "alertname": "PostgresCollectorFailing", "severity": "warning", "collector": "locks"},
    ], {1, 2}),
    ("a critical alert on one replica does not hide another replica's warning", [
        {**CARTS, "alertname": "CacheRedisReplicaBehind", "severity": "critical", "slave_ip": "10.0.0.2", "slave_port": "6379"},
        {**CARTS, "alertname": "CacheRedisReplicaBehind", "severity": "warning", "slave_ip": "10.0.0.2", "slave_port": "6379"},
        {**CARTS, "alertname": "CacheRedisReplicaBehind", "severity": "warning", "slave_ip": "10.0.0.3", "slave_port": "6379"},
    ], {1}),
]


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}")


def check_routes(config, rules):
    for labels, receiver in ROUTES:
        run("amtool", "config", "routes", "test", f"--config.file={config}", f"--verify.receivers={receiver}",
            *[f"{name}={value}" for name, value in labels.items()])
    for rule in rules:
        purpose = {"critical": "page", "warning": "ticket"}[rule["labels"]["severity"]]
        run("amtool", "config", "routes", "test", f"--config.file={config}",
            f"--verify.receivers={rule['labels']['component']}-{purpose}", f"alertname={rule['alert']}",
            *[f"{name}={value}" for name, value in rule["labels"].items()])
    print(f"{len(ROUTES)} routes and the routes of {len(rules)} alert rules lead to the right receivers")


class Alertmanager:
    """A real Alertmanager on a free loopback port, for as long as the with block lasts."""

    def __init__(self, config):
        self.folder = tempfile.TemporaryDirectory()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={self.folder.name}",
             "--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}"], stdout=self.log, stderr=self.log)

    def __enter__(self):
        self.wait_for("an answer", self.ready)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def ready(self):
        if self.process.poll() is not None:
            self.log.seek(0)
            sys.exit(f"Alertmanager ended at once:\n{self.log.read()}")
        try:
            return urllib.request.urlopen(f"{self.url}/-/ready", timeout=5).status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def post(self, alerts):
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", json.dumps([{"labels": a} for a in alerts]).encode(),
                                         {"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()

    def hidden(self, alerts):
        """Positions of the alerts that are suppressed now; None while one of them has not arrived."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=30) as reply:
            states = {frozenset(a["labels"].items()): a["status"]["state"] for a in json.load(reply)}
        if any(states.get(frozenset(a.items()), "unprocessed") == "unprocessed" for a in alerts):
            return None
        return {i for i, a in enumerate(alerts) if states[frozenset(a.items())] == "suppressed"}

    @staticmethod
    def wait_for(what, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > deadline:
                sys.exit(f"no {what} from Alertmanager within {seconds} seconds")
            time.sleep(0.1)
        return value


def check_inhibition(config):
    for title, alerts, wanted in INHIBITIONS:
        with Alertmanager(config) as server:
            server.post(alerts)
            try:
                server.wait_for("inhibition", lambda: server.hidden(alerts) == wanted)
            except SystemExit:
                sys.exit(f"{title}: hidden are {server.hidden(alerts)}, not {wanted} of {json.dumps(alerts, indent=1)}")
            print(f"real Alertmanager: {title}: {len(wanted)} of {len(alerts)} hidden")


def main():
    config, rule_files = sys.argv[1], sys.argv[2:]
    run("amtool", "check-config", config)
    print("amtool accepts the configuration")
    check_routes(config, [rule for _, rule in cases.read_rules(rule_files) if "alert" in rule])
    check_inhibition(config)


main()
