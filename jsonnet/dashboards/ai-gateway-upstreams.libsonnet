// SPDX-License-Identifier: Apache-2.0
// Rows of the AI gateway dashboard: upstreams, their breakers, limits and connections.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);
local rate(selector) = 'rate(%s[$__rate_interval])' % selector;
local none = g.noValue('no upstream');
local noBreaker = g.noValue('no breaker');
local noLimits = g.noValue('no upstream tells of its limits');
local name = '{{upstream}} {{instance}}';

// The state as a number, for the graph alone: the higher, the fewer requests get through.
local levels = ['closed', 'disabled|metrics_only', 'half_open', 'open|forced_open'];
local level = std.join(' or ', [
  '%d * circuit_breaker_state{%%(b)s,state=~"(%s)"}' % [number, levels[number]]
  for number in std.range(0, std.length(levels) - 1)
]);
local levelTexts = { '0': ['closed', 'green'], '1': ['off', 'blue'], '2': ['half-open', 'orange'], '3': ['open', 'red'] };

function(q, c) [
  g.row('Upstreams', [
    g.timeline(
      'Breakers',
      'State of the circuit breaker of each upstream, as it was at each scrape.',
      [[q('sum by (breaker, instance) (%s)' % level), '{{breaker}} {{instance}}']],
      g.size(12, 8) + g.valueTexts(levelTexts) + noBreaker,
    ),
    g.timeseries(
      'Openings of breakers',
      'How often the breaker of each upstream opened, also where no scrape saw it.',
      'none',
      [[q('sum by (breaker, instance) (increase(circuit_breaker_transitions_total{%(b)s,to="open"}[$__rate_interval]))'), '{{breaker}} {{instance}}']],
      g.size(12, 8) + g.fromZero(1) + g.events + g.decimals(0) + noBreaker,
    ),
    g.timeseries(
      'Error ratio',
      "Share of the calls in the window of each upstream's breaker that failed, and (dashed) the share at which it opens.",
      'percentunit',
      [
        [q('aigw_upstream_error_ratio{%(u)s}'), name],
        [q('circuit_breaker_failure_ratio_threshold{%(b)s}'), 'opens at {{breaker}} {{instance}}'],
      ],
      third + g.range(0, 1) + g.dashed('B') + g.noValue('no calls'),
    ),
    g.timeseries(
      'Latency against its own past',
      'How many times as long as usual each upstream takes: 1 is as ever. Dashed: where the alert begins.',
      'none',
      [
        [q('aigw_upstream_latency_ratio{%(u)s}'), name],
        ['vector(%g)' % c.latencyRatio, 'alert'],
      ],
      third + g.fromZero(2) + g.dashed('B') + g.noValue('no past yet'),
    ),
    g.timeseries(
      'Requests at each upstream',
      'Requests that are at each upstream now.',
      'short',
      [[q('sum by (upstream, instance) (aigw_upstream_in_flight_requests{%(u)s})'), name]],
      third + g.fromZero(4) + none,
    ),
    g.timeseries(
      'Attempts with 429',
      'Share of the attempts at each upstream that it refused because there were too many.',
      'percentunit',
      [[q('(sum by (upstream) (rate(aigw_attempts_total{%(m)s,result="rate_limited"}[$__rate_interval])) or 0 * sum by (upstream) (rate(aigw_attempts_total{%(m)s}[$__rate_interval]))) / (sum by (upstream) (rate(aigw_attempts_total{%(m)s}[$__rate_interval])) > 0)'), '{{upstream}}']],
      third + g.fromZero(0.05) + g.noValue('no attempts'),
    ),
    g.timeseries(
      'Cool-down',
      'Time for which an upstream gets no requests because it asked for that; 0: it gets them.',
      's',
      [[q('aigw_upstream_cool_down_seconds{%(u)s}'), name]],
      third + g.fromZero(5) + none,
    ),
    g.timeseries(
      'Upstream limits left',
      "Share of each upstream's own limits that is left, as its last reply told.",
      'percentunit',
      [[q('aigw_upstream_rate_limit_remaining{%(u)s} / (aigw_upstream_rate_limit{%(u)s} > 0)'), '{{kind}} ' + name]],
      third + g.range(0, 1) + g.tableLegend('bottom') + { options+: { legend+: { calcs: ['min'], sortBy: 'Min', sortDesc: false } } } + noLimits,
    ),
    g.table(
      'Upstream limits',
      "Each upstream's own limits, as its last reply told.",
      [[q('aigw_upstream_rate_limit{%(u)s}'), 'limit']],
      { upstream: 'Upstream', kind: 'Kind', instance: 'Gateway' },
      [],
      third + g.valueColumn('Limit', 'short') + noLimits,
    ),
    g.timeseries(
      'Until limits are whole',
      'Time until each limit of an upstream is whole again; nothing once it is.',
      's',
      [[q('aigw_upstream_rate_limit_reset_timestamp_seconds{%(u)s} - time() > 0'), '{{kind}} ' + name]],
      third + g.fromZero(10) + g.tableLegend('bottom') + noLimits,
    ),
    g.timeline(
      'Probes',
      'Whether each upstream answered its last probe, where the config asks for one.',
      [[q('aigw_upstream_probe_success{%(u)s}'), name]],
      third + g.valueTexts({ '0': ['failed', 'red'], '1': ['answered', 'green'] }) + g.noValue('no probes are configured'),
    ),
  ]),

  g.row('Connections and memory', [
    g.timeseries(
      'Connections of clients',
      'Connections that clients have open, and (dashed) how many may be.',
      'short',
      [
        [q('aigw_connections{%(e)s}'), '{{instance}}'],
        [q('aigw_connections_limit{%(e)s}'), 'limit {{instance}}'],
      ],
      g.size(6, 8) + g.fromZero(10) + g.dashed('B'),
    ),
    g.timeseries(
      'Bodies in memory',
      'Bytes of the requests that each gateway holds, and (dashed) how many it may hold.',
      'bytes',
      [
        [q('aigw_held_bytes{%(e)s}'), '{{instance}}'],
        [q('aigw_held_bytes_limit{%(e)s}'), 'limit {{instance}}'],
      ],
      g.size(6, 8) + g.fromZero(1024 * 1024) + g.dashed('B'),
    ),
    g.timeseries(
      'Connections to upstreams',
      'Connections a second that were taken for an attempt: a new one, or one that was there.',
      'ops',
      [
        [q('sum by (upstream) (%s)' % rate('aigw_upstream_connections_total{%(u)s,reused="true"}')), 'reused {{upstream}}'],
        [q('sum by (upstream) (%s)' % rate('aigw_upstream_connections_total{%(u)s,reused="false"}')), 'new {{upstream}}'],
      ],
      g.size(6, 8) + g.fromZero(1) + g.tableLegend('bottom') + none,
    ),
    g.timeseries(
      'Idle connections to upstreams',
      'Connections to each upstream that wait for the next request.',
      'short',
      [[q('aigw_upstream_idle_connections{%(u)s}'), name]],
      g.size(6, 8) + g.fromZero(4) + none,
    ),
  ]),
]
