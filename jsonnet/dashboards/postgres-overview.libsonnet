// SPDX-License-Identifier: Apache-2.0
// First rows of the Postgres dashboards: what is wrong now. With several servers picked, they show the worst of them.
// Colors change where the alerts have their thresholds; those of scores where a server is degraded and unhealthy.
local g = import '../lib/grafana.libsonnet';

local badAbove(limits) = g.thresholds([[null, 'green'], [limits.warning, 'orange'], [limits.critical, 'red']]);
local score = g.thresholds([[null, 'red'], [50, 'orange'], [90, 'green']]);

local wide = g.size(4, 4);

local up(q) = g.stat(
  'Target',
  'Whether the exporters get answers from all servers and PgBouncers. It shows DOWN as soon as one of them does not answer.',
  'none',
  [[q('min(up{%(e)s}) * min(pg_up{%(s)s} or pgbouncer_up{%(s)s})'), 'up']],
  g.thresholds([[null, 'red'], [1, 'green']]) + g.valueTexts({ '0': ['DOWN', 'red'], '1': ['UP', 'green'] }),
);

local firing(q) = g.stat(
  'Alerts',
  'Alerts of this component that fire now. The table below names them.',
  'none',
  [[q('count(ALERTS{%(s)s,component="postgres",alertstate="firing"}) or vector(0)'), 'firing']],
  badAbove({ warning: 1, critical: 3 }),
);

local alertTable(q, runbook, size) = g.table(
  'Firing alerts, by name',
  'What fires now, with its severity. The name leads to the runbook page.',
  [[
    q('sum by (alertname, severity, instance, target) (ALERTS{%(s)s,component="postgres",alertstate="firing"}) or on () label_replace(vector(0), "none", "none is firing", "", "")'),
    'alerts',
  ]],
  // A column of its own for "none", so that it has no link.
  { alertname: 'Alert', severity: 'Severity', instance: 'Instance', target: 'Server', none: 'Alerts' },
  [],
  size
  + g.columnWidths({ Alert: 260, Severity: 80 })
  + g.coloredColumn('Severity', { critical: ['critical', 'red'], warning: ['warning', 'orange'], info: ['info', 'blue'] })
  + g.runbookColumn(runbook)
  + { options+: { sortBy: [{ displayName: 'Severity', desc: false }] } },
);

{
  pool(q, named, c, runbook):: g.row('Now', [
    g.stat(
      'Health',
      'The worst score from 0 to 100 of the servers that an exporter watches, of the exporters picked.',
      'none',
      [[q('min(pg_health_score{%(e)s})'), 'health score']],
      score + g.noValue('unknown') + g.decimals(0) + g.sparkline,
    ),
    up(q),
    firing(q),
    g.gauge(
      'Pool in use',
      'Server connections in use as a share of those that a pool may have, of the fullest pool.',
      'percentunit',
      [[q('max(pgbouncer_pools_server_active_connections{%(s)s} / pgbouncer_pools_server_max_connections{%(s)s})'), 'pool']],
      badAbove({ warning: 0.9, critical: 1 }) + g.range(0, 1) + g.decimals(0) + g.noValue('no PgBouncer'),
    ),
    g.gauge(
      'Client slots',
      'Clients as a share of max_client_conn, of the fullest PgBouncer.',
      'percentunit',
      [[q('max(pgbouncer_used_clients{%(s)s} / pgbouncer_config_max_client_connections{%(s)s})'), 'clients']],
      badAbove(c.poolClients) + g.range(0, 1) + g.decimals(0) + g.noValue('no PgBouncer'),
    ),
    g.gauge(
      'Connections',
      'Connections of the fullest PostgreSQL server in use, as a share of those that are not reserved.',
      'percentunit',
      [[q('max(pg_connections_used{%(s)s} / (pg_connections_used{%(s)s} + pg_connections_left{%(s)s}))'), 'connections']],
      badAbove(c.connections) + g.range(0, 1) + g.decimals(0) + g.noValue('no PostgreSQL'),
    ),
    g.stat(
      'Wait',
      'How long the client that waits longest has waited for a server connection.',
      's',
      [[q('max(pgbouncer_pools_client_maxwait_seconds{%(s)s})'), 'wait']],
      badAbove(c.poolWaitSeconds) + g.noValue('no PgBouncer') + g.sparkline,
    ),
    g.column([
      alertTable(q, runbook, g.size(12, 6)),
      g.timeseries(
        'Health score by exporter',
        "Score of each exporter's worst server over time. The legend begins with the exporter that was worst.",
        'none',
        [[q('pg_health_score{%(e)s}'), '{{instance}}']],
        g.size(12, 5) + g.range(0, 100) + {
          options+: { legend+: { displayMode: 'table', placement: 'right', calcs: ['min', 'lastNotNull'], sortBy: 'Min', sortDesc: false } },
        },
      ),
    ]),
    g.bargauge(
      'Health checks',
      'Score of each check behind the health score, 100 is best; those on top pull the score down. The names are without `_seconds`.',
      'none',
      [['sort(%s)' % named('min by (job, instance, target, check) (pg_health_check_score{%(s)s})'), '{{check}} {{server}}']],
      g.size(12, 11) + g.bars('left', 12, 24) + { options+: { text: { titleSize: 11, valueSize: 13 } } }
      + g.rename('/_seconds( |$)/', '$1') + score + g.range(0, 100) + g.decimals(0),
    ),
  ]),

  performance(q, named, c, runbook):: g.row('Now', [
    up(q) + wide,
    firing(q) + wide,
    g.stat(
      'Transactions',
      'Transactions a second that are committed or rolled back, of all servers.',
      'ops',
      [[q('sum(rate(pg_stat_database_xact_commit{%(s)s}[$__rate_interval]) + rate(pg_stat_database_xact_rollback{%(s)s}[$__rate_interval]))'), 'transactions']],
      wide + g.thresholds([[null, 'blue']]) + g.sparkline,
    ),
    g.stat(
      'Cache hits',
      'Share of the blocks read that were in shared_buffers, of all databases. What the kernel has in its page cache counts as a miss.',
      'percentunit',
      [[q('sum(rate(pg_stat_database_blks_hit{%(s)s}[$__rate_interval])) / (sum(rate(pg_stat_database_blks_hit{%(s)s}[$__rate_interval])) + sum(rate(pg_stat_database_blks_read{%(s)s}[$__rate_interval])))'), 'hits']],
      wide + g.thresholds([[null, 'orange'], [c.cacheHits, 'green']]) + g.decimals(1) + g.noValue('nothing is read'),
    ),
    g.stat(
      'Blocked',
      'Sessions that wait for a lock.',
      'none',
      [[q('sum(pg_blocked_sessions{%(s)s})'), 'blocked']],
      wide + badAbove({ warning: 1, critical: 10 }) + g.sparkline,
    ),
    g.stat(
      'Lag',
      'How far the slowest replica is behind in replaying what it received, by its own account.',
      's',
      [[q('max(pg_replication_lag_seconds{%(s)s})'), 'lag']],
      wide + badAbove(c.replicationLagSeconds) + g.decimals(1),
    ),
    g.column([
      g.stat(
        'Oldest open',
        'How long the longest open transaction of a client has been open.',
        's',
        [[q('max(pg_age_longest_transaction_seconds{%(s)s})'), 'transaction']],
        wide + badAbove(c.transactionSeconds) + g.decimals(1),
      ),
      g.stat(
        'Ids left',
        'Share of the way to wraparound that is left to the oldest transaction id or multixact id of any database.',
        'percentunit',
        [[q('min(pg_xid_headroom_ratio{%(s)s,limit="wraparound"} or pg_multixact_headroom_ratio{%(s)s,limit="wraparound"})'), 'left']],
        wide + g.thresholds([[null, 'red'], [c.idHeadroom.critical, 'orange'], [c.idHeadroom.warning, 'green']]) + g.decimals(0),
      ),
    ]),
    alertTable(q, runbook, g.size(11, 8)),
    g.table(
      'PostgreSQL servers',
      'Version and role of each server, with the time since it started.',
      [[
        named('(time() - pg_postmaster_start_time_seconds{%(s)s}) * on (job, instance, target) group_left (short_version) pg_static{%(s)s} * on (job, instance, target) group_left (role) (label_replace(pg_replication_is_replica{%(s)s} == 1, "role", "replica", "", "") or label_replace(pg_replication_is_replica{%(s)s} + 1 == 1, "role", "primary", "", ""))'),
        'server',
      ]],
      { server: 'Server', short_version: 'Version', role: 'Role' },
      ['instance', 'target'],
      g.size(9, 8) + g.valueColumn('Running for', 's') + g.decimals(1) + g.columnWidths({ Role: 75, Version: 80, 'Running for': 100 }),
    ),
  ]),
}
