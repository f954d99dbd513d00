// SPDX-License-Identifier: Apache-2.0
#include "address.h"

#include <catch2/catch.hpp>

using binnacle::Address;
using binnacle::parse_address;

TEST_CASE("an address is a host and a port, or a path", "[address]") {
  CHECK(parse_address("redis-1", 6379) == Address{"redis-1", 6379, {}});
  CHECK(parse_address("10.0.0.1:7000", 6379) == Address{"10.0.0.1", 7000, {}});
  CHECK(parse_address("[::1]:7000", 6379) == Address{"::1", 7000, {}});
  CHECK(parse_address("[fe80::1]", 6379) == Address{"fe80::1", 6379, {}});
  CHECK(parse_address("fe80::1", 6379) == Address{"fe80::1", 6379, {}});
  CHECK(parse_address("/run/redis.sock", 6379) == Address{{}, 0, "/run/redis.sock"});
  CHECK(parse_address("unix:///run/redis.sock", 6379) == Address{{}, 0, "/run/redis.sock"});
}

TEST_CASE("an address has one name, whatever it was written like", "[address]") {
  CHECK(parse_address("redis-1", 6379).name() == "redis-1:6379");
  CHECK(parse_address("::1", 6379).name() == "[::1]:6379");
  CHECK(parse_address("unix:///run/redis.sock", 6379).name() == "/run/redis.sock");
}

TEST_CASE("what is no address is refused, and not repeated", "[address]") {
  for (const auto* const text : {"", ":6379", "host:", "host:0", "host:65536", "host:x", "user:secret@host",
                                 "secret@host", "[::1", "[::1]7", "host/1", "a b", "unix://", "http://host", "a:b:c"}) {
    INFO(text);
    std::string message;
    try {
      parse_address(text, 6379);
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK(message.find("expected") == 0);
    CHECK(message.find("secret") == std::string::npos);
  }
}
