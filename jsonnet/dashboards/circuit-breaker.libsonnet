// SPDX-License-Identifier: Apache-2.0
// The dashboard of circuit breakers, wherever their state is read.
local g = import '../lib/grafana.libsonnet';
local text = import '../lib/text.libsonnet';
local calls = import 'circuit-breaker-calls.libsonnet';
local exporter = import 'circuit-breaker-exporter.libsonnet';
local overview = import 'circuit-breaker-overview.libsonnet';
local sources = import 'circuit-breaker-sources.libsonnet';
local states = import 'circuit-breaker-states.libsonnet';

{
  grafanaDashboards+:: {
    // Puts selectors into an expression: %(b)s the chosen breakers, %(s)s the chosen sources, %(e)s the chosen exporters.
    local q(expr) = text.fill(expr, {
      b: 'job=~"$job",instance=~"$instance",source=~"$source",breaker=~"$breaker"',
      s: 'job=~"$job",instance=~"$instance",source=~"$source"',
      e: 'job=~"$job",instance=~"$instance"',
    }),
    // Breakers may have instances of their own; sources and what is the exporter's have the exporter's. The variable has both.
    local both(metrics, more='') = '{__name__=~"circuit_breaker_(%s)",job=~"$job"%s}' % [metrics, more],

    'circuit-breakers.json': g.dashboard(
      $._config,
      uid='binnacle-circuit-breakers',
      title='Binnacle / Circuit breakers',
      description='Circuit breakers of HAProxy, Envoy, resilience4j, Redis-held ones and those that applications report: states, transitions, calls, latency, limits.',
      variables=[
        g.labelVariable('job', 'Job', 'circuit_breaker_exporter_build_info'),
        g.labelVariable('instance', 'Instance', both('state|exporter_build_info'), allValue='.+'),
        g.labelVariable('source', 'Source', both('state|source_up', ',instance=~"$instance"'), allValue='.*'),
        // Alerts on sources have none.
        g.labelVariable('breaker', 'Breaker', 'circuit_breaker_state{job=~"$job",instance=~"$instance",source=~"$source"}', allValue='.*'),
      ],
      annotations=[
        g.annotation('Openings', 'orange', q('increase(circuit_breaker_transitions_total{%(b)s,from="closed",to="open"}[$__rate_interval]) > 0'), '{{source}} {{breaker}} {{instance}} opened'),
        g.exporterRestarts(q('%(e)s')),
        g.firingAlerts(q('%(b)s,component="circuit-breaker"'), '{{alertname}} {{source}} {{breaker}} {{instance}}'),
      ],
      rows=overview(q, $._config.runbookURLPattern) + states.rows(q) + calls(q) + sources(q) + exporter(q),
    ),
  },
}
