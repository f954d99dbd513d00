// SPDX-License-Identifier: Apache-2.0
#include "cluster_view.h"

#include <catch2/catch.hpp>
#include <optional>

#include "core/captured_stderr.h"

using namespace binnacle;
using namespace binnacle::cache;

namespace {

using Nodes = std::vector<ClusterNode>;
using Found = std::vector<ClusterView::Node>;

/// Node "a" is at 10.0.0.97:6379, and so on; the first of `ids` is the one that answers.
Nodes answer(std::string_view ids) {
  Nodes nodes;
  for (const char id : ids) {
    ClusterNode node;
    node.id = std::string{id};
    node.host = "10.0.0." + std::to_string(static_cast<int>(id));
    node.port = 6379;
    node.myself = nodes.empty();
    nodes.push_back(node);
  }
  return nodes;
}

std::string ids_of(const ClusterView& view) {
  std::string ids;
  for (const auto& node : view.others()) ids += node.id;
  return ids;
}

const Address kAnywhere{"redis-1", 6379, {}};

}  // namespace

TEST_CASE("the named node tells of the others", "[cluster]") {
  ClusterView view{"carts"};
  CHECK(view.others().empty());
  CHECK(view.named_id().empty());
  view.answered("carts", kAnywhere, answer("abc"));
  CHECK(view.named_id() == "a");
  CHECK(view.others() == Found{{"b", {"10.0.0.98", 6379, {}}}, {"c", {"10.0.0.99", 6379, {}}}});
  view.answered("carts", kAnywhere, answer("acd"));
  CHECK(ids_of(view) == "cd");
  view.failed("carts");
  CHECK(ids_of(view) == "cd");
}

TEST_CASE("a name that leads to another node from now on", "[cluster]") {
  ClusterView view{"carts"};
  view.answered("carts", kAnywhere, answer("abc"));
  view.answered("carts", kAnywhere, answer("bac"));
  CHECK(view.named_id() == "b");
  CHECK(ids_of(view) == "ac");
}

TEST_CASE("another's word counts while the named node says nothing", "[cluster]") {
  ClusterView view{"carts"};
  view.answered("carts", kAnywhere, answer("abc"));
  view.answered("carts/b", kAnywhere, answer("bacd"));
  CHECK(ids_of(view) == "bc");
  view.failed("carts");
  view.answered("carts/b", kAnywhere, answer("bacd"));
  CHECK(ids_of(view) == "bcd");
  view.answered("carts/c", kAnywhere, answer("ca"));
  CHECK(ids_of(view) == "bcd");
  view.failed("carts/b");
  CHECK(ids_of(view) == "bcd");
  view.answered("carts/c", kAnywhere, answer("cab"));
  CHECK(ids_of(view) == "cb");
  view.answered("carts", kAnywhere, answer("abcde"));
  CHECK(ids_of(view) == "bcde");
  view.answered("carts/c", kAnywhere, answer("cab"));
  CHECK(ids_of(view) == "bcde");
}

TEST_CASE("a target that is gone says nothing any more", "[cluster]") {
  const auto view = std::make_shared<ClusterView>("carts");
  ClusterMember named{view, "carts", kAnywhere};
  named.answered(answer("abc"));
  named.failed();
  {
    ClusterMember gone{view, "carts/b", kAnywhere};
    gone.answered(answer("bac"));
  }
  ClusterMember other{view, "carts/c", kAnywhere};
  other.answered(answer("cabd"));
  CHECK(ids_of(*view) == "cbd");
}

TEST_CASE("a found node that was taken out of the cluster does not take the others with it", "[cluster]") {
  ClusterView view{"carts"};
  view.answered("carts", kAnywhere, answer("abc"));
  view.failed("carts");
  view.answered("carts/b", kAnywhere, answer("bac"));
  view.answered("carts/b", kAnywhere, answer("b"));
  CHECK(ids_of(view) == "bc");
  view.answered("carts/c", kAnywhere, answer("ca"));
  CHECK(ids_of(view) == "c");
  view.answered("carts", kAnywhere, answer("a"));
  CHECK(ids_of(view).empty());
}

TEST_CASE("an answer of nobody changes nothing", "[cluster]") {
  ClusterView view{"carts"};
  view.answered("carts", kAnywhere, answer("abc"));
  view.answered("carts", kAnywhere, {});
  CHECK(ids_of(view) == "bc");
}

TEST_CASE("nodes that cannot be read are left out, those that fail are not", "[cluster]") {
  ClusterView view{"carts"};
  auto nodes = answer("abcde");
  nodes[1].state = ClusterNode::State::failed;
  nodes[2].state = ClusterNode::State::joining;
  nodes[3].port = 0;
  view.answered("carts", kAnywhere, nodes);
  CHECK(ids_of(view) == "be");
}

TEST_CASE("a node that does not know its own address is where it answered from", "[cluster]") {
  ClusterView view{"carts"};
  view.answered("carts", kAnywhere, answer("ab"));
  view.failed("carts");
  auto nodes = answer("ba");
  nodes[0].host.clear();
  nodes[0].port = 7000;
  view.answered("carts/b", {"10.0.0.98", 6379, {}}, nodes);
  CHECK(view.others() == Found{{"b", {"10.0.0.98", 7000, {}}}});
}

TEST_CASE("nodes beyond the limit are left out, which is told once", "[cluster]") {
  ClusterView view{"carts"};
  Nodes nodes;
  for (std::size_t number = 0; number < ClusterView::kMostNodes + 3; ++number) {
    nodes.push_back(answer("x").front());
    nodes.back().id = std::to_string(number);
    nodes.back().myself = number == 0;
  }
  const CapturedStderr captured;
  view.answered("carts", kAnywhere, nodes);
  view.answered("carts", kAnywhere, nodes);
  CHECK(view.others().size() == ClusterView::kMostNodes);
  const auto lines = captured.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("more nodes than are read") != std::string::npos);
}
