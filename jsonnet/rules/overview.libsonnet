// SPDX-License-Identifier: Apache-2.0
// Recording rules across the exporters: few series that say how each component is, for status pages, for graphs over
// months and for a Prometheus that collects from others. No alert and no dashboard here depends on them.
local alerts = import '../lib/alerts.libsonnet';
local components = import '../lib/components.libsonnet';
local links = import '../lib/links.libsonnet';

{
  local all = components.of($._config),
  // The same expression for each component, whose name it gets.
  local union(expr) = std.join('\nor\n', [
    'label_replace(%s, "component", "%s", "", "")' % [expr % c, c.name]
    for c in all
  ]),
  // What the union has, component by component.
  local byComponent(operator, expr) = '%s by (component) (\n  %s\n)\n' % [operator, std.strReplace(union(expr), '\n', '\n  ')],

  prometheusRules+:: {
    groups+: [
      alerts.group('overview-recording', 'overview', [
        {
          record: 'component_instance:health_score:or_down',
          // A target that does not answer has no score: it counts as 0.
          expr: union('%(prefix)s_health_score{%(selector)s}') + '\nor\n' + union('up{%(selector)s} == 0') + '\n',
        },
        {
          record: 'component:health_score:min',
          expr: 'min by (component) (component_instance:health_score:or_down)',
        },
        {
          record: 'component:targets:count',
          expr: byComponent('count', 'up{%(selector)s}'),
        },
        {
          record: 'component:targets_up:ratio',
          expr: byComponent('avg', 'up{%(selector)s}'),
        },
        {
          record: 'component:collectors_failing:sum',
          expr: byComponent('sum', '%(prefix)s_scrape_collector_state{%(selector)s,state=~"failed|timeout"}'),
        },
        {
          record: 'component:process_cpu_seconds:rate5m',
          expr: byComponent('sum', 'rate(process_cpu_seconds_total{%(selector)s}[5m])'),
        },
        {
          record: 'component:process_resident_memory_bytes:sum',
          expr: byComponent('sum', 'process_resident_memory_bytes{%(selector)s}'),
        },
        {
          record: 'component_severity:alerts_firing:count',
          expr: 'count by (component, severity) (ALERTS{alertstate="firing",component=~"%s"})'
                % std.join('|', [c.name for c in links.alerting($.prometheusAlerts.groups)]),
        },
        {
          // 0: all is well, 1: a warning fires, 2: a critical alert fires.
          record: 'component:status:worst',
          expr: |||
            2 * group by (component) (component_severity:alerts_firing:count{severity="critical"})
            or
            group by (component) (component_severity:alerts_firing:count{severity="warning"})
            or
            0 * component:targets:count
          |||,
        },
      ]),
    ],
  },
}
