// SPDX-License-Identifier: Apache-2.0
#include "breaker_state.h"

#include <catch2/catch.hpp>

using namespace binnacle;

TEST_CASE("states are known however they are written", "[breaker_state]") {
  CHECK(breaker_state_of("closed") == BreakerState::closed);
  CHECK(breaker_state_of("OPEN") == BreakerState::open);
  for (const auto* const text : {"half_open", "HALF_OPEN", "half-open", "halfOpen", "Half Open", "halfopen"}) {
    INFO(text);
    CHECK(breaker_state_of(text) == BreakerState::half_open);
  }
  CHECK(breaker_state_of("FORCED_OPEN") == BreakerState::forced_open);
  CHECK(breaker_state_of("disabled") == BreakerState::disabled);
  CHECK(breaker_state_of("MetricsOnly") == BreakerState::metrics_only);
  CHECK(breaker_state_of("unknown") == BreakerState::unknown);
}

TEST_CASE("what is no state is none", "[breaker_state]") {
  for (const auto* const text : {"", "_", "ope", "opened", "half", "openhalf", "1", "closed!"}) {
    INFO(text);
    CHECK(breaker_state_of(text) == std::nullopt);
  }
}

TEST_CASE("names and values of states and results go both ways", "[breaker_state]") {
  for (const auto state : kBreakerStates) CHECK(breaker_state_of(name_of(state)) == state);
  for (const auto result : kCallResults) CHECK(call_result_of(name_of(result)) == result);
  CHECK(call_result_of("Success") == std::nullopt);
  CHECK(call_result_of("") == std::nullopt);
}
