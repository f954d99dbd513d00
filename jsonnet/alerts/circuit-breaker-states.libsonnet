// SPDX-License-Identifier: Apache-2.0
// Alerts on the state of a breaker, and on how often it changes.
local alerts = import '../lib/alerts.libsonnet';

function(c) alerts.pair(function(severity) {
  alert: 'CircuitBreakerOpenTooLong',
  // The time is counted by the exporter, which sees more than the scrapes do. A breaker that is tried again and again is
  // half-open for moments between: it is the sum that says how long calls were refused.
  expr: |||
    increase(circuit_breaker_state_seconds_total{%(selector)s,state="open"}[1h])
    > ignoring (state, threshold) %(limit)s
    and ignoring (state)
    circuit_breaker_state{%(selector)s,state=~"open|half_open"} == 1
  ||| % (c { limit: c.limit('open_seconds', c.openSeconds) }),
  'for': { warning: '1m', critical: '30m' }[severity],
  annotations+: {
    summary: 'A circuit breaker stays open.',
    description: 'Breaker ' + c.breaker + ' was open for {{ $value | humanizeDuration }} of the last hour, and is not closed.',
  },
}) + [
  alerts.warning {
    alert: 'CircuitBreakerFlapping',
    // Counted by the exporter: one that closes again before the next scrape is never seen as open.
    expr: |||
      increase(circuit_breaker_transitions_total{%(selector)s,from="closed",to="open"}[1h])
      > ignoring (from, to, state, threshold) %(limit)s
    ||| % (c { limit: c.limit('openings_per_hour', c.openingsPerHour) }),
    annotations+: {
      summary: 'A circuit breaker opens again and again.',
      description: 'Breaker ' + c.breaker + ' opened {{ $value | printf "%.0f" }} times in an hour.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerHalfOpenStuck',
    expr: |||
      circuit_breaker_state{%(selector)s,state="half_open"} == 1
      or ignoring (state)
      circuit_breaker_half_open_pending{%(selector)s} == 1
    ||| % c,
    'for': '30m',
    annotations+: {
      summary: 'A circuit breaker stays half-open.',
      description: 'Breaker ' + c.breaker + ' has been half-open for half an hour: too few calls come to tell whether the other side is well again.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerForcedOpenForgotten',
    expr: |||
      circuit_breaker_state{%(selector)s,state="forced_open"} == 1
    ||| % c,
    'for': '4h',
    annotations+: {
      summary: 'A circuit breaker was opened by hand and is still so.',
      description: 'Breaker ' + c.breaker + ' was forced open more than four hours ago and refuses all calls.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerDisabledForgotten',
    expr: |||
      circuit_breaker_state{%(selector)s,state=~"disabled|metrics_only"} == 1
    ||| % c,
    'for': '4h',
    annotations+: {
      summary: 'A circuit breaker was switched off and is still so.',
      description: 'Breaker ' + c.breaker + ' is {{ $labels.state }} for more than four hours: it protects nothing.',
    },
  },
]
