// SPDX-License-Identifier: Apache-2.0
#include "deadline_guard.h"

#include <sys/socket.h>

#include <array>
#include <catch2/catch.hpp>

#include "core/unique_fd.h"

using namespace binnacle;
using namespace binnacle::pgpool;
using namespace std::chrono_literals;

namespace {

struct Pair {
  UniqueFd ours;
  UniqueFd theirs;
};

Pair socket_pair() {
  std::array<int, 2> fds{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return {UniqueFd{fds[0]}, UniqueFd{fds[1]}};
}

}  // namespace

TEST_CASE("a blocking call ends when its deadline passes", "[guard]") {
  DeadlineGuard guard;
  const auto pair = socket_pair();
  const auto deadline = Clock::now() + 20ms;
  const DeadlineGuard::Watch watch{guard, pair.ours.get(), deadline};
  char byte = 0;
  CHECK(::recv(pair.ours.get(), &byte, 1, 0) == 0);  // blocks until the guard shuts the socket down
  CHECK(Clock::now() >= deadline);
  CHECK(watch.fired());
}

TEST_CASE("an earlier deadline is kept though the guard waits for a later one", "[guard]") {
  DeadlineGuard guard;
  const auto slow = socket_pair();
  const auto quick = socket_pair();
  const DeadlineGuard::Watch later{guard, slow.ours.get(), Clock::now() + 1h};
  const DeadlineGuard::Watch sooner{guard, quick.ours.get(), Clock::now() + 20ms};
  char byte = 0;
  CHECK(::recv(quick.ours.get(), &byte, 1, 0) == 0);
  CHECK(sooner.fired());
  CHECK_FALSE(later.fired());
}

TEST_CASE("a call that came back in time leaves its socket alone", "[guard]") {
  DeadlineGuard guard;
  const auto kept = socket_pair();
  const auto other = socket_pair();
  { const DeadlineGuard::Watch watch{guard, kept.ours.get(), Clock::now() + 20ms}; }
  const DeadlineGuard::Watch later{guard, other.ours.get(), Clock::now() + 40ms};
  char byte = 0;
  CHECK(::recv(other.ours.get(), &byte, 1, 0) == 0);  // by now the first deadline has passed as well
  CHECK(::send(kept.theirs.get(), "x", 1, MSG_NOSIGNAL) == 1);
  CHECK(::recv(kept.ours.get(), &byte, 1, 0) == 1);
}
