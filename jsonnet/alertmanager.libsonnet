// SPDX-License-Identifier: Apache-2.0
// The text of alerts/alertmanager.yml. It is text, not an object, because it is meant to be read. Components and their
// inhibit rules come from the files in alerts/, times and receivers from the config.
{
  local am = self.alertmanager,
  local c = $._config.alertmanager,
  local each(list, make) = std.join('', [make(item) for item in list]),
  local quoted(list) = std.join(', ', ["'%s'" % item for item in list]),
  local indent(text, width) =
    std.join('\n', [std.repeat(' ', width) + line for line in std.split(std.rstripChars(text, '\n'), '\n')]),

  // An interval of the config as YAML.
  local interval(name, when) = |||
    - name: %(name)s
      time_intervals:
        - times: [{start_time: '%(from)s', end_time: '%(to)s'}]%(days)s
          location: %(location)s
  ||| % when { name: name, days: if std.objectHas(when, 'weekdays') then "\n      weekdays: ['%s']" % when.weekdays else '' },

  // Alertmanager does not hand these down from a route to those inside it.
  local onlyAtWork(width) = if c.warningsOnlyAtWork then '\n' + std.repeat(' ', width) + 'active_time_intervals: [working-hours]' else '',

  local routes(purpose, more) = each(am.components, function(name) |||
    - matchers: ['component="%(name)s"']
      receiver: %(name)s-%(purpose)s%(more)s
  ||| % { name: name, purpose: purpose, more: more }),

  local escalations = each(c.escalations, function(step) |||
    - matchers: ['severity="critical"']
      receiver: %(receiver)s
      continue: true
      # Each instance has its own clock.
      group_by: [component, alertname, job, instance]
      group_wait: %(after)s
      group_interval: %(after)s
      repeat_interval: %(repeat)s
  ||| % step { repeat: c.critical.repeat }),

  local inhibitRules = each(am.inhibitRules, function(rule) |||
    # %(why)s
    - source_matchers: [%(source)s]
      target_matchers: [%(target)s]
      equal: [%(equal)s]
  ||| % rule { source: quoted(rule.source), target: quoted(rule.target), equal: std.join(', ', rule.equal) }),

  local purposes = ['page', 'ticket', 'digest'],
  local receivers =
    each(purposes + [step.receiver for step in c.escalations], function(name) |||
      - &%(name)s
        name: %(name)s
      %(what)s
    ||| % { name: name, what: indent(c.receivers[name], 2) })
    + each(am.components, function(component) each(['page', 'ticket'], function(purpose) |||
      - <<: *%(purpose)s
        name: %(component)s-%(purpose)s
    ||| % { component: component, purpose: purpose })),

  alertmanager+:: {
    components+: [],
    inhibitRules+: [],
    // By which two alerts of one name on one host differ.
    labels+: [],
  },

  // Path beside alertmanager.yml -> text.
  alertmanagerTemplates:: { 'templates/binnacle.tmpl': importstr 'templates/binnacle.tmpl' },

  alertmanagerConfig:: |||
    # Alertmanager's configuration for the alerts in this folder; docs/alertmanager.md explains it.
    #
    # critical: somebody is called at once, and somebody else where nobody silences it in time. warning: a message every
    # %(every)s at most. info: one message a day.
    # Every component has receivers of its own, at first the same for all, so that each can go to another team.

    templates: ['templates/*.tmpl']

    route:
      # Takes what has no severity of ours.
      receiver: ticket
      # One message for one kind of trouble, however many hosts have it.
      group_by: [component, alertname, job]
      group_wait: %(every)s
      group_interval: %(every)s
      repeat_interval: %(warningRepeat)s
      routes:
        # What is neither over nor silenced after this time, counted from when it began to fire. A silence is how an alert
        # is acknowledged.
    %(escalations)s
        - matchers: ['severity="critical"']
          receiver: page
          # What hides an alert comes in the same breath: it must be there first.
          group_wait: %(wait)s
          group_interval: %(interval)s
          repeat_interval: %(criticalRepeat)s
          routes:
    %(pageRoutes)s
        - matchers: ['severity="warning"']
          receiver: ticket%(onlyAtWork)s
          routes:
    %(ticketRoutes)s
        - matchers: ['severity="info"']
          receiver: digest
          group_by: [severity]
          # Whatever fires in these minutes of the day; it is looked at every 5 minutes.
          active_time_intervals: [digest]
          group_interval: 5m
          repeat_interval: 20h

    time_intervals:
    %(intervals)s

    inhibit_rules:
      # A critical alert hides the warning of the same name on the same host. Two filesystems of one host, or two databases
      # of one server, do not hide each other: the labels that tell them apart must be equal too (absent on both counts
      # as equal).
      - source_matchers: ['severity="critical"']
        target_matchers: ['severity=~"warning|info"']
        equal: &same [%(labels)s]
      - source_matchers: ['severity="warning"']
        target_matchers: ['severity="info"']
        equal: *same
      # An alert of your own on any target that is down: the target's other alerts rest on old values.
      - source_matchers: ['alertname=~"%(targetDown)s"', 'instance!=""']
        target_matchers: ['component=~".+"', 'alertname!~".+Down"']
        equal: [job, instance]
      # Ours says the same and has a runbook.
      - source_matchers: ['component=~".+"', 'alertname=~".+ExporterDown"']
        target_matchers: ['alertname=~"%(targetDown)s"', 'instance!=""']
        equal: [job, instance]
    %(inhibitRules)s

    # The files need not exist when Alertmanager starts. Until they do, a message fails and is tried again at the next turn.
    receivers:
    %(receivers)s
  ||| % {
    every: c.warning.every,
    warningRepeat: c.warning.repeat,
    wait: c.critical.wait,
    interval: c.critical.interval,
    criticalRepeat: c.critical.repeat,
    targetDown: c.targetDown,
    escalations: indent(escalations, 4),
    onlyAtWork: onlyAtWork(6),
    pageRoutes: indent(routes('page', ''), 8),
    ticketRoutes: indent(routes('ticket', onlyAtWork(2)), 8),
    intervals: indent(interval('digest', c.digest) + interval('working-hours', c.workingHours), 2),
    // Several components may be told apart by one label.
    labels: std.join(', ', ['alertname', 'job', 'instance'] + std.set(am.labels)),
    inhibitRules: indent(inhibitRules, 2),
    receivers: indent(receivers, 2),
  },
}
