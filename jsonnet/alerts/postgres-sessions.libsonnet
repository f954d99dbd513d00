// SPDX-License-Identifier: Apache-2.0
// Alerts on what sessions do: locks, transactions that never end, rollbacks, slow statements.
local alerts = import '../lib/alerts.libsonnet';

function(c) alerts.pair(function(severity) {
  alert: 'PostgresSessionsBlocked',
  expr: |||
    pg_blocking_longest_wait_seconds{%(selector)s} > %(seconds)g
  ||| % (c { seconds: c.blockedSeconds[severity] }),
  'for': '2m',
  annotations+: {
    summary: 'Sessions wait long for a lock.',
    description: 'A session in {{ $labels.datname }} of ' + c.server + ' has waited {{ $value | humanizeDuration }} for a lock.',
  },
}) + [
  alerts.warning {
    alert: 'PostgresDeadlocks',
    expr: |||
      increase(pg_stat_database_deadlocks{%(selector)s}[15m]) > %(deadlocks)g
    ||| % c,
    annotations+: {
      summary: 'Transactions end in deadlocks.',
      description: 'Deadlocks in {{ $labels.datname }} of ' + c.server + ' in 15 minutes: {{ $value | printf "%.0f" }}.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'PostgresIdleInTransaction',
  expr: |||
    pg_age_longest_idle_in_transaction_seconds{%(selector)s} > %(seconds)g
  ||| % (c { seconds: c.idleInTransactionSeconds[severity] }),
  'for': '2m',
  annotations+: {
    summary: 'A session sits idle in an open transaction.',
    description: 'A session in {{ $labels.datname }} of ' + c.server + ' has been idle in an open transaction for {{ $value | humanizeDuration }}.',
  },
}) + alerts.pair(function(severity) {
  alert: 'PostgresLongTransaction',
  expr: |||
    pg_age_longest_transaction_seconds{%(selector)s} > %(seconds)g
  ||| % (c { seconds: c.transactionSeconds[severity] }),
  'for': '2m',
  annotations+: {
    summary: 'A transaction is open for very long.',
    description: 'A transaction in {{ $labels.datname }} of ' + c.server + ' has been open for {{ $value | humanizeDuration }}.',
  },
}) + [
  alerts.warning {
    alert: 'PostgresPreparedTransactionOld',
    expr: |||
      pg_prepared_transactions_oldest_seconds{%(selector)s} > %(preparedSeconds)g
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'A prepared transaction is left undecided.',
      description: 'A transaction in {{ $labels.datname }} of ' + c.server + ' was prepared {{ $value | humanizeDuration }} ago and is neither committed nor rolled back.',
    },
  },
  alerts.warning {
    alert: 'PostgresRollbacksHigh',
    expr: |||
      rate(pg_stat_database_xact_rollback{%(selector)s}[5m])
      / (rate(pg_stat_database_xact_commit{%(selector)s}[5m]) + rate(pg_stat_database_xact_rollback{%(selector)s}[5m])) > %(rollbacks)g
      and
      rate(pg_stat_database_xact_commit{%(selector)s}[5m]) + rate(pg_stat_database_xact_rollback{%(selector)s}[5m]) > %(rollbacksMinRate)g
    ||| % c,
    'for': '15m',
    keep_firing_for: '5m',
    annotations+: {
      summary: 'Many transactions are rolled back.',
      description: '{{ $value | humanizePercentage }} of the transactions in {{ $labels.datname }} of ' + c.server + ' are rolled back.',
    },
  },
  alerts.warning {
    alert: 'PostgresSlowQueries',
    expr: |||
      sum without (queryid) (rate(pg_slow_query_seconds_total{%(selector)s}[15m])) > %(slowSeconds)g
    ||| % c,
    'for': '15m',
    keep_firing_for: '10m',
    annotations+: {
      summary: 'Slow statements take much of a database.',
      description: 'Slow statements of {{ $labels.rolname }} in {{ $labels.datname }} of ' + c.server + ' keep {{ $value | printf "%.1f" }} connections busy.',
    },
  },
]
