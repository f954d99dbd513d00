// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/families.h"

namespace binnacle::cache {

/// A line of CLUSTER NODES: one node as another, or itself, sees it.
struct ClusterNode {
  enum class State {
    ok,
    suspected,  ///< "fail?": the node that answers cannot reach it
    failed,     ///< "fail": most primaries cannot reach it; "noaddr": nobody knows where it is
    joining,    ///< "handshake": not known yet to be of this cluster
  };

  std::string id;
  std::string host;      ///< an address or a name; empty: that of the node that answers
  int port = 0;          ///< 0: it cannot be connected to without TLS, or nobody knows where it is
  bool myself = false;   ///< the node that answers
  bool replica = false;  ///< else a primary
  State state = State::ok;

  bool operator==(const ClusterNode&) const = default;
};

/// The reply to CLUSTER NODES. Lines of any other form are skipped.
std::vector<ClusterNode> parse_cluster_nodes(std::string_view reply);

/// How many nodes there are, by role and state. Those that join are not counted yet.
void add_cluster_nodes(const std::vector<ClusterNode>& nodes, Families& families);

}  // namespace binnacle::cache
