// SPDX-License-Identifier: Apache-2.0
// Alerts on replicas, replication slots and the WAL archive.
local alerts = import '../lib/alerts.libsonnet';

function(c) alerts.pair(function(severity) {
  alert: 'PostgresReplicationLag',
  expr: |||
    pg_replication_lag_seconds{%(selector)s} > %(seconds)g
  ||| % (c { seconds: c.replicationLagSeconds[severity] }),
  'for': '5m',
  annotations+: {
    summary: 'A replica is behind in replaying what it received.',
    description: 'Replica ' + c.server + ' is {{ $value | humanizeDuration }} behind.',
  },
}) + alerts.pair(function(severity) {
  alert: 'PostgresReplicaBehind',
  expr: |||
    max without (pid, state) (pg_stat_replication_pg_wal_lsn_diff{%(selector)s}) > %(behind)d
  ||| % (c { behind: c.replicationLagBytes[severity] }),
  'for': '5m',
  annotations+: {
    summary: 'A replica is far behind its primary.',
    description: 'Replica {{ $labels.application_name }} {{ $labels.client_addr }} is {{ $value | humanize1024 }}B of WAL behind ' + c.server + '.',
  },
}) + [
  alerts.critical {
    alert: 'PostgresReplicaNotStreaming',
    expr: |||
      pg_replication_wal_receiver_streaming{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'A replica receives nothing from its primary.',
      description: 'Replica ' + c.server + ' has no stream from its primary; it falls behind without a lag to be seen.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'PostgresSlotRetainsWal',
  expr: |||
    pg_replication_slots_pg_wal_lsn_diff{%(selector)s} > %(kept)d
  ||| % (c { kept: c.slotBytes[severity] }),
  'for': '5m',
  annotations+: {
    summary: 'A replication slot keeps back much WAL.',
    description: '{{ $value | humanize1024 }}B of WAL are kept on ' + c.server + ' for the replication slot {{ $labels.slot_name }}.',
  },
}) + [
  alerts.warning {
    alert: 'PostgresSlotInactive',
    expr: |||
      pg_replication_slots_active{%(selector)s} == 0
    ||| % c,
    'for': '30m',
    annotations+: {
      summary: 'Nobody uses a replication slot.',
      description: 'The replication slot {{ $labels.slot_name }} of ' + c.server + ' has no user, and WAL is kept for it.',
    },
  },
  alerts.warning {
    alert: 'PostgresSlotWalLost',
    expr: |||
      pg_replication_slots_wal_status{%(selector)s,wal_status="unreserved"} == 1
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'A replication slot loses its WAL.',
      description: 'WAL that the replication slot {{ $labels.slot_name }} of ' + c.server + ' needs is {{ $labels.wal_status }}.',
    },
  },
  alerts.critical {
    alert: 'PostgresSlotWalLost',
    expr: |||
      pg_replication_slots_wal_status{%(selector)s,wal_status="lost"} == 1
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'A replication slot loses its WAL.',
      description: 'WAL that the replication slot {{ $labels.slot_name }} of ' + c.server + ' needs is {{ $labels.wal_status }}.',
    },
  },
  alerts.warning {
    alert: 'PostgresArchiverFailing',
    expr: |||
      increase(pg_stat_archiver_failed_count{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'WAL files cannot be archived.',
      description: 'Archiving failed {{ $value | printf "%.0f" }} times in 15 minutes on ' + c.server + '; backups have a gap, and the disk fills.',
    },
  },
]
