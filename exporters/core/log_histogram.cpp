// SPDX-License-Identifier: Apache-2.0
#include "log_histogram.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace binnacle {

namespace {

constexpr int kPerOctave = 8;
constexpr int kLowest = -20 * kPerOctave;
constexpr int kHighest = 12 * kPerOctave;

constexpr int kMantissaBits = 52;
constexpr std::uint64_t kMantissaMask = (std::uint64_t{1} << kMantissaBits) - 1;
constexpr std::uint64_t kExponentMask = 0x7ff;
constexpr int kExponentBias = 1023;

constexpr std::uint64_t mantissa(double number) { return std::bit_cast<std::uint64_t>(number) & kMantissaMask; }

/// 2^(n/8) for n = 0 to 7: the upper bounds of an octave's buckets, as mantissas, which are in the numbers' order.
constexpr std::array<std::uint64_t, kPerOctave> kBounds{mantissa(1.0),
                                                        mantissa(1.0905077326652577),
                                                        mantissa(1.1892071150027210),
                                                        mantissa(1.2968395546510096),
                                                        mantissa(1.4142135623730951),
                                                        mantissa(1.5422108254079407),
                                                        mantissa(1.6817928305074290),
                                                        mantissa(1.8340080864093424)};

double upper_bound(int index) { return std::exp2(static_cast<double>(index) / kPerOctave); }

}  // namespace

int log_bucket(double seconds) {
  if (!(seconds > 0)) return kLowest;
  const auto bits = std::bit_cast<std::uint64_t>(seconds);
  const int exponent = static_cast<int>((bits >> kMantissaBits) & kExponentMask) - kExponentBias;
  const auto part = mantissa(seconds);
  // Counting all is faster than looking for the first: it has no branch.
  int above = 0;
  for (const auto bound : kBounds) above += static_cast<int>(part > bound);
  return std::clamp(exponent * kPerOctave + above, kLowest, kHighest);
}

std::uint32_t& LogHistogram::bucket(int index) {
  if (counts_.empty()) first_ = index;
  if (index < first_) {
    counts_.insert(counts_.begin(), static_cast<std::size_t>(first_ - index), 0);
    first_ = index;
  }
  const auto at = static_cast<std::size_t>(index - first_);
  if (at >= counts_.size()) counts_.resize(at + 1);
  return counts_[at];
}

void LogHistogram::add(double seconds, std::uint32_t count) {
  auto& counted = bucket(log_bucket(seconds));
  counted += std::min(count, std::numeric_limits<std::uint32_t>::max() - counted);
  count_ += count;
}

void LogHistogram::add(const LogHistogram& other) {
  if (other.counts_.empty()) return;
  // The ends first, so that it grows once.
  bucket(other.first_);
  bucket(other.first_ + static_cast<int>(other.counts_.size()) - 1);
  for (std::size_t at = 0; at < other.counts_.size(); ++at) {
    bucket(other.first_ + static_cast<int>(at)) += other.counts_[at];
  }
  count_ += other.count_;
}

void LogHistogram::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
}

std::optional<double> LogHistogram::quantile(double q) const {
  if (count_ == 0) return std::nullopt;
  const auto rank = std::clamp(std::ceil(q * static_cast<double>(count_)), 1.0, static_cast<double>(count_));
  double below = 0;
  for (std::size_t at = 0; at < counts_.size(); ++at) {
    below += counts_[at];
    // The middle of the bucket, on the log scale.
    if (below >= rank) return upper_bound(first_ + static_cast<int>(at)) / std::exp2(0.5 / kPerOctave);
  }
  return upper_bound(kHighest);
}

}  // namespace binnacle
