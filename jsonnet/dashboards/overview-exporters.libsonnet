// SPDX-License-Identifier: Apache-2.0
// Rows of the Overview: what happened lately, breakers that are not closed, and the exporters themselves.
local components = import '../lib/components.libsonnet';
local g = import '../lib/grafana.libsonnet';
local links = import '../lib/links.libsonnet';

local states = import 'circuit-breaker-states.libsonnet';

local noTarget = g.noValue('no target');

// The colors of a column by its numbers.
local byNumber(steps) = [
  { id: 'custom.cellOptions', value: { type: 'color-text' } },
  { id: 'thresholds', value: { mode: 'absolute', steps: [{ color: step[1], value: step[0] } for step in steps] } },
  { id: 'color', value: { mode: 'thresholds' } },
];
// Numbers that are bad as soon as they are not 0.
local zero = byNumber([[null, 'text'], [1, 'orange']]);

function(q, union, config, alerting) [
  g.row('Lately', [
    g.timeseries(
      'Alerts over time',
      'Alerts that fire, by component and severity.',
      'none',
      [[q('count by (component, severity) (ALERTS{%(a)s,alertstate="firing"})'), '{{component}} {{severity}}']],
      g.size(6, 9) + g.events + g.fromZero(1) + g.noValue('none in this time'),
    ),
    g.timeline(
      'Targets',
      'Whether Prometheus reached each exporter.',
      [[union('up{%%(s)s,%(selector)s}'), '{{job}} {{instance}}']],
      g.size(8, 9) + g.valueTexts({ '0': ['DOWN', 'red'], '1': ['UP', 'green'] }) + noTarget,
    ),
    g.table(
      'Breakers that refuse calls',
      'Breakers that are open or half-open now, and how long ago that began. A breaker of an AI gateway leads to the upstream of its name, any other to itself.',
      [[
        'label_replace(label_replace(%s, "dashboard", "binnacle-circuit-breakers", "breaker", ".+"), "dashboard", "binnacle-ai-gateway", "source", "ai-gateway")'
        % q('(circuit_breaker_state{%(s)s,state=~"open|forced_open|half_open"} == 1) * on (job, source, breaker, instance) group_left () (time() - circuit_breaker_last_transition_timestamp_seconds{%(s)s})')
        + ' or on () label_replace(vector(0), "none", "none refuses calls", "", "")',
        'breakers',
      ]],
      { source: 'Source', breaker: 'Breaker', instance: 'Instance', state: 'State', dashboard: 'Look at', none: 'Breakers' },
      [],
      g.size(10, 9) + g.columnOrder(['breaker', 'state', 'Value', 'source', 'instance', 'dashboard']) + g.valueColumn('Since', 's') + g.decimals(0) + g.coloredColumn('State', states.texts)
      + g.coloredColumn('Look at', { 'binnacle-circuit-breakers': ['breaker', 'text'], 'binnacle-ai-gateway': ['upstream', 'text'] })
      + g.linkedColumn(
        'Look at',
        'Open the dashboard',
        links.dashboard(config, '${__value.raw}', '&var-source=${__data.fields.source}&var-breaker=${__data.fields.breaker}&var-upstream=${__data.fields.breaker}'),
        targetBlank=false,
      )
      + g.columnWidths({ State: 85, Since: 75, Source: 85, Instance: 110, 'Look at': 80 })
      + { options+: { sortBy: [{ displayName: 'Since', desc: false }] } },
    ),
  ]),

  g.row('Exporters', [
    g.table(
      'Exporters, one by one',
      'What each exporter says of itself: its health score, collectors that fail now, series that it threw away in the time shown, whether it took its last configuration and when it last took one, the CPU time and memory that it uses. Empty columns are those of exporters that are not ours.',
      [
        [union('label_replace(up{%%(s)s,%(selector)s}, "dashboard", "%(dashboard)s", "", "")'), 'up'],
        ['min by (job, instance) (%s)' % union('%(prefix)s_health_score{%%(s)s}'), 'health'],
        ['sum by (job, instance) (%s)' % union('%(prefix)s_scrape_collector_state{%%(s)s,state=~"failed|timeout"}'), 'failing'],
        [
          'sum by (job, instance) (%s) or 0 * min by (job, instance) (%s)'
          % [union('increase(%(prefix)s_scrape_series_dropped_total{%%(s)s}[$__range])'), union('%(prefix)s_scrape_collector_success{%%(s)s}')],
          'dropped',
        ],
        ['min by (job, instance) (%s)' % union('%(prefix)s_config_last_reload_successful{%%(s)s}'), 'config'],
        ['time() - max by (job, instance) (%s)' % union('%(prefix)s_config_last_reload_success_timestamp_seconds{%%(s)s}'), 'config age'],
        ['max by (job, instance) (%s)' % union('rate(process_cpu_seconds_total{%%(s)s,%(selector)s}[$__rate_interval])'), 'CPU'],
        ['max by (job, instance) (%s)' % union('process_resident_memory_bytes{%%(s)s,%(selector)s}'), 'memory'],
      ],
      { dashboard: 'Component', job: 'Job', instance: 'Instance' },
      [],
      g.size(24, 11)
      + g.showColumn('job')
      + g.columnOrder(['dashboard', 'job', 'instance'] + ['Value #' + letter for letter in std.stringChars('ABCDEFGH')])
      + g.merged(['Target', 'Health', 'Collectors failing', 'Series dropped', 'Config', 'Config taken', 'CPU', 'Memory'])
      + links.componentColumn(config, alerting, '&var-job=${__data.fields.job}&var-instance=${__data.fields.instance}')
      + g.coloredColumn('Target', { '0': ['DOWN', 'red'], '1': ['UP', 'green'] })
      + g.columnUnit('Health', 'none', byNumber([[null, 'red'], [50, 'orange'], [90, 'green']]) + [{ id: 'decimals', value: 0 }])
      + g.columnUnit('Collectors failing', 'none', zero)
      + g.columnUnit('Series dropped', 'none', zero + [{ id: 'decimals', value: 0 }])
      + g.coloredColumn('Config', { '0': ['REFUSED', 'orange'], '1': ['ok', 'green'] })
      + g.columnUnit('Config taken', 's', [{ id: 'decimals', value: 0 }])
      + g.columnUnit('CPU', 'percentunit', [{ id: 'decimals', value: 2 }])
      + g.columnUnit('Memory', 'bytes', [{ id: 'decimals', value: 1 }])
      + g.noValue('-')
      + { options+: { sortBy: [{ displayName: 'Target', desc: false }, { displayName: 'Health', desc: false }] } },
    ),
    g.table(
      'Collectors that fail, by name',
      'Which parts of which exporters failed or took too long in the last scrape.',
      [[
        links.byComponent(components.of(config), '(%s)' % union('label_replace(sum by (job, instance, collector, state) (%(prefix)s_scrape_collector_state{%%(s)s,state=~"failed|timeout"}) > 0, "component", "%(name)s", "", "")'))
        + ' or on () label_replace(vector(0), "none", "none fails", "", "")',
        'collectors',
      ]],
      { dashboard: 'Component', instance: 'Instance', collector: 'Collector', state: 'State', none: 'Collectors' },
      ['component'],
      g.size(6, 9) + g.coloredColumn('State', { failed: ['failed', 'red'], timeout: ['timeout', 'orange'] })
      + links.componentColumn(config, alerting, '&var-instance=${__data.fields.instance}'),
    ),
    g.timeseries(
      'CPU of the exporters',
      'CPU time that each exporter uses; 100 % is one CPU.',
      'percentunit',
      [[union('rate(process_cpu_seconds_total{%%(s)s,%(selector)s}[$__rate_interval])'), '{{job}} {{instance}}']],
      g.size(6, 9) + g.fromZero(0.01) + noTarget + g.tableLegend('bottom'),
    ),
    g.timeseries(
      'Memory of the exporters',
      'Resident memory of each exporter.',
      'bytes',
      [[union('process_resident_memory_bytes{%%(s)s,%(selector)s}'), '{{job}} {{instance}}']],
      g.size(6, 9) + g.fromZero(1048576) + noTarget + g.tableLegend('bottom'),
    ),
    g.timeseries(
      'Scrape time',
      'Time that Prometheus needed for a whole scrape of each exporter.',
      's',
      [[union('scrape_duration_seconds{%%(s)s,%(selector)s}'), '{{job}} {{instance}}']],
      g.size(6, 9) + g.fromZero(0.01) + noTarget + g.tableLegend('bottom'),
    ),
  ]),
]
