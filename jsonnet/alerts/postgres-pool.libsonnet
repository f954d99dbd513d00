// SPDX-License-Identifier: Apache-2.0
// Alerts on connections: those that PostgreSQL's limits still let in, PgBouncer's pools, and what an application's
// checkout of a connection takes.
local alerts = import '../lib/alerts.libsonnet';

{
  connections(c):: alerts.pair(function(severity) {
    alert: 'PostgresConnectionsNearLimit',
    expr: |||
      pg_connections_used{%(selector)s}
      / (pg_connections_used{%(selector)s} + pg_connections_left{%(selector)s}) > %(used)g
    ||| % (c { used: c.connections[severity] }),
    'for': { warning: '10m', critical: '2m' }[severity],
    annotations+: {
      summary: 'A PostgreSQL server is running out of connections.',
      description: '{{ $value | humanizePercentage }} of the connections of ' + c.server + ' that are not reserved are in use.',
    },
  }) + alerts.pair(function(severity) {
    alert: 'PostgresDatabaseConnectionsNearLimit',
    expr: |||
      pg_connections_database_used{%(selector)s}
      / (pg_connections_database_limit{%(selector)s} > 0) > %(used)g
    ||| % (c { used: c.connections[severity] }),
    'for': { warning: '10m', critical: '2m' }[severity],
    annotations+: {
      summary: 'A database is close to its own connection limit.',
      description: '{{ $value | humanizePercentage }} of the connections that database {{ $labels.datname }} of ' + c.server + ' may have are in use.',
    },
  }) + alerts.pair(function(severity) {
    alert: 'PostgresRoleConnectionsNearLimit',
    expr: |||
      pg_connections_role_used{%(selector)s}
      / (pg_connections_role_limit{%(selector)s} > 0) > %(used)g
    ||| % (c { used: c.connections[severity] }),
    'for': { warning: '10m', critical: '2m' }[severity],
    annotations+: {
      summary: 'A role is close to its own connection limit.',
      description: '{{ $value | humanizePercentage }} of the connections that role {{ $labels.rolname }} of ' + c.server + ' may have are in use.',
    },
  }),

  pool(c):: alerts.pair(function(severity) {
    alert: 'PostgresPoolSaturated',
    expr: |||
      pgbouncer_pools_client_waiting_connections{%(selector)s}
      / pgbouncer_pools_server_max_connections{%(selector)s} > %(queue)g
    ||| % (c { queue: c.poolQueue[severity] }),
    'for': { warning: '5m', critical: '2m' }[severity],
    annotations+: {
      summary: 'Clients queue for the connections of a pool.',
      description: 'In the pool of {{ $labels.user }} to {{ $labels.database }} on ' + c.server + ' {{ $value | printf "%.1f" }} clients wait for each server connection that it may have.',
    },
  }) + alerts.pair(function(severity) {
    alert: 'PostgresPoolWaitLong',
    expr: |||
      pgbouncer_pools_client_maxwait_seconds{%(selector)s} > %(wait)g
    ||| % (c { wait: c.poolWaitSeconds[severity] }),
    'for': '2m',
    keep_firing_for: '5m',
    annotations+: {
      summary: 'Clients wait long for a connection of a pool.',
      description: 'A client of the pool of {{ $labels.user }} to {{ $labels.database }} on ' + c.server + ' has waited {{ $value | humanizeDuration }} for a server connection.',
    },
  }) + alerts.pair(function(severity) {
    alert: 'PostgresPoolWaitNearTimeout',
    expr: |||
      pgbouncer_pools_client_maxwait_seconds{%(selector)s}
      / ignoring (database, user) group_left ()
      pgbouncer_config_query_wait_timeout_seconds{%(selector)s} > %(share)g
    ||| % (c { share: c.poolWaitOfTimeout[severity] }),
    'for': '2m',
    annotations+: {
      summary: 'Waiting clients of a pool are about to be thrown out.',
      description: 'A client of the pool of {{ $labels.user }} to {{ $labels.database }} on ' + c.server + ' has waited {{ $value | humanizePercentage }} of query_wait_timeout.',
    },
  }) + [
    alerts.warning {
      alert: 'PostgresPoolPaused',
      expr: |||
        pgbouncer_databases_paused{%(selector)s} == 1
        or
        pgbouncer_databases_disabled{%(selector)s} == 1
      ||| % c,
      'for': '10m',
      annotations+: {
        summary: 'A database is paused or disabled in PgBouncer.',
        description: 'Database {{ $labels.name }} of PgBouncer ' + c.server + ' lets no client work.',
      },
    },
  ] + alerts.pair(function(severity) {
    alert: 'PostgresPoolClientsNearLimit',
    expr: |||
      pgbouncer_used_clients{%(selector)s}
      / pgbouncer_config_max_client_connections{%(selector)s} > %(used)g
    ||| % (c { used: c.poolClients[severity] }),
    'for': { warning: '10m', critical: '2m' }[severity],
    annotations+: {
      summary: 'A PgBouncer is running out of client connections.',
      description: 'PgBouncer ' + c.server + ' has {{ $value | humanizePercentage }} of the clients that max_client_conn allows.',
    },
  }) + alerts.pair(function(severity) {
    alert: 'PostgresCheckoutSlow',
    expr: |||
      histogram_quantile(
        0.95,
        rate(pg_pool_checkout_duration_seconds_bucket{%(selector)s,phase="total"}[5m])
      ) > %(seconds)g
    ||| % (c { seconds: c.checkoutSeconds[severity] }),
    'for': '5m',
    keep_firing_for: '5m',
    annotations+: {
      summary: 'Checking out a database connection takes long.',
      description: 'One checkout in 20 of a connection of ' + c.server + ' takes {{ $value | humanizeDuration }} or longer.',
    },
  }) + alerts.pair(function(severity) {
    alert: 'PostgresCheckoutFailing',
    expr: |||
      sum without (sqlstate_class) (rate(pg_pool_checkout_errors_total{%(selector)s}[5m]))
      / rate(pg_pool_checkout_attempts_total{%(selector)s}[5m]) > %(share)g
    ||| % (c { share: c.checkoutErrors[severity] }),
    'for': { warning: '5m', critical: '2m' }[severity],
    annotations+: {
      summary: 'Checking out a database connection fails.',
      description: '{{ $value | humanizePercentage }} of the checkouts of a connection of ' + c.server + ' fail.',
    },
  }),
}
