// SPDX-License-Identifier: Apache-2.0
// Rows of the application dashboard: what is wrong now, and the requests.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);
local half = g.size(12, 8);
local none = g.noValue('no requests');
local plain = g.thresholds([[null, 'blue']]);
local badFrom(warning, critical) = g.thresholds([[null, 'green'], [warning, 'orange'], [critical, 'red']]);
// Marks in the graph that lead to traces, where the application sends them with its histograms.
local exemplars = { targets: [target { exemplar: true } for target in super.targets] };

local sumBy(by, selector) = 'sum by (%s) (rate(%s[$__rate_interval]))' % [by, selector];
local quantile(share, by) =
  'histogram_quantile(%s, sum by (%s) (rate(%%(durations)s_bucket{%%(o)s}[$__rate_interval]))) >= 0' % [share, std.join(', ', ['le'] + by)];
local failures(by) =
  local whole = sumBy(by, '%(requests)s{%(o)s}');
  '(%s or 0 * %s) / (%s > 0)' % [sumBy(by, '%(requests)s{%(o)s,%(code)s=~"%(failures)s"}'), whole, whole];

function(q, c, runbook)
  local route = c.labels.route;
  local code = c.labels.code;
  local method = c.labels.method;
  local allowed = 1 - c.availability;
  [
    g.row('Now', [
      g.stat(
        'Requests now',
        'Requests a second, of the instances and routes picked.',
        'ops',
        [[q('sum(rate(%(requests)s{%(o)s}[$__rate_interval]))'), 'requests']],
        plain + g.noValue('none') + g.sparkline,
      ),
      g.stat(
        'Failures now',
        'Share of the requests that fail: answers with a status of 500 or more.',
        'percentunit',
        [[q('(sum(rate(%(requests)s{%(o)s,%(code)s=~"%(failures)s"}[$__rate_interval])) or vector(0)) / (sum(rate(%(requests)s{%(o)s}[$__rate_interval])) > 0)'), 'failures']],
        badFrom(allowed, c.burn.fast * allowed) + none + g.sparkline,
      ),
      g.stat(
        'Duration now',
        'Time within which 95 % of the requests end.',
        's',
        [[q(quantile('0.95', [])), '95 %']],
        badFrom(c.routeSeconds.warning, c.routeSeconds.critical) + none + g.sparkline,
      ),
      g.stat(
        'Slow now',
        'Share of the requests that take longer than the service level allows.',
        'percentunit',
        [[q('1 - sum(rate(%(durations)s_bucket{%(o)s,le=~"' + c.latencySeconds + '|' + c.latencySeconds + '.0"}[$__rate_interval])) / (sum(rate(%(durations)s_count{%(o)s}[$__rate_interval])) > 0)'), 'slow']],
        badFrom(1 - c.latency, c.burn.fast * (1 - c.latency)) + none + g.sparkline,
      ),
      g.stat(
        'In flight now',
        'Requests that are being answered at this moment.',
        'short',
        [[q('sum(%(inFlight)s{%(e)s})'), 'in flight']],
        plain + g.noValue('not known') + g.decimals(0) + g.sparkline,
      ),
      g.stat(
        'Instances',
        'Instances that answer, of those picked.',
        'none',
        [[q('sum(up{%(e)s})'), 'up']],
        g.thresholds([[null, 'red'], [1, 'green']]) + g.noValue('no instance') + g.decimals(0),
      ),
      g.stat(
        'Missing',
        'Instances that do not answer.',
        'none',
        [[q('count(up{%(e)s} == 0) or vector(0)'), 'down']],
        badFrom(1, 1000000) + g.decimals(0),
      ),
      g.stat(
        'Alerts',
        'Alerts about applications that fire now. The table below names them.',
        'none',
        [[q('count(ALERTS{%(a)s,alertstate="firing"}) or vector(0)'), 'firing']],
        badFrom(1, 3),
      ),
      g.table(
        'Firing alerts, by name',
        'What fires now, with its severity. The name leads to the runbook page.',
        [[q('ALERTS{%(a)s,alertstate="firing"} or on () label_replace(vector(0), "none", "none is firing", "", "")'), 'alerts']],
        // A column of its own for "none", so that it has no link.
        { alertname: 'Alert', severity: 'Severity', [route]: 'Route', instance: 'Instance', none: 'Alerts' },
        ['alertstate', 'component'],
        g.size(10, 9)
        + g.columnWidths({ Alert: 230, Severity: 80 })
        + g.coloredColumn('Severity', { critical: ['critical', 'red'], warning: ['warning', 'orange'], info: ['info', 'blue'] })
        + g.runbookColumn(runbook)
        + { options+: { sortBy: [{ displayName: 'Severity', desc: false }] } },
      ),
      g.table(
        'Routes now',
        'Requests a second for each route, the share that fails, and the time within which 95 % end; most requests first.',
        [
          [q('sort_desc(%s)' % sumBy('%(route)s', '%(requests)s{%(o)s}')), 'requests'],
          [q(failures('%(route)s')), 'failures'],
          [q(quantile('0.95', ['%(route)s'])), '95 %'],
        ],
        { [route]: 'Route' },
        [],
        g.size(14, 9)
        + g.merged(['Requests', 'Failures', '95 %'])
        + g.columnUnit('Requests', 'ops')
        + g.columnUnit('Failures', 'percentunit', [{ id: 'decimals', value: 2 }])
        + g.columnUnit('95 %', 's')
        + none
        + { options+: { sortBy: [{ displayName: 'Requests', desc: true }] } },
      ),
    ]),

    g.row('Rate', [
      g.timeseries(
        'Requests by status',
        'Requests a second by the status code of their answer.',
        'ops',
        [[q(sumBy('%(code)s', '%(requests)s{%(o)s}')), '{{%s}}' % code]],
        third + g.stacked + none,
      ),
      g.timeseries(
        'Requests by route',
        'Requests a second for each route.',
        'ops',
        [[q(sumBy('%(route)s, ' + method, '%(requests)s{%(o)s}')), '{{%s}} {{%s}}' % [method, route]]],
        third + g.stacked + g.tableLegend('bottom') + none,
      ),
      g.timeseries(
        'Requests by instance',
        'Requests a second of each instance. Lines far apart say that the load is not spread.',
        'ops',
        [[q(sumBy('instance', '%(requests)s{%(o)s}')), '{{instance}}']],
        third + g.fromZero(1) + none,
      ),
    ]),

    g.row('Errors', [
      g.timeseries(
        'Failures by route',
        'Share of the requests for each route that fail.',
        'percentunit',
        [[q(failures('%(route)s')), '{{%s}}' % route]],
        third + g.fromZero(0.01) + g.tableLegend('bottom') + none,
      ),
      g.timeseries(
        'Failures by instance',
        'Share of the requests of each instance that fail.',
        'percentunit',
        [[q(failures('instance')), '{{instance}}']],
        third + g.fromZero(0.01) + none,
      ),
      g.timeseries(
        'Errors of any kind',
        'Answers a second with a status of 400 or more, by route and status: what callers got wrong is among them.',
        'ops',
        [[q('%s > 0' % sumBy('%(route)s, %(code)s', '%(requests)s{%(o)s,%(code)s=~"[45].."}')), '{{%s}} {{%s}}' % [code, route]]],
        third + g.fromZero(0.1) + g.tableLegend('bottom') + g.noValue('no errors'),
      ),
    ]),

    g.row('Duration', [
      g.timeseries(
        'Duration of requests',
        'Time within which half, 95 % and 99 % of the requests ended. Marks are single requests with a trace.',
        's',
        [[q(quantile(share, [])), legend] for share in ['0.5', '0.95', '0.99'] for legend in [{ '0.5': 'half', '0.95': '95 %', '0.99': '99 %' }[share]]],
        half + g.fromZero(0.1) + exemplars + none,
      ),
      g.timeseries(
        '95 % by route',
        'Time within which 95 % of the requests for each route ended.',
        's',
        [[q(quantile('0.95', ['%(route)s'])), '{{%s}}' % route]],
        half + g.fromZero(0.1) + g.tableLegend('right') + exemplars + none,
      ),
      g.timeseries(
        'Half by route',
        'Time within which half of the requests for each route ended.',
        's',
        [[q(quantile('0.5', ['%(route)s'])), '{{%s}}' % route]],
        third + g.fromZero(0.1) + g.tableLegend('bottom') + exemplars + none,
      ),
      g.timeseries(
        '95 % by instance',
        'Time within which 95 % of the requests of each instance ended.',
        's',
        [[q(quantile('0.95', ['instance'])), '{{instance}}']],
        third + g.fromZero(0.1) + exemplars + none,
      ),
      g.timeseries(
        'Time spent by route',
        'Seconds a second that all requests for a route take together: where making things faster saves most.',
        'short',
        [[q(sumBy('%(route)s', '%(durations)s_sum{%(o)s}')), '{{%s}}' % route]],
        third + g.stacked + g.tableLegend('bottom') + none,
      ),
    ]),
  ]
