// SPDX-License-Identifier: Apache-2.0
// Templates for alerts and groups. A rule that misses a part fails the build and says which.
{
  local rule(severity) = {
    local this = self,
    alert: error 'an alert has no name',
    expr: error 'alert %s has no expr' % this.alert,
    labels: { severity: severity },
    annotations: {},
    assert std.objectHas(this.annotations, 'summary') : 'alert %s has no summary' % this.alert,
    assert std.objectHas(this.annotations, 'description') : 'alert %s has no description' % this.alert,
  },

  // critical: somebody is called now. warning: a ticket for working hours. info: never sent alone.
  critical:: rule('critical'),
  warning:: rule('warning'),
  info:: rule('info'),

  // The same alert at both severities, so that Alertmanager can let the critical one hide the warning.
  // `make` is called with 'warning' and with 'critical' and returns the rule.
  pair(make):: [
    rule(severity) + make(severity)
    for severity in ['warning', 'critical']
  ],

  // A group of alerts or of recording rules. `component` names the exporter, `dashboard` the uid its alerts link to, and
  // `variables` the labels by which that dashboard can be narrowed down.
  group(name, component, rules, dashboard='', variables=['job', 'instance']):: {
    name: name,
    rules: rules,
    component:: component,
    dashboard:: dashboard,
    variables:: variables,
  },

  // The one pass over all alerts: adds the component, the runbook and the dashboard (with the alert's labels picked).
  decorate(config, groups):: [
    group {
      rules: [
        alert {
          labels+: { component: group.component },
          annotations+: {
            runbook_url: std.strReplace(config.runbookURLPattern, '%s', alert.alert),
            dashboard_url: std.strReplace(config.dashboardURLPattern, '%s', group.dashboard)
                           + '?' + std.join('&', ['var-' + name + '={{ $labels.' + name + ' | urlquery }}' for name in group.variables]),
          },
        }
        for alert in group.rules
      ],
    }
    for group in groups
  ],
}
