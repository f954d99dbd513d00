// SPDX-License-Identifier: Apache-2.0
#include "hystrix_events.h"

#include <catch2/catch.hpp>
#include <string>

#include "source.h"

using namespace binnacle;
using namespace binnacle::breaker;

namespace {

std::string command(const std::string& members) {
  return R"({"type":"HystrixCommand","name":"GetOrder","group":"Orders")" + (members.empty() ? "" : "," + members) +
         "}";
}

BreakerState state(const std::string& members) {
  const auto breaker = parse_hystrix_event(command(members));
  REQUIRE(breaker);
  REQUIRE(breaker->path.size() == 1);
  return breaker->path[0].state;
}

}  // namespace

TEST_CASE("a command of one process", "[hystrix_events]") {
  const auto breaker = parse_hystrix_event(command(R"(
    "currentTime":1700000000000,"isCircuitBreakerOpen":false,"errorPercentage":25,"errorCount":5,"requestCount":20,
    "rollingCountSuccess":15,"latencyExecute_mean":12,
    "latencyExecute":{"0":1,"25":4,"50":10,"75":20,"90":40,"95":80,"99":250,"99.5":300,"100":412},
    "propertyValue_circuitBreakerRequestVolumeThreshold":20,"propertyValue_circuitBreakerErrorThresholdPercentage":50,
    "propertyValue_circuitBreakerForceOpen":false,"propertyValue_circuitBreakerForceClosed":false,
    "propertyValue_circuitBreakerEnabled":true,"reportingHosts":1,"threadPool":"Orders")"));
  REQUIRE(breaker);
  CHECK(breaker->id == BreakerId{"GetOrder", ""});
  CHECK(breaker->path.at(0).state == BreakerState::closed);
  CHECK(breaker->get(Number::failure_ratio) == 0.25);
  CHECK(breaker->get(Number::window_calls) == 20);
  CHECK(breaker->get(Number::failure_ratio_threshold) == 0.5);
  CHECK(breaker->get(Number::minimum_calls) == 20);
  CHECK(breaker->quantiles[0] == Approx(0.010));
  CHECK(breaker->quantiles[1] == Approx(0.080));
  CHECK(breaker->quantiles[2] == Approx(0.250));
  for (const auto& total : breaker->calls_total) CHECK_FALSE(total);
}

TEST_CASE("what Turbine sums over three hosts is divided, where a sum means nothing", "[hystrix_events]") {
  const auto breaker = parse_hystrix_event(command(R"(
    "isCircuitBreakerOpen":"{true:1,false:2}","errorCount":30,"requestCount":60,"reportingHosts":3,
    "latencyExecute":{"50":30,"95":300,"99":600,"100":900},
    "propertyValue_circuitBreakerRequestVolumeThreshold":60,"propertyValue_circuitBreakerErrorThresholdPercentage":150,
    "propertyValue_circuitBreakerForceOpen":"false","propertyValue_circuitBreakerEnabled":"true")"));
  REQUIRE(breaker);
  CHECK(breaker->path.at(0).state == BreakerState::open);
  CHECK(breaker->get(Number::failure_ratio) == 0.5);
  CHECK(breaker->get(Number::window_calls) == 60);
  CHECK(breaker->get(Number::failure_ratio_threshold) == 0.5);
  CHECK(breaker->get(Number::minimum_calls) == 20);
  CHECK(breaker->quantiles[1] == Approx(0.1));
}

TEST_CASE("whether it is open is told in many ways", "[hystrix_events]") {
  CHECK(state(R"("isCircuitBreakerOpen":true)") == BreakerState::open);
  CHECK(state(R"("isCircuitBreakerOpen":"true")") == BreakerState::open);
  CHECK(state(R"("isCircuitBreakerOpen":"false")") == BreakerState::closed);
  CHECK(state(R"("isCircuitBreakerOpen":{"true":1,"false":4},"reportingHosts":5)") == BreakerState::open);
  CHECK(state(R"("isCircuitBreakerOpen":{"false":4},"reportingHosts":4)") == BreakerState::closed);
  CHECK(state(R"("isCircuitBreakerOpen":"{\"true\":2,\"false\":1}")") == BreakerState::open);
  CHECK(state(R"("isCircuitBreakerOpen":"{false : 3}")") == BreakerState::closed);
  CHECK(state(R"("isCircuitBreakerOpen":0,"reportingHosts":2)") == BreakerState::closed);
  CHECK(state(R"("isCircuitBreakerOpen":2,"reportingHosts":2)") == BreakerState::open);
  CHECK(state(R"("isCircuitBreakerOpen":"")") == BreakerState::unknown);
  CHECK(state(R"("isCircuitBreakerOpen":null)") == BreakerState::unknown);
  CHECK(state("") == BreakerState::unknown);
}

TEST_CASE("settings force a state, when they do so on all hosts", "[hystrix_events]") {
  const std::string open = R"("isCircuitBreakerOpen":true,)";
  CHECK(state(open + R"("propertyValue_circuitBreakerForceOpen":true)") == BreakerState::forced_open);
  CHECK(state(open + R"("propertyValue_circuitBreakerForceOpen":"{true:1,false:1}")") == BreakerState::open);
  CHECK(state(open + R"("propertyValue_circuitBreakerForceClosed":true)") == BreakerState::disabled);
  CHECK(state(open + R"("propertyValue_circuitBreakerEnabled":false)") == BreakerState::disabled);
  CHECK(state(open + R"("propertyValue_circuitBreakerEnabled":"{false:1,true:2}")") == BreakerState::open);
}

TEST_CASE("what is unknown is absent", "[hystrix_events]") {
  const auto idle = parse_hystrix_event(command(
      R"("isCircuitBreakerOpen":false,"errorCount":0,"requestCount":0,"latencyExecute":{"50":0,"95":0,"99":0,"100":0})"));
  REQUIRE(idle);
  CHECK_FALSE(idle->get(Number::failure_ratio));
  CHECK(idle->get(Number::window_calls) == 0);
  CHECK_FALSE(idle->quantiles[0]);
  const auto odd =
      parse_hystrix_event(command(R"("errorCount":-1,"requestCount":"7","latencyExecute":[1],"reportingHosts":0)"));
  REQUIRE(odd);
  CHECK_FALSE(odd->get(Number::window_calls));
  CHECK_FALSE(odd->quantiles[0]);
  const auto more = parse_hystrix_event(command(R"("errorCount":3,"requestCount":2)"));
  REQUIRE(more);
  CHECK(more->get(Number::failure_ratio) == 1);
}

TEST_CASE("other events are no breakers", "[hystrix_events]") {
  CHECK_FALSE(parse_hystrix_event(R"({"type":"HystrixThreadPool","name":"Orders"})"));
  CHECK_FALSE(parse_hystrix_event(R"({"reportingHostsLast10Seconds":1,"name":"meta","type":"meta"})"));
  CHECK_FALSE(parse_hystrix_event("{}"));
}

TEST_CASE("garbage is refused without repeating it", "[hystrix_events]") {
  for (const auto* const text : {"", "{", "[]", "ping", R"({"type":"HystrixCommand"})",
                                 R"({"type":"HystrixCommand","name":""})", R"({"type":"HystrixCommand","name":7})"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_hystrix_event(text), SourceError);
  }
}
