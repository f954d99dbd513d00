// SPDX-License-Identifier: Apache-2.0
#include "memcached_session.h"

#include <utility>

namespace binnacle::cache {

namespace {

constexpr std::string_view kVersion = "version\r\n";
// In the order of StatsCommand.
constexpr std::string_view kStats = "stats\r\nstats settings\r\nstats items\r\nstats slabs\r\n";

}  // namespace

std::string MemcachedSession::stats(StatsCommand command, Clock::time_point scrape_deadline) {
  const auto deadline = scrape_deadline - kReturnMargin;
  const Turns::Turn turn{turns_, deadline};
  begin(deadline);
  const auto index = static_cast<std::size_t>(command);
  while (read_ <= index) read_next(deadline);
  if (answers_[index].error) std::rethrow_exception(answers_[index].error);
  return answers_[index].text;
}

MemcachedRoundTrips MemcachedSession::round_trips(Clock::time_point scrape_deadline) {
  const Turns::Turn turn{turns_, scrape_deadline - kReturnMargin};
  return round_trips_;
}

void MemcachedSession::begin(Clock::time_point deadline) {
  if (scrape_ == deadline) {
    if (failure_) std::rethrow_exception(failure_);
    return;
  }
  scrape_ = deadline;
  failure_ = nullptr;
  try {
    bool asked = false;
    if (link_) {
      try {
        while (read_ < kCommands) read_next(deadline);
        ask_version(deadline);
        asked = true;
      } catch (const ConnectionLost&) {
        // The server may have closed the kept connection long ago: what matters is whether it answers now.
        failure_ = nullptr;
      }
    }
    if (!asked) {
      open(deadline);
      ask_version(deadline);
    }
    link_->send(kStats, deadline);
    read_ = 0;
  } catch (...) {
    drop(std::current_exception());
  }
}

void MemcachedSession::open(Clock::time_point deadline) {
  link_.reset();
  read_ = kCommands;
  const auto start = Clock::now();
  link_ = std::make_unique<MemcachedLink>(Socket::connect(address_, deadline));
  round_trips_.connect.observe(Clock::now() - start);
}

void MemcachedSession::ask_version(Clock::time_point deadline) {
  const auto start = Clock::now();
  try {
    try {
      link_->send(kVersion, deadline);
    } catch (const ConnectionLost&) {
      // A full server says so before it hangs up.
    }
    link_->read_line(deadline);
  } catch (const Timeout&) {
    round_trips_.version.observe(Clock::now() - start);  // else the slowest would be missing
    throw;
  }
  round_trips_.version.observe(Clock::now() - start);
}

void MemcachedSession::read_next(Clock::time_point deadline) {
  auto& answer = answers_[read_];
  answer = {};
  try {
    answer.text = link_->read_stats(deadline);
  } catch (const MemcachedError&) {
    answer.error = std::current_exception();
  } catch (...) {
    drop(std::current_exception());
  }
  ++read_;
}

void MemcachedSession::drop(std::exception_ptr error) {
  link_.reset();
  read_ = kCommands;
  failure_ = error;
  std::rethrow_exception(std::move(error));
}

}  // namespace binnacle::cache
