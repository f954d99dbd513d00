// SPDX-License-Identifier: Apache-2.0
#include "text.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace binnacle {

TEST_CASE("trim", "[text]") {
  CHECK(trim("").empty());
  CHECK(trim(" \t\r\n\v\f").empty());
  CHECK(trim("  a b\t\n") == "a b");
  CHECK(trim("a") == "a");
}

TEST_CASE("lines", "[text]") {
  const auto lines = [](std::string_view rest) {
    std::vector<std::string_view> all;
    while (const auto line = next_line(rest)) all.push_back(*line);
    return all;
  };
  using Lines = std::vector<std::string_view>;
  CHECK(lines("").empty());
  CHECK(lines("\n") == Lines{""});
  CHECK(lines("a\nb") == Lines{"a", "b"});
  CHECK(lines("a\n\nb\n") == Lines{"a", "", "b"});
  CHECK(lines("a\r\n") == Lines{"a\r"});
}

TEST_CASE("fields", "[text]") {
  std::string_view rest = "  a\tbc  d ";
  CHECK(next_field(rest) == "a");
  CHECK(rest == "\tbc  d ");
  CHECK(next_field(rest) == "bc");
  CHECK(next_field(rest) == "d");
  CHECK(rest == " ");
  CHECK(next_field(rest).empty());
  CHECK(rest.empty());
  CHECK(next_field(rest).empty());
}

TEST_CASE("taking what stands before a separator", "[text]") {
  std::string_view rest = "a:b::c";
  CHECK(take_until(rest, ':') == "a");
  CHECK(take_until(rest, ':') == "b");
  CHECK(take_until(rest, ':').empty());
  CHECK(take_until(rest, ':') == "c");
  CHECK(rest.empty());
  CHECK(take_until(rest, ':').empty());
  rest = "a:";
  CHECK(take_until(rest, ':') == "a");
  CHECK(rest.empty());
}

TEST_CASE("whole numbers", "[text]") {
  CHECK(to_u64("0") == 0U);
  CHECK(to_u64("007") == 7U);
  CHECK(to_u64("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  CHECK(to_u64("ff", 16) == 255U);
  CHECK(to_u64("FF", 16) == 255U);
  CHECK(to_u64("17", 8) == 15U);
  for (const auto* text : {"", " 1", "1 ", "-1", "+1", "1.0", "1e3", "0x1", "18446744073709551616", "a", "1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(to_u64(text));
  }
  CHECK_FALSE(to_u64(std::string_view{"1\0", 2}));
  CHECK(to_i64("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(to_i64("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  for (const auto* text : {"", "-", "+1", "--1", "9223372036854775808", "1x"}) {
    CAPTURE(text);
    CHECK_FALSE(to_i64(text));
  }
}

TEST_CASE("numbers with a fraction", "[text]") {
  CHECK(to_double("1.5") == 1.5);
  CHECK(to_double("-1e-3") == -0.001);
  CHECK(to_double("+2") == 2.0);
  CHECK(to_double("inf") == std::numeric_limits<double>::infinity());
  CHECK(to_double("+Inf") == std::numeric_limits<double>::infinity());
  CHECK(to_double("-Inf") == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(to_double("NaN").value_or(0)));
  for (const auto* text : {"", "+", "-", "+-1", "++1", "1,5", "1.5 ", " 1.5", "0x10", "1e", "e", ".", "1e999"}) {
    CAPTURE(text);
    CHECK_FALSE(to_double(text));
  }
}

TEST_CASE("numbers that must be there", "[text]") {
  CHECK(require_u64("12", "/proc/x: y") == 12U);
  CHECK(require_double("1.5", "/proc/x: y") == 1.5);
  CHECK_THROWS_WITH(require_u64("a\nb", "/proc/x: y"), "/proc/x: y: expected a number, got \"a?b\"");
  CHECK_THROWS_WITH(require_double("", "/proc/x: y"), "/proc/x: y: expected a number, got \"\"");
  CHECK_THROWS_AS(require_u64("-1", ""), std::runtime_error);
}

TEST_CASE("UTF-8", "[text]") {
  for (const auto* text : {"", "a", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xF4\x8F\xBF\xBF", "\xC2\x80", "\xE0\xA0\x80", "\xF0\x90\x80\x80"}) {
    CAPTURE(text);
    CHECK(is_utf8(text));
    CHECK(to_utf8(text) == text);
  }
  const std::string bad = "\xEF\xBF\xBD";
  const auto [text, valid] = GENERATE_COPY(table<std::string, std::string>({
      {"\x80", bad},                                // a follower alone
      {"a\xFFz", "a" + bad + "z"},                  // never valid
      {"\xC0\xAF", bad + bad},                      // overlong, two bytes
      {"\xC1\x81", bad + bad},                      //
      {"\xE0\x9F\xBF", bad + bad + bad},            // overlong, three bytes
      {"\xF0\x8F\xBF\xBF", bad + bad + bad + bad},  // overlong, four bytes
      {"\xED\xA0\x80", bad + bad + bad},            // a surrogate
      {"\xF4\x90\x80\x80", bad + bad + bad + bad},  // beyond U+10FFFF
      {"\xF5\x80\x80\x80", bad + bad + bad + bad},  //
      {"\xC3", bad},                                // cut
      {"\xE2\x82", bad + bad},                      //
      {"\xF0\x9F\x98", bad + bad + bad},            //
      {"\xE2\x28\xA1", bad + "(" + bad},            // a follower is missing
      {"\xF0\x9F\x28\x80", bad + bad + "(" + bad},  //
  }));
  CHECK_FALSE(is_utf8(text));
  CHECK(to_utf8(text) == valid);
  CHECK(is_utf8(valid));
}

TEST_CASE("quoted text for messages is short and harmless", "[text]") {
  CHECK(quoted("") == "\"\"");
  CHECK(quoted("a b") == "\"a b\"");
  CHECK(quoted("a\n\x1b\x7F\t") == "\"a????\"");
  CHECK(quoted(std::string(40, 'x')) == "\"" + std::string(40, 'x') + "\"");
  CHECK(quoted(std::string(41, 'x')) == "\"" + std::string(40, 'x') + "...\"");
}

}  // namespace binnacle
