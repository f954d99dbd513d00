// SPDX-License-Identifier: Apache-2.0
// First row of the circuit-breaker dashboard: what is wrong now.
local g = import '../lib/grafana.libsonnet';
local states = import 'circuit-breaker-states.libsonnet';

local score = g.thresholds([[null, 'red'], [50, 'orange'], [90, 'green']]);
local badFrom(warning, critical) = g.thresholds([[null, 'green'], [warning, 'orange'], [critical, 'red']]);
local none = g.noValue('no breaker');

// How many breakers are in a state; 0 as long as there are breakers at all.
local inState(q, title, description, matcher, extra) = g.stat(
  title,
  description,
  'none',
  [[q('sum(circuit_breaker_state{%(b)s,state' + matcher + '})'), 'breakers']],
  extra + none + g.decimals(0) + g.sparkline,
);

local breakerColumns = { source: 'Source', breaker: 'Breaker', instance: 'Instance' };

function(q, runbook) [
  g.row('Now', [
    g.stat(
      'Health',
      'The worst score from 0 to 100 of the sources and breakers that an exporter watches, of the exporters picked.',
      'none',
      [[q('min(circuit_breaker_health_score{%(e)s})'), 'health score']],
      score + g.noValue('unknown') + g.decimals(0) + g.sparkline,
    ),
    g.stat(
      'Alerts',
      'Alerts about circuit breakers that fire now. The table below names them.',
      'none',
      [[q('count(ALERTS{%(e)s,component="circuit-breaker",alertstate="firing"}) or vector(0)'), 'firing']],
      badFrom(1, 3),
    ),
    inState(q, 'Open', 'Breakers that refuse all calls because too many failed.', '="open"', badFrom(1, 3)),
    inState(q, 'Half-open', 'Breakers that let a few calls through, to see whether the other side is well again.', '="half_open"', badFrom(1, 1000000)),
    inState(q, 'Forced open', 'Breakers that refuse all calls because somebody said so.', '="forced_open"', g.thresholds([[null, 'green'], [1, 'purple']])),
    inState(q, 'Switched off', 'Breakers that let all calls through, whatever happens (disabled, metrics_only).', '=~"disabled|metrics_only"', g.thresholds([[null, 'green'], [1, 'blue']])),
    inState(q, 'Unknown', 'Breakers whose state nobody can tell: their source does not answer, or does not name them any more.', '="unknown"', badFrom(1, 1000000)),
    g.stat(
      'All sources',
      'Whether every source can be read. It shows DOWN as soon as one of them cannot.',
      'none',
      [[q('min(circuit_breaker_source_up{%(s)s})'), 'up']],
      g.thresholds([[null, 'red'], [1, 'green']]) + g.valueTexts({ '0': ['DOWN', 'red'], '1': ['UP', 'green'] }) + g.noValue('no source'),
    ),
    g.table(
      'Firing alerts, by name',
      'What fires now, with its severity. The name leads to the runbook page.',
      [[
        q('sum by (alertname, severity, source, breaker, instance) (ALERTS{%(b)s,component="circuit-breaker",alertstate="firing"}) or on () label_replace(vector(0), "none", "none is firing", "", "")'),
        'alerts',
      ]],
      // A column of its own for "none", so that it has no link.
      { alertname: 'Alert', severity: 'Severity', none: 'Alerts' } + breakerColumns,
      [],
      g.size(12, 8)
      + g.columnWidths({ Alert: 220, Severity: 80, Instance: 110, Source: 90 })
      + g.coloredColumn('Severity', { critical: ['critical', 'red'], warning: ['warning', 'orange'], info: ['info', 'blue'] })
      + g.runbookColumn(runbook)
      + { options+: { sortBy: [{ displayName: 'Severity', desc: false }] } },
    ),
    g.table(
      'Breakers that are not closed',
      'What is open, half-open, switched off or unknown now, and how long ago its last known state began.',
      [[
        q('(circuit_breaker_state{%(b)s,state!="closed"} == 1) * on (job, source, breaker, instance) group_left () (time() - circuit_breaker_last_transition_timestamp_seconds{%(b)s}) or on () label_replace(vector(0), "none", "all are closed", "", "")'),
        'breakers',
      ]],
      breakerColumns { state: 'State', none: 'Breakers' },
      [],
      g.size(12, 8) + g.valueColumn('Since', 's') + g.decimals(0) + g.coloredColumn('State', states.texts)
      + g.columnWidths({ State: 100, Since: 80, Instance: 150, Source: 100 })
      + { options+: { sortBy: [{ displayName: 'Since', desc: true }] } },
    ),
  ]),
]
