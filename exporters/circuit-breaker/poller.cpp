// SPDX-License-Identifier: Apache-2.0
#include "poller.h"

#include <algorithm>
#include <utility>

#include "core/log.h"
#include "core/socket.h"

namespace binnacle::breaker {

Poller::Poller(Settings settings, std::unique_ptr<Source> source, std::shared_ptr<BreakerTable> table)
    : settings_(std::move(settings)), source_(std::move(source)), table_(std::move(table)) {
  thread_ = std::thread{[this] { run(); }};
}

Poller::~Poller() {
  stop_.raise();
  thread_.join();
}

void Poller::run() {
  auto next = Clock::now();
  while (!stop_.raised_before(next)) {
    const auto began = Clock::now();
    const auto outcome = poll_once();
    if (stop_.raised_before(began)) return;
    note(outcome, Clock::now() - began);
    next = std::max(next + settings_.interval, Clock::now());
  }
}

Poller::Outcome Poller::poll_once() {
  try {
    const auto reading = source_->poll({Clock::now() + settings_.timeout, stop_.fd()});
    table_->update(reading, Moment::now());
    return {std::nullopt, {}, reading.gaps};
  } catch (const SourceError& error) {
    return {error.failure(), error.what()};
  } catch (const Timeout& error) {
    return {Failure::timeout, error.what()};
  } catch (const std::exception& error) {
    return {Failure::unreachable, error.what()};
  }
}

void Poller::note(const Outcome& outcome, Clock::duration took) {
  if (outcome.failure) table_->lose_sight(Moment::now());
  std::unique_lock lock{mutex_};
  const bool first = record_.polls == 0;
  const bool was_up = record_.up;
  ++record_.polls;
  record_.up = !outcome.failure;
  record_.gaps += outcome.gaps;
  record_.error = outcome.error;
  record_.durations.observe(took);
  if (outcome.failure) {
    ++record_.failures[static_cast<std::size_t>(*outcome.failure)];
  } else {
    record_.last_success = std::chrono::system_clock::now();
  }
  lock.unlock();
  polled_.notify_all();
  if (!first && was_up == !outcome.failure) return;
  if (outcome.failure) {
    log::warn("source cannot be read",
              {{"source", settings_.name},
               {"reason", std::string{kFailureNames[static_cast<std::size_t>(*outcome.failure)]}},
               {"error", outcome.error}});
  } else {
    log::info(first ? "source is read" : "source can be read again", {{"source", settings_.name}});
  }
}

void Poller::wait_for_first(Clock::time_point deadline) const {
  std::unique_lock lock{mutex_};
  polled_.wait_until(lock, deadline, [this] { return record_.polls > 0; });
}

PollRecord Poller::record() const {
  const std::scoped_lock locked{mutex_};
  return record_;
}

}  // namespace binnacle::breaker
