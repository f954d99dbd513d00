// SPDX-License-Identifier: Apache-2.0
// The two dashboards of the AI gateway: whether requests are served (gateway), and what they cost (cost).
local g = import '../lib/grafana.libsonnet';
local text = import '../lib/text.libsonnet';
local cost = import 'ai-gateway-cost.libsonnet';
local exporter = import 'ai-gateway-exporter.libsonnet';
local models = import 'ai-gateway-models.libsonnet';
local overview = import 'ai-gateway-overview.libsonnet';
local requests = import 'ai-gateway-requests.libsonnet';
local upstreams = import 'ai-gateway-upstreams.libsonnet';

{
  grafanaDashboards+:: {
    local c = $._config.aiGateway,
    local runbook = $._config.runbookURLPattern,
    // Puts selectors into an expression: the chosen gateways (%(e)s), of those the chosen models (%(o)s), upstreams
    // (%(u)s) or both (%(m)s), and the breakers of the chosen upstreams (%(b)s).
    local q(expr) = text.fill(expr, {
      e: 'job=~"$job",instance=~"$instance"',
      o: 'job=~"$job",instance=~"$instance",model=~"$model"',
      u: 'job=~"$job",instance=~"$instance",upstream=~"$upstream"',
      m: 'job=~"$job",instance=~"$instance",model=~"$model",upstream=~"$upstream"',
      b: 'job=~"$job",instance=~"$instance",source="ai-gateway",breaker=~"$upstream"',
    }),
    local dashboard(uid, title, description, rows) = g.dashboard(
      $._config,
      uid=uid,
      title=title,
      description=description,
      variables=g.exporterVariables('aigw_exporter_build_info') + [
        // Models and upstreams of the config, and those that only requests have: "other" and "none".
        g.labelVariable('model', 'Model', '{__name__=~"aigw_(in_flight_requests|requests_total)",job=~"$job",instance=~"$instance"}', allValue='.*'),
        g.labelVariable('upstream', 'Upstream', '{__name__=~"aigw_(upstream_in_flight_requests|requests_total)",job=~"$job",instance=~"$instance"}', allValue='.*'),
      ],
      annotations=[
        g.annotation('Breakers opened', 'orange', q('increase(circuit_breaker_transitions_total{%(b)s,from="closed",to="open"}[$__rate_interval]) > 0'), 'the breaker of {{breaker}} on {{instance}} opened'),
        g.exporterRestarts(q('%(e)s'), 'gateway'),
        g.firingAlerts(q('%(e)s,component="ai-gateway"')),
      ],
      rows=rows,
    ),

    'ai-gateway.json': dashboard(
      'binnacle-ai-gateway',
      'Binnacle / AI gateway',
      'Requests for language models through the gateway: outcomes, latency, streams, queues, limits, fallbacks, upstreams.',
      [overview.gateway(q, c, runbook)] + requests.rows(q, c) + models(q) + upstreams(q, c) + exporter(q),
    ),
    'ai-cost.json': dashboard(
      'binnacle-ai-cost',
      'Binnacle / AI cost and tokens',
      'What requests for language models cost, by model and upstream: money, tokens, budget, and how far the numbers can be trusted.',
      [overview.cost(q, c, runbook)] + cost(q),
    ),
  },
}
