// SPDX-License-Identifier: Apache-2.0
// Rows of the circuit-breaker dashboard: calls through the breakers, and the resources that they bound.
local g = import '../lib/grafana.libsonnet';

local half = g.size(12, 9) + g.tableLegend('bottom');
local third = g.size(8, 8) + g.tableLegend('bottom');
local name = '{{source}} {{breaker}} {{instance}}';
local noCalls = g.noValue('no source tells of calls');
local noWindow = g.noValue('no source tells of a window');
local noDurations = g.noValue('no source tells of durations');
local noResources = g.noValue('no source tells of resources');

local sumBy(labels, expr) = 'sum by (source, breaker, instance%s) (%s)' % [labels, expr];
local rate(selector) = 'rate(%s[$__rate_interval])' % selector;
// Without any call there is no quantile.
local quantile(share) =
  'histogram_quantile(%s, %s) >= 0' % [share, sumBy(', le', rate('circuit_breaker_call_duration_seconds_bucket{%(b)s}'))];
local percentile(number) = 'circuit_breaker_call_duration_percentile_seconds{%(b)s,percentile="' + number + '"}';

function(q) [
  g.row('Calls', [
    g.timeseries(
      'Calls by result',
      'Calls a second through all breakers picked, by how they ended. Slow ones succeeded, but took too long; rejected ones were never made.',
      'ops',
      [[q('sum by (result) (rate(circuit_breaker_calls_total{%(b)s}[$__rate_interval]))'), '{{result}}']],
      g.size(12, 9) + g.stacked + g.colors({
        success: 'green',
        slow: 'yellow',
        failure: 'red',
        timeout: 'orange',
        rejected: 'purple',
        ignored: 'text',
      }) + noCalls,
    ),
    g.timeseries(
      'Calls rejected',
      'Calls a second that each breaker refused.',
      'ops',
      [[q(sumBy('', rate('circuit_breaker_calls_total{%(b)s,result="rejected"}'))), name]],
      half + g.fromZero(1) + noCalls,
    ),
    g.timeseries(
      'Failure ratio',
      "Share of the calls in each breaker's window that failed, and (dashed) the share at which it opens.",
      'percentunit',
      [
        [q('circuit_breaker_failure_ratio{%(b)s}'), name],
        [q('circuit_breaker_failure_ratio_threshold{%(b)s}'), 'opens at ' + name],
      ],
      half + g.range(0, 1) + g.dashed('B') + noWindow,
    ),
    g.timeseries(
      'Slow calls',
      "Share of the calls in each breaker's window that took too long, and (dashed) the share at which it opens.",
      'percentunit',
      [
        [q('circuit_breaker_slow_call_ratio{%(b)s}'), name],
        [q('circuit_breaker_slow_call_ratio_threshold{%(b)s}'), 'opens at ' + name],
      ],
      half + g.range(0, 1) + g.dashed('B') + noWindow,
    ),
    g.timeseries(
      'Calls in the window',
      'Calls that the two ratios above are of, and (dashed) as many as the breaker needs before it opens.',
      'short',
      [
        [q('circuit_breaker_window_calls{%(b)s}'), name],
        [q('circuit_breaker_minimum_calls{%(b)s}'), 'needs ' + name],
      ],
      third + g.fromZero(10) + g.dashed('B') + noWindow,
    ),
    g.timeseries(
      'Failures in a row',
      'Failures since the last success, of breakers that count so.',
      'none',
      [[q('circuit_breaker_consecutive_failures{%(b)s}'), name]],
      third + g.fromZero(4) + g.steps + g.decimals(0) + g.noValue('no source counts so'),
    ),
    g.timeseries(
      'Waiting for a call',
      'Breakers whose time to stay open is over (1), and that no call has tried since.',
      'none',
      [[q('circuit_breaker_half_open_pending{%(b)s}'), name]],
      third + g.fromZero(1) + g.steps + g.decimals(0) + g.noValue('no source tells'),
    ),
  ]),

  g.row('Latency', [
    g.timeseries(
      'Latency in the window',
      "Time that half (p50), 95 % and 99 % of the calls in each breaker's window did not exceed.",
      's',
      [
        [q(percentile('50')), 'p50 ' + name],
        [q(percentile('95')), 'p95 ' + name],
        [q(percentile('99')), 'p99 ' + name],
      ],
      half + g.fromZero(0.01) + noDurations,
    ),
    g.timeseries(
      'Latency of all calls',
      'Time within which half and 99 % of the calls ended, and (dashed) from where on one counts as slow; from the histogram.',
      's',
      [
        [q(quantile('0.5')), 'half ' + name],
        [q(quantile('0.99')), '99 % ' + name],
        [q('circuit_breaker_slow_call_threshold_seconds{%(b)s}'), 'slow from ' + name],
      ],
      half + g.fromZero(0.01) + g.dashed('C') + noDurations,
    ),
  ]),

  g.row('Limits and outlier detection', [
    g.timeseries(
      'Headroom',
      'Share of each resource (connections, pending requests) that is free. What has no limit is not shown.',
      'percentunit',
      [[q('circuit_breaker_remaining{%(b)s} / (circuit_breaker_limit{%(b)s} > 0)'), '{{resource}} ' + name]],
      third + g.range(0, 1) + noResources,
    ),
    g.timeseries(
      'Overflows',
      'Requests a second that were turned away because a resource was used up.',
      'ops',
      [[q(sumBy(', resource', rate('circuit_breaker_overflow_total{%(b)s}'))), '{{resource}} ' + name]],
      third + g.fromZero(1) + noResources,
    ),
    g.timeseries(
      'Used up',
      'Whether all of a resource was in use (1) at the instant of the poll. Most overflows fall between two polls.',
      'none',
      [[q('circuit_breaker_exhausted{%(b)s}'), '{{resource}} ' + name]],
      third + g.fromZero(1) + g.steps + g.decimals(0) + noResources,
    ),
    g.timeseries(
      'Hosts ejected',
      'Hosts that outlier detection keeps out (left axis), and how often a second it took one out (right axis).',
      'none',
      [
        [q('circuit_breaker_ejections_active{%(b)s}'), 'out ' + name],
        [q(sumBy('', rate('circuit_breaker_ejections_total{%(b)s}'))), 'taken out ' + name],
      ],
      half + g.fromZero(2) + g.rightAxis('B', 'ops', 'taken out', 0.1) + g.noValue('no outlier detection'),
    ),
    g.timeseries(
      'Limits',
      'How much of each resource may be used at once.',
      'short',
      [[q('circuit_breaker_limit{%(b)s}'), '{{resource}} ' + name]],
      half + g.fromZero(10) + noResources,
    ),
  ]),
]
