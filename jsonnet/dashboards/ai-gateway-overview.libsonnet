// SPDX-License-Identifier: Apache-2.0
// First rows of the two AI gateway dashboards: what is wrong now, and what is spent.
local g = import '../lib/grafana.libsonnet';

local score = g.thresholds([[null, 'red'], [50, 'orange'], [90, 'green']]);
local badFrom(warning, critical) = g.thresholds([[null, 'green'], [warning, 'orange'], [critical, 'red']]);
local plain = g.thresholds([[null, 'blue']]);

{
  // Alerts that fire, with the model and the upstream where an alert is about one. `names` is a matcher of their names.
  alerts(q, runbook, names, size):: g.table(
    'Firing alerts, by name',
    'What fires now, with its severity. The name leads to the runbook page.',
    [[
      q('ALERTS{%(e)s,component="ai-gateway",alertstate="firing"' + names + '} or on () label_replace(vector(0), "none", "none is firing", "", "")'),
      'alerts',
    ]],
    // A column of its own for "none", so that it has no link.
    { alertname: 'Alert', severity: 'Severity', model: 'Model', upstream: 'Upstream', instance: 'Gateway', none: 'Alerts' },
    ['alertstate', 'component', 'collector', 'reason', 'kind', 'source', 'breaker'],
    size
    + g.columnWidths({ Alert: 250, Severity: 80 })
    + g.coloredColumn('Severity', { critical: ['critical', 'red'], warning: ['warning', 'orange'], info: ['info', 'blue'] })
    + g.runbookColumn(runbook)
    + { options+: { sortBy: [{ displayName: 'Severity', desc: false }] } },
  ),

  gateway(q, c, runbook):: g.row('Now', [
    g.stat(
      'Health',
      'The worst score from 0 to 100 of the models and upstreams, of the gateways picked.',
      'none',
      [[q('min(aigw_health_score{%(e)s})'), 'health score']],
      score + g.noValue('unknown') + g.decimals(0) + g.sparkline,
    ),
    g.stat(
      'Alerts',
      'Alerts about the AI gateway that fire now. The table below names them.',
      'none',
      [[q('count(ALERTS{%(e)s,component="ai-gateway",alertstate="firing"}) or vector(0)'), 'firing']],
      badFrom(1, 3),
    ),
    g.stat(
      'All gateways',
      'Whether every gateway answers. It shows DOWN as soon as one does not.',
      'none',
      [[q('min(up{%(e)s})'), 'up']],
      g.thresholds([[null, 'red'], [1, 'green']]) + g.valueTexts({ '0': ['DOWN', 'red'], '1': ['UP', 'green'] }) + g.noValue('no gateway'),
    ),
    g.stat(
      'Requests',
      'Requests a second, of the models and upstreams picked.',
      'ops',
      [[q('sum(rate(aigw_requests_total{%(m)s}[$__rate_interval]))'), 'requests']],
      plain + g.noValue('none') + g.sparkline,
    ),
    g.stat(
      'Failures now',
      'Share of the requests that fail, without those that say nothing of the gateway.',
      'percentunit',
      [[q('(sum(rate(aigw_requests_total{%(m)s,outcome=~"' + c.failures + '"}[$__rate_interval])) or vector(0)) / (sum(rate(aigw_requests_total{%(m)s,outcome!~"' + c.notCounted + '"}[$__rate_interval])) > 0)'), 'failures']],
      badFrom(1 - c.availability, c.burn.fast * (1 - c.availability)) + g.noValue('no requests') + g.sparkline,
    ),
    g.stat(
      'First token',
      'Time within which 95 % of the streams begin.',
      's',
      [[q('histogram_quantile(0.95, sum by (le) (rate(aigw_time_to_first_token_seconds_bucket{%(m)s}[$__rate_interval]))) >= 0'), 'first token']],
      badFrom(c.firstTokenSeconds.warning, c.firstTokenSeconds.critical) + g.noValue('no streams') + g.sparkline,
    ),
    g.stat(
      'Waiting',
      'Requests that wait in queues now.',
      'short',
      [[q('sum(aigw_queue_length{%(o)s})'), 'waiting']],
      badFrom(1, 50) + g.noValue('no model') + g.decimals(0) + g.sparkline,
    ),
    g.stat(
      'On fallbacks',
      'Models that their first choice does not serve now.',
      'none',
      [[q('sum(aigw_model_fallback_active{%(o)s})'), 'models']],
      badFrom(1, 1000000) + g.noValue('no model') + g.decimals(0) + g.sparkline,
    ),
    self.alerts(q, runbook, '', g.size(12, 8)),
    g.table(
      'Models now',
      'Requests a second for each model, most first.',
      [[q('sort_desc(sum by (model, instance) (rate(aigw_requests_total{%(m)s}[$__rate_interval])))'), 'requests']],
      { model: 'Model', instance: 'Gateway' },
      [],
      g.size(12, 8) + g.valueColumn('Requests', 'ops') + g.noValue('no requests')
      + { options+: { sortBy: [{ displayName: 'Requests', desc: true }] } },
    ),
  ]),

  cost(q, c, runbook):: g.row('Now', [
    g.stat(
      'Last 24 hours',
      'What the last 24 hours cost, of the models and upstreams picked. Tokens that have no price or are estimates are not in it.',
      'currencyUSD',
      [[q('sum(increase(aigw_cost_usd_total{%(m)s}[1d]))'), 'cost']],
      plain + g.noValue('no cost') + g.size(4, 4),
    ),
    g.gauge(
      'Budget',
      'The last 24 hours as a share of the daily budget, of the gateway that is closest to its own.',
      'percentunit',
      [[q('max(sum by (job, instance) (increase(aigw_cost_usd_total{%(e)s}[1d])) / on (job, instance) aigw_budget_usd_per_day{%(e)s})'), 'spent']],
      badFrom(c.budget.warning, c.budget.critical) + g.range(0, 1.2) + g.noValue('no budget'),
    ),
    g.stat(
      'Forecast for a day',
      'What a day costs at the pace of the last six hours.',
      'currencyUSD',
      [[q('4 * sum(increase(aigw_cost_usd_total{%(m)s}[6h]))'), 'a day']],
      plain + g.noValue('no cost') + g.size(4, 4),
    ),
    g.stat(
      'Tokens without a price',
      'Tokens in the time shown that had no price.',
      'short',
      [[q('sum(increase(aigw_unpriced_tokens_total{%(m)s}[$__range])) or vector(0)'), 'tokens']],
      badFrom(1, 1000000000) + g.size(4, 4) + g.decimals(0),
    ),
    g.stat(
      'Reported token counts',
      'Share of the answers in the time shown whose tokens the provider itself has told.',
      'percentunit',
      [[q('sum(increase(aigw_usage_source_total{%(m)s,source="reported"}[$__range])) / (sum(increase(aigw_usage_source_total{%(m)s}[$__range])) > 0)'), 'reported']],
      g.thresholds([[null, 'red'], [1 - c.usageEstimated, 'orange'], [1 - c.usageMissing, 'green']]) + g.noValue('no answers') + g.size(4, 4),
    ),
    g.stat(
      'Price table',
      'Rows of prices that the gateways have, of that with the fewest.',
      'short',
      [[q('min(aigw_price_table_rows{%(e)s})'), 'rows']],
      g.thresholds([[null, 'orange'], [1, 'green']]) + g.noValue('unknown') + g.size(4, 4) + g.decimals(0),
    ),
    self.alerts(q, runbook, ',alertname=~"AiGateway(Budget|Spend|Tokens|Usage).*"', g.size(24, 6)),
  ]),
}
