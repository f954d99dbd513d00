// SPDX-License-Identifier: Apache-2.0
// What resilience4j's actuator says. Lines are its pages, one after the other: breakers and events in turns, read as
// polls of one application a second apart.
#include <cmath>
#include <optional>
#include <string>

#include "circuit-breaker/resilience4j_history.h"
#include "core/text.h"
#include "core/timestamp.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::breaker;
using namespace binnacle::fuzz;

void check(const Observation& breaker, double seconds_since_last) {
  require(is_utf8(breaker.id.breaker), "names are UTF-8");
  require(!breaker.path.empty(), "there is a state");
  for (const auto& step : breaker.path) {
    require(!step.ago || step.ago->count() >= 0, "an age is no less than 0");
    require(!step.ago || breaker.path.size() == 1 || step.ago->count() <= seconds_since_last + 1e-6,
            "what is new is no older than the last poll");
  }
  for (const auto& number : breaker.numbers) {
    require(!number || (*number >= 0 && std::isfinite(*number)), "numbers are finite, and not negative");
  }
  for (const auto& count : breaker.calls_total) {
    require(!count || (*count >= 0 && std::isfinite(*count)), "counters are finite, and not negative");
  }
  for (const auto& quantile : breaker.quantiles) {
    require(!quantile || (*quantile >= 0 && std::isfinite(*quantile)), "durations are finite, and not negative");
  }
}

/// Counters of one breaker do not fall while it is there at every poll.
void check_rise(const Reading& before, const Reading& after) {
  for (const auto& breaker : after.breakers) {
    for (const auto& old : before.breakers) {
      if (old.id != breaker.id) continue;
      for (std::size_t result = 0; result < kCallResultCount; ++result) {
        if (!old.calls_total[result] || !breaker.calls_total[result]) continue;
        require(*breaker.calls_total[result] >= *old.calls_total[result], "a counter does not fall");
      }
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = as_text(data, size);
  Resilience4jHistory history;
  Moment now{Clock::time_point{} + std::chrono::hours{1}, from_unix_seconds(1'795'251'600).value()};
  double since_events = 0;
  Reading before;
  for (int poll = 0; poll < 8; ++poll) {
    const auto breakers_page = next_line(rest);
    if (!breakers_page) break;
    const auto events_page = next_line(rest).value_or("");
    std::optional<std::vector<Resilience4jBreaker>> breakers;
    std::optional<std::vector<Resilience4jEvent>> events;
    accepts([&] { breakers = parse_resilience4j_breakers(*breakers_page); });
    accepts([&] { events = parse_resilience4j_events(events_page); });
    if (!breakers) continue;
    now = now.earlier(-std::chrono::seconds{1});
    ++since_events;
    auto reading = history.update(*breakers, events, now);
    require(reading.breakers.size() == breakers->size(), "each breaker is observed");
    for (const auto& breaker : reading.breakers) check(breaker, since_events);
    check_rise(before, reading);
    before = std::move(reading);
    if (events) since_events = 0;
  }
  return 0;
}
