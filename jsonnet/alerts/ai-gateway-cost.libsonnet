// SPDX-License-Identifier: Apache-2.0
// Alerts on money, and on how far the numbers of tokens can be trusted.
local alerts = import '../lib/alerts.libsonnet';

// `share` of the answers whose usage is from that source.
local usage(c, source, share) = |||
  sum without (source) (rate(aigw_usage_source_total{%(selector)s,source="%(source)s"}[1h]))
  / sum without (source) (rate(aigw_usage_source_total{%(selector)s}[1h])) > %(share)g
  and
  sum without (source) (rate(aigw_usage_source_total{%(selector)s}[1h])) >= %(minRate)g
||| % (c { source: source, share: share });

{
  budget(c):: alerts.pair(function(severity) {
    alert: 'AiGatewayBudgetSpent',
    expr: |||
      sum without (model, upstream) (increase(aigw_cost_usd_total{%(selector)s}[1d]))
      / aigw_budget_usd_per_day{%(selector)s} > %(share)g
    ||| % (c { share: c.budget[severity] }),
    'for': '5m',
    annotations+: {
      summary: 'The daily budget is nearly spent, or is.',
      description: 'The last 24 hours cost {{ $value | humanizePercentage }} of the daily budget of ' + c.gateway + '.',
    },
  }) + [
    alerts.warning {
      alert: 'AiGatewayBudgetForecast',
      // The pace of six hours: a day's peak of an hour is no forecast.
      expr: |||
        4 * sum without (model, upstream) (increase(aigw_cost_usd_total{%(selector)s}[6h]))
        > aigw_budget_usd_per_day{%(selector)s}
      ||| % c,
      'for': '30m',
      annotations+: {
        summary: 'At this pace the daily budget will not do.',
        description: 'At the pace of the last six hours, a day of ' + c.gateway + ' costs {{ $value | printf "%.2f" }} US dollars, which is more than the budget.',
      },
    },
    alerts.warning {
      alert: 'AiGatewaySpendSpike',
      expr: |||
        sum without (model, upstream) (increase(aigw_cost_usd_total{%(selector)s}[1h]))
        > %(spendRatio)g * sum without (model, upstream) (increase(aigw_cost_usd_total{%(selector)s}[1h] offset 1w))
        and
        sum without (model, upstream) (increase(aigw_cost_usd_total{%(selector)s}[1h])) >= %(spendMinUsd)g
      ||| % c,
      'for': '10m',
      annotations+: {
        summary: 'An hour costs far more than the same hour of last week.',
        description: 'The last hour of ' + c.gateway + ' cost {{ $value | printf "%.2f" }} US dollars, far more than the same hour of last week.',
      },
    },
  ],

  usage(c):: [
    alerts.warning {
      alert: 'AiGatewayTokensUnpriced',
      // Without any price in the config nobody wants to know the cost.
      expr: |||
        increase(aigw_unpriced_tokens_total{%(selector)s}[1h]) > 0
        and on (job, instance)
        aigw_price_table_rows{%(selector)s} > 0
      ||| % c,
      'for': '15m',
      annotations+: {
        summary: 'Tokens are used that have no price.',
        description: '{{ $value | printf "%.0f" }} tokens of ' + c.model + ' from {{ $labels.upstream }} had no price in the last hour: the cost is too low.',
      },
    },
    alerts.warning {
      alert: 'AiGatewayUsageMissing',
      expr: usage(c, 'missing', c.usageMissing),
      'for': '15m',
      annotations+: {
        summary: 'Answers come without token counts.',
        description: 'For {{ $value | humanizePercentage }} of the answers of ' + c.model + ' from {{ $labels.upstream }} nobody knows how many tokens they took.',
      },
    },
    alerts.warning {
      alert: 'AiGatewayUsageEstimated',
      expr: usage(c, 'estimated', c.usageEstimated),
      'for': '15m',
      annotations+: {
        summary: 'Many token counts are estimates.',
        description: 'For {{ $value | humanizePercentage }} of the answers of ' + c.model + ' from {{ $labels.upstream }} the number of tokens is an estimate.',
      },
    },
  ],
}
