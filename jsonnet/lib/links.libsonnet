// SPDX-License-Identifier: Apache-2.0
// Links from one dashboard into another. They keep the time range and the data source.
local g = import 'grafana.libsonnet';

local keep = '${__url_time_range}&${datasource:queryparam}';

{
  // `variables` begins with & and sets variables of the other dashboard.
  dashboard(config, uid, variables=''):: std.strReplace(config.dashboardURLPattern, '%s', uid) + '?' + keep + variables,

  // [{name, dashboard}] of the components that have alerts: the dashboard that the first of their alerts leads to.
  alerting(groups):: std.foldl(
    function(known, group) if std.member([c.name for c in known], group.component) then known
    else known + [{ name: group.component, dashboard: group.dashboard }],
    groups,
    [],
  ),

  // Adds the label `dashboard`, by the label `component`.
  byComponent(alerting, expr):: std.foldl(
    function(inner, c) 'label_replace(%s, "dashboard", "%s", "component", "%s")' % [inner, c.dashboard, c.name],
    alerting,
    expr,
  ),

  // Extra of a table whose column Component has that label: it shows the component's name, and leads to its dashboard.
  componentColumn(config, alerting, variables)::
    g.coloredColumn('Component', std.foldl(function(texts, c) texts { [c.dashboard]: [c.name, 'text'] }, alerting, {}))
    + g.linkedColumn('Component', 'Open the dashboard', $.dashboard(config, '${__value.raw}', variables), targetBlank=false),
}
