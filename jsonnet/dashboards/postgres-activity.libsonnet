// SPDX-License-Identifier: Apache-2.0
// Rows of the Postgres performance dashboard: transactions, sessions, locks and ages.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 9) + g.tableLegend('bottom');
local quarter = g.size(6, 9);

local rowRate(kind) = 'rate(pg_stat_database_tup_%s{%%(s)s,%%(db)s}[$__rate_interval])' % kind;
local byServer(expr) = 'sum by (job, instance, target) (%s)' % expr;

function(q, n) [
  g.row('Activity', [
    g.timeseries(
      'Transactions by database',
      'Transactions a second that each database committed.',
      'ops',
      [[n('rate(pg_stat_database_xact_commit{%(s)s,%(db)s}[$__rate_interval])'), '{{datname}} on {{server}}']],
      third + g.fromZero(1),
    ),
    g.timeseries(
      'Rollbacks',
      'Transactions rolled back, as a share of all of the database. A client that goes away in a transaction counts too.',
      'percentunit',
      [[n('rate(pg_stat_database_xact_rollback{%(s)s,%(db)s}[$__rate_interval]) / clamp_min(rate(pg_stat_database_xact_rollback{%(s)s,%(db)s}[$__rate_interval]) + rate(pg_stat_database_xact_commit{%(s)s,%(db)s}[$__rate_interval]), 0.001)'), '{{datname}} on {{server}}']],
      third + g.fromZero(0.1),
    ),
    g.timeseries(
      'Rows',
      'Rows a second that statements returned (scanned), fetched by an index, inserted, updated and deleted, in all databases of a server.',
      'ops',
      [[n(byServer(rowRate(kind))), '%s {{server}}' % kind] for kind in ['returned', 'fetched', 'inserted', 'updated', 'deleted']],
      third + g.fromZero(10),
    ),
    g.timeseries(
      'Sessions by state',
      'Client sessions of each server: they run a statement, wait for the client within a transaction, or are idle.',
      'none',
      [[n('sum by (job, instance, target, state) (pg_stat_activity_count{%(s)s,state=~"active|idle.*"})'), '{{state}} {{server}}']],
      third + g.fromZero(4) + g.decimals(0),
    ),
    g.timeseries(
      'What active sessions wait for',
      'Sessions that run a statement, by what they wait for just now; CPU is those that wait for nothing.',
      'none',
      [
        [n('sum by (job, instance, target, wait_event_type) (pg_stat_activity_count{%(s)s,state="active",wait_event_type!=""})'), '{{wait_event_type}} {{server}}'],
        [n('sum by (job, instance, target) (pg_stat_activity_count{%(s)s,state="active",wait_event_type=""})'), 'CPU {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0),
    ),
    g.timeseries(
      'Connections at work',
      'Seconds a second that sessions ran statements, or sat idle in a transaction: how many connections were busy on average. Counted when a statement ends (PostgreSQL 14 on).',
      'none',
      [
        [n('rate(pg_stat_database_active_time_seconds_total{%(s)s,%(db)s}[$__rate_interval])'), 'active {{datname}} on {{server}}'],
        [n('rate(pg_stat_database_idle_in_transaction_time_seconds_total{%(s)s,%(db)s}[$__rate_interval])'), 'idle in transaction {{datname}} on {{server}}'],
      ],
      third + g.fromZero(0.1) + g.axisLabel('connections'),
    ),
  ]),

  g.row('Locks', [
    g.timeseries(
      'Blocked sessions',
      'Sessions that wait for a lock, those that hold all of them up, and how many wait one behind another.',
      'none',
      [
        [n('pg_blocked_sessions{%(s)s,%(db)s}'), 'blocked {{datname}} on {{server}}'],
        [n('pg_blocking_roots{%(s)s,%(db)s}'), 'blocking {{datname}} on {{server}}'],
        [n('pg_blocking_chain_depth{%(s)s,%(db)s}'), 'chain {{datname}} on {{server}}'],
      ],
      quarter + g.fromZero(4) + g.decimals(0),
    ),
    g.timeseries(
      'Longest wait for a lock',
      'How long the session that waits longest for a lock has waited.',
      's',
      [[n('pg_blocking_longest_wait_seconds{%(s)s,%(db)s}'), '{{datname}} on {{server}}']],
      quarter + g.fromZero(1),
    ),
    g.timeseries(
      'Locks waited for',
      'Locks that sessions wait for, by mode, of all servers picked.',
      'none',
      [[q('sum by (mode) (pg_locks_waiting{%(s)s})'), '{{mode}}']],
      quarter + g.fromZero(4) + g.decimals(0),
    ),
    g.timeseries(
      'Deadlocks and conflicts',
      "Transactions ended to break a deadlock, and statements of a replica cancelled because of its primary's changes.",
      'none',
      [
        [n('increase(pg_stat_database_deadlocks{%(s)s,%(db)s}[$__rate_interval])'), 'deadlocks {{datname}} on {{server}}'],
        [n('increase(pg_stat_database_conflicts{%(s)s,%(db)s}[$__rate_interval])'), 'conflicts {{datname}} on {{server}}'],
      ],
      quarter + g.fromZero(4) + g.decimals(0),
    ),
  ]),

  g.row('Ages', [
    g.timeseries(
      'Oldest transaction',
      'How long the longest open transaction of each database has been open. Vacuum cannot remove what died since.',
      's',
      [[n('pg_age_longest_transaction_seconds{%(s)s,%(db)s}'), '{{datname}} on {{server}}']],
      quarter + g.fromZero(1),
    ),
    g.timeseries(
      'Longest running and idle',
      'How long the longest statement has been running, and the longest idle session in a transaction idle.',
      's',
      [
        [n('pg_age_longest_query_seconds{%(s)s,%(db)s}'), 'statement {{datname}} on {{server}}'],
        [n('pg_age_longest_idle_in_transaction_seconds{%(s)s,%(db)s}'), 'idle {{datname}} on {{server}}'],
      ],
      quarter + g.fromZero(1),
    ),
    g.timeseries(
      'Transactions by age',
      'Open transactions of clients that are at least so many seconds old, of all databases of a server.',
      'none',
      [[n('sum by (job, instance, target, at_least_seconds) (pg_age_sessions{%(s)s,activity="transaction"})'), '≥ {{at_least_seconds}} s {{server}}']],
      quarter + g.fromZero(4) + g.decimals(0),
    ),
    g.timeseries(
      'Prepared transactions',
      'Transactions prepared for two-phase commit and not yet decided (left axis), and the age of the oldest (right axis).',
      'none',
      [
        [n('sum by (job, instance, target) (pg_prepared_transactions{%(s)s})'), 'undecided {{server}}'],
        [n('max by (job, instance, target) (pg_prepared_transactions_oldest_seconds{%(s)s})'), 'age {{server}}'],
      ],
      quarter + g.fromZero(4) + g.decimals(0) + g.rightAxis('B', 's', '', 1),
    ),
  ]),
]
