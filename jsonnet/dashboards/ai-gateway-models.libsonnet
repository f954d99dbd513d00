// SPDX-License-Identifier: Apache-2.0
// Rows of the AI gateway dashboard: the models' queues and limits, and what is tried for a request.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);
local rate(selector) = 'rate(%s[$__rate_interval])' % selector;
local increase(selector) = 'increase(%s[$__rate_interval])' % selector;
local noLimits = g.noValue('no model has a limit');
local noQueue = g.noValue('no request had to wait');
// A legend that scrolls, with the worst on top where less is worse.
local leastFirst = g.tableLegend('bottom') + { options+: { legend+: { calcs: ['min'], sortBy: 'Min', sortDesc: false } } };

function(q) [
  g.row('Queue and limits', [
    g.timeseries(
      'In flight',
      'Requests for each model that are at an upstream now, and (dashed) how many may be.',
      'short',
      [
        [q('sum by (model, instance) (aigw_in_flight_requests{%(o)s})'), '{{model}} {{instance}}'],
        [q('sum by (model, instance) (aigw_concurrency_limit{%(o)s})'), 'limit {{model}} {{instance}}'],
      ],
      third + g.fromZero(4) + g.dashed('B') + g.tableLegend('bottom') + g.noValue('no model'),
    ),
    g.timeseries(
      'Queue length',
      'Requests that wait for a place, and (dashed) how many may.',
      'short',
      [
        [q('sum by (model, instance) (aigw_queue_length{%(o)s})'), '{{model}} {{instance}}'],
        [q('sum by (model, instance) (aigw_queue_limit{%(o)s})'), 'limit {{model}} {{instance}}'],
      ],
      third + g.fromZero(4) + g.dashed('B') + g.tableLegend('bottom') + g.noValue('no model'),
    ),
    g.timeseries(
      'Queue wait',
      'Of the requests that had to wait: the time within which half and 95 % of them got a place.',
      's',
      [
        [q('histogram_quantile(0.5, sum by (model, le) (%s)) >= 0' % rate('aigw_queue_wait_seconds_bucket{%(o)s}')), 'half {{model}}'],
        [q('histogram_quantile(0.95, sum by (model, le) (%s)) >= 0' % rate('aigw_queue_wait_seconds_bucket{%(o)s}')), '95 % {{model}}'],
      ],
      third + g.fromZero(1) + noQueue,
    ),
    g.timeseries(
      'Turned away by the queue',
      'Requests a second that left the queue without a place: it was full, they waited too long, or their client left.',
      'ops',
      [[q('sum by (model, reason) (%s) > 0' % rate('aigw_queue_rejected_total{%(o)s}')), '{{reason}} {{model}}']],
      third + g.fromZero(1) + g.events + g.noValue('nobody was turned away'),
    ),
    g.timeseries(
      'Limits left',
      'Share of each rate limit of the config that is left, where gateways do not share their limits. Below 0: answers were longer than expected.',
      'percentunit',
      // A gateway's own count says nothing while a Redis counts for all of them.
      [[q('aigw_rate_limit_remaining{%(o)s} / (aigw_rate_limit{%(o)s} > 0) unless on (job, instance) aigw_shared_limits_up{%(e)s} == 1'), '{{model}} {{kind}} in {{seconds}} s {{instance}}']],
      third { fieldConfig+: { defaults+: { max: 1 } } } + leastFirst + g.noValue('no limits, or shared ones'),
    ),
    g.timeseries(
      'Too many requests',
      'Requests a second that a limit refused: one of the config (local) or of the upstream.',
      'ops',
      [[q('sum by (model, source) (%s) > 0' % rate('aigw_rate_limited_total{%(o)s}')), '{{source}} {{model}}']],
      third + g.fromZero(1) + g.events + g.noValue('no request was refused'),
    ),
    g.timeseries(
      'Rate limits',
      'How much each limit of the config allows in its time.',
      'short',
      [[q('max by (model, kind, seconds) (aigw_rate_limit{%(o)s})'), '{{model}} {{kind}} in {{seconds}} s']],
      third + g.fromZero(10) + noLimits,
    ),
    g.timeseries(
      'Shared limits',
      'What was asked of the Redis that gateways share their limits through, what got no answer, and corrections that were lost.',
      'ops',
      [
        [q('sum by (instance) (%s)' % rate('aigw_shared_limits_requests_total{%(e)s}')), 'asked {{instance}}'],
        [q('sum by (instance) (%s)' % rate('aigw_shared_limits_failures_total{%(e)s}')), 'no answer {{instance}}'],
        [q('sum by (instance) (%s)' % rate('aigw_shared_limits_dropped_total{%(e)s}')), 'lost {{instance}}'],
      ],
      third + g.fromZero(1) + g.noValue('limits are not shared'),
    ),
    g.timeline(
      'Limits are shared',
      'Whether each gateway reaches that Redis. Without it each counts for itself.',
      [[q('aigw_shared_limits_up{%(e)s}'), '{{instance}}']],
      third + g.valueTexts({ '0': ['away', 'red'], '1': ['shared', 'green'] }) + g.noValue('limits are not shared'),
    ),
  ]),

  g.row('Attempts and fallbacks', [
    g.timeseries(
      'Attempts by result',
      'Attempts a second at upstreams, by how they ended.',
      'ops',
      // The good ones first, so that they are at the bottom. Most results are rare: only what happened is shown.
      [
        [q('sum by (result) (%s)' % rate('aigw_attempts_total{%(m)s,result="ok"}')), '{{result}}'],
        [q('sum by (result) (%s > 0)' % rate('aigw_attempts_total{%(m)s,result!="ok"}')), '{{result}}'],
      ],
      third + g.stacked + g.colors({
        ok: 'green',
        client_error: 'blue',
        context_length: 'light-blue',
        client_gone: 'text',
        rate_limited: 'yellow',
        quota: 'dark-yellow',
        overloaded: 'orange',
        header_timeout: 'dark-orange',
        content_timeout: 'light-orange',
        idle_timeout: 'purple',
        broken_off: 'dark-purple',
        error_frame: 'light-purple',
        server_error: 'red',
        bad_reply: 'light-red',
        connect: 'dark-red',
        reset: 'semi-dark-red',
        unauthorized: 'super-light-red',
      }) + g.noValue('no attempts'),
    ),
    g.timeseries(
      'Attempts for each request',
      'Attempts at upstreams for each request that one was tried for: 1 is one attempt each.',
      'none',
      [[q('sum by (model) (%s) / (sum by (model) (%s) > 0)' % [rate('aigw_attempts_total{%(m)s}'), rate('aigw_requests_total{%(m)s,upstream!="none",outcome!="breaker_open"}')]), '{{model}}']],
      third + g.fromZero(2) + g.tableLegend('bottom') + g.noValue('no attempts'),
    ),
    g.timeseries(
      'Retries',
      'Attempts a second that repeated one at the same upstream, and requests that are repetitions by the clients themselves.',
      'ops',
      [
        [q('sum by (model, upstream) (%s) > 0' % rate('aigw_retries_total{%(m)s}')), '{{model}} at {{upstream}}'],
        [q('sum by (model) (%s) > 0' % rate('aigw_client_retries_total{%(o)s}')), '{{model}} by clients'],
      ],
      third + g.fromZero(0.1) + g.events + g.noValue('no retries'),
    ),
    g.timeseries(
      'Fallbacks',
      'Requests that went on to another upstream, by why.',
      'none',
      [[q('sum by (model, from, to, reason) (%s) > 0' % increase('aigw_fallbacks_total{%(o)s}')), '{{model}}: {{from}} to {{to}}, {{reason}}']],
      g.size(12, 8) + g.fromZero(1) + g.events + g.tableLegend('bottom') + g.decimals(0) + g.noValue('no fallback was needed'),
    ),
    g.timeline(
      'State of each model',
      'Whether each model was served by its first choice, by a fallback, or not at all.',
      [[q('sum by (model, instance) (aigw_model_available{%(o)s} + on (job, instance, model) (aigw_model_available{%(o)s} * on (job, instance, model) (1 - aigw_model_fallback_active{%(o)s})))'), '{{model}} {{instance}}']],
      g.size(12, 8) + g.valueTexts({ '0': ['unavailable', 'red'], '1': ['fallback', 'orange'], '2': ['first choice', 'green'] }) + g.noValue('no model'),
    ),
  ]),
]
