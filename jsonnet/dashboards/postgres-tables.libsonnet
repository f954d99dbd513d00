// SPDX-License-Identifier: Apache-2.0
// Row of the Postgres performance dashboard: tables, partitions and slow statements.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 9) + g.tableLegend('bottom');
local noTables = g.noValue('the database has no tables');
local noStatements = g.noValue('needs the extension pg_stat_statements');

function(n) [
  g.row('Tables and statements', [
    g.timeseries(
      'Largest tables',
      'Bytes of each table with its indexes.',
      'bytes',
      [[n('topk(10, pg_stat_user_tables_table_size_bytes{%(s)s} + pg_stat_user_tables_index_size_bytes{%(s)s})'), '{{relname}} on {{server}}']],
      third + g.fromZero(1024 * 1024) + noTables,
    ),
    g.timeseries(
      'Most written tables',
      'Rows a second that were inserted, updated or deleted.',
      'ops',
      [[n('topk(10, rate(pg_stat_user_tables_n_tup_ins{%(s)s}[$__rate_interval]) + rate(pg_stat_user_tables_n_tup_upd{%(s)s}[$__rate_interval]) + rate(pg_stat_user_tables_n_tup_del{%(s)s}[$__rate_interval]))'), '{{relname}} on {{server}}']],
      third + g.fromZero(1) + noTables,
    ),
    g.timeseries(
      'Rows read by whole scans of tables',
      'Rows a second that were read by scans of a whole table. Many of a large table ask for an index.',
      'ops',
      [[n('topk(10, rate(pg_stat_user_tables_seq_tup_read{%(s)s}[$__rate_interval]))'), '{{relname}} on {{server}}']],
      third + g.fromZero(10) + noTables,
    ),
    g.timeseries(
      'Time of slow statements',
      "Seconds a second that each statement took whose mean time is past the exporter's threshold. Its text is on the exporter's page /queries.",
      'none',
      [
        [n('topk(10, rate(pg_slow_query_seconds_total{%(s)s}[$__rate_interval]))'), '{{queryid}} {{rolname}} {{datname}} on {{server}}'],
        [n('pg_slow_queries{%(s)s} * 0'), 'none of {{server}}'],
      ],
      third + g.fromZero(0.1) + g.axisLabel('connections') + noStatements,
    ),
    g.timeseries(
      'Slow statements',
      "Statements whose mean time is past the exporter's threshold (left axis), and how often a second they are run (right axis).",
      'none',
      [
        [n('pg_slow_queries{%(s)s}'), 'statements {{server}}'],
        [n('sum by (job, instance, target) (rate(pg_slow_query_calls_total{%(s)s}[$__rate_interval]))'), 'calls {{server}}'],
      ],
      third + g.fromZero(4) + g.rightAxis('B', 'ops', 'calls', 1) + noStatements,
    ),
    g.timeseries(
      'Partitions ahead, and rows in the default one',
      'How far the partitions of each table reach beyond now (left axis), and the rows in its default partition (right axis, an estimate).',
      's',
      [
        [n('pg_partition_ahead_seconds{%(s)s}'), '{{relname}} ahead on {{server}}'],
        [n('pg_partition_default_rows{%(s)s}'), '{{relname}} default on {{server}}'],
      ],
      third + g.fromZero(3600) + g.rightAxis('B', 'short', 'rows', 10) + g.noValue('no table partitioned by time'),
    ),
  ]),
]
