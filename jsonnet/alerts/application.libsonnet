// SPDX-License-Identifier: Apache-2.0
// Alerts of the applications: whether they are there, and whether they keep their service level.
//
// A burn rate says how many times faster than allowed the failures of the whole time are used up. Both windows must be
// above it: the long one says that it matters, the short one that it still goes on. They come from recording rules.
local alerts = import '../lib/alerts.libsonnet';

local of = '{{ $value | humanizePercentage }} of the requests to {{ $labels.job }} ';

// `part`: the recorded failures; `allowed`: their share by the service level.
local burns(c, part, allowed, short, long, factor) = |||
  job:%(part)s:ratio_rate%(short)s{%(selector)s} > %(limit)g
  and
  job:%(part)s:ratio_rate%(long)s{%(selector)s} > %(limit)g
  and
  job:http_requests:rate%(long)s{%(selector)s} >= %(minRate)g
||| % (c { part: part, short: short, long: long, limit: factor * allowed });

local fast(c, name, part, allowed, summary, text) = alerts.critical {
  alert: name,
  expr: burns(c, part, allowed, '5m', '1h', c.burn.fast),
  'for': '2m',
  annotations+: {
    summary: summary,
    description: of + text + '. It was so for an hour, and is so in the last five minutes.',
  },
};

local slow(c, name, part, allowed, summary, text) = alerts.pair(function(severity) {
  local window = { warning: ['6h', '3d', 'three days', 'six hours'], critical: ['30m', '6h', 'six hours', 'half hour'] }[severity],
  alert: name,
  expr: burns(c, part, allowed, window[0], window[1], { warning: c.burn.slowest, critical: c.burn.slow }[severity]),
  'for': { warning: '1h', critical: '15m' }[severity],
  annotations+: {
    summary: summary,
    description: of + text + '. It was so for %s, and is so in the last %s.' % window[2:],
  },
});

local serviceLevel(c) =
  local late = 'take longer than %s seconds' % c.latencySeconds;
  [fast(c, 'ApplicationErrorBudgetBurnFast', 'http_requests_failed', 1 - c.availability, 'Many requests to an application fail.', 'fail')]
  + slow(c, 'ApplicationErrorBudgetBurnSlow', 'http_requests_failed', 1 - c.availability, 'Requests to an application fail more often than they may.', 'fail')
  + [fast(c, 'ApplicationLatencyBudgetBurnFast', 'http_requests_slow', 1 - c.latency, 'Many requests to an application are slow.', late)]
  + slow(c, 'ApplicationLatencyBudgetBurnSlow', 'http_requests_slow', 1 - c.latency, 'Requests to an application are slow more often than they may be.', late);

local requests(c) = alerts.pair(function(severity) {
  alert: 'ApplicationRouteSlow',
  expr: |||
    histogram_quantile(
      0.95,
      sum without (%(method)s) (rate(%(durations)s_bucket{%(selector)s}[10m]))
    ) > %(seconds)g
    and
    sum without (%(method)s) (rate(%(durations)s_count{%(selector)s}[10m])) >= %(routeMinRate)g
  ||| % (c { seconds: c.routeSeconds[severity], method: c.labels.method }),
  'for': { warning: '15m', critical: '5m' }[severity],
  keep_firing_for: '5m',
  annotations+: {
    summary: 'Requests for a route of an application are slow.',
    description: 'One request in 20 for {{ $labels.%s }} at {{ $labels.instance }} (job {{ $labels.job }}) takes {{ $value | humanizeDuration }} or longer.' % c.labels.route,
  },
}) + [
  alerts.critical {
    alert: 'ApplicationTrafficGone',
    expr: |||
      job:http_requests:rate5m{%(selector)s} == 0
      and
      avg_over_time(job:http_requests:rate5m{%(selector)s}[1h] offset 15m) >= %(trafficMinRate)g
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'An application gets no requests any more.',
      description: 'No request reaches {{ $labels.job }}, which had many in the hour before.',
    },
  },
];

local process(c) = alerts.pair(function(severity) {
  alert: 'ApplicationDown',
  expr: { warning: |||
    up{%(selector)s} == 0
  |||, critical: |||
    up{%(selector)s} == 0
    unless on (job)
    up{%(selector)s} == 1
  ||| }[severity] % c,
  'for': { warning: '5m', critical: '2m' }[severity],
  annotations+: {
    summary: 'An application is down.',
    description: {
      warning: '{{ $labels.instance }} (job {{ $labels.job }}) does not answer.',
      critical: '{{ $labels.instance }} (job {{ $labels.job }}) does not answer, nor does any other instance of that job.',
    }[severity],
  },
}) + [
  alerts.warning {
    alert: 'ApplicationRestarting',
    expr: |||
      changes(process_start_time_seconds{%(selector)s}[1h]) > %(restarts)g
    ||| % c,
    annotations+: {
      summary: 'An application starts again and again.',
      description: '{{ $labels.instance }} (job {{ $labels.job }}) started {{ $value | printf "%.0f" }} times in an hour; requests under way may have been cut off each time.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'ApplicationDescriptorsNearLimit',
  expr: |||
    process_open_fds{%(selector)s}
    / process_max_fds{%(selector)s} > %(used)g
  ||| % (c { used: c.fileDescriptors[severity] }),
  'for': { warning: '10m', critical: '2m' }[severity],
  annotations+: {
    summary: 'An application is running out of file descriptors.',
    description: '{{ $labels.instance }} (job {{ $labels.job }}) has {{ $value | humanizePercentage }} of the files open that its limit allows.',
  },
});

{
  local c = $._config.application,

  alertmanager+:: {
    components+: ['application'],
    labels+: [c.labels.route],
    inhibitRules+: [
      {
        why: 'An application of which no instance is left: all its other alerts follow from that.',
        source: ['alertname="ApplicationDown"', 'severity="critical"'],
        target: ['component="application"', 'alertname!="ApplicationDown"'],
        equal: ['job'],
      },
      {
        why: 'An application that fails fast: of course it does so over the longer windows, too.',
        source: ['alertname="ApplicationErrorBudgetBurnFast"'],
        target: ['alertname="ApplicationErrorBudgetBurnSlow"'],
        equal: ['job'],
      },
      {
        why: 'An application that is slow: the same.',
        source: ['alertname="ApplicationLatencyBudgetBurnFast"'],
        target: ['alertname="ApplicationLatencyBudgetBurnSlow"'],
        equal: ['job'],
      },
    ],
  },

  prometheusAlerts+:: {
    groups+: [
      alerts.group('application-process', 'application', process(c), dashboard='binnacle-application'),
      alerts.group('application-requests', 'application', requests(c), dashboard='binnacle-application', variables=['job']),
      alerts.group('application-service-level', 'application', serviceLevel(c), dashboard='binnacle-slo', variables=['job']),
    ],
  },
}
