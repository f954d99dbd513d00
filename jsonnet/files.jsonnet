// SPDX-License-Identifier: Apache-2.0
// Every generated file by its path in the repository: text as it is, objects for jsonnet/generate to write as JSON or
// YAML (Jsonnet 0.18 needs half a minute to write this much YAML itself).
local mixin = import 'mixin.libsonnet';

local ofComponent(component, groups) = { groups: [group for group in groups if group.component == component] };
local recording(component) = ofComponent(component, mixin.prometheusRules.groups);

// jsonnet/generate puts the content of the files in the place of `contentOf`.
local manifests = (mixin {
                     kubernetesDashboard(file):: { contentOf: ['dashboards/' + file] },
                     kubernetesRuleGroups(component):: {
                       contentOf: ['alerts/%s.rules.yaml' % component, 'alerts/%s.recording.rules.yaml' % component],
                     },
                   }).kubernetesManifests;

{
  ['dashboards/' + file]: mixin.grafanaDashboards[file]
  for file in std.objectFieldsAll(mixin.grafanaDashboards)
} + {
  ['alerts/%s.rules.yaml' % component]: ofComponent(component, mixin.prometheusAlerts.groups)
  for component in mixin.alertmanager.components
} + {
  // Those of `overview` are of no component that has alerts.
  ['alerts/%s.recording.rules.yaml' % component]: recording(component)
  for component in std.set([group.component for group in mixin.prometheusRules.groups])
} + {
  'alerts/alertmanager.yml': mixin.alertmanagerConfig,
} + {
  ['alerts/' + path]: mixin.alertmanagerTemplates[path]
  for path in std.objectFields(mixin.alertmanagerTemplates)
} + {
  ['kubernetes/' + file]: manifests[file]
  for file in std.objectFieldsAll(manifests)
}
