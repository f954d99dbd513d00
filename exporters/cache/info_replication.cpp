// SPDX-License-Identifier: Apache-2.0
#include "info_metrics.h"

namespace binnacle::cache {

namespace {

constexpr InfoMetric kRows[] = {
    // field, metric, type, help, scale, what is unknown
    {"connected_slaves", "redis_connected_slaves", kGauge, "Replicas that are connected."},
    {"min_slaves_good_slaves", "redis_replicas_good", kGauge,
     "Replicas that are within min-replicas-max-lag, where that is configured."},
    {"slave_expires_tracked_keys", "redis_slave_expires_tracked_keys", kGauge,
     "Keys with an expiry that a writable replica tracks."},
    {"slave_priority", "redis_slave_priority", kGauge,
     "The replica's rank for failover, lowest first; 0: never a primary."},
    {"slave_read_only", "redis_slave_read_only", kGauge, "Whether the replica refuses writes."},
    {"slave_read_repl_offset", "redis_slave_read_repl_offset_bytes", kGauge,
     "Up to where the replica has read its primary's stream.", 1, Unknown::negative},
    {"master_link_down_since_seconds", "redis_master_link_down_seconds", kGauge,
     "For how long the link to the primary has been down; absent while it is up.", 1, Unknown::negative},
    {"master_sync_left_bytes", "redis_master_sync_left_bytes", kGauge,
     "Bytes of the primary's snapshot that are still to come; absent where that is unknown.", 1, Unknown::negative},
    {"master_sync_total_bytes", "redis_master_sync_total_bytes", kGauge,
     "Size of the primary's snapshot under way; absent where that is unknown.", 1, Unknown::zero},
    {"repl_backlog_size", "redis_replication_backlog_bytes", kGauge, "Size of the replication backlog."},
    {"repl_backlog_active", "redis_repl_backlog_is_active", kGauge, "Whether there is a replication backlog."},
    {"repl_backlog_first_byte_offset", "redis_repl_backlog_first_byte_offset", kGauge,
     "From where on the backlog has the stream."},
    {"repl_backlog_histlen", "redis_repl_backlog_history_bytes", kGauge, "How much of the stream the backlog has."},
    {"master_repl_offset", "redis_master_repl_offset", kGauge,
     "Up to where the replication stream is written, in bytes."},
    {"second_repl_offset", "redis_second_repl_offset", kGauge,
     "Up to where replicas of the former primary may go on; absent where there was none.", 1, Unknown::negative},
    {"sync_full", "redis_replica_resyncs_full", kGauge, "Full copies that replicas got, since the server started."},
    {"sync_partial_ok", "redis_replica_partial_resync_accepted", kGauge,
     "Replicas that could go on where they were, since the server started."},
    {"sync_partial_err", "redis_replica_partial_resync_denied", kGauge,
     "Replicas that could not go on where they were, since the server started."},
};

}  // namespace

std::span<const InfoMetric> info_replication_metrics() { return kRows; }

}  // namespace binnacle::cache
