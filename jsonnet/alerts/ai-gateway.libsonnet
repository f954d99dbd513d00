// SPDX-License-Identifier: Apache-2.0
// Alerts of the AI gateway: the process itself here, the rest in the files beside this one.
local alerts = import '../lib/alerts.libsonnet';
local cost = import 'ai-gateway-cost.libsonnet';
local models = import 'ai-gateway-models.libsonnet';
local service = import 'ai-gateway-service.libsonnet';
local upstreams = import 'ai-gateway-upstreams.libsonnet';

local process(c) = [
  alerts.critical {
    alert: 'AiGatewayExporterDown',
    expr: |||
      up{%(selector)s} == 0
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'An AI gateway is down.',
      description: '{{ $labels.instance }} (job {{ $labels.job }}) does not answer: requests through it fail, and nobody counts them.',
    },
  },
  alerts.warning {
    alert: 'AiGatewayExporterRestarting',
    expr: |||
      changes(process_start_time_seconds{%(selector)s}[1h]) > %(restarts)g
    ||| % c,
    annotations+: {
      summary: 'An AI gateway starts again and again.',
      description: '{{ $labels.instance }} (job {{ $labels.job }}) started {{ $value | printf "%.0f" }} times in an hour; requests under way may have been cut off each time.',
    },
  },
  alerts.warning {
    alert: 'AiGatewayCollectorFailing',
    expr: |||
      aigw_scrape_collector_success{%(selector)s} == 0
      unless ignoring (state)
      aigw_scrape_collector_state{%(selector)s,state="not_applicable"} == 1
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'A collector of the AI gateway fails.',
      description: 'Collector {{ $labels.collector }} of {{ $labels.instance }} fails or times out; its metrics are missing or old.',
    },
  },
  alerts.warning {
    alert: 'AiGatewaySeriesDropped',
    expr: |||
      increase(aigw_scrape_series_dropped_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'The AI gateway drops series.',
      description: 'Collector {{ $labels.collector }} on {{ $labels.instance }} dropped {{ $value | printf "%.0f" }} series in 15 minutes ({{ $labels.reason }}).',
    },
  },
  alerts.warning {
    alert: 'AiGatewayConfigReloadFailed',
    expr: |||
      aigw_config_last_reload_successful{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'The AI gateway refused its new configuration.',
      description: '{{ $labels.instance }} runs with its old configuration because the last reload failed.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'AiGatewayHealthScoreLow',
  expr: |||
    aigw_health_score{%(selector)s} < %(score)g
  ||| % (c { score: c.healthScore[severity] }),
  'for': '15m',
  keep_firing_for: '5m',
  annotations+: {
    summary: 'The health score of an AI gateway is low.',
    description: 'The AI gateway ' + c.gateway + ' has a health score of {{ $value | printf "%.0f" }} out of 100.',
  },
}) + alerts.pair(function(severity) {
  alert: 'AiGatewayConnectionsNearLimit',
  expr: |||
    aigw_connections{%(selector)s}
    / aigw_connections_limit{%(selector)s} > %(used)g
  ||| % (c { used: c.connections[severity] }),
  'for': { warning: '10m', critical: '2m' }[severity],
  annotations+: {
    summary: 'An AI gateway is running out of connections.',
    description: '{{ $value | humanizePercentage }} of the connections that clients may have to ' + c.gateway + ' are in use.',
  },
}) + alerts.pair(function(severity) {
  alert: 'AiGatewayMemoryNearLimit',
  expr: |||
    aigw_held_bytes{%(selector)s}
    / aigw_held_bytes_limit{%(selector)s} > %(used)g
  ||| % (c { used: c.memory[severity] }),
  'for': { warning: '10m', critical: '2m' }[severity],
  annotations+: {
    summary: 'An AI gateway holds nearly as much in memory as it may.',
    description: 'The requests that ' + c.gateway + ' holds take {{ $value | humanizePercentage }} of the memory that they may.',
  },
}) + [
  alerts.warning {
    alert: 'AiGatewaySharedLimitsDown',
    expr: |||
      aigw_shared_limits_up{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'The limits that AI gateways share are not shared.',
      description: '{{ $labels.instance }} cannot reach the Redis of the shared limits: each gateway counts for itself.',
    },
  },
];

{
  local c = $._config.aiGateway {
    // What an alert is about, in a text.
    gateway: '{{ $labels.instance }}',
    model: '{{ $labels.model }} ({{ $labels.instance }})',
    upstream: 'Upstream {{ $labels.upstream }} of {{ $labels.instance }}',
  },
  local group(name, rules, variables=[], dashboard='binnacle-ai-gateway') = alerts.group(
    'ai-gateway-' + name, 'ai-gateway', rules, dashboard=dashboard, variables=['job', 'instance'] + variables
  ),

  alertmanager+:: {
    components+: ['ai-gateway'],
    labels+: ['model', 'upstream', 'kind', 'collector'],
    inhibitRules+: [
      {
        why: 'An AI gateway that is down: its other alerts rest on old values.',
        source: ['alertname="AiGatewayExporterDown"'],
        target: ['component="ai-gateway"', 'alertname!="AiGatewayExporterDown"'],
        equal: ['job', 'instance'],
      },
      {
        why: 'A model that fails fast: of course it does so over the longer windows, too.',
        source: ['alertname="AiGatewayErrorBudgetBurnFast"'],
        target: ['alertname="AiGatewayErrorBudgetBurnSlow"'],
        equal: ['job', 'instance', 'model'],
      },
      {
        why: 'A model that is slow: the same.',
        source: ['alertname="AiGatewayLatencyBudgetBurnFast"'],
        target: ['alertname="AiGatewayLatencyBudgetBurnSlow"'],
        equal: ['job', 'instance', 'model'],
      },
      {
        why: 'A model that no upstream serves: of course its requests fail.',
        source: ['alertname="AiGatewayModelUnavailable"'],
        target: ['alertname=~"AiGatewayErrorBudgetBurnFast|AiGatewayErrorBudgetBurnSlow|AiGatewayFallbackInUse|AiGatewayClientRetriesHigh"'],
        equal: ['job', 'instance', 'model'],
      },
      {
        why: 'An upstream whose breaker is open: of course its probe fails, it is slow and its streams break off.',
        source: ['alertname="AiGatewayBreakerOpen"'],
        target: ['alertname=~"AiGatewayProbeFailing|AiGatewayUpstreamSlowerThanUsual|AiGatewayStreamsBrokenOff"'],
        equal: ['job', 'instance', 'upstream'],
      },
      {
        why: 'A budget that is spent: no forecast is needed.',
        source: ['alertname="AiGatewayBudgetSpent"', 'severity="critical"'],
        target: ['alertname="AiGatewayBudgetForecast"'],
        equal: ['job', 'instance'],
      },
    ],
  },

  prometheusAlerts+:: {
    groups+: [
      group('process', process(c)),
      group('service', service(c), ['model']),
      group('models', models(c), ['model']),
      group('upstreams', upstreams(c), ['upstream']),
      group('budget', cost.budget(c), dashboard='binnacle-ai-cost'),
      group('usage', cost.usage(c), ['model', 'upstream'], dashboard='binnacle-ai-cost'),
    ],
  },
}
