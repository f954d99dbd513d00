// SPDX-License-Identifier: Apache-2.0
// The mixin as the monitoring-mixin convention has it: grafanaDashboards, prometheusAlerts, prometheusRules, _config.
// A component adds one file to each folder below and a section to config.libsonnet.
local alerts = import 'lib/alerts.libsonnet';

(import 'config.libsonnet')
+ (import 'dashboards/ai-gateway.libsonnet')
+ (import 'dashboards/application.libsonnet')
+ (import 'dashboards/cache.libsonnet')
+ (import 'dashboards/capacity.libsonnet')
+ (import 'dashboards/circuit-breaker.libsonnet')
+ (import 'dashboards/overview.libsonnet')
+ (import 'dashboards/postgres.libsonnet')
+ (import 'dashboards/slo.libsonnet')
+ (import 'dashboards/system.libsonnet')
+ (import 'dashboards/cross-links.libsonnet')  // after all dashboards
+ (import 'alerts/ai-gateway.libsonnet')
+ (import 'alerts/application.libsonnet')
+ (import 'alerts/cache.libsonnet')
+ (import 'alerts/capacity.libsonnet')
+ (import 'alerts/circuit-breaker.libsonnet')
+ (import 'alerts/postgres.libsonnet')
+ (import 'alerts/system.libsonnet')
+ (import 'rules/ai-gateway.libsonnet')
+ (import 'rules/application.libsonnet')
+ (import 'rules/capacity.libsonnet')
+ (import 'rules/overview.libsonnet')
+ (import 'rules/system.libsonnet')
+ (import 'alertmanager.libsonnet')
+ (import 'kubernetes.libsonnet')
+ {
  prometheusAlerts+:: { groups: alerts.decorate($._config, super.groups) },
}
