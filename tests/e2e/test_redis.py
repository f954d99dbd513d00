# SPDX-License-Identifier: Apache-2.0
"""Redis' numbers against redis-cli's at the same moment: alone, with a replica, as a cluster, as a Sentinel."""

import pytest
from helpers import run_exporter, scrape, show
from processes import Stack, wait_for
from redis import parse_info, start_cluster, start_redis, start_replica, start_sentinel
from redis_helpers import start


# INFO field: metric, and from the field's unit to the metric's.
FIELDS = {
    "blocked_clients": ("redis_blocked_clients", 1),
    "maxclients": ("redis_max_clients", 1),
    "used_memory_peak": ("redis_memory_used_peak_bytes", 1),
    "used_memory_startup": ("redis_memory_used_startup_bytes", 1),
    "maxmemory": ("redis_memory_max_bytes", 1),
    "total_system_memory": ("redis_total_system_memory_bytes", 1),
    "loading": ("redis_loading_dump_file", 1),
    "rdb_changes_since_last_save": ("redis_rdb_changes_since_last_save", 1),
    "rdb_saves": ("redis_rdb_saves_total", 1),
    "rdb_last_save_time": ("redis_rdb_last_save_timestamp_seconds", 1),
    "rdb_last_bgsave_time_sec": ("redis_rdb_last_bgsave_duration_sec", 1),
    "latest_fork_usec": ("redis_latest_fork_seconds", 1e-6),
    "total_connections_received": ("redis_connections_received_total", 1),
    "total_commands_processed": ("redis_commands_processed_total", 1),
    "total_net_input_bytes": ("redis_net_input_bytes_total", 1),
    "total_net_output_bytes": ("redis_net_output_bytes_total", 1),
    "rejected_connections": ("redis_rejected_connections_total", 1),
    "expired_keys": ("redis_expired_keys_total", 1),
    "evicted_keys": ("redis_evicted_keys_total", 1),
    "keyspace_hits": ("redis_keyspace_hits_total", 1),
    "keyspace_misses": ("redis_keyspace_misses_total", 1),
    "total_error_replies": ("redis_total_error_replies", 1),
    "master_repl_offset": ("redis_master_repl_offset", 1),
    "connected_slaves": ("redis_connected_slaves", 1),
    "uptime_in_seconds": ("redis_uptime_in_seconds", 1),
    "used_cpu_user": ("redis_cpu_user_seconds_total", 1),
    "used_cpu_sys_main_thread": ("redis_cpu_sys_main_thread_seconds_total", 1),
}
LADDER = 20  # bounds of the server's own histograms, up to half a second
SERVER = {"maxmemory": "256mb", "maxmemory-policy": "noeviction"}


@pytest.fixture(scope="module", name="server")
def server_fixture():
    with Stack() as stack:
        server = start_redis(stack, SERVER)
        server.fill(1000)
        server.cli("SET", "short", "x", "EX", 1000)
        server.cli("-n", 3, "SET", "other", "x")
        for key in ("filled:1", "filled:2", "no such key"):
            server.cli("GET", key)
        server.try_cli("INCRBY", "filled:1", "x")
        server.try_cli("NONSENSE")
        server.try_cli("EVAL", "return redis.error_reply('made up by a script')", 0)
        server.cli("BGSAVE")
        wait_for(lambda: server.info()["rdb_bgsave_in_progress"] == "0", "the snapshot to end")
        yield server


def parts(text):
    """{name: number} of "calls=1,usec=2"."""
    return {name: float(value) for name, _, value in (part.partition("=") for part in text.split(","))}


def between(before, value, after, what):
    """What we saw was true at some moment between two of redis-cli's answers."""
    low, high = sorted((float(before), float(after)))
    assert low * 0.999999 <= value <= high * 1.000001, f"{what}: {value}, redis-cli said {before}, then {after}"


def test_plain_fields_equal_redis_cli(cache_binary, stack, server):
    _, url = start(stack, cache_binary, server.address)
    scrape(url)
    before = server.info()
    page = scrape(url)
    after = server.info()
    for field, (metric, scale) in FIELDS.items():
        between(float(before[field]) * scale, page.value(metric), float(after[field]) * scale, field)
    assert page.value("redis_up") == 1
    assert page.value("redis_connected_clients") == int(before["connected_clients"]) - 1  # redis-cli itself
    assert [labels["redis_version"] for labels, _ in page.of("redis_instance_info")] == [before["redis_version"]]
    used = float(before["maxmemory"]) - page.value("redis_memory_used_bytes")
    assert page.value("redis_memory_headroom_bytes") == pytest.approx(used, abs=1)
    show(f"{len(FIELDS)} fields equal, {len(page.samples)} samples in all")


def test_keyspace_equals_redis_cli(cache_binary, stack, server):
    _, url = start(stack, cache_binary, server.address)
    page = scrape(url)
    for number in range(16):
        assert page.value("redis_db_keys", db=f"db{number}") == int(server.cli("-n", number, "DBSIZE"))
    assert page.value("redis_db_keys_expiring", db="db0") == 1
    assert page.value("redis_db_avg_ttl_seconds", db="db0") <= 1000


def test_commands_equal_redis_cli(cache_binary, stack, server):
    _, url = start(stack, cache_binary, server.address)
    scrape(url)
    before, page = server.info(), scrape(url)
    after = server.info()
    seen = 0
    for field, text in before.items():
        if not field.startswith("cmdstat_"):
            continue
        command, first, last = field.removeprefix("cmdstat_"), parts(text), parts(after[field])
        between(first["calls"], page.value("redis_commands_total", cmd=command), last["calls"], field)
        between(first["usec"] / 1e6, page.value("redis_commands_duration_seconds_total", cmd=command), last["usec"] / 1e6,
                field)
        between(first["failed_calls"], page.value("redis_commands_failed_calls_total", cmd=command), last["failed_calls"],
                field)
        seen += 1
    assert seen >= 8
    for field, text in before.items():
        if field.startswith("errorstat_"):
            word = field.removeprefix("errorstat_")
            name = word if word.isupper() else "other"
            assert page.value("redis_errors_total", err=name) == parts(text)["count"]
    assert page.get("redis_errors_total", err="other") == 1
    percentiles = dict(part.split("=") for part in before["latency_percentiles_usec_get"].split(","))
    assert page.value("redis_latency_percentiles_usec", cmd="get", quantile="99") == float(percentiles["p99"])


def test_histograms_have_all_bounds_and_the_servers_sums(cache_binary, stack, server):
    _, url = start(stack, cache_binary, server.address)
    scrape(url)
    page, info = scrape(url), server.info()
    commands = {labels["cmd"] for labels, _ in page.of("redis_command_duration_seconds_count")}
    assert {"get", "set", "config|get", "eval"} <= commands
    bounds = {}
    for labels, value in page.of("redis_command_duration_seconds_bucket"):
        bounds.setdefault(labels["cmd"], {})[float(labels["le"])] = value
    for command, buckets in bounds.items():
        assert len(buckets) == LADDER + 1
        counts = [buckets[bound] for bound in sorted(buckets)]
        assert counts == sorted(counts), command
        assert counts[-1] == page.value("redis_command_duration_seconds_count", cmd=command)
    for command in ("get", "set", "eval", "incrby"):
        stats = parts(info[f"cmdstat_{command}"])
        assert page.value("redis_command_duration_seconds_sum", cmd=command) == pytest.approx(stats["usec"] / 1e6)
    reply = server.cli("LATENCY", "HISTOGRAM", "get").split("\n")
    said = dict(zip(map(float, reply[4::2]), map(float, reply[5::2])))
    for bound, count in said.items():
        assert bounds["get"][bound / 1e6] == count
    show(f"{len(commands)} commands, {LADDER} bounds each")


def test_slow_commands_and_spikes(cache_binary, stack):
    server = start_redis(stack, {"slowlog-log-slower-than": 500_000, "latency-monitor-threshold": 500})
    _, url = start(stack, cache_binary, server.address)
    page = scrape(url)
    assert page.value("redis_slowlog_entries_total") == 0
    assert page.get("redis_slowlog_last_id") is None
    for _ in range(3):
        server.cli("DEBUG", "SLEEP", "0.6")
    page = scrape(url)
    assert page.value("redis_slowlog_entries_total") == 3
    assert page.value("redis_slowlog_length") == int(server.cli("SLOWLOG", "LEN"))
    assert page.value("redis_last_slow_execution_duration_seconds") >= 0.6
    assert page.value("redis_config_slowlog_log_slower_than_seconds") == 0.5
    name, last, latest, longest = server.cli("LATENCY", "LATEST").split("\n")[:4]
    assert page.value("redis_latency_spike_last", event_name=name) == int(last)
    assert page.value("redis_latency_spike_duration_seconds", event_name=name) == int(latest) / 1000
    assert page.value("redis_latency_spike_max_seconds", event_name=name) == int(longest) / 1000
    server.cli("SLOWLOG", "RESET")
    assert scrape(url).value("redis_slowlog_entries_total") == 3


def test_clients_are_summed_up(cache_binary, stack, server):
    _, url = start(stack, cache_binary, server.address, "--collector.clients")
    page = scrape(url)
    listed = server.cli("CLIENT", "LIST").split("\n")
    assert page.value("redis_clients", type="normal") == len(listed) - 1  # redis-cli itself
    assert sum("name=cache-exporter" in line for line in listed) == 1
    assert page.value("redis_clients", type="replica") == 0


def test_a_replica_and_its_primary(cache_binary, stack):
    primary = start_redis(stack, name="primary")
    primary.fill(500)
    replica = start_replica(stack, primary)
    _, url = start(stack, cache_binary, primary.address, f"--redis.addr={replica.address}")
    slave = {"slave_ip": "127.0.0.1", "slave_port": str(replica.port), "slave_state": "online", "target": primary.address}

    def confirmed():
        page = scrape(url)
        lag = page.get("redis_connected_slave_lag_seconds", **slave)
        return page if lag is not None and lag <= 1 else None
    page = wait_for(confirmed, "the replica to be online and to confirm")
    info = primary.info()
    offset = dict(part.split("=") for part in info["slave0"].split(","))["offset"]
    assert page.value("redis_connected_slave_offset_bytes", **slave) <= int(offset)
    assert page.value("redis_connected_slave_lag_bytes", **slave) >= 0
    assert page.value("redis_connected_slaves", target=primary.address) == 1
    of = {"master_host": "127.0.0.1", "master_port": str(primary.port), "target": replica.address}
    assert page.value("redis_master_link_up", **of) == 1
    assert page.value("redis_slave_info", read_only="1", **of) == 1
    assert page.value("redis_slave_repl_offset", **of) <= int(replica.info()["slave_repl_offset"])
    assert page.value("redis_replica_resyncs_full", target=primary.address) == int(info["sync_full"])
    primary.kill()
    wait_for(lambda: replica.info("replication")["master_link_status"] == "down", "the link to be down")
    page = scrape(url)
    assert page.value("redis_up", target=primary.address) == 0
    assert page.value("redis_up", target=replica.address) == 1
    assert page.value("redis_master_link_up", **of) == 0
    assert page.get("redis_master_last_io_seconds_ago", **of) is None
    assert page.value("redis_master_link_down_seconds", target=replica.address) >= 0


def test_a_cluster(cache_binary, stack):
    nodes = start_cluster(stack)
    _, url = start(stack, cache_binary, nodes[0].address)
    page, info = scrape(url), parse_info(nodes[0].cli("CLUSTER", "INFO"))
    assert page.value("redis_cluster_enabled") == 1
    assert page.value("redis_cluster_state") == 1
    for field in ("cluster_slots_assigned", "cluster_slots_ok", "cluster_known_nodes", "cluster_size",
                  "cluster_current_epoch"):
        assert page.value(f"redis_{field}") == int(info[field]), field
    assert page.value("redis_cluster_slots_uncovered") == 0
    assert [labels for labels, _ in page.of("redis_db_keys")] == [{"db": "db0"}]
    nodes[0].cli("CLUSTER", "DELSLOTS", 0, 1, 2)
    page = scrape(url)
    assert page.value("redis_cluster_slots_uncovered") == 3
    wait_for(lambda: scrape(url).value("redis_cluster_state") == 0, "the cluster to be out of order")


def test_a_sentinel(cache_binary, stack):
    primary = start_redis(stack, name="primary")
    replica = start_replica(stack, primary)
    sentinel = start_sentinel(stack, primary)
    sentinel.process.wait_until(lambda: sentinel.info("sentinel")["master0"].endswith("slaves=1,sentinels=1"), "its replica")
    _, url = start(stack, cache_binary, sentinel.address)
    page = scrape(url)
    of = {"master_name": "orders", "master_address": primary.address}
    assert page.value("redis_up") == 1
    assert page.value("redis_sentinel_masters") == 1
    assert page.value("redis_sentinel_master_status", master_status="ok", **of) == 1
    assert page.value("redis_sentinel_master_slaves", **of) == 1
    assert page.value("redis_sentinel_master_sentinels", **of) == 1
    assert page.value("redis_sentinel_master_ok_slaves", **of) == 1
    assert page.value("redis_sentinel_master_ok_sentinels", **of) == 1
    assert page.value("redis_sentinel_master_setting_ckquorum", **of) == 1
    assert page.value("redis_sentinel_master_setting_down_after_milliseconds", **of) == 60000
    assert page.value("redis_sentinel_master_ckquorum_status", master_name="orders") == 1
    failed = [labels for labels, value in page.of("cache_scrape_collector_success") if value == 0]
    assert failed == [], failed
    assert replica.process.process.poll() is None


def test_once_prints_a_scrape(cache_binary, server):
    code, out, errors = run_exporter(cache_binary, "--once", env={"REDIS_ADDR": f"redis://{server.address}/0"})
    assert code == 0, errors
    assert "redis_up 1\n" in out
