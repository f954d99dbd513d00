// SPDX-License-Identifier: Apache-2.0
#include "strict_yaml.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>

#include "test_folder.h"

using binnacle::ConfigError;
using binnacle::YamlMap;
using namespace std::chrono_literals;

namespace {

YamlMap yaml(std::string_view text) { return YamlMap::from_text(text, "c.yml"); }

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

std::string parse_error(std::string_view text) {
  return error_of([&] { yaml(text); });
}

}  // namespace

TEST_CASE("values of every type are read", "[yaml]") {
  auto map = yaml(
      "name: web one\nquoted: \"x\\ty\"\nfolded: >\n  a\n  b\nnumber: 12\nratio: -1.5e3\nyes: true\nno: FALSE\n"
      "wait: 1m30s\nlist: [a, 'b', 3]\ninner:\n  key: v\nitems:\n- id: 1\n- id: 2\n");
  CHECK(map.text("name") == "web one");
  CHECK(map.text("quoted") == "x\ty");
  CHECK(map.text("folded") == "a b\n");
  CHECK(map.text("number") == "12");
  CHECK(map.integer("number") == 12);
  CHECK(map.number("number") == 12.0);
  CHECK(map.number("ratio") == -1500.0);
  CHECK(map.boolean("yes") == true);
  CHECK(map.boolean("no") == false);
  CHECK(map.duration("wait") == 90s);
  CHECK(map.texts("list") == std::vector<std::string>{"a", "b", "3"});
  CHECK(map.map("inner")->text("key") == "v");
  auto items = *map.maps("items");
  REQUIRE(items.size() == 2);
  CHECK(items[0].integer("id") == 1);
  CHECK(items[1].integer("id") == 2);
  CHECK_NOTHROW(map.finish());
  CHECK(map.keys() == std::vector<std::string>{"name", "quoted", "folded", "number", "ratio", "yes", "no", "wait",
                                               "list", "inner", "items"});
}

TEST_CASE("absent and null keys are nothing, and known", "[yaml]") {
  auto map = yaml("a:\nb: ~\nc: null\nd: !!null ''\n");
  for (const auto* key : {"a", "b", "c", "d", "absent"}) {
    CHECK_FALSE(map.text(key));
    CHECK_FALSE(map.boolean(key));
    CHECK_FALSE(map.number(key));
    CHECK_FALSE(map.integer(key));
    CHECK_FALSE(map.duration(key));
    CHECK_FALSE(map.texts(key));
    CHECK_FALSE(map.map(key));
    CHECK_FALSE(map.maps(key));
  }
  CHECK_NOTHROW(map.finish());
}

TEST_CASE("nothing is an empty mapping", "[yaml]") {
  for (const auto* text : {"", "\n", "# only a comment", "---\n", "---\n...\n", "--- ~\n", "{}", "\xEF\xBB\xBF"}) {
    CAPTURE(text);
    auto map = yaml(text);
    CHECK(map.keys().empty());
    CHECK_FALSE(map.text("a"));
    CHECK_NOTHROW(map.finish());
  }
}

TEST_CASE("empty lists and mappings are there", "[yaml]") {
  auto map = yaml("a: []\nb: {}\nc: []\n");
  CHECK(map.texts("a")->empty());
  CHECK(map.map("b")->keys().empty());
  CHECK(map.maps("c")->empty());
  CHECK_NOTHROW(map.finish());
}

TEST_CASE("a wrong type is named, never the value", "[yaml]") {
  auto map =
      yaml("top:\n  text: hunter2\n  list: [hunter2]\n  map: {a: hunter2}\n  bool: True\n  n: 1.5\n  q: 'true'\n");
  auto top = *map.map("top");
  const auto of = [&](auto getter, const char* key) { return error_of([&] { (top.*getter)(key); }); };
  CHECK(of(&YamlMap::text, "list") == "c.yml:3: top.list: expected a text, got a list");
  CHECK(of(&YamlMap::text, "map") == "c.yml:4: top.map: expected a text, got a mapping");
  CHECK(of(&YamlMap::boolean, "text") == "c.yml:2: top.text: expected true or false, got a text");
  CHECK(of(&YamlMap::boolean, "q") == "c.yml:7: top.q: expected true or false, got a text");
  CHECK(of(&YamlMap::boolean, "n") == "c.yml:6: top.n: expected true or false, got a number");
  CHECK(of(&YamlMap::number, "list") == "c.yml:3: top.list: expected a number, got a list");
  CHECK(of(&YamlMap::number, "bool") == "c.yml:5: top.bool: expected a number, got true or false");
  CHECK(of(&YamlMap::number, "text") == "c.yml:2: top.text: expected a number, got a text");
  CHECK(of(&YamlMap::integer, "n") == "c.yml:6: top.n: expected a whole number, got a number");
  CHECK(of(&YamlMap::duration, "text") ==
        "c.yml:2: top.text: expected a duration such as 500ms, 5s or 1m30s, got a text");
  CHECK(of(&YamlMap::duration, "n") == "c.yml:6: top.n: expected a duration such as 500ms, 5s or 1m30s, got a number");
  CHECK(of(&YamlMap::texts, "text") == "c.yml:2: top.text: expected a list of texts, got a text");
  CHECK(of(&YamlMap::map, "list") == "c.yml:3: top.list: expected a mapping, got a list");
  CHECK(of(&YamlMap::maps, "map") == "c.yml:4: top.map: expected a list of mappings, got a mapping");
  CHECK(of(&YamlMap::maps, "list") == "c.yml:3: top.list[0]: expected a mapping, got a text");

  auto lists = yaml("l:\n- a\n- [b]\nm:\n- {}\n-\n");
  CHECK(error_of([&] { lists.texts("l"); }) == "c.yml:3: l[1]: expected a text, got a list");
  CHECK(error_of([&] { lists.maps("m"); }).ends_with(": m[1]: expected a mapping, got nothing"));
}

TEST_CASE("booleans and numbers are as YAML 1.2 has them", "[yaml]") {
  const auto boolean = [](const std::string& text) { return yaml("k: " + text).boolean("k"); };
  CHECK(boolean("true") == true);
  CHECK(boolean("True") == true);
  CHECK(boolean("TRUE") == true);
  CHECK(boolean("false") == false);
  CHECK(boolean("False") == false);
  for (const auto* text : {"yes", "no", "on", "off", "y", "1", "0", "tRUE", "truee", "\"true\""}) {
    CAPTURE(text);
    CHECK_THROWS_AS(boolean(text), ConfigError);
  }

  const auto number = [](const std::string& text) { return yaml("k: " + text).number("k"); };
  CHECK(number("0") == 0.0);
  CHECK(number("+5") == 5.0);
  CHECK(number("-0.25") == -0.25);
  CHECK(number(".5") == 0.5);
  CHECK(number("5.") == 5.0);
  CHECK(number("1e3") == 1000.0);
  for (const auto* text : {".", "+", "-", "+-5", "1e", "e5", ".inf", "inf", "nan", ".nan", "1_000", "0x10", "1e999",
                           "12s", "1 2", "'5'", "1,5", "0o17"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(number(text), ConfigError);
  }

  const auto integer = [](const std::string& text) { return yaml("k: " + text).integer("k"); };
  CHECK(integer("9223372036854775807") == 9223372036854775807L);
  CHECK(integer("-7") == -7);
  CHECK(integer("+7") == 7);
  CHECK(integer("010") == 10);
  for (const auto* text : {"9223372036854775808", "1.0", "1e3", "+-7", "++7", "0x1", "'7'", "seven", "true"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(integer(text), ConfigError);
  }

  CHECK(yaml("k: '5s'").duration("k") == 5s);
  CHECK(yaml("k: 0").duration("k") == 0s);
  CHECK(yaml("k: !!str 5").text("k") == "5");
  CHECK_THROWS_AS(yaml("k: !!str 5").integer("k"), ConfigError);
}

TEST_CASE("a key that nobody asked for is an error with its line and what is known", "[yaml]") {
  auto map = yaml("health:\n  checks:\n    memory:\n      warn: 1\n      wran: 2\n");
  auto checks = *map.map("health")->map("checks");
  auto memory = *checks.map("memory");
  CHECK(memory.number("warn") == 1.0);
  memory.number("critical");
  memory.number("critical");
  memory.number("weight");
  const std::string expected =
      "c.yml:5: health.checks.memory.wran: unknown key, expected one of: warn, critical, weight";
  CHECK(error_of([&] { memory.finish(); }) == expected);
  CHECK(error_of([&] { map.finish(); }) == expected);  // from the top as well
  memory.number("wran");
  CHECK_NOTHROW(map.finish());

  CHECK(error_of([] { yaml("a: 1").finish(); }) == "c.yml:1: a: unknown key, expected none here");

  auto list = yaml("targets:\n- name: a\n- nmae: b\n");
  auto targets = *list.maps("targets");
  for (auto& target : targets) target.text("name");
  CHECK(error_of([&] { list.finish(); }) == "c.yml:3: targets[1].nmae: unknown key, expected one of: name");

  auto unread = yaml("inner: {x: 1}");
  CHECK_FALSE(unread.map("other"));
  CHECK(error_of([&] { unread.finish(); }) == "c.yml:1: inner: unknown key, expected one of: other");
}

TEST_CASE("a mapping may be taken twice, and copies share what was asked", "[yaml]") {
  auto map = yaml("m: {a: 1, b: 2}\nl: [{a: 1}]\n");
  map.map("m")->integer("a");
  map.map("m")->integer("b");
  (*map.maps("l"))[0].integer("a");
  CHECK(map.maps("l")->size() == 1);
  const auto copy = map;
  CHECK_NOTHROW(copy.finish());
}

TEST_CASE("errors of the reader's own have file, line and path", "[yaml]") {
  auto map = yaml("\na:\n  b: 1\n  c: 2\n");
  auto a = *map.map("a");
  CHECK(std::string{a.error("c", "bad regex").what()} == "c.yml:4: a.c: bad regex");
  CHECK(std::string{a.error("absent", "missing").what()} == "c.yml:3: a.absent: missing");
  CHECK(std::string{a.error("", "bad").what()} == "c.yml:3: a: bad");
  CHECK(std::string{map.error("", "bad").what()} == "c.yml:2: bad");
  CHECK(std::string{yaml("").error("k", "missing").what()} == "c.yml:1: k: missing");
}

TEST_CASE("duplicate keys", "[yaml]") {
  CHECK(parse_error("a: 1\nb: 2\na: 3\n") == "c.yml:3: a: key given twice, first in line 1");
  CHECK(parse_error("x:\n  y: {a: 1, \"a\": 2}\n") == "c.yml:2: x.y.a: key given twice, first in line 2");
  CHECK(parse_error("l:\n- a: 1\n- b: 1\n  b: 2\n") == "c.yml:4: l[1].b: key given twice, first in line 3");
  CHECK(parse_error("l:\n- a: 1\n- a: 1\n") == "no error");
}

TEST_CASE("anchors and aliases", "[yaml]") {
  auto map = yaml("a: &x {v: 1}\nb: *x\nc: [*x, *x]\nd: &s text\ne: *s\n*s : key\n");
  CHECK(map.map("b")->integer("v") == 1);
  CHECK(map.maps("c")->size() == 2);
  CHECK(map.text("e") == "text");
  CHECK(map.text("text") == "key");
  CHECK(parse_error("a: *nope\n") == "c.yml:1: bad YAML: the referenced anchor is not defined");
  CHECK(parse_error("a: &x [*x]\n") == "c.yml:1: a[0]: an alias stands inside what it refers to");
  CHECK(parse_error("&x a: {b: &y {c: *y}}\n") == "c.yml:1: a.b.c: an alias stands inside what it refers to");
  auto merge = yaml("a: &x {v: 1}\nb:\n  <<: *x\n");
  merge.map("a")->integer("v");
  merge.map("b")->integer("v");
  CHECK(error_of([&] { merge.finish(); }) == "c.yml:3: b.<<: unknown key, expected one of: v");
}

TEST_CASE("many levels through aliases cost no stack", "[yaml]") {
  std::string text = "k0: &a0 {v: 1}\n";
  for (int i = 1; i < 20'000; ++i) {
    text += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " {v: *a" + std::to_string(i - 1) + "}\n";
  }
  auto map = yaml(text);
  CHECK(map.map("k19999")->map("v")->map("v")->keys().size() == 1);
}

TEST_CASE("bad YAML has its line", "[yaml]") {
  CHECK(parse_error("a: [1, 2\nb: 1\n").starts_with("c.yml:2: bad YAML: "));
  CHECK(parse_error("a: 1\n\tb: 2\n") == "c.yml:2: bad YAML: illegal tab when looking for indentation");
  CHECK(parse_error("a:\n\tb: 2\n").starts_with("c.yml:2: bad YAML: "));
  CHECK(parse_error("a: 1\n  b: 2\n").starts_with("c.yml:2: bad YAML: "));
  CHECK(parse_error("a: b: c\n").starts_with("c.yml:1: bad YAML: "));
  CHECK(parse_error("a: @x\n").starts_with("c.yml:1: bad YAML: "));
  CHECK(parse_error("a: - 1\n").starts_with("c.yml:1: bad YAML: "));
  CHECK(parse_error("ok: 1\na: \"hunter2\nb: 2\n") == "c.yml:2: a: bad YAML: a quote is not closed");
  CHECK(parse_error("a: 'x") == "c.yml:1: a: bad YAML: a quote is not closed");
  CHECK(parse_error("a: [1, 'x]\n") == "c.yml:1: a[1]: bad YAML: a quote is not closed");
  CHECK(parse_error("a: !foo 5\n") == "c.yml:1: a: tags such as !name are not known here");
  CHECK(parse_error("a: !!int 5\n") == "c.yml:1: a: tags such as !name are not known here");
  CHECK(parse_error("a: !!set {x}\n") == "c.yml:1: a: tags such as !name are not known here");
  CHECK(parse_error("a: !!seq [x]\nb: !!map {}\nc: !!str x\n") == "no error");
}

TEST_CASE("the document is one mapping with texts as keys", "[yaml]") {
  CHECK(parse_error("just text") == "c.yml:1: expected keys and values at the top");
  CHECK(parse_error("# c\n- a\n") == "c.yml:2: expected keys and values at the top");
  CHECK(parse_error("a: 1\n---\nb: 1\n").ends_with("expected one document, got a second one"));
  CHECK(parse_error("a: 1\n...\nb: 1\n") == "c.yml:3: expected one document, got a second one");
  CHECK(parse_error("? [a]\n: 1\n") == "c.yml:1: expected a text as key");
  CHECK(parse_error("x:\n  {a: 1}: 1\n") == "c.yml:2: x: expected a text as key");
  CHECK(parse_error("~: 1\n").ends_with("expected a text as key"));
}

TEST_CASE("bytes that are no text are refused with their line", "[yaml]") {
  CHECK(parse_error("a: 1\nb: \x04\nc: 2\n") == "c.yml:2: expected text, got a control byte");
  CHECK(parse_error(std::string_view{"a: 1\0b", 6}) == "c.yml:1: expected text, got a control byte");
  CHECK(parse_error("a: \x7F") == "c.yml:1: expected text, got a control byte");
  CHECK(parse_error("a: 1\n\nb: \xFFx\n") == "c.yml:3: expected UTF-8, got other bytes");
  CHECK(parse_error("\xFE\xFF") == "c.yml:1: expected UTF-8, got other bytes");
  auto map = yaml("a: gr\xC3\xBC\xC3\x9F\r\nb: \"\\x01\"\r\n");
  CHECK(map.text("a") == "gr\xC3\xBC\xC3\x9F");
  CHECK(map.text("b") == "\x01");
}

TEST_CASE("size and depth are bounded", "[yaml]") {
  const auto nested = [](std::size_t levels) {
    return "a: " + std::string(levels - 1, '[') + "x" + std::string(levels - 1, ']') + "\n";
  };
  CHECK(parse_error(nested(64)) == "no error");
  CHECK(parse_error("\n" + nested(65)) == "c.yml:2: expected at most 64 levels, got more");
  CHECK(parse_error("a: " + std::string(900'000, '[')).starts_with("c.yml:1: "));
  CHECK(parse_error("a: " + std::string(900'000, '{')).starts_with("c.yml:1: "));
  std::string blocks;
  for (int i = 0; i < 1000; ++i) blocks += "- ";
  CHECK(parse_error("a:\n  " + blocks + "x\n") == "c.yml:2: expected at most 64 levels, got more");
  CHECK(parse_error("a: " + std::string(1'048'573, 'x')) == "no error");
  CHECK(parse_error("a: " + std::string(1'048'574, 'x')) == "c.yml: expected at most 1 MiB");
}

TEST_CASE("keys are shown safely", "[yaml]") {
  CHECK(error_of([] { yaml("\"a\\nb\\x1b\": 1").finish(); }) == "c.yml:1: a?b?: unknown key, expected none here");
  CHECK(error_of([] { yaml(std::string(100, 'k') + ": 1").finish(); }) ==
        "c.yml:1: " + std::string(64, 'k') + "...: unknown key, expected none here");
}

TEST_CASE("config files", "[yaml]") {
  const binnacle::TestFolder folder;
  const auto path = folder.write("config.yml", "a: 1\nb: [\n");
  CHECK(error_of([&] { YamlMap::from_file(path); }).starts_with(path + ":"));
  CHECK(YamlMap::from_file(folder.write("good.yml", "a: 1\n")).integer("a") == 1);
  CHECK(YamlMap::from_file(folder.write("empty.yml", "")).keys().empty());
  const auto missing = folder.path("missing.yml");
  CHECK(error_of([&] { YamlMap::from_file(missing); }) == missing + ": cannot be read: No such file or directory");
  const auto directory = folder.path("");
  CHECK(error_of([&] { YamlMap::from_file(directory); }) == directory + ": cannot be read: Is a directory");
  const auto large = folder.write("large.yml", "# " + std::string(std::size_t{2} << 20U, 'x'));
  CHECK(error_of([&] { YamlMap::from_file(large); }) == large + ": expected at most 1 MiB");
}
