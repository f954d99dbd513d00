// SPDX-License-Identifier: Apache-2.0
// Rows of the Redis dashboard: memory, keys and persistence.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);
local quarter = g.size(6, 8);
local none = g.noValue('no Redis');
local noFile = g.noValue('no append-only file');
local rate(metric) = 'rate(redis_%s{%%(s)s}[$__rate_interval])' % metric;

function(n) [
  g.row('Memory and fragmentation', [
    g.timeseries(
      'Memory by server',
      'Memory that the server has given out to data and buffers (used), what the process has of the host (resident), and (dashed) maxmemory where it is set.',
      'bytes',
      [
        [n('redis_memory_used_bytes{%(s)s}'), 'used {{server}}'],
        [n('redis_memory_used_rss_bytes{%(s)s}'), 'resident {{server}}'],
        [n('redis_memory_max_bytes{%(s)s}'), 'limit {{server}}'],
      ],
      third + g.fromZero(1024 * 1024) + g.dashed('C') + none,
    ),
    g.timeseries(
      'Share of the limit',
      'Memory in use as a share of maxmemory, without the buffers that do not count towards it. At 100 % keys are evicted, or writes refused.',
      'percentunit',
      [[n('1 - redis_memory_headroom_ratio{%(s)s}'), '{{server}}']],
      third + g.range(0, 1) + g.noValue('no maxmemory'),
    ),
    g.timeseries(
      'What memory is used for',
      'Data, overhead that is no buffer (tables, scripts), buffers of clients, of replicas and of the append-only file, and the replication backlog.',
      'bytes',
      [
        [n('redis_memory_used_dataset_bytes{%(s)s}'), 'data {{server}}'],
        [n('redis_memory_used_overhead_bytes{%(s)s} - redis_mem_clients_normal{%(s)s} - redis_mem_clients_slaves{%(s)s} - redis_mem_aof_buffer_bytes{%(s)s} - redis_mem_replication_backlog_bytes{%(s)s}'), 'overhead {{server}}'],
        [n('redis_mem_clients_normal{%(s)s} + redis_mem_clients_slaves{%(s)s} + redis_mem_aof_buffer_bytes{%(s)s}'), 'buffers {{server}}'],
        [n('redis_mem_replication_backlog_bytes{%(s)s}'), 'backlog {{server}}'],
      ],
      third + g.stacked + g.tableLegend('bottom') + none,
    ),
    g.timeseries(
      'Fragmentation ratio',
      'Resident over used memory, and active over given out bytes of the allocator. Above 1.5 much is wasted, far below 1 the server is swapped out; with little data it says nothing.',
      'none',
      [
        [n('redis_mem_fragmentation_ratio{%(s)s}'), 'process {{server}}'],
        [n('redis_allocator_frag_ratio{%(s)s}'), 'allocator {{server}}'],
      ],
      third + g.fromZero(2) + none,
    ),
    g.timeseries(
      'Fragmentation in bytes',
      'Resident memory that is not used, and the part of it inside the allocator.',
      'bytes',
      [
        [n('redis_mem_fragmentation_bytes{%(s)s}'), 'process {{server}}'],
        [n('redis_allocator_frag_bytes{%(s)s}'), 'allocator {{server}}'],
      ],
      third + none,
    ),
    g.timeseries(
      'Evictions',
      'Keys a second that were evicted (left axis), and the share of time in which memory was beyond its limit (right axis).',
      'ops',
      [
        [n(rate('evicted_keys_total')), 'evicted {{server}}'],
        [n(rate('eviction_exceeded_time_ms_total') + ' / 1000'), 'over the limit {{server}}'],
      ],
      third + g.fromZero(1) + g.rightAxis('B', 'percentunit', 'time over the limit', 0.01) + none,
    ),
  ]),

  g.row('Keys', [
    g.timeseries(
      'Keys by database',
      'Keys of each database that has any.',
      'short',
      [[n('redis_db_keys{%(s)s} > 0'), '{{db}} of {{server}}']],
      quarter + g.fromZero(10) + g.noValue('no keys'),
    ),
    g.timeseries(
      'Keys that expire',
      'Share of the keys of each database that have a time to live, and (right axis) what is left of it on average.',
      'percentunit',
      [
        [n('redis_db_keys_expiring{%(s)s} / (redis_db_keys{%(s)s} > 0)'), '{{db}} of {{server}}'],
        [n('redis_db_avg_ttl_seconds{%(s)s} > 0'), 'time left {{db}} of {{server}}'],
      ],
      quarter + g.fromZero(1) + g.rightAxis('B', 's', 'time left', 60) + g.noValue('no keys'),
    ),
    g.timeseries(
      'Lookups',
      'Lookups of keys a second that found one (hits) or not (misses).',
      'ops',
      [
        [n(rate('keyspace_hits_total')), 'hits {{server}}'],
        [n(rate('keyspace_misses_total')), 'misses {{server}}'],
      ],
      quarter + g.fromZero(1) + none,
    ),
    g.timeseries(
      'Expirations',
      'Keys a second whose time was over (left axis), and the share of such keys that are still there, as the server reckons (right axis).',
      'ops',
      [
        [n(rate('expired_keys_total')), 'expired {{server}}'],
        [n('redis_expired_stale_percentage{%(s)s} / 100'), 'still there {{server}}'],
      ],
      quarter + g.fromZero(1) + g.rightAxis('B', 'percentunit', 'still there', 0.01) + none,
    ),
  ]),

  g.row('Snapshots and append-only file', [
    g.timeseries(
      'Changes not in a snapshot',
      'Changes since the last snapshot. Without an append-only file they are lost when the server dies.',
      'short',
      [[n('redis_rdb_changes_since_last_save{%(s)s}'), '{{server}}']],
      quarter + g.fromZero(10) + none,
    ),
    g.timeseries(
      'Age of the last snapshot',
      'Time since the last snapshot was finished, or since the server started.',
      's',
      [[n('time() - redis_rdb_last_save_timestamp_seconds{%(s)s}'), '{{server}}']],
      quarter + g.fromZero(60) + none,
    ),
    g.timeseries(
      'Time for snapshots and rewrites',
      'How long the last snapshot and the last rewrite of the append-only file took, and for how long the last fork for them stopped the server.',
      's',
      [
        [n('redis_rdb_last_bgsave_duration_sec{%(s)s}'), 'snapshot {{server}}'],
        [n('redis_aof_last_rewrite_duration_sec{%(s)s}'), 'rewrite {{server}}'],
        [n('redis_latest_fork_seconds{%(s)s}'), 'fork {{server}}'],
      ],
      quarter + g.fromZero(0.1) + none,
    ),
    g.timeseries(
      'Failing writes',
      'Whether the last snapshot, the last write to the append-only file or its last rewrite failed: 1 is failing.',
      'none',
      [
        [n('1 - redis_rdb_last_bgsave_status{%(s)s}'), 'snapshot {{server}}'],
        [n('1 - redis_aof_last_write_status{%(s)s}'), 'write {{server}}'],
        [n('1 - redis_aof_last_bgrewrite_status{%(s)s}'), 'rewrite {{server}}'],
      ],
      quarter + g.fromZero(1) + g.decimals(0) + none,
    ),
    g.timeseries(
      'Append-only file',
      'Size of the append-only file, and its size after the last rewrite.',
      'bytes',
      [
        [n('redis_aof_current_size_bytes{%(s)s}'), 'now {{server}}'],
        [n('redis_aof_base_size_bytes{%(s)s}'), 'rewritten {{server}}'],
      ],
      third + g.fromZero(1024) + noFile,
    ),
    g.timeseries(
      'Waiting for the disk',
      'Bytes that wait to be written to the append-only file (left axis), and syncs that came too late, so that writes had to wait (right axis).',
      'bytes',
      [
        [n('redis_aof_buffer_length{%(s)s}'), 'waiting {{server}}'],
        [n('clamp_min(delta(redis_aof_delayed_fsync{%(s)s}[$__rate_interval]), 0)'), 'late {{server}}'],
      ],
      third + g.fromZero(1024) + g.rightAxis('B', 'none', 'late syncs', 4) + noFile,
    ),
    g.timeseries(
      'Memory copied for snapshots',
      'Memory that the last snapshot and the last rewrite had to copy because it was changed meanwhile.',
      'bytes',
      [
        [n('redis_rdb_last_cow_size_bytes{%(s)s}'), 'snapshot {{server}}'],
        [n('redis_aof_last_cow_size_bytes{%(s)s}'), 'rewrite {{server}}'],
      ],
      third + g.fromZero(1024) + none,
    ),
  ]),
]
