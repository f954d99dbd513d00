// SPDX-License-Identifier: Apache-2.0
#include "info_collector.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/text.h"
#include "hit_ratio.h"
#include "info_metrics.h"
#include "keyspace.h"
#include "redis_collectors.h"
#include "turnover.h"

namespace binnacle::cache {

namespace {

/// Sections that other collectors read.
constexpr std::string_view kOtherSections[] = {"Commandstats", "Latencystats", "Errorstats",
                                               "Keyspace",     "Sentinel",     "Modules"};

/// Below this a process' fixed costs are most of its memory, and ratios of it mean nothing.
constexpr double kTinyHeap = 64.0 * 1024 * 1024;

void add_instance(const Info& info, Families& families) {
  const auto mode = info.get("redis_mode");
  std::vector<LabelView> labels{{"role", info.get("role")},
                                {"redis_version", info.get("redis_version")},
                                {"redis_build_id", info.get("redis_build_id")},
                                {"redis_mode", mode.empty() ? info.get("server_mode") : mode},  // as Valkey calls it
                                {"os", info.get("os")},
                                {"maxmemory_policy", info.get("maxmemory_policy")},
                                {"tcp_port", info.get("tcp_port")},
                                {"run_id", info.get("run_id")},
                                {"process_id", info.get("process_id")},
                                {"master_replid", info.get("master_replid")}};
  for (const auto* const key : {"valkey_version", "valkey_release_stage", "dragonfly_version"}) {
    if (const auto value = info.get(key); !value.empty()) labels.emplace_back(key, value);
  }
  families.gauge("redis_instance_info", "What the server says of itself; always 1.").add(labels, 1);
}

void add_start_time(const Info& info, double now, Families& families) {
  const auto uptime = info.number("uptime_in_seconds");
  if (!uptime) return;
  // The server's own clock where it tells it: then a clock of ours that is off does not matter.
  const auto server_time = info.number("server_time_usec");
  families.gauge("redis_start_time_seconds", "When the server started, Unix time.")
      .add(std::floor(server_time ? *server_time * 1e-6 : now) - *uptime);
}

void add_memory(const Info& info, Output& out) {
  const auto used = info.number("used_memory");
  if (!used) return;
  const auto limit = info.number("maxmemory");
  if (limit && *limit > 0) {
    const double counted = *used - info.number("mem_not_counted_for_evict").value_or(0);
    out.families
        .gauge("redis_memory_headroom_bytes",
               "What memory is left below maxmemory; below 0 above it. Buffers of replicas and of the append-only file "
               "do not count. Absent without a limit.")
        .add(*limit - counted);
    out.families.gauge("redis_memory_headroom_ratio", "The share of maxmemory that is left; absent without a limit.")
        .add(1 - counted / *limit);
    // With another policy a full memory is what a cache is for.
    if (info.get("maxmemory_policy") == "noeviction") out.fact("memory_used_ratio", counted / *limit);
  }
  const auto ratio = info.number("mem_fragmentation_ratio");
  if (ratio && *used >= kTinyHeap) {
    out.families
        .gauge("redis_memory_fragmentation_ratio",
               "Resident over used memory where at least 64 MiB are used: below 1 the server is swapped out.")
        .add(*ratio);
    out.fact("memory_fragmentation_ratio", *ratio);
  }
}

void add_facts(const Info& info, Output& out) {
  const auto clients = info.number("connected_clients");
  const auto limit = info.number(info.get("maxclients").empty() ? "max_clients" : "maxclients");
  if (clients && limit && *limit > 0) out.fact("clients_used_ratio", *clients / *limit);
  const bool fails = info.get("rdb_last_bgsave_status") == "err" || info.get("aof_last_write_status") == "err" ||
                     info.get("aof_last_bgrewrite_status") == "err";
  if (info.number("rdb_last_bgsave_status")) out.fact("persistence_failing", fails ? 1 : 0);
}

/// "used_active_time_io_thread_3:1.5" (Valkey).
void add_io_thread(const InfoField& field, Families& families) {
  const auto thread = after_prefix(field.key, "used_active_time_io_thread_");
  if (!thread || !to_u64(*thread)) return;
  if (const auto value = info_number(field.value)) {
    families.counter("redis_active_time_io_thread_seconds_total", "Time in which an I/O thread was not idle (Valkey).")
        .add({{"thread", *thread}}, *value);
  }
}

class InfoCollector final : public Collector {
 public:
  explicit InfoCollector(const RedisParts& parts) : session_(parts.session) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
    const auto info = session_->info(scrape.deadline);
    add_info(*info, now, out);
    add_changes(*info, out);
  }

 private:
  /// Facts that only two scrapes together tell.
  void add_changes(const Info& info, Output& out) {
    const auto hits = info.number("keyspace_hits");
    const auto misses = info.number("keyspace_misses");
    if (hits && misses) hit_ratio_.add(*hits, *misses);
    if (const auto drop = hit_ratio_.drop()) out.fact("hit_ratio_drop", *drop);
    if (const auto evicted = info.number("evicted_keys")) {
      turnover_.add(*evicted, Clock::now());
      if (const auto share = turnover_.per_hour(total_keys(info))) out.fact("evicted_per_hour", *share);
    }
    const auto rejected = info.number("rejected_connections");
    if (rejected && *rejected >= 0) {
      if (rejected_) out.fact("rejected_connections", std::max(0.0, *rejected - *rejected_));
      rejected_ = rejected;
    }
  }

  const std::shared_ptr<RedisSession> session_;
  HitRatio hit_ratio_;
  Turnover turnover_;
  std::optional<double> rejected_;  // up to the scrape before
};

}  // namespace

void add_cluster_field(const InfoField& field, Families& families) {
  struct Renamed {
    std::string_view field;
    std::string_view metric;
  };
  constexpr Renamed kRenamed[] = {{"cluster_stats_messages_sent", "redis_cluster_messages_sent_total"},
                                  {"cluster_stats_messages_received", "redis_cluster_messages_received_total"}};
  const auto name = after_prefix(field.key, "cluster_");
  const auto value = info_number(field.value);
  constexpr std::size_t kLongestName = 64;
  if (!name || !value || field.key.size() > kLongestName) return;
  const bool plain = std::all_of(name->begin(), name->end(), [](unsigned char byte) {
    return std::isdigit(byte) != 0 || std::islower(byte) != 0 || byte == '_';
  });
  if (!plain) return;
  std::string metric = "redis_" + std::string{field.key};
  for (const auto& row : kRenamed) {
    if (row.field == field.key) metric = row.metric;
  }
  families.gauge(metric, "As INFO or CLUSTER INFO has it under this name.").add(*value);
}

void add_info(const Info& info, double now, Output& out) {
  auto& families = out.families;
  for (const auto& field : info.fields()) {
    if (std::find(std::begin(kOtherSections), std::end(kOtherSections), field.section) != std::end(kOtherSections)) {
      continue;
    }
    if (const auto* const metric = find_info_metric(field.key)) {
      add_info_metric(*metric, field.value, families);
    } else if (field.key.starts_with("cluster_")) {
      add_cluster_field(field, families);
    } else {
      add_io_thread(field, families);
    }
  }
  add_instance(info, families);
  add_start_time(info, now, families);
  add_memory(info, out);
  add_facts(info, out);
}

std::unique_ptr<Collector> make_info(const RedisParts& parts) { return std::make_unique<InfoCollector>(parts); }

}  // namespace binnacle::cache
