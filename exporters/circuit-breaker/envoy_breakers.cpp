// SPDX-License-Identifier: Apache-2.0
#include "envoy_breakers.h"

#include <algorithm>
#include <unordered_map>

namespace binnacle::breaker {

namespace {

/// A 32-bit limit bounds what can remain. Envoy has been seen to tell 18446744073709551614.
constexpr double kMostRemaining = 4294967295;

BreakerState state_of(const EnvoyPriorityStats& priority) {
  auto state = BreakerState::unknown;
  for (const auto& open : priority.open) {
    if (!open) continue;
    if (*open > 0) return BreakerState::open;
    state = BreakerState::closed;
  }
  return state;
}

/// Whether a counter says that something happened since the last look. After a restart it begins at 0.
bool rose(const std::optional<double>& before, const std::optional<double>& now) {
  if (!before || !now) return false;
  const bool restarted = *now < *before;
  return restarted ? *now > 0 : *now > *before;
}

bool any_rose(const EnvoyResourceNumbers& before, const EnvoyResourceNumbers& now) {
  for (std::size_t at = 0; at < now.size(); ++at) {
    if (rose(before[at], now[at])) return true;
  }
  return false;
}

std::optional<double> remaining(const std::optional<double>& told, const std::optional<double>& limit,
                                const std::optional<double>& active) {
  if (!limit) return std::nullopt;
  if (told) return *told < kMostRemaining ? told : std::nullopt;
  if (!active) return std::nullopt;
  return std::max(0.0, *limit - *active);
}

/// `cluster` is null for the high priority: what is counted of both says nothing of it alone.
std::vector<Resource> resources_of(const EnvoyPriorityStats& priority, const EnvoyResourceNumbers& limits,
                                   const EnvoyClusterStats* cluster) {
  static constexpr EnvoyResourceNumbers kNone{};
  const auto& active = cluster == nullptr ? kNone : cluster->active;
  std::vector<Resource> resources;
  for (std::size_t at = 0; at < kEnvoyResourceCount; ++at) {
    Resource resource{std::string{kEnvoyResources[at]}, limits[at], {}, {}, {}};
    resource.remaining = remaining(priority.remaining[at], limits[at], active[at]);
    if (priority.open[at]) resource.exhausted = *priority.open[at] > 0;
    if (cluster != nullptr) resource.overflows = cluster->overflows[at];
    if (resource.limit || resource.remaining || resource.exhausted || resource.overflows) {
      resources.push_back(std::move(resource));
    }
  }
  return resources;
}

/// Requests that were refused for want of a connection, of room to wait for one, or of a place among the active ones.
std::optional<double> rejected_of(const EnvoyClusterStats& stats) {
  const auto& pending = stats.overflows[1];
  const auto& active = stats.overflows[2];
  if (!pending && !active) return std::nullopt;
  return pending.value_or(0) + active.value_or(0);
}

}  // namespace

Reading EnvoyBreakers::observe(const EnvoyStats& stats, const std::vector<EnvoyCluster>& clusters) {
  std::unordered_map<std::string_view, const EnvoyCluster*> by_stat_name;
  for (const auto& cluster : clusters) by_stat_name.emplace(cluster.stat_name, &cluster);
  Reading reading;
  next_.clear();
  for (const auto& [stat_name, numbers] : stats) {
    const auto found = by_stat_name.find(stat_name);
    const auto* const status = found == by_stat_name.end() ? nullptr : found->second;
    // "cluster.NAME.internal.upstream_rq_2xx" is no cluster NAME.internal.
    const bool known = status != nullptr || state_of(numbers.default_priority) != BreakerState::unknown;
    if (known) add_cluster(status == nullptr ? stat_name : status->name, numbers, status, reading);
  }
  last_.swap(next_);
  return reading;
}

void EnvoyBreakers::add_cluster(const std::string& name, const EnvoyClusterStats& stats, const EnvoyCluster* status,
                                Reading& reading) {
  const auto found = last_.find(name);
  const auto* const before = found == last_.end() ? nullptr : &found->second;
  Memory now;
  now.state = state_of(stats.default_priority);
  now.overflows = stats.overflows;
  now.ejections = stats.ejections;
  const auto high_state = state_of(stats.high_priority);

  auto breaker = observed({name, {}}, now.state);
  const bool was_open_between = before != nullptr && before->state == BreakerState::closed &&
                                now.state == BreakerState::closed && high_state != BreakerState::open &&
                                any_rose(before->overflows, stats.overflows);
  if (was_open_between) breaker.path.insert(breaker.path.begin(), {BreakerState::open});
  static const EnvoyResourceNumbers kNoLimits;
  breaker.resources =
      resources_of(stats.default_priority, status == nullptr ? kNoLimits : status->default_limits, &stats);
  if (stats.ejected_hosts) breaker.set(Number::ejections_active, *stats.ejected_hosts);
  if (stats.ejections) breaker.set(Number::ejections_total, *stats.ejections);

  const auto rejected = rejected_of(stats);
  if (rejected) breaker.set_total(CallResult::rejected, *rejected);
  if (stats.timeouts) breaker.set_total(CallResult::timeout, *stats.timeouts);
  const auto& answers = stats.answers;
  if (std::any_of(answers.begin(), answers.end(), [](const auto& answer) { return answer.has_value(); })) {
    breaker.set_total(CallResult::success, answers[0].value_or(0) + answers[1].value_or(0) + answers[2].value_or(0));
    // Envoy answers a timeout with 504 and an overflow with 503, and counts both as 5xx too. Not each of them, so that
    // the difference of the counters could fall: only what it grows by is taken.
    now.server_errors = answers[3].value_or(0);
    now.not_failures = stats.timeouts.value_or(0) + rejected.value_or(0);
    const bool restarted =
        before == nullptr || now.server_errors < before->server_errors || now.not_failures < before->not_failures;
    now.failures = restarted ? std::max(0.0, now.server_errors - now.not_failures)
                             : before->failures + std::max(0.0, (now.server_errors - before->server_errors) -
                                                                    (now.not_failures - before->not_failures));
    breaker.set_total(CallResult::failure, now.failures);
  }
  reading.breakers.push_back(std::move(breaker));

  auto high = observed({name + "/high", {}}, high_state);
  high.resources = resources_of(stats.high_priority, status == nullptr ? kNoLimits : status->high_limits, nullptr);
  if (high_state != BreakerState::unknown) reading.breakers.push_back(std::move(high));

  if (hosts_ && status != nullptr && stats.ejections) add_hosts(*status, before, now, reading);
  next_.insert_or_assign(name, std::move(now));
}

/// An ejection that began and ended between two polls is one that no host shows: a gap.
void EnvoyBreakers::add_hosts(const EnvoyCluster& cluster, const Memory* before, Memory& now, Reading& reading) const {
  std::size_t newly = 0;
  for (const auto& host : cluster.hosts) {
    reading.breakers.push_back(
        observed({cluster.name, host.address}, host.ejected ? BreakerState::open : BreakerState::closed));
    if (!host.ejected) continue;
    now.ejected.insert(host.address);
    if (before == nullptr || before->ejected.count(host.address) == 0) ++newly;
  }
  if (before == nullptr || !before->ejections || !rose(before->ejections, now.ejections)) return;
  const bool restarted = *now.ejections < *before->ejections;
  const auto ejections = restarted ? *now.ejections : *now.ejections - *before->ejections;
  if (ejections > static_cast<double>(newly)) ++reading.gaps;
}

}  // namespace binnacle::breaker
