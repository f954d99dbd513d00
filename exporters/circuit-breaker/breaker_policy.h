// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <re2/re2.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/call_window.h"
#include "push_target.h"

namespace binnacle {
class YamlMap;
}

namespace binnacle::breaker {

/// From where on alerts are to speak up about a breaker, where its own rule says so: the label `threshold`.
inline constexpr std::array<const char*, 5> kAlertThresholds{"open_seconds", "failure_ratio", "slow_call_ratio",
                                                             "rejected_per_second", "openings_per_hour"};

/// A regular expression that has to match the whole text; none matches all.
using Pattern = std::shared_ptr<const re2::RE2>;

/// What the config says of the breakers that it matches.
struct BreakerRule {
  Pattern breaker;
  Pattern source;
  Pattern instance;
  std::optional<std::chrono::duration<double>> slow_call;  ///< from here on a pushed success is a slow one
  bool readiness = false;                                  ///< whether /health/ready is 503 while it is open
  std::array<std::optional<double>, kAlertThresholds.size()> alerts{};
};

/// The config's section `breakers`: which of them are kept, how many and how long, and what is special about some.
class BreakerPolicy {
 public:
  BreakerPolicy() = default;
  /// Throws ConfigError.
  static BreakerPolicy parse(YamlMap& config);

  /// Whether include and exclude let this breaker in.
  [[nodiscard]] bool wants(std::string_view breaker) const;
  /// The first rule that matches; null where none does. Lives as long as this.
  [[nodiscard]] const BreakerRule* rule_of(std::string_view source, const BreakerIdView& id) const;

  [[nodiscard]] std::size_t most() const { return most_; }
  [[nodiscard]] std::chrono::milliseconds ttl() const { return ttl_; }
  [[nodiscard]] WindowSize window() const { return window_; }

 private:
  std::vector<Pattern> include_;
  std::vector<Pattern> exclude_;
  std::size_t most_ = 10'000;
  std::chrono::milliseconds ttl_ = std::chrono::minutes{10};
  WindowSize window_;
  std::vector<BreakerRule> rules_;
};

}  // namespace binnacle::breaker
