# SPDX-License-Identifier: Apache-2.0
"""Where the cache exporter differs from redis_exporter on purpose, and why. The README tells the same: each name here stands
in its section "Where it differs". What is said here and is no longer so is an error of the check."""

OWN = "the exporter's own: see `cache_scrape_*`, `cache_exporter_build_info`"
LABELS_OF_ALL = "all settings, as labels; limits are `redis_config_*`"
A_CLIENT = "a series a client; `redis_clients_*` are sums by type"
GROUPS = "groups are named in the config"
SEARCH = "indexes of a search module: `FT._LIST` and `FT.INFO` of each at every scrape"
TILE38 = "another server, with a command of its own"
SCRIPT = "runs a script of the user's on the server"

# What we do not export at all: name or glob: why.
MISSING = {
    "redis_exporter_last_scrape_connect_time_seconds": "see `redis_connect_duration_seconds`",
    "redis_exporter_last_scrape_ping_time_seconds": "see `redis_ping_duration_seconds`",
    "redis_exporter_*": OWN,
    "redis_target_scrape_request_errors_total": OWN,
    "redis_config_key_value": LABELS_OF_ALL,
    "redis_config_value": LABELS_OF_ALL,
    "redis_sentinel_config_*": LABELS_OF_ALL,
    "redis_sentinel_peer_info": "a series a Sentinel, with its run id; `redis_sentinel_master_sentinels` counts them",
    "redis_connected_client_*": A_CLIENT,
    "redis_connected_clients_details": A_CLIENT,
    "redis_rdb_current_size_bytes": "needs the server's disk",
    "redis_search_index_*": SEARCH,
    "redis_tile38_*": TILE38,
    "redis_script_*": SCRIPT,
    "redis_key_value_as_string": "values as labels",
    "redis_key_memory_usage_bytes": "see `redis_key_group_memory_usage_bytes`",
    "redis_number_of_distinct_key_groups": GROUPS,
    "redis_last_key_groups_scrape_duration_milliseconds": GROUPS,
}

NEVER = "-1 there: none is under way, or was yet"
NO_LIMIT = "0 there: there is no limit"
NO_SLOW = "0 there: the slow log is empty"
NO_DATABASES = "0 there: a Sentinel has no databases, 16 are assumed"

# What we leave out where redis_exporter shows a number that stands for "unknown", which is 0 or less.
UNKNOWN = {
    "redis_aof_current_rewrite_duration_sec": NEVER,
    "redis_aof_last_rewrite_duration_sec": NEVER,
    "redis_rdb_current_bgsave_duration_sec": NEVER,
    "redis_rdb_last_bgsave_duration_sec": NEVER,
    "redis_second_repl_offset": "-1 there: it never followed another server",
    "redis_memory_max_bytes": NO_LIMIT,
    "redis_config_maxmemory": NO_LIMIT,
    "redis_slowlog_last_id": NO_SLOW,
    "redis_last_slow_execution_duration_seconds": NO_SLOW,
    "redis_db_keys": NO_DATABASES,
    "redis_db_keys_expiring": NO_DATABASES,
}

# Another type: name: why. Values are compared all the same.
TYPES = {
    "redis_expired_time_cap_reached_total": "it only rises; later releases have it so too",
}

# Labels that one side has and the other has not: name: (labels, why). The rest is compared all the same.
LABELS = {
    "redis_instance_info": ({"master_replid"}, "it came after 1.45"),
    "redis_sentinel_master_ckquorum_status": ({"message"}, "its text changes with the numbers in it"),
}

UNCLASSIFIED = "the keys of no group: `redis_db_keys` less the groups"

# Series that only they have: name: (one of their labels, why).
SERIES = {
    "redis_key_group_count": (("key_group", "unclassified"), UNCLASSIFIED),
    "redis_key_group_memory_usage_bytes": (("key_group", "unclassified"), UNCLASSIFIED),
}

WHO_ASKS = "the connection that asks counts too, and ours stays open"

# Values that stand still for nobody: name: (relative, absolute) tolerance, or None for name, type and labels alone; why.
MOVING = {
    "redis_start_time_seconds": ((0, 1), "theirs has the exporter's clock"),
    "redis_connected_clients": ((0, 3), WHO_ASKS),
    "redis_mem_clients_normal": (None, WHO_ASKS),
    "redis_memory_used_bytes": ((0.05, 1 << 20), WHO_ASKS),
    "redis_memory_used_overhead_bytes": ((0, 1 << 20), WHO_ASKS),
    "redis_memory_used_dataset_bytes": ((0.05, 1 << 20), WHO_ASKS),
    "redis_memory_used_rss_bytes": ((0.1, 2 << 20), "pages come and go"),
    "redis_mem_fragmentation_bytes": (None, "pages come and go"),
    "redis_mem_fragmentation_ratio": (None, "pages come and go"),
    "redis_allocator_active_bytes": ((0.1, 1 << 20), WHO_ASKS),
    "redis_allocator_allocated_bytes": ((0.05, 1 << 20), WHO_ASKS),
    "redis_allocator_resident_bytes": ((0.1, 2 << 20), WHO_ASKS),
    "redis_allocator_frag_bytes": (None, WHO_ASKS),
    "redis_allocator_frag_ratio": (None, WHO_ASKS),
    "redis_allocator_rss_bytes": (None, "pages come and go"),
    "redis_allocator_rss_ratio": (None, "pages come and go"),
    "redis_client_recent_max_input_buffer_bytes": (None, WHO_ASKS),
    "redis_client_recent_max_output_buffer_bytes": (None, WHO_ASKS),
    "redis_connected_slave_lag_seconds": ((0, 2), "a whole second, now and then"),
    "redis_master_last_io_seconds_ago": ((0, 10), "it starts again with each ping"),
    "redis_latency_percentiles_usec": (None, "calls in between move them both ways"),
    "redis_sentinel_master_last_ok_ping_reply_seconds": ((0, 2), "it starts again with each ping"),
}
