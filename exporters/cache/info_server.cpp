// SPDX-License-Identifier: Apache-2.0
#include "info_metrics.h"

namespace binnacle::cache {

namespace {

constexpr InfoMetric kRows[] = {
    // field, metric, type, help, scale, what is unknown
    {"uptime_in_seconds", "redis_uptime_in_seconds", kGauge, "Seconds since the server started."},
    {"process_id", "redis_process_id", kGauge, "The server's process id."},
    {"io_threads_active", "redis_io_threads_active", kGauge, "Whether the I/O threads are at work just now."},
    {"hz", "redis_hz", kGauge, "How often a second the server's background work runs just now."},
    {"configured_hz", "redis_configured_hz", kGauge,
     "How often a second the server's background work is configured to run."},
    {"shutdown_in_milliseconds", "redis_shutdown_in_seconds", kGauge,
     "Seconds that replicas still have to catch up before the server shuts down.", 1e-3},
    {"connected_clients", "redis_connected_clients", kGauge, "Connections of clients, without those of replicas."},
    {"blocked_clients", "redis_blocked_clients", kGauge,
     "Clients that wait in a blocking command (BLPOP, XREAD BLOCK, WAIT ...)."},
    {"maxclients", "redis_max_clients", kGauge, "The limit of clients' connections."},
    {"max_clients", "redis_max_clients", kGauge, "The limit of clients' connections."},  // as Dragonfly calls it
    {"tracking_clients", "redis_tracking_clients", kGauge,
     "Clients for which the server tracks keys (client-side caching)."},
    {"clients_in_timeout_table", "redis_clients_in_timeout_table", kGauge, "Clients that wait with a time limit."},
    {"pubsub_clients", "redis_pubsub_clients", kGauge, "Clients that are subscribed to channels or patterns."},
    {"watching_clients", "redis_watching_clients", kGauge, "Clients that WATCH keys."},
    {"total_watched_keys", "redis_total_watched_keys", kGauge, "Keys that are watched."},
    {"total_blocking_keys", "redis_total_blocking_keys", kGauge, "Keys that clients wait for."},
    {"total_blocking_keys_on_nokey", "redis_total_blocking_keys_on_nokey", kGauge,
     "Keys that clients wait for, and whose deletion would wake them."},
    {"cluster_connections", "redis_cluster_connections", kGauge, "Sockets that the cluster bus uses, roughly."},
    {"client_longest_output_list", "redis_client_longest_output_list", kGauge,
     "The longest list of replies that wait for one client (Redis 4 and older)."},
    {"client_biggest_input_buf", "redis_client_biggest_input_buf", kGauge,
     "The largest input buffer of a client, in bytes (Redis 4 and older)."},
    {"client_recent_max_output_buffer", "redis_client_recent_max_output_buffer_bytes", kGauge,
     "The largest output buffer of a client of late."},
    {"client_recent_max_input_buffer", "redis_client_recent_max_input_buffer_bytes", kGauge,
     "The largest input buffer of a client of late."},
    {"used_cpu_sys", "redis_cpu_sys_seconds_total", kCounter, "CPU time of the server in the kernel, all threads."},
    {"used_cpu_user", "redis_cpu_user_seconds_total", kCounter, "CPU time of the server in user mode, all threads."},
    {"used_cpu_sys_children", "redis_cpu_sys_children_seconds_total", kCounter,
     "CPU time of its forked children in the kernel."},
    {"used_cpu_user_children", "redis_cpu_user_children_seconds_total", kCounter,
     "CPU time of its forked children in user mode."},
    {"used_cpu_sys_main_thread", "redis_cpu_sys_main_thread_seconds_total", kCounter,
     "CPU time of the thread that runs the commands in the kernel."},
    {"used_cpu_user_main_thread", "redis_cpu_user_main_thread_seconds_total", kCounter,
     "CPU time of the thread that runs the commands in user mode."},
    {"used_active_time_main_thread", "redis_active_time_main_thread_seconds_total", kCounter,
     "Time in which the main thread was not idle (Valkey)."},
    {"server_threads", "redis_server_threads_total", kGauge, "Threads that serve clients (KeyDB)."},
    {"long_lock_waits", "redis_long_lock_waits_total", kGauge, "Waits for the global lock that took long (KeyDB)."},
    {"current_client_thread", "redis_current_client_thread", kGauge,
     "The thread that serves our own connection (KeyDB)."},
};

}  // namespace

std::span<const InfoMetric> info_server_metrics() { return kRows; }

}  // namespace binnacle::cache
