// SPDX-License-Identifier: Apache-2.0
// Alerts on one Redis: memory, clients, speed, and what it writes to disk.
local alerts = import '../lib/alerts.libsonnet';

function(c) alerts.pair(function(severity) {
  alert: 'CacheRedisMemoryNearLimit',
  // With any other policy a full memory is what a cache is for.
  expr: |||
    redis_memory_used_bytes{%(selector)s}
    / (redis_memory_max_bytes{%(selector)s} > 0) > %(used)g
    and on (job, instance, target)
    redis_instance_info{%(selector)s,maxmemory_policy="noeviction"}
  ||| % (c { used: c.redisMemory[severity] }),
  'for': { warning: '10m', critical: '2m' }[severity],
  annotations+: {
    summary: 'A Redis that evicts nothing is close to its memory limit.',
    description: 'Redis ' + c.server + ' uses {{ $value | humanizePercentage }} of maxmemory and evicts nothing: at the limit it refuses writes.',
  },
}) + [
  alerts.warning {
    alert: 'CacheRedisEvictionsHigh',
    expr: |||
      increase(redis_evicted_keys_total{%(selector)s}[1h])
      / sum without (db) (redis_db_keys{%(selector)s}) > %(evictedOfKeys)g
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'A Redis evicts its keys soon after they came.',
      description: 'Redis ' + c.server + ' evicted {{ $value | humanizePercentage }} of the keys that it holds within an hour.',
    },
  },
  alerts.warning {
    alert: 'CacheRedisFragmented',
    expr: |||
      redis_mem_fragmentation_ratio{%(selector)s} > %(fragmentation)g
      and
      redis_memory_used_bytes{%(selector)s} > %(fragmentationMinBytes)d
    ||| % c,
    'for': '30m',
    annotations+: {
      summary: 'A Redis takes much more memory than its data needs.',
      description: 'Redis ' + c.server + ' takes {{ $value | printf "%.1f" }} times the memory that its data needs.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'CacheRedisConnectionsNearLimit',
  expr: |||
    redis_connected_clients{%(selector)s}
    / redis_config_maxclients{%(selector)s} > %(used)g
  ||| % (c { used: c.connections[severity] }),
  'for': { warning: '10m', critical: '2m' }[severity],
  annotations+: {
    summary: 'A Redis is running out of connections.',
    description: 'Redis ' + c.server + ' has {{ $value | humanizePercentage }} of the clients that maxclients allows.',
  },
}) + [
  alerts.critical {
    alert: 'CacheRedisConnectionsRejected',
    expr: |||
      increase(redis_rejected_connections_total{%(selector)s}[5m]) > 0
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'A Redis turns clients away.',
      description: 'Redis ' + c.server + ' refused connections because maxclients was reached.',
    },
  },
  alerts.warning {
    alert: 'CacheRedisClientsBlocked',
    expr: |||
      redis_blocked_clients{%(selector)s} > %(blockedClients)g
    ||| % c,
    'for': '10m',
    annotations+: {
      summary: 'Many clients of a Redis wait in blocking commands.',
      description: '{{ $value | printf "%.0f" }} clients of Redis ' + c.server + ' wait in blocking commands such as BLPOP or WAIT.',
    },
  },
  alerts.warning {
    alert: 'CacheRedisOutputBufferKills',
    expr: |||
      increase(redis_client_output_buffer_limit_disconnections_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'A Redis throws out clients that read too slowly.',
      description: 'Redis ' + c.server + ' closed connections because their output buffers were full.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'CacheRedisLatencyHigh',
  expr: |||
    histogram_quantile(
      0.9,
      rate(redis_ping_duration_seconds_bucket{%(selector)s}[5m])
    ) > %(seconds)g
  ||| % (c { seconds: c.pingSeconds[severity] }),
  'for': '5m',
  keep_firing_for: '5m',
  annotations+: {
    summary: 'A Redis answers late.',
    description: 'One PING in 10 to Redis ' + c.server + ' takes {{ $value | humanizeDuration }} or longer.',
  },
}) + [
  alerts.warning {
    alert: 'CacheRedisSlowCommands',
    // The id of the last entry; the log itself has only the last hundred or so.
    expr: |||
      delta(redis_slowlog_last_id{%(selector)s}[15m]) > %(slowCommands)g
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'A Redis logs many slow commands.',
      description: 'Redis ' + c.server + ' logged {{ $value | printf "%.0f" }} slow commands in 15 minutes.',
    },
  },
  alerts.critical {
    alert: 'CacheRedisSnapshotFailing',
    expr: |||
      redis_rdb_last_bgsave_status{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'A Redis cannot save its data.',
      description: 'The last snapshot (RDB) of Redis ' + c.server + ' failed; by default it refuses writes until one succeeds.',
    },
  },
  alerts.critical {
    alert: 'CacheRedisAofFailing',
    expr: |||
      redis_aof_last_write_status{%(selector)s} == 0
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'A Redis cannot write its append-only file.',
      description: 'The last write to the append-only file of Redis ' + c.server + ' failed; it refuses writes.',
    },
  },
]
