// SPDX-License-Identifier: Apache-2.0
#include "info_metrics.h"

namespace binnacle::cache {

namespace {

constexpr InfoMetric kRows[] = {
    // field, metric, type, help, scale, what is unknown
    {"used_memory", "redis_memory_used_bytes", kGauge, "Bytes that the server's allocator has given out."},
    {"used_memory_rss", "redis_memory_used_rss_bytes", kGauge, "Resident memory of the server's process."},
    {"used_memory_peak", "redis_memory_used_peak_bytes", kGauge, "The highest that used memory has been."},
    {"used_memory_lua", "redis_memory_used_lua_bytes", kGauge, "Memory of the Lua engine for EVAL."},
    {"used_memory_vm_eval", "redis_memory_used_vm_eval_bytes", kGauge,
     "Memory of the script engines for EVAL, outside the server's allocator."},
    {"used_memory_scripts_eval", "redis_memory_used_scripts_eval_bytes", kGauge, "Overhead of cached EVAL scripts."},
    {"used_memory_overhead", "redis_memory_used_overhead_bytes", kGauge,
     "Used memory that is no data: buffers, hash tables, clients."},
    {"used_memory_startup", "redis_memory_used_startup_bytes", kGauge,
     "Memory that the server used when it had started."},
    {"used_memory_dataset", "redis_memory_used_dataset_bytes", kGauge, "Used memory that is data."},
    {"number_of_cached_scripts", "redis_number_of_cached_scripts", kGauge, "EVAL scripts that are cached."},
    {"number_of_functions", "redis_number_of_functions", kGauge, "Functions that are loaded."},
    {"number_of_libraries", "redis_number_of_libraries", kGauge, "Libraries of functions that are loaded."},
    {"used_memory_vm_functions", "redis_memory_used_vm_functions_bytes", kGauge,
     "Memory of the script engines for functions, outside the server's allocator."},
    {"used_memory_scripts", "redis_memory_used_scripts_bytes", kGauge,
     "Overhead of EVAL scripts and functions together."},
    {"used_memory_functions", "redis_memory_used_functions_bytes", kGauge, "Overhead of functions."},
    {"used_memory_vm_total", "redis_memory_used_vm_total", kGauge, "Memory of all script engines, in bytes."},
    {"maxmemory", "redis_memory_max_bytes", kGauge, "The limit of used memory; absent where there is none.", 1,
     Unknown::zero},
    {"maxmemory_reservation", "redis_memory_max_reservation_bytes", kGauge,
     "Memory that Azure keeps back for work other than data."},
    {"maxmemory_desired_reservation", "redis_memory_max_reservation_desired_bytes", kGauge,
     "Memory that Azure was asked to keep back."},
    {"maxfragmentationmemory_reservation", "redis_memory_max_fragmentation_reservation_bytes", kGauge,
     "Memory that Azure keeps back for fragmentation."},
    {"maxfragmentationmemory_desired_reservation", "redis_memory_max_fragmentation_reservation_desired_bytes", kGauge,
     "Memory that Azure was asked to keep back for fragmentation."},
    {"total_system_memory", "redis_total_system_memory_bytes", kGauge, "Memory of the host that the server runs on."},
    {"allocator_active", "redis_allocator_active_bytes", kGauge, "Bytes in the allocator's pages that are in use."},
    {"allocator_allocated", "redis_allocator_allocated_bytes", kGauge, "Bytes that the allocator has given out."},
    {"allocator_resident", "redis_allocator_resident_bytes", kGauge,
     "Bytes of the allocator that are resident, pages it could give back included."},
    {"allocator_muzzy", "redis_allocator_muzzy_bytes", kGauge, "Bytes of the allocator that the kernel may take back."},
    {"allocator_frag_ratio", "redis_allocator_frag_ratio", kGauge,
     "Active over allocated bytes: fragmentation inside the allocator."},
    {"allocator_frag_bytes", "redis_allocator_frag_bytes", kGauge, "Active minus allocated bytes."},
    {"allocator_rss_ratio", "redis_allocator_rss_ratio", kGauge,
     "Resident over active bytes: pages that the allocator could give back."},
    {"allocator_rss_bytes", "redis_allocator_rss_bytes", kGauge, "Resident minus active bytes."},
    {"rss_overhead_ratio", "redis_rss_overhead_ratio", kGauge, "The process's resident memory over the allocator's."},
    {"rss_overhead_bytes", "redis_rss_overhead_bytes", kGauge, "The process's resident memory minus the allocator's."},
    {"mem_fragmentation_ratio", "redis_mem_fragmentation_ratio", kGauge,
     "Resident over used memory; means little while little is used."},
    {"mem_fragmentation_bytes", "redis_mem_fragmentation_bytes", kGauge, "Resident minus used memory."},
    {"mem_clients_slaves", "redis_mem_clients_slaves", kGauge, "Bytes of replicas' buffers."},
    {"mem_clients_normal", "redis_mem_clients_normal", kGauge, "Bytes of clients' buffers."},
    {"mem_cluster_links", "redis_mem_cluster_links_bytes", kGauge, "Memory of the links to the cluster's other nodes."},
    {"mem_aof_buffer", "redis_mem_aof_buffer_bytes", kGauge, "Memory of the append-only file's buffers."},
    {"mem_replication_backlog", "redis_mem_replication_backlog_bytes", kGauge, "Memory of the replication backlog."},
    {"mem_not_counted_for_evict", "redis_mem_not_counted_for_eviction_bytes", kGauge,
     "Used memory that does not count towards its limit: buffers of replicas and of the append-only file."},
    {"mem_total_replication_buffers", "redis_mem_total_replication_buffers_bytes", kGauge,
     "Memory of all replication buffers."},
    {"mem_replica_full_sync_buffer", "redis_mem_replica_full_sync_buffer_bytes", kGauge,
     "Memory of what a replica has received while it loads its primary's snapshot."},
    {"mem_overhead_db_hashtable_rehashing", "redis_mem_overhead_db_hashtable_rehashing_bytes", kGauge,
     "Memory that key tables use for being resized just now."},
    {"lazyfree_pending_objects", "redis_lazyfree_pending_objects", kGauge,
     "Objects that wait to be freed in the background."},
    {"lazyfreed_objects", "redis_lazyfreed_objects", kGauge, "Objects that were freed in the background."},
    {"active_defrag_running", "redis_active_defrag_running", kGauge,
     "Whether memory is being defragmented, and with which share of CPU in percent."},
};

}  // namespace

std::span<const InfoMetric> info_memory_metrics() { return kRows; }

}  // namespace binnacle::cache
