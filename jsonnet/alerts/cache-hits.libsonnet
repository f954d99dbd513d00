// SPDX-License-Identifier: Apache-2.0
// Alerts on hit ratios, each against its own past: what is low for one cache is usual for another.
local alerts = import '../lib/alerts.libsonnet';

// `hits` and `requests` make the rate over a range: both must have the same labels.
local fell(name, c, hits, requests, texts) = alerts.warning {
  alert: name,
  expr: |||
    %(hits)s
    / %(requests)s
    < %(share)g
    * %(hitsBefore)s
    / %(requestsBefore)s
    and
    %(requests)s > %(min)g
  ||| % {
    hits: hits('30m'),
    requests: requests('30m'),
    hitsBefore: hits('6h'),
    requestsBefore: requests('6h'),
    share: c.hitRatioOfPast,
    min: c.hitRatioMinRate,
  },
  'for': '15m',
  annotations+: texts,
};

{
  // What applications tell of their own caches.
  applications(c):: [fell(
    'CacheHitRatioFell',
    c,
    function(range) 'sum without (op, result) (rate(cache_requests_total{%s,op="get",result="hit"}[%s]))' % [c.selector, range],
    function(range) 'sum without (op, result) (rate(cache_requests_total{%s,op="get",result=~"hit|miss"}[%s]))' % [c.selector, range],
    {
      summary: "The hit ratio of an application's cache fell.",
      description: 'Cache {{ $labels.cache }} (tier {{ $labels.tier }}) reported to {{ $labels.instance }} hits {{ $value | humanizePercentage }} of its lookups, which is far less than in the hours before.',
    }
  )],

  servers(c):: [
    fell(
      'CacheRedisHitRatioFell',
      c,
      function(range) 'rate(redis_keyspace_hits_total{%s}[%s])' % [c.selector, range],
      function(range) '(rate(redis_keyspace_hits_total{%(s)s}[%(r)s]) + rate(redis_keyspace_misses_total{%(s)s}[%(r)s]))' % { s: c.selector, r: range },
      {
        summary: 'The hit ratio of a Redis fell.',
        description: 'Redis ' + c.server + ' hits {{ $value | humanizePercentage }} of its lookups, which is far less than in the hours before.',
      }
    ),
    fell(
      'CacheMemcachedHitRatioFell',
      c,
      function(range) 'sum without (command, status) (rate(memcached_commands_total{%s,command="get",status="hit"}[%s]))' % [c.selector, range],
      function(range) 'sum without (command, status) (rate(memcached_commands_total{%s,command="get"}[%s]))' % [c.selector, range],
      {
        summary: 'The hit ratio of a Memcached fell.',
        description: 'Memcached ' + c.server + ' hits {{ $value | humanizePercentage }} of its lookups, which is far less than in the hours before.',
      }
    ),
  ],
}
