// SPDX-License-Identifier: Apache-2.0
#include "mask_values.h"

#include <algorithm>
#include <array>

namespace binnacle::mask {

namespace {

constexpr size_t kBlankLimit = 8;

struct TokenForm {
  std::string_view prefix;
  size_t least;  ///< characters after the prefix
};
constexpr std::array kTokenForms{
    TokenForm{"sk-", 16},         TokenForm{"sk_live_", 16}, TokenForm{"sk_test_", 16}, TokenForm{"rk_live_", 16},
    TokenForm{"AIza", 30},        TokenForm{"ghp_", 16},     TokenForm{"gho_", 16},     TokenForm{"ghu_", 16},
    TokenForm{"ghs_", 16},        TokenForm{"ghr_", 16},     TokenForm{"glpat-", 16},   TokenForm{"hf_", 20},
    TokenForm{"github_pat_", 16}, TokenForm{"xoxa-", 8},     TokenForm{"xoxb-", 8},     TokenForm{"xoxe-", 8},
    TokenForm{"xoxo-", 8},        TokenForm{"xoxp-", 8},     TokenForm{"xoxr-", 8},     TokenForm{"xoxs-", 8},
    TokenForm{"AKIA", 16},        TokenForm{"ASIA", 16}};

constexpr std::string_view kTokenStarts = "sAgrhx";  ///< the forms' first letters

/// The ends of an unquoted value that are its surroundings' rather than its own.
bool is_closer(char c) { return c == ')' || c == ']' || c == '}' || c == ',' || c == ';' || is_quote(c); }

/// From `at` to the quote that closes it, past \x and (in single quotes) ''.
size_t quoted_end(std::string_view text, size_t at, char quote) {
  for (; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote != '\'' || at + 1 == text.size() || text[at + 1] != quote) return at;
      ++at;
    }
  }
  return text.size();
}

int base64_value(char c) {
  if (is_upper(c)) return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  return c == '/' || c == '_' ? 63 : -1;
}

}  // namespace

size_t skip_blanks(std::string_view text, size_t at) {
  const size_t limit = std::min(text.size(), at + kBlankLimit);
  while (at < limit && is_blank(text[at])) ++at;
  return at;
}

bool closes(std::string_view text, size_t at) {
  if (!is_quote(text[at])) return text[at] == '\\' && at + 1 < text.size() && is_quote(text[at + 1]);
  if (at + 1 == text.size()) return true;
  const char next = text[at + 1];
  return is_gap(next) || next == ':' || is_closer(next);
}

bool starts_pair(std::string_view text, size_t at) {
  at = skip_blanks(text, at);
  while (at < text.size() && (is_quote(text[at]) || text[at] == '\\')) ++at;
  const size_t limit = std::min(text.size(), at + kNameLimit);
  const size_t name = at;
  while (at < limit && is_word(text[at])) ++at;
  if (at == name) return false;
  while (at < limit && (is_quote(text[at]) || text[at] == '\\')) ++at;
  return at < text.size() && (text[at] == '=' || text[at] == ':');
}

Span value_at(std::string_view text, size_t at) {
  if (at >= text.size()) return {at, at};
  const char first = text[at];
  if (is_quote(first)) {
    if (at + 1 < text.size() && text[at + 1] == first) return {at + 1, at + 1};
    return {at + 1, quoted_end(text, at + 1, first)};
  }
  if (first == '\\' && at + 1 < text.size() && is_quote(text[at + 1])) {
    const std::string_view close = text.substr(at, 2);
    return {at + 2, std::min(text.find(close, at + 2), text.size())};
  }
  if (first == '[') return {at + 1, std::min(text.find(']', at), text.size())};
  size_t end = at;
  for (; end < text.size() && !is_gap(text[end]); ++end) {
    const char c = text[end];
    if (closes(text, end)) break;
    const bool separator = c == ',' || c == ';' || c == '&';
    if (separator && (end + 1 == text.size() || is_gap(text[end + 1]) || starts_pair(text, end + 1))) break;
  }
  while (end > at && is_closer(text[end - 1])) --end;
  return {at, end};
}

bool looks_random(std::string_view text) { return text.size() >= 8 && std::any_of(text.begin(), text.end(), is_digit); }

size_t key_chars_end(std::string_view text, size_t at) {
  while (at < text.size() && is_key_char(text[at])) ++at;
  return at;
}

size_t api_key_end(std::string_view text, size_t at) {
  if (kTokenStarts.find(text[at]) == kNone) return kNone;
  for (const auto& form : kTokenForms) {
    if (text.compare(at, form.prefix.size(), form.prefix) != 0) continue;
    const size_t body = at + form.prefix.size();
    const auto head_end = key_chars_end(text.substr(0, std::min(text.size(), body + kNameLimit)), body);
    const auto head = text.substr(body, head_end - body);
    const bool random = std::any_of(head.begin(), head.end(), [](char c) { return is_digit(c) || is_upper(c); });
    if (head.size() >= form.least && random) return key_chars_end(text, head_end);
    return kNone;
  }
  return kNone;
}

size_t basic_credential_end(std::string_view text, size_t at) {
  unsigned bits = 0;
  int count = 0;
  bool colon = false;
  for (; at < text.size(); ++at) {
    const int value = base64_value(text[at]);
    if (value < 0) break;
    bits = (bits << 6U | static_cast<unsigned>(value)) & 0xFFFFU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    const auto byte = static_cast<unsigned char>(bits >> static_cast<unsigned>(count));
    if (byte < 0x20 || byte >= 0x7F) return kNone;
    colon = colon || byte == ':';
  }
  while (at < text.size() && text[at] == '=') ++at;
  return colon ? at : kNone;
}

size_t bcrypt_end(std::string_view text, size_t at) {
  const auto head = text.substr(at, 7);
  const bool fits = head.size() == 7 && head.starts_with("$2") && is_alnum(head[2]) && head[3] == '$' &&
                    is_digit(head[4]) && is_digit(head[5]) && head[6] == '$';
  if (!fits) return kNone;
  size_t end = at + 7;
  while (end < text.size() && (is_alnum(text[end]) || text[end] == '.' || text[end] == '/')) ++end;
  return end - at < 27 ? kNone : end;  // a line that was cut may hold the half of one
}

}  // namespace binnacle::mask
