// SPDX-License-Identifier: Apache-2.0
#include "cluster.h"

#include "cluster_nodes.h"
#include "info_collector.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

const Command kInfo{"CLUSTER", "INFO"};
const Command kNodes{"CLUSTER", "NODES"};

class Cluster final : public Collector {
 public:
  explicit Cluster(const RedisParts& parts) : session_(parts.session), member_(parts.member) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    try {
      if (session_->info(scrape.deadline)->get("cluster_enabled") != "1") throw NotApplicable("cluster mode is off");
      session_->announce({kInfo, kNodes}, scrape.deadline);
      add_cluster(Info{session_->ask(kInfo, scrape.deadline).text}, out);
      read_nodes(scrape, out);
    } catch (...) {
      if (member_) member_->failed();
      throw;
    }
  }

 private:
  void read_nodes(const ScrapeContext& scrape, Output& out) {
    try {
      const auto nodes = parse_cluster_nodes(session_->ask(kNodes, scrape.deadline).text);
      add_cluster_nodes(nodes, out.families);
      if (member_) member_->answered(nodes);
    } catch (const NotApplicable& error) {
      if (member_) throw std::runtime_error(error.what());  // or the other nodes would be missing without a word
    }
  }

  const std::shared_ptr<RedisSession> session_;
  const std::shared_ptr<ClusterMember> member_;  // null where the other nodes are not looked for
};

}  // namespace

void add_cluster(const Info& info, Output& out) {
  for (const auto& field : info.fields()) add_cluster_field(field, out.families);
  const auto ok = info.number("cluster_slots_ok");
  if (!ok) return;
  constexpr double kSlots = 16'384;
  out.families
      .gauge("redis_cluster_slots_uncovered",
             "Hash slots that no reachable node serves, as this node sees it: unassigned or of a node that fails.")
      .add(kSlots - *ok);
  out.fact("cluster_slots_uncovered", kSlots - *ok);
}

std::unique_ptr<Collector> make_cluster(const RedisParts& parts) { return std::make_unique<Cluster>(parts); }

}  // namespace binnacle::cache
