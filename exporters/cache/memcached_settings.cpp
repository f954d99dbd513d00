// SPDX-License-Identifier: Apache-2.0
#include "memcached_settings.h"

#include <array>

#include "memcached_metrics.h"

namespace binnacle::cache {

namespace {

constexpr std::array kSettings{
    // memcached_exporter's names, to warm_max_factor
    StatMetric{"maxconns", "memcached_max_connections", kStatGauge, "Connections that may be open (option -c)."},
    StatMetric{"lru_crawler", "memcached_lru_crawler_enabled", kStatGauge, "1 where the LRU crawler is on."},
    StatMetric{"lru_crawler_sleep", "memcached_lru_crawler_sleep", kStatGauge,
               "How long the LRU crawler sleeps between items, in microseconds."},
    StatMetric{"lru_crawler_tocrawl", "memcached_lru_crawler_to_crawl", kStatGauge,
               "Items of a slab class that the LRU crawler looks at in one run; 0: all."},
    StatMetric{"lru_maintainer_thread", "memcached_lru_crawler_maintainer_thread", kStatGauge,
               "1 where the LRU maintainer is on."},
    StatMetric{"hot_lru_pct", "memcached_lru_crawler_hot_percent", kStatGauge,
               "Percent of a slab class that the hot list may take."},
    StatMetric{"warm_lru_pct", "memcached_lru_crawler_warm_percent", kStatGauge,
               "Percent of a slab class that the warm list may take."},
    StatMetric{"hot_max_factor", "memcached_lru_crawler_hot_max_factor", kStatGauge,
               "Items leave the hot list at this share of the cold list's age."},
    StatMetric{"warm_max_factor", "memcached_lru_crawler_warm_max_factor", kStatGauge,
               "Items leave the warm list at this share of the cold list's age."},
    // Ours
    StatMetric{"item_size_max", "memcached_item_max_bytes", kStatGauge,
               "The largest item allowed, in bytes (option -I)."},
    StatMetric{"evictions", "memcached_evictions_enabled", kStatGauge,
               "1 where items are evicted when memory is full, 0 where storing fails instead (option -M)."},
    StatMetric{"maxconns_fast", "memcached_connections_reject_at_limit", kStatGauge,
               "1 where connections over the limit are closed at once, 0 where they wait."},
    StatMetric{"slab_reassign", "memcached_slab_reassign_enabled", kStatGauge,
               "1 where pages may move between slab classes."},
    StatMetric{"num_threads", "memcached_threads_configured", kStatGauge, "Threads that answer requests (option -t)."},
    StatMetric{"reqs_per_event", "memcached_requests_per_event", kStatGauge,
               "Requests in a row after which a connection lets others go first (option -R)."},
    StatMetric{"tcp_backlog", "memcached_tcp_backlog", kStatGauge,
               "Length of the queue of new connections (option -b)."},
};

// 0 means off or unlimited.
constexpr std::array kLimits{
    StatMetric{"idle_timeout", "memcached_idle_timeout_seconds", kStatGauge,
               "How long a connection may be idle before it is closed, in seconds."},
    StatMetric{"read_buf_mem_limit", "memcached_read_buffer_limit_bytes", kStatGauge,
               "Memory that requests under way may take, in bytes."},
};

}  // namespace

void add_memcached_settings(const Stats& settings, Families& families) {
  add_stats(settings, kSettings, {}, families);
  for (const auto& row : kLimits) {
    if (settings.number(row.stat).value_or(0) > 0) add_stats(settings, {&row, 1}, {}, families);
  }
  // 0 is off, 1 the careful and 2 the eager kind of moving.
  if (const auto automove = settings.number("slab_automove")) {
    families.gauge("memcached_slab_automove_enabled", "1 where pages move between slab classes by themselves.")
        .add(*automove > 0 ? 1 : 0);
  }
}

}  // namespace binnacle::cache
