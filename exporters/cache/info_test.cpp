// SPDX-License-Identifier: Apache-2.0
#include "info.h"

#include <catch2/catch.hpp>

using namespace binnacle::cache;

TEST_CASE("INFO is taken apart by section", "[info]") {
  const Info info{"# Server\r\nredis_version:7.0.15\r\n\r\n# Memory\r\nused_memory:1024\r\nmaxmemory_human:1.00M\r\n"};
  REQUIRE(info.fields().size() == 3);
  CHECK(info.fields()[0].section == "Server");
  CHECK(info.fields()[1].section == "Memory");
  CHECK(info.get("redis_version") == "7.0.15");
  CHECK(info.number("used_memory") == 1024);
  CHECK_FALSE(info.number("maxmemory_human"));
  CHECK_FALSE(info.number("absent"));
  CHECK(info.get("absent").empty());
}

TEST_CASE("malformed lines are skipped", "[info]") {
  const Info info{"no colon\n:no key\n#not a heading\nkey:a:b\nlatency_percentiles_usec_get:=1.0\nempty:\n"};
  REQUIRE(info.fields().size() == 3);
  CHECK(info.get("key") == "a:b");
  CHECK(info.get("latency_percentiles_usec_get") == "=1.0");
  CHECK(info.fields()[2].value.empty());
}

TEST_CASE("of two fields with one name the first is found", "[info]") {
  const Info info{"a:1\na:2\n"};
  CHECK(info.number("a") == 1);
  CHECK(info.fields().size() == 2);
}

TEST_CASE("parts of a value", "[info]") {
  CHECK(part_of("ip=10.0.0.1,port=6379,state=online", "port") == "6379");
  CHECK(number_part("calls=21,usec=175", "usec") == 175);
  CHECK_FALSE(part_of("calls=21", "usec"));
  CHECK_FALSE(number_part("calls=x", "calls"));
  CHECK(part_of("a=1=2", "a") == "1=2");
  CHECK(part_of(",,=,a=", "a") == "");
  CHECK_FALSE(part_of("", "a"));
}

TEST_CASE("words that stand for numbers", "[info]") {
  CHECK(info_number("ok") == 1);
  CHECK(info_number("err") == 0);
  CHECK(info_number("-3.5") == -3.5);
  for (const auto* const text : {"", "nan", "inf", "-inf", "1 ", "1M", "0x10"}) {
    INFO(text);
    CHECK_FALSE(info_number(text));
  }
}

TEST_CASE("a prefix alone has nothing behind it", "[info]") {
  CHECK(after_prefix("cmdstat_get", "cmdstat_") == "get");
  CHECK_FALSE(after_prefix("cmdstat_", "cmdstat_"));
  CHECK_FALSE(after_prefix("other", "cmdstat_"));
}
