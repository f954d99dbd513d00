// SPDX-License-Identifier: Apache-2.0
#include "statsd_parser.h"

#include <cmath>
#include <optional>

#include "text.h"

namespace binnacle {

namespace {

/// The line without the carriage return that some clients end it with.
std::string_view without_return(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<StatsdType> type_of(std::string_view text) {
  if (text == "ms") return StatsdType::timer;
  if (text.size() != 1) return std::nullopt;
  switch (text[0]) {
    case 'c':
      return StatsdType::counter;
    case 'g':
      return StatsdType::gauge;
    case 'h':
      return StatsdType::histogram;
    case 'd':
      return StatsdType::distribution;
    case 's':
      return StatsdType::set;
    default:
      return std::nullopt;
  }
}

/// Short whole numbers are nearly all that clients send.
constexpr std::size_t kShortDigits = 9;

std::optional<double> to_short_whole(std::string_view text) {
  if (text.empty() || text.size() > kShortDigits) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned>(static_cast<unsigned char>(c)) - '0';
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

/// Nothing unless it is a finite number.
std::optional<double> to_finite(std::string_view text) {
  if (const auto whole = to_short_whole(text)) return whole;
  const auto number = to_double(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

}  // namespace

std::string_view statsd_error_name(StatsdError error) {
  constexpr std::array<std::string_view, kStatsdErrors> kNames{
      "none", "no_name", "no_value", "no_type", "unknown_type", "value", "rate", "event", "check"};
  return kNames.at(static_cast<std::size_t>(error));
}

void StatsdParser::parse(std::string_view packet, EventSink& sink, StatsdCounts& counts) {
  while (!packet.empty()) {
    auto rest = packet;
    const auto line = without_return(take_until(rest, '\n'));
    auto error = StatsdError::none;
    if (line.starts_with("_sc|")) {
      rest = parse_check_line(line, rest, sink, counts);
    } else if (line.starts_with("_e{")) {
      StatsdEvent event;
      std::size_t length = 0;
      error = parse_statsd_event(packet, event, length);
      if (error == StatsdError::none) {
        ++counts.events;
        sink.event(event);
        rest = packet.substr(length);
        take_until(rest, '\n');
      }
    } else if (!line.empty()) {
      StatsdMetric metric;
      error = parse_metric(line, metric, counts);
      if (error == StatsdError::none) {
        ++counts.metrics;
        counts.values += metric.values.size();
        sink.metric(metric);
      }
    }
    if (error != StatsdError::none) ++counts.errors.at(static_cast<std::size_t>(error));
    packet = rest;
  }
}

StatsdError StatsdParser::parse_metric(std::string_view line, StatsdMetric& metric, StatsdCounts& counts) {
  auto rest = line;
  metric.name = take_until(rest, ':');
  if (metric.name.size() == line.size()) return StatsdError::no_value;
  if (metric.name.empty()) return StatsdError::no_name;
  const auto values = take_until(rest, '|');
  if (values.empty()) return StatsdError::no_value;
  if (rest.empty()) return StatsdError::no_type;
  const auto type = type_of(take_until(rest, '|'));
  if (!type) return StatsdError::unknown_type;
  metric.type = *type;

  bool clamped = false;
  while (!rest.empty()) {
    const auto field = take_until(rest, '|');
    if (field.starts_with('#')) {
      metric.tags = field.substr(1);
    } else if (field.starts_with('@')) {
      const auto rate = to_finite(field.substr(1));
      if (!rate || *rate <= 0) return StatsdError::rate;
      const double weight = 1 / *rate;
      clamped = weight > kStatsdMaxWeight || weight < 1;
      metric.weight = weight < 1 ? 1 : std::fmin(weight, kStatsdMaxWeight);
    }
  }

  if (*type == StatsdType::set) {
    metric.set_member = values;
    values_.assign(1, {});
  } else if (const auto error = parse_values(values); error != StatsdError::none) {
    return error;
  }
  metric.values = values_;
  if (clamped) ++counts.clamped_rates;
  return StatsdError::none;
}

StatsdError StatsdParser::parse_values(std::string_view text) {
  values_.clear();
  for (;;) {
    const auto colon = text.find(':');
    const auto one = text.substr(0, colon);
    const auto number = to_finite(one);
    if (!number) return StatsdError::value;
    values_.push_back({*number, one[0] == '-' || one[0] == '+'});
    if (colon == std::string_view::npos) return StatsdError::none;
    text.remove_prefix(colon + 1);
  }
}

/// Whether a line stands for itself. What follows a check's message and does not is part of that message: clients leave
/// newlines in it.
bool StatsdParser::starts_something(std::string_view line) {
  line = without_return(line);
  if (line.starts_with("_sc|") || line.starts_with("_e{")) return true;
  StatsdMetric metric;
  StatsdCounts unused;
  return parse_metric(line, metric, unused) == StatsdError::none;
}

/// Takes a service check off the packet, of which `line` is the first line and `rest` what follows it. Returns the
/// rest.
std::string_view StatsdParser::parse_check_line(std::string_view line, std::string_view rest, EventSink& sink,
                                                StatsdCounts& counts) {
  StatsdCheck check;
  auto error = parse_statsd_check(line, check);
  if (error == StatsdError::none && line.find("|m:") != std::string_view::npos) {
    const char* end = line.data() + line.size();
    while (!rest.empty()) {
      auto behind = rest;
      const auto next = take_until(behind, '\n');
      if (starts_something(next)) break;
      if (!without_return(next).empty()) end = next.data() + without_return(next).size();
      rest = behind;
    }
    const auto whole = std::string_view{line.data(), static_cast<std::size_t>(end - line.data())};
    if (whole.size() > line.size()) error = parse_statsd_check(whole, check);
  }
  if (error == StatsdError::none) {
    ++counts.checks;
    sink.service_check(check);
  } else {
    ++counts.errors.at(static_cast<std::size_t>(error));
  }
  return rest;
}

}  // namespace binnacle
