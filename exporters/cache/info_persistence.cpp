// SPDX-License-Identifier: Apache-2.0
#include "info_metrics.h"

namespace binnacle::cache {

namespace {

constexpr InfoMetric kRows[] = {
    // field, metric, type, help, scale, what is unknown
    {"loading", "redis_loading_dump_file", kGauge, "Whether the server loads its data from disk, and answers nobody."},
    {"async_loading", "redis_async_loading", kGauge, "Whether a replica loads a new copy while it serves the old one."},
    {"loading_total_bytes", "redis_loading_total_bytes", kGauge, "Size of the file that is being loaded."},
    {"loading_loaded_bytes", "redis_loading_loaded_bytes", kGauge, "How much of it is loaded."},
    {"loading_eta_seconds", "redis_loading_eta_seconds", kGauge,
     "How long loading will still take, as the server reckons."},
    {"rdb_changes_since_last_save", "redis_rdb_changes_since_last_save", kGauge,
     "Changes that the last snapshot does not have."},
    {"rdb_bgsave_in_progress", "redis_rdb_bgsave_in_progress", kGauge, "Whether a snapshot is being written."},
    {"rdb_last_save_time", "redis_rdb_last_save_timestamp_seconds", kGauge,
     "When the last snapshot was finished, or the server started."},
    {"rdb_last_bgsave_status", "redis_rdb_last_bgsave_status", kGauge, "Whether the last snapshot succeeded."},
    {"rdb_last_bgsave_time_sec", "redis_rdb_last_bgsave_duration_sec", kGauge,
     "How many seconds the last snapshot took; absent before the first.", 1, Unknown::negative},
    {"rdb_current_bgsave_time_sec", "redis_rdb_current_bgsave_duration_sec", kGauge,
     "Seconds that the snapshot under way has taken so far; absent while there is none.", 1, Unknown::negative},
    {"rdb_saves", "redis_rdb_saves_total", kGauge, "Snapshots since the server started."},
    {"rdb_last_cow_size", "redis_rdb_last_cow_size_bytes", kGauge, "Memory that the last snapshot had to copy."},
    {"rdb_last_load_keys_expired", "redis_rdb_last_load_expired_keys", kGauge,
     "Keys that were expired when a snapshot was last loaded."},
    {"rdb_last_load_keys_loaded", "redis_rdb_last_load_loaded_keys", kGauge,
     "Keys that were loaded from a snapshot last."},
    {"current_cow_peak", "redis_current_cow_peak_bytes", kGauge,
     "The most memory that the child under way had to copy."},
    {"current_cow_size", "redis_current_cow_size_bytes", kGauge, "Memory that the child under way had to copy."},
    {"current_save_keys_processed", "redis_current_save_keys_processed", kGauge,
     "Keys that the save under way has written."},
    {"current_save_keys_total", "redis_current_save_keys_expected", kGauge,
     "Keys that the save under way has to write."},
    {"aof_enabled", "redis_aof_enabled", kGauge, "Whether there is an append-only file."},
    {"aof_rewrite_in_progress", "redis_aof_rewrite_in_progress", kGauge,
     "Whether the append-only file is being rewritten."},
    {"aof_rewrite_scheduled", "redis_aof_rewrite_scheduled", kGauge, "Whether a rewrite waits for a snapshot to end."},
    {"aof_last_rewrite_time_sec", "redis_aof_last_rewrite_duration_sec", kGauge,
     "How many seconds the last rewrite took; absent before the first.", 1, Unknown::negative},
    {"aof_current_rewrite_time_sec", "redis_aof_current_rewrite_duration_sec", kGauge,
     "Seconds that the rewrite under way has taken so far; absent while there is none.", 1, Unknown::negative},
    {"aof_rewrites", "redis_aof_rewrites_total", kCounter,
     "Rewrites of the append-only file since the server started."},
    {"aof_rewrites_consecutive_failures", "redis_aof_rewrites_consecutive_failures", kGauge,
     "Rewrites that failed one after another."},
    {"aof_last_cow_size", "redis_aof_last_cow_size_bytes", kGauge, "Memory that the last rewrite had to copy."},
    {"aof_current_size", "redis_aof_current_size_bytes", kGauge, "Size of the append-only file."},
    {"aof_base_size", "redis_aof_base_size_bytes", kGauge,
     "Its size after the last rewrite, or when the server started."},
    {"aof_pending_rewrite", "redis_aof_pending_rewrite", kGauge, "Whether a rewrite waits for a snapshot to end."},
    {"aof_buffer_length", "redis_aof_buffer_length", kGauge, "Bytes that wait to be written to the append-only file."},
    {"aof_rewrite_buffer_length", "redis_aof_rewrite_buffer_length", kGauge,
     "Bytes that wait for the rewrite under way."},
    {"aof_pending_bio_fsync", "redis_aof_pending_bio_fsync", kGauge,
     "Syncs of the append-only file that wait for the disk."},
    {"aof_delayed_fsync", "redis_aof_delayed_fsync", kGauge,
     "Syncs that came too late, so that writes had to wait, since the server started."},
    {"aof_last_bgrewrite_status", "redis_aof_last_bgrewrite_status", kGauge, "Whether the last rewrite succeeded."},
    {"aof_last_write_status", "redis_aof_last_write_status", kGauge,
     "Whether the last write to the append-only file succeeded."},
    {"module_fork_in_progress", "redis_module_fork_in_progress", kGauge, "Whether a module has forked a child."},
    {"module_fork_last_cow_size", "redis_module_fork_last_cow_size", kGauge,
     "Bytes that the last module's child had to copy."},
};

}  // namespace

std::span<const InfoMetric> info_persistence_metrics() { return kRows; }

}  // namespace binnacle::cache
