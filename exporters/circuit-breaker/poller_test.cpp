// SPDX-License-Identifier: Apache-2.0
#include "poller.h"

#include <poll.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <functional>
#include <stdexcept>
#include <thread>

#include "core/socket.h"
#include "test_breakers.h"

using namespace binnacle;
using namespace binnacle::breaker;
using namespace std::chrono_literals;

namespace {

/// A source that does what a test says.
class TestSource final : public Source {
 public:
  explicit TestSource(std::function<Reading(const PollContext&)> says) : says_(std::move(says)) {}
  Reading poll(const PollContext& context) override { return says_(context); }

 private:
  std::function<Reading(const PollContext&)> says_;
};

std::shared_ptr<BreakerTable> table() { return std::make_shared<BreakerTable>("src", "", policy(""), counter()); }

Poller poller_of(const std::shared_ptr<BreakerTable>& table, std::function<Reading(const PollContext&)> says) {
  return Poller{{"src", 1ms, 10s}, std::make_unique<TestSource>(std::move(says)), table};
}

PollRecord wait_until(const Poller& poller, const std::function<bool(const PollRecord&)>& done) {
  const auto limit = Clock::now() + 30s;
  for (;;) {
    auto record = poller.record();
    if (done(record) || Clock::now() > limit) return record;
    std::this_thread::sleep_for(1ms);
  }
}

std::uint64_t failures(const PollRecord& record, Failure failure) {
  return record.failures[static_cast<std::size_t>(failure)];
}

}  // namespace

TEST_CASE("a source is polled at once, and again and again", "[poller]") {
  const auto into = table();
  std::atomic<bool> in_time = true;  // assertions are the main thread's alone
  const auto poller = poller_of(into, [&](const PollContext& context) {
    in_time = in_time && context.deadline > Clock::now();
    return Reading{{observed({"pay", ""}, BreakerState::open)}, 2};
  });
  poller.wait_for_first(Clock::now() + 30s);
  CHECK(poller.record().up);
  CHECK(into->counts().breakers == 1);
  const auto record = wait_until(poller, [](const auto& seen) { return seen.polls >= 3; });
  CHECK(record.polls >= 3);
  CHECK(in_time);
  CHECK(record.gaps == 2 * record.polls);
  CHECK(record.durations.count() == record.polls);
  CHECK(record.last_success);
}

TEST_CASE("each way to fail has its reason, and breakers are unknown meanwhile", "[poller]") {
  const auto into = table();
  std::atomic<int> polls = 0;
  const auto poller = poller_of(into, [&](const PollContext&) -> Reading {
    switch (++polls) {
      case 1:
        return {{observed({"pay", ""}, BreakerState::closed)}};
      case 2:
        throw SourceError(Failure::unauthorized, "401");
      case 3:
        throw Timeout("too slow");
      case 4:
        throw ConnectionLost("gone");
      case 5:
        throw std::runtime_error("no route");
      default:
        throw SourceError(Failure::bad_reply, "no JSON");
    }
  });
  const auto record = wait_until(poller, [](const auto& seen) { return failures(seen, Failure::bad_reply) > 0; });
  CHECK_FALSE(record.up);
  CHECK(failures(record, Failure::unauthorized) == 1);
  CHECK(failures(record, Failure::timeout) == 1);
  CHECK(failures(record, Failure::unreachable) == 2);
  CHECK(record.error == "no JSON");
  into->each([](const BreakerRecord& breaker) { CHECK(breaker.history.state() == BreakerState::unknown); });
}

TEST_CASE("a poller ends a poll that waits", "[poller]") {
  const auto began = Clock::now();
  {
    const auto poller = poller_of(table(), [](const PollContext& context) -> Reading {
      pollfd polled{context.stop, POLLIN, 0};
      ::poll(&polled, 1, 60'000);
      throw SourceError(Failure::timeout, "stopped");
    });
    poller.wait_for_first(Clock::now() + 20ms);
    CHECK(poller.record().polls == 0);
  }
  CHECK(Clock::now() - began < 30s);
}
