# SPDX-License-Identifier: Apache-2.0
"""One named node leads to all nodes of a Redis Cluster: from the first scrape on, as they join, die, leave and come back."""

import json

import pytest
from helpers import run_exporter, scrape, show
from postgres_helpers import TIMEOUT, at_once, timed_scrape
from processes import Stack, request, wait_for
from redis import parse_info, start_cluster, start_cluster_node
from redis_helpers import start

NAME = "carts"  # the named node's target
SCRAPERS = 10
KEYS = 300
# INFO field: metric, for what does not change while nobody else is there.
FIELDS = {
    "maxclients": "redis_max_clients",
    "expired_keys": "redis_expired_keys_total",
    "keyspace_misses": "redis_keyspace_misses_total",
    "total_error_replies": "redis_total_error_replies",
    "rdb_changes_since_last_save": "redis_rdb_changes_since_last_save",
}


@pytest.fixture(scope="module", name="cluster")
def cluster_fixture():
    with Stack() as stack:
        nodes = start_cluster(stack)
        for key in range(KEYS):
            nodes[0].cli("-c", "SET", f"key:{key}", "x")
        yield nodes


def config(stack, nodes, password=""):
    """The exporter's config file, in which the first node alone has a name."""
    target = {"name": NAME, "address": nodes[0].address, "cluster": True}
    credentials = {}
    if password:
        target["credentials"] = "shop"
        credentials = {"shop": {"password_file": stack.write("password", password)}}
    return stack.write("cache.yml", json.dumps({"credentials": credentials, "targets": [target]}))


def targets_of(nodes, name=NAME):
    """{target: node}."""
    return {name if node is nodes[0] else f"{name}/{node.address}": node for node in nodes}


def ups(page):
    """{target: redis_up}."""
    return {labels["target"]: value for labels, value in page.of("redis_up")}


def failed(page):
    return [labels for labels, value in page.of("cache_scrape_collector_success") if value == 0]


def whole(url):
    """A page of a scrape in which nothing failed; else None."""
    page = scrape(url)
    return None if failed(page) else page


def own_connections(node):
    return node.cli("CLIENT", "LIST").count("name=cache-exporter")


def join_as_replica(node, primary, others=()):
    """Joins the primary's cluster. `others` have forgotten the node lately, and hear of it by itself only."""
    for known in (primary, *others):
        node.cli("CLUSTER", "MEET", "127.0.0.1", known.port, known.options["cluster-port"])
    of = primary.cli("CLUSTER", "MYID")
    wait_for(lambda: node.try_cli("CLUSTER", "REPLICATE", of) == "OK", "the node to know its primary")
    node.process.wait_until(lambda: node.info("replication").get("master_link_status") == "up", "its primary")


def test_the_first_scrape_has_all_nodes(cache_binary, stack, cluster):
    names = targets_of(cluster)
    code, out, errors = run_exporter(cache_binary, "--once", f"--config.file={config(stack, cluster)}")
    assert code == 0, errors
    for name in names:
        assert f'redis_up{{target="{name}"}} 1\n' in out
    _, url = stack.start_exporter(cache_binary, f"--config.file={config(stack, cluster)}")
    page = scrape(url)
    assert ups(page) == dict.fromkeys(names, 1)
    assert not failed(page)
    health = request(url + "/health/detailed").json()
    landing = request(url + "/").text
    for name in names:
        assert name in json.dumps(health)
        assert f"<td>{name}</td>" in landing


def test_numbers_of_each_node_equal_redis_cli(cache_binary, stack, cluster):
    _, url = stack.start_exporter(cache_binary, f"--config.file={config(stack, cluster)}")
    scrape(url)
    page = scrape(url)
    keys = 0
    for name, node in targets_of(cluster).items():
        info, said = node.info(), parse_info(node.cli("CLUSTER", "INFO"))
        for field, metric in FIELDS.items():
            assert page.value(metric, target=name) == float(info[field]), (name, field)
        ports = [labels["tcp_port"] for labels, _ in page.of("redis_instance_info") if labels["target"] == name]
        assert ports == [str(node.port)]
        assert page.value("redis_db_keys", target=name, db="db0") == int(node.cli("DBSIZE"))
        assert page.value("redis_cluster_my_epoch", target=name) == int(said["cluster_my_epoch"])
        assert page.value("redis_cluster_nodes", target=name, role="primary", state="ok") == len(cluster)
        assert page.value("redis_cluster_nodes", target=name, role="replica", state="ok") == 0
        keys += page.value("redis_db_keys", target=name, db="db0")
    assert keys == KEYS
    show(f"{len(cluster)} nodes, {len(FIELDS) + 6} numbers each equal, {len(page.samples)} samples in all")


def test_without_the_setting_only_the_named_node_is_read(cache_binary, stack, cluster):
    _, url = start(stack, cache_binary, cluster[0].address)
    scrape(url)
    assert [(labels, value) for labels, value in scrape(url).of("redis_up")] == [({}, 1)]


def test_the_flag_names_nodes_by_their_address(cache_binary, stack, cluster):
    _, url = start(stack, cache_binary, cluster[0].address, "--redis.cluster")
    assert ups(scrape(url)) == dict.fromkeys(targets_of(cluster, cluster[0].address), 1)
    # Two named nodes of one cluster: each is read once.
    _, url = start(stack, cache_binary, cluster[0].address, f"--redis.addr={cluster[1].address}", "--redis.cluster")
    scrape(url)
    names = [cluster[0].address, cluster[1].address, f"{cluster[0].address}/{cluster[2].address}"]
    assert ups(scrape(url)) == dict.fromkeys(names, 1)


def test_a_probe_of_the_name_has_all_nodes(cache_binary, stack, cluster):
    _, url = stack.start_exporter(cache_binary, f"--config.file={config(stack, cluster)}")
    for _ in range(2):
        page = scrape(url, f"/probe?target={NAME}")
        assert ups(page) == dict.fromkeys(targets_of(cluster), 1)
    for other in (f"{NAME}/{cluster[1].address}", cluster[1].address):
        answer = request(url + f"/probe?target={other}")
        assert answer.status == 404
        assert answer.text.count(cluster[1].address) == 1 and NAME not in answer.text.replace(other, "")


def test_each_node_has_one_connection(cache_binary, stack, cluster):
    _, url = stack.start_exporter(cache_binary, f"--config.file={config(stack, cluster)}",
                                  f"--web.max-requests={2 * SCRAPERS}")
    for _ in range(3):
        _, pages = at_once(url, SCRAPERS, 10)
        for page in pages:
            assert ups(page) == dict.fromkeys(targets_of(cluster), 1)
    assert [own_connections(node) for node in cluster] == [1, 1, 1]
    received = [node.info()["total_connections_received"] for node in cluster]
    assert request(url + "/-/reload", method="POST").status == 200
    assert ups(scrape(url)) == dict.fromkeys(targets_of(cluster), 1)
    after = [node.info()["total_connections_received"] for node in cluster]
    assert [int(now) - int(then) for then, now in zip(received, after)] == [1, 1, 1]  # redis-cli's own


def test_a_named_node_that_hangs_keeps_nobody(cache_binary, stack, cluster):
    _, url = stack.start_exporter(cache_binary, f"--config.file={config(stack, cluster)}")
    names = targets_of(cluster)
    assert ups(scrape(url)) == dict.fromkeys(names, 1)
    with cluster[0].frozen():
        for _ in range(3):
            seconds, page = timed_scrape(url)
            assert seconds < TIMEOUT
            assert ups(page) == {**dict.fromkeys(names, 1), NAME: 0}
            assert {labels["target"] for labels in failed(page)} == {NAME}
    page = wait_for(lambda: whole(url), "the named node")
    assert ups(page) == dict.fromkeys(names, 1)
    show(f"named node stopped: scrape of {seconds:.2f} s of {TIMEOUT} s")


def test_nodes_come_die_leave_and_come_back(cache_binary, stack):
    nodes = start_cluster(stack)
    _, url = stack.start_exporter(cache_binary, f"--config.file={config(stack, nodes)}")
    names = targets_of(nodes)
    assert ups(scrape(url)) == dict.fromkeys(names, 1)

    replica = start_cluster_node(stack, "joined")
    name = f"{NAME}/{replica.address}"
    join_as_replica(replica, nodes[1])
    wait_for(lambda: ups(scrape(url)) == dict.fromkeys([*names, name], 1), "the replica to appear")
    page = scrape(url)
    master = {"master_host": "127.0.0.1", "master_port": str(nodes[1].port)}
    assert page.value("redis_master_link_up", target=name, **master) == 1
    wait_for(lambda: scrape(url).value("redis_cluster_nodes", target=name, role="replica", state="ok") == 1, "its own view")

    replica.kill()
    page = scrape(url)
    assert ups(page) == {**dict.fromkeys(names, 1), name: 0}
    assert {labels["target"] for labels in failed(page)} == {name}
    replica.start()
    assert ups(scrape(url)) == dict.fromkeys([*names, name], 1)

    # The named node is down: the others tell of who joins.
    nodes[0].kill()
    late = start_cluster_node(stack, "late")
    late_name = f"{NAME}/{late.address}"
    join_as_replica(late, nodes[2])
    expected = {**dict.fromkeys([*names, name, late_name], 1), NAME: 0}
    wait_for(lambda: ups(scrape(url)) == expected, "the node that joined meanwhile")
    nodes[0].start()
    wait_for(lambda: ups(scrape(url)) == dict.fromkeys(expected, 1), "the named node, and it to know all")

    # A node leaves as redis-cli --cluster del-node has it: it lives on, and knows nobody.
    left = replica.cli("CLUSTER", "MYID")
    for node in (*nodes, late):
        node.cli("CLUSTER", "FORGET", left)
    replica.cli("CLUSTER", "RESET", "SOFT")
    scrape(url)  # learns of it
    page = scrape(url)
    assert ups(page) == dict.fromkeys([*names, late_name], 1)
    assert name not in page.text
    assert own_connections(replica) == 0

    join_as_replica(replica, nodes[1], others=(nodes[0], nodes[2], late))
    wait_for(lambda: ups(scrape(url)) == dict.fromkeys([*names, late_name, name], 1), "the node to be back")
    assert not failed(scrape(url))
    assert [own_connections(node) for node in (*nodes, replica, late)] == [1] * 5


def test_found_nodes_get_the_named_nodes_password(cache_binary, stack):
    nodes = start_cluster(stack, password="of-the-cluster")
    process, url = stack.start_exporter(cache_binary, "--log.level=debug",
                                        f"--config.file={config(stack, nodes, 'of-the-cluster')}")
    page = scrape(url)
    assert ups(page) == dict.fromkeys(targets_of(nodes), 1)
    assert not failed(page)
    for name in targets_of(nodes):
        assert page.value("redis_auth_duration_seconds_count", target=name) == 1
    answer = request(url + f"/probe?target={nodes[1].address}")
    assert answer.status == 404
    assert "of-the-cluster" not in process.log_text() + page.text + request(url + "/health/detailed").text


def test_who_may_not_ask_for_the_nodes_is_told_so(cache_binary, stack, cluster):
    cluster[0].cli("ACL", "SETUSER", "little", "on", ">s3cret", "+ping", "+info", "+cluster|info", "+client|setname")
    file = stack.write("password", "s3cret")
    process, url = start(stack, cache_binary, cluster[0].address, "--redis.cluster", "--redis.user=little",
                         f"--redis.password-file={file}")
    page = scrape(url)
    assert ups(page) == {cluster[0].address: 1}
    assert [labels["collector"] for labels in failed(page)] == ["cluster"]
    assert "may not run CLUSTER NODES" in process.log_text()


def test_nodes_need_the_collector_that_finds_them(cache_binary, cluster):
    code, _, errors = run_exporter(cache_binary, f"--redis.addr={cluster[0].address}", "--redis.cluster",
                                   "--no-collector.cluster")
    assert code == 1
    assert "--collector.cluster" in errors
