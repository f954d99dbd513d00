// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace binnacle {

/// A point in time as RFC 3339 has it, and as Java's ZonedDateTime writes it: the seconds may be missing, the fraction
/// has up to 9 digits, and the zone's name may follow in brackets: 2026-11-21T10:00:00.123456+01:00[Europe/Berlin].
/// Nothing for any other text, and for years before 1970 and after 2199.
std::optional<std::chrono::system_clock::time_point> parse_timestamp(std::string_view text);

/// Seconds since 1970 as a time, of the same years.
std::optional<std::chrono::system_clock::time_point> from_unix_seconds(double seconds);

}  // namespace binnacle
