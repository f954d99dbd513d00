// SPDX-License-Identifier: Apache-2.0
#include "cluster_view.h"

#include <algorithm>

#include "core/log.h"

namespace binnacle::cache {

void ClusterView::answered(const std::string& target, const Address& address, const std::vector<ClusterNode>& nodes) {
  const auto self = std::find_if(nodes.begin(), nodes.end(), [](const auto& node) { return node.myself; });
  const bool is_named = target == named_;
  // One that was found, and now knows nobody else, was taken out of the cluster.
  if (self == nodes.end() || (!is_named && nodes.size() < 2)) return failed(target);
  const std::scoped_lock lock{mutex_};
  if (is_named) named_id_ = self->id;
  if (is_named || speaker_.empty()) speaker_ = target;
  if (speaker_ == target) take(address, nodes);
}

void ClusterView::failed(const std::string& target) {
  const std::scoped_lock lock{mutex_};
  if (speaker_ == target) speaker_.clear();
}

std::string ClusterView::named_id() const {
  const std::scoped_lock lock{mutex_};
  return named_id_;
}

std::vector<ClusterView::Node> ClusterView::others() const {
  const std::scoped_lock lock{mutex_};
  return others_;
}

void ClusterView::take(const Address& from, const std::vector<ClusterNode>& nodes) {
  others_.clear();
  for (const auto& node : nodes) {
    if (node.id == named_id_ || node.port == 0 || node.state == ClusterNode::State::joining) continue;
    if (others_.size() < kMostNodes) {
      others_.push_back({node.id, {node.host.empty() ? from.host : node.host, node.port, {}}});
      continue;
    }
    if (!told_of_limit_) {
      log::warn("the cluster has more nodes than are read",
                {{"target", named_}, {"limit", std::to_string(kMostNodes + 1)}});
    }
    told_of_limit_ = true;
    return;
  }
}

}  // namespace binnacle::cache
