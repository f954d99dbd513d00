// SPDX-License-Identifier: Apache-2.0
#include "replication.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

Output collect(const std::string& text) {
  Output out;
  add_replication(Info{"# Replication\r\n" + text}, out);
  return out;
}

using Labels = std::vector<std::pair<std::string, std::string>>;

}  // namespace

TEST_CASE("a primary's replicas and how far they are behind", "[replication]") {
  const auto out = collect(
      "role:master\r\nconnected_slaves:2\r\nslave0:ip=10.0.0.2,port=6379,state=online,offset=900,lag=1\r\n"
      "slave1:ip=10.0.0.3,port=6380,state=wait_bgsave,offset=0,lag=-1\r\nslaveX:ip=a,port=1,state=b\r\n"
      "slave2:broken\r\nmaster_repl_offset:1000\r\n");
  const Labels first{{"slave_ip", "10.0.0.2"}, {"slave_port", "6379"}, {"slave_state", "online"}};
  CHECK(value_of(out, "redis_connected_slave_offset_bytes", first) == 900);
  CHECK(value_of(out, "redis_connected_slave_lag_bytes", first) == 100);
  CHECK(value_of(out, "redis_connected_slave_lag_seconds", first) == 1);
  CHECK(series_of(out, "redis_connected_slave_offset_bytes") == 2);
  CHECK(series_of(out, "redis_connected_slave_lag_seconds") == 1);
  CHECK(find_family(out, "redis_slave_info") == nullptr);
}

TEST_CASE("a replica and its primary", "[replication]") {
  const auto out = collect(
      "role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\n"
      "master_last_io_seconds_ago:3\r\nmaster_sync_in_progress:0\r\nslave_repl_offset:77\r\nslave_read_only:1\r\n");
  const Labels primary{{"master_host", "10.0.0.1"}, {"master_port", "6379"}};
  CHECK(value_of(out, "redis_master_link_up", primary) == 1);
  CHECK(value_of(out, "redis_master_last_io_seconds_ago", primary) == 3);
  CHECK(value_of(out, "redis_master_sync_in_progress", primary) == 0);
  CHECK(value_of(out, "redis_slave_repl_offset", primary) == 77);
  CHECK(value_of(out, "redis_slave_info", {{"master_host", "10.0.0.1"}, {"master_port", "6379"}, {"read_only", "1"}}) ==
        1);
}

TEST_CASE("a replica whose link is down knows no time of its primary", "[replication]") {
  const auto out = collect(
      "role:slave\r\nmaster_host:h\r\nmaster_port:1\r\nmaster_link_status:down\r\nmaster_last_io_seconds_ago:-1\r\n");
  CHECK(value_of(out, "redis_master_link_up", {{"master_host", "h"}, {"master_port", "1"}}) == 0);
  CHECK(find_family(out, "redis_master_last_io_seconds_ago") == nullptr);
  REQUIRE(out.facts.size() == 1);
  CHECK(out.facts[0].name == "replication_link_down");
  CHECK(out.facts[0].value == 1);
}

TEST_CASE("KeyDB's further primaries", "[replication]") {
  const auto out = collect(
      "role:active-replica\r\nmaster_host:a\r\nmaster_port:1\r\nmaster_link_status:up\r\nmaster_1_host:b\r\n"
      "master_1_port:2\r\nmaster_1_link_status:down\r\n");
  CHECK(value_of(out, "redis_master_link_up", {{"master_host", "a"}, {"master_port", "1"}}) == 1);
  CHECK(value_of(out, "redis_master_link_up", {{"master_host", "b"}, {"master_port", "2"}}) == 0);
}

TEST_CASE("Dragonfly counts a replica's lag in changes, which is no time", "[replication]") {
  const std::string replication = "# Replication\r\nrole:master\r\nslave0:ip=a,port=1,state=stable_sync,lag=74\r\n";
  CHECK(find_family(collect("# Server\r\ndragonfly_version:df-v1.34.2\r\n" + replication),
                    "redis_connected_slave_lag_seconds") == nullptr);
  CHECK(find_family(collect(replication), "redis_connected_slave_lag_seconds") != nullptr);
}

TEST_CASE("a replica is one under any word for it", "[replication]") {
  for (const auto* const role : {"slave", "replica", "active-replica"}) {
    INFO(role);
    const auto out = collect(std::string{"role:"} + role + "\r\nmaster_host:h\r\nmaster_port:1\r\n");
    CHECK(value_of(out, "redis_slave_info", {{"master_host", "h"}, {"master_port", "1"}, {"read_only", ""}}) == 1);
  }
  CHECK(find_family(collect("role:master\r\n"), "redis_slave_info") == nullptr);
}
