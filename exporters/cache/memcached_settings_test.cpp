// SPDX-License-Identifier: Apache-2.0
#include "memcached_settings.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

Families settings(std::string_view text) {
  Families families;
  add_memcached_settings(parse_stats(text), families);
  return families;
}

}  // namespace

TEST_CASE("settings of Memcached 1.6", "[memcached]") {
  const auto families = settings(
      "STAT maxbytes 8388608\r\nSTAT maxconns 1024\r\nSTAT tcpport 11211\r\nSTAT inter 127.0.0.1\r\nSTAT evictions "
      "on\r\n"
      "STAT domain_socket NULL\r\nSTAT num_threads 4\r\nSTAT reqs_per_event 20\r\nSTAT tcp_backlog 1024\r\n"
      "STAT item_size_max 1048576\r\nSTAT maxconns_fast yes\r\nSTAT slab_reassign yes\r\nSTAT slab_automove 2\r\n"
      "STAT lru_crawler yes\r\nSTAT lru_crawler_sleep 100\r\nSTAT lru_crawler_tocrawl 0\r\n"
      "STAT lru_maintainer_thread yes\r\nSTAT hot_lru_pct 20\r\nSTAT warm_lru_pct 40\r\nSTAT hot_max_factor 0.20\r\n"
      "STAT warm_max_factor 2.00\r\nSTAT idle_timeout 0\r\nSTAT read_buf_mem_limit 0\r\nSTAT ssl_key "
      "/etc/secret.key\r\n");
  const std::vector<std::pair<std::string, double>> expected{
      {"max_connections", 1024},
      {"evictions_enabled", 1},
      {"threads_configured", 4},
      {"requests_per_event", 20},
      {"tcp_backlog", 1024},
      {"item_max_bytes", 1048576},
      {"connections_reject_at_limit", 1},
      {"slab_reassign_enabled", 1},
      {"slab_automove_enabled", 1},
      {"lru_crawler_enabled", 1},
      {"lru_crawler_sleep", 100},
      {"lru_crawler_to_crawl", 0},
      {"lru_crawler_maintainer_thread", 1},
      {"lru_crawler_hot_percent", 20},
      {"lru_crawler_warm_percent", 40},
      {"lru_crawler_hot_max_factor", 0.2},
      {"lru_crawler_warm_max_factor", 2},
  };
  for (const auto& [name, value] : expected) {
    CAPTURE(name);
    CHECK(value_of(families, "memcached_" + name) == value);
  }
  CHECK(families.series() == expected.size());  // neither names nor paths, and no limit that is none
}

TEST_CASE("settings that are off, and limits that are set", "[memcached]") {
  const auto families =
      settings("STAT evictions off\r\nSTAT lru_crawler no\r\nSTAT slab_automove 0\r\nSTAT idle_timeout 30\r\n");
  CHECK(value_of(families, "memcached_evictions_enabled") == 0);
  CHECK(value_of(families, "memcached_lru_crawler_enabled") == 0);
  CHECK(value_of(families, "memcached_slab_automove_enabled") == 0);
  CHECK(value_of(families, "memcached_idle_timeout_seconds") == 30);
  CHECK(families.series() == 4);
}
