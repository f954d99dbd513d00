// SPDX-License-Identifier: Apache-2.0
// Row of the Postgres pool dashboard: connections of PostgreSQL against the limits that apply to them.
local g = import '../lib/grafana.libsonnet';

local quarter = g.size(6, 9);
local none = g.noValue('no PostgreSQL');

function(n) [
  g.row('Connections (PostgreSQL)', [
    g.timeseries(
      'Connections by server',
      'Client connections of each server. Dashed: as many as ordinary roles may open, which is max_connections less what is reserved.',
      'none',
      [
        [n('pg_connections_used{%(s)s}'), 'used {{server}}'],
        [n('pg_connections_limit{%(s)s} - on (job, instance, target) sum by (job, instance, target) (pg_connections_reserved{%(s)s})'), 'limit {{server}}'],
      ],
      quarter + g.fromZero(10) + g.decimals(0) + g.dashed('B') + none,
    ),
    g.timeseries(
      'Connections by database',
      'Connections to each database, and dashed its own limit (CONNECTION LIMIT) where it has one.',
      'none',
      [
        [n('pg_connections_database_used{%(s)s,%(db)s}'), '{{datname}} on {{server}}'],
        [n('pg_connections_database_limit{%(s)s}'), '{{datname}} limit on {{server}}'],
      ],
      quarter + g.fromZero(10) + g.decimals(0) + g.dashed('B') + none,
    ),
    g.timeseries(
      'Connections by role',
      'Connections of each role that has any, and dashed its own limit (CONNECTION LIMIT) where it has one.',
      'none',
      [
        [n('pg_connections_role_used{%(s)s}'), '{{rolname}} on {{server}}'],
        [n('pg_connections_role_limit{%(s)s}'), '{{rolname}} limit on {{server}}'],
      ],
      quarter + g.fromZero(10) + g.decimals(0) + g.dashed('B') + none,
    ),
    g.timeseries(
      'Use of all limits',
      'Connections in use as a share of every limit that applies: of servers, of databases and of roles.',
      'percentunit',
      [
        [n('pg_connections_used{%(s)s} / (pg_connections_used{%(s)s} + pg_connections_left{%(s)s})'), 'server {{server}}'],
        [n('pg_connections_database_used{%(s)s} / (pg_connections_database_limit{%(s)s} > 0)'), 'database {{datname}} on {{server}}'],
        [n('pg_connections_role_used{%(s)s} / (pg_connections_role_limit{%(s)s} > 0)'), 'role {{rolname}} on {{server}}'],
      ],
      quarter + g.range(0, 1) + none,
    ),
  ]),
]
