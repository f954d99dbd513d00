// SPDX-License-Identifier: Apache-2.0
#include "resilience4j_replies.h"

#include <catch2/catch.hpp>

#include "core/timestamp.h"
#include "source.h"

using namespace binnacle;
using namespace binnacle::breaker;

namespace {

Resilience4jBreaker one_breaker(const std::string& details) {
  const auto breakers = parse_resilience4j_breakers(R"({"circuitBreakers":{"a":)" + details + "}}");
  REQUIRE(breakers.size() == 1);
  return breakers[0];
}

Resilience4jEvent one_event(const std::string& fields) {
  const auto events =
      parse_resilience4j_events(R"({"circuitBreakerEvents":[{"circuitBreakerName":"a",)" + fields + "}]}");
  REQUIRE(events.size() == 1);
  return events[0];
}

}  // namespace

TEST_CASE("a breaker of resilience4j has its state, ratios from 0 to 1, and thresholds") {
  CHECK(one_breaker(R"({"failureRate":"66.5%","slowCallRate":"12.5%","failureRateThreshold":"50.0%",
                        "slowCallRateThreshold":"80.0%","bufferedCalls":48,"failedCalls":32,"slowCalls":6,
                        "slowFailedCalls":2,"notPermittedCalls":17,"state":"HALF_OPEN"})") ==
        Resilience4jBreaker{"a", BreakerState::half_open, 0.665, 0.125, 0.5, 0.8, 48, 17});
  CHECK(one_breaker("{}") == Resilience4jBreaker{.name = "a"});
  CHECK(one_breaker("null") == Resilience4jBreaker{.name = "a"});
  CHECK(one_breaker(R"({"failureRate":25.0,"bufferedCalls":"4"})").failure_ratio == 0.25);
}

TEST_CASE("a ratio that is not known yet is absent") {
  for (const auto* rate : {R"("-1.0%")", R"("-1.0")", "-1.0", R"("NaN%")", R"("Infinity%")", R"("%")", R"("")", "null",
                           "true", R"("1,5%")", "[]"}) {
    INFO(rate);
    const auto breaker = one_breaker(std::string{R"({"failureRate":)"} + rate + R"(,"slowCallRate":"0.0%"})");
    CHECK_FALSE(breaker.failure_ratio);
    CHECK(breaker.slow_call_ratio == 0);
  }
  CHECK_FALSE(one_breaker(R"({"bufferedCalls":-1})").window_calls);
}

TEST_CASE("every state, and those of later versions") {
  const auto state = [](const std::string& text) { return one_breaker(R"({"state":)" + text + "}").state; };
  CHECK(state(R"("CLOSED")") == BreakerState::closed);
  CHECK(state(R"("OPEN")") == BreakerState::open);
  CHECK(state(R"("DISABLED")") == BreakerState::disabled);
  CHECK(state(R"("FORCED_OPEN")") == BreakerState::forced_open);
  CHECK(state(R"("METRICS_ONLY")") == BreakerState::metrics_only);
  CHECK(state(R"("MELTED")") == BreakerState::unknown);
  CHECK(state("1") == BreakerState::unknown);
}

TEST_CASE("a list of names alone") {
  const auto breakers = parse_resilience4j_breakers(R"({"circuitBreakers":["a", 1, "b", "a"]})");
  REQUIRE(breakers.size() == 2);
  CHECK(breakers[1] == Resilience4jBreaker{.name = "b"});
  CHECK(parse_resilience4j_breakers(R"({"circuitBreakers":{}})").empty());
}

TEST_CASE("events of calls") {
  const auto call = [](const std::string& type, const std::string& message = "null") {
    return one_event(R"("type":")" + type + R"(","errorMessage":)" + message).call;
  };
  CHECK(call("SUCCESS") == CallResult::success);
  CHECK(call("ERROR", R"("java.io.IOException: a TimeoutException: x")") == CallResult::failure);
  CHECK(call("ERROR", R"("java.util.concurrent.TimeoutException: x")") == CallResult::timeout);
  CHECK(call("ERROR", R"("java.net.http.HttpTimeoutException")") == CallResult::timeout);
  CHECK(call("ERROR", R"("java.util.concurrent.TimeoutException")") == CallResult::timeout);
  CHECK(call("IGNORED_ERROR", R"("java.util.concurrent.TimeoutException")") == CallResult::ignored);
  CHECK(call("NOT_PERMITTED") == CallResult::rejected);
  for (const auto* type : {"STATE_TRANSITION", "RESET", "FAILURE_RATE_EXCEEDED", "SLOW_CALL_RATE_EXCEEDED", "NEW"}) {
    CHECK_FALSE(call(type));
  }
  CHECK(one_event(R"("type":"SUCCESS","durationInMs":1500)").seconds == 1.5);
  CHECK_FALSE(one_event(R"("type":"SUCCESS","durationInMs":null)").seconds);
  CHECK(one_event(R"("creationTime":"2026-11-21T10:00+01:00[Europe/Berlin]")").time ==
        parse_timestamp("2026-11-21T09:00:00Z"));
  CHECK_FALSE(one_event(R"("creationTime":"yesterday")").time);
}

TEST_CASE("events of transitions") {
  const auto to = [](const std::string& transition) {
    return one_event(R"("type":"STATE_TRANSITION","stateTransition":)" + transition).to;
  };
  CHECK(to(R"("CLOSED_TO_OPEN")") == BreakerState::open);
  CHECK(to(R"("FORCED_OPEN_TO_HALF_OPEN")") == BreakerState::half_open);
  CHECK(to(R"("CLOSED_TO_METRICS_ONLY")") == BreakerState::metrics_only);
  CHECK_FALSE(to(R"("CLOSED_TO_MELTED")"));
  CHECK_FALSE(to(R"("OPEN")"));
  CHECK_FALSE(to("null"));
  CHECK_FALSE(one_event(R"("type":"SUCCESS","stateTransition":"CLOSED_TO_OPEN")").to);
}

TEST_CASE("the same event has the same fingerprint, another has another") {
  const std::string event = R"("type":"ERROR","creationTime":"2026-11-21T10:00:00.000001Z","durationInMs":1)";
  const auto print = one_event(event).fingerprint;
  CHECK(one_event(event).fingerprint == print);
  CHECK(one_event(event + R"(,"errorMessage":"x")").fingerprint == print);
  CHECK(one_event(R"("type":"ERROR","creationTime":"2026-11-21T10:00:00.000001Z","durationInMs":2)").fingerprint !=
        print);
  CHECK(one_event(R"("type":"ERROR","creationTime":"2026-11-21T10:00:00.000002Z","durationInMs":1)").fingerprint !=
        print);
  CHECK(one_event(R"("type":"SUCCESS","creationTime":"2026-11-21T10:00:00.000001Z","durationInMs":1)").fingerprint !=
        print);
}

TEST_CASE("events of nobody are left out, and other pages are refused") {
  CHECK(parse_resilience4j_events(R"({"circuitBreakerEvents":[{"type":"SUCCESS"}, 1, null]})").empty());
  for (const auto* text : {"[]", "{}", "1", R"({"circuitBreakers":null})", R"({"circuitBreakers":"a"})",
                           R"({"circuitBreakerEvents":{}})", "<html>"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_resilience4j_breakers(text), SourceError);
    CHECK_THROWS_AS(parse_resilience4j_events(text), SourceError);
  }
}
