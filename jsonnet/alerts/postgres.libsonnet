// SPDX-License-Identifier: Apache-2.0
// Alerts of the postgres-pool exporter: the exporter and its targets here, the rest in the files beside this one.
local alerts = import '../lib/alerts.libsonnet';
local pool = import 'postgres-pool.libsonnet';
local replication = import 'postgres-replication.libsonnet';
local sessions = import 'postgres-sessions.libsonnet';
local storage = import 'postgres-storage.libsonnet';

// The server that an alert is about, in a text. An exporter of one server has no label `target`.
local server = '{{ with $labels.target }}{{ . }} on {{ end }}{{ $labels.instance }}';

local servers(c) = [
  alerts.critical {
    alert: 'PostgresServerDown',
    expr: |||
      pg_up{%(selector)s} == 0
    ||| % c,
    'for': '3m',
    annotations+: {
      summary: 'A PostgreSQL server does not answer.',
      description: 'The exporter gets no answer from PostgreSQL ' + server + '.',
    },
  },
  alerts.critical {
    alert: 'PostgresBouncerDown',
    expr: |||
      pgbouncer_up{%(selector)s} == 0
    ||| % c,
    'for': '3m',
    annotations+: {
      summary: 'A PgBouncer does not answer.',
      description: 'The exporter gets no answer from the console of PgBouncer ' + server + '.',
    },
  },
  alerts.warning {
    alert: 'PostgresCollectorFailing',
    expr: |||
      pg_scrape_collector_success{%(selector)s} == 0
      unless ignoring (state)
      pg_scrape_collector_state{%(selector)s,state="not_applicable"} == 1
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'A collector of the postgres-pool exporter fails.',
      description: 'Collector {{ $labels.collector }} of ' + server + ' fails or times out; its metrics are missing or old.',
    },
  },
];

// These series belong to no server.
local exporter(c) = [
  alerts.critical {
    alert: 'PostgresExporterDown',
    expr: |||
      up{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'A postgres-pool exporter is down.',
      description: '{{ $labels.instance }} (job {{ $labels.job }}) has no working exporter: its servers are not watched.',
    },
  },
  alerts.warning {
    alert: 'PostgresSeriesDropped',
    expr: |||
      increase(pg_scrape_series_dropped_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'The postgres-pool exporter drops series.',
      description: 'Collector {{ $labels.collector }} on {{ $labels.instance }} dropped {{ $value | printf "%.0f" }} series in 15 minutes ({{ $labels.reason }}).',
    },
  },
  alerts.warning {
    alert: 'PostgresConfigReloadFailed',
    expr: |||
      pg_config_last_reload_successful{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'The postgres-pool exporter refused its new configuration.',
      description: '{{ $labels.instance }} runs with its old configuration because the last reload failed.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'PostgresHealthScoreLow',
  expr: |||
    pg_health_score{%(selector)s} < %(score)g
  ||| % (c { score: c.healthScore[severity] }),
  'for': '15m',
  keep_firing_for: '5m',
  annotations+: {
    summary: 'The health score of a database or pool is low.',
    description: 'The worst server of {{ $labels.instance }} has a health score of {{ $value | printf "%.0f" }} out of 100.',
  },
});

{
  local c = $._config.postgres { server: server },
  local group(name, dashboard, rules, variables=['job', 'instance', 'target']) = alerts.group(
    'postgres-' + name, 'postgres', rules, dashboard='binnacle-postgres-' + dashboard, variables=variables
  ),

  // What Alertmanager hides: everything about servers that nobody can see.
  alertmanager+:: {
    components+: ['postgres'],
    labels+: ['target', 'datname', 'rolname', 'database', 'user', 'phase', 'schemaname', 'relname', 'slot_name', 'application_name', 'client_addr'],
    inhibitRules+: [
      {
        why: "A postgres-pool exporter that is down: its servers' other alerts rest on old values.",
        source: ['alertname="PostgresExporterDown"'],
        target: ['component="postgres"', 'alertname!="PostgresExporterDown"'],
        equal: ['job', 'instance'],
      },
      {
        why: 'A PostgreSQL server or PgBouncer that is down: none of its collectors can work.',
        source: ['alertname=~"PostgresServerDown|PostgresBouncerDown"'],
        target: ['component="postgres"', 'alertname!~"PostgresServerDown|PostgresBouncerDown"'],
        equal: ['job', 'instance', 'target'],
      },
    ],
  },

  prometheusAlerts+:: {
    groups+: [
      group('exporter', 'pool', exporter(c), ['job', 'instance']),
      group('servers', 'pool', servers(c)),
      group('connections', 'pool', pool.connections(c)),
      group('pool', 'pool', pool.pool(c)),
      group('sessions', 'performance', sessions(c)),
      group('storage', 'performance', storage(c)),
      group('replication', 'performance', replication(c)),
    ],
  },
}
