// SPDX-License-Identifier: Apache-2.0
// Manifests for a cluster that has the Prometheus Operator and Grafana's sidecar: a workload, a Service and a
// ServiceMonitor for each exporter, a PrometheusRule for each component, a ConfigMap for each dashboard.
local exporters = import 'lib/kubernetes_exporters.libsonnet';

{
  local config = $._config.kubernetes,
  local partOf = { 'app.kubernetes.io/part-of': 'binnacle' },
  local groups = $.prometheusAlerts.groups + $.prometheusRules.groups,
  local meta(name, labels={}) = { name: name, namespace: config.namespace, labels: partOf + labels },

  local prometheusRule(component) = {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: meta('binnacle-' + component, config.selectedLabels),
    spec: { groups: $.kubernetesRuleGroups(component) },
  },

  local dashboard(file) = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: meta('binnacle-dashboard-' + std.strReplace(file, '.json', ''), config.dashboardLabels)
              + { annotations: config.dashboardAnnotations },
    data: { [file]: $.kubernetesDashboard(file) },
  },

  local manifests = {
    [name + '.yaml']: exporters.manifests(config, name, meta)
    for name in std.objectFields(config.exporters)
  } + {
    ['rules-%s.yaml' % component]: [prometheusRule(component)]
    for component in std.set([group.component for group in groups])
  } + {
    ['dashboard-%s.yaml' % std.strReplace(file, '.json', '')]: [dashboard(file)]
    for file in std.objectFieldsAll($.grafanaDashboards)
  },

  // What files.jsonnet replaces by names of files, since evaluating it all again takes half a minute.
  kubernetesRuleGroups(component):: [group for group in groups if group.component == component],
  kubernetesDashboard(file):: std.manifestJsonMinified($.grafanaDashboards[file]),

  // File name -> list of objects.
  kubernetesManifests:: manifests {
    'kustomization.yaml': [{
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: std.objectFields(manifests),
    }],
  },
}
