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

  // A group of alerts or of recording rules. `component` names the exporter, `dashboard` the uid its alerts link to.
  group(name, component, rules, dashboard=''):: {
    name: name,
    rules: rules,
    component:: component,
    dashboard:: dashboard,
  },

  // The one pass over all alerts: adds the component, the runbook and the dashboard (with the instance picked).
  decorate(config, groups):: [
    group {
      rules: [
        alert {
          labels+: { component: group.component },
          annotations+: {
            runbook_url: config.runbookURLPattern % alert.alert,
            dashboard_url: (config.dashboardURLPattern % group.dashboard)
                           + '?var-job={{ $labels.job | urlquery }}&var-instance={{ $labels.instance | urlquery }}',
          },
        }
        for alert in group.rules
      ],
    }
    for group in groups
  ],
}
