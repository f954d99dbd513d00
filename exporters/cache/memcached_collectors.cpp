// SPDX-License-Identifier: Apache-2.0
#include "memcached_collectors.h"

#include <array>
#include <memory>
#include <utility>

#include "hit_ratio.h"
#include "memcached_server.h"
#include "memcached_session.h"
#include "memcached_settings.h"
#include "memcached_slabs.h"
#include "turnover.h"

namespace binnacle::cache {

namespace {

constexpr const char* kServerHelp = "Memcached as a whole: commands, memory, connections, evictions (stats).";

/// What a further `stats` command tells.
struct CollectorRow {
  const char* name;
  const char* help;
  StatsCommand command;
  void (*add)(std::string_view reply, Output& out);
};

constexpr std::array kRows{
    CollectorRow{"memcached_settings", "Limits and settings of Memcached (stats settings).", StatsCommand::settings,
                 [](auto reply, Output& out) { add_memcached_settings(parse_stats(reply), out.families); }},
    CollectorRow{"memcached_items", "Items, evictions and ages by slab class of Memcached (stats items).",
                 StatsCommand::items, [](auto reply, Output& out) { add_memcached_items(reply, out.families); }},
    CollectorRow{"memcached_slabs", "Memory and commands by slab class of Memcached (stats slabs).",
                 StatsCommand::slabs, [](auto reply, Output& out) { add_memcached_slabs(reply, out.families); }},
};

void add_round_trips(const MemcachedRoundTrips& trips, Families& families) {
  families
      .histogram("memcached_version_duration_seconds",
                 "Round trips of the exporter's own command version, one a scrape.")
      .add(trips.version.collect());
  families
      .histogram("memcached_connect_duration_seconds",
                 "How long the exporter's connections took to open; one stays for all scrapes while it holds.")
      .add(trips.connect.collect());
}

class ServerCollector final : public Collector {
 public:
  explicit ServerCollector(std::shared_ptr<MemcachedSession> session) : session_(std::move(session)) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    const auto stats = parse_stats(session_->stats(StatsCommand::server, scrape.deadline));
    add_memcached_server(stats, out);
    add_round_trips(session_->round_trips(scrape.deadline), out.families);
    add_changes(stats, out);
  }

 private:
  /// Facts that only several scrapes together tell.
  void add_changes(const Stats& stats, Output& out) {
    const auto hits = stats.number("get_hits");
    const auto misses = stats.number("get_misses");
    if (hits && misses) hit_ratio_.add(*hits, *misses);
    if (const auto drop = hit_ratio_.drop()) out.fact("memcached_hit_ratio_drop", *drop);
    const auto evicted = stats.number("evictions");
    if (!evicted) return;
    turnover_.add(*evicted, Clock::now());
    const auto share = turnover_.per_hour(stats.number("curr_items").value_or(0));
    if (share) out.fact("memcached_evicted_per_hour", *share);
  }

  const std::shared_ptr<MemcachedSession> session_;
  HitRatio hit_ratio_;
  Turnover turnover_;
};

class StatsCollector final : public Collector {
 public:
  StatsCollector(std::shared_ptr<MemcachedSession> session, const CollectorRow& row)
      : session_(std::move(session)), row_(row) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    try {
      row_.add(session_->stats(row_.command, scrape.deadline), out);
    } catch (const MemcachedError& error) {
      if (!error.unsupported()) throw;
      throw NotApplicable(error.what());  // a proxy or another server that knows `stats` only
    }
  }

 private:
  const std::shared_ptr<MemcachedSession> session_;
  const CollectorRow& row_;  // of the table
};

}  // namespace

std::vector<CollectorKind> memcached_collector_kinds() {
  std::vector<CollectorKind> kinds{{kMemcachedUpCollector, true, kServerHelp}};
  for (const auto& row : kRows) kinds.push_back({row.name, true, row.help});
  return kinds;
}

std::vector<Target::Entry> make_memcached_collectors(const Address& address) {
  const auto session = std::make_shared<MemcachedSession>(address);
  std::vector<Target::Entry> entries;
  entries.push_back({kMemcachedUpCollector, std::make_shared<ServerCollector>(session)});
  for (const auto& row : kRows) entries.push_back({row.name, std::make_shared<StatsCollector>(session, row)});
  return entries;
}

std::vector<HealthRule> memcached_health_rules() {
  return {
      // fact, collector, warn, critical, weight
      {"memcached_connections_used_ratio", kMemcachedUpCollector, 0.8, 0.95, 2},
      {"memcached_hit_ratio_drop", kMemcachedUpCollector, 0.1, 0.4, 1},
      {"memcached_evicted_per_hour", kMemcachedUpCollector, 0.5, 10, 1},
  };
}

}  // namespace binnacle::cache
