// SPDX-License-Identifier: Apache-2.0
#include "hit_ratio.h"

#include <algorithm>

namespace binnacle::cache {

namespace {

constexpr double kFewLookups = 100;
constexpr int kEnoughSamples = 20;
constexpr double kRecentWeight = 1.0 / 4;
constexpr double kPastWeight = 1.0 / 240;  // an hour of scrapes every 15 seconds

}  // namespace

void HitRatio::add(double hits, double misses) {
  if (last_ && (hits < last_->hits || misses < last_->misses)) *this = HitRatio{};
  if (!last_) {
    last_ = Counters{hits, misses};
    return;
  }
  const double new_hits = hits - last_->hits;
  const double lookups = new_hits + misses - last_->misses;
  if (lookups < kFewLookups) return;  // they add up until they are enough
  last_ = Counters{hits, misses};
  const double ratio = new_hits / lookups;
  ++samples_;
  // The first ones are a plain mean, so that none of them weighs too much.
  recent_ += (ratio - recent_) * std::max(kRecentWeight, 1.0 / samples_);
  past_ += (ratio - past_) * std::max(kPastWeight, 1.0 / samples_);
}

std::optional<double> HitRatio::drop() const {
  if (samples_ < kEnoughSamples) return std::nullopt;
  return std::max(0.0, past_ - recent_);
}

}  // namespace binnacle::cache
