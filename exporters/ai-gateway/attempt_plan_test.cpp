// SPDX-License-Identifier: Apache-2.0
#include "attempt_plan.h"

#include <catch2/catch.hpp>
#include <random>
#include <set>
#include <string>

using namespace binnacle::gateway;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr Clock::time_point kStart{1000s};

/// A plan with a world that a test sets.
struct World {
  AttemptPolicy policy;
  std::size_t targets = 3;
  bool bound = false;
  milliseconds deadline{600'000};
  std::set<std::size_t> unusable;
  bool retries_left = true;
  double chance = 0.5;  // backoff without jitter
  Clock::time_point now = kStart;
  int retries_asked = 0;
  std::optional<AttemptPlan> plan;

  std::string first() {
    plan.emplace(policy, targets, bound, kStart + deadline);
    return text(plan->first(usable()));
  }
  std::string next(Fault fault, std::optional<milliseconds> retry_after = {}) {
    return text(plan->next(fault, retry_after, now, chance, usable(), [this](std::size_t) {
      ++retries_asked;
      return retries_left;
    }));
  }

 private:
  AttemptPlan::Usable usable() {
    return [this](std::size_t target) { return !unusable.contains(target); };
  }
  static std::string text(const std::optional<AttemptPlan::Step>& step) {
    if (!step) return "give up";
    return std::to_string(step->target) + (step->retry ? " retry" : "") + (step->fallback ? " fallback" : "") +
           (step->wait > 0ms ? " after " + std::to_string(step->wait.count()) : "");
  }
};

}  // namespace

TEST_CASE("the first usable target is tried first", "[attempt_plan]") {
  World world;
  CHECK(world.first() == "0");
  world.unusable = {0, 1};
  CHECK(world.first() == "2 fallback");
  CHECK(world.plan->attempts() == 1);
  world.unusable = {0, 1, 2};
  CHECK(world.first() == "give up");
  CHECK(world.plan->attempts() == 0);
  CHECK(world.next(Fault::connect) == "give up");
  world.targets = 0;
  CHECK(world.first() == "give up");
}

TEST_CASE("a target is retried, then the next one tried, all in one budget", "[attempt_plan]") {
  World world;
  world.first();
  CHECK(world.next(Fault::overloaded) == "0 retry after 250");
  CHECK(world.next(Fault::overloaded) == "1 fallback");
  CHECK(world.plan->attempts() == 3);
  CHECK(world.next(Fault::overloaded) == "give up");
  CHECK(world.plan->attempts() == 3);
  CHECK(world.retries_asked == 1);
}

TEST_CASE("each target has its retries, and none is returned to", "[attempt_plan]") {
  World world;
  world.policy.attempts = 100;
  world.first();
  CHECK(world.next(Fault::server_error) == "0 retry after 250");
  CHECK(world.next(Fault::connect) == "1 fallback");
  CHECK(world.next(Fault::error_frame) == "1 retry fallback after 250");
  CHECK(world.next(Fault::overloaded) == "2 fallback");
  CHECK(world.next(Fault::overloaded) == "2 retry fallback after 250");
  CHECK(world.next(Fault::overloaded) == "give up");
}

TEST_CASE("targets that are not usable are passed over", "[attempt_plan]") {
  World world;
  world.first();
  world.unusable = {0, 1};
  CHECK(world.next(Fault::overloaded) == "2 fallback");
  CHECK(world.retries_asked == 0);
  world.unusable = {0, 1, 2};
  CHECK(world.next(Fault::overloaded) == "give up");
}

TEST_CASE("backoff doubles up to its limit, with jitter", "[attempt_plan]") {
  World world;
  world.targets = 1;
  world.policy = {.attempts = 100, .retries = 100, .backoff = 100ms, .backoff_limit = 500ms, .retry_after_limit = 2s};
  world.first();
  CHECK(world.next(Fault::server_error) == "0 retry after 100");
  CHECK(world.next(Fault::server_error) == "0 retry after 200");
  world.chance = 0;
  CHECK(world.next(Fault::server_error) == "0 retry after 320");
  world.chance = 1;
  CHECK(world.next(Fault::server_error) == "0 retry after 500");  // never above the limit
  world.chance = 0.5;
  for (int i = 0; i < 80; ++i) CHECK(world.next(Fault::server_error) == "0 retry after 500");
}

TEST_CASE("without retries the next target comes at once", "[attempt_plan]") {
  World world;
  world.policy.retries = 0;
  world.first();
  CHECK(world.next(Fault::connect) == "1 fallback");
  CHECK(world.retries_asked == 0);
}

TEST_CASE("a spent retry budget leaves fallbacks", "[attempt_plan]") {
  World world;
  world.retries_left = false;
  world.first();
  CHECK(world.next(Fault::connect) == "1 fallback");
  CHECK(world.retries_asked == 1);
}

TEST_CASE("a 429 goes to another target at once", "[attempt_plan]") {
  World world;
  world.first();
  CHECK(world.next(Fault::rate_limited, 500ms) == "1 fallback");
  CHECK(world.next(Fault::rate_limited, 500ms) == "2 fallback");
  CHECK(world.next(Fault::rate_limited, 500ms) == "give up");  // of attempts
}

TEST_CASE("a 429 waits where there is no other target", "[attempt_plan]") {
  World world;
  world.unusable = {1, 2};
  world.first();
  world.unusable = {0, 1, 2};  // it is cooling down now
  CHECK(world.next(Fault::rate_limited, 1500ms) == "0 retry after 1500");
  CHECK(world.next(Fault::rate_limited, 1500ms) == "give up");  // one retry
  world.unusable = {1, 2};
  world.first();
  CHECK(world.next(Fault::rate_limited, 0ms) == "0 retry after 250");
  world.first();
  CHECK(world.next(Fault::rate_limited, 2001ms) == "give up");  // longer than the limit
  world.first();
  CHECK(world.next(Fault::rate_limited) == "0 retry after 250");
  world.first();
  world.unusable = {0, 1, 2};
  CHECK(world.next(Fault::rate_limited) == "give up");  // it does not say for how long
}

TEST_CASE("what an overloaded upstream asks for is waited for, or not retried", "[attempt_plan]") {
  World world;
  world.first();
  CHECK(world.next(Fault::overloaded, 900ms) == "0 retry after 900");
  world.first();
  CHECK(world.next(Fault::overloaded, 30s) == "1 fallback");
}

TEST_CASE("what can only be done elsewhere is not retried", "[attempt_plan]") {
  for (const auto fault : {Fault::quota, Fault::unauthorized, Fault::context_length, Fault::bad_reply}) {
    World world;
    world.first();
    CHECK(world.next(fault) == "1 fallback");
    world.unusable = {1, 2};
    world.first();
    CHECK(world.next(fault) == "give up");
  }
}

TEST_CASE("after some faults nothing is tried", "[attempt_plan]") {
  for (const auto fault :
       {Fault::none, Fault::client_error, Fault::broken_off, Fault::idle_timeout, Fault::client_gone}) {
    World world;
    world.first();
    CHECK(world.next(fault) == "give up");
  }
}

TEST_CASE("after what may be billed there is one more attempt", "[attempt_plan]") {
  World world;
  world.policy.attempts = 10;
  world.first();
  CHECK(world.next(Fault::reset) == "0 retry after 250");
  CHECK(world.next(Fault::overloaded) == "give up");
  world.first();
  CHECK(world.next(Fault::header_timeout) == "1 fallback");  // not there again
  CHECK(world.next(Fault::header_timeout) == "give up");
  world.first();
  CHECK(world.next(Fault::reset) == "0 retry after 250");
  CHECK(world.next(Fault::connect) == "1 fallback");  // nothing was sent: it did not count
  CHECK(world.next(Fault::connect) == "1 retry fallback after 250");
  CHECK(world.next(Fault::server_error) == "give up");
}

TEST_CASE("a timeout is retried where there is no other target", "[attempt_plan]") {
  World world;
  world.targets = 1;
  world.first();
  CHECK(world.next(Fault::content_timeout) == "0 retry after 250");
}

TEST_CASE("the deadline counts", "[attempt_plan]") {
  World world;
  world.deadline = 1000ms;
  world.first();
  world.now = kStart + 750ms;  // the backoff would reach it
  CHECK(world.next(Fault::overloaded) == "1 fallback");
  world.first();
  world.now = kStart + 749ms;
  CHECK(world.next(Fault::overloaded) == "0 retry after 250");
  world.now = kStart + 1000ms;
  CHECK(world.next(Fault::overloaded) == "give up");
}

TEST_CASE("a bound request stays where it is", "[attempt_plan]") {
  World world;
  world.bound = true;
  world.unusable = {0};
  CHECK(world.first() == "give up");
  world.unusable = {};
  for (std::size_t fault = 0; fault < kFaultCount; ++fault) {
    if (static_cast<Fault>(fault) == Fault::connect) continue;
    CHECK(world.first() == "0");
    CHECK(world.next(static_cast<Fault>(fault), 10ms) == "give up");
  }
  world.policy.attempts = 10;
  world.policy.retries = 10;
  world.first();
  CHECK(world.next(Fault::connect) == "0 retry after 250");
  CHECK(world.next(Fault::connect) == "give up");
}

TEST_CASE("whatever happens, budgets hold", "[attempt_plan]") {
  std::mt19937 random{7};
  const auto upto = [&](int most) { return std::uniform_int_distribution{0, most}(random); };
  for (int round = 0; round < 20'000; ++round) {
    const AttemptPolicy policy{.attempts = 1 + upto(6),
                               .retries = upto(3),
                               .backoff = milliseconds{upto(500)},
                               .backoff_limit = milliseconds{upto(2000)},
                               .retry_after_limit = milliseconds{upto(3000)}};
    const auto targets = static_cast<std::size_t>(upto(4));
    const bool bound = upto(3) == 0;
    const auto deadline = kStart + milliseconds{upto(20'000)};
    AttemptPlan plan{policy, targets, bound, deadline};
    const auto usable = [&](std::size_t target) {
      REQUIRE(target < targets);
      return upto(2) != 0;
    };
    auto now = kStart;
    std::size_t last = 0;
    int attempts = 0;
    int in_a_row = 0;
    int after_billed = -1;
    for (auto step = plan.first(usable); step;) {
      ++attempts;
      REQUIRE(plan.attempts() == attempts);
      REQUIRE(attempts <= policy.attempts);
      REQUIRE(step->target >= last);
      REQUIRE(step->fallback == (step->target != 0));
      if (attempts > 1) REQUIRE(step->retry == (step->target == last));
      in_a_row = step->retry ? in_a_row + 1 : 0;
      REQUIRE(in_a_row <= policy.retries);
      if (bound) REQUIRE((step->target == 0 && attempts <= 2));
      if (step->wait > 0ms) REQUIRE(now + step->wait < deadline);
      last = step->target;
      now += step->wait + milliseconds{upto(1000)};
      const auto fault = static_cast<Fault>(upto(kFaultCount - 1));
      if (after_billed >= 0 && fault != Fault::connect) ++after_billed;
      REQUIRE(after_billed <= 1);
      if (after_billed < 0 && verdict_on(fault).maybe_billed) after_billed = 0;
      std::optional<milliseconds> retry_after;
      if (upto(1) == 0) retry_after = milliseconds{upto(4000)};
      step = plan.next(fault, retry_after, now, upto(100) / 100.0, usable, [&](std::size_t target) {
        REQUIRE(target == last);
        return upto(4) != 0;
      });
    }
  }
}

TEST_CASE("retries are a share of requests", "[attempt_plan]") {
  RetryBudget budget{0.2, 3};
  for (int i = 0; i < 3; ++i) CHECK(budget.take());
  CHECK_FALSE(budget.take());
  for (int i = 0; i < 4; ++i) budget.request();
  CHECK_FALSE(budget.take());
  budget.request();
  CHECK(budget.take());
  CHECK_FALSE(budget.take());
  for (int i = 0; i < 1000; ++i) budget.request();
  for (int i = 0; i < 3; ++i) CHECK(budget.take());
  CHECK_FALSE(budget.take());
  RetryBudget none{0, 0};
  none.request();
  CHECK_FALSE(none.take());
}

TEST_CASE("in an outage retries add their share of load and no more", "[attempt_plan]") {
  RetryBudget budget{0.1, 10};
  int retries = 0;
  for (int i = 0; i < 10'000; ++i) {
    budget.request();
    while (budget.take()) ++retries;
  }
  CHECK(retries >= 1000);
  CHECK(retries <= 1010);
}

TEST_CASE("when a client's own retry is useless", "[attempt_plan]") {
  CHECK(retry_is_useless(Fault::quota, {}));
  CHECK(retry_is_useless(Fault::unauthorized, {}));
  CHECK(retry_is_useless(Fault::context_length, {}));
  CHECK(retry_is_useless(Fault::rate_limited, 60'001ms));
  CHECK_FALSE(retry_is_useless(Fault::rate_limited, 60'000ms));
  CHECK_FALSE(retry_is_useless(Fault::rate_limited, {}));
  CHECK_FALSE(retry_is_useless(Fault::overloaded, 1s));
  CHECK_FALSE(retry_is_useless(Fault::client_error, {}));
}
