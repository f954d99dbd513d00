// SPDX-License-Identifier: Apache-2.0
// What upstreams' headers say of waiting and of rate limits. Each line is a header, "name: value".
#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>

#include "ai-gateway/fault.h"
#include "ai-gateway/upstream_limits.h"
#include "core/text.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;
using namespace binnacle::gateway;
using std::chrono::milliseconds;

constexpr std::chrono::sys_seconds kNow{std::chrono::seconds{1'795'255'200}};
constexpr milliseconds kDay = std::chrono::hours{24};
constexpr milliseconds kLongest = kDay * 366;

void check_waits(std::string_view seconds, std::string_view ms) {
  const auto wait = retry_after({.retry_after = seconds, .retry_after_ms = ms}, kNow);
  if (wait) require(wait->count() >= 0 && *wait <= kDay, "a wait is neither negative nor longer than a day");
  const auto by_ms = retry_after({.retry_after = {}, .retry_after_ms = ms}, kNow);
  if (by_ms) require(wait == by_ms, "the milliseconds go first");
  if (!by_ms) require(wait == retry_after({.retry_after = seconds, .retry_after_ms = {}}, kNow), "then the seconds");
}

void check_duration(std::string_view text) {
  const auto duration = parse_go_duration(text);
  if (!duration) return;
  require(duration->count() >= 0 && *duration <= kLongest, "a duration is neither negative nor too long");
}

void check_limits(const UpstreamLimits& limits) {
  for (const auto& kind : limits.kinds) {
    for (const auto& count : {kind.limit, kind.remaining}) {
      require(!count || (std::isfinite(*count) && *count >= 0), "counts are finite, and not negative");
    }
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto rest = as_text(data, size);
  UpstreamLimits limits;
  std::string_view seconds;
  std::string_view ms;
  while (auto line = next_line(rest)) {
    auto value = *line;
    const auto name = take_until(value, ':');
    if (name == "retry-after") seconds = value;
    if (name == "retry-after-ms") ms = value;
    check_duration(value);
    const auto before = limits;
    if (!limits.take(name, value, kNow)) {
      for (std::size_t kind = 0; kind < kLimitKindCount; ++kind) {
        const auto& was = before.kinds[kind];
        const auto& is = limits.kinds[kind];
        require(was.limit == is.limit && was.remaining == is.remaining && was.reset == is.reset,
                "what cannot be read changes nothing");
      }
    }
  }
  check_waits(seconds, ms);
  check_limits(limits);
  return 0;
}
