// SPDX-License-Identifier: Apache-2.0
// HAProxy's statistics as CSV, and what two replies make of the time between them. A line "==" parts the two; without
// one the same reply comes twice.
#include <cmath>
#include <string>

#include "circuit-breaker/haproxy_breakers.h"
#include "circuit-breaker/haproxy_csv.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::breaker;
using namespace binnacle::fuzz;

void check_path(const Observation& breaker, double elapsed) {
  constexpr std::size_t kMostSteps = 400;  // of 100 openings
  require(!breaker.path.empty(), "a breaker is in a state");
  require(breaker.path.size() <= kMostSteps, "a path is short");
  double last = elapsed;
  for (const auto& step : breaker.path) {
    if (!step.ago) continue;
    const auto ago = step.ago->count();
    require(std::isfinite(ago) && ago >= 0, "nothing is yet to come");
    require(ago <= last, "steps come one after the other, and after the reply before");
    last = ago;
  }
}

void check_calls(const Observation& breaker) {
  for (const auto& count : breaker.calls_total) {
    require(!count || (*count >= 0 && std::isfinite(*count)), "counters are finite, and not negative");
  }
}

Reading read(const HaproxyServers* before, const HaproxyServers& now, double elapsed) {
  auto reading = read_haproxy(before, now, std::chrono::duration<double>{elapsed});
  require(reading.breakers.size() <= now.size(), "there are no more breakers than servers");
  require(reading.gaps <= 1, "a reply is one gap at most");
  for (const auto& breaker : reading.breakers) check_calls(breaker);
  return reading;
}

void compare(const HaproxyServers& before, const HaproxyServers& now) {
  for (const double elapsed : {0.0, 0.5, 15.0}) {
    const auto reading = read(&before, now, elapsed);
    for (const auto& breaker : reading.breakers) {
      // At the first sight, and after a restart, what it says is older.
      const bool compared = before.contains(breaker.id) && reading.gaps == 0;
      check_path(breaker, compared ? elapsed : INFINITY);
      const auto state = haproxy_state(now.at(breaker.id));
      require(breaker.path.back().state == state, "a path ends at the state now");
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kParting = "==\n";
  const auto text = as_text(data, size);
  const auto parting = text.find(kParting);
  const auto second = parting == std::string_view::npos ? text : text.substr(parting + kParting.size());
  HaproxyServers before;
  HaproxyServers now;
  const bool both = accepts([&] { before = by_id(parse_haproxy_csv(text.substr(0, parting))); }) &&
                    accepts([&] { now = by_id(parse_haproxy_csv(second)); });
  if (!both) return 0;
  const auto first = read(nullptr, now, 0);
  for (const auto& breaker : first.breakers) check_path(breaker, INFINITY);
  compare(before, now);
  return 0;
}
