// SPDX-License-Identifier: Apache-2.0
// The System dashboard: what is wrong with this host or container, from the top down.
local g = import '../lib/grafana.libsonnet';
local text = import '../lib/text.libsonnet';
local container = import 'system-container.libsonnet';
local exporter = import 'system-exporter.libsonnet';
local host = import 'system-host.libsonnet';
local io = import 'system-io.libsonnet';
local overview = import 'system-overview.libsonnet';

{
  grafanaDashboards+:: {
    local c = $._config.system,
    // Puts selectors into an expression: %(s)s the chosen jobs and instances, the others those that the alerts use.
    local q(expr) = text.fill(expr, {
      s: 'job=~"$job",instance=~"$instance"',
      filesystems: c.filesystems,
      disks: c.disks,
      interfaces: c.interfaces,
    }),
    'system.json': g.dashboard(
      $._config,
      uid='binnacle-system',
      title='Binnacle / System',
      description='The host and the container that a system exporter runs in.',
      variables=g.exporterVariables('node_exporter_build_info'),
      annotations=[
        g.annotation('Host restarts', 'purple', q('changes(node_boot_time_seconds{%(s)s}[$__rate_interval]) > 0'), '{{instance}} restarted'),
        g.exporterRestarts(q('%(s)s')),
        g.firingAlerts(q('%(s)s,component="system"')),
      ],
      rows=[overview(q, c, $._config.runbookURLPattern)] + host(q) + container(q) + io(q, c) + exporter(q),
    ),
  },
}
