// SPDX-License-Identifier: Apache-2.0
#include "memcached_server.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

constexpr const char* kOld =  // as 1.4 tells it
    "STAT pid 1162\r\nSTAT uptime 5022\r\nSTAT time 1415208270\r\nSTAT version 1.4.13\r\n"
    "STAT libevent 2.0.16-stable\r\nSTAT pointer_size 64\r\nSTAT rusage_user 0.096006\r\nSTAT rusage_system "
    "0.152009\r\n"
    "STAT curr_connections 5\r\nSTAT total_connections 7\r\nSTAT connection_structures 6\r\nSTAT reserved_fds 20\r\n"
    "STAT cmd_get 9\r\nSTAT cmd_set 20\r\nSTAT cmd_flush 1\r\nSTAT cmd_touch 0\r\nSTAT get_hits 6\r\n"
    "STAT get_misses 3\r\nSTAT delete_misses 0\r\nSTAT delete_hits 2\r\nSTAT incr_misses 0\r\nSTAT incr_hits 0\r\n"
    "STAT decr_misses 0\r\nSTAT decr_hits 0\r\nSTAT cas_misses 1\r\nSTAT cas_hits 2\r\nSTAT cas_badval 3\r\n"
    "STAT touch_hits 0\r\nSTAT touch_misses 0\r\nSTAT auth_cmds 0\r\nSTAT auth_errors 0\r\nSTAT bytes_read 7\r\n"
    "STAT bytes_written 0\r\nSTAT limit_maxbytes 67108864\r\nSTAT accepting_conns 1\r\nSTAT listen_disabled_num 0\r\n"
    "STAT threads 4\r\nSTAT conn_yields 0\r\nSTAT hash_power_level 16\r\nSTAT hash_bytes 524288\r\n"
    "STAT hash_is_expanding 0\r\nSTAT expired_unfetched 0\r\nSTAT evicted_unfetched 0\r\nSTAT bytes 1048576\r\n"
    "STAT curr_items 14\r\nSTAT total_items 17\r\nSTAT evictions 0\r\nSTAT reclaimed 0\r\n";

// Recorded
constexpr const char* kNew =
    "STAT pid 20101\r\n"
    "STAT uptime 2\r\n"
    "STAT time 1795302375\r\n"
    "STAT version 1.6.18\r\n"
    "STAT libevent 2.1.12-stable\r\n"
    "STAT pointer_size 64\r\n"
    "STAT rusage_user 0.004569\r\n"
    "STAT rusage_system 0.036499\r\n"
    "STAT max_connections 1024\r\n"
    "STAT curr_connections 1\r\n"
    "STAT total_connections 2\r\n"
    "STAT rejected_connections 0\r\n"
    "STAT connection_structures 2\r\n"
    "STAT response_obj_oom 0\r\n"
    "STAT response_obj_count 1\r\n"
    "STAT response_obj_bytes 16384\r\n"
    "STAT read_buf_count 2\r\n"
    "STAT read_buf_bytes 32768\r\n"
    "STAT read_buf_bytes_free 0\r\n"
    "STAT read_buf_oom 0\r\n"
    "STAT reserved_fds 20\r\n"
    "STAT cmd_get 320\r\n"
    "STAT cmd_set 300\r\n"
    "STAT cmd_flush 0\r\n"
    "STAT cmd_touch 0\r\n"
    "STAT cmd_meta 0\r\n"
    "STAT get_hits 170\r\n"
    "STAT get_misses 150\r\n"
    "STAT get_expired 0\r\n"
    "STAT get_flushed 0\r\n"
    "STAT delete_misses 0\r\n"
    "STAT delete_hits 0\r\n"
    "STAT incr_misses 0\r\n"
    "STAT incr_hits 0\r\n"
    "STAT decr_misses 0\r\n"
    "STAT decr_hits 0\r\n"
    "STAT cas_misses 0\r\n"
    "STAT cas_hits 0\r\n"
    "STAT cas_badval 0\r\n"
    "STAT touch_hits 0\r\n"
    "STAT touch_misses 0\r\n"
    "STAT store_too_large 0\r\n"
    "STAT store_no_memory 0\r\n"
    "STAT auth_cmds 0\r\n"
    "STAT auth_errors 0\r\n"
    "STAT bytes_read 17949607\r\n"
    "STAT bytes_written 7038417\r\n"
    "STAT limit_maxbytes 8388608\r\n"
    "STAT accepting_conns 1\r\n"
    "STAT listen_disabled_num 0\r\n"
    "STAT time_in_listen_disabled_us 0\r\n"
    "STAT threads 4\r\n"
    "STAT conn_yields 0\r\n"
    "STAT hash_power_level 16\r\n"
    "STAT hash_bytes 524288\r\n"
    "STAT hash_is_expanding 0\r\n"
    "STAT slab_reassign_rescues 0\r\n"
    "STAT slab_reassign_chunk_rescues 0\r\n"
    "STAT slab_reassign_evictions_nomem 0\r\n"
    "STAT slab_reassign_inline_reclaim 0\r\n"
    "STAT slab_reassign_busy_items 0\r\n"
    "STAT slab_reassign_busy_deletes 0\r\n"
    "STAT slab_reassign_running 0\r\n"
    "STAT slabs_moved 0\r\n"
    "STAT lru_crawler_running 0\r\n"
    "STAT lru_crawler_starts 1\r\n"
    "STAT lru_maintainer_juggles 39\r\n"
    "STAT malloc_fails 0\r\n"
    "STAT log_worker_dropped 0\r\n"
    "STAT log_worker_written 0\r\n"
    "STAT log_watcher_skipped 0\r\n"
    "STAT log_watcher_sent 0\r\n"
    "STAT log_watchers 0\r\n"
    "STAT unexpected_napi_ids 0\r\n"
    "STAT round_robin_fallback 0\r\n"
    "STAT bytes 7041400\r\n"
    "STAT curr_items 170\r\n"
    "STAT total_items 300\r\n"
    "STAT slab_global_page_pool 0\r\n"
    "STAT expired_unfetched 0\r\n"
    "STAT evicted_unfetched 130\r\n"
    "STAT evicted_active 0\r\n"
    "STAT evictions 130\r\n"
    "STAT reclaimed 0\r\n"
    "STAT crawler_reclaimed 0\r\n"
    "STAT crawler_items_checked 0\r\n"
    "STAT lrutail_reflocked 0\r\n"
    "STAT moves_to_cold 279\r\n"
    "STAT moves_to_warm 0\r\n"
    "STAT moves_within_lru 0\r\n"
    "STAT direct_reclaims 260\r\n"
    "STAT lru_bumps_dropped 0\r\n";

Output server(const std::string& text) {
  Output out;
  add_memcached_server(parse_stats(text), out);
  return out;
}

double commands(const Output& out, const std::string& command, const std::string& status) {
  return value_of(out, "memcached_commands_total", {{"command", command}, {"status", status}}).value_or(-1);
}

}  // namespace

TEST_CASE("Memcached 1.6 as recorded", "[memcached]") {
  const auto out = server(kNew);
  CHECK(value_of(out, "memcached_version", {{"version", "1.6.18"}}) == 1);
  CHECK(value_of(out, "memcached_uptime_seconds") == 2);
  CHECK(find_family(out, "memcached_uptime_seconds")->type == prometheus::MetricType::Counter);
  CHECK(value_of(out, "memcached_time_seconds") == 1795302375);
  CHECK(*value_of(out, "memcached_process_user_cpu_seconds_total") == Approx(0.004569));
  CHECK(value_of(out, "memcached_current_bytes") == 7041400);
  CHECK(value_of(out, "memcached_limit_bytes") == 8388608);
  CHECK(value_of(out, "memcached_memory_left_bytes") == 8388608 - 7041400);
  CHECK(value_of(out, "memcached_items_evicted_total") == 130);
  CHECK(value_of(out, "memcached_items_evicted_unfetched_total") == 130);
  CHECK(value_of(out, "memcached_direct_reclaims_total") == 260);
  CHECK(value_of(out, "memcached_accepting_connections") == 1);
  CHECK(value_of(out, "memcached_connections_listener_disabled_seconds_total") == 0);
  CHECK(value_of(out, "memcached_lru_crawler_moves_to_cold_total") == 279);
  CHECK(commands(out, "get", "hit") == 170);
  CHECK(commands(out, "get", "miss") == 150);
  CHECK(commands(out, "set", "hit") == 300);
  CHECK(series_of(out, "memcached_commands_total") == 15);
  CHECK(find_family(out, "memcached_extstore_bytes_limit") == nullptr);
  CHECK(find_family(out, "memcached_proxy_backend_total") == nullptr);
  REQUIRE(out.facts.size() == 1);
  CHECK(out.facts[0].name == "memcached_connections_used_ratio");
  CHECK(out.facts[0].value == Approx(1.0 / 1024));
}

TEST_CASE("Memcached 1.4: what it does not tell is absent", "[memcached]") {
  const auto out = server(kOld);
  CHECK(value_of(out, "memcached_version", {{"version", "1.4.13"}}) == 1);
  CHECK(commands(out, "cas", "badval") == 3);
  CHECK(commands(out, "flush", "hit") == 1);
  CHECK(commands(out, "set", "hit") == 20 - 1 - 2 - 3);
  CHECK(value_of(out, "memcached_items_total") == 17);
  for (const auto* name : {"memcached_connections_rejected_total", "memcached_direct_reclaims_total",
                           "memcached_item_too_large_total", "memcached_lru_crawler_starts_total"}) {
    CHECK(find_family(out, name) == nullptr);
  }
  CHECK(out.facts.empty());
}

TEST_CASE("sums that are not possible", "[memcached]") {
  CHECK(commands(server("STAT cmd_set 5\r\nSTAT cas_hits 4\r\nSTAT cas_badval 2\r\nSTAT cas_misses 0\r\n"), "set",
                 "hit") == 0);
  CHECK(commands(server("STAT cmd_set 5\r\nSTAT cas_hits 4\r\nSTAT cas_badval 0\r\n"), "set", "hit") == -1);
  CHECK(find_family(server("STAT bytes 5\r\nSTAT limit_maxbytes 0\r\n"), "memcached_memory_left_bytes") == nullptr);
  CHECK(value_of(server("STAT bytes 5\r\nSTAT limit_maxbytes 4\r\n"), "memcached_memory_left_bytes") == 0);
  CHECK(server("STAT curr_connections 5\r\nSTAT max_connections 0\r\n").facts.empty());
}

TEST_CASE("extstore and proxy", "[memcached]") {
  const auto out = server(
      "STAT extstore_limit_maxbytes 1000\r\nSTAT extstore_bytes_used 600\r\nSTAT extstore_io_queue 3\r\n"
      "STAT extstore_page_evictions 2\r\nSTAT proxy_backend_total 4\r\nSTAT proxy_backend_marked_bad 1\r\n");
  CHECK(value_of(out, "memcached_extstore_bytes_limit") == 1000);
  CHECK(value_of(out, "memcached_extstore_bytes_used") == 600);
  CHECK(value_of(out, "memcached_extstore_io_queue_depth") == 3);
  CHECK(value_of(out, "memcached_extstore_pages_evicted_total") == 2);
  CHECK(value_of(out, "memcached_proxy_backend_total") == 4);
  CHECK(value_of(out, "memcached_proxy_backend_marked_bad_total") == 1);
}
