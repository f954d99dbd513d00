// SPDX-License-Identifier: Apache-2.0
#include "memcached_server.h"

#include <algorithm>
#include <array>

#include "memcached_metrics.h"

namespace binnacle::cache {

namespace {

constexpr double kMicrosecond = 1e-6;

// memcached_exporter's names.
constexpr std::array kServer{
    StatMetric{"uptime", "memcached_uptime_seconds", kStatCounter, "Time since the server was started, in seconds."},
    StatMetric{"time", "memcached_time_seconds", kStatGauge, "The server's clock, in seconds since 1970."},
    StatMetric{"rusage_user", "memcached_process_user_cpu_seconds_total", kStatCounter,
               "CPU time that the server used in user mode, in seconds."},
    StatMetric{"rusage_system", "memcached_process_system_cpu_seconds_total", kStatCounter,
               "CPU time that the kernel used for the server, in seconds."},
    StatMetric{"bytes_read", "memcached_read_bytes_total", kStatCounter, "Bytes that the server read from clients."},
    StatMetric{"bytes_written", "memcached_written_bytes_total", kStatCounter,
               "Bytes that the server sent to clients."},
    StatMetric{"curr_connections", "memcached_current_connections", kStatGauge, "Connections that are open."},
    StatMetric{"total_connections", "memcached_connections_total", kStatCounter,
               "Connections that were opened since the server's start."},
    StatMetric{"rejected_connections", "memcached_connections_rejected_total", kStatCounter,
               "Connections that were closed at once, because the limit of connections was reached (maxconns_fast)."},
    StatMetric{"conn_yields", "memcached_connections_yielded_total", kStatCounter,
               "How often a connection had to let others go first after too many requests in a row (option -R)."},
    StatMetric{"listen_disabled_num", "memcached_connections_listener_disabled_total", kStatCounter,
               "How often the server stopped to take connections, because their limit was reached."},
    StatMetric{"accepting_conns", "memcached_accepting_connections", kStatGauge,
               "1 while the server takes connections, 0 while their limit is reached."},
    StatMetric{"bytes", "memcached_current_bytes", kStatGauge,
               "Memory that the items take, keys and headers included, in bytes."},
    StatMetric{"limit_maxbytes", "memcached_limit_bytes", kStatGauge,
               "Memory that the items may take, in bytes (option -m)."},
    StatMetric{"curr_items", "memcached_current_items", kStatGauge, "Items that the server holds."},
    StatMetric{"total_items", "memcached_items_total", kStatCounter, "Items that were ever stored."},
    StatMetric{"evictions", "memcached_items_evicted_total", kStatCounter,
               "Items that were thrown out before their time, to make room."},
    StatMetric{"reclaimed", "memcached_items_reclaimed_total", kStatCounter,
               "Items that were stored in the place of one that had expired."},
    StatMetric{"store_too_large", "memcached_item_too_large_total", kStatCounter,
               "Items that were refused because they are larger than an item may be (option -I)."},
    StatMetric{"store_no_memory", "memcached_item_no_memory_total", kStatCounter,
               "Items that were refused because no memory could be found for them."},
    StatMetric{"direct_reclaims", "memcached_direct_reclaims_total", kStatCounter,
               "How often a request had to make room for its item itself, since the background threads had not."},
    StatMetric{"lru_crawler_starts", "memcached_lru_crawler_starts_total", kStatCounter,
               "How often the LRU crawler set out."},
    StatMetric{"crawler_items_checked", "memcached_lru_crawler_items_checked_total", kStatCounter,
               "Items that the LRU crawler looked at."},
    StatMetric{"crawler_reclaimed", "memcached_lru_crawler_reclaimed_total", kStatCounter,
               "Expired items that the LRU crawler freed."},
    StatMetric{"moves_to_cold", "memcached_lru_crawler_moves_to_cold_total", kStatCounter,
               "Items that moved from the hot or the warm list to the cold one."},
    StatMetric{"moves_to_warm", "memcached_lru_crawler_moves_to_warm_total", kStatCounter,
               "Items that moved from the cold list to the warm one."},
    StatMetric{"moves_within_lru", "memcached_lru_crawler_moves_within_lru_total", kStatCounter,
               "Items that moved within the hot or the warm list."},
    StatMetric{"round_robin_fallback", "memcached_round_robin_fallback_total", kStatCounter,
               "Connections that went to threads in turn, since their network queue had no id."},
    StatMetric{"unexpected_napi_ids", "memcached_unexpected_napi_ids_total", kStatCounter,
               "Connections that came with an unexpected id of a network queue."},
};

// memcached_exporter's names too: only where items may be on flash storage.
constexpr std::array kExtstore{
    StatMetric{"extstore_compact_lost", "memcached_extstore_compact_lost_total", kStatCounter,
               "Items that were lost while their page was compacted."},
    StatMetric{"extstore_compact_rescues", "memcached_extstore_compact_rescued_total", kStatCounter,
               "Items that were kept while their page was compacted."},
    StatMetric{"extstore_compact_skipped", "memcached_extstore_compact_skipped_total", kStatCounter,
               "Old items that compaction left out."},
    StatMetric{"extstore_page_allocs", "memcached_extstore_pages_allocated_total", kStatCounter,
               "Pages of the storage that were taken into use."},
    StatMetric{"extstore_page_evictions", "memcached_extstore_pages_evicted_total", kStatCounter,
               "Pages that were thrown out with their items, to make room."},
    StatMetric{"extstore_page_reclaims", "memcached_extstore_pages_reclaimed_total", kStatCounter,
               "Pages that were freed because they were empty."},
    StatMetric{"extstore_pages_free", "memcached_extstore_pages_free", kStatGauge, "Pages that are free."},
    StatMetric{"extstore_pages_used", "memcached_extstore_pages_used", kStatGauge, "Pages in use."},
    StatMetric{"extstore_objects_evicted", "memcached_extstore_objects_evicted_total", kStatCounter,
               "Items that were thrown out of the storage to make room."},
    StatMetric{"extstore_objects_read", "memcached_extstore_objects_read_total", kStatCounter,
               "Items that were read from the storage."},
    StatMetric{"extstore_objects_written", "memcached_extstore_objects_written_total", kStatCounter,
               "Items that were written to the storage."},
    StatMetric{"extstore_objects_used", "memcached_extstore_objects_used", kStatGauge, "Items in the storage."},
    StatMetric{"extstore_bytes_evicted", "memcached_extstore_bytes_evicted_total", kStatCounter,
               "Bytes of the items that were thrown out of the storage."},
    StatMetric{"extstore_bytes_written", "memcached_extstore_bytes_written_total", kStatCounter,
               "Bytes that were written to the storage."},
    StatMetric{"extstore_bytes_read", "memcached_extstore_bytes_read_total", kStatCounter,
               "Bytes that were read from the storage."},
    StatMetric{"extstore_bytes_used", "memcached_extstore_bytes_used", kStatGauge,
               "Bytes of the items in the storage (a counter in memcached_exporter, though it falls)."},
    StatMetric{"extstore_bytes_fragmented", "memcached_extstore_bytes_fragmented", kStatGauge,
               "Bytes of pages in use that hold no item."},
    StatMetric{"extstore_limit_maxbytes", "memcached_extstore_bytes_limit", kStatGauge,
               "Size of the storage, in bytes."},
    StatMetric{"extstore_io_queue", "memcached_extstore_io_queue_depth", kStatGauge,
               "Requests that wait for the storage."},
};

// And these: only where the server is a proxy for others.
constexpr std::array kProxy{
    StatMetric{"proxy_conn_requests", "memcached_proxy_conn_requests_total", kStatCounter,
               "Requests that the proxy took."},
    StatMetric{"proxy_conn_errors", "memcached_proxy_conn_errors_total", kStatCounter,
               "Requests that ended in an error of the proxy's."},
    StatMetric{"proxy_conn_oom", "memcached_proxy_conn_oom_total", kStatCounter,
               "Requests for which the proxy found no memory."},
    StatMetric{"proxy_req_active", "memcached_proxy_req_active", kStatGauge, "Requests that the proxy works on."},
    StatMetric{"proxy_config_reloads", "memcached_proxy_config_reloads_total", kStatCounter,
               "How often the proxy read its configuration again."},
    StatMetric{"proxy_config_reload_fails", "memcached_proxy_config_reload_fails_total", kStatCounter,
               "How often the proxy refused its new configuration."},
    StatMetric{"proxy_config_cron_runs", "memcached_proxy_config_cron_runs_total", kStatCounter,
               "How often a timed function of the proxy's configuration ran."},
    StatMetric{"proxy_config_cron_fails", "memcached_proxy_config_cron_fails_total", kStatCounter,
               "How often a timed function of the proxy's configuration failed."},
    StatMetric{"proxy_backend_total", "memcached_proxy_backend_total", kStatGauge, "Servers behind the proxy."},
    StatMetric{"proxy_backend_marked_bad", "memcached_proxy_backend_marked_bad_total", kStatCounter,
               "How often the proxy took a server behind it for bad."},
    StatMetric{"proxy_backend_failed", "memcached_proxy_backend_failed", kStatGauge,
               "How often a server behind the proxy failed, as the proxy counts it."},
    StatMetric{"proxy_request_failed_depth", "memcached_proxy_request_failed_depth_total", kStatCounter,
               "Requests that the proxy refused because too many waited for their server."},
};

// What memcached_exporter does not have.
constexpr std::array kOwn{
    StatMetric{"time_in_listen_disabled_us", "memcached_connections_listener_disabled_seconds_total", kStatCounter,
               "Time in which the server took no connections, because their limit was reached, in seconds.",
               kMicrosecond},
    StatMetric{"connection_structures", "memcached_connection_structures", kStatGauge,
               "Connections that the server has memory set aside for."},
    StatMetric{"reserved_fds", "memcached_reserved_file_descriptors", kStatGauge,
               "File descriptors of the limit of connections that the server needs for itself."},
    StatMetric{"idle_kicks", "memcached_connections_idle_closed_total", kStatCounter,
               "Connections that the server closed because they were idle for too long (idle_timeout)."},
    StatMetric{"auth_cmds", "memcached_auth_commands_total", kStatCounter, "Logins that clients tried."},
    StatMetric{"auth_errors", "memcached_auth_errors_total", kStatCounter, "Logins that the server refused."},
    StatMetric{"threads", "memcached_threads", kStatGauge, "Threads that answer requests."},
    StatMetric{"cmd_meta", "memcached_meta_commands_total", kStatCounter, "Meta commands (mg, ms, md, ma, mn)."},
    StatMetric{"get_expired", "memcached_get_expired_total", kStatCounter,
               "Misses of get because the item had expired; a part of commands_total's."},
    StatMetric{"get_flushed", "memcached_get_flushed_total", kStatCounter,
               "Misses of get because flush_all had emptied the cache; a part of commands_total's."},
    StatMetric{"evicted_unfetched", "memcached_items_evicted_unfetched_total", kStatCounter,
               "Evicted items that nobody had read since they were stored."},
    StatMetric{"evicted_active", "memcached_items_evicted_active_total", kStatCounter,
               "Evicted items that had been read a short time before: the cache is too small for what is in use."},
    StatMetric{"expired_unfetched", "memcached_items_expired_unfetched_total", kStatCounter,
               "Expired items that nobody had read since they were stored."},
    StatMetric{"hash_bytes", "memcached_hash_bytes", kStatGauge,
               "Size of the hash table, in bytes; memory beyond limit_bytes."},
    StatMetric{"hash_is_expanding", "memcached_hash_expanding", kStatGauge, "1 while the hash table grows."},
    StatMetric{"response_obj_bytes", "memcached_response_object_bytes", kStatGauge,
               "Memory for answers under way, in bytes; beyond limit_bytes."},
    StatMetric{"response_obj_oom", "memcached_response_object_failures_total", kStatCounter,
               "Connections that were closed because no memory for an answer was left."},
    StatMetric{"read_buf_bytes", "memcached_read_buffer_bytes", kStatGauge,
               "Memory for requests under way, in bytes; beyond limit_bytes."},
    StatMetric{"read_buf_oom", "memcached_read_buffer_failures_total", kStatCounter,
               "Connections that were closed because no memory for a request was left."},
    StatMetric{"malloc_fails", "memcached_malloc_failures_total", kStatCounter,
               "How often the system gave the server no memory."},
    StatMetric{"slab_global_page_pool", "memcached_slab_page_pool_pages", kStatGauge,
               "Pages of memory that are free for any slab class."},
    StatMetric{"slab_reassign_running", "memcached_slab_reassign_running", kStatGauge,
               "1 while a page moves from one slab class to another."},
    StatMetric{"slabs_moved", "memcached_slab_pages_moved_total", kStatCounter,
               "Pages that moved from one slab class to another (slab_automove)."},
    StatMetric{"slab_reassign_rescues", "memcached_slab_reassign_rescued_items_total", kStatCounter,
               "Items that were kept when their page moved to another slab class."},
    StatMetric{"slab_reassign_evictions_nomem", "memcached_slab_reassign_evicted_items_total", kStatCounter,
               "Items that were lost when their page moved to another slab class."},
    StatMetric{"slab_reassign_busy_items", "memcached_slab_reassign_busy_items_total", kStatCounter,
               "How often a page could not move yet because an item in it was in use."},
    StatMetric{"lru_crawler_running", "memcached_lru_crawler_running", kStatGauge,
               "1 while the LRU crawler is at work."},
    StatMetric{"lru_maintainer_juggles", "memcached_lru_maintainer_juggles_total", kStatCounter,
               "How often the LRU maintainer woke up."},
    StatMetric{"lrutail_reflocked", "memcached_lru_tail_locked_total", kStatCounter,
               "Items at the end of a list that could not be evicted because they were in use."},
    StatMetric{"lru_bumps_dropped", "memcached_lru_bumps_dropped_total", kStatCounter,
               "Reads that no longer moved their item up, because too many came at once."},
    StatMetric{"log_worker_dropped", "memcached_log_worker_dropped_total", kStatCounter,
               "Lines of the server's log for watchers that its threads dropped."},
    StatMetric{"log_watchers", "memcached_log_watchers", kStatGauge, "Connections that watch the server's log."},
    StatMetric{"ssl_handshake_errors", "memcached_tls_handshake_errors_total", kStatCounter,
               "TLS handshakes that failed."},
    StatMetric{"time_since_server_cert_refresh", "memcached_tls_certificate_age_seconds", kStatGauge,
               "Time since the server read its TLS certificate, in seconds."},
};

void add_memory(const Stats& stats, Output& out) {
  const auto used = stats.number("bytes");
  const auto limit = stats.number("limit_maxbytes");
  if (!used || !limit || *limit <= 0) return;  // 0 means that there is no limit
  out.families
      .gauge("memcached_memory_left_bytes",
             "Memory that the items do not take yet, in bytes. A full cache that evicts is well; see evictions.")
      .add(std::max(0.0, *limit - *used));
}

void add_connections(const Stats& stats, Output& out) {
  const auto used = stats.number("curr_connections");
  const auto limit = stats.number("max_connections");
  if (!used || !limit || *limit <= 0) return;
  out.fact("memcached_connections_used_ratio", *used / *limit);
}

}  // namespace

void add_memcached_server(const Stats& stats, Output& out) {
  auto& families = out.families;
  if (const auto version = stats.find("version")) {
    families.gauge("memcached_version", "The server's version, as a label; always 1.").add({{"version", *version}}, 1);
  }
  add_stats(stats, kServer, {}, families);
  add_commands(stats, true, {},
               families.counter("memcached_commands_total",
                                "Commands, by what they are and how they went. `get` counts keys, `set` stands for all "
                                "that store."));
  add_stats(stats, kExtstore, {}, families);
  add_stats(stats, kProxy, {}, families);
  add_stats(stats, kOwn, {}, families);
  add_memory(stats, out);
  add_connections(stats, out);
}

}  // namespace binnacle::cache
