// SPDX-License-Identifier: Apache-2.0
// The mixin as the monitoring-mixin convention has it: grafanaDashboards, prometheusAlerts, prometheusRules, _config.
// A component adds one file to each folder below and a section to config.libsonnet.
local alerts = import 'lib/alerts.libsonnet';

(import 'config.libsonnet')
+ (import 'dashboards/cache.libsonnet')
+ (import 'dashboards/postgres.libsonnet')
+ (import 'dashboards/system.libsonnet')
+ (import 'alerts/cache.libsonnet')
+ (import 'alerts/postgres.libsonnet')
+ (import 'alerts/system.libsonnet')
+ (import 'rules/system.libsonnet')
+ (import 'alertmanager.libsonnet')
+ {
  prometheusAlerts+:: { groups: alerts.decorate($._config, super.groups) },
}
