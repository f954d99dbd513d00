// SPDX-License-Identifier: Apache-2.0
#include "redis_glob.h"

#include <catch2/catch.hpp>

using namespace binnacle::cache;

namespace {

bool matches(std::string_view pattern, std::string_view key) { return RedisGlob{pattern}.matches(key); }

}  // namespace

TEST_CASE("stars and question marks", "[redis_glob]") {
  CHECK(matches("session:*", "session:"));
  CHECK(matches("session:*", "session:1"));
  CHECK_FALSE(matches("session:*", "sessions:1"));
  CHECK_FALSE(matches("session:*", "session"));
  CHECK(matches("*", ""));
  CHECK(matches("**", "ab"));
  CHECK(matches("*:cart", "a:b:cart"));
  CHECK_FALSE(matches("*:cart", "a:carts"));
  CHECK(matches("a*b*c", "aXbYbZc"));
  CHECK_FALSE(matches("a*b*c", "acb"));
  CHECK(matches("h?llo", "hello"));
  CHECK_FALSE(matches("h?llo", "hllo"));
  CHECK_FALSE(matches("?", ""));
  CHECK(matches("?*", "x"));
  CHECK(matches("", ""));
  CHECK_FALSE(matches("", "x"));
  CHECK_FALSE(matches("Session", "session"));
  CHECK(matches("*", std::string_view{"\0\n\xff", 3}));
}

TEST_CASE("sets of bytes", "[redis_glob]") {
  CHECK(matches("h[ae]llo", "hallo"));
  CHECK_FALSE(matches("h[ae]llo", "hillo"));
  CHECK(matches("h[^e]llo", "hallo"));
  CHECK_FALSE(matches("h[^e]llo", "hello"));
  CHECK_FALSE(matches("h[^e]llo", "hllo"));
  CHECK(matches("user:[0-9]*", "user:42"));
  CHECK_FALSE(matches("user:[0-9]*", "user:x"));
  CHECK(matches("[z-a]", "m"));  // a range may be written from its end
  CHECK(matches("[\x80-\xff]", "\xc3"));
  CHECK(matches("[\\]]", "]"));
  CHECK(matches("[\\^]", "^"));
  CHECK_FALSE(matches("[]", ""));
  CHECK_FALSE(matches("[]a]", "a]"));
  CHECK(matches("[^]a]", "xa]"));
  CHECK(matches("[ab", "b"));
  CHECK_FALSE(matches("[", "["));
  CHECK(matches("[a-]", "]"));  // the end of the range, and no end of the set
  CHECK(matches("[-a]", "-"));
}

TEST_CASE("a backslash takes the next byte as it is", "[redis_glob]") {
  CHECK(matches("a\\*", "a*"));
  CHECK_FALSE(matches("a\\*", "ab"));
  CHECK(matches("*\\?", "what?"));
  CHECK_FALSE(matches("*\\?", "what!"));
  CHECK(matches("\\[a]", "[a]"));
  CHECK(matches("\\\\", "\\"));
  CHECK(matches("a\\", "a\\"));  // the last one is a byte like any other
  CHECK(matches("\\x", "x"));
}

TEST_CASE("a pattern without wildcards is one key", "[redis_glob]") {
  CHECK(RedisGlob{"queue:mail"}.literal() == "queue:mail");
  CHECK(RedisGlob{"a\\*"}.literal() == "a*");
  CHECK(RedisGlob{""}.literal() == "");
  CHECK_FALSE(RedisGlob{"a*"}.literal());
  CHECK_FALSE(RedisGlob{"a?"}.literal());
  CHECK_FALSE(RedisGlob{"[a]"}.literal());
}

TEST_CASE("patterns that would take a naive matcher for ever", "[redis_glob]") {
  std::string pattern;
  for (int star = 0; star < 100; ++star) pattern += "a*";
  CHECK_FALSE(matches(pattern + "b", std::string(10'000, 'a')));
  CHECK(matches(pattern, std::string(10'000, 'a')));
}
