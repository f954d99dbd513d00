// SPDX-License-Identifier: Apache-2.0
// Row of the System dashboard: the exporter itself and the clock.
local g = import '../lib/grafana.libsonnet';

local quarter = g.size(6, 9);
local half = g.size(12, 9);

function(q) [
  g.row('Exporter and clock', [
    g.timeseries(
      'Collector duration',
      'Time that each collector took in a scrape; with several hosts picked, the slowest of them.',
      's',
      [[q('max by (collector) (node_scrape_collector_duration_seconds{%(s)s})'), '{{collector}}']],
      half + g.fromZero(0.001) + g.tableLegend('right'),
    ),
    g.table(
      'Collector state',
      'What each collector does now, those that fail first: failed, timeout, not_applicable where the host lacks the thing, or ok.',
      [[
        q('node_scrape_collector_state{%(s)s,state!~"ok|not_applicable"} == 1 or node_scrape_collector_state{%(s)s,state="not_applicable"} == 1 or node_scrape_collector_state{%(s)s,state="ok"} == 1'),
        '{{collector}}',
      ]],
      { instance: 'Instance', collector: 'Collector', state: 'State' },
      [],
      half + g.noValue('node_exporter does not have this')
      + g.coloredColumn('State', { ok: ['ok', 'green'], not_applicable: ['not_applicable', 'text'], failed: ['failed', 'red'], timeout: ['timeout', 'orange'] })
      + g.columnWidths({ Collector: 140, State: 130 }),
    ),
    g.timeseries(
      'Scrape time',
      'Time that Prometheus needed for a whole scrape.',
      's',
      [[q('scrape_duration_seconds{%(s)s}'), '{{instance}}']],
      quarter + g.fromZero(0.01),
    ),
    g.timeseries(
      'Series',
      'Series that Prometheus got in each scrape (left axis), and series that the exporter had to throw away (right axis).',
      'short',
      [
        [q('scrape_samples_scraped{%(s)s}'), 'scraped {{instance}}'],
        [q('sum by (instance, collector, reason) (increase(node_scrape_series_dropped_total{%(s)s}[$__rate_interval]))'), '{{collector}} {{reason}} {{instance}}'],
      ],
      quarter + g.fromZero(10) + g.rightAxis('B', 'short', 'dropped', 10),
    ),
    g.timeseries(
      'Clock',
      'Difference between the clocks of the host and of Prometheus (it includes the time of the scrape), and the offset from the time source.',
      's',
      [
        [q('node_time_seconds{%(s)s} - timestamp(node_time_seconds{%(s)s})'), 'against Prometheus {{instance}}'],
        [q('node_timex_offset_seconds{%(s)s}'), 'against its time source {{instance}}'],
      ],
      quarter,
    ),
    g.timeseries(
      'Open files and textfiles',
      'Open files of the exporter (left axis), and the age of each textfile with metrics (right axis).',
      'short',
      [
        [q('process_open_fds{%(s)s}'), 'open files {{instance}}'],
        [q('time() - node_textfile_mtime_seconds{%(s)s}'), '{{file}} {{instance}}'],
      ],
      quarter + g.fromZero(10) + g.rightAxis('B', 's', '', 60) + g.rename('/.*\\//', ''),
    ),
  ]),
]
