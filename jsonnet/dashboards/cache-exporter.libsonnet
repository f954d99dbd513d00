// SPDX-License-Identifier: Apache-2.0
// Last row of the cache dashboards: the exporter itself.
local g = import '../lib/grafana.libsonnet';

local half = g.size(12, 9);
local third = g.size(8, 7);

function(q, n) [
  g.row('Exporter', [
    g.timeseries(
      'Collector duration',
      'Time that each collector took in a scrape; with several servers picked, the slowest of them.',
      's',
      [[q('max by (collector) (cache_scrape_collector_duration_seconds{%(s)s})'), '{{collector}}']],
      half + g.fromZero(0.001) + g.tableLegend('right'),
    ),
    g.table(
      'Collector state',
      'What each collector does now, those that fail first: failed, timeout, not_applicable where the server lacks the thing, or ok.',
      [[
        n('cache_scrape_collector_state{%(s)s,state!~"ok|not_applicable"} == 1 or cache_scrape_collector_state{%(s)s,state="not_applicable"} == 1 or cache_scrape_collector_state{%(s)s,state="ok"} == 1'),
        '{{collector}}',
      ]],
      { server: 'Server', collector: 'Collector', state: 'State' },
      ['instance', 'target'],
      half
      + g.coloredColumn('State', { ok: ['ok', 'green'], not_applicable: ['not_applicable', 'text'], failed: ['failed', 'red'], timeout: ['timeout', 'orange'] })
      + g.columnWidths({ Collector: 190, State: 130 }),
    ),
    g.timeseries(
      'Scrape time',
      'Time that Prometheus needed for a whole scrape, and the collectors of each server for theirs.',
      's',
      [
        [q('scrape_duration_seconds{%(e)s}'), 'scrape {{instance}}'],
        [n('sum by (job, instance, target) (cache_scrape_collector_duration_seconds{%(s)s})'), 'collectors {{server}}'],
      ],
      third + g.fromZero(0.01),
    ),
    g.timeseries(
      'Series',
      'Series that Prometheus got in each scrape (left axis), and series that the exporter had to throw away (right axis).',
      'short',
      [
        [q('scrape_samples_scraped{%(e)s}'), 'scraped {{instance}}'],
        [q('sum by (instance, collector, reason) (increase(cache_scrape_series_dropped_total{%(e)s}[$__rate_interval]))'), '{{collector}} {{reason}} {{instance}}'],
      ],
      third + g.fromZero(10) + g.rightAxis('B', 'short', 'dropped', 10),
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
