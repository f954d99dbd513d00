// SPDX-License-Identifier: Apache-2.0
// Row of the cache dashboard: what comes from applications over StatsD, and what of it is lost.
local g = import '../lib/grafana.libsonnet';

local quarter = g.size(6, 8);
local none = g.noValue('no StatsD listener');
local rate(metric, by='') = 'sum by (job, instance%s) (rate(cache_statsd_%s{%%(e)s}[$__rate_interval]))' % [by, metric];

function(q) [
  g.row('StatsD', [
    g.timeseries(
      'Packets and values',
      'Packets a second that came, lines in them that could be read, and values in these.',
      'cps',
      [
        [q(rate('packets_total')), 'packets {{instance}}'],
        [q(rate('lines_total')), 'lines {{instance}}'],
        [q(rate('values_total')), 'values {{instance}}'],
      ],
      quarter + g.fromZero(1) + none,
    ),
    g.timeseries(
      'Packets and lines lost',
      'Packets a second that the kernel threw away because the receive buffer was full, or that were too long or could not be read, and lines that could not be understood.',
      'cps',
      [
        [q(rate('kernel_drops_total')), 'kernel {{instance}}'],
        [q(rate('oversized_packets_total')), 'too long {{instance}}'],
        [q(rate('receive_errors_total')), 'not received {{instance}}'],
        [q(rate('parse_errors_total')), 'not understood {{instance}}'],
      ],
      quarter + g.fromZero(1) + none,
    ),
    g.timeseries(
      'Values lost, by reason',
      'Values a second that could be read and were not kept. What no mapping matches (unmapped) and what a mapping drops (dropped) is meant to be lost.',
      'cps',
      [[q(rate('values_lost_total', ', reason')), '{{reason}} {{instance}}']],
      quarter + g.fromZero(1) + g.tableLegend('bottom') + none,
    ),
    g.timeseries(
      'Series of StatsD',
      'Series made of StatsD metrics, those that were removed since they had no new value, and (dashed) as many as are kept.',
      'short',
      [
        [q('cache_statsd_series{%(e)s}'), 'series {{instance}}'],
        [q('cache_statsd_series_limit{%(e)s}'), 'limit {{instance}}'],
        [q('sum by (job, instance) (increase(cache_statsd_series_expired_total{%(e)s}[$__rate_interval]))'), 'removed {{instance}}'],
      ],
      quarter + g.fromZero(10) + g.dashed('B') + none,
    ),
  ]),
]
