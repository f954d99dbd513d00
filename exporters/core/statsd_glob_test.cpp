// SPDX-License-Identifier: Apache-2.0
#include "statsd_glob.h"

#include <catch2/catch.hpp>

using namespace binnacle;

namespace {

/// What the stars stood for, joined; "no" when the name does not match.
std::string match(const char* pattern, const char* name) {
  const StatsdGlob glob{pattern};
  StatsdGlob::Captures captures;
  if (!glob.match(name, captures)) return "no";
  std::string joined;
  for (std::size_t i = 0; i < glob.stars(); ++i) joined.append(i == 0 ? "" : "/").append(captures.at(i));
  return joined;
}

}  // namespace

TEST_CASE("a star stands for a part of one word", "[statsd]") {
  CHECK(match("a.b", "a.b").empty());
  CHECK(match("a.*.c", "a.b.c") == "b");
  CHECK(match("*.*", "x.y") == "x/y");
  CHECK(match("*", "x") == "x");
  CHECK(match("a.pre*post", "a.pre-x-post") == "-x-");
  CHECK(match("a.pre*", "a.pre").empty());
  CHECK(match("a.b", "a.b.c") == "no");
  CHECK(match("a.b.c", "a.b") == "no");
  CHECK(match("a.*", "a.b.c") == "no");
  CHECK(match("*", "a.b") == "no");
  CHECK(match("a.ab*ba", "a.aba") == "no");
  CHECK(match("a.*", "A.b") == "no");
  CHECK(match("a.*.c", "a..c").empty());
}

TEST_CASE("patterns that cannot be are refused", "[statsd]") {
  for (const auto* pattern : {"", "a..b", ".a", "a.", "a.**", "a.*x*", "*.*.*.*.*.*.*.*.*.*"}) {
    CAPTURE(pattern);
    CHECK_THROWS_WITH(StatsdGlob{pattern}, Catch::Contains("expected words between dots"));
  }
}

TEST_CASE("captures are filled in", "[statsd]") {
  const StatsdGlob::Captures captures{"one", "two"};
  CHECK(expand_captures("x_$1_${2}y$2", captures) == "x_one_twoytwo");
  CHECK(expand_captures("no", captures) == "no");
  CHECK(highest_capture("a$1${3}") == 3);
  CHECK(highest_capture("") == 0);
  CHECK_THROWS_WITH(highest_capture("a$"), Catch::Contains("without its number"));
  CHECK_THROWS_WITH(highest_capture("${1"), Catch::Contains("without its number"));
  CHECK_THROWS_WITH(highest_capture("$0"), Catch::Contains("without its number"));
}
