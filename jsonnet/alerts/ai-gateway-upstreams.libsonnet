// SPDX-License-Identifier: Apache-2.0
// Alerts on upstreams: their limits, their breakers, their latency.
local alerts = import '../lib/alerts.libsonnet';

function(c) [
  alerts.warning {
    alert: 'AiGatewayUpstreamLimited',
    expr: |||
      sum without (model, result) (rate(aigw_attempts_total{%(selector)s,result="rate_limited"}[15m]))
      / sum without (model, result) (rate(aigw_attempts_total{%(selector)s}[15m])) > %(upstreamLimited)g
      and
      sum without (model, result) (rate(aigw_attempts_total{%(selector)s}[15m])) >= %(minRate)g
    ||| % c,
    'for': '10m',
    annotations+: {
      summary: 'An upstream refuses requests because there are too many.',
      description: c.upstream + ' answers {{ $value | humanizePercentage }} of the attempts with 429.',
    },
  },
  alerts.warning {
    alert: 'AiGatewayUpstreamLimitNear',
    // What an upstream said of a limit that is whole again says nothing any more.
    expr: |||
      aigw_upstream_rate_limit_remaining{%(selector)s}
      / aigw_upstream_rate_limit{%(selector)s} < %(upstreamLimitLeft)g
      unless
      aigw_upstream_rate_limit_reset_timestamp_seconds{%(selector)s} < time()
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'The rate limit of an upstream is nearly used up.',
      description: c.upstream + ' has {{ $value | humanizePercentage }} of its limit of {{ $labels.kind }} left, by its own account.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'AiGatewayBreakerOpen',
  // It is half-open for moments while it is tried.
  expr: |||
    label_replace(
      sum without (state) (
        circuit_breaker_state{%(selector)s,source="ai-gateway",state=~"open|half_open|forced_open"}
      ),
      "upstream", "$1", "breaker", "(.+)"
    ) == 1
  ||| % c,
  'for': { warning: '5m', critical: '30m' }[severity],
  annotations+: {
    summary: 'The circuit breaker of an upstream is open.',
    description: c.upstream + ' gets no requests because too many of them failed.',
  },
}) + [
  alerts.warning {
    alert: 'AiGatewayUpstreamSlowerThanUsual',
    expr: |||
      aigw_upstream_latency_ratio{%(selector)s} > %(latencyRatio)g
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'An upstream is slower than it usually is.',
      description: c.upstream + ' takes {{ $value | printf "%.1f" }} times as long as usual.',
    },
  },
  alerts.warning {
    alert: 'AiGatewayProbeFailing',
    expr: |||
      aigw_upstream_probe_success{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'The probe of an upstream fails.',
      description: c.upstream + ' does not answer the probe as it should.',
    },
  },
]
