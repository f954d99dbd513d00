// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "observation.h"

namespace binnacle::breaker {

/// What pybreaker's CircuitRedisStorage holds of a breaker, under [NAMESPACE:]pybreaker:... Texts as they are in Redis;
/// nothing where there is no such key.
struct PybreakerKeys {
  std::optional<std::string> state;         ///< closed, open, half-open
  std::optional<std::string> fail_counter;  ///< failures in a row
  std::optional<std::string> opened_at;     ///< seconds since 1970; never falls
};

/// One breaker over time.
class Pybreaker {
 public:
  /// `reset_timeout`: the breaker's own, which is not in Redis. Where it is given, an open breaker whose time has
  /// passed is half-open, pending: it stands as open in Redis until somebody calls.
  explicit Pybreaker(std::optional<std::chrono::milliseconds> reset_timeout) : reset_timeout_(reset_timeout) {}

  /// `name` is the label `breaker`. A text that is no state makes it `unknown`.
  Observation observe(const std::string& name, const PybreakerKeys& keys, std::chrono::system_clock::time_point wall);

 private:
  std::optional<std::chrono::milliseconds> reset_timeout_;
  std::optional<BreakerState> last_;
  std::optional<std::chrono::system_clock::time_point> opened_;
  std::chrono::system_clock::time_point seen_;
  bool pending_ = false;
};

}  // namespace binnacle::breaker
