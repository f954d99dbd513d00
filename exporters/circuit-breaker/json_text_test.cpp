// SPDX-License-Identifier: Apache-2.0
#include "json_text.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "source.h"

using namespace binnacle::breaker;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t at = 0; at < times; ++at) all += text;
  return all;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

SourceError error_of(std::string_view text) {
  try {
    read_json(text);
  } catch (const SourceError& error) {
    return error;
  }
  throw std::logic_error("it was taken");
}

}  // namespace

TEST_CASE("JSON is read whole, or the message says where it is wrong without repeating it") {
  CHECK(read_json(" {\"a\": [1, 2]} ")["a"][1] == 2);
  CHECK(read_json("\xEF\xBB\xBF[]").empty());  // as some servers of Windows begin
  for (const auto* text : {"", "{", "{\"a\":secret}", "[1] x", "NaN", "[\"\xff\"]", "{\"a\" 1}", "[1,]", "\"\\"}) {
    INFO(text);
    const auto error = error_of(text);
    CHECK(error.failure() == Failure::bad_reply);
    CHECK_THAT(error.what(), Catch::Matchers::StartsWith("expected JSON; it is wrong at byte "));
    CHECK_THAT(error.what(), !Catch::Matchers::Contains("secret"));
  }
  CHECK(std::string{error_of("[1e999]").what()} == "expected JSON, but a number in it is out of range");
}

TEST_CASE("depth and number of values are bounded, brackets and commas in strings are neither") {
  CHECK_NOTHROW(read_json(nested(64)));
  CHECK(error_of(nested(65)).failure() == Failure::too_large);
  CHECK(error_of(std::string(1'000'000, '[')).failure() == Failure::too_large);
  CHECK(read_json("\"" + std::string(1000, '[') + "\\\"[[\"").is_string());
  CHECK(read_json("[0" + repeated(",0", kJsonValueLimit - 2) + "]").size() == kJsonValueLimit - 1);
  CHECK(error_of("[0" + repeated(",0", kJsonValueLimit - 1) + "]").failure() == Failure::too_large);
  CHECK(read_json("[\"" + std::string(2 * kJsonValueLimit, ',') + "\"]").size() == 1);
}

TEST_CASE("members, texts and numbers are there or not, whatever stands in their place") {
  const auto json = read_json(R"({"text": "x", "number": 1.5, "big": 18446744073709551614, "null": null, "list": []})");
  CHECK(text_of(find_member(json, "text")) == "x");
  CHECK_FALSE(text_of(find_member(json, "number")));
  CHECK_FALSE(text_of(find_member(json, "absent")));
  CHECK(number_of(find_member(json, "number")) == 1.5);
  CHECK(number_of(find_member(json, "big")) == 18446744073709551614.0);
  CHECK_FALSE(number_of(find_member(json, "text")));
  CHECK(find_member(json, "null") == nullptr);
  CHECK(find_member(json["list"], "text") == nullptr);
  CHECK_FALSE(number_of(nullptr));
}
