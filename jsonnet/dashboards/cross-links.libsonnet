// SPDX-License-Identifier: Apache-2.0
// Links from a line or a row of one dashboard to the same thing in another: a click on it offers them. They stand here,
// all together, since each is about two dashboards. The mixin adds this file after all dashboards.
local g = import '../lib/grafana.libsonnet';
local links = import '../lib/links.libsonnet';

local server = ['job', 'instance', 'target'];
local crossLinks = [
  // `labels` are those of the panel's series that are variables of the other dashboard, too.
  {
    from: 'postgres-pool.json',
    panels: ['Connections by server', 'Use of all limits'],
    title: 'What this server does',
    to: 'binnacle-postgres-performance',
    labels: server,
  },
  {
    from: 'postgres-performance.json',
    panels: ['Sessions by state', 'Connections at work'],
    title: 'Connections of this server',
    to: 'binnacle-postgres-pool',
    labels: server,
  },
  {
    from: 'cache-overview.json',
    panels: ['Requests to servers', 'Memory of servers'],
    title: 'Inside of this server, if it is a Redis',
    to: 'binnacle-cache-redis',
    labels: server,
  },
  {
    from: 'cache-redis.json',
    panels: ['Commands by server', 'Memory by server'],
    title: 'This server among the caches',
    to: 'binnacle-cache-overview',
    labels: server,
  },
  { from: 'ai-gateway.json', panels: ['Models now'], title: 'What this model costs', to: 'binnacle-ai-cost', labels: ['model', 'instance'] },
  { from: 'ai-gateway.json', panels: ['Requests by model'], title: 'What this model costs', to: 'binnacle-ai-cost', labels: ['model'] },
  { from: 'ai-cost.json', panels: ['Dearest models'], title: 'Requests for this model', to: 'binnacle-ai-gateway', labels: ['model', 'upstream'] },
  { from: 'ai-cost.json', panels: ['Cost a day by upstream'], title: 'Requests to this upstream', to: 'binnacle-ai-gateway', labels: ['upstream'] },
];

// The value of a label: of the row in a table, of the line in a graph.
local value(panel, label) = (if panel.type == 'table' then '${__data.fields.%s}' else '${__field.labels.%s}') % label;

local linked(config, link, panels) =
  local missing = std.setDiff(std.set(link.panels), std.set([panel.title for panel in panels]));
  assert missing == [] : '%s has no panel %s' % [link.from, std.join(', ', missing)];
  [
    if std.member(link.panels, panel.title) then
      local variables = std.join('', ['&var-%s=%s' % [label, value(panel, label)] for label in link.labels]);
      panel + g.linked(link.title, links.dashboard(config, link.to, variables))
    else panel
    for panel in panels
  ];

{
  local config = $._config,
  grafanaDashboards+:: std.foldl(
    function(dashboards, link) dashboards { [link.from]+: { panels: linked(config, link, super.panels) } },
    crossLinks,
    {},
  ),
}
