// SPDX-License-Identifier: Apache-2.0
// Rows of the Redis dashboard: commands, how long they take, and what goes wrong with them.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 9) + g.tableLegend('bottom');
local none = g.noValue('no Redis');
local noHistogram = g.noValue('needs Redis 7.0 and LATENCY HISTOGRAM');

local rate(metric) = 'rate(redis_%s{%%(s)s}[$__rate_interval])' % metric;
// Commands that nobody sent have no time.
local quantile(share) =
  'topk(10, histogram_quantile(%s, sum by (job, instance, target, cmd, le) (%s)) >= 0)' % [share, rate('command_duration_seconds_bucket')];
local ping(share) = 'histogram_quantile(%s, sum by (job, instance, target, le) (%s))' % [share, rate('ping_duration_seconds_bucket')];

function(n) [
  g.row('Commands and their time', [
    g.timeseries(
      'Commands by server',
      'Commands a second that each server ran.',
      'ops',
      [[n(rate('commands_processed_total')), '{{server}}']],
      third + g.fromZero(1) + none,
    ),
    g.timeseries(
      'Commands by name',
      'Commands a second, the ten that are used most.',
      'ops',
      [[n('topk(10, %s)' % rate('commands_total')), '{{cmd}} on {{server}}']],
      third + g.fromZero(1) + none,
    ),
    g.timeseries(
      'Time in commands',
      'Seconds a second that the server spent in a command, the ten that take most. Commands run one after another: in sum 1 is the most.',
      'none',
      [[n('topk(10, %s)' % rate('commands_duration_seconds_total')), '{{cmd}} on {{server}}']],
      third + g.fromZero(0.01) + g.axisLabel('share of a second') + none,
    ),
    g.timeseries(
      'Half of the commands took up to',
      'Time within which half of the calls of a command were done inside the server, the ten slowest commands.',
      's',
      [[n(quantile('0.5')), '{{cmd}} on {{server}}']],
      third + g.fromZero(0.0001) + noHistogram,
    ),
    g.timeseries(
      '95 % of the commands took up to',
      'Time within which 95 % of the calls of a command were done inside the server, the ten slowest commands.',
      's',
      [[n(quantile('0.95')), '{{cmd}} on {{server}}']],
      third + g.fromZero(0.0001) + noHistogram,
    ),
    g.timeseries(
      '99 % of the commands took up to',
      'Time within which 99 % of the calls of a command were done inside the server, the ten slowest commands.',
      's',
      [[n(quantile('0.99')), '{{cmd}} on {{server}}']],
      third + g.fromZero(0.0001) + noHistogram,
    ),
    g.timeseries(
      'PING by server',
      "Time within which half and 99 % of the exporter's own PINGs were answered, the network and the wait for other commands included.",
      's',
      [
        [n(ping('0.5')), 'half {{server}}'],
        [n(ping('0.99')), '99 % {{server}}'],
      ],
      third + g.fromZero(0.001) + none,
    ),
    g.timeseries(
      'Slow log',
      "Commands that were slower than the server's slowlog-log-slower-than.",
      'none',
      [[n('increase(redis_slowlog_entries_total{%(s)s}[$__rate_interval])'), '{{server}}']],
      third + g.fromZero(4) + g.decimals(0) + none,
    ),
    g.timeseries(
      'Longest events',
      "How long the newest event of each kind took (LATENCY LATEST), of those longer than the server's latency-monitor-threshold, and the newest command of the slow log.",
      's',
      [
        [n('redis_latency_spike_duration_seconds{%(s)s}'), '{{event_name}} on {{server}}'],
        [n('redis_last_slow_execution_duration_seconds{%(s)s}'), 'slow log of {{server}}'],
      ],
      third + g.fromZero(0.01) + g.noValue('nothing was slow'),
    ),
  ]),

  g.row('Errors', [
    g.timeseries(
      'Error replies by kind',
      'Replies a second that were errors, by their first word.',
      'ops',
      [[n(rate('errors_total')), '{{err}} on {{server}}']],
      third + g.fromZero(1) + g.noValue('no errors'),
    ),
    g.timeseries(
      'Commands that failed',
      'Calls a second of a command that ended in an error while it ran (failed), or before (rejected), the ten most frequent.',
      'ops',
      [
        [n('topk(10, %s > 0)' % rate('commands_failed_calls_total')), 'failed {{cmd}} on {{server}}'],
        [n('topk(10, %s > 0)' % rate('commands_rejected_calls_total')), 'rejected {{cmd}} on {{server}}'],
      ],
      third + g.fromZero(1) + g.noValue('no errors'),
    ),
    g.timeseries(
      'Error replies by server',
      'Replies a second that were errors, and those that should not happen: while a replica follows its primary, or the append-only file is loaded.',
      'ops',
      [
        [n(rate('total_error_replies')), 'errors {{server}}'],
        [n(rate('unexpected_error_replies')), 'unexpected {{server}}'],
      ],
      third + g.fromZero(1) + g.noValue('needs Redis 6.2'),
    ),
  ]),
]
