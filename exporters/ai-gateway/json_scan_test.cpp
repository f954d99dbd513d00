// SPDX-License-Identifier: Apache-2.0
#include "json_scan.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>

using namespace binnacle::gateway;

namespace {

using State = JsonScan::State;
using Paths = std::vector<std::string_view>;

/// What a scan finds, as one text: "path=value@begin-end" (and "!" for what is too long) for each, and the state.
std::string outcome(const JsonScan& scan, const Paths& paths) {
  std::string text;
  for (const auto& found : scan.found()) {
    text += std::string{paths[found.path]} + "=" + (found.too_long ? "!" : found.text) + "@" +
            std::to_string(found.key.begin) + ":" + std::to_string(found.key.end) + ":" +
            std::to_string(found.value.begin) + ":" + std::to_string(found.value.end) + "\n";
  }
  constexpr std::array kStates{"going", "whole", "broken"};
  text += kStates.at(static_cast<std::size_t>(scan.state()));
  return text + (scan.end_bracket() ? " " + std::to_string(*scan.end_bracket()) : "");
}

std::string scan_whole(std::string_view text, const Paths& paths, std::size_t limit = 1000) {
  JsonScan scan{paths, limit};
  scan.feed(text);
  return outcome(scan, paths);
}

/// The values of one path, with blanks between them.
std::string values(std::string_view text, std::string_view path) {
  const Paths paths{path};
  JsonScan scan{paths};
  scan.feed(text);
  std::string joined;
  for (const auto& found : scan.found()) joined += (joined.empty() ? "" : " ") + found.text;
  return joined;
}

State state_of(std::string_view text) {
  const Paths paths{"a"};
  return JsonScan{paths}.feed(text);
}

std::string nested(std::size_t depth, std::string_view inside) {
  return std::string(depth, '[') + std::string{inside} + std::string(depth, ']');
}

}  // namespace

TEST_CASE("ai-gateway JSON scan: values of paths are found where they stand") {
  const std::string text = R"( {"model" : "m\"x", "usage":{"in": 12 , "out":[1, {"z":null}]}, "n":-1.5e3,"t":true} )";
  const Paths paths{"model", "usage", "usage.in", "usage.out.*", "usage.out.*.z", "n", "t", "absent"};
  JsonScan scan{paths};
  REQUIRE(scan.feed(text) == State::whole);
  std::vector<std::pair<std::string_view, std::string>> found;
  for (const auto& each : scan.found()) {
    found.emplace_back(paths[each.path], each.text);
    CHECK(text.substr(each.value.begin, each.value.size()) == each.text);
    const auto key = text.substr(each.key.begin, each.key.size());
    if (each.key == Span{}) {
      CHECK(paths[each.path] == "usage.out.*");
    } else {
      CHECK(key.front() == '"');
      CHECK(key.back() == '"');
    }
  }
  using Pair = std::pair<std::string_view, std::string>;
  CHECK(found == std::vector<Pair>{{"model", R"("m\"x")"},
                                   {"usage.in", "12"},
                                   {"usage.out.*", "1"},
                                   {"usage.out.*.z", "null"},
                                   {"usage.out.*", R"({"z":null})"},
                                   {"usage", R"({"in": 12 , "out":[1, {"z":null}]})"},
                                   {"n", "-1.5e3"},
                                   {"t", "true"}});
  REQUIRE(scan.end_bracket());
  CHECK(*scan.end_bracket() == text.size() - 2);
}

TEST_CASE("ai-gateway JSON scan: what is found does not depend on where the text is cut") {
  const Paths paths{"a", "k\\", "s", "o.a", "o.b.*.c", "*.a", "*", "usage", "o"};
  const std::vector<std::string> texts{
      "\xEF\xBB\xBF{\"a\":1}",
      R"({"\u0061":"x","b":"\\\"a\":","s":"é€😀 \ud83d\ude00 \\","k\\":[]})",
      R"({"o":{"a":"\"","b":[{"c":1},{"c":"]}"},[],{"c":{"c":null}}]},"a" : [ 1 , "," , {} ] , "usage":null})",
      R"([{"a":1},{"a":"two"},[{"a":3}],"x",12.5e-3,null])",
      R"({"skip":{"a":"\\\\\"}","deep":[[{"a":1}],"]"]},"a":2})",
      R"({"s":"a long text that is longer than what is to be kept of it","a":1})",
      R"({"a":1,}[)",
      "12 ",
      R"("text" )",
      R"({"a":tru"e})",
      R"({"a":1} {"a":2})",
      "\xEF\xBB{}",
      R"({"\u00g1":1})",
  };
  for (const auto& text : texts) {
    INFO(text);
    for (const std::size_t limit : {std::size_t{1000}, std::size_t{12}}) {
      const auto whole = scan_whole(text, paths, limit);
      for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        JsonScan scan{paths, limit};
        scan.feed(text.substr(0, cut));
        scan.feed(text.substr(cut));
        CHECK(outcome(scan, paths) == whole);
        for (std::size_t second = cut; second <= text.size(); ++second) {
          JsonScan thrice{paths, limit};
          thrice.feed(std::string_view{text}.substr(0, cut));
          thrice.feed(std::string_view{text}.substr(cut, second - cut));
          thrice.feed(std::string_view{text}.substr(second));
          REQUIRE(outcome(thrice, paths) == whole);
        }
      }
      JsonScan bytes{paths, limit};
      for (const char byte : text) bytes.feed({&byte, 1});
      CHECK(outcome(bytes, paths) == whole);
    }
  }
}

TEST_CASE("ai-gateway JSON scan: keys are compared unescaped, and whole") {
  CHECK(values(R"({"\u0075sage":1})", "usage") == "1");
  CHECK(values(R"({"us\u0061ge":1,"usage":2})", "usage") == "1 2");
  CHECK(values(R"({"usages":1,"usag":2,"Usage":3,"usage ":4})", "usage").empty());
  CHECK(values(R"({"usage.in":1,"usage":{"in":2}})", "usage.in") == "2");
  CHECK(values(R"({"*":1})", "*").empty());
  CHECK(values(R"({"a\/b":1})", "a/b") == "1");
  CHECK(values(R"({"a\u00e9":1})", "a").empty());
  const std::string long_key(100'000, 'k');
  CHECK(values("{\"" + long_key + "\":1,\"a\":2}", "a") == "2");
}

TEST_CASE("ai-gateway JSON scan: text within strings and beside the path is not taken for a key") {
  CHECK(values(R"({"x":"\"usage\":1","y":["usage",1],"z":{"usage":2}})", "usage").empty());
  CHECK(values(R"({"x":"\\","usage":3})", "usage") == "3");
  CHECK(values(R"({"x":"\\\"","usage":4})", "usage") == "4");
  CHECK(values(R"({"x":["}",{"y":"]"}],"usage":5})", "usage") == "5");
  CHECK(values(R"([{"usage":6}])", "usage").empty());
  CHECK(values(R"({"usage":[1]})", "usage.in").empty());
}

TEST_CASE("ai-gateway JSON scan: two keys of one name are both found") {
  CHECK(values(R"({"a":1,"a":2})", "a") == "1 2");
  CHECK(values(R"({"u":{"a":1},"u":{"a":2}})", "u.a") == "1 2");
}

TEST_CASE("ai-gateway JSON scan: how many values are kept is bounded, the first two and the last among them") {
  std::string text = "[0";
  for (int at = 1; at < 10'000; ++at) text += "," + std::to_string(at);
  const Paths paths{"*"};
  JsonScan scan{paths};
  CHECK(scan.feed(text + "]") == State::whole);
  REQUIRE(scan.found().size() == JsonScan::kFoundLimit);
  CHECK(scan.found()[0].text == "0");
  CHECK(scan.found()[1].text == "1");
  CHECK(scan.found().back().text == "9999");

  JsonScan taken{paths};
  std::size_t count = 0;
  for (const char byte : text) {
    taken.feed({&byte, 1});
    count += taken.take_found().size();
  }
  CHECK(count == 9'999);
}

TEST_CASE("ai-gateway JSON scan: what is no JSON is broken, and stays so") {
  for (const std::string_view text :
       {"x}",    "}",         "{]",          "[}",          "{1:2}",  "{\"a\" 1}", "{\"a\":}", "{\"a\":1,}",
        "[1,]",  "[,1]",      "{,}",         "{\"a\":1 2}", "{} {}",  "{}x",       "<html>",   "{\"a\":1}]",
        "[1:2]", "{\"a\",1}", "{\"\\x\":1}", "\xEF\xBB{}",  "\xFF{}", "{'a':1}"}) {
    INFO(text);
    CHECK(state_of(text) == State::broken);
    const Paths paths{"a"};
    JsonScan scan{paths};
    scan.feed(text);
    CHECK(scan.feed("{\"a\":1}") == State::broken);
  }
  for (const std::string_view text : {"", " ", "{", "[", "{\"a", "{\"a\":", "{\"a\":1", "[1", "[[]", "\"abc", "12"}) {
    INFO(text);
    CHECK(state_of(text) == State::going);
  }
  for (const std::string_view text : {"{}", "[]", " {} \r\n\t", "\"x\"", "12 ", "null\n", "[NaN]", "\xEF\xBB\xBF{}"}) {
    INFO(text);
    CHECK(state_of(text) == State::whole);
  }
}

TEST_CASE("ai-gateway JSON scan: nesting is bounded, also where nothing is looked for") {
  CHECK(state_of(nested(JsonScan::kDepthLimit, "")) == State::whole);
  CHECK(state_of(nested(JsonScan::kDepthLimit + 1, "")) == State::broken);
  CHECK(state_of("{\"b\":" + nested(JsonScan::kDepthLimit - 1, "\"x\"") + "}") == State::whole);
  CHECK(state_of("{\"b\":" + nested(JsonScan::kDepthLimit, "") + "}") == State::broken);
  CHECK(state_of(std::string(1'000'000, '[')) == State::broken);
}

TEST_CASE("ai-gateway JSON scan: values beyond the limit are found, but not kept") {
  const Paths paths{"a", "b"};
  JsonScan scan{paths, 5};
  CHECK(scan.feed(R"({"a":"123","b":"1234"})") == State::whole);
  REQUIRE(scan.found().size() == 2);
  CHECK(scan.found()[0].text == R"("123")");
  CHECK_FALSE(scan.found()[0].too_long);
  CHECK(scan.found()[1].text.empty());
  CHECK(scan.found()[1].too_long);
  CHECK(scan.found()[1].value.size() == 6);
}

TEST_CASE("ai-gateway JSON scan: strings and brackets at every place of a word are seen") {
  for (std::size_t blanks = 0; blanks < 20; ++blanks) {
    const std::string pad(blanks, ' ');
    std::string text = "{\"b\":[1," + pad + "{" + pad + "\"x\"" + pad + ":" + pad + "[" + pad + "\"]\\\"\"" + pad +
                       "]" + pad + "}" + pad + "]," + pad + "\"a\":1}";
    CHECK(values(text, "a") == "1");
  }
}

TEST_CASE("ai-gateway JSON scan: more paths than there are bits are refused") {
  const Paths most(JsonScan::kPathLimit, "a");
  JsonScan scan{most};
  CHECK(scan.feed("{\"a\":1}") == State::whole);
  CHECK(scan.found().size() == JsonScan::kPathLimit);
  const Paths more(JsonScan::kPathLimit + 1, "a");
  CHECK_THROWS_AS(JsonScan{more}, std::logic_error);
}
