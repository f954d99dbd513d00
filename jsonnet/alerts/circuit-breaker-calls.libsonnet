// SPDX-License-Identifier: Apache-2.0
// Alerts on what happens to the calls that go through a breaker, and on the resources that it bounds.
local alerts = import '../lib/alerts.libsonnet';

// While it is open its window stands still. Few calls say nothing.
local whileClosed(c) = std.rstripChars(|||
  and ignoring (state)
  circuit_breaker_state{%(selector)s,state="closed"} == 1
  unless
  circuit_breaker_window_calls{%(selector)s}
  < (circuit_breaker_minimum_calls{%(selector)s} or 0 * circuit_breaker_window_calls{%(selector)s} + %(minCalls)g)
||| % c, '\n');

function(c) [
  alerts.warning {
    alert: 'CircuitBreakerRejectingCalls',
    expr: |||
      rate(circuit_breaker_calls_total{%(selector)s,result="rejected"}[5m])
      > ignoring (result, state, threshold) %(limit)s
    ||| % (c { limit: c.limit('rejected_per_second', c.rejectedPerSecond) }),
    'for': '5m',
    annotations+: {
      summary: 'A circuit breaker refuses calls.',
      description: 'Breaker ' + c.breaker + ' refuses {{ $value | printf "%.1f" }} calls a second.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerFailureRatioNearThreshold',
    expr: |||
      circuit_breaker_failure_ratio{%(selector)s}
      > ignoring (threshold)
      (
        circuit_breaker_alert_threshold{%(selector)s,threshold="failure_ratio"}
        or ignoring (threshold)
        %(failureRatioOfThreshold)g * circuit_breaker_failure_ratio_threshold{%(selector)s}
      )
      %(whileClosed)s
    ||| % (c { whileClosed: whileClosed(c) }),
    'for': '5m',
    annotations+: {
      summary: 'A circuit breaker is about to open.',
      description: 'Of the calls through breaker ' + c.breaker + ', {{ $value | humanizePercentage }} fail: it is close to opening.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerSlowCalls',
    expr: |||
      circuit_breaker_slow_call_ratio{%(selector)s}
      > ignoring (state, threshold) %(limit)s
      %(whileClosed)s
    ||| % (c { whileClosed: whileClosed(c), limit: c.limit('slow_call_ratio', c.slowCallRatio) }),
    'for': '10m',
    annotations+: {
      summary: 'Many calls through a circuit breaker are slow.',
      description: 'Of the calls through breaker ' + c.breaker + ', {{ $value | humanizePercentage }} are slow.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerOverflow',
    // Not circuit_breaker_exhausted, which only knows the instants at which it is read.
    expr: |||
      increase(circuit_breaker_overflow_total{%(selector)s}[5m]) > 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'A limit of a circuit breaker turns requests away.',
      description: 'Breaker ' + c.breaker + ' turned {{ $value | printf "%.0f" }} requests away in five minutes because its {{ $labels.resource }} were used up.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerHeadroomLow',
    expr: |||
      circuit_breaker_remaining{%(selector)s}
      / circuit_breaker_limit{%(selector)s} < %(headroom)g
    ||| % c,
    'for': '10m',
    annotations+: {
      summary: 'A limit of a circuit breaker is nearly used up.',
      description: 'Breaker ' + c.breaker + ' has {{ $value | humanizePercentage }} of its {{ $labels.resource }} left.',
    },
  },
  alerts.warning {
    alert: 'CircuitBreakerHostsEjected',
    expr: |||
      circuit_breaker_ejections_active{%(selector)s} > 0
    ||| % c,
    'for': '10m',
    annotations+: {
      summary: 'Outlier detection keeps hosts out.',
      description: '{{ $value | printf "%.0f" }} hosts of ' + c.breaker + ' get no requests because too many of theirs failed.',
    },
  },
]
