// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "statsd_event.h"

namespace binnacle {

/// Why a line was not taken.
enum class StatsdError : std::uint8_t { none, no_name, no_value, no_type, unknown_type, value, rate, event, check };
inline constexpr std::size_t kStatsdErrors = 9;
/// The error's name as a label; nothing is named `none`.
std::string_view statsd_error_name(StatsdError error);

/// What packets held, in numbers.
struct StatsdCounts {
  std::uint64_t metrics = 0;        ///< lines of metrics taken
  std::uint64_t values = 0;         ///< values in them
  std::uint64_t checks = 0;         ///< service checks taken
  std::uint64_t events = 0;         ///< events taken
  std::uint64_t clamped_rates = 0;  ///< sample rates beyond what is believed, taken as the nearest that is
  std::array<std::uint64_t, kStatsdErrors> errors{};
};

/// A value stands for this many events at the most, so that one bad packet cannot outweigh a day of good ones.
inline constexpr double kStatsdMaxWeight = 100'000;

/// Reads packets of StatsD and DogStatsD lines: metrics with one or many values, service checks, events.
///
/// A line is taken whole or not at all. Fields may come in any order; those that are not known are skipped, and so are
/// container ids, timestamps, external data and cardinality. Allocates nothing once it has seen the most values that a
/// line has.
class StatsdParser {
 public:
  /// Hands each line of `packet` to `sink` and adds to `counts`.
  void parse(std::string_view packet, EventSink& sink, StatsdCounts& counts);

 private:
  StatsdError parse_metric(std::string_view line, StatsdMetric& metric, StatsdCounts& counts);
  StatsdError parse_values(std::string_view text);
  std::string_view parse_check_line(std::string_view line, std::string_view rest, EventSink& sink,
                                    StatsdCounts& counts);
  bool starts_something(std::string_view line);

  std::vector<StatsdValue> values_;
};

/// A service check from its whole text, which begins with "_sc|". A message may hold '|' and newlines.
StatsdError parse_statsd_check(std::string_view text, StatsdCheck& check);

/// An event from the front of `text`, which begins with "_e{" and may go on with other lines; `length` is how much of
/// it is the event. Lengths are bytes; for clients that count otherwise UTF-16 units and code points are tried within
/// the first line, and at last its delimiters.
StatsdError parse_statsd_event(std::string_view text, StatsdEvent& event, std::size_t& length);

}  // namespace binnacle
