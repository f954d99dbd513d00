// SPDX-License-Identifier: Apache-2.0
// Pages of JSON that tell of breakers, in the documented shape and in others, and JSON pointers. The first line is a
// pointer to where the breakers are; the rest is the page.
#include <cmath>
#include <set>
#include <string>

#include "circuit-breaker/json_shape.h"
#include "circuit-breaker/source.h"
#include "core/text.h"
#include "core/timestamp.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::breaker;
using namespace binnacle::fuzz;

void check(const std::vector<Observation>& breakers) {
  std::set<BreakerId> ids;
  for (const auto& breaker : breakers) {
    require(!breaker.id.breaker.empty(), "a breaker has a name");
    require(is_utf8(breaker.id.breaker) && is_utf8(breaker.id.instance), "names are UTF-8");
    require(ids.insert(breaker.id).second, "each breaker is there once");
    require(breaker.path.size() == 1, "a page tells of one state");
    const auto age = breaker.path[0].ago;
    require(!age || (age->count() >= 0 && std::isfinite(age->count())), "an age is no less than 0");
    for (const auto& number : breaker.numbers) {
      require(!number || (*number >= 0 && std::isfinite(*number)), "numbers are finite, and not negative");
    }
    for (const auto ratio : {Number::failure_ratio, Number::slow_call_ratio, Number::failure_ratio_threshold,
                             Number::slow_call_ratio_threshold}) {
      require(breaker.get(ratio).value_or(0) <= 1, "ratios are at most 1");
    }
    for (const auto& count : breaker.calls_total) {
      require(!count || (*count >= 0 && std::isfinite(*count)), "counters are finite, and not negative");
    }
  }
}

void read(const JsonShape& shape, std::string_view page, std::chrono::system_clock::time_point now) {
  accepts([&] { check(JsonReader{shape}.read(page, now)); });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto now = from_unix_seconds(1'795'251'600).value();
  auto rest = as_text(data, size);
  const auto first = next_line(rest).value_or("");
  read({}, rest, now);
  JsonShape shape;
  shape.breakers = first;
  shape.ratio_scale = 0.01;
  shape.states = {{"2", BreakerState::open}, {"true", BreakerState::closed}};
  read(shape, rest, now);
  shape.name = "/state/name";
  shape.state_flags = {{BreakerState::disabled, "!/state/enabled"}, {BreakerState::open, "/state/open"}};
  read(shape, rest, now);
  shape.name = first;
  read(shape, rest, now);
  return 0;
}
