// SPDX-License-Identifier: Apache-2.0
#include "upstream_limits.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "core/text.h"
#include "core/timestamp.h"

namespace binnacle::gateway {

namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::system_clock;

enum class Field : std::uint8_t { limit, remaining, reset };
enum class ResetForm : std::uint8_t { duration, timestamp };

struct Header {
  LimitKind kind;
  Field field;
  ResetForm form;
};

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte; }

bool same(std::string_view name, std::string_view lower_case) {
  return std::equal(name.begin(), name.end(), lower_case.begin(), lower_case.end(),
                    [](char one, char other) { return lower(one) == other; });
}

bool take_front(std::string_view& name, std::string_view lower_case) {
  if (!same(name.substr(0, lower_case.size()), lower_case)) return false;
  name.remove_prefix(lower_case.size());
  return true;
}

std::optional<Field> field_of(std::string_view name) {
  if (same(name, "limit")) return Field::limit;
  if (same(name, "remaining")) return Field::remaining;
  if (same(name, "reset")) return Field::reset;
  return std::nullopt;
}

struct KindName {
  LimitKind kind;
  std::string_view label;
  std::string_view in_header;
};
constexpr std::array<KindName, kLimitKindCount> kNames{{
    {LimitKind::requests, "requests", "requests"},
    {LimitKind::tokens, "tokens", "tokens"},
    {LimitKind::input_tokens, "input_tokens", "input-tokens"},
    {LimitKind::output_tokens, "output_tokens", "output-tokens"},
}};

std::optional<LimitKind> kind_of(std::string_view name) {
  for (const auto& row : kNames) {
    if (same(name, row.in_header)) return row.kind;
  }
  return std::nullopt;
}

/// OpenAI's end with the kind, Anthropic's with the field.
std::optional<Header> header_of(std::string_view name) {
  const bool openai = take_front(name, "x-ratelimit-");
  if (!openai && !take_front(name, "anthropic-ratelimit-")) return std::nullopt;
  const auto dash = openai ? name.find('-') : name.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto front = name.substr(0, dash);
  const auto back = name.substr(dash + 1);
  const auto kind = kind_of(openai ? back : front);
  const auto field = field_of(openai ? front : back);
  if (!kind || !field) return std::nullopt;
  return Header{*kind, *field, openai ? ResetForm::duration : ResetForm::timestamp};
}

std::optional<double> read_count(std::string_view value) {
  const auto count = to_double(value);
  return count && std::isfinite(*count) && *count >= 0 ? count : std::nullopt;
}

std::optional<system_clock::time_point> read_reset(ResetForm form, std::string_view value,
                                                   system_clock::time_point now) {
  if (form == ResetForm::timestamp) return parse_timestamp(value);
  const auto left = parse_go_duration(value);
  if (!left) return std::nullopt;
  return now + *left;
}

constexpr nanoseconds kLongest = std::chrono::hours{24} * 366;

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

/// Takes the digits off the front; the value is that of the first `most` of them.
struct Digits {
  std::int64_t value = 0;
  std::size_t count = 0;
  std::int64_t scale = 1;  // 10 to the power of how many made the value
};
Digits take_digits(std::string_view& text, std::size_t most) {
  Digits digits;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), ++digits.count) {
    if (digits.count >= most) continue;
    digits.value = digits.value * 10 + (text.front() - '0');
    digits.scale *= 10;
  }
  return digits;
}

/// The unit at the front, in nanoseconds; 0 where there is none.
std::int64_t take_unit(std::string_view& text) {
  struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
  };
  // "ms" before "m". The micro sign has two places in Unicode.
  static constexpr std::array kUnits{
      Unit{"ns", 1},         Unit{"us", 1'000},        Unit{"\xc2\xb5s", 1'000},  Unit{"\xce\xbcs", 1'000},
      Unit{"ms", 1'000'000}, Unit{"s", 1'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"h", 3'600'000'000'000},
  };
  for (const auto& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.nanoseconds;
  }
  return 0;
}

/// One number with its unit; nothing where there is none, or it is too long.
std::optional<nanoseconds> take_part(std::string_view& text) {
  constexpr std::size_t kWholeDigits = 17;    // a year has so many nanoseconds
  constexpr std::size_t kFractionDigits = 6;  // of an hour, they still fit into 64 bits
  const auto whole = take_digits(text, kWholeDigits);
  Digits fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text, kFractionDigits);
  }
  const auto unit = take_unit(text);
  if (unit == 0 || whole.count + fraction.count == 0 || whole.count > kWholeDigits) return std::nullopt;
  if (whole.value > kLongest.count() / unit) return std::nullopt;
  return nanoseconds{whole.value * unit + fraction.value * unit / fraction.scale};
}

}  // namespace

std::string_view name_of(LimitKind kind) { return kNames[static_cast<std::size_t>(kind)].label; }

bool UpstreamLimits::take(std::string_view name, std::string_view value, system_clock::time_point now) {
  const auto header = header_of(name);
  if (!header) return false;
  auto& told = kinds[static_cast<std::size_t>(header->kind)];
  value = trim(value);
  if (header->field == Field::reset) {
    const auto reset = read_reset(header->form, value, now);
    if (reset) told.reset = reset;
    return reset.has_value();
  }
  const auto count = read_count(value);
  if (!count) return false;
  (header->field == Field::limit ? told.limit : told.remaining) = count;
  return true;
}

std::optional<milliseconds> parse_go_duration(std::string_view text) {
  if (text == "0") return milliseconds{0};
  if (text.empty()) return std::nullopt;
  nanoseconds sum{0};
  while (!text.empty()) {
    const auto part = take_part(text);
    if (!part) return std::nullopt;
    sum += *part;
    if (sum > kLongest) return std::nullopt;
  }
  return std::chrono::ceil<milliseconds>(sum);
}

}  // namespace binnacle::gateway
