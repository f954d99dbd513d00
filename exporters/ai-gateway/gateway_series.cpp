// SPDX-License-Identifier: Apache-2.0
#include "gateway_series.h"

#include <algorithm>

namespace binnacle::gateway {

namespace {

constexpr int kLowestStatus = 100;
constexpr int kHighestStatus = 599;
/// Of the gateway's own reasons to refuse there are fewer.
constexpr std::size_t kMostReasons = 64;

std::uint16_t code_of(int status) {
  if (status == 0) return 0;
  const bool known = status >= kLowestStatus && status <= kHighestStatus;
  return known ? static_cast<std::uint16_t>(status) : OperationSeries::kOtherCode;
}

}  // namespace

void ChunkSeries::add(const ChunkTimes& times) {
  for (std::size_t at = 0; at < counts.size(); ++at) {
    counts[at] += times.counts[at];
    count += times.counts[at];
  }
  sum_seconds += times.sum_seconds;
}

prometheus::ClientMetric ChunkSeries::collect() const {
  prometheus::ClientMetric metric;
  std::uint64_t below = 0;
  for (std::size_t at = 0; at < counts.size(); ++at) {
    below += counts[at];
    const double bound = at < kChunkBounds.size() ? kChunkBounds[at] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({below, bound});
  }
  metric.histogram.sample_count = count;
  metric.histogram.sample_sum = sum_seconds;
  return metric;
}

bool GatewaySeries::take_label_set() {
  if (label_sets_ >= kMostLabelSets) {
    folded.add();
    return false;
  }
  ++label_sets_;
  return true;
}

GatewaySeries::Model& GatewaySeries::model(std::string_view name) {
  if (const auto found = models.find(name); found != models.end()) return found->second;
  return models.try_emplace(take_label_set() ? std::string{name} : kOtherLabel).first->second;
}

TargetSeries& GatewaySeries::target(std::string_view model_name, std::string_view upstream_name) {
  auto& targets = model(model_name).targets;
  if (const auto found = targets.find(upstream_name); found != targets.end()) return found->second;
  if (take_label_set()) return targets.try_emplace(std::string{upstream_name}).first->second;
  return models[kOtherLabel].targets[kOtherLabel];
}

/// There are few operations: they need no room of their own.
OperationSeries& GatewaySeries::operation(TargetSeries& target, Operation operation) {
  auto& series = target.operations[static_cast<std::size_t>(operation)];
  if (!series) series.emplace();
  return *series;
}

Count& GatewaySeries::ended(OperationSeries& series, int status, Outcome outcome) {
  const auto find = [&](std::uint16_t code) -> Count* {
    for (auto& row : series.requests) {
      if (row.code == code && row.outcome == outcome) return &row.count;
    }
    return nullptr;
  };
  auto code = code_of(status);
  if (auto* const known = find(code); known != nullptr) return *known;
  if (series.requests.size() >= kMostCodes) {
    code = OperationSeries::kOtherCode;
    if (auto* const other = find(code); other != nullptr) return *other;
  }
  return series.requests.emplace_back(OperationSeries::Ended{code, outcome, {}}).count;
}

UpstreamSeries& GatewaySeries::upstream(std::string_view name) {
  if (const auto found = upstreams.find(name); found != upstreams.end()) return found->second;
  return upstreams.try_emplace(take_label_set() ? std::string{name} : kOtherLabel).first->second;
}

Count& GatewaySeries::fallback(std::string_view model, std::string_view from, std::string_view to,
                               std::string_view reason) {
  FallbackKey key{model, from, to};
  if (const auto found = fallbacks.find(key); found != fallbacks.end()) return found->second[reason];
  if (take_label_set()) return fallbacks[std::move(key)][reason];
  return fallbacks[{kOtherLabel, kOtherLabel, kOtherLabel}][reason];
}

Count& GatewaySeries::refused(std::string_view reason) {
  if (const auto found = refusals.find(reason); found != refusals.end()) return found->second;
  return refusals[refusals.size() < kMostReasons ? std::string{reason} : kOtherLabel];
}

}  // namespace binnacle::gateway
