// SPDX-License-Identifier: Apache-2.0
#include "model_gate.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace binnacle::gateway {

ModelGate::Entry ModelGate::enter(Place& place, std::function<void()> admitted, Clock::time_point now) {
  place.leave(now);
  // Within a callback of admit() there may be room that those who wait come to first.
  if (waiting_.empty() && has_room()) {
    let_in(place, now);
    return Entry::admitted;
  }
  if (waiting_.size() >= settings_.queue_length) return Entry::full;
  place.gate_ = this;
  place.on_admitted_ = std::move(admitted);
  place.at_ = waiting_.insert(waiting_.end(), &place);
  return Entry::queued;
}

void ModelGate::settings(Settings settings, Clock::time_point now) {
  settings_ = settings;
  admit(now);
}

void ModelGate::let_in(Place& place, Clock::time_point now) {
  place.gate_ = this;
  place.admitted_ = true;
  place.since_ = now;
  last_move_ = now;
  ++in_flight_;
}

/// What a callback changes, the loop that called it sees: callbacks never nest.
void ModelGate::admit(Clock::time_point now) {
  if (admitting_) return;
  admitting_ = true;
  while (!waiting_.empty() && has_room()) {
    Place& place = *waiting_.front();
    waiting_.pop_front();
    let_in(place, now);
    const auto admitted = std::exchange(place.on_admitted_, nullptr);
    if (admitted) admitted();  // the place may be gone afterwards
  }
  admitting_ = false;
}

void ModelGate::released(std::chrono::duration<double> held, Clock::time_point now) {
  constexpr double kShare = 1.0 / 8;  // of the newest
  const double seconds = std::max(0.0, held.count());
  held_seconds_ = held_seconds_ ? *held_seconds_ + kShare * (seconds - *held_seconds_) : seconds;
  last_move_ = now;
  --in_flight_;
  admit(now);
}

std::chrono::seconds ModelGate::retry_after(Clock::time_point now) const {
  constexpr double kShortest = 1;
  constexpr double kLongest = 60;
  if (has_room()) return std::chrono::seconds{1};
  const double turns = static_cast<double>(waiting_.size() + 1) / static_cast<double>(settings_.concurrency);
  const std::chrono::duration<double> still = now - last_move_;
  const double seconds = std::max(turns * held_seconds_.value_or(0), still.count());
  return std::chrono::seconds{std::lround(std::ceil(std::clamp(seconds, kShortest, kLongest)))};
}

void ModelGate::Place::leave(Clock::time_point now) {
  auto* const gate = std::exchange(gate_, nullptr);
  if (gate == nullptr) return;
  if (std::exchange(admitted_, false)) {
    gate->released(now - since_, now);
  } else {
    gate->waiting_.erase(at_);
    on_admitted_ = nullptr;
  }
}

}  // namespace binnacle::gateway
