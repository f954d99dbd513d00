// SPDX-License-Identifier: Apache-2.0
#include "cache_exporter.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "core/redis/test_redis.h"
#include "core/strict_yaml.h"

using namespace std::chrono_literals;
using namespace binnacle;
using namespace binnacle::cache;

namespace {

std::vector<std::shared_ptr<Target>> load(CacheExporter& exporter, const std::string& text) {
  auto config = YamlMap::from_text(text, "config.yml");
  exporter.load(config)();
  return exporter.targets();
}

/// A cluster's node whose answer has these others: "b 10.0.0.2:7000".
TestRedis::Replies cluster_node(const std::string& id, const std::vector<std::string>& others) {
  auto nodes = id + " 127.0.0.1:1@2 myself,master - 0 0 1 connected\r\n";
  for (const auto& other : others) nodes += other + "@2 master - 0 0 1 connected\r\n";
  return {{"PING", "+PONG\r\n"},
          {"INFO everything", bulk("# Cluster\r\ncluster_enabled:1\r\n")},
          {"CLUSTER INFO", bulk("cluster_state:ok\r\n")},
          {"CLUSTER NODES", bulk(nodes)}};
}

void collect(const Target& target, const std::string& collector) {
  for (const auto& entry : target.collectors) {
    if (entry.name != collector) continue;
    Output out;
    entry.collector->collect({Clock::now() + 5s}, out);
  }
}

std::vector<std::string> names_of(const std::vector<std::shared_ptr<Target>>& targets) {
  std::vector<std::string> names;
  for (const auto& target : targets) names.push_back(target->name);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a reload keeps the targets that did not change", "[exporter]") {
  CacheExporter exporter;
  const auto before = load(exporter,
                           "targets:\n"
                           "  - {name: orders, address: redis-1}\n"
                           "  - {name: pages, kind: memcached, address: mc-1}\n");
  REQUIRE(before.size() == 2);
  CHECK(before[0]->metric_namespace == "redis");
  CHECK(before[0]->up_collector == "ping");
  CHECK(before[1]->metric_namespace == "memcached");

  const auto after = load(exporter,
                          "targets:\n"
                          "  - {name: pages, kind: memcached, address: mc-1}\n"
                          "  - {name: orders, address: redis-2}\n");
  REQUIRE(after.size() == 2);
  CHECK(after[0] == before[1]);
  CHECK(after[1] != before[0]);
}

TEST_CASE("nothing named is one target without a name", "[exporter]") {
  CacheExporter exporter;
  const auto targets = load(exporter, "");
  REQUIRE(targets.size() == 1);
  CHECK(targets[0]->name.empty());
  CHECK(targets[0]->metric_namespace == "redis");
}

TEST_CASE("no two collectors have one name", "[exporter]") {
  const CacheExporter exporter;
  std::set<std::string> names;
  for (const auto& kind : exporter.collectors()) CHECK(names.insert(kind.name).second);
}

TEST_CASE("each health rule names a collector", "[exporter]") {
  const CacheExporter exporter;
  const auto collectors = exporter.collectors();
  for (const auto& rule : exporter.health_rules()) {
    CHECK(
        std::any_of(collectors.begin(), collectors.end(), [&](const auto& one) { return one.name == rule.collector; }));
  }
}

TEST_CASE("a bad config changes nothing", "[exporter]") {
  CacheExporter exporter;
  const auto before = load(exporter, "targets: [{name: orders, address: redis-1}]");
  CHECK_THROWS_AS(load(exporter, "targets: [{name: orders}]"), ConfigError);
  CHECK(exporter.targets() == before);
}

TEST_CASE("the other nodes of a cluster become targets, and stay the same ones", "[exporter]") {
  TestRedis server{cluster_node("a", {"b 10.0.0.2:7000", "c 10.0.0.3:7000"})};
  const auto config = "targets: [{name: carts, cluster: true, address: '" + server.address().name() + "'}]";
  CacheExporter exporter;
  CHECK(names_of(load(exporter, config)) == Names{"carts"});
  collect(*exporter.targets()[0], "cluster");
  const auto targets = exporter.targets();
  CHECK(names_of(targets) == Names{"carts", "carts/10.0.0.2:7000", "carts/10.0.0.3:7000"});
  CHECK(targets[0]->found_by.empty());
  CHECK(targets[1]->found_by == "carts");
  CHECK(targets[1]->metric_namespace == "redis");
  CHECK(targets[1]->up_collector == "ping");
  CHECK(exporter.targets() == targets);
  CHECK(load(exporter, config) == targets);

  server.set("CLUSTER NODES", cluster_node("a", {"c 10.0.0.3:7000", "d 10.0.0.4:7000"})["CLUSTER NODES"]);
  collect(*targets[0], "cluster");
  const auto later = exporter.targets();
  CHECK(names_of(later) == Names{"carts", "carts/10.0.0.3:7000", "carts/10.0.0.4:7000"});
  CHECK(later[0] == targets[0]);
  CHECK(later[1] == targets[2]);

  CHECK(names_of(load(exporter, "targets: [{name: carts, address: '" + server.address().name() + "'}]")) ==
        Names{"carts"});
}

TEST_CASE("without cluster: true only the named node is read", "[exporter]") {
  TestRedis server{cluster_node("a", {"b 10.0.0.2:7000"})};
  CacheExporter exporter;
  const auto targets = load(exporter, "targets: [{name: carts, address: '" + server.address().name() + "'}]");
  collect(*targets[0], "cluster");
  CHECK(exporter.targets() == targets);
}

TEST_CASE("of several named nodes of one cluster each is read once", "[exporter]") {
  TestRedis a{cluster_node("a", {"b 10.0.0.2:7000", "c 10.0.0.3:7000", "other 10.0.0.3:7000"})};
  TestRedis b{cluster_node("b", {"a 10.0.0.1:7000", "c 10.0.0.3:7000", "d 10.0.0.4:7000"})};
  CacheExporter exporter;
  const auto targets =
      load(exporter, "targets:\n  - {name: one, cluster: true, address: '" + a.address().name() +
                         "'}\n  - {name: two, cluster: true, address: '" + b.address().name() + "'}\n");
  for (const auto& target : targets) collect(*target, "cluster");
  CHECK(names_of(exporter.targets()) == Names{"one", "two", "one/10.0.0.3:7000", "two/10.0.0.4:7000"});
}

TEST_CASE("a cluster's nodes need the collector that finds them", "[exporter]") {
  CacheExporter exporter;
  exporter.start([](const std::string& collector) { return collector != "cluster"; });
  CHECK_NOTHROW(load(exporter, "targets: [{name: carts, address: a}]"));
  CHECK_THROWS_WITH(load(exporter, "targets: [{name: carts, address: a, cluster: true}]"),
                    Catch::Contains("--collector.cluster"));
}
