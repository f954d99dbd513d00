// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "breaker_policy.h"
#include "core/call_window.h"
#include "core/duration_histogram.h"
#include "core/state_history.h"
#include "observation.h"
#include "push_target.h"
#include "source.h"

namespace binnacle::breaker {

/// Bounds for durations of calls, in seconds: 1 ms to 1 minute.
inline constexpr std::array kCallBounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                        0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0};

/// Calls that were told one by one.
struct MeasuredCalls {
  explicit MeasuredCalls(WindowSize size) : window(size) {}
  CallWindow window;
  DurationHistogram durations{kCallBounds};
};

/// All that is known of one breaker.
struct BreakerRecord {
  BreakerRecord(BreakerId named, BreakerState state, Moment since) : id(std::move(named)), history(state, since) {}

  BreakerId id;
  StateHistory history;
  Clock::time_point seen;
  std::array<std::optional<double>, kNumberCount> numbers{};
  std::array<std::optional<double>, kCallResultCount> calls{};
  BreakerQuantiles quantiles{};
  std::vector<Resource> resources{};
  std::unique_ptr<MeasuredCalls> measured{};  ///< null while no call was told
  const BreakerRule* rule = nullptr;          ///< of the policy in use
};

/// How many breakers there are, of all sources together.
using BreakerCount = std::atomic<std::size_t>;

/// The breakers of one source, as its observations make them. Safe to use from several threads.
class BreakerTable final : public PushTarget {
 public:
  /// `instance` is for breakers to which the source gives none.
  BreakerTable(std::string source, std::string instance, std::shared_ptr<const BreakerPolicy> policy,
               std::shared_ptr<BreakerCount> count);
  ~BreakerTable() override;

  /// From now on another policy holds: breakers that it does not want go.
  void use(std::shared_ptr<const BreakerPolicy> policy);

  /// What a poll found: breakers that are not among it are unknown from now on.
  void update(const Reading& reading, Moment now);
  /// The source cannot be read: all of its breakers are unknown.
  void lose_sight(Moment now);
  /// Breakers that were not seen for the policy's TTL go.
  void forget_gone(Moment now);

  void lock() override { mutex_.lock(); }
  void unlock() override { mutex_.unlock(); }
  void state(const BreakerIdView& id, BreakerState state, Moment now) override;
  void call(const BreakerIdView& id, CallResult result, std::optional<double> seconds, std::uint32_t count,
            Moment now) override;
  void setting(const BreakerIdView& id, Number number, double value, Moment now) override;

  /// Calls `visit` with each of them. None changes meanwhile.
  void each(const std::function<void(const BreakerRecord&)>& visit) const;

  struct Counts {
    std::size_t breakers = 0;
    std::uint64_t dropped = 0;  ///< times that a new one was not taken in, since there were too many
    std::uint64_t removed = 0;  ///< taken out after their TTL
  };
  [[nodiscard]] Counts counts() const;
  [[nodiscard]] const std::string& source() const { return source_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const BreakerIdView& id) const;
    std::size_t operator()(const BreakerId& id) const { return (*this)(BreakerIdView{id.breaker, id.instance}); }
  };
  struct Same {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return std::string_view{a.breaker} == std::string_view{b.breaker} &&
             std::string_view{a.instance} == std::string_view{b.instance};
    }
  };
  using Records = std::unordered_map<BreakerId, BreakerRecord, Hash, Same>;

  BreakerRecord* find_or_add(const BreakerIdView& id, BreakerState first, Moment since, Moment now);
  BreakerRecord* add(BreakerId id, BreakerState first, Moment since);
  void apply(const Observation& observation, Moment now);
  MeasuredCalls& measured(BreakerRecord& record) const;
  Records::iterator take_out(Records::iterator record);

  const std::string source_;
  const std::string instance_;
  const std::shared_ptr<BreakerCount> count_;
  mutable std::mutex mutex_;  // of all below
  std::shared_ptr<const BreakerPolicy> policy_;
  Records records_;
  std::uint64_t dropped_ = 0;
  std::uint64_t removed_ = 0;
};

}  // namespace binnacle::breaker
