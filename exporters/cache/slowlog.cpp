// SPDX-License-Identifier: Apache-2.0
#include "slowlog.h"

#include <string>

#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

const Command kLength{"SLOWLOG", "LEN"};
const Command kNewest{"SLOWLOG", "GET", "1"};

class Slowlog final : public Collector {
 public:
  explicit Slowlog(const RedisParts& parts) : session_(parts.session) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    session_->announce({kLength, kNewest}, scrape.deadline);
    const auto length = session_->ask(kLength, scrape.deadline);
    const auto newest = parse_slowlog(session_->ask(kNewest, scrape.deadline));
    const auto run = session_->info(scrape.deadline)->get("run_id");
    if (run != run_) total_ = 0;
    run_ = run;
    // An empty log tells nothing of what was in it before SLOWLOG RESET.
    if (newest) total_ = static_cast<double>(newest->id) + 1;
    add_slowlog(length, newest, total_, out.families);
  }

 private:
  const std::shared_ptr<RedisSession> session_;
  std::string run_;
  double total_ = 0;
};

}  // namespace

std::optional<SlowlogEntry> parse_slowlog(const Reply& reply) {
  const auto* const entry = reply.at(0);
  if (entry == nullptr) return std::nullopt;
  const auto* const id = entry->at(0);
  const auto* const usec = entry->at(2);
  if (usec == nullptr || id->type != Reply::Type::integer || usec->type != Reply::Type::integer) return std::nullopt;
  return SlowlogEntry{id->integer, static_cast<double>(usec->integer) * 1e-6};
}

void add_slowlog(const Reply& length, const std::optional<SlowlogEntry>& newest, double total, Families& families) {
  if (length.type == Reply::Type::integer) {
    families.gauge("redis_slowlog_length", "Commands that the slow log holds; it keeps so many at most.")
        .add(static_cast<double>(length.integer));
  }
  if (newest) {
    families.gauge("redis_slowlog_last_id", "Number of the newest entry of the slow log; absent while it is empty.")
        .add(static_cast<double>(newest->id));
    families
        .gauge("redis_last_slow_execution_duration_seconds",
               "How long the newest entry of the slow log took; absent while it is empty.")
        .add(newest->seconds);
  }
  families
      .counter("redis_slowlog_entries_total",
               "Slow commands since the server started, also those that the slow log holds no more.")
      .add(total);
}

std::unique_ptr<Collector> make_slowlog(const RedisParts& parts) { return std::make_unique<Slowlog>(parts); }

}  // namespace binnacle::cache
