// SPDX-License-Identifier: Apache-2.0
// The text of alerts/alertmanager.yml. It is text, not an object, because its comments tell the user where to put an
// address. Components and their inhibit rules come from the files in alerts/.
{
  local am = self.alertmanager,
  local each(list, make) = std.join('', [make(item) for item in list]),
  local quoted(list) = std.join(', ', ["'%s'" % item for item in list]),

  local routes(purpose) = each(am.components, function(name) |||
    - matchers: ['component="%(name)s"']
      receiver: %(name)s-%(purpose)s
  ||| % { name: name, purpose: purpose }),

  local receivers = each(am.components, function(name) |||
    - name: %(name)s-page
    - name: %(name)s-ticket
  ||| % { name: name }),

  local inhibitRules = each(am.inhibitRules, function(rule) |||
    # %(why)s
    - source_matchers: [%(source)s]
      target_matchers: [%(target)s]
      equal: [%(equal)s]
  ||| % rule { source: quoted(rule.source), target: quoted(rule.target), equal: std.join(', ', rule.equal) }),

  local indent(text, width) =
    std.join('\n', [std.repeat(' ', width) + line for line in std.split(std.rstripChars(text, '\n'), '\n')]),

  alertmanager+:: {
    components+: [],
    inhibitRules+: [],
    // By which two alerts of one name on one host differ.
    labels+: [],
  },

  alertmanagerConfig:: |||
    # Alertmanager's configuration for the alerts in this folder.
    #
    # critical: somebody is called now. warning: a ticket for working hours. info: shown, never sent.
    # Every component has its own two receivers, so that each can go to another team.

    route:
      # Takes what names no component listed below.
      receiver: ticket
      # One message for one kind of trouble, however many hosts have it.
      group_by: [component, alertname, job]
      group_wait: 30s
      group_interval: 5m
      repeat_interval: 12h
      routes:
        - matchers: ['severity="info"']
          receiver: silent
        - matchers: ['severity="critical"']
          receiver: page
          group_wait: 10s
          repeat_interval: 1h
          routes:
    %(pageRoutes)s
        - matchers: ['severity="warning"']
          receiver: ticket
          routes:
    %(ticketRoutes)s

    inhibit_rules:
      # A critical alert hides the warning of the same name on the same host. Two filesystems of one host, or two databases
      # of one server, do not hide each other: the labels that tell them apart must be equal too (absent on both counts
      # as equal).
      - source_matchers: ['severity="critical"']
        target_matchers: ['severity="warning"']
        equal: [%(labels)s]
    %(inhibitRules)s

    # These receivers send nothing until you give them an address, for example:
    #
    #   - name: page
    #     pagerduty_configs:
    #       - routing_key_file: /etc/alertmanager/pagerduty.key
    #   - name: ticket
    #     webhook_configs:
    #       - url: http://127.0.0.1:8080/alerts
    #
    # Keep tokens in files, not here.
    receivers:
      - name: silent
      - name: page
      - name: ticket
    %(receivers)s
  ||| % {
    pageRoutes: indent(routes('page'), 8),
    ticketRoutes: indent(routes('ticket'), 8),
    // Several components may be told apart by one label.
    labels: std.join(', ', ['alertname', 'job', 'instance'] + std.set(am.labels)),
    inhibitRules: indent(inhibitRules, 2),
    receivers: indent(receivers, 2),
  },
}
