// SPDX-License-Identifier: Apache-2.0
// Alerts on models: their queue, their limits, whether they can be had and from where.
local alerts = import '../lib/alerts.libsonnet';

// Few requests say nothing of a share.
local busy(c) = std.rstripChars(|||
  and
  sum without (upstream, operation, code, outcome) (rate(aigw_requests_total{%(selector)s}[15m])) >= %(minRate)g
||| % c, '\n');

function(c) alerts.pair(function(severity) {
  alert: 'AiGatewayQueueNearLimit',
  expr: |||
    aigw_queue_length{%(selector)s}
    / (aigw_queue_limit{%(selector)s} > 0) > %(share)g
  ||| % (c { share: c.queue[severity] }),
  'for': { warning: '5m', critical: '2m' }[severity],
  annotations+: {
    summary: 'The queue of a model is filling.',
    description: '{{ $value | humanizePercentage }} of the places in the queue of ' + c.model + ' are taken.',
  },
}) + [
  alerts.warning {
    alert: 'AiGatewayQueueRejecting',
    expr: |||
      sum without (reason) (rate(aigw_queue_rejected_total{%(selector)s,reason=~"full|timeout"}[5m])) > %(queueRejected)g
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'The queue of a model turns requests away.',
      description: 'The queue of ' + c.model + ' turns {{ $value | printf "%.2f" }} requests a second away: it is full, or they waited too long.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'AiGatewayQueueWaitLong',
  expr: |||
    histogram_quantile(
      0.95,
      rate(aigw_queue_wait_seconds_bucket{%(selector)s}[10m])
    ) > %(seconds)g
  ||| % (c { seconds: c.queueWaitSeconds[severity] }),
  'for': { warning: '10m', critical: '5m' }[severity],
  keep_firing_for: '5m',
  annotations+: {
    summary: 'Requests wait long in the queue of a model.',
    description: 'Of the requests that wait in the queue of ' + c.model + ', one in 20 waits {{ $value | humanizeDuration }} or longer.',
  },
}) + [
  alerts.warning {
    alert: 'AiGatewayRateLimited',
    expr: |||
      sum without (upstream, operation, code, outcome) (
        rate(aigw_requests_total{%(selector)s,outcome="rate_limited"}[15m])
      )
      / sum without (upstream, operation, code, outcome) (rate(aigw_requests_total{%(selector)s}[15m])) > %(rateLimited)g
      %(busy)s
    ||| % (c { busy: busy(c) }),
    'for': '15m',
    annotations+: {
      summary: 'The rate limits of a model refuse many requests.',
      description: "The gateway's own limits refuse {{ $value | humanizePercentage }} of the requests for " + c.model + '.',
    },
  },
  alerts.critical {
    alert: 'AiGatewayModelUnavailable',
    expr: |||
      aigw_model_available{%(selector)s} == 0
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'No upstream of a model can be tried.',
      description: 'Every upstream of ' + c.model + ' has an open breaker or asked to wait: all requests for it are refused.',
    },
  },
  alerts.warning {
    alert: 'AiGatewayFallbackInUse',
    expr: |||
      aigw_model_fallback_active{%(selector)s} == 1
    ||| % c,
    'for': '30m',
    annotations+: {
      summary: 'A model has been served by its fallback for long.',
      description: 'For half an hour the first choice of ' + c.model + ' could not be used; another upstream or model answers.',
    },
  },
  alerts.warning {
    alert: 'AiGatewayClientRetriesHigh',
    expr: |||
      rate(aigw_client_retries_total{%(selector)s}[15m])
      / sum without (upstream, operation, code, outcome) (rate(aigw_requests_total{%(selector)s}[15m])) > %(clientRetries)g
      %(busy)s
    ||| % (c { busy: busy(c) }),
    'for': '15m',
    annotations+: {
      summary: 'Clients repeat many of their requests.',
      description: '{{ $value | humanizePercentage }} of the requests for ' + c.model + ' are repetitions by the clients themselves.',
    },
  },
  alerts.warning {
    alert: 'AiGatewayStreamsBrokenOff',
    expr: |||
      sum without (end) (rate(aigw_streams_total{%(selector)s,end=~"upstream_error|idle_timeout"}[15m]))
      / sum without (end) (rate(aigw_streams_total{%(selector)s}[15m])) > %(streamsBroken)g
      and
      sum without (end) (rate(aigw_streams_total{%(selector)s}[15m])) >= %(minRate)g
    ||| % c,
    'for': '10m',
    annotations+: {
      summary: 'Streams break off after they have begun.',
      description: '{{ $value | humanizePercentage }} of the streams of ' + c.model + ' from {{ $labels.upstream }} break off or fall silent before they are whole.',
    },
  },
]
