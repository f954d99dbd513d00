// SPDX-License-Identifier: Apache-2.0
#include "state_history.h"

#include <algorithm>

namespace binnacle {

void StateHistory::move_to(BreakerState state, Moment when) {
  if (state == state_) return;
  if (when.steady < since_.steady) when = since_;
  times_[index_of(state_)] += when.steady - since_.steady;
  state_ = state;
  since_ = when;
  if (state == BreakerState::unknown || state == known_) return;
  // A breaker that nobody could read at first has not come from anywhere.
  if (known_ != BreakerState::unknown) ++transitions_[index_of(known_)][index_of(state)];
  known_ = state;
  changed_ = when;
}

std::chrono::duration<double> StateHistory::time_in(BreakerState state, Moment now) const {
  auto time = times_[index_of(state)];
  if (state == state_) time += std::max(now.steady - since_.steady, Clock::duration{0});
  return time;
}

}  // namespace binnacle
