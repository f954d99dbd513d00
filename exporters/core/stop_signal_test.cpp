// SPDX-License-Identifier: Apache-2.0
#include "stop_signal.h"

#include <poll.h>

#include <catch2/catch.hpp>
#include <thread>

using namespace binnacle;
using namespace std::chrono_literals;

TEST_CASE("a thread waits until its time, or until it is told to end", "[stop_signal]") {
  const StopSignal stop;
  const auto time = Clock::now() + 20ms;
  CHECK_FALSE(stop.raised_before(time));
  CHECK(Clock::now() >= time);
  CHECK_FALSE(stop.raised_before(Clock::now() - 1h));

  bool raised = false;
  std::thread waiting{[&] { raised = stop.raised_before(Clock::now() + 1h); }};
  stop.raise();
  waiting.join();
  CHECK(raised);
  CHECK(stop.raised_before(Clock::now() - 1h));
}

TEST_CASE("it can be waited for beside sockets", "[stop_signal]") {
  const StopSignal stop;
  pollfd polled{stop.fd(), POLLIN, 0};
  CHECK(::poll(&polled, 1, 0) == 0);
  stop.raise();
  CHECK(::poll(&polled, 1, 10'000) == 1);
}
