// SPDX-License-Identifier: Apache-2.0
#include "sentinel.h"

#include <catch2/catch.hpp>

#include "core/redis/test_redis.h"
#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

Reply entries(const std::vector<std::vector<std::string>>& rows) {
  std::string bytes = "*" + std::to_string(rows.size()) + "\r\n";
  for (const auto& row : rows) {
    bytes += "*" + std::to_string(row.size()) + "\r\n";
    for (const auto& text : row) bytes += bulk(text);
  }
  ReplyReader reader;
  reader.feed(bytes);
  return reader.next().value();
}

}  // namespace

TEST_CASE("INFO of a Sentinel", "[sentinel]") {
  Families families;
  CHECK(add_sentinel_info(Info{"# Sentinel\r\nsentinel_masters:2\r\nsentinel_tilt:0\r\n"
                               "master0:name=orders,status=ok,address=10.0.0.1:6379,slaves=1,sentinels=3\r\n"
                               "master1:name=carts,status=sdown,address=10.0.0.2:6379,slaves=x\r\nmaster2:broken\r\n"},
                          families));
  CHECK(value_of(families, "redis_sentinel_masters") == 2);
  CHECK(value_of(families, "redis_sentinel_master_status",
                 {{"master_name", "orders"}, {"master_address", "10.0.0.1:6379"}, {"master_status", "ok"}}) == 1);
  CHECK(value_of(families, "redis_sentinel_master_status",
                 {{"master_name", "carts"}, {"master_address", "10.0.0.2:6379"}, {"master_status", "sdown"}}) == 0);
  CHECK(value_of(families, "redis_sentinel_master_sentinels",
                 {{"master_name", "orders"}, {"master_address", "10.0.0.1:6379"}}) == 3);
  CHECK(series_of(families, "redis_sentinel_master_slaves") == 1);
  Families none;
  CHECK_FALSE(add_sentinel_info(Info{"# Server\r\nredis_mode:standalone\r\n"}, none));
}

TEST_CASE("a primary's settings and health", "[sentinel]") {
  const auto reply = entries({{"name", "orders", "ip", "10.0.0.1", "port", "6379", "quorum", "2", "last-ok-ping-reply",
                               "250", "config-epoch", "x"}});
  const auto primaries = parse_sentinel_entries(reply);
  REQUIRE(primaries.size() == 1);
  Families families;
  CHECK(add_sentinel_settings(primaries[0], families));
  const std::vector<std::pair<std::string, std::string>> labels{{"master_name", "orders"},
                                                                {"master_address", "10.0.0.1:6379"}};
  CHECK(value_of(families, "redis_sentinel_master_setting_ckquorum", labels) == 2);
  CHECK(value_of(families, "redis_sentinel_master_last_ok_ping_reply_seconds", labels) == 0.25);
  CHECK(find_family(families, "redis_sentinel_master_config_epoch") == nullptr);

  const auto sentinels = entries({{"flags", "sentinel"}, {"flags", "s_down,sentinel"}, {"ip", "10.0.0.9"}});
  const auto replicas = entries({{"flags", "slave"}, {"flags", "slave,o_down"}});
  add_sentinel_health(primaries[0], false, parse_sentinel_entries(sentinels), parse_sentinel_entries(replicas),
                      families);
  CHECK(value_of(families, "redis_sentinel_master_ckquorum_status", {{"master_name", "orders"}}) == 0);
  CHECK(value_of(families, "redis_sentinel_master_ok_sentinels", labels) == 2);
  CHECK(value_of(families, "redis_sentinel_master_ok_slaves", labels) == 1);
}

TEST_CASE("a primary without a name or address is skipped", "[sentinel]") {
  const auto reply = entries({{"name", "orders"}, {"ip", "10.0.0.1", "port", "1"}, {"odd"}});
  Families families;
  for (const auto& entry : parse_sentinel_entries(reply)) CHECK_FALSE(add_sentinel_settings(entry, families));
  CHECK(families.all().empty());
}
