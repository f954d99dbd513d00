// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cluster_nodes.h"
#include "core/address.h"

namespace binnacle::cache {

/// Which nodes a Redis Cluster has beside the named one, by what they say of each other. All may be called by several
/// threads.
///
/// One node's word counts at a time, or nodes that see the cluster differently would take turns: the named node's;
/// where that one does not answer, another's for as long as it does.
class ClusterView {
 public:
  /// The most that are read, beside the named one.
  static constexpr std::size_t kMostNodes = 500;

  struct Node {
    std::string id;
    Address address;

    bool operator==(const Node&) const = default;
  };

  /// `named` is the name of the target that the config has.
  explicit ClusterView(std::string named) : named_(std::move(named)) {}

  /// What the target of this name, which is at `address`, says.
  void answered(const std::string& target, const Address& address, const std::vector<ClusterNode>& nodes);
  /// It says nothing any more.
  void failed(const std::string& target);

  /// The named node's id; empty until it has answered.
  [[nodiscard]] std::string named_id() const;
  /// The others, in the order of the answer that counts. Those that join, and those without an address, are left out.
  [[nodiscard]] std::vector<Node> others() const;

 private:
  void take(const Address& from, const std::vector<ClusterNode>& nodes);

  const std::string named_;
  mutable std::mutex mutex_;  // guards what follows
  std::string named_id_;
  std::string speaker_;  // the target whose word counts; empty: that of the next to answer
  std::vector<Node> others_;
  bool told_of_limit_ = false;
};

/// A target's part in its cluster's view, for as long as there is such a target.
class ClusterMember {
 public:
  ClusterMember(std::shared_ptr<ClusterView> view, std::string target, Address address)
      : view_(std::move(view)), target_(std::move(target)), address_(std::move(address)) {}
  ~ClusterMember() { failed(); }
  ClusterMember(const ClusterMember&) = delete;
  ClusterMember& operator=(const ClusterMember&) = delete;

  void answered(const std::vector<ClusterNode>& nodes) { view_->answered(target_, address_, nodes); }
  void failed() { view_->failed(target_); }

 private:
  const std::shared_ptr<ClusterView> view_;
  const std::string target_;
  const Address address_;
};

}  // namespace binnacle::cache
