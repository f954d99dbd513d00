// SPDX-License-Identifier: Apache-2.0
#include "info_collector.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "core/test_families.h"
#include "info_metrics.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

Output collect(const std::string& text, double now = 1000) {
  Output out;
  add_info(Info{text}, now, out);
  return out;
}

std::optional<double> fact(const Output& out, std::string_view name) {
  const auto found =
      std::find_if(out.facts.begin(), out.facts.end(), [&](const auto& one) { return one.name == name; });
  return found == out.facts.end() ? std::nullopt : std::optional{found->value};
}

}  // namespace

TEST_CASE("plain fields become metrics, in their units", "[info_collector]") {
  const auto out = collect(
      "# Clients\r\nconnected_clients:7\r\n# Stats\r\nkeyspace_hits:5\r\nlatest_fork_usec:1500\r\n"
      "# Persistence\r\nrdb_last_bgsave_status:ok\r\naof_last_write_status:err\r\n");
  CHECK(value_of(out, "redis_connected_clients") == 7);
  CHECK(value_of(out, "redis_keyspace_hits_total") == 5);
  CHECK(find_family(out, "redis_keyspace_hits_total")->type == prometheus::MetricType::Counter);
  CHECK(value_of(out, "redis_latest_fork_seconds") == Approx(0.0015));
  CHECK(value_of(out, "redis_rdb_last_bgsave_status") == 1);
  CHECK(value_of(out, "redis_aof_last_write_status") == 0);
  CHECK(fact(out, "persistence_failing") == 1);
}

TEST_CASE("what is unknown or unlimited is absent", "[info_collector]") {
  const auto out = collect(
      "# Memory\r\nused_memory:100\r\nmaxmemory:0\r\nmem_fragmentation_ratio:13.1\r\n# Persistence\r\n"
      "rdb_last_bgsave_time_sec:-1\r\naof_current_rewrite_time_sec:x\r\n# Replication\r\nsecond_repl_offset:-1\r\n");
  for (const auto* const name : {"redis_memory_max_bytes", "redis_memory_headroom_bytes", "redis_memory_headroom_ratio",
                                 "redis_memory_fragmentation_ratio", "redis_rdb_last_bgsave_duration_sec",
                                 "redis_aof_current_rewrite_duration_sec", "redis_second_repl_offset"}) {
    INFO(name);
    CHECK(find_family(out, name) == nullptr);
  }
  CHECK(value_of(out, "redis_mem_fragmentation_ratio") == 13.1);
}

TEST_CASE("headroom leaves out what does not count towards the limit", "[info_collector]") {
  const std::string memory =
      "used_memory:134217728\r\nmaxmemory:268435456\r\nmem_not_counted_for_evict:67108864\r\n"
      "mem_fragmentation_ratio:1.2\r\n";
  const auto out = collect(memory + "maxmemory_policy:noeviction\r\n");
  CHECK(value_of(out, "redis_memory_max_bytes") == 268435456);
  CHECK(value_of(out, "redis_memory_headroom_bytes") == 201326592);
  CHECK(value_of(out, "redis_memory_headroom_ratio") == 0.75);
  CHECK(value_of(out, "redis_memory_fragmentation_ratio") == 1.2);
  CHECK(fact(out, "memory_used_ratio") == 0.25);
  CHECK_FALSE(fact(collect(memory + "maxmemory_policy:allkeys-lru\r\n"), "memory_used_ratio"));
}

TEST_CASE("the server's own words become labels", "[info_collector]") {
  const auto out = collect(
      "redis_version:7.2.4\r\nrole:master\r\nos:Linux\r\nvalkey_version:8.0.1\r\nmaxmemory_policy:noeviction\r\n"
      "tcp_port:6379\r\nprocess_id:1\r\nrun_id:ab\r\nredis_mode:standalone\r\nmaster_replid:cd\r\n");
  CHECK(value_of(out, "redis_instance_info",
                 {{"role", "master"},
                  {"redis_version", "7.2.4"},
                  {"redis_build_id", ""},
                  {"redis_mode", "standalone"},
                  {"os", "Linux"},
                  {"maxmemory_policy", "noeviction"},
                  {"tcp_port", "6379"},
                  {"run_id", "ab"},
                  {"process_id", "1"},
                  {"master_replid", "cd"},
                  {"valkey_version", "8.0.1"}}) == 1);
}

TEST_CASE("the start is told by the server's clock where it shows it", "[info_collector]") {
  CHECK(value_of(collect("uptime_in_seconds:100\r\n"), "redis_start_time_seconds") == 900);
  CHECK(value_of(collect("uptime_in_seconds:100\r\nserver_time_usec:2000999999\r\n"), "redis_start_time_seconds") ==
        1900);
}

TEST_CASE("fields of other collectors' sections are theirs", "[info_collector]") {
  const auto out = collect(
      "# Commandstats\r\ncmdstat_get:calls=1,usec=1\r\n# Modules\r\nsearch_number_of_indexes:3\r\n# Keyspace\r\n"
      "db0:keys=1,expires=0\r\n");
  CHECK(out.families.all().size() == 1);  // redis_instance_info
}

TEST_CASE("fields of the cluster have their own names, and only plain ones", "[info_collector]") {
  const auto out = collect(
      "cluster_enabled:1\r\ncluster_state:ok\r\ncluster_stats_messages_sent:5\r\ncluster_Bad Name:1\r\n"
      "cluster_:1\r\n");
  CHECK(value_of(out, "redis_cluster_enabled") == 1);
  CHECK(value_of(out, "redis_cluster_state") == 1);
  CHECK(value_of(out, "redis_cluster_messages_sent_total") == 5);
  CHECK(out.families.all().size() == 4);
}

TEST_CASE("Valkey's I/O threads", "[info_collector]") {
  const auto out = collect("used_active_time_io_thread_2:1.5\r\nused_active_time_io_thread_x:1\r\n");
  CHECK(value_of(out, "redis_active_time_io_thread_seconds_total", {{"thread", "2"}}) == 1.5);
  CHECK(series_of(out, "redis_active_time_io_thread_seconds_total") == 1);
}

TEST_CASE("malformed lines do no harm", "[info_collector]") {
  const auto out = collect("latency_percentiles_usec_get:=1.0\r\nused_memory:\r\nmaxmemory:1e999\r\nhz:nan\r\n:::\r\n");
  CHECK(out.families.all().size() == 1);
}

TEST_CASE("no field and no metric stands in two tables", "[info_metrics]") {
  std::set<std::string_view> fields;
  std::set<std::string_view> metrics;
  for (const auto table : {info_server_metrics(), info_memory_metrics(), info_persistence_metrics(),
                           info_stats_metrics(), info_replication_metrics(), info_module_metrics()}) {
    for (const auto& row : table) {
      INFO(row.field);
      CHECK(fields.insert(row.field).second);
      const bool renamed = row.metric == "redis_search_gc_collected_bytes" ||
                           row.metric == "redis_aof_pending_rewrite" || row.metric == "redis_max_clients";
      CHECK((metrics.insert(row.metric).second || renamed));
      CHECK(row.metric.starts_with("redis_"));
      CHECK(row.help.ends_with('.'));
    }
  }
}

TEST_CASE("what other servers call otherwise", "[info_collector]") {
  const auto dragonfly = collect(
      "# Server\r\ndragonfly_version:df-v1.34.2\r\n# Clients\r\nconnected_clients:5\r\nmax_clients:20\r\n"
      "# Stats\r\nrejected_connections:-1\r\n");
  CHECK(value_of(dragonfly, "redis_max_clients") == 20);
  CHECK(fact(dragonfly, "clients_used_ratio") == 0.25);
  CHECK(find_family(dragonfly, "redis_rejected_connections_total") == nullptr);
  const auto label = [](const Output& out, std::string_view name) {
    const auto* const instance = find_family(out, "redis_instance_info");
    REQUIRE(instance != nullptr);
    for (const auto& one : instance->series()[0].label) {
      if (one.name == name) return one.value;
    }
    return std::string{"absent"};
  };
  CHECK(label(dragonfly, "dragonfly_version") == "df-v1.34.2");
  const auto valkey = collect("# Server\r\nserver_mode:cluster\r\nvalkey_version:8.0.1\r\n");
  CHECK(label(valkey, "redis_mode") == "cluster");
  CHECK(label(valkey, "dragonfly_version") == "absent");
}
