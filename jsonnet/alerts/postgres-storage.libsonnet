// SPDX-License-Identifier: Apache-2.0
// Alerts on ids, vacuum, partitions, cache and temporary files.
local alerts = import '../lib/alerts.libsonnet';

function(c) alerts.pair(function(severity) {
  alert: 'PostgresXidHeadroomLow',
  expr: |||
    pg_xid_headroom_ratio{%(selector)s,limit="wraparound"} < %(left)g
  ||| % (c { left: c.idHeadroom[severity] }),
  'for': { warning: '1h', critical: '10m' }[severity],
  annotations+: {
    summary: 'A database is running out of transaction ids.',
    description: 'Database {{ $labels.datname }} of ' + c.server + ' has {{ $value | humanizePercentage }} of the way to wraparound of its transaction ids left.',
  },
}) + alerts.pair(function(severity) {
  alert: 'PostgresMultixactHeadroomLow',
  expr: |||
    pg_multixact_headroom_ratio{%(selector)s,limit="wraparound"} < %(left)g
  ||| % (c { left: c.idHeadroom[severity] }),
  'for': { warning: '1h', critical: '10m' }[severity],
  annotations+: {
    summary: 'A database is running out of multixact ids.',
    description: 'Database {{ $labels.datname }} of ' + c.server + ' has {{ $value | humanizePercentage }} of the way to wraparound of its multixact ids left.',
  },
}) + [
  alerts.warning {
    alert: 'PostgresVacuumOverdue',
    expr: |||
      pg_vacuum_most_overdue_ratio{%(selector)s,reason=~"dead_rows|inserts"} > %(vacuumOverdue)g
    ||| % c,
    'for': '1h',
    annotations+: {
      summary: 'Autovacuum does not keep up with a table.',
      description: 'A table in {{ $labels.datname }} of ' + c.server + ' is {{ $value | printf "%.1f" }} times past its autovacuum threshold ({{ $labels.reason }}).',
    },
  },
  alerts.warning {
    alert: 'PostgresAutovacuumSaturated',
    expr: |||
      pg_autovacuum_workers_used{%(selector)s} / pg_autovacuum_workers_limit{%(selector)s} >= %(autovacuumWorkers)g
    ||| % c,
    'for': '1h',
    annotations+: {
      summary: 'All autovacuum workers are busy.',
      description: '{{ $value | humanizePercentage }} of the autovacuum workers of ' + c.server + ' have been at work for an hour.',
    },
  },
  alerts.warning {
    alert: 'PostgresDefaultPartitionUsed',
    expr: |||
      pg_partition_default_rows{%(selector)s} > %(defaultPartitionRows)d
    ||| % c,
    'for': '30m',
    annotations+: {
      summary: 'Rows end in a default partition.',
      description: 'The default partition of {{ $labels.schemaname }}.{{ $labels.relname }} in {{ $labels.datname }} of ' + c.server + ' holds about {{ $value | printf "%.0f" }} rows.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'PostgresPartitionsMissing',
  expr: |||
    pg_partition_ahead_seconds{%(selector)s} < %(ahead)g
    and
    pg_partition_ahead_seconds{%(selector)s} > -%(givenUp)g
  ||| % (c { ahead: c.partitionsAheadSeconds[severity], givenUp: c.partitionsGivenUpSeconds }),
  'for': '30m',
  annotations+: {
    summary: 'A table runs out of partitions for the time ahead.',
    description: 'The partitions of {{ $labels.schemaname }}.{{ $labels.relname }} in {{ $labels.datname }} of ' + c.server + ' end {{ $value | humanizeDuration }} from now.',
  },
}) + [
  alerts.warning {
    alert: 'PostgresCacheHitRatioLow',
    expr: |||
      rate(pg_stat_database_blks_hit{%(selector)s}[15m])
      / (rate(pg_stat_database_blks_hit{%(selector)s}[15m]) + rate(pg_stat_database_blks_read{%(selector)s}[15m])) < %(cacheHits)g
      and
      rate(pg_stat_database_blks_read{%(selector)s}[15m]) > %(cacheMinReads)g
    ||| % c,
    'for': '30m',
    keep_firing_for: '10m',
    annotations+: {
      summary: 'A database reads much from outside its cache.',
      description: 'Only {{ $value | humanizePercentage }} of the blocks that {{ $labels.datname }} of ' + c.server + ' reads are in shared_buffers.',
    },
  },
  alerts.warning {
    alert: 'PostgresTempFilesHigh',
    expr: |||
      rate(pg_stat_database_temp_bytes{%(selector)s}[15m]) > %(tempBytes)d
    ||| % c,
    'for': '15m',
    keep_firing_for: '10m',
    annotations+: {
      summary: 'Statements write large temporary files.',
      description: 'Statements in {{ $labels.datname }} of ' + c.server + ' write {{ $value | humanize1024 }}B a second to temporary files.',
    },
  },
]
