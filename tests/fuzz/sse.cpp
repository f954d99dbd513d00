// SPDX-License-Identifier: Apache-2.0
// A stream of events, whole and in pieces, and the events of Hystrix and Turbine in it.
#include "circuit-breaker/sse.h"

#include <cmath>
#include <string>
#include <vector>

#include "circuit-breaker/hystrix_events.h"
#include "circuit-breaker/source.h"
#include "core/text.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::breaker;
using namespace binnacle::fuzz;

constexpr std::size_t kLimit = 512;

/// The events up to what is refused, if anything is.
struct Events {
  std::vector<SseEvent> events;
  bool refused = false;
};

Events read(std::string_view bytes, std::size_t step) {
  Events seen;
  SseParser parser{kLimit};
  seen.refused = !accepts([&] {
    while (!bytes.empty()) {
      const auto piece = bytes.substr(0, step);
      bytes.remove_prefix(piece.size());
      parser.feed(piece, [&](const auto& event) { seen.events.push_back(event); });
    }
  });
  return seen;
}

void check(const Observation& breaker) {
  require(!breaker.id.breaker.empty() && is_utf8(breaker.id.breaker), "a breaker has a name");
  require(breaker.path.size() == 1, "an event tells one state");
  for (const auto& number : breaker.numbers) {
    require(!number || (*number >= 0 && std::isfinite(*number)), "numbers are finite, and not negative");
  }
  for (const auto& quantile : breaker.quantiles) {
    require(!quantile || (*quantile >= 0 && std::isfinite(*quantile)), "durations are finite, and not negative");
  }
  const auto ratio = breaker.get(Number::failure_ratio);
  require(!ratio || *ratio <= 1, "a ratio is at most 1");
}

void read_event(std::string_view data) {
  accepts([&] {
    if (const auto breaker = parse_hystrix_event(data)) check(*breaker);
  });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = as_text(data, size);
  const auto whole = read(bytes, bytes.size());
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}}) {
    const auto pieces = read(bytes, step);
    require(pieces.refused == whole.refused, "pieces do not change what is refused");
    require(pieces.events.size() == whole.events.size(), "pieces do not change how many events there are");
    for (std::size_t at = 0; at < whole.events.size(); ++at) {
      require(pieces.events[at].data == whole.events[at].data && pieces.events[at].type == whole.events[at].type,
              "pieces do not change the events");
    }
  }
  for (const auto& event : whole.events) {
    require(event.data.size() <= kLimit, "an event is bounded");
    read_event(event.data);
  }
  SseParser unbounded;
  unbounded.feed(bytes, [](const auto& event) { read_event(event.data); });
  return 0;
}
