// SPDX-License-Identifier: Apache-2.0
#include "cluster_nodes.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "core/address.h"
#include "core/text.h"

namespace binnacle::cache {

namespace {

/// "10.0.0.1:6379@16379,host-1", "::1:6379", ":6379@16379" or ":0@0". Nothing where it is none of that.
std::optional<std::pair<std::string, int>> parse_endpoint(std::string_view text) {
  auto endpoint = take_until(text, ',');
  endpoint = take_until(endpoint, '@');
  const auto colon = endpoint.rfind(':');  // an IPv6 address has no brackets here
  if (colon == std::string_view::npos) return std::nullopt;
  const auto host = endpoint.substr(0, colon);
  const auto port = to_u64(endpoint.substr(colon + 1));
  if (!port || *port > 65'535) return std::nullopt;
  if (host.empty() || *port == 0) return std::pair{std::string{host}, static_cast<int>(*port)};
  try {
    auto address = parse_address("[" + std::string{host} + "]", static_cast<int>(*port));
    return std::pair{std::move(address.host), address.port};
  } catch (const std::runtime_error&) {
    return std::nullopt;
  }
}

/// "myself,master", "slave,fail?", "noaddr".
void read_flags(std::string_view flags, ClusterNode& node) {
  const auto worse = [&](ClusterNode::State state) { node.state = std::max(node.state, state); };
  while (!flags.empty()) {
    const auto flag = take_until(flags, ',');
    if (flag == "myself") node.myself = true;
    if (flag == "slave" || flag == "replica") node.replica = true;
    if (flag == "fail?") worse(ClusterNode::State::suspected);
    if (flag == "fail" || flag == "noaddr") worse(ClusterNode::State::failed);
    if (flag == "noaddr") node.port = 0;
    if (flag == "handshake") worse(ClusterNode::State::joining);
  }
}

}  // namespace

std::vector<ClusterNode> parse_cluster_nodes(std::string_view reply) {
  std::vector<ClusterNode> nodes;
  while (auto line = next_line(reply)) {
    auto rest = trim(*line);
    ClusterNode node;
    node.id = next_field(rest);
    auto endpoint = parse_endpoint(next_field(rest));
    const auto flags = next_field(rest);
    if (!endpoint || flags.empty()) continue;
    std::tie(node.host, node.port) = *std::move(endpoint);
    read_flags(flags, node);
    nodes.push_back(std::move(node));
  }
  return nodes;
}

void add_cluster_nodes(const std::vector<ClusterNode>& nodes, Families& families) {
  if (nodes.empty()) return;
  auto family = families.gauge(
      "redis_cluster_nodes",
      "The cluster's nodes as this one sees them, by role and state: pfail is its own suspicion, fail what most "
      "primaries agree on (or nobody knows the node's address).");
  using State = ClusterNode::State;
  for (const bool replica : {false, true}) {
    for (const auto& [state, name] :
         {std::pair{State::ok, "ok"}, {State::suspected, "pfail"}, {State::failed, "fail"}}) {
      const auto alike = std::count_if(nodes.begin(), nodes.end(), [&, wanted = state](const auto& node) {
        return node.replica == replica && node.state == wanted;
      });
      family.add({{"role", replica ? "replica" : "primary"}, {"state", name}}, static_cast<double>(alike));
    }
  }
}

}  // namespace binnacle::cache
