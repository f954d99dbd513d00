# SPDX-License-Identifier: Apache-2.0
"""Keys, groups of keys and streams that the config names: their numbers against redis-cli's, and what they cost the server."""

import json

import pytest
from helpers import scrape, show
from processes import wait_for
from redis import start_cluster, start_redis
from redis_helpers import failed, states

TARGET = "orders"
# What the server's own KEYS says of these decides.
ODD_KEYS = ["session:1", "session:2", "sessions", "user:0", "user:9", "user:x", "a*b", "aXb", "a]b", "a-b", "[a]", "back\\slash",
            "question?", "Session:1", "h^llo", "hello", "hallo", "umlaut:\u00e4"]
ODD_PATTERNS = ["*", "session:*", "session:?", "user:[0-9]", "user:[^0-9]", "user:[9-0]", "a\\*b", "a*b", "a?b", "a[]-]b",
                "a[\\]-]b", "\\[a]", "[[]a[]]", "*\\\\*", "*\\?", "[Ss]ession*", "h[^a]llo", "h[\\^e]llo", "h[a-]llo", "umlaut:??",
                "*s*i*o*n*", "user:[", "nothing", "session:\\"]


def run(stack, cache_binary, server, keys, *flags, **more):
    """The exporter with one target of these keys. Returns (process, base URL)."""
    target = {"name": TARGET, "address": server.address, "keys": keys, **more.pop("target", {})}
    config = stack.write(f"keys-{server.port}.yml", json.dumps({"targets": [target], **more}))
    return stack.start_exporter(cache_binary, f"--config.file={config}", *flags)


def start(*what, **more):
    return run(*what, **more)[1]


def calls(server, command):
    """How often the server ran a command since CONFIG RESETSTAT."""
    field = server.info("commandstats").get(f"cmdstat_{command}")
    return int(field.partition("calls=")[2].partition(",")[0]) if field else 0


def pairs(lines):
    return dict(zip(lines[::2], lines[1::2]))


def time_of(stream_id):
    return float(stream_id.partition("-")[0])


def databases_of_exporter(server):
    """The database that each of the exporter's connections is in."""
    lines = [line.split() for line in server.cli("CLIENT", "LIST").split("\n") if "name=cache-exporter" in line]
    return [word.partition("=")[2] for line in lines for word in line if word.startswith("db=")]


def test_single_keys_equal_redis_cli(cache_binary, stack):
    server = start_redis(stack)
    server.cli("SET", "number", "-42.5")
    server.cli("SET", "text", "hello")
    server.cli("SETBIT", "bits", 100, 1)
    server.cli("RPUSH", "queue:mail", "a", "b", "c")
    server.cli("SADD", "set", "a", "b")
    server.cli("ZADD", "zset", 1, "a")
    server.cli("HSET", "hash", "a", 1, "b", 2)
    server.cli("PFADD", "sketch", *range(100))
    server.cli("XADD", "stream", "*", "a", 1)
    server.cli("-n", 3, "RPUSH", "queue:mail", "a")
    lengths = {"number": "STRLEN", "text": "STRLEN", "bits": "STRLEN", "queue:mail": "LLEN", "set": "SCARD", "zset": "ZCARD",
               "hash": "HLEN", "sketch": "PFCOUNT", "stream": "XLEN"}
    url = start(stack, cache_binary, server, {"single": [*lengths, "db3=queue:mail", "db3=none", "none"]})
    for _ in range(2):
        page = scrape(url)
        for key, command in lengths.items():
            assert page.value("redis_key_size", db="db0", key=key, target=TARGET) == int(server.cli(command, key)), key
        assert page.value("redis_key_size", db="db3", key="queue:mail", target=TARGET) == 1
        assert page.value("redis_key_size", db="db3", key="none", target=TARGET) == 0
        assert page.of("redis_key_value") == [({"db": "db0", "key": "number", "target": TARGET}, -42.5)]
        assert databases_of_exporter(server) == ["0"]
    assert states(page)["keys"] == "ok"
    assert states(page)["streams"] == "not_applicable"
    assert calls(server, "scan") == 0
    assert server.info("errorstats") == {}, "keys must be read without errors that the server counts"


def test_patterns_mean_what_the_server_means(cache_binary, stack):
    server = start_redis(stack)
    for key in ODD_KEYS:
        server.cli("SET", key, "x")
    url = start(stack, cache_binary, server, {"count": ODD_PATTERNS})
    page = scrape(url)
    matching = 0
    for pattern in ODD_PATTERNS:
        wanted = int(server.cli("EVAL", "return #redis.call('KEYS', ARGV[1])", 0, pattern))
        label = pattern.replace("\\", "\\\\")  # as it is written on the page
        assert page.value("redis_keys_count", db="db0", key=label, target=TARGET) == wanted, pattern
        matching += wanted > 0
    assert matching >= 18
    show(f"{len(ODD_PATTERNS)} patterns on {len(ODD_KEYS)} keys, {matching} of which match")


def test_a_large_key_space_is_gone_over_in_parts(cache_binary, stack):
    keys, budget = 200_000, 10_000
    server = start_redis(stack)
    server.fill(keys)
    server.cli("-n", 5, "SET", "filled:1", "x")
    url = start(stack, cache_binary, server, {
        "count": ["filled:*", "db5=filled:*"], "groups": [{"name": "nines", "pattern": "filled:9*"}], "scan_budget": budget,
        "scan_time": "5s"})
    of = {"db": "db0", "key": "filled:*", "target": TARGET}
    most, scrapes, visited = 0, 0, 0
    while True:
        server.cli("CONFIG", "RESETSTAT")
        page = scrape(url)
        scrapes += 1
        most = max(most, calls(server, "scan"))
        now = page.value("redis_key_scan_keys_visited_total", target=TARGET)
        assert now - visited <= budget + 1000
        visited = now
        passes = page.value("redis_key_scan_passes_total", target=TARGET)
        assert (page.get("redis_keys_count", **of) is None) == (passes == 0)
        assert (page.get("redis_key_scan_age_seconds", target=TARGET) is None) == (passes == 0)
        if passes == 2:
            break
        assert scrapes < 100, f"{passes} passes after {scrapes} scrapes"
    assert most <= budget // 1000
    assert scrapes >= 2 * keys // budget
    assert page.value("redis_keys_count", **of) == keys
    assert page.value("redis_keys_count", **{**of, "db": "db5"}) == 1
    nines = sum(str(number).startswith("9") for number in range(1, keys + 1))
    assert page.value("redis_key_group_count", db="db0", key_group="nines", target=TARGET) == nines
    assert page.value("redis_key_scan_age_seconds", target=TARGET) < 60
    assert databases_of_exporter(server) == ["0"]
    show(f"{keys} keys: {scrapes} scrapes for 2 passes, at most {most} SCANs each")


def test_the_memory_of_groups(cache_binary, stack):
    server = start_redis(stack)
    server.cli("EVAL", "for i = 1, 5000 do redis.call('SET', 'page:' .. i, string.rep('x', 1000)) end", 0)
    for number in range(5):
        server.cli("-n", 2, "SET", f"cart:{number}", "x" * 100 * (number + 1))
    url = start(stack, cache_binary, server, {"groups": [
        {"name": "pages", "pattern": "page:*", "memory": True}, {"name": "carts", "pattern": "db2=cart:*", "memory": True},
        {"name": "none", "pattern": "none:*", "memory": True}, {"name": "plain", "pattern": "page:1*"}]})
    page = scrape(url)
    each = int(server.cli("MEMORY", "USAGE", "page:1"))
    memory = {labels["key_group"]: value for labels, value in page.of("redis_key_group_memory_usage_bytes")}
    assert memory["pages"] == pytest.approx(5000 * each, rel=0.02)
    assert memory["carts"] == sum(int(server.cli("-n", 2, "MEMORY", "USAGE", f"cart:{number}")) for number in range(5))
    assert memory["none"] == 0
    assert "plain" not in memory
    count = {labels["key_group"]: value for labels, value in page.of("redis_key_group_count")}
    assert count == {"pages": 5000, "carts": 5, "none": 0, "plain": 1111}
    assert calls(server, "memory|usage") <= 20 * 6 + 5 + 6


def make_streams(server):
    """A stream with two groups and one without, in two databases."""
    for number in range(10):
        server.cli("XADD", "orders", f"{1000 + number}-1", "item", number)
    server.cli("XDEL", "orders", "1004-1")
    server.cli("XGROUP", "CREATE", "orders", "billing", 0)
    server.cli("XGROUP", "CREATE", "orders", "shipping", "$")
    server.cli("XREADGROUP", "GROUP", "billing", "worker-1", "COUNT", 4, "STREAMS", "orders", ">")
    server.cli("XREADGROUP", "GROUP", "billing", "worker-2", "COUNT", 3, "STREAMS", "orders", ">")
    server.cli("XACK", "orders", "billing", "1000-1")
    server.cli("-n", 1, "XADD", "events:web", "2000-0", "kind", "click")
    server.cli("-n", 1, "HSET", "events:meta", "a", 1)
    server.cli("-n", 1, "XADD", "other", "*", "a", 1)


def test_streams_equal_redis_cli(cache_binary, stack):
    server = start_redis(stack)
    make_streams(server)
    server.cli("SET", "wrong", "x")
    url = start(stack, cache_binary, server, {"streams": ["orders", "wrong", "none", "db1=events:*"]})
    page = scrape(url)
    assert states(page)["streams"] == "ok"
    assert {labels["stream"] for labels, _ in page.of("redis_stream_length")} == {"orders", "events:web"}
    of = {"db": "db0", "stream": "orders", "target": TARGET}
    said = pairs(server.cli("XINFO", "STREAM", "orders").split("\n")[:16])
    for field, metric in {"length": "length", "radix-tree-keys": "radix_tree_keys", "radix-tree-nodes": "radix_tree_nodes",
                          "groups": "groups", "entries-added": "entries_added_total"}.items():
        assert page.value(f"redis_stream_{metric}", **of) == float(said[field]), field
    assert page.value("redis_stream_last_generated_id", **of) == time_of(said["last-generated-id"])
    assert page.value("redis_stream_max_deleted_entry_id", **of) == time_of(said["max-deleted-entry-id"]) == 1004
    assert page.value("redis_stream_first_entry_id", **of) == 1000
    assert page.value("redis_stream_last_entry_id", **of) == 1009
    groups = server.cli("XINFO", "GROUPS", "orders").split("\n")
    assert len(groups) == 24
    for group in (pairs(groups[:12]), pairs(groups[12:])):
        labels = {"group": group["name"], **of}
        assert page.value("redis_stream_group_consumers", **labels) == float(group["consumers"])
        assert page.value("redis_stream_group_messages_pending", **labels) == float(group["pending"])
        assert page.value("redis_stream_group_last_delivered_id", **labels) == time_of(group["last-delivered-id"])
        for field in ("entries-read", "lag"):
            wanted = float(group[field]) if group[field] else None
            assert page.get(f"redis_stream_group_{field.replace('-', '_')}", **labels) == wanted, group
    assert page.value("redis_stream_group_messages_pending", group="billing", **of) == 6
    for consumer, pending in {"worker-1": 3, "worker-2": 3}.items():
        labels = {"group": "billing", "consumer": consumer, **of}
        assert page.value("redis_stream_group_consumer_messages_pending", **labels) == pending
        idle = page.value("redis_stream_group_consumer_idle_seconds", **labels)
        lines = server.cli("XINFO", "CONSUMERS", "orders", "billing").split("\n")
        assert 0 < idle <= float(lines[lines.index(consumer) + 4]) / 1000
    assert page.value("redis_stream_length", db="db1", stream="events:web", target=TARGET) == 1
    assert page.get("redis_stream_max_deleted_entry_id", db="db1", stream="events:web", target=TARGET) is None
    assert databases_of_exporter(server) == ["0"]
    assert server.info("errorstats") == {}, "streams must be read without errors that the server counts"


def test_limits_of_streams_and_consumers(cache_binary, stack):
    server = start_redis(stack)
    server.cli("EVAL", "for i = 100, 149 do redis.call('XADD', 'events:' .. i, '*', 'a', 1) end", 0)
    server.cli("XGROUP", "CREATE", "events:100", "group", 0)
    server.cli("EVAL", "for i = 10, 29 do redis.call('XGROUP', 'CREATECONSUMER', 'events:100', 'group', 'c' .. i) end", 0)
    url = start(stack, cache_binary, server, {"streams": ["events:*", "events:149"], "max_streams": 10, "max_consumers": 15})
    page = scrape(url)
    names = {labels["stream"] for labels, _ in page.of("redis_stream_length")}
    assert names == {f"events:{number}" for number in range(100, 110)} | {"events:149"}
    assert len(page.of("redis_stream_group_consumer_idle_seconds")) == 15
    left_out = {labels["of"]: value for labels, value in page.of("redis_stream_series_left_out")}
    assert left_out == {"streams": 40, "groups": 0, "consumers": 5}


def test_a_forbidden_scan(cache_binary, stack):
    server = start_redis(stack)
    server.cli("ACL", "SETUSER", "little", "on", ">s3cret", "~*", "+@all", "-scan")
    make_streams(server)
    password = stack.write("password", "s3cret")
    more = {"credentials": {"little": {"username": "little", "password_file": password}}, "target": {"credentials": "little"}}
    url = start(stack, cache_binary, server, {"count": ["*"], "streams": ["orders"]}, **more)
    for _ in range(4):
        page = scrape(url)
        assert not failed(page)
        assert states(page)["keys"] == "not_applicable"
        assert page.value("redis_stream_length", db="db0", stream="orders", target=TARGET) == 9
    lines = server.cli("ACL", "LOG").split("\n")
    assert sum(int(lines[at + 1]) for at, line in enumerate(lines) if line == "count") == 1, lines


def test_a_renamed_scan(cache_binary, stack):
    server = start_redis(stack, {"rename-command SCAN": "nobody-knows"})
    url = start(stack, cache_binary, server, {"streams": ["events:*"]})
    page = scrape(url)
    assert not failed(page)
    assert states(page)["keys"] == states(page)["streams"] == "not_applicable"


def test_a_database_that_does_not_exist(cache_binary, stack):
    server = start_redis(stack)
    server.cli("SET", "key", "x")
    process, url = run(stack, cache_binary, server, {"single": ["db99=key"], "streams": ["key"]})
    page = scrape(url)
    assert failed(page) == {"keys"}
    assert page.of("redis_key_size") == []
    assert databases_of_exporter(server) == ["0"]
    assert "DB index is out of range" in process.log_text()


def test_keys_of_other_nodes(cache_binary, stack):
    """In a cluster each key is told by the one node that has it, and the others are not asked at each scrape."""
    nodes = start_cluster(stack)
    names = [f"key:{number}" for number in range(12)]
    for name in names:
        nodes[0].cli("-c", "SET", name, "x" * 7)
    config = {"targets": [{"name": node.address, "address": node.address, "keys": {"single": names, "count": ["key:*"]}}
                          for node in nodes]}
    url = stack.start_exporter(cache_binary, "--config.file=" + stack.write("cluster.yml", json.dumps(config)))[1]
    first, page = scrape(url), None
    moved = [node.info("errorstats").get("errorstat_MOVED") for node in nodes]
    for _ in range(3):
        page = scrape(url)
    for one in (first, page):
        assert sorted(labels["key"] for labels, _ in one.of("redis_key_size")) == sorted(names)
        assert {value for _, value in one.of("redis_key_size")} == {7}
        assert sum(value for _, value in one.of("redis_keys_count")) == len(names)
    assert len({labels["target"] for labels, _ in page.of("redis_key_size")}) > 1
    assert [node.info("errorstats").get("errorstat_MOVED") for node in nodes] == moved


def test_a_server_without_command_logs(cache_binary, stack):
    server = start_redis(stack)
    url = start(stack, cache_binary, server, {})
    page = scrape(url)
    errors = server.info("errorstats")
    for _ in range(3):
        page = scrape(url)
    assert states(page)["commandlog"] == states(page)["keys"] == states(page)["streams"] == "not_applicable"
    assert server.info("errorstats") == errors


def test_keys_after_a_restart(cache_binary, stack):
    server = start_redis(stack)
    server.fill(500)
    url = start(stack, cache_binary, server, {"single": ["filled:1"], "count": ["filled:*"]})
    of = {"db": "db0", "key": "filled:*", "target": TARGET}
    assert scrape(url).value("redis_keys_count", **of) == 500
    with server.killed():
        assert scrape(url).of("redis_key_size") == []
    page = wait_for(lambda: (found := scrape(url)).of("redis_key_size") and found, "the restarted server's keys")
    assert page.value("redis_key_size", db="db0", key="filled:1", target=TARGET) == 0
    assert page.value("redis_keys_count", **of) == 0
