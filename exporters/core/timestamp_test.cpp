// SPDX-License-Identifier: Apache-2.0
#include "timestamp.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

using namespace binnacle;

namespace {

/// Nanoseconds since 1970.
std::optional<std::int64_t> nanoseconds_of(std::string_view text) {
  const auto time = parse_timestamp(text);
  if (!time) return std::nullopt;
  return std::chrono::nanoseconds{time->time_since_epoch()}.count();
}

}  // namespace

TEST_CASE("times of RFC 3339 and of Java's ZonedDateTime") {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kNine = 1'795'251'600 * kSecond;  // 2026-11-21T09:00:00Z
  CHECK(nanoseconds_of("1970-01-01T00:00:00Z") == 0);
  CHECK(nanoseconds_of("2026-11-21T09:00:00Z") == kNine);
  CHECK(nanoseconds_of("2026-11-21t09:00:00z") == kNine);
  CHECK(nanoseconds_of("2026-11-21 09:00:00.5Z") == kNine + kSecond / 2);
  CHECK(nanoseconds_of("2026-11-21T10:00:00.123456+01:00[Europe/Berlin]") == kNine + 123'456'000);
  CHECK(nanoseconds_of("2026-11-21T10:00+01:00[Europe/Berlin]") == kNine);
  CHECK(nanoseconds_of("2026-11-21T09:00:00.000000001Z[UTC]") == kNine + 1);
  CHECK(nanoseconds_of("2026-11-21T03:30:00-05:30") == kNine);
  CHECK(nanoseconds_of("2026-11-21T10:00:00+0100") == kNine);
  CHECK(nanoseconds_of("2026-11-21T10:00:30+01:00:30") == kNine);
  CHECK(nanoseconds_of("2024-02-29T23:59:60Z") == nanoseconds_of("2024-03-01T00:00:00Z"));
}

TEST_CASE("what is no time") {
  for (const auto* text : {"",
                           "2026",
                           "2026-11-21",
                           "2026-11-21T10:00:00",
                           "2026-11-21T10:00:00+01:00[",
                           "2026-11-21T10:00:00Z]",
                           "2026-11-21T10:00:00Z[]",
                           "2026-11-21T10:00:00Z[a]b",
                           "2026-11-21T10:00:00Zx",
                           "2026-02-30T10:00:00Z",
                           "2026-13-01T10:00:00Z",
                           "2026-11-21T24:00:00Z",
                           "2026-11-21T10:60:00Z",
                           "2026-11-21T10:00:00.Z",
                           "2026-11-21T10:00:00.1234567890Z",
                           "1969-12-31T23:59:59Z",
                           "2200-01-01T00:00:00Z",
                           "+12026-11-21T10:00:00Z",
                           "2026-11-21T10:00:00+19:00",
                           "2026-11-21T1é:00:00Z"}) {
    INFO(text);
    CHECK_FALSE(parse_timestamp(text));
  }
}

TEST_CASE("seconds since 1970") {
  CHECK(from_unix_seconds(1'795'251'600.5) == parse_timestamp("2026-11-21T09:00:00.5Z"));
  CHECK(from_unix_seconds(0) == parse_timestamp("1970-01-01T00:00:00Z"));
  CHECK_FALSE(from_unix_seconds(-1));
  CHECK_FALSE(from_unix_seconds(1e300));
  CHECK_FALSE(from_unix_seconds(1'795'251'600'000));  // milliseconds
}
