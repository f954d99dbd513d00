// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json_pointer.h"
#include "observation.h"

namespace binnacle::breaker {

/// By the order of Number: as a page of JSON and the config name them.
inline constexpr std::array<std::string_view, kNumberCount> kNumberNames{"failure_ratio",
                                                                         "slow_call_ratio",
                                                                         "window_calls",
                                                                         "failure_ratio_threshold",
                                                                         "slow_call_ratio_threshold",
                                                                         "slow_call_threshold_seconds",
                                                                         "minimum_calls",
                                                                         "consecutive_failures",
                                                                         "half_open_pending",
                                                                         "ejections_active",
                                                                         "ejections_total"};

/// Where in a JSON document the breakers and what is known of each are, as JSON pointers. Those of a breaker begin at
/// that breaker. The defaults are the shape that JSON.md documents.
struct JsonShape {
  std::string breakers = "/breakers";  ///< an array, or an object whose keys are the breakers' names; or one breaker
  std::string name = "/name";
  std::string instance = "/instance";
  std::string state = "/state";
  std::string since = "/since";                  ///< when it came into its state
  std::map<std::string, BreakerState> states{};  ///< what `state` may be beside the names of the states: "2": open
  /// Where there is no one state, but a boolean for each: the first that is true counts; that is false, after a '!'.
  std::vector<std::pair<BreakerState, std::string>> state_flags{};
  std::map<std::string, std::string> numbers{};  ///< by kNumberNames; the others are at "/NAME"
  std::map<std::string, std::string> calls{};    ///< by kCallResultNames; the others are at "/calls/RESULT"
  double ratio_scale = 1;                        ///< ratios are multiplied by it: 0.01 where they are percentages

  bool operator==(const JsonShape&) const = default;
};

/// Reads pages of one shape.
class JsonReader {
 public:
  /// Throws std::runtime_error for a pointer that is none.
  explicit JsonReader(const JsonShape& shape);

  /// All breakers of a page, each once: of two of one name and instance the first. What is missing, or not what it
  /// should be, is unknown. Throws SourceError for what is no JSON, or of another shape.
  [[nodiscard]] std::vector<Observation> read(std::string_view page, std::chrono::system_clock::time_point now) const;

 private:
  struct Flag {
    BreakerState state;
    JsonPointer pointer;
    bool expected;
  };

  [[nodiscard]] Observation observe(const Json& breaker, std::string name,
                                    std::chrono::system_clock::time_point now) const;
  [[nodiscard]] BreakerState state_of(const Json& breaker) const;

  JsonShape shape_;
  JsonPointer breakers_;
  JsonPointer name_;
  JsonPointer instance_;
  JsonPointer state_;
  JsonPointer since_;
  std::vector<Flag> flags_;
  std::vector<JsonPointer> numbers_;  // by Number
  std::vector<JsonPointer> calls_;    // by CallResult
};

}  // namespace binnacle::breaker
