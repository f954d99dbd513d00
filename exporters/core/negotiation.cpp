// SPDX-License-Identifier: Apache-2.0
#include "negotiation.h"

#include <algorithm>
#include <cctype>

#include "text.h"

namespace binnacle {

namespace {

bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  });
}

/// One choice of a list header: its name, its weight, and the version parameter where it has one.
struct Choice {
  std::string_view name;
  std::string_view version;
  double weight = 1;
};

Choice parse_choice(std::string_view text) {
  Choice choice;
  choice.name = trim(take_until(text, ';'));
  while (!text.empty()) {
    auto value = trim(take_until(text, ';'));
    const auto key = trim(take_until(value, '='));
    value = trim(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (equals_ignoring_case(key, "q")) choice.weight = to_double(value).value_or(0);
    if (equals_ignoring_case(key, "version")) choice.version = value;
  }
  return choice;
}

/// Calls `see` with each choice of a comma-separated header.
template <typename See>
void for_each_choice(std::string_view header, See see) {
  while (!header.empty()) see(parse_choice(take_until(header, ',')));
}

bool is_our_openmetrics(const Choice& choice) {
  if (!equals_ignoring_case(choice.name, "application/openmetrics-text")) return false;
  return choice.version.empty() || choice.version == "1.0.0" || choice.version == "0.0.1";
}

bool is_text(const Choice& choice) {
  if (equals_ignoring_case(choice.name, "*/*") || equals_ignoring_case(choice.name, "text/*")) return true;
  return equals_ignoring_case(choice.name, "text/plain") && (choice.version.empty() || choice.version == "0.0.4");
}

}  // namespace

const Exposition& negotiate_exposition(std::string_view accept) {
  double openmetrics = 0;
  double text = 0;
  for_each_choice(accept, [&](const Choice& choice) {
    if (is_our_openmetrics(choice)) openmetrics = std::max(openmetrics, choice.weight);
    if (is_text(choice)) text = std::max(text, choice.weight);
  });
  return openmetrics > 0 && openmetrics >= text ? openmetrics_exposition() : text_exposition();
}

bool accepts_gzip(std::string_view accept_encoding) {
  double gzip = -1;
  double any = -1;
  for_each_choice(accept_encoding, [&](const Choice& choice) {
    if (equals_ignoring_case(choice.name, "gzip") || equals_ignoring_case(choice.name, "x-gzip")) gzip = choice.weight;
    if (choice.name == "*") any = choice.weight;
  });
  return gzip >= 0 ? gzip > 0 : any > 0;
}

}  // namespace binnacle
