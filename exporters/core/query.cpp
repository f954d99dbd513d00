// SPDX-License-Identifier: Apache-2.0
#include "query.h"

#include "text.h"

namespace binnacle {

namespace {

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
      continue;
    }
    const auto byte = text[i] == '%' ? to_u64(text.substr(i + 1, 2), 16) : std::nullopt;
    if (byte && i + 2 < text.size()) {
      out += static_cast<char>(*byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

QueryParameters parse_query(std::string_view query) {
  QueryParameters parameters;
  while (!query.empty()) {
    auto pair = take_until(query, '&');
    if (pair.empty()) continue;
    const auto name = take_until(pair, '=');
    parameters.emplace_back(percent_decode(name), percent_decode(pair));
  }
  return parameters;
}

std::vector<std::string> values_of(const QueryParameters& parameters, std::string_view name) {
  std::vector<std::string> values;
  for (const auto& [key, value] : parameters) {
    if (key == name) values.push_back(value);
  }
  return values;
}

}  // namespace binnacle
