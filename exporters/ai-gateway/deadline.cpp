// SPDX-License-Identifier: Apache-2.0
#include "deadline.h"

#include <boost/beast/core/error.hpp>

namespace binnacle::gateway {

namespace {

constexpr auto kNever = Deadline::TimePoint::max();

}  // namespace

struct Deadline::State {
  explicit State(Socket& which) : socket(&which), timer(which.get_executor()) {}
  Socket* socket;  // null: it has gone
  Timer timer;
  TimePoint until = kNever;
  TimePoint fires = kNever;  // never: it is not armed
  bool passed = false;
};

Deadline::Deadline(Socket& socket) : state_(std::make_shared<State>(socket)) {}

Deadline::~Deadline() {
  state_->socket = nullptr;
  state_->timer.cancel();
}

void Deadline::set(TimePoint until) {
  state_->until = until;
  if (until < state_->fires) arm(state_);
}

error_code Deadline::end(error_code error) {
  state_->until = kNever;
  return error && state_->passed ? error_code{beast::error::timeout} : error;
}

void Deadline::arm(const std::shared_ptr<State>& state) {
  state->fires = state->until;
  state->timer.expires_at(state->until);
  state->timer.async_wait([state](error_code ended) {
    if (ended || state->socket == nullptr) return;
    const bool passed = std::chrono::steady_clock::now() >= state->until;
    state->fires = kNever;
    if (!passed) {
      if (state->until != kNever) arm(state);
      return;
    }
    state->passed = true;
    error_code ignored;
    state->socket->close(ignored);
  });
}

}  // namespace binnacle::gateway
