// SPDX-License-Identifier: Apache-2.0
// Rows of the circuit-breaker dashboard: states over time, and which breakers were in trouble most.
local g = import '../lib/grafana.libsonnet';

local half = g.size(12, 9);
local third = g.size(8, 8);
local name = '{{source}} {{breaker}} {{instance}}';
local none = g.noValue('no breaker');

local colors = {
  closed: 'green',
  open: 'red',
  half_open: 'orange',
  forced_open: 'purple',
  disabled: 'blue',
  metrics_only: 'light-blue',
  unknown: 'text',
};

// The state as a number, for the graph alone: the higher, the fewer calls get through. Nothing while it is unknown.
local levels = ['closed', 'disabled|metrics_only', 'half_open', 'open', 'forced_open'];
local level = std.join(' or ', [
  '%d * circuit_breaker_state{%%(b)s,state=~"(%s)"}' % [number, levels[number]]
  for number in std.range(0, std.length(levels) - 1)
]);
local levelTexts = {
  '0': ['closed', 'green'],
  '1': ['off', 'blue'],
  '2': ['half-open', 'orange'],
  '3': ['open', 'red'],
  '4': ['forced open', 'purple'],
};

// The breakers that reached most of something in the time that is shown.
local offenders(q, title, description, heading, unit, by) = g.table(
  title,
  description,
  [[q('topk(10, sum by (job, source, breaker, instance) (%s) > 0)' % by), title]],
  { source: 'Source', breaker: 'Breaker', instance: 'Instance' },
  [],
  third + g.valueColumn(heading, unit) + g.columnWidths({ Instance: 120, Source: 90, [heading]: 90 }) + g.noValue('none in this time')
  + { options+: { sortBy: [{ displayName: heading, desc: true }] } },
);

{
  // Texts and colors of the label `state`.
  texts:: { [state]: [state, colors[state]] for state in std.objectFields(colors) },

  rows(q):: [
    g.row('States', [
      g.timeline(
        'State of each breaker',
        'What each breaker did, as it was at each scrape; openings between two scrapes are in the transitions beside. Gaps: nobody could tell.',
        [[q('sum by (source, breaker, instance) (%s) unless on (source, breaker, instance) circuit_breaker_state{%%(b)s,state="unknown"} == 1' % level), name]],
        g.size(24, 11) + g.valueTexts(levelTexts) + none,
      ),
      g.timeseries(
        'Breakers by state',
        'How many breakers were in each state.',
        'none',
        [[q('sum by (state) (circuit_breaker_state{%(b)s})'), '{{state}}']],
        half + g.stacked + g.steps + g.decimals(0) + g.colors(colors) + none,
      ),
      g.timeseries(
        'Transitions',
        'Changes of state, those that no scrape saw among them, by the state before and after.',
        'none',
        [[q('sum by (from, to) (increase(circuit_breaker_transitions_total{%(b)s}[$__rate_interval]))'), '{{from}} to {{to}}']],
        half + g.fromZero(1) + g.events + g.colors({
          'closed to open': 'red',
          'half_open to open': 'dark-red',
          'open to half_open': 'orange',
          'half_open to closed': 'green',
          'open to closed': 'light-green',
        }) + none,
      ),
      g.timeseries(
        'Openings',
        'How often each breaker came into the state open, from closed or from half-open.',
        'none',
        [[q('sum by (source, breaker, instance) (increase(circuit_breaker_transitions_total{%(b)s,to="open"}[$__rate_interval]))'), name]],
        half + g.fromZero(1) + g.events + g.tableLegend('bottom') + none,
      ),
      g.timeseries(
        'Share of time open',
        'Share of the time in which each breaker refused all calls (open, forced_open), as the exporter measured it between the scrapes too.',
        'percentunit',
        [[q('sum by (source, breaker, instance) (rate(circuit_breaker_state_seconds_total{%(b)s,state=~"open|forced_open"}[$__rate_interval]))'), name]],
        half + g.range(0, 1) + g.tableLegend('bottom') + none,
      ),
    ]),

    g.row('Top offenders in the time shown', [
      offenders(
        q,
        'Most openings',
        'Breakers that opened most often in the time shown.',
        'Openings',
        'short',
        'increase(circuit_breaker_transitions_total{%(b)s,to="open"}[$__range])',
      ) + g.decimals(0),
      offenders(
        q,
        'Longest open',
        'Breakers that were open (not by hand) for longest in the time shown.',
        'Open',
        's',
        'increase(circuit_breaker_state_seconds_total{%(b)s,state="open"}[$__range])',
      ) + g.decimals(0),
      offenders(
        q,
        'Most calls refused or failed',
        'Breakers of which most calls were refused, failed or timed out in the time shown.',
        'Calls',
        'short',
        'increase(circuit_breaker_calls_total{%(b)s,result=~"rejected|failure|timeout"}[$__range])',
      ) + g.decimals(0),
    ]),
  ],
}
