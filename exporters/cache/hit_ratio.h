// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

namespace binnacle::cache {

/// Compares a cache's hit ratio of late with its own past.
///
/// Both are means that forget: of late over a few scrapes, the past over some hundred. A scrape with few lookups says
/// little, and does not count.
class HitRatio {
 public:
  /// Counters since the server started. Counters that went back make it start again.
  void add(double hits, double misses);

  /// By how much the ratio of late is below the past, 0 to 1; 0 where it is above. Nothing while too little is known.
  [[nodiscard]] std::optional<double> drop() const;

 private:
  struct Counters {
    double hits = 0;
    double misses = 0;
  };
  std::optional<Counters> last_;
  double recent_ = 0;
  double past_ = 0;
  int samples_ = 0;
};

}  // namespace binnacle::cache
