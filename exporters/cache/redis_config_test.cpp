// SPDX-License-Identifier: Apache-2.0
#include "redis_config.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

TEST_CASE("limits and thresholds in base units", "[redis_config]") {
  Families families;
  add_redis_config({{"maxclients", "10000"},
                    {"maxmemory", "1048576"},
                    {"slowlog-log-slower-than", "10000"},
                    {"client-output-buffer-limit", "normal 0 0 0 slave 268435456 67108864 60 pubsub 1 2"}},
                   families);
  CHECK(value_of(families, "redis_config_maxclients") == 10000);
  CHECK(value_of(families, "redis_config_maxmemory") == 1048576);
  CHECK(value_of(families, "redis_config_slowlog_log_slower_than_seconds") == 0.01);
  CHECK(value_of(families, "redis_config_client_output_buffer_limit_bytes", {{"class", "slave"}, {"limit", "hard"}}) ==
        268435456);
  CHECK(value_of(families, "redis_config_client_output_buffer_limit_bytes", {{"class", "slave"}, {"limit", "soft"}}) ==
        67108864);
  CHECK(value_of(families, "redis_config_client_output_buffer_limit_overcome_seconds",
                 {{"class", "slave"}, {"limit", "soft"}}) == 60);
  CHECK(series_of(families, "redis_config_client_output_buffer_limit_bytes") == 2);
}

TEST_CASE("what is switched off is absent", "[redis_config]") {
  Families families;
  add_redis_config({{"maxmemory", "0"},
                    {"timeout", "0"},
                    {"slowlog-log-slower-than", "-1"},
                    {"latency-monitor-threshold", "0"},
                    {"client-output-buffer-limit", ""}},
                   families);
  CHECK(families.all().empty());
}

TEST_CASE("no setting that is asked for is a secret", "[redis_config]") {
  for (const auto& name : wanted_settings()) {
    CHECK(name.find("pass") == std::string::npos);
    CHECK(name.find("auth") == std::string::npos);
    CHECK(name.find('*') == std::string::npos);
  }
}
