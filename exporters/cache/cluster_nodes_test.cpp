// SPDX-License-Identifier: Apache-2.0
#include "cluster_nodes.h"

#include <catch2/catch.hpp>

#include "core/test_families.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

using State = ClusterNode::State;

ClusterNode only(const std::string& line) {
  const auto nodes = parse_cluster_nodes(line);
  REQUIRE(nodes.size() == 1);
  return nodes.front();
}

}  // namespace

TEST_CASE("CLUSTER NODES of a primary, others and a replica", "[cluster]") {
  const auto nodes = parse_cluster_nodes(
      "07c3 127.0.0.1:30004@31004,host-4 slave e7d1 0 1426238317239 4 connected\n"
      "67ed 127.0.0.1:30002@31002,host-2 master - 0 1426238316232 2 connected 5461-10922\n"
      "e7d1 127.0.0.1:30001@31001,,shard-id=69bc myself,master - 0 0 1 connected 0-5460 [93->-67ed] [77-<-67ed]\n"
      "292f :0@0 slave,noaddr e7d1 1426238316232 1426238318243 0 disconnected\n");
  REQUIRE(nodes.size() == 4);
  CHECK(nodes[0] == ClusterNode{"07c3", "127.0.0.1", 30004, false, true, State::ok});
  CHECK(nodes[1] == ClusterNode{"67ed", "127.0.0.1", 30002, false, false, State::ok});
  CHECK(nodes[2] == ClusterNode{"e7d1", "127.0.0.1", 30001, true, false, State::ok});
  CHECK(nodes[3] == ClusterNode{"292f", "", 0, false, true, State::failed});
}

TEST_CASE("where a node is", "[cluster]") {
  const auto at = [](const std::string& endpoint) {
    const auto node = only("id " + endpoint + " master - 0 0 1 connected");
    return std::pair{node.host, node.port};
  };
  CHECK(at("10.0.0.1:6379") == std::pair{std::string{"10.0.0.1"}, 6379});  // before Redis 4
  CHECK(at("2001:db8::1:6379@16379") == std::pair{std::string{"2001:db8::1"}, 6379});
  CHECK(at("::1:7000@17000,name") == std::pair{std::string{"::1"}, 7000});
  CHECK(at("redis-1.example:6379@16379") == std::pair{std::string{"redis-1.example"}, 6379});
  CHECK(at(":6379@16379") == std::pair{std::string{}, 6379});
  CHECK(at("10.0.0.1:0@16379") == std::pair{std::string{"10.0.0.1"}, 0});  // TLS only
}

TEST_CASE("what state a node is in", "[cluster]") {
  const auto state = [](const std::string& flags) { return only("id 10.0.0.1:1@2 " + flags + " - 0 0 1 x").state; };
  CHECK(state("master") == State::ok);
  CHECK(state("noflags") == State::ok);
  CHECK(state("master,nofailover") == State::ok);
  CHECK(state("slave,fail?") == State::suspected);
  CHECK(state("master,fail") == State::failed);
  CHECK(state("master,fail?,fail") == State::failed);
  CHECK(state("handshake") == State::joining);
  CHECK(only("id 10.0.0.1:1@2 master,noaddr - 0 0 1 x").port == 0);
}

TEST_CASE("lines of any other form are skipped", "[cluster]") {
  for (const auto* line : {"", "\r\n", "id", "id 10.0.0.1:6379@16379", "id nowhere master", "id 10.0.0.1:port@1 master",
                           "id 10.0.0.1:65536@1 master", "id 10.0.0.1:-1@1 master", "id user:secret@host:1 master",
                           "id /path:1 master", "id a:b:1 master", "vars currentEpoch 6 lastVoteEpoch 0"}) {
    INFO(line);
    CHECK(parse_cluster_nodes(line).empty());
  }
}

TEST_CASE("nodes are counted by role and state", "[cluster]") {
  Families families;
  add_cluster_nodes(parse_cluster_nodes("a 10.0.0.1:1@2 myself,master - 0 0 1 x\r\n"
                                        "b 10.0.0.2:1@2 master,fail? - 0 0 1 x\r\n"
                                        "c 10.0.0.3:1@2 slave a 0 0 1 x\r\n"
                                        "d 10.0.0.4:1@2 slave,fail a 0 0 1 x\r\n"
                                        "e :0@0 slave,noaddr a 0 0 1 x\r\n"
                                        "f 10.0.0.6:1@2 handshake - 0 0 1 x\r\n"),
                    families);
  const auto count = [&](const char* role, const char* node_state) {
    return value_of(families, "redis_cluster_nodes", {{"role", role}, {"state", node_state}});
  };
  CHECK(count("primary", "ok") == 1);
  CHECK(count("primary", "pfail") == 1);
  CHECK(count("primary", "fail") == 0);
  CHECK(count("replica", "ok") == 1);
  CHECK(count("replica", "pfail") == 0);
  CHECK(count("replica", "fail") == 2);
}

TEST_CASE("an answer without nodes tells nothing of them", "[cluster]") {
  Families families;
  add_cluster_nodes({}, families);
  CHECK(families.all().empty());
}
