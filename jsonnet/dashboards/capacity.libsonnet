// SPDX-License-Identifier: Apache-2.0
// Dashboard of capacity: what is used up of everything that has a limit, and when it will be full if it goes on like this.
// It shows what capacity.recording.rules.yaml recorded.
local resources = import '../lib/capacity.libsonnet';
local g = import '../lib/grafana.libsonnet';

local day = 86400;
local year = 365 * day;
local usedColors = g.thresholds([[null, 'green'], [0.8, 'orange'], [0.95, 'red']]);
local leftColors = g.thresholds([[null, 'red'], [day, 'orange'], [7 * day, 'green']]);
local thresholdsOf(extra) = extra.fieldConfig.defaults.thresholds;
local never = [{ type: 'range', options: { from: year, to: null, result: { text: 'over a year', color: 'green', index: 0 } } }];
// What has no limit set, as a Redis without maxmemory, has no share.
local none = g.noValue('nothing that has a limit');

{
  grafanaDashboards+:: {
    local all = resources($._config),
    local runbook = $._config.runbookURLPattern,
    local byKey = { [resource.key]: resource for resource in all },
    local chosen = 'job=~"$job",instance=~"$instance"',
    local recorded(resource) = '%s{%s}' % [resource.record, chosen],
    // Shares are rounded by nobody: more than all of something is all of it.
    local used(list) = 'clamp(%s, 0, 1)' % std.join(' or ', [recorded(resource) for resource in list]),
    // Seconds until it is full, at the pace of the last six hours; a year for what hardly grows.
    local left(list) = std.join(' or ', [
      'clamp((1 - %s) / clamp_min(deriv(%s[6h]), 0.00000001), 0, %d)' % [recorded(resource), recorded(resource), year]
      for resource in list
    ]),
    // Forecasts, and the alerts of the exporters on limits that are near.
    local firing = 'ALERTS{%s,alertname=~"%s",alertstate="firing"}' % [chosen, std.join('|', [
      'Capacity.+',
      '.+NearLimit',
      '.+HeadroomLow',
      '.+LimitNear',
      '.+Budget(Spent|Forecast)',
      'System(Disk|Inodes|Memory)(Low|Filling|AlmostFull)',
    ])],
    local forecasts = [resource for resource in all if resource.forecast],
    local refilled = [resource for resource in all if !resource.forecast],

    // A graph of one resource, with where it will be in a day.
    local graph(key, text, legend, width=8) =
      local resource = byKey[key];
      g.timeseries(
        resource.title,
        text + (if resource.forecast then ' Dashed: where it will be in 24 hours if it goes on as in the last six.' else ''),
        'percentunit',
        [[recorded(resource), legend]]
        + (if resource.forecast then [['clamp(predict_linear(%s[6h], %d), 0, 1)' % [recorded(resource), day], legend + ' in 24 h']] else []),
        g.size(width, 8) + g.range(0, 1) + none + g.tableLegend('bottom')
        + (if resource.forecast then g.dashed('B') else {}),
      ),

    'capacity.json': g.dashboard(
      $._config,
      uid='binnacle-capacity',
      title='Binnacle / Capacity',
      description='Everything that has a limit, from connections to tokens: what is used up, and when it will be full.',
      variables=[
        g.labelVariable('job', 'Job', '{__name__=~"instance:capacity_.+_used:ratio"}'),
        g.labelVariable('instance', 'Instance', '{__name__=~"instance:capacity_.+_used:ratio",job=~"$job"}', allValue='.+'),
      ],
      annotations=[
        g.exporterRestarts(chosen),
        g.firingAlerts(chosen + ',component="capacity"'),
      ],
      rows=[
        g.row('Now', [
          g.stat(
            'Full first',
            'Time until the first of all will be full, at the pace of the last six hours.',
            's',
            [['min(%s)' % left(forecasts), 'left']],
            leftColors + none + { fieldConfig+: { defaults+: { mappings: never } } } + g.size(6, 4),
          ),
          g.stat(
            'Full within a day',
            'How many will be full within 24 hours at the pace of the last six hours.',
            'none',
            [['count((%s) < %d) or vector(0)' % [left(forecasts), day], 'resources']],
            g.thresholds([[null, 'green'], [1, 'red']]) + g.decimals(0) + g.size(4, 4),
          ),
          g.stat(
            'Full within a week',
            'How many will be full within seven days at the pace of the last six hours.',
            'none',
            [['count((%s) < %d) or vector(0)' % [left(forecasts), 7 * day], 'resources']],
            g.thresholds([[null, 'green'], [1, 'orange']]) + g.decimals(0) + g.size(4, 4),
          ),
          g.stat(
            'Most used',
            'The greatest share in use now, rate limits left out.',
            'percentunit',
            [['max(%s)' % used(forecasts), 'used']],
            usedColors + none + g.decimals(1) + g.size(4, 4),
          ),
          g.stat(
            'Alerts',
            'Alerts about capacity that fire now, forecasts and limits that are near. The table below names them.',
            'none',
            [['count(%s) or vector(0)' % firing, 'firing']],
            g.thresholds([[null, 'green'], [1, 'orange'], [3, 'red']]) + g.size(6, 4),
          ),
          g.table(
            'Nearest to full',
            'Everything that has a limit and does not refill by itself: the share in use, and the time until it is full at the pace of the last six hours. What will be full first is on top.',
            [['sort(%s)' % left(forecasts), 'left'], [used(forecasts), 'used']],
            { resource: 'Resource', what: 'Which', instance: 'Exporter' },
            ['target', 'datname', 'limit', 'database', 'user', 'mountpoint', 'device', 'device_error', 'fstype', 'groupname'],
            g.size(14, 12)
            + g.merged(['Full in', 'In use'])
            + g.columnWidths({ Resource: 200 })
            + g.columnUnit('In use', 'percentunit', [
              { id: 'decimals', value: 1 },
              { id: 'color', value: { mode: 'thresholds' } },
              { id: 'custom.cellOptions', value: { type: 'color-text' } },
              { id: 'thresholds', value: thresholdsOf(usedColors) },
            ])
            + g.columnUnit('Full in', 's', [
              { id: 'decimals', value: 1 },
              { id: 'color', value: { mode: 'thresholds' } },
              { id: 'custom.cellOptions', value: { type: 'color-text' } },
              { id: 'thresholds', value: thresholdsOf(leftColors) },
              { id: 'mappings', value: never },
            ])
            + none
            + { options+: { sortBy: [{ displayName: 'Full in', desc: false }, { displayName: 'In use', desc: true }] } },
          ),
          g.column([
            g.table(
              'Firing alerts, by name',
              'What fires now, with its severity. The name leads to the runbook page.',
              [[firing + ' or on () label_replace(vector(0), "none", "none is firing", "", "")', 'alerts']],
              // A column of its own for "none", so that it has no link.
              { alertname: 'Alert', severity: 'Severity', what: 'Which', instance: 'Exporter', none: 'Alerts' },
              ['alertstate', 'component', 'resource', 'target', 'datname', 'limit', 'database', 'user', 'mountpoint', 'device', 'device_error', 'fstype', 'groupname', 'model', 'upstream', 'kind', 'rolname', 'cgroup', 'handler', 'source', 'breaker'],
              g.size(10, 6)
              + g.columnWidths({ Alert: 230, Severity: 80 })
              + g.coloredColumn('Severity', { critical: ['critical', 'red'], warning: ['warning', 'orange'], info: ['info', 'blue'] })
              + g.runbookColumn(runbook)
              + { options+: { sortBy: [{ displayName: 'Severity', desc: false }] } },
            ),
            g.table(
              'Rate limits in use',
              'Requests and tokens that limits of models and upstreams have left; those with least are on top.',
              [['sort_desc(%s)' % used(refilled), 'used']],
              { resource: 'Resource', what: 'Which', instance: 'Gateway' },
              ['model', 'kind', 'upstream', 'seconds'],
              g.size(10, 6) + g.valueColumn('In use', 'percentunit') + g.decimals(1) + none
              + g.columnWidths({ Resource: 180, Gateway: 80, 'In use': 80 })
              + { options+: { sortBy: [{ displayName: 'In use', desc: true }] } },
            ),
          ]),
        ]),

        g.row('PostgreSQL', [
          graph('connections', 'Connections in use of those that ordinary roles may open.', '{{what}}', width=6),
          graph('clients', 'Clients of each PgBouncer of those that max_client_conn allows.', '{{what}}', width=6),
          graph('poolSlots', 'Server connections of each pool that are at work, of those that it may have.', '{{instance}} {{what}}', width=6),
          graph('transactionIds', 'The way to wraparound of the transaction ids that is behind each database. Autovacuum freezes at about 10 %.', '{{instance}} {{what}}', width=6),
        ]),

        g.row('Hosts', [
          graph('disk', 'Space in use of each filesystem.', '{{instance}} {{what}}'),
          graph('inodes', 'Inodes in use of each filesystem.', '{{instance}} {{what}}'),
          graph('memory', 'Memory that is not available, of each host.', '{{instance}}'),
          graph('hostDescriptors', 'Open files of each host, of those that its kernel allows.', '{{instance}}'),
          graph('descriptors', 'Open files of the worst process of each program, of those that its own limit allows.', '{{instance}} {{what}}'),
          graph('appDescriptors', 'Open files of each application process, of those that its own limit allows.', '{{instance}}'),
        ]),

        g.row('Caches and language models', [
          graph('redisMemory', 'Memory in use of maxmemory, of each Redis that has one.', '{{what}}', width=6),
          graph('budget', 'What the last 24 hours cost, of the daily budget of each gateway.', '{{instance}}', width=6),
          graph('modelLimits', 'Requests and tokens in use of the limits that the config sets for a model. They refill by themselves.', '{{instance}} {{what}}', width=6),
          graph('upstreamLimits', 'Requests and tokens in use of the limits that an upstream has told. They refill by themselves.', '{{instance}} {{what}}', width=6),
        ]),
      ],
    ),
  },
}
