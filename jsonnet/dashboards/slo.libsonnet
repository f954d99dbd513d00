// SPDX-License-Identifier: Apache-2.0
// Dashboard of the service levels: how much of what may fail has failed, and how fast it goes. It shows what recording
// rules recorded: application.recording.rules.yaml and ai-gateway.recording.rules.yaml.
local g = import '../lib/grafana.libsonnet';

local half = g.size(12, 8);
local none = g.noValue('no requests recorded');
local left = g.thresholds([[null, 'red'], [0, 'orange'], [0.25, 'green']]);
local burning(burn) = g.thresholds([[null, 'green'], [1, 'orange'], [burn.fast, 'red']]);
local colored(thresholds) = [
  { id: 'color', value: { mode: 'thresholds' } },
  { id: 'custom.cellOptions', value: { type: 'color-text' } },
  { id: 'thresholds', value: thresholds.fieldConfig.defaults.thresholds },
];

{
  grafanaDashboards+:: {
    local app = $._config.application,
    local ai = $._config.aiGateway,
    local runbook = $._config.runbookURLPattern,
    // What is of a whole job has no instance. Gateways have service levels by instance and model.
    local job = 'job=~"$job",instance=~"$instance|"',
    local allowed = { failed: 1 - app.availability, slow: 1 - app.latency },
    local allowedByGateway = { failed: 1 - ai.availability, slow: 1 - ai.latency },

    // Of the applications: `what` is failed or slow.
    local share(what, window) = 'job:http_requests_%s:ratio_rate%s{%s}' % [what, window, job],
    local burn(what, window) = '%s / %g' % [share(what, window), allowed[what]],
    local budget(what) = '1 - ' + burn(what, app.window),
    // Of the gateways.
    local gatewayBurn(what, window) =
      'instance_model:aigw_requests_%s:ratio_rate%s{job=~"$job",instance=~"$instance"} / %g' % [what, window, allowedByGateway[what]],

    local budgetStat(title, what, text) = g.stat(
      title,
      'What is left of the %s that %s of the requests may be in %s, of the job that has least. Below 0 more was used up than there is.' % [text, '%g %%' % (100 * allowed[what]), app.window],
      'percentunit',
      [['min(%s)' % budget(what), 'left']],
      left + none + g.decimals(1) + g.size(4, 4),
    ),
    local burnStat(title, what, text) = g.stat(
      title,
      'How many times faster than allowed requests %s in the last hour, of the job where they do most. At 1 the budget lasts for exactly %s.' % [text, app.window],
      'none',
      [['max(%s)' % burn(what, '1h'), 'burn rate']],
      burning(app.burn) + none + g.decimals(2) + g.size(4, 4),
    ),
    // Burn rates over all windows, and (dashed) the one at which somebody is called.
    local burns(title, text, windows, query, legend, fast) = g.timeseries(
      title,
      text + ' At 1 they are as many as may be. Dashed: at this rate somebody is called.',
      'none',
      [[query(window), '%s %s' % [window, legend]] for window in windows] + [['vector(%g)' % fast, 'limit']],
      half + g.fromZero(2) + g.decimals(2) + g.dashed(std.char(std.codepoint('A') + std.length(windows)))
      + g.colors({ limit: 'red' }) + g.tableLegend('right') + none,
    ),

    'slo.json': g.dashboard(
      $._config,
      uid='binnacle-slo',
      title='Binnacle / Service levels',
      description='Whether applications and the AI gateway keep their service levels: error budgets, what is left of them, and burn rates.',
      variables=[
        g.labelVariable('job', 'Job', '{__name__=~"%s|aigw_requests_total"}' % app.requests),
        g.labelVariable('instance', 'Instance', '{__name__=~"%s|aigw_requests_total",job=~"$job"}' % app.requests, allValue='.+'),
      ],
      annotations=[
        g.exporterRestarts('job=~"$job",instance=~"$instance"', 'application'),
        g.firingAlerts(job + ',alertname=~".+BudgetBurn.+"', '{{alertname}} of {{job}}'),
      ],
      rows=[
        g.row('Now', [
          budgetStat('Failures left now', 'failed', 'failures'),
          budgetStat('Slow left now', 'slow', 'slow requests'),
          burnStat('Failures, burn rate', 'failed', 'failed'),
          burnStat('Slow, burn rate', 'slow', 'were slow'),
          g.stat(
            'Models too bad',
            'Models of the AI gateways of which more requests failed or were slow in the last hour than may be.',
            'none',
            [['sum((max by (instance, model) (%s or %s)) > bool 1) or vector(0)' % [gatewayBurn('failed', '1h'), gatewayBurn('slow', '1h')], 'models']],
            g.thresholds([[null, 'green'], [1, 'orange']]) + g.decimals(0) + g.size(4, 4),
          ),
          g.stat(
            'Alerts',
            'Alerts about burn rates that fire now. The table below names them.',
            'none',
            [['count(ALERTS{%s,alertname=~".+BudgetBurn.+",alertstate="firing"}) or vector(0)' % job, 'firing']],
            g.thresholds([[null, 'green'], [1, 'orange'], [3, 'red']]) + g.size(4, 4),
          ),
          g.table(
            'Service levels of applications',
            'For each job: what is left of the failures and of the slow requests that %s may have, and how fast they were used up in the last hour.' % app.window,
            [
              // The order is that of the first query.
              ['sort(%s)' % budget('failed'), 'failures left'],
              ['sum by (job) (job:http_requests:rate5m{%s})' % job, 'requests'],
              [burn('failed', '1h'), 'burn rate'],
              [budget('slow'), 'slow left'],
              [burn('slow', '1h'), 'burn rate of slow'],
            ],
            { job: 'Job' },
            [],
            g.size(14, 7)
            + g.showColumn('job')
            + g.merged(['Failures left', 'Requests', 'Burn rate', 'Slow left', 'Burn rate, slow'])
            + g.columnUnit('Requests', 'ops')
            + g.columnUnit('Failures left', 'percentunit', [{ id: 'decimals', value: 1 }] + colored(left))
            + g.columnUnit('Burn rate', 'none', [{ id: 'decimals', value: 2 }] + colored(burning(app.burn)))
            + g.columnUnit('Slow left', 'percentunit', [{ id: 'decimals', value: 1 }] + colored(left))
            + g.columnUnit('Burn rate, slow', 'none', [{ id: 'decimals', value: 2 }] + colored(burning(app.burn)))
            + none
            + { options+: { sortBy: [{ displayName: 'Failures left', desc: false }] } },
          ),
          g.table(
            'Firing alerts, by name',
            'What fires now, with its severity. The name leads to the runbook page.',
            [['ALERTS{%s,alertname=~".+BudgetBurn.+",alertstate="firing"} or on () label_replace(vector(0), "none", "none is firing", "", "")' % job, 'alerts']],
            // A column of its own for "none", so that it has no link.
            { alertname: 'Alert', severity: 'Severity', job: 'Job', model: 'Model', none: 'Alerts' },
            ['alertstate', 'component', 'instance'],
            g.size(10, 7)
            + g.showColumn('job')
            + g.columnWidths({ Alert: 230, Severity: 80 })
            + g.coloredColumn('Severity', { critical: ['critical', 'red'], warning: ['warning', 'orange'], info: ['info', 'blue'] })
            + g.runbookColumn(runbook)
            + { options+: { sortBy: [{ displayName: 'Severity', desc: false }] } },
          ),
        ]),

        g.row('Applications', [
          g.timeseries(
            'What is left of the failures',
            'What is left, at each moment, of the failures that %s may have. Below 0 more was used up than there is.' % app.window,
            'percentunit',
            [[budget('failed'), '{{job}}']],
            half + none,
          ),
          g.timeseries(
            'What is left of the slow requests',
            'What is left, at each moment, of the slow requests that %s may have.' % app.window,
            'percentunit',
            [[budget('slow'), '{{job}}']],
            half + none,
          ),
          burns(
            'Failures against what may be',
            'How many times faster than allowed requests failed.',
            ['5m', '30m', '1h', '6h', '3d'],
            function(window) burn('failed', window),
            '{{job}}',
            app.burn.fast,
          ),
          burns(
            'Slow requests against what may be',
            'How many times faster than allowed requests were slow.',
            ['5m', '30m', '1h', '6h', '3d'],
            function(window) burn('slow', window),
            '{{job}}',
            app.burn.fast,
          ),
        ]),

        g.row('AI gateway', [
          burns(
            'Failures of models against what may be',
            'How many times faster than allowed requests for each model failed.',
            ['5m', '1h', '1d'],
            function(window) 'max by (model) (%s)' % gatewayBurn('failed', window),
            '{{model}}',
            ai.burn.fast,
          ),
          burns(
            'Slow answers of models against what may be',
            'How many times faster than allowed requests for each model were slow.',
            ['5m', '1h', '1d'],
            function(window) 'max by (model) (%s)' % gatewayBurn('slow', window),
            '{{model}}',
            ai.burn.fast,
          ),
          g.table(
            'Service levels of models',
            'For each model of each gateway: how fast what may fail and what may be slow was used up in the last hour and in the last day.',
            [['sort_desc(%s)' % gatewayBurn(what, window), what + ' ' + window] for what in ['failed', 'slow'] for window in ['1h', '1d']],
            { model: 'Model', instance: 'Gateway' },
            [],
            g.size(24, 8)
            + g.merged(['Failures, hour', 'Failures, day', 'Slow, hour', 'Slow, day'])
            + std.foldl(
              function(sum, heading) sum + g.columnUnit(heading, 'none', [{ id: 'decimals', value: 2 }] + colored(burning(ai.burn))),
              ['Failures, hour', 'Failures, day', 'Slow, hour', 'Slow, day'],
              {},
            )
            + none
            + { options+: { sortBy: [{ displayName: 'Failures, hour', desc: true }] } },
          ),
        ]),
      ],
    ),
  },
}
