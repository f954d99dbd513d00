// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/families.h"
#include "core/state_history.h"
#include "core/statsd_event.h"
#include "push_target.h"

namespace binnacle::breaker {

/// Why a line that begins as ours do was not taken: the label `reason`.
enum class PushFault : std::uint8_t {
  unknown_name,    ///< circuit_breaker.SOMETHING that means nothing to us
  no_breaker,      ///< no tag says which breaker
  wrong_type,      ///< a name that we know, with a type or form that it does not have
  bad_value,       ///< below 0, a ratio above 1, or more calls than one line may stand for
  unknown_result,  ///< the tag `result`
  unknown_state,   ///< the tag `state`
};
inline constexpr std::array<std::string_view, 6> kPushFaultNames{"unknown_name", "no_breaker",     "wrong_type",
                                                                 "bad_value",    "unknown_result", "unknown_state"};
/// How many lines were not taken, by why.
using PushFaults = std::array<std::uint64_t, kPushFaultNames.size()>;

/// A line stands for this many calls at the most, so that one bad packet cannot outweigh a day of good ones.
inline constexpr double kPushMaxCalls = 10'000'000;

/// Takes what applications tell of their breakers by DogStatsD, as PUSH.md has it, and hands it on. Lines whose names
/// do not begin with "circuit_breaker." are none of its business. A line is taken whole or not at all; nothing is
/// allocated for it here.
class PushSink final : public EventSink {
 public:
  /// `target` must outlive this. It is locked from begin_batch() to end_batch().
  explicit PushSink(PushTarget& target) : target_(target) {}

  void begin_batch(std::chrono::steady_clock::time_point now) override;
  void end_batch() override { target_.unlock(); }
  void metric(const StatsdMetric& metric) override;
  [[nodiscard]] bool owns(std::string_view name) const override;
  void service_check(const StatsdCheck& check) override;

  /// May be called by any thread.
  [[nodiscard]] PushFaults faults() const;
  /// Adds circuit_breaker_push_malformed_total. May be called by any thread.
  void report(Families& families) const;

 private:
  using Fault = std::optional<PushFault>;
  Fault take(const StatsdMetric& metric);
  Fault take(const StatsdCheck& check);
  Fault take_durations(const BreakerIdView& id, CallResult result, const StatsdMetric& metric);
  Fault take_counts(const BreakerIdView& id, CallResult result, const StatsdMetric& metric);
  std::uint32_t whole_calls(double calls);
  void count(Fault fault);

  PushTarget& target_;
  Moment now_{};
  double owed_ = 0;  // parts of calls that sample rates left over, less than one call
  std::array<std::atomic<std::uint64_t>, kPushFaultNames.size()> faults_{};
};

}  // namespace binnacle::breaker
