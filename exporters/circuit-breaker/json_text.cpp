// SPDX-License-Identifier: Apache-2.0
#include "json_text.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "source.h"

namespace binnacle::breaker {

namespace {

/// Before anything is made of the text: what has brackets or commas beyond the limits is not worth parsing.
void check_limits(std::string_view text) {
  int depth = 0;
  std::size_t values = 1;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (in_string) {
      if (byte == '\\') ++at;
      if (byte == '"') in_string = false;
      continue;
    }
    if (byte == '"') in_string = true;
    if (byte == '{' || byte == '[') ++depth;
    if (byte == '}' || byte == ']') --depth;
    if (byte == ',' || byte == '{' || byte == '[') ++values;
    if (depth > kJsonDepthLimit) throw SourceError(Failure::too_large, "JSON that is nested too deeply");
    if (values > kJsonValueLimit) throw SourceError(Failure::too_large, "JSON of too many values");
  }
}

}  // namespace

Json read_json(std::string_view text) {
  check_limits(text);
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw SourceError(Failure::bad_reply, "expected JSON; it is wrong at byte " + std::to_string(error.byte));
  } catch (const Json::exception&) {
    throw SourceError(Failure::bad_reply, "expected JSON, but a number in it is out of range");
  }
}

const Json* find_member(const Json& value, std::string_view key) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(key);
  return found == value.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> text_of(const Json* value) {
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return value->get_ref<const std::string&>();
}

std::optional<double> number_of(const Json* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto number = value->get<double>();
  if (!std::isfinite(number)) return std::nullopt;
  return number;
}

}  // namespace binnacle::breaker
