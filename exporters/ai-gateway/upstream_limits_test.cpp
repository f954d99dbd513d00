// SPDX-License-Identifier: Apache-2.0
#include "upstream_limits.h"

#include <catch2/catch.hpp>

using namespace binnacle::gateway;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::sys_seconds kNow{1'795'255'200s};  // 2026-11-21T10:00:00Z

const UpstreamLimits::Limit& of(const UpstreamLimits& limits, LimitKind kind) {
  return limits.kinds[static_cast<std::size_t>(kind)];
}

}  // namespace

TEST_CASE("kinds of limits have names", "[upstream_limits]") {
  CHECK(name_of(LimitKind::requests) == "requests");
  CHECK(name_of(LimitKind::tokens) == "tokens");
  CHECK(name_of(LimitKind::input_tokens) == "input_tokens");
  CHECK(name_of(LimitKind::output_tokens) == "output_tokens");
}

TEST_CASE("Go's durations", "[upstream_limits]") {
  CHECK(parse_go_duration("1s") == 1000ms);
  CHECK(parse_go_duration("6m0s") == 360'000ms);
  CHECK(parse_go_duration("17ms") == 17ms);
  CHECK(parse_go_duration("1.5s") == 1500ms);
  CHECK(parse_go_duration("1h2m3.5s") == 3'723'500ms);
  CHECK(parse_go_duration("2m59.56s") == 179'560ms);
  CHECK(parse_go_duration("0") == 0ms);
  CHECK(parse_go_duration("0s") == 0ms);
  CHECK(parse_go_duration(".5s") == 500ms);
  CHECK(parse_go_duration("1.s") == 1000ms);
  CHECK(parse_go_duration("1ns") == 1ms);  // rounded up
  CHECK(parse_go_duration("999us") == 1ms);
  CHECK(parse_go_duration("1500\xc2\xb5s") == 2ms);
  CHECK(parse_go_duration("1500\xce\xbcs") == 2ms);
  CHECK(parse_go_duration("0.0000000000000000000000000001h") == 0ms);
  CHECK(parse_go_duration("1.99999999999999999999999s") == 2000ms);
  CHECK(parse_go_duration("8784h") == 8784h);
}

TEST_CASE("what is no Go duration", "[upstream_limits]") {
  for (const auto* text : {"",
                           "1",
                           "s",
                           ".s",
                           "-1s",
                           "+1s",
                           " 1s",
                           "1s ",
                           "1 s",
                           "1d",
                           "1sm",
                           "1s2",
                           "1e3s",
                           "1..5s",
                           "8785h",
                           "8784h1ns",
                           "99999999999999999999ns",
                           "123456789012345678h",
                           "soon",
                           "1\xc2s"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_go_duration(text));
  }
}

TEST_CASE("OpenAI's headers", "[upstream_limits]") {
  UpstreamLimits limits;
  CHECK(limits.take("x-ratelimit-limit-requests", "10000", kNow));
  CHECK(limits.take("X-RateLimit-Remaining-Requests", " 9999 ", kNow));
  CHECK(limits.take("x-ratelimit-reset-requests", "8.64s", kNow));
  CHECK(limits.take("x-ratelimit-remaining-tokens", "0", kNow));
  const auto& requests = of(limits, LimitKind::requests);
  CHECK(requests.limit == 10'000);
  CHECK(requests.remaining == 9999);
  CHECK(requests.reset == kNow + 8640ms);
  CHECK(of(limits, LimitKind::tokens).remaining == 0);
  CHECK_FALSE(of(limits, LimitKind::tokens).limit);
  CHECK_FALSE(of(limits, LimitKind::tokens).reset);
}

TEST_CASE("Anthropic's headers", "[upstream_limits]") {
  UpstreamLimits limits;
  CHECK(limits.take("anthropic-ratelimit-requests-limit", "50", kNow));
  CHECK(limits.take("anthropic-ratelimit-input-tokens-remaining", "39000", kNow));
  CHECK(limits.take("anthropic-ratelimit-output-tokens-reset", "2026-11-21T10:00:30Z", kNow));
  CHECK(limits.take("Anthropic-RateLimit-Tokens-Limit", "48000", kNow));
  CHECK(of(limits, LimitKind::requests).limit == 50);
  CHECK(of(limits, LimitKind::input_tokens).remaining == 39'000);
  CHECK(of(limits, LimitKind::output_tokens).reset == kNow + 30s);
  CHECK(of(limits, LimitKind::tokens).limit == 48'000);
}

TEST_CASE("other headers and values that cannot be read change nothing", "[upstream_limits]") {
  UpstreamLimits limits;
  REQUIRE(limits.take("x-ratelimit-limit-tokens", "7", kNow));
  for (const auto* name : {"", "x-ratelimit-", "x-ratelimit-limit", "x-ratelimit-limit-", "x-ratelimit-limit-tokensx",
                           "x-ratelimit-tokens-limit", "x-ratelimit-limit-tokens-", "anthropic-ratelimit-tokens",
                           "anthropic-ratelimit-limit-tokens", "anthropic-ratelimit-unified-limit",
                           "xx-ratelimit-limit-tokens", "retry-after", "x-ratelimit-used-tokens"}) {
    CAPTURE(name);
    CHECK_FALSE(limits.take(name, "1", kNow));
  }
  for (const auto* value : {"", "-1", "nan", "inf", "many", "1s"}) {
    CAPTURE(value);
    CHECK_FALSE(limits.take("x-ratelimit-limit-tokens", value, kNow));
    CHECK_FALSE(limits.take("anthropic-ratelimit-tokens-remaining", value, kNow));
  }
  CHECK_FALSE(limits.take("x-ratelimit-reset-tokens", "2026-11-21T10:00:30Z", kNow));
  CHECK_FALSE(limits.take("anthropic-ratelimit-tokens-reset", "30s", kNow));
  CHECK(of(limits, LimitKind::tokens).limit == 7);
  CHECK_FALSE(of(limits, LimitKind::tokens).remaining);
  CHECK_FALSE(of(limits, LimitKind::tokens).reset);
}
