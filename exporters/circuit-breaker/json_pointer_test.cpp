// SPDX-License-Identifier: Apache-2.0
#include "json_pointer.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>

using binnacle::breaker::Json;
using binnacle::breaker::JsonPointer;

TEST_CASE("a JSON pointer finds what RFC 6901 says") {
  const auto json = Json::parse(R"({"a": {"b/c": 1, "~": 2, "": 3, "n": null}, "list": [4, [5]], "0": 6, "": 7})");
  const auto at = [&](std::string_view text) { return JsonPointer{text}.find(json); };
  REQUIRE(at("") == &json);
  CHECK(*at("/a/b~1c") == 1);
  CHECK(*at("/a/~0") == 2);
  CHECK(*at("/a/") == 3);
  CHECK(*at("/list/0") == 4);
  CHECK(*at("/list/1/0") == 5);
  CHECK(*at("/0") == 6);
  CHECK(*at("/") == 7);
  for (const auto* text : {"/b", "/a/n", "/a/n/x", "/a/b~1c/x", "/list/2", "/list/-", "/list/00", "/list/+1",
                           "/list/18446744073709551616", "/list/b", "/a/0"}) {
    INFO(text);
    CHECK(at(text) == nullptr);
  }
}

TEST_CASE("what is no JSON pointer") {
  CHECK_THROWS_WITH(JsonPointer{"a/b"}, "expected a JSON pointer: /name/name, or nothing");
  CHECK_THROWS_WITH(JsonPointer{"$.a"}, "expected a JSON pointer: /name/name, or nothing");
  CHECK_THROWS_WITH(JsonPointer{"/a~2"}, "expected ~0 or ~1 for a ~ or / in a name");
  CHECK_THROWS_WITH(JsonPointer{"/a~"}, "expected ~0 or ~1 for a ~ or / in a name");
}
