// SPDX-License-Identifier: Apache-2.0
// Rows of the AI cost dashboard: money and tokens.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);
local half = g.size(12, 8);
local noCost = g.noValue('nothing that has a price');
local noTokens = g.noValue('no tokens');

local rate(selector) = 'rate(%s[$__rate_interval])' % selector;
local sumBy(by, selector) = 'sum by (%s) (%s)' % [by, rate(selector)];
// What happened in the time that is shown, by model and upstream; most first.
local top(q, title, description, heading, unit, expr) = g.table(
  title,
  description,
  [[q('topk(10, %s > 0)' % expr), title]],
  { model: 'Model', upstream: 'Upstream' },
  [],
  third + g.valueColumn(heading, unit) + g.noValue('none in this time')
  + { options+: { sortBy: [{ displayName: heading, desc: true }] } },
);
local share(by, part, whole) =
  '(%(part)s or 0 * %(whole)s) / (%(whole)s > 0)' % { part: sumBy(by, part), whole: sumBy(by, whole) };

function(q) [
  g.row('Cost', [
    g.timeseries(
      'Cost a day by model',
      'What a day costs at the pace of each moment, by model. Only reported tokens that have a price cost anything here.',
      'currencyUSD',
      [[q('86400 * ' + sumBy('model', 'aigw_cost_usd_total{%(m)s}')), '{{model}}']],
      half + g.stacked + g.tableLegend('right') + noCost,
    ),
    g.timeseries(
      'Forecast against the budget',
      'What a day costs at the pace of the last six hours, what the last 24 hours cost, and (dashed) the daily budget of each gateway.',
      'currencyUSD',
      [
        [q('4 * sum by (instance) (increase(aigw_cost_usd_total{%(e)s}[6h]))'), 'forecast {{instance}}'],
        [q('sum by (instance) (increase(aigw_cost_usd_total{%(e)s}[1d]))'), 'last 24 hours {{instance}}'],
        [q('aigw_budget_usd_per_day{%(e)s}'), 'budget {{instance}}'],
      ],
      half + g.fromZero(1) + g.dashed('C') + noCost,
    ),
    g.timeseries(
      'Cost a day by upstream',
      'What a day costs at the pace of each moment, by upstream.',
      'currencyUSD',
      [[q('86400 * ' + sumBy('upstream', 'aigw_cost_usd_total{%(m)s}')), '{{upstream}}']],
      third + g.stacked + noCost,
    ),
    g.timeseries(
      'Cost of 1000 requests',
      'What 1000 requests for each model cost that an upstream was tried for.',
      'currencyUSD',
      [[q('1000 * %s / (%s > 0)' % [sumBy('model', 'aigw_cost_usd_total{%(m)s}'), sumBy('model', 'aigw_requests_total{%(m)s,upstream!="none"}')]), '{{model}}']],
      third + g.fromZero(1) + noCost,
    ),
    g.timeseries(
      'Cost of a million tokens',
      'What a million tokens of each model cost, input and output together.',
      'currencyUSD',
      [[q('1000000 * %s / (%s > 0)' % [sumBy('model', 'aigw_cost_usd_total{%(m)s}'), sumBy('model', 'aigw_tokens_total{%(m)s}')]), '{{model}}']],
      third + g.fromZero(1) + noCost,
    ),
    g.timeseries(
      'This hour and last week',
      'What the last hour cost, and (dashed) the same hour of last week.',
      'currencyUSD',
      [
        [q('sum(increase(aigw_cost_usd_total{%(m)s}[1h]))'), 'last hour'],
        [q('sum(increase(aigw_cost_usd_total{%(m)s}[1h] offset 1w))'), 'last week'],
      ],
      third + g.fromZero(1) + g.dashed('B') + noCost,
    ),
    top(
      q,
      'Dearest models',
      'Models and upstreams that cost most in the time shown.',
      'Cost',
      'currencyUSD',
      'sum by (model, upstream) (increase(aigw_cost_usd_total{%(m)s}[$__range]))',
    ),
    top(
      q,
      'Models with most tokens',
      'Models and upstreams that used most tokens in the time shown.',
      'Tokens',
      'short',
      'sum by (model, upstream) (increase(aigw_tokens_total{%(m)s}[$__range]))',
    ),
  ]),

  g.row('Tokens', [
    g.timeseries(
      'Input tokens',
      'Tokens a second that were sent to each model, as its provider reported them, those from a cache among them.',
      'cps',
      [[q(sumBy('model', 'aigw_tokens_total{%(m)s,type="input"}')), '{{model}}']],
      half + g.stacked + g.tableLegend('right') + noTokens,
    ),
    g.timeseries(
      'Output tokens',
      'Tokens a second that each model answered, as its provider reported them, those of its reasoning among them.',
      'cps',
      [[q(sumBy('model', 'aigw_tokens_total{%(m)s,type="output"}')), '{{model}}']],
      half + g.stacked + g.tableLegend('right') + noTokens,
    ),
    g.timeseries(
      'Cached share of the input',
      "Share of each model's input tokens that the provider had in its cache.",
      'percentunit',
      [[q(share('model', 'aigw_cached_input_tokens_total{%(m)s}', 'aigw_tokens_total{%(m)s,type="input"}')), '{{model}}']],
      third + g.range(0, 1) + noTokens,
    ),
    g.timeseries(
      'Reasoning share of the output',
      "Share of each model's output tokens that were reasoning.",
      'percentunit',
      [[q(share('model', 'aigw_reasoning_tokens_total{%(m)s}', 'aigw_tokens_total{%(m)s,type="output"}')), '{{model}}']],
      third + g.range(0, 1) + noTokens,
    ),
    g.timeseries(
      'Written to caches',
      "Input tokens a second that were written to a provider's cache, by how long they stay there.",
      'cps',
      [[q(sumBy('model, ttl', 'aigw_cache_write_tokens_total{%(m)s}')), '{{model}} {{ttl}}']],
      third + g.fromZero(1) + g.tableLegend('bottom') + g.noValue('nothing was written'),
    ),
    g.timeseries(
      'Tokens for each request',
      'Reported tokens for each answer that they were reported of.',
      'short',
      [[q('%s / ignoring (type) group_left () (%s > 0)' % [sumBy('model, type', 'aigw_tokens_total{%(m)s}'), sumBy('model', 'aigw_usage_source_total{%(m)s,source="reported"}')]), '{{type}} {{model}}']],
      third + g.fromZero(100) + g.tableLegend('bottom') + noTokens,
    ),
    g.timeseries(
      'Tokens by upstream',
      'Reported tokens a second of each upstream, input and output together.',
      'cps',
      [[q(sumBy('upstream', 'aigw_tokens_total{%(m)s}')), '{{upstream}}']],
      third + g.stacked + noTokens,
    ),
    g.timeseries(
      'Answers with reported tokens',
      'Answers a second whose provider told their tokens to the end: those that are in the numbers above.',
      'ops',
      [[q(sumBy('model', 'aigw_usage_source_total{%(m)s,source="reported"}')), '{{model}}']],
      third + g.stacked + noTokens,
    ),
  ]),

  g.row('How far to trust the numbers', [
    g.timeseries(
      'Source of token counts',
      'Answers a second by where their token counts are from: reported by the provider, estimated since it did not do so to the end, or not known at all.',
      'ops',
      // What can be trusted first, so that it is at the bottom.
      [
        [q(sumBy('source', 'aigw_usage_source_total{%(m)s,source="reported"}')), '{{source}}'],
        [q(sumBy('source', 'aigw_usage_source_total{%(m)s,source!="reported"}')), '{{source}}'],
      ],
      third + g.stacked + g.colors({ reported: 'green', estimated: 'orange', missing: 'red' }) + g.noValue('no answers'),
    ),
    g.timeseries(
      'Reported and estimated tokens',
      'Tokens a second, input and output together: reported ones, and on top those that are estimates, which no other number here has in it.',
      'cps',
      [
        [q('sum(%s)' % rate('aigw_tokens_total{%(m)s}')), 'reported'],
        [q('sum(%s)' % rate('aigw_estimated_tokens_total{%(m)s}')), 'estimated'],
      ],
      third + g.stacked + g.colors({ reported: 'green', estimated: 'orange' }) + noTokens,
    ),
    g.timeseries(
      'Estimated tokens, by model',
      'Tokens a second of answers whose provider did not report them to the end: of clients that left, and of answers that broke off. What they cost is in no sum here.',
      'cps',
      [[q('%s > 0' % sumBy('model, upstream, type', 'aigw_estimated_tokens_total{%(m)s}')), '{{type}} {{model}} from {{upstream}}']],
      third + g.fromZero(1) + g.events + g.tableLegend('bottom') + g.noValue('nothing had to be estimated'),
    ),
    g.timeseries(
      'Tokens without a price, by model',
      'Tokens a second that the config has no price for. What they cost is in no sum here.',
      'cps',
      [[q('%s > 0' % sumBy('model, upstream', 'aigw_unpriced_tokens_total{%(m)s}')), '{{model}} from {{upstream}}']],
      half + g.fromZero(1) + g.events + g.noValue('every token has a price'),
    ),
    g.timeseries(
      'Price lookups',
      "How prices were found: by the model's own name, by a beginning of it, in a row that has none, or not at all.",
      'ops',
      [[q(sumBy('status', 'aigw_price_lookups_total{%(o)s}')), '{{status}}']],
      half + g.stacked + g.colors({ exact: 'green', prefix: 'light-green', unpriced: 'orange', missing: 'red' }) + g.noValue('no answers'),
    ),
  ]),
]
