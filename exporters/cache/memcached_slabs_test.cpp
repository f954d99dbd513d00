// SPDX-License-Identifier: Apache-2.0
#include "memcached_slabs.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("items of slab classes, as 1.6 tells them", "[memcached]") {
  Families families;
  add_memcached_items(
      "STAT items:1:number 4\r\nSTAT items:1:number_hot 1\r\nSTAT items:1:number_warm 2\r\nSTAT items:1:number_cold "
      "3\r\n"
      "STAT items:1:number_temp 5\r\nSTAT items:1:age_hot 6\r\nSTAT items:1:age_warm 7\r\nSTAT items:1:age 8\r\n"
      "STAT items:1:mem_requested 61\r\nSTAT items:1:evicted 9\r\nSTAT items:1:evicted_nonzero 10\r\n"
      "STAT items:1:evicted_time 11\r\nSTAT items:1:outofmemory 12\r\nSTAT items:1:tailrepairs 13\r\n"
      "STAT items:1:reclaimed 14\r\nSTAT items:1:expired_unfetched 15\r\nSTAT items:1:evicted_unfetched 16\r\n"
      "STAT items:1:evicted_active 17\r\nSTAT items:1:crawler_reclaimed 18\r\nSTAT items:1:crawler_items_checked 19\r\n"
      "STAT items:1:lrutail_reflocked 20\r\nSTAT items:1:moves_to_cold 21\r\nSTAT items:1:moves_to_warm 22\r\n"
      "STAT items:1:moves_within_lru 23\r\nSTAT items:1:direct_reclaims 24\r\nSTAT items:1:hits_to_hot 25\r\n"
      "STAT items:1:hits_to_warm 26\r\nSTAT items:1:hits_to_cold 27\r\nSTAT items:1:hits_to_temp 28\r\n"
      "STAT items:33:number 8\r\n",
      families);
  const std::vector<std::pair<std::string, double>> expected{{"current_items", 4},
                                                             {"hot_items", 1},
                                                             {"warm_items", 2},
                                                             {"cold_items", 3},
                                                             {"temporary_items", 5},
                                                             {"hot_age_seconds", 6},
                                                             {"warm_age_seconds", 7},
                                                             {"items_age_seconds", 8},
                                                             {"mem_requested_bytes", 61},
                                                             {"items_evicted_total", 9},
                                                             {"items_evicted_nonzero_total", 10},
                                                             {"items_evicted_time_seconds", 11},
                                                             {"items_outofmemory_total", 12},
                                                             {"items_tailrepairs_total", 13},
                                                             {"items_reclaimed_total", 14},
                                                             {"items_expired_unfetched_total", 15},
                                                             {"items_evicted_unfetched_total", 16},
                                                             {"items_evicted_active_total", 17},
                                                             {"items_crawler_reclaimed_total", 18},
                                                             {"items_crawler_checked_total", 19},
                                                             {"items_tail_locked_total", 20},
                                                             {"items_moves_to_cold", 21},
                                                             {"items_moves_to_warm", 22},
                                                             {"items_moves_within_lru", 23},
                                                             {"items_direct_reclaims_total", 24}};
  const Labels first{{"slab", "1"}};
  for (const auto& [name, value] : expected) {
    CAPTURE(name);
    CHECK(value_of(families, "memcached_slab_" + name, first) == value);
  }
  CHECK(value_of(families, "memcached_slab_current_items", {{"slab", "33"}}) == 8);
  CHECK(value_of(families, "memcached_slab_lru_hits_total", {{"slab", "1"}, {"lru", "hot"}}) == 25);
  CHECK(value_of(families, "memcached_slab_lru_hits_total", {{"slab", "1"}, {"lru", "warm"}}) == 26);
  CHECK(value_of(families, "memcached_slab_lru_hits_total", {{"slab", "1"}, {"lru", "cold"}}) == 27);
  CHECK(value_of(families, "memcached_slab_lru_hits_total", {{"slab", "1"}, {"lru", "temporary"}}) == 28);
  CHECK(families.series() == expected.size() + 4 + 1);
  CHECK(find_family(families, "memcached_slab_items_moves_to_cold")->type == prometheus::MetricType::Counter);
  CHECK(find_family(families, "memcached_slab_mem_requested_bytes")->type == prometheus::MetricType::Gauge);
}

TEST_CASE("memory of slab classes", "[memcached]") {
  Families families;
  add_memcached_slabs(
      "STAT 5:chunk_size 240\r\nSTAT 5:chunks_per_page 4369\r\nSTAT 5:total_pages 2\r\nSTAT 5:total_chunks 8738\r\n"
      "STAT 5:used_chunks 3\r\nSTAT 5:free_chunks 8735\r\nSTAT 5:free_chunks_end 4\r\nSTAT 5:mem_requested 500\r\n"
      "STAT 5:get_hits 6\r\nSTAT 5:cmd_set 20\r\nSTAT 5:delete_hits 7\r\nSTAT 5:incr_hits 8\r\nSTAT 5:decr_hits 9\r\n"
      "STAT 5:cas_hits 10\r\nSTAT 5:cas_badval 1\r\nSTAT 5:touch_hits 11\r\n"
      "STAT active_slabs 1\r\nSTAT total_malloced 2097152\r\n",
      families);
  const Labels slab{{"slab", "5"}};
  CHECK(value_of(families, "memcached_slab_chunk_size_bytes", slab) == 240);
  CHECK(value_of(families, "memcached_slab_chunks_per_page", slab) == 4369);
  CHECK(value_of(families, "memcached_slab_current_pages", slab) == 2);
  CHECK(value_of(families, "memcached_slab_current_chunks", slab) == 8738);
  CHECK(value_of(families, "memcached_slab_chunks_used", slab) == 3);
  CHECK(value_of(families, "memcached_slab_chunks_free", slab) == 8735);
  CHECK(value_of(families, "memcached_slab_chunks_free_end", slab) == 4);
  CHECK(value_of(families, "memcached_slab_mem_requested_bytes", slab) == 500);  // there until 1.5
  const auto commands = [&](const std::string& command, const std::string& status) {
    return value_of(families, "memcached_slab_commands_total",
                    {{"slab", "5"}, {"command", command}, {"status", status}});
  };
  CHECK(commands("get", "hit") == 6);
  CHECK(commands("delete", "hit") == 7);
  CHECK(commands("incr", "hit") == 8);
  CHECK(commands("decr", "hit") == 9);
  CHECK(commands("cas", "hit") == 10);
  CHECK(commands("cas", "badval") == 1);
  CHECK(commands("touch", "hit") == 11);
  CHECK(commands("set", "hit") == 20 - 10 - 1);
  CHECK(series_of(families, "memcached_slab_commands_total") == 8);
  CHECK(value_of(families, "memcached_malloced_bytes") == 2097152);
  CHECK(value_of(families, "memcached_slab_classes") == 1);
}

TEST_CASE("an empty Memcached", "[memcached]") {
  Families families;
  add_memcached_items("", families);
  CHECK(families.series() == 0);
  add_memcached_slabs("STAT active_slabs 0\r\nSTAT total_malloced 0\r\n", families);
  CHECK(families.series() == 2);
}
