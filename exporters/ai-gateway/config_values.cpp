// SPDX-License-Identifier: Apache-2.0
#include "config_values.h"

#include <algorithm>

namespace binnacle::gateway {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kLongest = 744h;
constexpr std::size_t kNameLimit = 200;

bool is_letter_or_digit(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}
bool is_visible(char byte) { return byte > ' ' && byte <= '~'; }

template <typename Test>
bool all_are(std::string_view text, Test test) {
  return std::all_of(text.begin(), text.end(), test);
}

}  // namespace

void read_time(YamlMap& section, const std::string& key, std::chrono::milliseconds& value,
               std::chrono::milliseconds least) {
  const auto time = section.duration(key);
  if (!time) return;
  if (*time < least) {
    const bool above_zero = least == 1ms;
    throw section.error(
        key, above_zero ? "expected more than 0" : "expected " + std::to_string(least.count()) + "ms or more");
  }
  if (*time > kLongest) throw section.error(key, "expected at most 744h, which are 31 days");
  value = *time;
}

std::uint64_t read_count(YamlMap& section, const std::string& key, std::uint64_t otherwise, std::uint64_t least,
                         std::uint64_t most) {
  const auto number = section.integer(key);
  if (!number) return otherwise;
  const auto count = static_cast<std::uint64_t>(*number);
  if (*number < 0 || count < least || count > most) {
    throw section.error(key, "expected " + std::to_string(least) + " to " + std::to_string(most));
  }
  return count;
}

void read_ratio(YamlMap& section, const std::string& key, double& value) {
  const auto number = section.number(key);
  if (!number) return;
  if (!(*number >= 0 && *number <= 1)) throw section.error(key, "expected 0 to 1");
  value = *number;
}

void check_model_name(YamlMap& section, const std::string& key, std::string_view name) {
  if (!name.empty() && name.size() <= kNameLimit && all_are(name, is_visible)) return;
  throw section.error(key, "expected a name of 1 to 200 ASCII characters without blanks");
}

void check_plain_name(YamlMap& section, const std::string& key, std::string_view name) {
  const auto is_plain = [](char byte) { return is_letter_or_digit(byte) || byte == '.' || byte == '_' || byte == '-'; };
  if (!name.empty() && name.size() <= kNameLimit && all_are(name, is_plain)) return;
  throw section.error(key, "expected a name of letters, digits, '.', '_' and '-'");
}

bool is_header_name(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !name.empty() && all_are(name, [&](char byte) {
    return is_letter_or_digit(byte) || kOthers.find(byte) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view value) {
  if (value.starts_with(' ') || value.ends_with(' ')) return false;
  return all_are(value, [](char byte) { return static_cast<unsigned char>(byte) >= ' ' && byte != '\x7f'; });
}

}  // namespace binnacle::gateway
