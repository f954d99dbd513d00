// SPDX-License-Identifier: Apache-2.0
#include "slowlog.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

Reply integer(long long value) {
  Reply reply;
  reply.type = Reply::Type::integer;
  reply.integer = value;
  return reply;
}

Reply array(std::vector<Reply> elements) {
  Reply reply;
  reply.type = Reply::Type::array;
  reply.elements = std::move(elements);
  return reply;
}

}  // namespace

TEST_CASE("the newest slow command", "[slowlog]") {
  const auto newest = parse_slowlog(array({array({integer(41), integer(1700000000), integer(15'000), array({})})}));
  REQUIRE(newest);
  CHECK(newest->id == 41);
  CHECK(newest->seconds == Approx(0.015));
  Families families;
  add_slowlog(integer(7), newest, 42, families);
  CHECK(value_of(families, "redis_slowlog_length") == 7);
  CHECK(value_of(families, "redis_slowlog_last_id") == 41);
  CHECK(value_of(families, "redis_last_slow_execution_duration_seconds") == Approx(0.015));
  CHECK(value_of(families, "redis_slowlog_entries_total") == 42);
}

TEST_CASE("an empty slow log has no newest command", "[slowlog]") {
  CHECK_FALSE(parse_slowlog(array({})));
  CHECK_FALSE(parse_slowlog(array({array({integer(1), integer(2)})})));
  CHECK_FALSE(parse_slowlog(array({array({Reply{}, integer(2), integer(3)})})));
  Families families;
  add_slowlog(integer(0), std::nullopt, 5, families);
  CHECK(find_family(families, "redis_slowlog_last_id") == nullptr);
  CHECK(value_of(families, "redis_slowlog_length") == 0);
  CHECK(value_of(families, "redis_slowlog_entries_total") == 5);
}
