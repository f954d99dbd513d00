// SPDX-License-Identifier: Apache-2.0
#include "redis_url.h"

#include <catch2/catch.hpp>

using namespace binnacle;

TEST_CASE("a URL without a password", "[redis_url]") {
  for (const auto* const text : {"host:7000", "redis://host:7000", "redis://host:7000/", "redis://host:7000/3",
                                 "valkey://host:7000?timeout=1s", "tcp://host:7000", "redis://@host:7000"}) {
    INFO(text);
    const auto url = parse_redis_url(text);
    CHECK(url.address == Address{"host", 7000, {}});
    CHECK(url.credentials.user.empty());
    CHECK_FALSE(url.credentials.password);
  }
  CHECK(parse_redis_url("host").address.port == 6379);
  CHECK(parse_redis_url("redis://").address == Address{"localhost", 6379, {}});
  CHECK(parse_redis_url("redis://[::1]:7000").address == Address{"::1", 7000, {}});
  CHECK(parse_redis_url("unix:///run/redis.sock").address.path == "/run/redis.sock");
  CHECK(parse_redis_url("/run/redis.sock").address.path == "/run/redis.sock");
}

TEST_CASE("user and password come out of a URL decoded", "[redis_url]") {
  const auto url = parse_redis_url("redis://me:p%40ss%2F:1@host:7000/0");
  CHECK(url.address == Address{"host", 7000, {}});
  CHECK(url.credentials.user == "me");
  REQUIRE(url.credentials.password);
  CHECK(url.credentials.password->reveal() == "p@ss/:1");
  const auto without_user = parse_redis_url("redis://:secret@host");
  CHECK(without_user.credentials.user.empty());
  CHECK(without_user.credentials.password->reveal() == "secret");
  CHECK(parse_redis_url("redis://:a@b/c@host").credentials.password->reveal() == "a@b/c");
  CHECK_FALSE(parse_redis_url("redis://me@host").credentials.password);
}

TEST_CASE("a bad URL is refused, and not repeated", "[redis_url]") {
  for (const auto* const text : {"rediss://:secret@host", "http://:secret@host", "redis://:secret%zz@host",
                                 "redis://:secret%4@host", "redis://:secret", "redis://:secret@host/x",
                                 "redis://:secret?@host", ":secret@host", "redis://:secret@host:99999"}) {
    INFO(text);
    std::string message;
    try {
      parse_redis_url(text);
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK_FALSE(message.empty());
    CHECK(message.find("secret") == std::string::npos);
  }
}
