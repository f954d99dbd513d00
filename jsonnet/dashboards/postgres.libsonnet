// SPDX-License-Identifier: Apache-2.0
// The two Postgres dashboards: whether connections can be had (pool), and what the servers do with them (performance).
local g = import '../lib/grafana.libsonnet';
local text = import '../lib/text.libsonnet';
local activity = import 'postgres-activity.libsonnet';
local connections = import 'postgres-connections.libsonnet';
local exporter = import 'postgres-exporter.libsonnet';
local overview = import 'postgres-overview.libsonnet';
local pools = import 'postgres-pools.libsonnet';
local replication = import 'postgres-replication.libsonnet';
local storage = import 'postgres-storage.libsonnet';
local tables = import 'postgres-tables.libsonnet';

{
  grafanaDashboards+:: {
    local c = $._config.postgres,
    // Puts selectors into an expression: %(s)s the chosen servers, %(e)s the chosen exporters, whose own series belong
    // to no server, %(db)s leaves out the databases that are templates.
    local q(expr) = text.fill(expr, {
      s: 'job=~"$job",instance=~"$instance",target=~"$target"',
      e: 'job=~"$job",instance=~"$instance"',
      db: 'datname!~"template0|template1|"',
    }),
    // The same, with a label `server`: the target's name, or the exporter's address where it has only one server.
    local named(expr) =
      'label_replace(label_replace(%s, "server", "$1", "instance", "(.+)"), "server", "$1", "target", "(.+)")' % q(expr),
    local dashboard(uid, title, description, rows) = g.dashboard(
      $._config,
      uid=uid,
      title=title,
      description=description,
      variables=g.exporterVariables('pg_exporter_build_info') + [
        // An exporter of one server has no such label.
        g.labelVariable('target', 'Server', 'pg_scrape_collector_success{job=~"$job",instance=~"$instance"}', allValue='.*'),
      ],
      annotations=[
        g.annotation('Server restarts', 'purple', q('changes(pg_postmaster_start_time_seconds{%(s)s}[$__rate_interval]) > 0'), '{{instance}} restarted'),
        g.exporterRestarts(q('%(e)s')),
        g.firingAlerts(q('%(s)s,component="postgres"')),
      ],
      rows=rows,
    ),

    'postgres-pool.json': dashboard(
      'binnacle-postgres-pool',
      'Binnacle / Postgres pool',
      'Whether applications get the database connections that they need: PgBouncer, checkouts, limits.',
      [overview.pool(q, named, c, $._config.runbookURLPattern)] + pools(named, c) + connections(named) + exporter(q, named),
    ),
    'postgres-performance.json': dashboard(
      'binnacle-postgres-performance',
      'Binnacle / Postgres performance',
      'What PostgreSQL servers do with their connections: transactions, locks, ages, vacuum, replication, IO, statements.',
      [overview.performance(q, named, c, $._config.runbookURLPattern)]
      + activity(q, named) + storage(named, c) + replication(named) + tables(named),
    ),
  },
}
