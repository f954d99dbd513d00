// SPDX-License-Identifier: Apache-2.0
#include "replication.h"

#include <algorithm>
#include <string>

#include "core/text.h"
#include "redis_collectors.h"

namespace binnacle::cache {

namespace {

/// "slave0:ip=10.0.0.2,port=6379,state=online,offset=1751844676,lag=0"
void add_replica(const InfoField& field, std::optional<double> written, bool lag_is_time, Output& out) {
  const auto number = after_prefix(field.key, "slave");
  if (!number || !to_u64(*number)) return;
  const auto ip = part_of(field.value, "ip");
  const auto port = part_of(field.value, "port");
  const auto state = part_of(field.value, "state");
  if (!ip || !port || !state) return;
  const LabelView labels[] = {{"slave_ip", *ip}, {"slave_port", *port}, {"slave_state", *state}};
  auto& families = out.families;
  const auto offset = number_part(field.value, "offset");
  if (offset) {
    families.gauge("redis_connected_slave_offset_bytes", "Up to where a replica has confirmed the stream.")
        .add(labels, *offset);
  }
  if (offset && written) {
    const double behind = std::max(0.0, *written - *offset);
    families
        .gauge("redis_connected_slave_lag_bytes",
               "What of the stream a replica has not confirmed. Replicas confirm once a second.")
        .add(labels, behind);
    out.fact("replica_lag_bytes", behind, *ip);
  }
  const auto lag = number_part(field.value, "lag");
  if (lag_is_time && lag && *lag >= 0) {
    families.gauge("redis_connected_slave_lag_seconds", "Seconds since a replica last confirmed.").add(labels, *lag);
    out.fact("replica_lag_seconds", *lag, *ip);
  }
}

/// A primary that this server follows. `prefix` is "master_", or KeyDB's "master_1_" for a second one.
void add_primary(const Info& info, const std::string& prefix, Output& out) {
  const auto host = info.get(prefix + "host");
  if (host.empty()) return;
  const LabelView labels[] = {{"master_host", host}, {"master_port", info.get(prefix + "port")}};
  auto& families = out.families;
  if (const auto status = info.get(prefix + "link_status"); !status.empty()) {
    families.gauge("redis_master_link_up", "Whether a replica is linked to its primary.")
        .add(labels, status == "up" ? 1 : 0);
    out.fact("replication_link_down", status == "up" ? 0 : 1);
  }
  const auto last = info.number(prefix + "last_io_seconds_ago");
  if (last && *last >= 0) {
    families
        .gauge("redis_master_last_io_seconds_ago",
               "Seconds since the primary was last heard of; absent while the link is down.")
        .add(labels, *last);
  }
  if (const auto syncs = info.number(prefix + "sync_in_progress")) {
    families.gauge("redis_master_sync_in_progress", "Whether a full copy of the primary is under way.")
        .add(labels, *syncs);
  }
}

class Replication final : public Collector {
 public:
  explicit Replication(const RedisParts& parts) : session_(parts.session) {}

  void collect(const ScrapeContext& scrape, Output& out) override {
    add_replication(*session_->info(scrape.deadline), out);
  }

 private:
  const std::shared_ptr<RedisSession> session_;
};

}  // namespace

void add_replication(const Info& info, Output& out) {
  add_primary(info, "master_", out);
  constexpr int kMostPrimaries = 64;
  for (int number = 1; number <= kMostPrimaries; ++number) {
    const auto prefix = "master_" + std::to_string(number) + "_";
    if (info.get(prefix + "host").empty()) break;
    add_primary(info, prefix, out);
  }
  const auto host = info.get("master_host");
  const auto port = info.get("master_port");
  if (!host.empty()) {
    out.families.gauge("redis_slave_info", "Whom a replica follows; always 1.")
        .add({{"master_host", host}, {"master_port", port}, {"read_only", info.get("slave_read_only")}}, 1);
  }
  const auto applied = info.number("slave_repl_offset");
  if (applied && *applied >= 0) {
    out.families.gauge("redis_slave_repl_offset", "Up to where a replica has applied its primary's stream, in bytes.")
        .add({{"master_host", host}, {"master_port", port}}, *applied);
  }
  const auto written = info.number("master_repl_offset");
  const bool lag_is_time = info.get("dragonfly_version").empty();  // Dragonfly counts changes
  for (const auto& field : info.fields()) {
    if (field.section == "Replication") add_replica(field, written, lag_is_time, out);
  }
}

std::unique_ptr<Collector> make_replication(const RedisParts& parts) { return std::make_unique<Replication>(parts); }

}  // namespace binnacle::cache
