// SPDX-License-Identifier: Apache-2.0
// What gobreaker and pybreaker hold in Redis. Each line is a key's text at one poll, a second apart.
#include "circuit-breaker/gobreaker.h"

#include <cmath>
#include <string>

#include "circuit-breaker/pybreaker.h"
#include "core/text.h"
#include "core/timestamp.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::breaker;
using namespace binnacle::fuzz;

constexpr int kPolls = 16;

void check(const Observation& breaker, bool first) {
  require(!breaker.path.empty(), "there is a state");
  for (const auto& step : breaker.path) {
    require(!step.ago || step.ago->count() >= 0, "an age is no less than 0");
    require(!step.ago || first || step.ago->count() <= 1, "what is new is no older than the last poll");
  }
  for (const auto& number : breaker.numbers) {
    require(!number || (*number >= 0 && std::isfinite(*number)), "numbers are finite, and not negative");
  }
}

/// Counters never fall.
void check_rise(const Observation& before, const Observation& after) {
  for (std::size_t result = 0; result < kCallResultCount; ++result) {
    if (!before.calls_total[result] || !after.calls_total[result]) continue;
    require(*after.calls_total[result] >= *before.calls_total[result], "a counter does not fall");
  }
}

void read_gobreaker(std::string_view rest) {
  Gobreaker gobreaker;
  std::optional<Observation> last;
  auto wall = from_unix_seconds(1'795'262'400).value();
  std::uint64_t gaps = 0;
  for (int poll = 0; poll < kPolls; ++poll) {
    const auto line = next_line(rest);
    if (!line) return;
    std::optional<GobreakerState> state;
    accepts([&] { state = parse_gobreaker(*line); });
    if (!state) continue;
    require(!state->buckets.empty(), "there is a bucket");
    wall += std::chrono::seconds{1};
    const auto gaps_before = gaps;
    auto breaker = gobreaker.observe("pay", *state, wall, gaps);
    check(breaker, !last);
    require(gaps - gaps_before <= 1, "a poll is at most one gap");
    if (last) check_rise(*last, breaker);
    last = std::move(breaker);
  }
}

/// Lines of "STATE FAILURES OPENED_AT".
void read_pybreaker(std::string_view rest) {
  Pybreaker pybreaker{std::chrono::seconds{3}};
  auto wall = from_unix_seconds(1'795'262'400).value();
  bool first = true;
  for (int poll = 0; poll < kPolls; ++poll) {
    auto line = next_line(rest);
    if (!line) return;
    PybreakerKeys keys;
    keys.state = next_field(*line);
    keys.fail_counter = next_field(*line);
    keys.opened_at = next_field(*line);
    wall += std::chrono::seconds{1};
    const auto breaker = pybreaker.observe("pay", keys, wall);
    check(breaker, first);
    // Before a first state that is known all is history.
    first = first && breaker.path.back().state == BreakerState::unknown;
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  read_gobreaker(text);
  read_pybreaker(text);
  return 0;
}
