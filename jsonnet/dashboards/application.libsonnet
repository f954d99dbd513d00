// SPDX-License-Identifier: Apache-2.0
// Dashboard of the applications that run on this stack: rate, errors, duration, and how much of themselves they use.
local g = import '../lib/grafana.libsonnet';
local text = import '../lib/text.libsonnet';
local rows = import 'application-requests.libsonnet';
local saturation = import 'application-saturation.libsonnet';

{
  grafanaDashboards+:: {
    local c = $._config.application,
    local route = c.labels.route,
    // Puts metrics and selectors into an expression: the chosen instances (%(e)s), of those the chosen routes (%(o)s), and
    // alerts, which may be of a whole job (%(a)s).
    local q(expr) = text.fill(expr, {
      e: 'job=~"$job",instance=~"$instance"',
      o: 'job=~"$job",instance=~"$instance",%s=~"$%s"' % [route, route],
      a: 'job=~"$job",instance=~"$instance|",component="application"',
      requests: c.requests,
      durations: c.durations,
      inFlight: c.inFlight,
      route: route,
      code: c.labels.code,
      failures: c.failures,
    }),

    'application.json': g.dashboard(
      $._config,
      uid='binnacle-application',
      title='Binnacle / Application',
      description='Requests to applications by route, status and instance: rate, errors, duration, and use of CPU, memory and files.',
      variables=g.exporterVariables(c.requests) + [
        g.labelVariable(route, 'Route', c.requests + '{job=~"$job",instance=~"$instance"}', allValue='.*'),
      ],
      annotations=[
        g.exporterRestarts('job=~"$job",instance=~"$instance"', 'application'),
        g.firingAlerts(q('%(a)s'), '{{alertname}} on {{job}}'),
      ],
      rows=rows(q, c, $._config.runbookURLPattern) + [saturation(q)],
    ),
  },
}
