// SPDX-License-Identifier: Apache-2.0
// The helpers that every parser is made of.
#include "core/text.h"

#include <cmath>
#include <string>

#include "core/exposition.h"
#include "fuzz.h"

namespace {

using namespace binnacle;
using namespace binnacle::fuzz;

void split(std::string_view text) {
  std::string whole;
  std::string_view rest = text;
  while (const auto line = next_line(rest)) {
    require(line->find('\n') == std::string_view::npos, "a line is one line");
    whole += *line;
    whole += '\n';
  }
  require(rest.empty(), "lines are taken to the end");
  if (!text.empty() && !text.ends_with('\n')) whole.pop_back();
  require(whole == text, "lines put together are the text");

  rest = text;
  while (!next_field(rest).empty()) {
  }
  for (const char separator : {':', ' ', '\0'}) {
    rest = text;
    std::size_t taken = 0;
    while (!rest.empty()) taken += take_until(rest, separator).size();
    require(taken <= text.size(), "parts are not longer than the whole");
  }
}

void numbers(std::string_view text) {
  if (const auto number = to_u64(text)) require(to_u64(std::to_string(*number)) == number, "a whole number reads back");
  if (const auto number = to_i64(text)) require(to_i64(std::to_string(*number)) == number, "a whole number reads back");
  to_u64(text, 16);
  if (const auto number = to_double(text)) {
    std::string shown;
    append_number(*number, shown);
    const auto again = to_double(shown);
    require(again.has_value(), "a printed number is a number");
    require(*again == *number || (std::isnan(*again) && std::isnan(*number)), "a printed number reads back equal");
  }
  accepts([&] { require_u64(text, "file: field"); });
  accepts([&] { require_double(text, "file: field"); });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  split(text);
  numbers(text);
  const auto valid = to_utf8(text);
  require(is_utf8(valid), "repaired text is UTF-8");
  require(!is_utf8(text) || valid == text, "valid text stays as it is");
  const auto shown = quoted(text);
  require(shown.size() <= 60 && shown.find('\n') == std::string::npos, "a quoted text is short and one line");
  const auto trimmed = trim(text);
  require(trim(trimmed) == trimmed, "trimming twice changes nothing");
  return 0;
}
