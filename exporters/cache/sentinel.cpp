// SPDX-License-Identifier: Apache-2.0
#include "sentinel.h"

#include <algorithm>

#include "core/text.h"
#include "info_metrics.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

constexpr InfoMetric kFields[] = {
    {"sentinel_masters", "redis_sentinel_masters", kGauge, "Primaries that this Sentinel watches."},
    {"sentinel_tilt", "redis_sentinel_tilt", kGauge, "Whether the clock made a jump, so that it takes no decisions."},
    {"sentinel_running_scripts", "redis_sentinel_running_scripts", kGauge, "Scripts that run just now."},
    {"sentinel_scripts_queue_length", "redis_sentinel_scripts_queue_length", kGauge, "Scripts that wait to be run."},
    {"sentinel_simulate_failure_flags", "redis_sentinel_simulate_failure_flags", kGauge,
     "Which failures it was told to simulate."},
};

constexpr InfoMetric kSettings[] = {
    {"quorum", "redis_sentinel_master_setting_ckquorum", kGauge,
     "How many Sentinels must agree that the primary is down."},
    {"failover-timeout", "redis_sentinel_master_setting_failover_timeout", kGauge,
     "How long a failover may take, in milliseconds."},
    {"parallel-syncs", "redis_sentinel_master_setting_parallel_syncs", kGauge,
     "How many replicas get a copy of a new primary at once."},
    {"down-after-milliseconds", "redis_sentinel_master_setting_down_after_milliseconds", kGauge,
     "After how long without an answer the primary is down."},
    {"config-epoch", "redis_sentinel_master_config_epoch", kGauge, "The epoch of the primary's configuration."},
    {"last-ok-ping-reply", "redis_sentinel_master_last_ok_ping_reply_seconds", kGauge,
     "Seconds since the primary last answered a PING.", 1e-3},
};

std::string_view get(const SentinelEntry& entry, std::string_view key) {
  const auto found = entry.find(key);
  return found == entry.end() ? std::string_view{} : found->second;
}

std::string address_of(const SentinelEntry& entry) {
  return std::string{get(entry, "ip")} + ":" + std::string{get(entry, "port")};
}

double count_up(const std::vector<SentinelEntry>& entries) {
  return static_cast<double>(std::count_if(entries.begin(), entries.end(), [](const auto& entry) {
    const auto flags = get(entry, "flags");
    return !flags.empty() && flags.find("o_down") == std::string_view::npos &&
           flags.find("s_down") == std::string_view::npos;
  }));
}

/// "master0:name=orders,status=ok,address=10.0.0.1:6379,slaves=1,sentinels=3"
void add_primary(const InfoField& field, Families& families) {
  const auto number = after_prefix(field.key, "master");
  const auto name = part_of(field.value, "name");
  const auto address = part_of(field.value, "address");
  const auto status = part_of(field.value, "status");
  if (!number || !to_u64(*number) || !name || !address || !status) return;
  families
      .gauge("redis_sentinel_master_status", "Whether this Sentinel finds the primary in order; its word is a label.")
      .add({{"master_name", *name}, {"master_address", *address}, {"master_status", *status}}, *status == "ok" ? 1 : 0);
  const auto add = [&](std::string_view part, const char* metric, const char* help) {
    const auto value = number_part(field.value, part);
    if (value) families.gauge(metric, help).add({{"master_name", *name}, {"master_address", *address}}, *value);
  };
  add("slaves", "redis_sentinel_master_slaves", "Replicas of the primary that this Sentinel knows.");
  add("sentinels", "redis_sentinel_master_sentinels", "Sentinels that watch the primary, this one included.");
}

class Sentinel final : public Collector {
 public:
  explicit Sentinel(const RedisParts& parts) : session_(parts.session) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    if (!add_sentinel_info(*session_->info(scrape.deadline), out.families)) {
      throw NotApplicable("the server is no Sentinel");
    }
    try {
      add_primaries(scrape, out.families);
    } catch (const NotApplicable&) {
      return;  // a user who may not ask for more than INFO
    }
  }

 private:
  void add_primaries(const ScrapeContext& scrape, Families& families) {
    const auto primaries = session_->ask({"SENTINEL", "MASTERS"}, scrape.deadline);
    const auto entries = parse_sentinel_entries(primaries);
    std::vector<Command> commands;
    for (const auto& entry : entries) {
      for (const auto* const what : {"CKQUORUM", "SENTINELS", "SLAVES"}) {
        commands.push_back({"SENTINEL", what, std::string{get(entry, "name")}});
      }
    }
    session_->announce(commands, scrape.deadline);
    for (const auto& entry : entries) {
      if (add_sentinel_settings(entry, families)) add_health(entry, scrape, families);
    }
  }

  void add_health(const SentinelEntry& primary, const ScrapeContext& scrape, Families& families) {
    const std::string name{get(primary, "name")};
    bool quorum = true;
    try {
      session_->ask({"SENTINEL", "CKQUORUM", name}, scrape.deadline);
    } catch (const RedisError&) {
      quorum = false;  // its way to say no
    }
    const auto sentinels = session_->ask({"SENTINEL", "SENTINELS", name}, scrape.deadline);
    const auto replicas = session_->ask({"SENTINEL", "SLAVES", name}, scrape.deadline);
    add_sentinel_health(primary, quorum, parse_sentinel_entries(sentinels), parse_sentinel_entries(replicas), families);
  }

  const std::shared_ptr<RedisSession> session_;
};

}  // namespace

bool add_sentinel_info(const Info& info, Families& families) {
  bool found = false;
  for (const auto& field : info.fields()) {
    if (field.section != "Sentinel") continue;
    found = true;
    const auto* const row =
        std::find_if(std::begin(kFields), std::end(kFields), [&](const auto& one) { return one.field == field.key; });
    if (row != std::end(kFields)) {
      add_info_metric(*row, field.value, families);
    } else {
      add_primary(field, families);
    }
  }
  return found;
}

std::vector<SentinelEntry> parse_sentinel_entries(const Reply& reply) {
  std::vector<SentinelEntry> entries;
  for (const auto& row : reply.elements) {
    SentinelEntry entry;
    for (std::size_t at = 0; at + 1 < row.elements.size(); at += 2) {
      entry[row.elements[at].text] = row.elements[at + 1].text;
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

bool add_sentinel_settings(const SentinelEntry& primary, Families& families) {
  const auto name = get(primary, "name");
  if (name.empty() || get(primary, "ip").empty()) return false;
  const auto address = address_of(primary);
  for (const auto& row : kSettings) {
    const auto value = info_number(get(primary, row.field));
    if (!value) continue;
    families.gauge(row.metric, row.help).add({{"master_name", name}, {"master_address", address}}, *value * row.scale);
  }
  return true;
}

void add_sentinel_health(const SentinelEntry& primary, bool quorum, const std::vector<SentinelEntry>& sentinels,
                         const std::vector<SentinelEntry>& replicas, Families& families) {
  const auto name = get(primary, "name");
  const auto address = address_of(primary);
  families
      .gauge("redis_sentinel_master_ckquorum_status",
             "Whether enough Sentinels are there to agree on a failover and to authorise it.")
      .add({{"master_name", name}}, quorum ? 1 : 0);
  families.gauge("redis_sentinel_master_ok_sentinels", "Sentinels of the primary that are not down, this one included.")
      .add({{"master_name", name}, {"master_address", address}}, count_up(sentinels) + 1);
  families.gauge("redis_sentinel_master_ok_slaves", "Replicas of the primary that are not down.")
      .add({{"master_name", name}, {"master_address", address}}, count_up(replicas));
}

std::unique_ptr<Collector> make_sentinel(const RedisParts& parts) { return std::make_unique<Sentinel>(parts); }

}  // namespace binnacle::cache
