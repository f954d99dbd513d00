// SPDX-License-Identifier: Apache-2.0
#include "body_edit.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <vector>

using namespace binnacle::gateway;

namespace {

/// The body without the member whose key is that.
std::string without(std::string_view body, std::string_view key) {
  const std::vector<std::string_view> paths{key};
  JsonScan scan{paths};
  REQUIRE(scan.feed(body) == JsonScan::State::whole);
  REQUIRE(scan.found().size() == 1);
  return without_member(body, scan.found()[0].key, scan.found()[0].value);
}

}  // namespace

TEST_CASE("ai-gateway body edit: a string is replaced, and every other byte stays") {
  const std::string body = "\t{ \"big\": 12345678901234567890, \"model\" : \"old\" ,\"x\":1.50 }\n";
  const auto at = body.find("\"old\"");
  CHECK(with_string(body, {at, at + 5}, "new/\"x\"") ==
        "\t{ \"big\": 12345678901234567890, \"model\" : \"new/\\\"x\\\"\" ,\"x\":1.50 }\n");
}

TEST_CASE("ai-gateway body edit: a member is cut out with one comma") {
  struct Row {
    std::string body;
    std::string edited;
  };
  const std::vector<Row> rows{
      {R"({"u":null})", R"({})"},
      {R"({ "u" : null })", R"({  })"},
      {R"({"u":null,"b":2})", R"({"b":2})"},
      {R"({"a":1,"u":null})", R"({"a":1})"},
      {R"({"a":1,"u":null,"b":2})", R"({"a":1,"b":2})"},
      {R"({"a": 1, "u": null, "b": 2})", R"({"a": 1, "b": 2})"},
      {R"({"a": 1 , "u": {"u":[1,2]} })", R"({"a": 1  })"},
      {R"({"a":",","u":"}","b":","})", R"({"a":",","b":","})"},
  };
  for (const auto& [body, edited] : rows) {
    INFO(body);
    CHECK(without(body, "u") == edited);
    CHECK(nlohmann::json::accept(without(body, "u")));
  }
}

TEST_CASE("ai-gateway body edit: any text makes a JSON string") {
  CHECK(json_string("") == "\"\"");
  CHECK(json_string("a\"b\\c/d\n\t\x01") == "\"a\\\"b\\\\c/d\\u000a\\u0009\\u0001\"");
  CHECK(json_string("é€😀") == "\"é€😀\"");
  CHECK(json_string("a\xFF") == "\"a\xEF\xBF\xBD\"");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text{'x', static_cast<char>(byte), 'y'};
    const auto parsed = nlohmann::json::parse(json_string(text), nullptr, false);
    REQUIRE(parsed.is_string());
    if (byte < 0x80) CHECK(parsed.get<std::string>() == text);
  }
}
