// SPDX-License-Identifier: Apache-2.0
// Rows of the circuit-breaker dashboard: where the exporter reads from, and what applications push.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8) + g.tableLegend('bottom');
local quarter = g.size(6, 8);
local noSource = g.noValue('no source is polled');
local noStatsd = g.noValue('no StatsD listener');
local name = '{{source}} {{instance}}';

local sumBy(labels, metric) = 'sum by (source, instance%s) (increase(circuit_breaker_%s{%%(s)s}[$__rate_interval]))' % [labels, metric];
local pushed(metric, by='') = 'sum by (instance%s) (rate(circuit_breaker_%s{%%(e)s}[$__rate_interval]))' % [by, metric];

function(q) [
  g.row('Sources', [
    g.table(
      'Sources now',
      'Each source, whether it can be read, and how long ago it was read last.',
      [
        [q('circuit_breaker_source_up{%(s)s} == 0 or circuit_breaker_source_up{%(s)s} == 1'), 'up'],
      ],
      { source: 'Source', kind: 'Kind', instance: 'Exporter' },
      [],
      g.size(8, 8) + g.valueColumn('State', 'none') + g.coloredColumn('State', { '0': ['DOWN', 'red'], '1': ['UP', 'green'] })
      + g.columnWidths({ State: 80, Kind: 110 }),
    ),
    g.timeseries(
      'Time since the last good poll',
      'How long ago each source was read. It grows while the source is down.',
      's',
      [[q('time() - circuit_breaker_source_last_success_timestamp_seconds{%(s)s}'), name]],
      third + g.fromZero(10) + noSource,
    ),
    g.timeseries(
      'Duration of polls',
      'Time within which 95 % of the polls of each source ended, and the mean.',
      's',
      [
        [q('histogram_quantile(0.95, sum by (source, instance, le) (rate(circuit_breaker_source_poll_duration_seconds_bucket{%(s)s}[$__rate_interval]))) >= 0'), '95 % ' + name],
        [q('%s / (%s > 0)' % [sumBy('', 'source_poll_duration_seconds_' + part) for part in ['sum', 'count']]), 'mean ' + name],
      ],
      third + g.fromZero(0.01) + noSource,
    ),
    g.timeseries(
      'Polls that failed',
      'Polls that gave nothing, by why.',
      'none',
      [[q(sumBy(', reason', 'source_failures_total')), '{{reason}} ' + name]],
      third + g.fromZero(1) + noSource,
    ),
    g.timeseries(
      'Gaps and losses',
      'Times that something may have happened unseen, that a breaker was left out because there are too many, and breakers that were removed since nothing was heard of them.',
      'none',
      [
        [q(sumBy('', 'observation_gaps_total')), 'gap ' + name],
        [q(sumBy('', 'dropped_breakers_total')), 'left out ' + name],
        [q(sumBy('', 'removed_breakers_total')), 'removed ' + name],
      ],
      third + g.fromZero(1) + noSource,
    ),
    g.timeseries(
      'Breakers of each source',
      'How many breakers the exporter knows of each source.',
      'short',
      [[q('circuit_breaker_source_breakers{%(s)s}'), name]],
      third + g.fromZero(4) + g.decimals(0) + noSource,
    ),
  ]),

  g.row('Push over StatsD', [
    g.timeseries(
      'Packets, lines and values',
      'Packets a second that came, lines in them that could be read, and values in these.',
      'cps',
      [
        [q(pushed('statsd_packets_total')), 'packets {{instance}}'],
        [q(pushed('statsd_lines_total')), 'lines {{instance}}'],
        [q(pushed('statsd_values_total')), 'values {{instance}}'],
      ],
      quarter + g.fromZero(1) + noStatsd,
    ),
    g.timeseries(
      'Packets and lines lost',
      'Packets a second that the kernel threw away because the receive buffer was full, or that were too long or could not be read, and lines that could not be understood.',
      'cps',
      [
        [q(pushed('statsd_kernel_drops_total')), 'kernel {{instance}}'],
        [q(pushed('statsd_oversized_packets_total')), 'too long {{instance}}'],
        [q(pushed('statsd_receive_errors_total')), 'not received {{instance}}'],
        [q(pushed('statsd_parse_errors_total')), 'not understood {{instance}}'],
      ],
      quarter + g.fromZero(1) + noStatsd,
    ),
    g.timeseries(
      'Malformed reports',
      'Lines about circuit breakers a second that could be read and still not be used, by why.',
      'cps',
      [[q(pushed('push_malformed_total', ', reason')), '{{reason}} {{instance}}']],
      quarter + g.fromZero(1) + g.tableLegend('bottom') + noStatsd,
    ),
    g.timeseries(
      'Values lost, by reason',
      'Other values a second that could be read and were not kept. What no mapping matches (unmapped) and what a mapping drops (dropped) is meant to be lost.',
      'cps',
      [[q(pushed('statsd_values_lost_total', ', reason')), '{{reason}} {{instance}}']],
      quarter + g.fromZero(1) + g.tableLegend('bottom') + noStatsd,
    ),
  ]),
]
