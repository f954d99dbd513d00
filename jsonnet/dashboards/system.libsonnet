// SPDX-License-Identifier: Apache-2.0
// The System dashboard: what is wrong with this host or container, from the top down. The resource rows are in
// system-rows.libsonnet. With several instances picked, the top row shows the worst of them.
local g = import '../lib/grafana.libsonnet';
local rows = import 'system-rows.libsonnet';

local selector = 'job=~"$job",instance=~"$instance"';
local q(expr) = expr % { s: selector };

local red(warning, critical) = g.thresholds([[null, 'green'], [warning, 'orange'], [critical, 'red']]);

local overview = g.row('Now', [
  g.stat(
    'Health score',
    'The worst score from 0 to 100 that the exporters computed. Empty for node_exporter, which has none.',
    'none',
    [[q('min(node_health_score{%(s)s})'), 'health score']],
    g.thresholds([[null, 'red'], [50, 'orange'], [90, 'green']]) + g.noValue('unknown') + g.decimals(0) + g.sparkline,
  ),
  g.stat(
    'Exporters',
    'Whether Prometheus reaches the exporters. It shows DOWN as soon as one of them does not answer.',
    'none',
    [[q('min(up{%(s)s})'), 'up']],
    g.thresholds([[null, 'red'], [1, 'green']]) + g.valueTexts({ '0': ['DOWN', 'red'], '1': ['UP', 'green'] }),
  ),
  g.stat(
    'Firing alerts',
    'Alerts of this component that fire now. The table below names them.',
    'none',
    [[q('count(ALERTS{%(s)s,component="system",alertstate="firing"}) or vector(0)'), 'firing']],
    red(1, 3),
  ),
  g.gauge(
    'CPU in use',
    'Share of CPU time in use, of the busiest host. Waiting for IO does not count as use.',
    'percentunit',
    [[q('max(1 - sum without (mode) (avg without (cpu) (rate(node_cpu_seconds_total{%(s)s,mode=~"idle|iowait"}[$__rate_interval]))))'), 'CPU']],
    red(0.8, 0.95) + g.range(0, 1),
  ),
  g.gauge(
    'Memory in use',
    'Share of memory that is not available to programs, of the host with the least left.',
    'percentunit',
    [[q('max(1 - node_memory_MemAvailable_bytes{%(s)s} / node_memory_MemTotal_bytes{%(s)s})'), 'memory']],
    red(0.9, 0.95) + g.range(0, 1),
  ),
  g.gauge(
    'Fullest disk',
    'Share of space in use on the fullest writable filesystem that is not in memory.',
    'percentunit',
    [[q('max((1 - node_filesystem_avail_bytes{%(s)s,fstype!~"tmpfs|ramfs"} / node_filesystem_size_bytes{%(s)s,fstype!~"tmpfs|ramfs"}) and node_filesystem_readonly{%(s)s} == 0)'), 'disk']],
    red(0.9, 0.95) + g.range(0, 1),
  ),
  g.stat(
    'Uptime',
    'Time since the host started; the shortest of those picked.',
    's',
    [[q('min(node_time_seconds{%(s)s} - node_boot_time_seconds{%(s)s})'), 'uptime']],
    g.thresholds([[null, 'orange'], [600, 'green']]) + g.decimals(1),
  ),
  g.table(
    'Firing alerts, by name',
    'What fires now, with its severity. Every alert has a runbook page of the same name.',
    [[
      q('sum by (alertname, severity, instance) (ALERTS{%(s)s,component="system",alertstate="firing"}) or on () label_replace(vector(0), "alertname", "none is firing", "", "")'),
      '{{alertname}}',
    ]],
    { alertname: 'Alert', severity: 'Severity', instance: 'Instance' },
    [],
    g.size(12, 7),
  ),
  g.bargauge(
    'Health checks',
    'Score of each check behind the health score, 100 is best. The shortest bar is what pulls the score down.',
    'none',
    [[q('min by (check) (node_health_check_score{%(s)s})'), '{{check}}']],
    g.thresholds([[null, 'red'], [50, 'orange'], [90, 'green']]) + g.range(0, 100) + g.size(12, 7)
    + g.noValue('needs the health score of the system exporter'),
  ),
]);

{
  grafanaDashboards+:: {
    'system.json': g.dashboard(
      $._config,
      uid='binnacle-system',
      title='Binnacle / System',
      description='The host and the container that a system exporter runs in.',
      variables=[
        g.labelVariable('job', 'Job', 'node_exporter_build_info'),
        g.labelVariable('instance', 'Instance', 'node_exporter_build_info{job=~"$job"}'),
      ],
      annotations=[
        g.annotation('Host restarts', 'purple', q('changes(node_boot_time_seconds{%(s)s}[$__rate_interval]) > 0'), '{{instance}} restarted'),
        g.annotation('Exporter restarts', 'blue', q('changes(process_start_time_seconds{%(s)s}[$__rate_interval]) > 0'), 'exporter on {{instance}} restarted'),
        g.annotation('Firing alerts', 'red', q('ALERTS{%(s)s,component="system",alertstate="firing"}'), '{{alertname}} on {{instance}}'),
      ],
      rows=[overview] + rows(q),
    ),
  },
}
