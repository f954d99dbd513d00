// SPDX-License-Identifier: Apache-2.0
// Recording rules of the AI gateway: how each model keeps its service level, over the windows of the burn-rate alerts,
// which need them. Dashboards do not.
local alerts = import '../lib/alerts.libsonnet';

local windows = ['5m', '30m', '1h', '2h', '6h', '1d'];

{
  local c = $._config.aiGateway,

  local counted(window) = {
    record: 'instance_model:aigw_requests:rate' + window,
    expr: |||
      sum without (upstream, operation, code, outcome) (
        rate(aigw_requests_total{%(selector)s,outcome!~"%(notCounted)s"}[%(window)s])
      )
    ||| % (c { window: window }),
  },
  local failed(window) = {
    record: 'instance_model:aigw_requests_failed:ratio_rate' + window,
    expr: |||
      sum without (upstream, operation, code, outcome) (
        rate(aigw_requests_total{%(selector)s,outcome=~"%(failures)s"}[%(window)s])
      )
      /
      sum without (upstream, operation, code, outcome) (
        rate(aigw_requests_total{%(selector)s,outcome!~"%(notCounted)s"}[%(window)s])
      )
    ||| % (c { window: window }),
  },
  // A whole number is 30 in the text format, and 30.0 from OpenMetrics, which Prometheus asks for first.
  local slow(window) = {
    record: 'instance_model:aigw_requests_slow:ratio_rate' + window,
    expr: |||
      1
      - sum without (upstream, operation, le) (
        rate(aigw_request_duration_seconds_bucket{%(selector)s,le=~"%(latencySeconds)s|%(latencySeconds)s.0"}[%(window)s])
      )
      / sum without (upstream, operation) (
        rate(aigw_request_duration_seconds_count{%(selector)s}[%(window)s])
      )
    ||| % (c { window: window }),
  },

  prometheusRules+:: {
    groups+: [
      alerts.group(
        'ai-gateway-recording',
        'ai-gateway',
        [counted(window) for window in ['1h', '6h', '1d']]
        + [failed(window) for window in windows]
        + [slow(window) for window in windows],
      ),
    ],
  },
}
