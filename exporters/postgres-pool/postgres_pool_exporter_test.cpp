// SPDX-License-Identifier: Apache-2.0
#include "postgres_pool_exporter.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/strict_yaml.h"

using namespace binnacle;
using namespace binnacle::pgpool;

namespace {

std::vector<std::shared_ptr<Target>> load(PostgresPoolExporter& exporter, const std::string& text) {
  auto config = YamlMap::from_text(text, "config.yml");
  exporter.load(config)();
  return exporter.targets();
}

}  // namespace

TEST_CASE("a reload keeps the targets that did not change", "[exporter]") {
  PostgresPoolExporter exporter;
  const auto before = load(exporter,
                           "targets:\n"
                           "  - {name: orders, dsn: host=db1 dbname=orders}\n"
                           "  - {name: pool, dsn: host=db1 dbname=pgbouncer}\n");
  REQUIRE(before.size() == 2);
  CHECK(before[0]->metric_namespace == "pg");
  CHECK(before[0]->up_collector == "server");
  CHECK(before[1]->metric_namespace == "pgbouncer");
  CHECK(before[1]->up_collector == "version");

  const auto after = load(exporter,
                          "targets:\n"
                          "  - {name: pool, dsn: host=db1 dbname=pgbouncer}\n"
                          "  - {name: orders, dsn: host=db2 dbname=orders}\n");
  REQUIRE(after.size() == 2);
  CHECK(after[0] == before[1]);
  CHECK(after[1] != before[0]);
}

TEST_CASE("only a target with a section checkout has that collector", "[exporter]") {
  PostgresPoolExporter exporter;
  const auto targets = load(exporter,
                            "targets:\n"
                            "  - {name: orders, dsn: host=db1 dbname=orders, checkout: {interval: 1h}}\n"
                            "  - {name: pool, dsn: host=db1 dbname=pgbouncer}\n");
  REQUIRE(targets.size() == 2);
  CHECK(targets[0]->collectors.front().name == "checkout");
  CHECK(targets[1]->collectors.front().name == "version");
}

TEST_CASE("each health rule names a collector", "[exporter]") {
  const PostgresPoolExporter exporter;
  const auto collectors = exporter.collectors();
  for (const auto& rule : exporter.health_rules()) {
    CHECK(
        std::any_of(collectors.begin(), collectors.end(), [&](const auto& one) { return one.name == rule.collector; }));
  }
}

TEST_CASE("a bad config changes nothing", "[exporter]") {
  PostgresPoolExporter exporter;
  const auto before = load(exporter, "targets: [{name: orders, dsn: host=db1}]");
  CHECK_THROWS_AS(load(exporter, "targets: [{name: orders, dsn: host}]"), ConfigError);
  CHECK_THROWS_AS(load(exporter, ""), std::runtime_error);
  CHECK(exporter.targets() == before);
}
