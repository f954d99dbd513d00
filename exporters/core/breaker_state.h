// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace binnacle {

/// What a circuit breaker does with calls. The names are resilience4j's, of which the others have a part.
enum class BreakerState : std::uint8_t {
  closed,        ///< lets all through
  open,          ///< refuses all
  half_open,     ///< lets a few through, to see whether the other side is well again
  forced_open,   ///< refuses all, since an operator said so
  disabled,      ///< lets all through, and does not look at how they end
  metrics_only,  ///< lets all through, and only measures
  unknown,       ///< nobody can tell just now
};

inline constexpr std::size_t kBreakerStateCount = 7;
inline constexpr std::array<BreakerState, kBreakerStateCount> kBreakerStates{
    BreakerState::closed,   BreakerState::open,         BreakerState::half_open, BreakerState::forced_open,
    BreakerState::disabled, BreakerState::metrics_only, BreakerState::unknown};

inline constexpr std::array<std::string_view, kBreakerStateCount> kBreakerStateNames{
    "closed", "open", "half_open", "forced_open", "disabled", "metrics_only", "unknown"};

constexpr std::size_t index_of(BreakerState state) { return static_cast<std::size_t>(state); }
/// As it stands in the label `state`.
constexpr std::string_view name_of(BreakerState state) { return kBreakerStateNames[index_of(state)]; }

/// The state that a source writes as `text`: of upper or lower case, with '-', ' ', '_' or nothing between its words.
/// Nothing for any other text.
std::optional<BreakerState> breaker_state_of(std::string_view text);

/// How a call ended, for the breaker that saw it. Each call has one of them.
enum class CallResult : std::uint8_t {
  success,
  failure,
  timeout,
  slow,      ///< succeeded, but took longer than the breaker bears
  ignored,   ///< ended in a way that does not count, such as an error of the caller's own
  rejected,  ///< was not made: the breaker refused it
};

inline constexpr std::size_t kCallResultCount = 6;
inline constexpr std::array<CallResult, kCallResultCount> kCallResults{CallResult::success, CallResult::failure,
                                                                       CallResult::timeout, CallResult::slow,
                                                                       CallResult::ignored, CallResult::rejected};
inline constexpr std::array<std::string_view, kCallResultCount> kCallResultNames{"success", "failure", "timeout",
                                                                                 "slow",    "ignored", "rejected"};

constexpr std::size_t index_of(CallResult result) { return static_cast<std::size_t>(result); }
/// As it stands in the label `result`.
constexpr std::string_view name_of(CallResult result) { return kCallResultNames[index_of(result)]; }
/// The result of this name. Nothing for any other text.
std::optional<CallResult> call_result_of(std::string_view text);

}  // namespace binnacle
