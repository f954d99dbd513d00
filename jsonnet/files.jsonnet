// SPDX-License-Identifier: Apache-2.0
// Every generated file by its path in the repository: text as it is, objects for jsonnet/generate to write as JSON or
// YAML (Jsonnet 0.18 needs half a minute to write this much YAML itself).
local mixin = import 'mixin.libsonnet';

local ofComponent(component, groups) = { groups: [group for group in groups if group.component == component] };
local recording(component) = ofComponent(component, mixin.prometheusRules.groups);

{
  ['dashboards/' + file]: mixin.grafanaDashboards[file]
  for file in std.objectFieldsAll(mixin.grafanaDashboards)
} + {
  ['alerts/%s.rules.yaml' % component]: ofComponent(component, mixin.prometheusAlerts.groups)
  for component in mixin.alertmanager.components
} + {
  ['alerts/%s.recording.rules.yaml' % component]: recording(component)
  for component in mixin.alertmanager.components
  if recording(component).groups != []
} + {
  'alerts/alertmanager.yml': mixin.alertmanagerConfig,
}
