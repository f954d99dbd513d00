// SPDX-License-Identifier: Apache-2.0
// The dashboard to look at first: is anything wrong, and where to go.
local components = import '../lib/components.libsonnet';
local g = import '../lib/grafana.libsonnet';
local links = import '../lib/links.libsonnet';
local text = import '../lib/text.libsonnet';
local exporters = import 'overview-exporters.libsonnet';
local now = import 'overview-now.libsonnet';

{
  grafanaDashboards+:: {
    local config = $._config,
    local all = components.of(config),
    local alerting = links.alerting($.prometheusAlerts.groups),
    // Alerts have the label `component`, the exporters' own series do not.
    local names = std.join('|', [c.name for c in alerting]),
    // Puts selectors into an expression: %(s)s the chosen jobs and instances, %(a)s their alerts. Those of a whole job have
    // no instance.
    local s = 'job=~"$job",instance=~"$instance"',
    local q(expr) = text.fill(expr, { s: s, a: 'job=~"$job",instance=~"$instance|",component=~"%s"' % names }),
    // The same expression for each component, one or another: %(prefix)s, %(selector)s and so on are the component's.
    local union(expr) = q(std.join(' or ', [expr % c for c in all])),
    // Also of exporters that are gone: their alerts still fire. And of breakers with instances of their own.
    local known(more) = '{__name__=~"(%s)_exporter_build_info|circuit_breaker_state|ALERTS",component=~"(%s)?"%s}' % [
      std.join('|', [c.prefix for c in all]),
      names,
      more,
    ],

    'overview.json': g.dashboard(
      config,
      uid='binnacle-overview',
      title='Binnacle / Overview',
      description='Health of every component, what fires, and links into the dashboards of each.',
      variables=[
        g.labelVariable('job', 'Job', known('')),
        g.labelVariable('instance', 'Instance', known(',job=~"$job"'), allValue='.+'),
      ],
      annotations=[
        g.exporterRestarts(s),
        g.firingAlerts(q('%(a)s')),
      ],
      rows=[now(q, union, config, alerting)] + exporters(q, union, config, alerting),
    ),
  },
}
