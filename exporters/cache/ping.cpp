// SPDX-License-Identifier: Apache-2.0
#include "core/collector.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

class Ping final : public Collector {
 public:
  explicit Ping(const RedisParts& parts) : session_(parts.session) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    session_->ping(scrape.deadline);
    session_->info(scrape.deadline);  // who answers PING and nothing more is not up
    const auto trips = session_->round_trips(scrape.deadline);
    auto& families = out.families;
    out.fact("ping_seconds", trips.last_ping.count());
    families.histogram("redis_ping_duration_seconds", "Round trips of the exporter's own PING, one a scrape.")
        .add(trips.ping.collect());
    families
        .histogram("redis_connect_duration_seconds",
                   "How long the exporter's connections took to open; one stays for all scrapes while it holds.")
        .add(trips.connect.collect());
    if (trips.auth.empty()) return;
    families.histogram("redis_auth_duration_seconds", "Round trips of the exporter's own AUTH, one a connection.")
        .add(trips.auth.collect());
  }

 private:
  const std::shared_ptr<RedisSession> session_;
};

}  // namespace

std::unique_ptr<Collector> make_ping(const RedisParts& parts) { return std::make_unique<Ping>(parts); }

}  // namespace binnacle::cache
