// SPDX-License-Identifier: Apache-2.0
#include "watched_sources.h"

#include <algorithm>
#include <utility>

#include "breaker_families.h"
#include "source_families.h"

namespace binnacle::breaker {

namespace {

/// So that a scrape which waits for a first poll is answered with what the others know.
constexpr std::chrono::milliseconds kReturnMargin{150};

std::shared_ptr<Poller> make_poller(const SourceSpec& spec, const std::shared_ptr<BreakerTable>& table) {
  return std::make_shared<Poller>(Poller::Settings{spec.name, spec.interval, spec.timeout}, make_source(spec.settings),
                                  table);
}

}  // namespace

WatchedSources::WatchedSources()
    : pushed_(std::make_shared<BreakerTable>(kPush, std::string{}, std::make_shared<const BreakerPolicy>(), count_)) {}

std::function<void()> WatchedSources::load(std::vector<SourceSpec> specs, BreakerPolicy policy) {
  return [this, specs = std::move(specs), policy = std::make_shared<const BreakerPolicy>(std::move(policy))] {
    replace(specs, policy);
  };
}

void WatchedSources::replace(const std::vector<SourceSpec>& specs, const std::shared_ptr<const BreakerPolicy>& policy) {
  std::vector<Watched> next;
  std::unique_lock lock{mutex_};
  for (const auto& spec : specs) {
    const auto same = std::find_if(watched_.begin(), watched_.end(), [&](const auto& one) { return one.spec == spec; });
    if (same != watched_.end()) {
      next.push_back(*same);
      continue;
    }
    auto table = std::make_shared<BreakerTable>(spec.name, spec.instance, policy, count_);
    auto poller = started_ ? make_poller(spec, table) : nullptr;
    next.push_back({spec, std::move(table), std::move(poller)});
  }
  watched_.swap(next);
  lock.unlock();
  for (const auto& table : tables()) table->use(policy);
}

void WatchedSources::start() {
  const std::scoped_lock locked{mutex_};
  started_ = true;
  for (auto& one : watched_) {
    if (!one.poller) one.poller = make_poller(one.spec, one.table);
  }
}

std::vector<WatchedSources::Watched> WatchedSources::watched() const {
  const std::scoped_lock locked{mutex_};
  return watched_;
}

std::vector<std::shared_ptr<BreakerTable>> WatchedSources::tables() const {
  std::vector<std::shared_ptr<BreakerTable>> tables{pushed_};
  for (const auto& one : watched()) tables.push_back(one.table);
  return tables;
}

void WatchedSources::add_breakers(Clock::time_point deadline, Output& out) {
  start();
  for (const auto& one : watched()) one.poller->wait_for_first(deadline - kReturnMargin);
  const auto now = Moment::now();
  for (const auto& table : tables()) {
    table->forget_gone(now);
    binnacle::breaker::add_breakers(*table, now, out);
  }
}

void WatchedSources::add_sources(bool pushes, std::uint64_t push_gaps, Clock::time_point deadline, Output& out) {
  start();
  if (pushes) {
    add_source({kPush, kPush, true, push_gaps, pushed_->counts()}, out.families);
  }
  for (const auto& one : watched()) {
    one.poller->wait_for_first(deadline - kReturnMargin);
    const auto record = one.poller->record();
    add_source({one.spec.name, one.spec.kind, record.up, record.gaps, one.table->counts()}, out.families);
    add_polls(one.spec.name, record, out.families);
    out.fact("source_down", record.up ? 0 : 1, one.spec.name);
  }
}

std::string WatchedSources::not_ready() const {
  std::string open;
  for (const auto& table : tables()) {
    table->each([&](const BreakerRecord& record) {
      if (record.rule == nullptr || !record.rule->readiness || !refuses(record.history.state())) return;
      open += (open.empty() ? "open: " : ", ") + table->source() + "/" + record.id.breaker;
    });
  }
  return open;
}

}  // namespace binnacle::breaker
