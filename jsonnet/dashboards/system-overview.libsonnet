// SPDX-License-Identifier: Apache-2.0
// First row of the System dashboard: what is wrong now. With several instances picked, it shows the worst of them.
// Colors change where the alerts have their thresholds; those of scores where a host is degraded and unhealthy.
local g = import '../lib/grafana.libsonnet';

local badAbove(limits) = g.thresholds([[null, 'green'], [limits.warning, 'orange'], [limits.critical, 'red']]);
local freeBelow(limits) = badAbove({ warning: 1 - limits.warning, critical: 1 - limits.critical });
local score = g.thresholds([[null, 'red'], [50, 'orange'], [90, 'green']]);

function(q, c, runbook) g.row('Now', [
  g.stat(
    'Health',
    'The worst score from 0 to 100 that the exporters computed. Empty for node_exporter, which has none.',
    'none',
    [[q('min(node_health_score{%(s)s})'), 'health score']],
    score + g.noValue('unknown') + g.decimals(0) + g.sparkline,
  ),
  g.stat(
    'Target',
    'Whether Prometheus reaches the exporters. It shows DOWN as soon as one of them does not answer.',
    'none',
    [[q('min(up{%(s)s})'), 'up']],
    g.thresholds([[null, 'red'], [1, 'green']]) + g.valueTexts({ '0': ['DOWN', 'red'], '1': ['UP', 'green'] }),
  ),
  g.stat(
    'Alerts',
    'Alerts of this component that fire now. The table below names them.',
    'none',
    [[q('count(ALERTS{%(s)s,component="system",alertstate="firing"}) or vector(0)'), 'firing']],
    badAbove({ warning: 1, critical: 3 }),
  ),
  g.gauge(
    'CPU use',
    'Share of CPU time in use, of the busiest host. Waiting for IO does not count as use.',
    'percentunit',
    [[q('max(1 - sum without (mode) (avg without (cpu) (rate(node_cpu_seconds_total{%(s)s,mode=~"idle|iowait"}[$__rate_interval]))))'), 'CPU']],
    badAbove(c.cpuBusy) + g.range(0, 1) + g.decimals(0),
  ),
  g.gauge(
    'Memory use',
    'Share of memory that is not available to programs, of the host with the least left.',
    'percentunit',
    [[q('max(1 - node_memory_MemAvailable_bytes{%(s)s} / node_memory_MemTotal_bytes{%(s)s})'), 'memory']],
    freeBelow(c.memoryAvailable) + g.range(0, 1) + g.decimals(0),
  ),
  g.gauge(
    'Fullest disk',
    'Share of space in use on the fullest writable filesystem that is not in memory.',
    'percentunit',
    [[q('max((1 - node_filesystem_avail_bytes{%(s)s,%(filesystems)s} / node_filesystem_size_bytes{%(s)s,%(filesystems)s}) and node_filesystem_readonly{%(s)s} == 0)'), 'disk']],
    freeBelow(c.diskFree) + g.range(0, 1) + g.decimals(0) + g.noValue('none in sight'),
  ),
  g.stat(
    'Uptime',
    'Time since the host started; the shortest of those picked.',
    's',
    [[q('min(node_time_seconds{%(s)s} - node_boot_time_seconds{%(s)s})'), 'uptime']],
    g.thresholds([[null, 'orange'], [600, 'green']]) + g.decimals(1),
  ),
  g.column([
    g.table(
      'Firing alerts, by name',
      'What fires now, with its severity. The name leads to the runbook page.',
      [[
        q('sum by (alertname, severity, instance) (ALERTS{%(s)s,component="system",alertstate="firing"}) or on () label_replace(vector(0), "none", "none is firing", "", "")'),
        'alerts',
      ]],
      // A column of its own for "none", so that it has no link.
      { alertname: 'Alert', severity: 'Severity', instance: 'Instance', none: 'Alerts' },
      [],
      g.size(12, 5)
      + g.columnWidths({ Alert: 290, Severity: 80 })
      + g.coloredColumn('Severity', { critical: ['critical', 'red'], warning: ['warning', 'orange'], info: ['info', 'blue'] })
      + g.runbookColumn(runbook)
      + { options+: { sortBy: [{ displayName: 'Severity', desc: false }] } },
    ),
    g.timeseries(
      'Health score by host',
      'Score of each host over time. The legend begins with the host that was worst.',
      'none',
      [[q('node_health_score{%(s)s}'), '{{instance}}']],
      g.size(12, 5) + g.range(0, 100) + g.noValue('needs the health score of the system exporter') + {
        options+: { legend+: { displayMode: 'table', placement: 'right', calcs: ['min', 'lastNotNull'], sortBy: 'Min', sortDesc: false } },
      },
    ),
  ]),
  g.bargauge(
    'Health checks',
    'Score of each check behind the health score, 100 is best; those on top pull the score down. The names are without `_ratio`.',
    'none',
    [[q('sort(min by (check) (node_health_check_score{%(s)s}))'), '{{check}}']],
    g.size(12, 10) + g.bars('left', 12, 24) + { options+: { text: { titleSize: 11, valueSize: 13 } } } + g.rename('/_ratio$/', '')
    + score + g.range(0, 100) + g.decimals(0) + g.noValue('needs the health score of the system exporter'),
  ),
])
