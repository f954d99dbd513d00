// SPDX-License-Identifier: Apache-2.0
#include "turnover.h"

#include <algorithm>
#include <cmath>

namespace binnacle::cache {

namespace {

using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

constexpr Seconds kMemory = 10min;
constexpr Seconds kEnough = 5min;

}  // namespace

void Turnover::add(double evicted, Time now) {
  if (!last_ || evicted < *last_) {
    *this = Turnover{};
    last_ = evicted;
    first_time_ = last_time_ = now;
    return;
  }
  const double seconds = Seconds(now - last_time_).count();
  if (seconds <= 0) return;
  // As a mean of all there is, until there is more than is remembered.
  const double known = Seconds(now - first_time_).count();
  const double weight = std::max(1 - std::exp(-seconds / kMemory.count()), seconds / known);
  per_second_ += ((evicted - *last_) / seconds - per_second_) * weight;
  last_ = evicted;
  last_time_ = now;
}

std::optional<double> Turnover::per_hour(double entries) const {
  if (!last_ || last_time_ - first_time_ < kEnough || entries <= 0) return std::nullopt;
  return per_second_ * Seconds(1h).count() / entries;
}

}  // namespace binnacle::cache
