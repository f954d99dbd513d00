// SPDX-License-Identifier: Apache-2.0
// What Alertmanager sends where, unless the config says otherwise: a pager for what is critical, a chat for the rest. It
// is Alertmanager's own YAML. Every address and key is read from a file, at each message.
local pager(key) = |||
  pagerduty_configs:
    - routing_key_file: /etc/alertmanager/secrets/%s
      description: '{{ template "binnacle.title" . }}'
      severity: critical
      class: '{{ .CommonLabels.alertname }}'
      component: '{{ .CommonLabels.component }}'
      group: '{{ .CommonLabels.job }}'
      details:
        alerts: '{{ template "binnacle.text" . }}'
      links:
        - href: '{{ template "binnacle.runbook" . }}'
          text: Runbook
        - href: '{{ template "binnacle.dashboard" . }}'
          text: Dashboard
        - href: '{{ template "binnacle.silence" . }}'
          text: Silence
||| % key;

local chat(url, resolved) = |||
  slack_configs:
    - api_url_file: /etc/alertmanager/secrets/%s
      send_resolved: %s
      color: '{{ if eq .Status "resolved" }}good{{ else if eq .CommonLabels.severity "info" }}#439fe0{{ else if eq .CommonLabels.severity "warning" }}warning{{ else }}danger{{ end }}'
      title: '{{ template "binnacle.title" . }}'
      title_link: '{{ template "binnacle.runbook" . }}'
      text: '{{ template "binnacle.chat" . }}'
      fallback: '{{ template "binnacle.title" . }}'
||| % [url, resolved];

{
  page: pager('page.key'),
  escalation: pager('escalation.key'),
  ticket: chat('ticket.url', true),
  digest: chat('digest.url', false),
}
