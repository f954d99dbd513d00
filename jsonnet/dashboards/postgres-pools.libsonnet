// SPDX-License-Identifier: Apache-2.0
// Rows of the Postgres pool dashboard: PgBouncer's pools, and the checkout probe.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 9);
local graph = third + g.tableLegend('bottom');
local quarter = g.size(6, 9);
local none = g.noValue('no PgBouncer');
local noProbe = g.noValue('needs a section checkout in the config');

// Room for long names of settings.
local narrow = { fieldConfig+: { defaults+: { custom+: { minWidth: 60 } } } };

local pool = '{{user}}@{{database}} on {{server}}';

// The share of checkouts that took no longer than a bound of the histogram.
local within(le) = 'rate(pg_pool_checkout_duration_seconds_bucket{%(s)s,phase="total",le=~"' + le + '"}[$__rate_interval])';
local all = 'rate(pg_pool_checkout_duration_seconds_count{%(s)s,phase="total"}[$__rate_interval])';
local share(seconds) = '(sum without (le) (%s)) / (%s > 0)' % [seconds, all];

function(n, c) [
  g.row('Pools (PgBouncer)', [
    g.timeseries(
      'Clients by pool',
      'Clients of each pool that have a server connection or ask for nothing (active), and those that wait for one.',
      'none',
      [
        [n('pgbouncer_pools_client_active_connections{%(s)s,database!="pgbouncer"}'), 'active ' + pool],
        [n('pgbouncer_pools_client_waiting_connections{%(s)s,database!="pgbouncer"}'), 'waiting ' + pool],
      ],
      graph + g.fromZero(4) + g.decimals(0) + g.shades('A', 'blue') + g.shades('B', 'orange') + none,
    ),
    g.timeseries(
      'Server connections by pool',
      'Connections of each pool to its PostgreSQL server: a client has it, it is idle, or it is new or being checked. Dashed: as many as the pool may have.',
      'none',
      [
        [n('pgbouncer_pools_server_active_connections{%(s)s,database!="pgbouncer"}'), 'active ' + pool],
        [n('pgbouncer_pools_server_idle_connections{%(s)s,database!="pgbouncer"} + pgbouncer_pools_server_used_connections{%(s)s,database!="pgbouncer"}'), 'idle ' + pool],
        [n('pgbouncer_pools_server_login_connections{%(s)s,database!="pgbouncer"} + pgbouncer_pools_server_testing_connections{%(s)s,database!="pgbouncer"}'), 'new ' + pool],
        [n('pgbouncer_pools_server_max_connections{%(s)s,database!="pgbouncer"}'), 'limit ' + pool],
      ],
      graph + g.fromZero(4) + g.decimals(0) + g.dashed('D') + none,
    ),
    g.timeseries(
      'Pool in use by pool',
      'Server connections in use as a share of those that the pool may have. At 100 % every further client waits.',
      'percentunit',
      [[n('pgbouncer_pools_server_active_connections{%(s)s,database!="pgbouncer"} / pgbouncer_pools_server_max_connections{%(s)s,database!="pgbouncer"}'), pool]],
      graph + g.range(0, 1) + none,
    ),
    g.timeseries(
      'Waiting for a server connection',
      'How long the client that waits longest has waited at the moment of the scrape, and the mean wait of each query.',
      's',
      [
        [n('pgbouncer_pools_client_maxwait_seconds{%(s)s,database!="pgbouncer"}'), 'longest ' + pool],
        [n('rate(pgbouncer_stats_totals_client_wait_seconds_total{%(s)s,database!="pgbouncer"}[$__rate_interval]) / clamp_min(rate(pgbouncer_stats_totals_queries_pooled_total{%(s)s,database!="pgbouncer"}[$__rate_interval]), 0.001)'), 'mean {{database}} on {{server}}'],
      ],
      graph + g.fromZero(0.01) + none,
    ),
    g.timeseries(
      'Wait against its timeout',
      'The longest wait as a share of query_wait_timeout. At 100 % clients are thrown out with an error.',
      'percentunit',
      [[n('pgbouncer_pools_client_maxwait_seconds{%(s)s,database!="pgbouncer"} / on (job, instance, target) group_left () pgbouncer_config_query_wait_timeout_seconds{%(s)s}'), pool]],
      graph + g.fromZero(0.1) + g.noValue('no PgBouncer with a query_wait_timeout'),
    ),
    g.timeseries(
      'Throughput',
      'Queries and transactions a second that went through PgBouncer.',
      'ops',
      [
        [n('rate(pgbouncer_stats_totals_queries_pooled_total{%(s)s,database!="pgbouncer"}[$__rate_interval])'), 'queries {{database}} on {{server}}'],
        [n('rate(pgbouncer_stats_totals_sql_transactions_pooled_total{%(s)s,database!="pgbouncer"}[$__rate_interval])'), 'transactions {{database}} on {{server}}'],
      ],
      graph + g.fromZero(10) + none,
    ),
    g.timeseries(
      'Query and transaction time',
      'Mean time of a query, and mean time for which a transaction keeps its server connection.',
      's',
      [
        [n('rate(pgbouncer_stats_totals_queries_duration_seconds_total{%(s)s,database!="pgbouncer"}[$__rate_interval]) / clamp_min(rate(pgbouncer_stats_totals_queries_pooled_total{%(s)s,database!="pgbouncer"}[$__rate_interval]), 0.001)'), 'query {{database}} on {{server}}'],
        [n('rate(pgbouncer_stats_totals_server_in_transaction_seconds_total{%(s)s,database!="pgbouncer"}[$__rate_interval]) / clamp_min(rate(pgbouncer_stats_totals_sql_transactions_pooled_total{%(s)s,database!="pgbouncer"}[$__rate_interval]), 0.001)'), 'transaction {{database}} on {{server}}'],
      ],
      graph + g.fromZero(0.001) + none,
    ),
    g.timeseries(
      'Traffic',
      'Bytes a second that clients sent to PgBouncer and got from it.',
      'Bps',
      [
        [n('rate(pgbouncer_stats_totals_received_bytes_total{%(s)s,database!="pgbouncer"}[$__rate_interval])'), 'received {{database}} on {{server}}'],
        [n('rate(pgbouncer_stats_totals_sent_bytes_total{%(s)s,database!="pgbouncer"}[$__rate_interval])'), 'sent {{database}} on {{server}}'],
      ],
      graph + g.fromZero(1000) + none,
    ),
    g.timeseries(
      'Paused and disabled databases',
      'Databases in which PgBouncer lets no client work, because somebody said PAUSE, SUSPEND or DISABLE.',
      'none',
      [
        [n('sum by (job, instance, target) (pgbouncer_databases_paused{%(s)s})'), 'paused {{server}}'],
        [n('sum by (job, instance, target) (pgbouncer_databases_disabled{%(s)s})'), 'disabled {{server}}'],
      ],
      graph + g.fromZero(4) + g.decimals(0) + none,
    ),
    g.timeseries(
      'Clients and their limit',
      'Clients of each PgBouncer, those logging in, and (dashed) as many as it lets in.',
      'none',
      [
        [n('pgbouncer_used_clients{%(s)s}'), 'clients {{server}}'],
        [n('pgbouncer_login_clients{%(s)s}'), 'logging in {{server}}'],
        [n('pgbouncer_config_max_client_connections{%(s)s}'), 'limit {{server}}'],
      ],
      quarter + g.fromZero(10) + g.decimals(0) + g.dashed('C') + none,
    ),
    g.table(
      'Sizes',
      "PgBouncer's limits on connections. Those that are not set are left out.",
      [[
        n(std.join(' or ', [
          'label_replace(pgbouncer_config_%s{%%(s)s}, "setting", "%s", "", "")' % setting
          for setting in [
            ['max_client_connections', 'max_client_conn'],
            ['default_pool_size', 'default_pool_size'],
            ['min_pool_size', 'min_pool_size'],
            ['reserve_pool_size', 'reserve_pool_size'],
            ['max_db_connections', 'max_db_connections'],
            ['max_user_connections', 'max_user_connections'],
          ]
        ])),
        '{{setting}}',
      ]],
      { setting: 'Setting', server: 'Server' },
      ['instance', 'target'],
      g.size(9, 9) + g.valueColumn('Value', 'none') + narrow + g.columnWidths({ Setting: 185, Value: 75 }) + none,
    ),
    g.table(
      'Timeouts',
      "PgBouncer's timeouts. Those that are not set are left out.",
      [[
        n(std.join(' or ', [
          'label_replace(pgbouncer_config_%s_seconds{%%(s)s}, "setting", "%s", "", "")' % [setting, setting]
          for setting in [
            'query_wait_timeout',
            'query_timeout',
            'client_idle_timeout',
            'idle_transaction_timeout',
            'server_idle_timeout',
            'server_lifetime',
            'server_connect_timeout',
            'server_login_retry',
            'client_login_timeout',
            'reserve_pool_timeout',
          ]
        ])),
        '{{setting}}',
      ]],
      { setting: 'Setting', server: 'Server' },
      ['instance', 'target'],
      g.size(9, 9) + g.valueColumn('Value', 's') + narrow + g.columnWidths({ Setting: 185, Value: 75 }) + none,
    ),
  ]),

  g.row('Checkout of a connection, as an application does it', [
    g.timeseries(
      'Checkout time',
      'Time within which so many of the checkouts were done: connect, wait for the pool, run SELECT 1.',
      's',
      [
        [n('histogram_quantile(0.5, sum by (job, instance, target, le) (rate(pg_pool_checkout_duration_seconds_bucket{%(s)s,phase="total"}[$__rate_interval])))'), 'half {{server}}'],
        [n('histogram_quantile(0.95, sum by (job, instance, target, le) (rate(pg_pool_checkout_duration_seconds_bucket{%(s)s,phase="total"}[$__rate_interval])))'), '95 % {{server}}'],
        [n('histogram_quantile(0.99, sum by (job, instance, target, le) (rate(pg_pool_checkout_duration_seconds_bucket{%(s)s,phase="total"}[$__rate_interval])))'), '99 % {{server}}'],
      ],
      quarter + g.fromZero(0.01) + noProbe,
    ),
    g.timeseries(
      'Checkout time by phase',
      'Mean time of each phase: connecting and logging in, waiting for the pool (BEGIN), the query.',
      's',
      [[n('sum by (job, instance, target, phase) (rate(pg_pool_checkout_duration_seconds_sum{%(s)s,phase!="total"}[$__rate_interval])) / clamp_min(sum by (job, instance, target, phase) (rate(pg_pool_checkout_duration_seconds_count{%(s)s,phase!="total"}[$__rate_interval])), 0.001)'), '{{phase}} {{server}}']],
      quarter + g.stacked + noProbe,
    ),
    g.timeseries(
      'Checkouts by time',
      'Share of the checkouts that took up to 10 ms, to 100 ms, to a second, and longer.',
      'percentunit',
      [
        [n(share(within('0.01'))), 'to 10 ms {{server}}'],
        [n(share(within('0.1')) + ' - ' + share(within('0.01'))), 'to 100 ms {{server}}'],
        [n(share(within('1|1.0')) + ' - ' + share(within('0.1'))), 'to 1 s {{server}}'],
        [n('1 - ' + share(within('1|1.0'))), 'longer {{server}}'],
      ],
      quarter + g.stacked + g.range(0, 1) + g.shades('A', 'green') + g.shades('B', 'yellow') + g.shades('C', 'orange') + g.shades('D', 'red') + noProbe,
    ),
    g.timeseries(
      'Checkout errors',
      'Checkouts a second that were tried, and those that failed, by class of SQLSTATE: 08 connection, 28 login, 53 out of connections, 57 shut down or cancelled.',
      'ops',
      [
        [n('rate(pg_pool_checkout_attempts_total{%(s)s}[$__rate_interval])'), 'tried {{server}}'],
        [n('rate(pg_pool_checkout_errors_total{%(s)s}[$__rate_interval])'), 'failed {{sqlstate_class}} {{server}}'],
      ],
      quarter + g.fromZero(1) + g.tableLegend('bottom') + noProbe,
    ),
  ]),
]
