// SPDX-License-Identifier: Apache-2.0
// Alerts of the circuit-breaker exporter: the exporter and its sources here, the rest in the files beside this one.
//
// The label `instance` of a breaker's series is the breaker's own where it has one (`honor_labels: true`), else the
// exporter's, as it is of the series of sources and of the exporter itself.
local alerts = import '../lib/alerts.libsonnet';
local calls = import 'circuit-breaker-calls.libsonnet';
local states = import 'circuit-breaker-states.libsonnet';

local sources(c) = [
  alerts.warning {
    alert: 'CircuitBreakerSourceDown',
    expr: |||
      circuit_breaker_source_up{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'A source of circuit breakers cannot be read.',
      description: 'The exporter {{ $labels.instance }} cannot read the source {{ $labels.source }} ({{ $labels.kind }}): the state of its breakers is unknown.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerSourceLossy',
    expr: |||
      increase(circuit_breaker_observation_gaps_total{%(selector)s}[15m])
      / increase(circuit_breaker_source_polls_total{%(selector)s}[15m]) > %(sourceGaps)g
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'What happens at a source of circuit breakers is seen in part only.',
      description: 'For each poll of the source {{ $labels.source }} by {{ $labels.instance }}, there are {{ $value | printf "%.2f" }} gaps in which a breaker may have opened unseen.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakersDropped',
    expr: |||
      increase(circuit_breaker_dropped_breakers_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'There are more circuit breakers than the exporter takes.',
      description: 'The exporter {{ $labels.instance }} left breakers of the source {{ $labels.source }} out, {{ $value | printf "%.0f" }} times in 15 minutes.',
    },
  },
];

local exporter(c) = [
  alerts.critical {
    alert: 'CircuitBreakerExporterDown',
    expr: |||
      up{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'A circuit-breaker exporter is down.',
      description: '{{ $labels.instance }} (job {{ $labels.job }}) has no working exporter: its circuit breakers are not watched.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerExporterRestarting',
    expr: |||
      changes(process_start_time_seconds{%(selector)s}[1h]) > %(restarts)g
    ||| % c,
    annotations+: {
      summary: 'A circuit-breaker exporter starts again and again.',
      description: '{{ $labels.instance }} (job {{ $labels.job }}) started {{ $value | printf "%.0f" }} times in an hour; what it counted before is lost each time.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerCollectorFailing',
    expr: |||
      circuit_breaker_scrape_collector_success{%(selector)s} == 0
      unless ignoring (state)
      circuit_breaker_scrape_collector_state{%(selector)s,state="not_applicable"} == 1
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'A collector of the circuit-breaker exporter fails.',
      description: 'Collector {{ $labels.collector }} of {{ $labels.instance }} fails or times out; its metrics are missing or old.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerSeriesDropped',
    expr: |||
      increase(circuit_breaker_scrape_series_dropped_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'The circuit-breaker exporter drops series.',
      description: 'Collector {{ $labels.collector }} on {{ $labels.instance }} dropped {{ $value | printf "%.0f" }} series in 15 minutes ({{ $labels.reason }}).',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerConfigReloadFailed',
    expr: |||
      circuit_breaker_config_last_reload_successful{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'The circuit-breaker exporter refused its new configuration.',
      description: '{{ $labels.instance }} runs with its old configuration because the last reload failed.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerStatsdPacketsLost',
    expr: |||
      increase(circuit_breaker_statsd_kernel_drops_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'What applications report of their circuit breakers is lost.',
      description: 'The listener {{ $labels.listener }} of {{ $labels.instance }} lost {{ $value | printf "%.0f" }} packets in 15 minutes.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerStatsdValuesLost',
    // What no mapping takes or one drops is not meant to be kept.
    expr: |||
      increase(circuit_breaker_statsd_values_lost_total{%(selector)s,reason!~"unmapped|dropped"}[15m]) > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'Values that applications report are not kept.',
      description: '{{ $labels.instance }} did not keep {{ $value | printf "%.0f" }} values of applications in 15 minutes ({{ $labels.reason }}).',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerPushMalformed',
    expr: |||
      increase(circuit_breaker_push_malformed_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'Applications report their circuit breakers in a way that is not understood.',
      description: '{{ $labels.instance }} could not use {{ $value | printf "%.0f" }} lines about circuit breakers in 15 minutes ({{ $labels.reason }}).',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'CircuitBreakerHealthScoreLow',
  expr: |||
    circuit_breaker_health_score{%(selector)s} < %(score)g
  ||| % (c { score: c.healthScore[severity] }),
  'for': '15m',
  keep_firing_for: '5m',
  annotations+: {
    summary: 'The health score of the circuit breakers is low.',
    description: 'The circuit breakers of {{ $labels.instance }} have a health score of {{ $value | printf "%.0f" }} out of 100.',
  },
});

{
  local config = $._config.circuitBreaker,
  local c = config {
    // The breaker that an alert is about, in a text.
    breaker: '{{ $labels.breaker }} of {{ $labels.source }} ({{ $labels.instance }})',
    // The threshold of each breaker: its own, which comes from the exporter's config, else that of ours. It has the label
    // `threshold` or the label `state` beyond those of the breaker.
    limit(threshold, default):: std.rstripChars(|||
      (
        circuit_breaker_alert_threshold{%(selector)s,threshold="%(threshold)s"}
        or ignoring (state, threshold)
        0 * circuit_breaker_state{%(selector)s,state="open"} + %(default)g
      )
    ||| % { selector: config.selector, threshold: threshold, default: default }, '\n'),
  },
  local group(name, rules, variables) = alerts.group(
    'circuit-breaker-' + name, 'circuit-breaker', rules, dashboard='binnacle-circuit-breakers', variables=variables
  ),
  local ofBreakers = ['job', 'instance', 'source', 'breaker'],

  alertmanager+:: {
    components+: ['circuit-breaker'],
    labels+: ['source', 'breaker', 'resource', 'collector', 'listener'],
    inhibitRules+: [
      {
        why: 'A circuit-breaker exporter that is down: the other alerts of it and of its breakers rest on old values.',
        source: ['alertname="CircuitBreakerExporterDown"'],
        target: ['component="circuit-breaker"', 'alertname!="CircuitBreakerExporterDown"'],
        equal: ['job', 'instance'],
      },
      {
        why: 'A source of circuit breakers that cannot be read: nobody knows what its breakers do.',
        source: ['alertname="CircuitBreakerSourceDown"'],
        target: ['component="circuit-breaker"', 'alertname!="CircuitBreakerSourceDown"'],
        equal: ['job', 'instance', 'source'],
      },
      {
        why: 'A circuit breaker that is open: of course calls fail or are slow, and it refuses them.',
        source: ['alertname=~"CircuitBreakerOpenTooLong|CircuitBreakerForcedOpenForgotten"'],
        target: ['alertname=~"CircuitBreakerRejectingCalls|CircuitBreakerFailureRatioNearThreshold|CircuitBreakerSlowCalls"'],
        equal: ['job', 'instance', 'source', 'breaker'],
      },
      {
        why: 'Who calls through an open breaker, where both have a label `service`: of course its requests fail. See docs/alertmanager.md.',
        source: ['alertname="CircuitBreakerOpenTooLong"', 'severity="critical"', 'service!=""'],
        target: ['component="application"', 'alertname!~".+Down"', 'service!=""'],
        equal: ['service'],
      },
      {
        why: 'The same for a breaker that is only a warning: it hides nothing critical.',
        source: ['alertname=~"CircuitBreakerOpenTooLong|CircuitBreakerForcedOpenForgotten"', 'severity="warning"', 'service!=""'],
        target: ['component="application"', 'alertname!~".+Down"', 'severity=~"warning|info"', 'service!=""'],
        equal: ['service'],
      },
      {
        why: 'A limit that turns requests away: an Envoy opens and closes with each of them.',
        source: ['alertname="CircuitBreakerOverflow"'],
        target: ['alertname="CircuitBreakerFlapping"'],
        equal: ['job', 'instance', 'source', 'breaker'],
      },
    ],
  },

  prometheusAlerts+:: {
    groups+: [
      group('exporter', exporter(c), ['job', 'instance']),
      group('sources', sources(c), ['job', 'instance', 'source']),
      group('states', states(c), ofBreakers),
      group('calls', calls(c), ofBreakers),
    ],
  },
}
