// SPDX-License-Identifier: Apache-2.0
// Recording rules of what is used up: one share from 0 to 1 for everything that has a limit, all with the same two labels,
// so that they stand in one table: `resource` is its kind, and `what` which of them. The forecasts and the capacity
// dashboard need them.
local alerts = import '../lib/alerts.libsonnet';
local resources = import '../lib/capacity.libsonnet';

{
  prometheusRules+:: {
    groups+: [
      alerts.group('capacity-recording', 'capacity', [
        {
          record: resource.record,
          expr: |||
            label_join(
              label_replace(%s, "resource", "%s", "", ""),
              "what", " ", %s
            )
          ||| % [resource.used, resource.title, std.join(', ', ['"%s"' % label for label in resource.labels])],
        }
        for resource in resources($._config)
      ]),
    ],
  },
}
