// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "fault.h"

namespace binnacle::gateway {

using Clock = std::chrono::steady_clock;

/// How often, and for how long, one request may be tried.
struct AttemptPolicy {
  int attempts = 3;                        ///< all together, over all targets
  int retries = 1;                         ///< of them, further ones at one target in a row
  std::chrono::milliseconds backoff{250};  ///< before the first retry; doubles, times 0.8 to 1.2
  std::chrono::milliseconds backoff_limit{5'000};
  std::chrono::milliseconds retry_after_limit{2'000};  ///< wait at most so long for an upstream; else fall back
  bool operator==(const AttemptPolicy&) const = default;
};

/// Keeps retries of one upstream to a share of its requests, so that they cannot make an outage worse. For one thread.
class RetryBudget {
 public:
  /// `ratio`: retries for each request; `minimum`: retries that are always there to begin with.
  explicit RetryBudget(double ratio = 0.2, double minimum = 10) : ratio_(ratio), limit_(minimum), left_(minimum) {}
  void request();             ///< a first attempt was made
  [[nodiscard]] bool take();  ///< may one retry be made
 private:
  double ratio_;
  double limit_;
  double left_;
};

/// Decides for one request which of its targets is tried next, and when to stop. Pure: the time, chance and the
/// targets' state are the caller's.
class AttemptPlan {
 public:
  /// May this target (by its index) be tried now: its breaker lets a call through, and it is not cooling down. After
  /// Fault::unauthorized that is true only of another upstream than the one that refused the key, with a key of its
  /// own.
  using Usable = std::function<bool(std::size_t target)>;
  /// May one more attempt be made at it as a retry. Asked last, and only when the retry is made if so.
  using MayRetry = std::function<bool(std::size_t target)>;

  /// `bound`: only the first target, and no retry but one after Fault::connect, of which nothing was sent. `deadline`:
  /// of the whole request; no step's wait reaches it.
  AttemptPlan(AttemptPolicy policy, std::size_t targets, bool bound, Clock::time_point deadline);

  struct Step {
    std::size_t target = 0;
    std::chrono::milliseconds wait{0};  ///< before it
    bool retry = false;                 ///< of the same target
    bool fallback = false;              ///< another target than the first
  };
  /// The first attempt: the first usable target. Nothing where none is.
  std::optional<Step> first(const Usable& usable);
  /// After the last step failed so; `retry_after`: what the upstream said. `chance` is 0 to 1. Nothing: give up.
  ///
  /// The same target is tried again first, as long as its retries last, and then the next usable one; after a 429 or a
  /// timeout it is the other way round. The same target after a 429 that says when is not asked to be usable: it is
  /// cooling down until the wait is over. Targets that were passed are never returned to.
  std::optional<Step> next(Fault fault, std::optional<std::chrono::milliseconds> retry_after, Clock::time_point now,
                           double chance, const Usable& usable, const MayRetry& may_retry);
  [[nodiscard]] int attempts() const { return attempts_; }

 private:
  std::optional<Step> retry(Fault fault, std::optional<std::chrono::milliseconds> retry_after, Clock::time_point now,
                            double chance, const Usable& usable, const MayRetry& may_retry);
  std::optional<Step> fall_back(const Usable& usable);
  Step go_to(std::size_t target);

  AttemptPolicy policy_;
  std::size_t targets_;
  bool bound_;
  Clock::time_point deadline_;
  int attempts_ = 0;
  int at_target_ = 0;  // of them, at target_
  std::size_t target_ = 0;
  bool maybe_billed_ = false;
};

/// Whether to tell the client's SDK not to retry (x-should-retry: false): the cause is permanent, or the wait is longer
/// than 60 s. Of other client errors the status tells it; a 409 may be over by then.
bool retry_is_useless(Fault fault, std::optional<std::chrono::milliseconds> retry_after);

}  // namespace binnacle::gateway
