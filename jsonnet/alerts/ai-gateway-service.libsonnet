// SPDX-License-Identifier: Apache-2.0
// Alerts on what callers get: whether a model keeps its service level, and how soon its streams begin.
//
// A burn rate says how many times faster than allowed the failures of a month are used up. Both windows must be above
// it: the long one says that it matters, the short one that it still goes on. They come from recording rules.
local alerts = import '../lib/alerts.libsonnet';

// `what`: failed or slow. `allowed`: its share by the service level.
local burns(c, what, allowed, short, long, factor) = |||
  instance_model:aigw_requests_%(what)s:ratio_rate%(short)s{%(selector)s} > %(limit)g
  and
  instance_model:aigw_requests_%(what)s:ratio_rate%(long)s{%(selector)s} > %(limit)g
  and
  instance_model:aigw_requests:rate%(long)s{%(selector)s} >= %(minRate)g
||| % (c { what: what, short: short, long: long, limit: factor * allowed });

local of = '{{ $value | humanizePercentage }} of the requests for ';

local fast(c, name, what, allowed, summary, text) = alerts.critical {
  alert: name,
  expr: burns(c, what, allowed, '5m', '1h', c.burn.fast),
  'for': '2m',
  annotations+: {
    summary: summary,
    description: of + c.model + ' ' + text + '. It was so for an hour, and is so in the last five minutes.',
  },
};

local slow(c, name, what, allowed, summary, text) = alerts.pair(function(severity) {
  local window = { warning: ['2h', '1d', 'a day', 'two hours'], critical: ['30m', '6h', 'six hours', 'half hour'] }[severity],
  alert: name,
  expr: burns(c, what, allowed, window[0], window[1], { warning: c.burn.slowest, critical: c.burn.slow }[severity]),
  'for': '15m',
  annotations+: {
    summary: summary,
    description: of + c.model + ' ' + text + '. It was so for %s, and is so in the last %s.' % window[2:],
  },
});

function(c) [
              fast(c, 'AiGatewayErrorBudgetBurnFast', 'failed', 1 - c.availability, 'Many requests for a model fail.', 'fail'),
            ] + slow(c, 'AiGatewayErrorBudgetBurnSlow', 'failed', 1 - c.availability, 'Requests for a model fail more often than they may.', 'fail')
            + [
              fast(
                c,
                'AiGatewayLatencyBudgetBurnFast',
                'slow',
                1 - c.latency,
                'Most requests for a model are slow.',
                'take longer than %s seconds' % c.latencySeconds,
              ),
            ] + slow(
  c,
  'AiGatewayLatencyBudgetBurnSlow',
  'slow',
  1 - c.latency,
  'Requests for a model are slow more often than they may be.',
  'take longer than %s seconds' % c.latencySeconds,
) + alerts.pair(function(severity) {
  alert: 'AiGatewayFirstTokenSlow',
  expr: |||
    histogram_quantile(
      0.95,
      sum without (upstream, operation) (rate(aigw_time_to_first_token_seconds_bucket{%(selector)s}[10m]))
    ) > %(seconds)g
    and
    sum without (upstream, operation) (rate(aigw_time_to_first_token_seconds_count{%(selector)s}[10m])) >= %(minRate)g
  ||| % (c { seconds: c.firstTokenSeconds[severity] }),
  'for': { warning: '10m', critical: '5m' }[severity],
  keep_firing_for: '5m',
  annotations+: {
    summary: 'Streams of a model begin late.',
    description: 'One stream in 20 of ' + c.model + ' takes {{ $value | humanizeDuration }} or longer to begin.',
  },
})
