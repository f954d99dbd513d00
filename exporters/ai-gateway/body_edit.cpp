// SPDX-License-Identifier: Apache-2.0
#include "body_edit.h"

#include "core/text.h"

namespace binnacle::gateway {

namespace {

bool is_space(char byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

}  // namespace

std::string with_text(std::string_view body, Span at, std::string_view text) {
  std::string edited;
  edited.reserve(body.size() - at.size() + text.size());
  edited += body.substr(0, at.begin);
  edited += text;
  edited += body.substr(at.end);
  return edited;
}

std::string with_string(std::string_view body, Span at, std::string_view value) {
  return with_text(body, at, json_string(value));
}

std::string without_member(std::string_view body, Span key, Span value) {
  Span cut{key.begin, value.end};
  const auto after = skip_space(body, value.end);
  if (after < body.size() && body[after] == ',') {
    cut.end = skip_space(body, after + 1);
  } else {
    auto before = key.begin;
    while (before > 0 && is_space(body[before - 1])) --before;
    if (before > 0 && body[before - 1] == ',') cut.begin = before - 1;
  }
  return with_text(body, cut, "");
}

std::string json_string(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string json = "\"";
  for (const char byte : to_utf8(text)) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') {
      json += '\\';
      json += byte;
    } else if (code < 0x20) {
      json += "\\u00";
      json += kHex[code >> 4U];
      json += kHex[code & 0xFU];
    } else {
      json += byte;
    }
  }
  return json + '"';
}

}  // namespace binnacle::gateway
