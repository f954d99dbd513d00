// SPDX-License-Identifier: Apache-2.0
#include "cluster.h"

#include <catch2/catch.hpp>

#include "core/redis/test_redis.h"
#include "core/test_families.h"
#include "redis_collectors.h"

using namespace std::chrono_literals;
using namespace binnacle;
using namespace binnacle::cache;

namespace {

const TestRedis::Replies kNode{{"PING", "+PONG\r\n"},
                               {"INFO everything", bulk("# Cluster\r\ncluster_enabled:1\r\n")},
                               {"CLUSTER INFO", bulk("cluster_state:ok\r\n")},
                               {"CLUSTER NODES", bulk("a 10.0.0.1:7000@1 myself,master - 0 0 1 connected\r\n"
                                                      "b 10.0.0.2:7000@1 slave a 0 0 1 connected\r\n")}};

/// The collector of a server that is a cluster's named node.
struct Named {
  explicit Named(const TestRedis& server)
      : collector(make_cluster({std::make_shared<RedisSession>(RedisSession::Settings{server.address(), {}, ""}),
                                options, std::make_shared<ClusterMember>(view, "carts", server.address())})) {}

  void collect() {
    out = std::make_unique<Output>();
    collector->collect({Clock::now() + 5s}, *out);
  }

  Options options;
  std::shared_ptr<ClusterView> view = std::make_shared<ClusterView>("carts");
  std::unique_ptr<Collector> collector;
  std::unique_ptr<Output> out;
};

}  // namespace

TEST_CASE("the cluster as a node sees it", "[cluster]") {
  Output out;
  add_cluster(Info{"cluster_state:fail\r\ncluster_slots_assigned:16384\r\ncluster_slots_ok:10922\r\n"
                   "cluster_known_nodes:3\r\ncluster_stats_messages_received:12\r\n"},
              out);
  CHECK(value_of(out, "redis_cluster_state") == 0);
  CHECK(value_of(out, "redis_cluster_slots_ok") == 10922);
  CHECK(value_of(out, "redis_cluster_known_nodes") == 3);
  CHECK(value_of(out, "redis_cluster_messages_received_total") == 12);
  CHECK(value_of(out, "redis_cluster_slots_uncovered") == 5462);
  REQUIRE(out.facts.size() == 1);
  CHECK(out.facts[0].value == 5462);
}

TEST_CASE("an answer without slots tells nothing of them", "[cluster]") {
  Output out;
  add_cluster(Info{"cluster_state:ok\r\n"}, out);
  CHECK(find_family(out, "redis_cluster_slots_uncovered") == nullptr);
  CHECK(out.facts.empty());
}

TEST_CASE("both commands go out together, and tell of the other nodes", "[cluster]") {
  TestRedis server{kNode};
  Named named{server};
  named.collect();
  named.collect();
  CHECK(server.requests() == std::vector<std::string>{"PING", "INFO everything", "CLUSTER INFO|CLUSTER NODES", "PING",
                                                      "INFO everything|CLUSTER INFO|CLUSTER NODES"});
  CHECK(value_of(*named.out, "redis_cluster_state") == 1);
  CHECK(value_of(*named.out, "redis_cluster_nodes", {{"role", "replica"}, {"state", "ok"}}) == 1);
  CHECK(named.view->others() == std::vector<ClusterView::Node>{{"b", {"10.0.0.2", 7000, {}}}});
}

TEST_CASE("a failed answer changes nothing of what is known", "[cluster]") {
  TestRedis server{kNode};
  Named named{server};
  named.collect();
  server.set("CLUSTER NODES", "-ERR no\r\n");
  CHECK_THROWS_AS(named.collect(), RedisError);
  CHECK(named.view->others().size() == 1);
  server.set("INFO everything", bulk("# Cluster\r\ncluster_enabled:0\r\n"));
  CHECK_THROWS_AS(named.collect(), NotApplicable);
  CHECK(named.view->others().size() == 1);
}

TEST_CASE("who may not run CLUSTER NODES is told so where the other nodes are wanted", "[cluster]") {
  TestRedis server{kNode};
  server.set("CLUSTER NODES", "-NOPERM this user has no permissions to run the 'cluster|nodes' command\r\n");
  Named named{server};
  try {
    named.collect();
    FAIL("nothing was thrown");
  } catch (const NotApplicable&) {
    FAIL("the nodes would be missing without a word");
  } catch (const std::runtime_error& error) {
    CHECK(std::string{error.what()} == "the server's user may not run CLUSTER NODES");
  }
  const auto alone =
      make_cluster({std::make_shared<RedisSession>(RedisSession::Settings{server.address(), {}, ""}), named.options});
  Output out;
  alone->collect({Clock::now() + 5s}, out);
  CHECK(value_of(out, "redis_cluster_state") == 1);
  CHECK(find_family(out, "redis_cluster_nodes") == nullptr);
}
