// SPDX-License-Identifier: Apache-2.0
// Rows of the AI gateway dashboard: requests, how they end, and how long they take.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);
local half = g.size(12, 8);
local none = g.noValue('no requests');
local noStreams = g.noValue('no streams');
// A legend that scrolls, with the worst on top where less is worse.
local leastFirst = g.tableLegend('bottom') + { options+: { legend+: { calcs: ['min'], sortBy: 'Min', sortDesc: false } } };

// How requests end, from good to bad, the same in every panel.
local outcomes = {
  ok: 'green',
  client_error: 'blue',
  canceled: 'text',
  rate_limited: 'yellow',
  upstream_limited: 'dark-yellow',
  queue_full: 'orange',
  queue_timeout: 'dark-orange',
  overloaded: 'purple',
  breaker_open: 'light-red',
  timeout: 'dark-red',
  upstream_error: 'red',
};

local rate(selector) = 'rate(%s[$__rate_interval])' % selector;
// Time within which a share of something ended. Without any there is none.
local quantile(share, metric, by) =
  'histogram_quantile(%s, sum by (%s, le) (%s)) >= 0' % [share, by, rate(metric + '_bucket{%(m)s}')];
local quantiles(q, metric) = [
  [q(quantile(share[0], metric, 'model')), share[1] + ' {{model}}']
  for share in [['0.5', 'half'], ['0.95', '95 %'], ['0.99', '99 %']]
];

{
  outcomes:: outcomes,

  // As exporters write it in the text format, and as Prometheus has it from OpenMetrics.
  rows(q, c):: local seconds = '%s|%s.0' % [c.latencySeconds, c.latencySeconds]; [
    g.row('Requests and how they end', [
      g.timeseries(
        'Requests by outcome',
        'Requests a second by how they ended for the client.',
        'ops',
        // The good ones first, so that they are at the bottom.
        [
          [q('sum by (outcome) (%s)' % rate('aigw_requests_total{%(m)s,outcome="ok"}')), '{{outcome}}'],
          [q('sum by (outcome) (%s)' % rate('aigw_requests_total{%(m)s,outcome!="ok"}')), '{{outcome}}'],
        ],
        half + g.stacked + g.colors(outcomes) + none,
      ),
      g.timeseries(
        'Requests by model',
        'Requests a second for each model that the config names; the others are one: other.',
        'ops',
        [[q('sum by (model) (%s)' % rate('aigw_requests_total{%(m)s}')), '{{model}}']],
        half + g.stacked + g.tableLegend('right') + none,
      ),
      g.timeseries(
        'Availability',
        'Share of the requests for each model that did not fail, without those that say nothing: of callers that did wrong or left, and of limits of the config. Dashed: what it must be.',
        'percentunit',
        [
          [q('1 - (sum by (model) (%(bad)s) or 0 * sum by (model) (%(all)s)) / (sum by (model) (%(all)s) > 0)' % {
            bad: rate('aigw_requests_total{%(m)s,outcome=~"' + c.failures + '"}'),
            all: rate('aigw_requests_total{%(m)s,outcome!~"' + c.notCounted + '"}'),
          }), '{{model}}'],
          ['vector(%g)' % c.availability, 'objective'],
        ],
        third { fieldConfig+: { defaults+: { max: 1 } } } + g.dashed('B') + leastFirst + none,
      ),
      g.timeseries(
        'Error budget burn',
        'How many times faster than allowed the failures of each model use up what a month may have. Alerts fire at %g, %g and %g, each with its own windows.' % [c.burn.fast, c.burn.slow, c.burn.slowest],
        'none',
        [
          [q('(sum by (model) (rate(aigw_requests_total{%(m)s,outcome=~"' + c.failures + '"}[$__rate_interval])) or 0 * sum by (model) (rate(aigw_requests_total{%(m)s,outcome!~"' + c.notCounted + '"}[$__rate_interval]))) / (sum by (model) (rate(aigw_requests_total{%(m)s,outcome!~"' + c.notCounted + '"}[$__rate_interval])) > 0) / ' + '%g' % (1 - c.availability)), 'errors {{model}}'],
          [q('(1 - sum by (model) (rate(aigw_request_duration_seconds_bucket{%(m)s,le=~"' + seconds + '"}[$__rate_interval])) / (sum by (model) (rate(aigw_request_duration_seconds_count{%(m)s}[$__rate_interval])) > 0)) / ' + '%g' % (1 - c.latency)), 'latency {{model}}'],
        ],
        third + g.fromZero(1) + g.tableLegend('bottom') + none,
      ),
      g.timeseries(
        'Replies by status',
        'Replies a second by the HTTP status that the client got; none: it left before.',
        'ops',
        [[q('sum by (code) (%s)' % rate('aigw_requests_total{%(m)s}')), '{{code}}']],
        third + g.stacked + none,
      ),
      g.timeseries(
        'Bytes of requests and answers',
        'Bytes a second of the bodies of requests and of answers.',
        'Bps',
        [
          [q('sum by (model) (%s)' % rate('aigw_request_bytes_total{%(m)s}')), 'requests {{model}}'],
          [q('sum by (model) (%s)' % rate('aigw_response_bytes_total{%(m)s}')), 'answers {{model}}'],
        ],
        third + g.fromZero(1000) + g.tableLegend('bottom') + none,
      ),
      g.timeseries(
        'Requests by operation',
        'Requests a second by what is asked for.',
        'ops',
        [[q('sum by (operation) (%s)' % rate('aigw_requests_total{%(m)s}')), '{{operation}}']],
        third + g.stacked + none,
      ),
      g.timeseries(
        'Requests refused at the door',
        'Requests a second that were refused before anybody knew their model, and connections that were not taken.',
        'ops',
        [
          [q('sum by (reason) (%s)' % rate('aigw_refused_total{%(e)s}')), '{{reason}}'],
          [q('sum(%s)' % rate('aigw_connections_refused_total{%(e)s}')), 'connections'],
        ],
        third + g.fromZero(1) + g.noValue('none was refused'),
      ),
    ]),

    g.row('Latency', [
      g.timeseries(
        'Duration of requests',
        'Time within which half, 95 % and 99 % of the requests for each model ended, queue and answer and all.',
        's',
        quantiles(q, 'aigw_request_duration_seconds'),
        half + g.fromZero(1) + g.tableLegend('right') + none,
      ),
      g.timeseries(
        'Duration at the upstreams',
        'Time within which half and 95 % of the last attempts at each upstream ended.',
        's',
        [
          [q(quantile('0.5', 'aigw_upstream_duration_seconds', 'upstream')), 'half {{upstream}}'],
          [q(quantile('0.95', 'aigw_upstream_duration_seconds', 'upstream')), '95 % {{upstream}}'],
        ],
        half + g.fromZero(1) + g.tableLegend('right') + none,
      ),
      g.timeseries(
        'Time to first token',
        'Time from the arrival of a request within which half, 95 % and 99 % of the streams began.',
        's',
        quantiles(q, 'aigw_time_to_first_token_seconds'),
        half + g.fromZero(0.5) + g.tableLegend('right') + noStreams,
      ),
      g.timeseries(
        'Time to first token at the upstreams',
        'The same from when the request was sent on, so without queue and earlier attempts.',
        's',
        [
          [q(quantile('0.5', 'aigw_upstream_time_to_first_token_seconds', 'upstream')), 'half {{upstream}}'],
          [q(quantile('0.95', 'aigw_upstream_time_to_first_token_seconds', 'upstream')), '95 % {{upstream}}'],
        ],
        half + g.fromZero(0.5) + g.tableLegend('right') + noStreams,
      ),
      g.timeseries(
        'Time per output token',
        'Time that a stream takes for each token after the first: half of the streams and 95 % of them are faster.',
        's',
        [
          [q(quantile('0.5', 'aigw_time_per_output_token_seconds', 'model')), 'half {{model}}'],
          [q(quantile('0.95', 'aigw_time_per_output_token_seconds', 'model')), '95 % {{model}}'],
        ],
        third + g.fromZero(0.05) + g.tableLegend('bottom') + noStreams,
      ),
      g.timeseries(
        'Time between chunks',
        'Time between two pieces of a stream: half and 99 % of the gaps are shorter.',
        's',
        [
          [q(quantile('0.5', 'aigw_inter_chunk_seconds', 'model')), 'half {{model}}'],
          [q(quantile('0.99', 'aigw_inter_chunk_seconds', 'model')), '99 % {{model}}'],
        ],
        third + g.fromZero(0.05) + g.tableLegend('bottom') + noStreams,
      ),
      g.timeseries(
        'Overhead of the gateway',
        'Time that the gateway itself took, without queue, waits for upstreams and clients: half and 99 % of the requests.',
        's',
        [
          ['histogram_quantile(%s, sum by (le) (rate(aigw_overhead_seconds_bucket{%s}[$__rate_interval]))) >= 0' % [share, q('%(e)s')], legend]
          for share in ['0.5', '0.99']
          for legend in [{ '0.5': 'half', '0.99': '99 %' }[share]]
        ],
        third + g.fromZero(0.001) + none,
      ),
    ]),

    g.row('Streams', [
      g.timeseries(
        'Streams by end',
        'Streams a second that had begun, by how they ended.',
        'ops',
        [
          [q('sum by (end) (%s)' % rate('aigw_streams_total{%(m)s,end="complete"}')), '{{end}}'],
          [q('sum by (end) (%s)' % rate('aigw_streams_total{%(m)s,end!="complete"}')), '{{end}}'],
        ],
        third + g.stacked + g.colors({
          complete: 'green',
          client_cancel: 'text',
          client_slow: 'blue',
          shutdown: 'purple',
          idle_timeout: 'orange',
          upstream_error: 'red',
        }) + noStreams,
      ),
      g.timeseries(
        'Streams broken off',
        'Share of the streams from each upstream that broke off or fell silent after they had begun.',
        'percentunit',
        [[q('(sum by (upstream) (rate(aigw_streams_total{%(m)s,end=~"upstream_error|idle_timeout"}[$__rate_interval])) or 0 * sum by (upstream) (rate(aigw_streams_total{%(m)s}[$__rate_interval]))) / (sum by (upstream) (rate(aigw_streams_total{%(m)s}[$__rate_interval])) > 0)'), '{{upstream}}']],
        third + g.fromZero(0.05) + noStreams,
      ),
      g.timeseries(
        'Drains',
        'Streams a second whose client had left and that were read on to their token counts, by whether that worked (left axis), and how many there are now (right axis).',
        'ops',
        [
          [q('sum by (upstream, result) (%s)' % rate('aigw_drains_total{%(u)s}')), '{{result}} {{upstream}}'],
          [q('sum by (upstream) (aigw_upstream_draining{%(u)s})'), 'now {{upstream}}'],
        ],
        third + g.fromZero(0.1) + g.rightAxis('B', 'short', 'streams now', 4) + g.tableLegend('bottom') + g.noValue('no client left its stream'),
      ),
    ]),
  ],
}
