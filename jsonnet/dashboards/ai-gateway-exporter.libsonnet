// SPDX-License-Identifier: Apache-2.0
// Last row of the AI gateway dashboards: the exporter itself.
local g = import '../lib/grafana.libsonnet';

local half = g.size(12, 8);
local third = g.size(8, 7);

function(q) [
  g.row('Exporter', [
    g.timeseries(
      'Collector duration',
      'Time that each collector took in a scrape; with several exporters picked, the slowest of them.',
      's',
      [[q('max by (collector) (aigw_scrape_collector_duration_seconds{%(e)s})'), '{{collector}}']],
      half + g.fromZero(0.001) + g.tableLegend('right'),
    ),
    g.table(
      'Collector state',
      'What each collector does now, those that fail first: failed, timeout, not_applicable where there is nothing for it to do, or ok.',
      [[
        q('aigw_scrape_collector_state{%(e)s,state!~"ok|not_applicable"} == 1 or aigw_scrape_collector_state{%(e)s,state="not_applicable"} == 1 or aigw_scrape_collector_state{%(e)s,state="ok"} == 1'),
        '{{collector}}',
      ]],
      { instance: 'Exporter', collector: 'Collector', state: 'State' },
      [],
      half
      + g.coloredColumn('State', { ok: ['ok', 'green'], not_applicable: ['not_applicable', 'text'], failed: ['failed', 'red'], timeout: ['timeout', 'orange'] })
      + g.columnWidths({ Collector: 190, State: 130 }),
    ),
    g.timeseries(
      'Scrape time',
      'Time that Prometheus needed for a whole scrape, and the collectors for theirs.',
      's',
      [
        [q('scrape_duration_seconds{%(e)s}'), 'scrape {{instance}}'],
        [q('sum by (job, instance) (aigw_scrape_collector_duration_seconds{%(e)s})'), 'collectors {{instance}}'],
      ],
      third + g.fromZero(0.01),
    ),
    g.timeseries(
      'Series',
      'Series that Prometheus got in each scrape (left axis). Right axis: series that the exporter had to throw away, and how often it counted something as "other" because it has too many series.',
      'short',
      [
        [q('scrape_samples_scraped{%(e)s}'), 'scraped {{instance}}'],
        [q('sum by (instance, collector, reason) (increase(aigw_scrape_series_dropped_total{%(e)s}[$__rate_interval]))'), '{{collector}} {{reason}} {{instance}}'],
        [q('sum by (instance) (increase(aigw_label_sets_folded_total{%(e)s}[$__rate_interval]))'), 'counted as other {{instance}}'],
      ],
      third + g.fromZero(10) + g.rightAxis('B', 'short', 'dropped, as other', 10) + g.rightAxis('C', 'short', 'dropped, as other', 10),
    ),
    g.timeseries(
      'Memory and CPU of the exporter',
      'Resident memory of the exporter (left axis), and the CPUs that it uses (right axis).',
      'bytes',
      [
        [q('process_resident_memory_bytes{%(e)s}'), 'memory {{instance}}'],
        [q('rate(process_cpu_seconds_total{%(e)s}[$__rate_interval])'), 'CPU {{instance}}'],
      ],
      third + g.fromZero(1024 * 1024) + g.rightAxis('B', 'none', 'cores', 0.01),
    ),
  ]),
]
