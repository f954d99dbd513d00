// SPDX-License-Identifier: Apache-2.0
// Alerts on several Redis together: replicas and clusters.
local alerts = import '../lib/alerts.libsonnet';

local replica = '{{ $labels.slave_ip }}:{{ $labels.slave_port }}';

function(c) [
  alerts.critical {
    alert: 'CacheRedisReplicaLinkDown',
    expr: |||
      redis_master_link_up{%(selector)s} == 0
    ||| % c,
    'for': '3m',
    annotations+: {
      summary: 'A replica has lost its primary.',
      description: 'Redis ' + c.server + ' has no link to its primary {{ $labels.master_host }}:{{ $labels.master_port }}; its data is old.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'CacheRedisReplicaBehind',
  expr: |||
    redis_connected_slave_lag_bytes{%(selector)s} > %(bytes)d
  ||| % (c { bytes: c.replicaBytes[severity] }),
  'for': '5m',
  annotations+: {
    summary: 'A replica is far behind its primary.',
    description: 'Replica ' + replica + ' of Redis ' + c.server + ' is {{ $value | humanize1024 }}B behind.',
  },
}) + alerts.pair(function(severity) {
  alert: 'CacheRedisReplicaSilent',
  expr: |||
    redis_connected_slave_lag_seconds{%(selector)s} > %(seconds)g
  ||| % (c { seconds: c.replicaSeconds[severity] }),
  'for': '2m',
  annotations+: {
    summary: 'A replica no longer acknowledges what it gets.',
    description: 'Replica ' + replica + ' of Redis ' + c.server + ' was last heard of {{ $value | humanizeDuration }} ago.',
  },
}) + [
  alerts.warning {
    alert: 'CacheRedisFullSyncs',
    // Not delta(), which makes more of what happened soon after a start.
    expr: |||
      redis_replica_resyncs_full{%(selector)s}
      - min_over_time(redis_replica_resyncs_full{%(selector)s}[1h]) > %(fullSyncs)g
    ||| % c,
    annotations+: {
      summary: 'Replicas get full copies again and again.',
      description: 'Redis ' + c.server + ' sent {{ $value | printf "%.0f" }} full copies of its data to replicas in an hour.',
    },
  },
  alerts.critical {
    alert: 'CacheRedisClusterSlotsMissing',
    expr: |||
      redis_cluster_slots_ok{%(selector)s} < 16384
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'A Redis Cluster does not serve all of its keys.',
      description: 'As {{ with $labels.target }}{{ . }} on {{ end }}{{ $labels.instance }} sees it, only {{ $value | printf "%.0f" }} of the 16384 slots of its cluster are served.',
    },
  },
]
