// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <stdexcept>

namespace binnacle {

namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::size_t kQuotedLimit = 40;

/// The length of the valid UTF-8 sequence at the front of `text`, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return follows(1) ? 2 : 0;
  if (first < 0xF0) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xE0 && byte(1) < 0xA0) return 0;  // overlong
    if (first == 0xED && byte(1) > 0x9F) return 0;  // a surrogate
    return 3;
  }
  if (first < 0xF5) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xF0 && byte(1) < 0x90) return 0;  // overlong
    if (first == 0xF4 && byte(1) > 0x8F) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

template <typename Number, typename... Args>
std::optional<Number> parse_whole(std::string_view text, Args... args) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, args...);
  if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
  return value;
}

[[noreturn]] void throw_not_a_number(std::string_view text, std::string_view what) {
  throw std::runtime_error(std::string{what} + ": expected a number, got " + quoted(text));
}

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> next_line(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  return take_until(rest, '\n');
}

std::string_view next_field(std::string_view& rest) {
  std::size_t first = 0;
  while (first < rest.size() && is_blank(rest[first])) ++first;
  std::size_t end = first;
  while (end < rest.size() && !is_blank(rest[end])) ++end;
  const auto field = rest.substr(first, end - first);
  rest.remove_prefix(end);
  return field;
}

std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const auto taken = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return taken;
}

std::optional<std::uint64_t> to_u64(std::string_view text, int base) { return parse_whole<std::uint64_t>(text, base); }

std::optional<std::int64_t> to_i64(std::string_view text) { return parse_whole<std::int64_t>(text, 10); }

std::optional<double> to_double(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  return parse_whole<double>(text);
}

std::uint64_t require_u64(std::string_view text, std::string_view what) {
  if (const auto value = to_u64(text)) return *value;
  throw_not_a_number(text, what);
}

double require_double(std::string_view text, std::string_view what) {
  if (const auto value = to_double(text)) return *value;
  throw_not_a_number(text, what);
}

bool is_ascii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);  // no early way out: so it is done 16 at a time
  return all < 0x80;
}

bool is_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  std::size_t i = 0;
  while (i < text.size()) {
    const auto length = static_cast<unsigned char>(text[i]) < 0x80 ? 1 : sequence_length(text.substr(i));
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const auto length = sequence_length(text);
    if (length == 0) {
      valid += kReplacement;
      text.remove_prefix(1);
    } else {
      valid += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return valid;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, kQuotedLimit)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  if (text.size() > kQuotedLimit) out += "...";
  return out + '"';
}

}  // namespace binnacle
