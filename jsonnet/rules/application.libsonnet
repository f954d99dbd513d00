// SPDX-License-Identifier: Apache-2.0
// Recording rules of the applications: how each job keeps its service level, over the windows of the burn-rate alerts and
// over the whole time that it is about. The alerts and the SLO dashboard need them.
//
// What is of all instances of a job together has no label `instance`. Long windows are averages of the rates of five
// minutes: that costs little, and busy hours count for more than quiet ones, as they should.
local alerts = import '../lib/alerts.libsonnet';

{
  local app = $._config.application,
  local c = app {
    route: app.labels.route,
    code: app.labels.code,
  },
  local windows = ['30m', '1h', '6h', '3d', c.window],

  local total = |||
    sum by (job) (rate(%(requests)s{%(selector)s}[5m]))
  ||| % c,
  local timed = |||
    sum by (job) (rate(%(durations)s_count{%(selector)s}[5m]))
  ||| % c,

  // Share of `part` in `whole`, two recorded rates, for each window.
  local ratios(part, whole) = [
    {
      record: 'job:%s:ratio_rate5m' % part,
      expr: |||
        job:%(part)s:rate5m{%(selector)s}
        / (job:%(whole)s:rate5m{%(selector)s} > 0)
      ||| % (c { part: part, whole: whole }),
    },
  ] + [
    {
      record: 'job:%s:ratio_rate%s' % [part, window],
      expr: |||
        avg_over_time(job:%(part)s:rate5m{%(selector)s}[%(window)s])
        / (avg_over_time(job:%(whole)s:rate5m{%(selector)s}[%(window)s]) > 0)
      ||| % (c { part: part, whole: whole, window: window }),
    }
    for window in windows
  ],

  prometheusRules+:: {
    groups+: [
      alerts.group('application-recording', 'application', [
        { record: 'job:http_requests:rate5m', expr: total },
        {
          record: 'job:http_requests_failed:rate5m',
          // A counter of failures that has not been there yet is 0.
          expr: |||
            sum by (job) (rate(%(requests)s{%(selector)s,%(code)s=~"%(failures)s"}[5m]))
            or
            0 * %(total)s
          ||| % (c { total: std.rstripChars(total, '\n') }),
        },
      ] + ratios('http_requests_failed', 'http_requests') + [
        {
          record: 'job:http_requests:rate' + window,
          expr: |||
            avg_over_time(job:http_requests:rate5m{%(selector)s}[%(window)s])
          ||| % (c { window: window }),
        }
        for window in ['1h', '6h', '3d']
      ]),
      alerts.group('application-latency-recording', 'application', [
        { record: 'job:http_requests_timed:rate5m', expr: timed },
        {
          record: 'job:http_requests_slow:rate5m',
          // A whole number is 1 in the text format, and 1.0 from OpenMetrics, which Prometheus asks for first.
          expr: |||
            %(timed)s
            -
            sum by (job) (rate(%(durations)s_bucket{%(selector)s,le=~"%(latencySeconds)s|%(latencySeconds)s.0"}[5m]))
          ||| % (c { timed: std.rstripChars(timed, '\n') }),
        },
      ] + ratios('http_requests_slow', 'http_requests_timed')),
    ],
  },
}
