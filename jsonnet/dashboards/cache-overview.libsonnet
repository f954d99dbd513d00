// SPDX-License-Identifier: Apache-2.0
// First rows of the cache dashboards: what is wrong now. With several servers picked, they show the worst of them.
// Colors change where the alerts have their thresholds; those of scores where a server is degraded and unhealthy.
local g = import '../lib/grafana.libsonnet';

local badAbove(limits) = g.thresholds([[null, 'green'], [limits.warning, 'orange'], [limits.critical, 'red']]);
local score = g.thresholds([[null, 'red'], [50, 'orange'], [90, 'green']]);
local neutral = g.thresholds([[null, 'blue']]);

local upOrDown = g.thresholds([[null, 'red'], [1, 'green']]) + g.valueTexts({ '0': ['DOWN', 'red'], '1': ['UP', 'green'] });

local firing(q) = g.stat(
  'Alerts',
  'Alerts of this component that fire now. The table below names them.',
  'none',
  [[q('count(ALERTS{%(s)s,component="cache",alertstate="firing"}) or vector(0)'), 'firing']],
  badAbove({ warning: 1, critical: 3 }),
);

local alertTable(q, runbook, size) = g.table(
  'Firing alerts, by name',
  'What fires now, with its severity. The name leads to the runbook page.',
  [[
    q('sum by (alertname, severity, instance, target) (ALERTS{%(s)s,component="cache",alertstate="firing"}) or on () label_replace(vector(0), "none", "none is firing", "", "")'),
    'alerts',
  ]],
  // A column of its own for "none", so that it has no link.
  { alertname: 'Alert', severity: 'Severity', instance: 'Instance', target: 'Server', none: 'Alerts' },
  [],
  size
  + g.columnWidths({ Alert: 260, Severity: 80 })
  + g.coloredColumn('Severity', { critical: ['critical', 'red'], warning: ['warning', 'orange'], info: ['info', 'blue'] })
  + g.runbookColumn(runbook)
  + { options+: { sortBy: [{ displayName: 'Severity', desc: false }] } },
);

// The share of hits; nothing where nothing was looked up.
local redisHits = 'sum(rate(redis_keyspace_hits_total{%(s)s}[$__rate_interval])) / (sum(rate(redis_keyspace_hits_total{%(s)s}[$__rate_interval]) + rate(redis_keyspace_misses_total{%(s)s}[$__rate_interval])) > 0)';
local hits(q, title, description, expr) = g.stat(
  title,
  description,
  'percentunit',
  [[q(expr), 'hits']],
  neutral + g.decimals(1) + g.noValue('no lookups') + g.sparkline,
);

local ping(q, c) = g.stat(
  'PING',
  "Time within which 90 % of the exporter's PINGs were answered, of the slowest Redis.",
  's',
  [[q('max(histogram_quantile(0.9, sum by (job, instance, target, le) (rate(redis_ping_duration_seconds_bucket{%(s)s}[$__rate_interval]))))'), 'PING']],
  badAbove(c.pingSeconds) + g.noValue('no Redis') + g.sparkline,
);

// Whether the last tries to write data to disk succeeded.
local written = std.join(' or ', [
  'label_replace(redis_%s{%%(s)s}, "what", "%s", "", "")' % [status, status]
  for status in ['rdb_last_bgsave_status', 'aof_last_write_status', 'aof_last_bgrewrite_status']
]);

{
  cache(q, named, c, runbook):: g.row('Now', [
    g.stat(
      'Health',
      'The worst score from 0 to 100 of the servers that an exporter watches, of the exporters picked.',
      'none',
      [[q('min(cache_health_score{%(e)s})'), 'health score']],
      score + g.noValue('unknown') + g.decimals(0) + g.sparkline,
    ),
    g.stat(
      'Target',
      'Whether the exporters get answers from every Redis and Memcached. It shows DOWN as soon as one of them does not answer.',
      'none',
      [[q('min(up{%(e)s}) * (min(redis_up{%(s)s} or memcached_up{%(s)s}) or vector(1))'), 'up']],
      upOrDown,
    ),
    firing(q),
    hits(
      q,
      'L1 hits',
      'Lookups that the caches inside applications answered, as a share of all of theirs, over StatsD.',
      'sum(rate(cache_requests_total{%(e)s,op="get",result="hit"}[$__rate_interval])) / (sum(rate(cache_requests_total{%(e)s,op="get",result=~"hit|miss"}[$__rate_interval])) > 0)',
    ),
    hits(q, 'Redis hits', 'Lookups of keys that found one, as a share of all, of every Redis.', redisHits),
    hits(
      q,
      'Memcached',
      'Gets that found an item, as a share of all, of every Memcached.',
      'sum(rate(memcached_commands_total{%(s)s,command="get",status="hit"}[$__rate_interval])) / (sum(rate(memcached_commands_total{%(s)s,command="get"}[$__rate_interval])) > 0)',
    ),
    g.gauge(
      'Fullest cache',
      'Memory in use as a share of the limit, of the fullest cache that has one. A cache may be full: evictions below say what it costs.',
      'percentunit',
      [[q('max(redis_memory_used_bytes{%(s)s} / (redis_memory_max_bytes{%(s)s} > 0) or memcached_current_bytes{%(s)s} / (memcached_limit_bytes{%(s)s} > 0) or cache_size_bytes{%(e)s} / (cache_max_size_bytes{%(e)s} > 0))'), 'memory']],
      g.size(3, 4) + neutral + g.range(0, 1) + g.decimals(0) + g.noValue('no limit'),
    ),
    ping(q, c),
    g.column([
      alertTable(q, runbook, g.size(12, 6)),
      g.timeseries(
        'Health score by exporter',
        "Score of each exporter's worst server over time. The legend begins with the exporter that was worst.",
        'none',
        [[q('cache_health_score{%(e)s}'), '{{instance}}']],
        g.size(12, 5) + g.range(0, 100) + {
          options+: { legend+: { displayMode: 'table', placement: 'right', calcs: ['min', 'lastNotNull'], sortBy: 'Min', sortDesc: false } },
        },
      ),
    ]),
    g.bargauge(
      'Health checks',
      'Score of each check behind the health score, 100 is best; those on top pull the score down. The names are without `_seconds`.',
      'none',
      [['sort(%s)' % named('min by (job, instance, target, check) (cache_health_check_score{%(s)s})'), '{{check}} {{server}}']],
      g.size(12, 11) + g.bars('left', 12, 24) + { options+: { text: { titleSize: 11, valueSize: 13 } } }
      + g.rename('/_seconds( |$)/', '$1') + score + g.range(0, 100) + g.decimals(0),
    ),
  ]),

  redis(q, named, c, runbook):: g.row('Now', [
    g.stat(
      'Target',
      'Whether the exporters get answers from every Redis. It shows DOWN as soon as one of them does not answer.',
      'none',
      [[q('min(redis_up{%(s)s})'), 'up']],
      upOrDown + g.noValue('no Redis'),
    ),
    firing(q),
    g.stat(
      'Commands',
      'Commands a second, of all servers.',
      'ops',
      [[q('sum(rate(redis_commands_processed_total{%(s)s}[$__rate_interval]))'), 'commands']],
      neutral + g.noValue('no Redis') + g.sparkline,
    ),
    hits(q, 'Hits', 'Lookups of keys that found one, as a share of all, of every Redis.', redisHits),
    g.gauge(
      'Memory',
      'Used memory as a share of maxmemory, of the fullest Redis that has a limit. Where keys are evicted, full is usual: an alert fires where they are not.',
      'percentunit',
      [[q('max(redis_memory_used_bytes{%(s)s} / (redis_memory_max_bytes{%(s)s} > 0))'), 'memory']],
      neutral + g.range(0, 1) + g.decimals(0) + g.noValue('no maxmemory'),
    ),
    g.gauge(
      'Client slots',
      'Clients as a share of maxclients, of the Redis with the highest share.',
      'percentunit',
      [[q('max(redis_connected_clients{%(s)s} / redis_config_maxclients{%(s)s})'), 'clients']],
      badAbove(c.connections) + g.range(0, 1) + g.decimals(0) + g.noValue('CONFIG GET is not allowed'),
    ),
    ping(q, c) + g.size(4, 4),
    g.column([
      g.stat(
        'Replica lag',
        'Bytes that the slowest replica has not confirmed. Some are usual: it confirms once a second.',
        'bytes',
        [[q('max(redis_connected_slave_lag_bytes{%(s)s})'), 'lag']],
        g.size(4, 4) + badAbove(c.replicaBytes) + g.noValue('no replica') + g.sparkline,
      ),
      g.stat(
        'Persistence',
        'Whether the last snapshot, the last write to the append-only file and its last rewrite succeeded, on all servers.',
        'none',
        [[q('min(%s)' % written), 'persistence']],
        g.size(4, 4) + g.thresholds([[null, 'red'], [1, 'green']]) + g.noValue('no Redis')
        + g.valueTexts({ '0': ['FAILING', 'red'], '1': ['OK', 'green'] }),
      ),
    ]),
    alertTable(q, runbook, g.size(9, 8)),
    g.table(
      'Redis servers',
      'Version, role, mode and eviction policy of each server, with the time since it started.',
      [[
        named('(time() - redis_start_time_seconds{%(s)s}) * on (job, instance, target) group_left (redis_version, valkey_version, role, redis_mode, maxmemory_policy) redis_instance_info{%(s)s}'),
        'server',
      ]],
      { server: 'Server', redis_version: 'Version', valkey_version: 'Valkey', role: 'Role', redis_mode: 'Mode', maxmemory_policy: 'Eviction' },
      ['instance', 'target'],
      g.size(11, 8) + g.valueColumn('Running for', 's') + g.decimals(1) + g.noValue('-')
      + g.columnWidths({ Version: 80, Role: 75, Mode: 95, Eviction: 105, 'Running for': 100 }),
    ),
  ]),
}
