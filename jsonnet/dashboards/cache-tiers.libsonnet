// SPDX-License-Identifier: Apache-2.0
// Rows of the cache dashboard: the same facts of caches inside applications (left, L1) and of servers (right, L2).
local g = import '../lib/grafana.libsonnet';

local half = g.size(12, 8) + g.tableLegend('right');
local third = g.size(8, 8);
local noStatsd = g.noValue('no application sends this over StatsD');
local noServer = g.noValue('no Redis and no Memcached');

local cache = '{{cache}} {{tier}} of {{server}}';
local rate(selector) = 'rate(%s[$__rate_interval])' % selector;
local sumBy(labels, expr) = 'sum by (job, instance, %s) (%s)' % [labels, expr];

// Lookups that ended so, by cache.
local lookups(result) = sumBy('cache, tier', rate('cache_requests_total{%(e)s,op="get",result=~"' + result + '"}'));
local gets(more) = sumBy('target', rate('memcached_commands_total{%(s)s,command="get"' + more + '}'));
// A quantile of the time of operations. Without any there is none.
local quantile(share, labels, selector) =
  'histogram_quantile(%s, %s) >= 0' % [share, sumBy(labels + ', le', rate(selector))];
local operation(share) = quantile(share, 'cache, tier, op', 'cache_operation_duration_seconds_bucket{%(e)s,op!="load"}');
local load(share) = quantile(share, 'cache, tier', 'cache_operation_duration_seconds_bucket{%(e)s,op="load"}');

function(n) [
  g.row('Applications as they see their caches (left), Redis and Memcached as they see themselves (right)', [
    g.timeseries(
      'Hits of applications',
      'Lookups (op get) that the cache answered, as a share of hits and misses, by cache and tier.',
      'percentunit',
      // A cache that only misses has no series of hits.
      [[n('(%s or 0 * %s) / (%s > 0)' % [lookups('hit'), lookups('miss'), lookups('hit|miss')]), cache]],
      half + g.range(0, 1) + noStatsd,
    ),
    g.timeseries(
      'Hits of servers',
      "Lookups of keys that found one, as a share of all. The server counts every client's, and those of commands that write.",
      'percentunit',
      [
        [n('rate(redis_keyspace_hits_total{%(s)s}[$__rate_interval]) / (rate(redis_keyspace_hits_total{%(s)s}[$__rate_interval]) + rate(redis_keyspace_misses_total{%(s)s}[$__rate_interval]) > 0)'), 'Redis {{server}}'],
        [n('%s / (%s > 0)' % [gets(',status="hit"'), gets('')]), 'Memcached {{server}}'],
      ],
      half + g.range(0, 1) + noServer,
    ),
    g.timeseries(
      'Requests of applications',
      'Requests a second to each cache, by operation and result.',
      'ops',
      [[n(sumBy('cache, tier, op, result', rate('cache_requests_total{%(e)s}'))), '{{op}} {{result}} ' + cache]],
      half + g.fromZero(1) + noStatsd,
    ),
    g.timeseries(
      'Requests to servers',
      'Commands a second: all of Redis, and those of Memcached by kind.',
      'ops',
      [
        [n('rate(redis_commands_processed_total{%(s)s}[$__rate_interval])'), 'Redis {{server}}'],
        [n(sumBy('target, command', rate('memcached_commands_total{%(s)s}'))), '{{command}} Memcached {{server}}'],
      ],
      half + g.fromZero(1) + noServer,
    ),
    g.timeseries(
      'Latency of applications',
      'Time within which half and 99 % of the operations on a cache were done, loading what is missing left out.',
      's',
      [
        [n(operation('0.5')), 'half {{op}} ' + cache],
        [n(operation('0.99')), '99 % {{op}} ' + cache],
      ],
      half + g.fromZero(0.0001) + noStatsd,
    ),
    g.timeseries(
      'Latency of servers',
      "Time within which half and 99 % of the exporter's own PINGs (Redis) and `version` (Memcached) were answered, the network included.",
      's',
      [
        [n(quantile('0.5', 'target', 'redis_ping_duration_seconds_bucket{%(s)s}')), 'half Redis {{server}}'],
        [n(quantile('0.99', 'target', 'redis_ping_duration_seconds_bucket{%(s)s}')), '99 % Redis {{server}}'],
        [n(quantile('0.5', 'target', 'memcached_version_duration_seconds_bucket{%(s)s}')), 'half Memcached {{server}}'],
        [n(quantile('0.99', 'target', 'memcached_version_duration_seconds_bucket{%(s)s}')), '99 % Memcached {{server}}'],
      ],
      half + g.fromZero(0.001) + noServer,
    ),
    g.timeseries(
      'Removed from application caches',
      'Entries a second that were thrown out to make room, by reason, and those whose time was over.',
      'ops',
      [
        [n(sumBy('cache, tier, reason', rate('cache_evictions_total{%(e)s}'))), 'evicted ({{reason}}) ' + cache],
        [n(sumBy('cache, tier', rate('cache_expirations_total{%(e)s}'))), 'expired ' + cache],
      ],
      half + g.fromZero(1) + noStatsd,
    ),
    g.timeseries(
      'Removed from servers',
      'Keys and items a second that were evicted to make room, and those whose time was over; of Memcached those that nobody had read since they were stored.',
      'ops',
      [
        [n('rate(redis_evicted_keys_total{%(s)s}[$__rate_interval])'), 'evicted Redis {{server}}'],
        [n('rate(redis_expired_keys_total{%(s)s}[$__rate_interval])'), 'expired Redis {{server}}'],
        [n('rate(memcached_items_evicted_total{%(s)s}[$__rate_interval])'), 'evicted Memcached {{server}}'],
        [n('rate(memcached_items_expired_unfetched_total{%(s)s}[$__rate_interval])'), 'expired Memcached {{server}}'],
      ],
      half + g.fromZero(1) + noServer,
    ),
    g.timeseries(
      'Size of application caches',
      'Bytes that each cache holds, and (dashed) as many as it may.',
      'bytes',
      [
        [n('cache_size_bytes{%(e)s}'), cache],
        [n('cache_max_size_bytes{%(e)s}'), 'limit ' + cache],
      ],
      half + g.fromZero(1024) + g.dashed('B') + noStatsd,
    ),
    g.timeseries(
      'Memory of servers',
      'Memory in use, and (dashed) its limit: maxmemory of Redis where it is set, `-m` of Memcached.',
      'bytes',
      [
        [n('redis_memory_used_bytes{%(s)s}'), 'Redis {{server}}'],
        [n('memcached_current_bytes{%(s)s}'), 'Memcached {{server}}'],
        [n('redis_memory_max_bytes{%(s)s}'), 'limit Redis {{server}}'],
        [n('memcached_limit_bytes{%(s)s}'), 'limit Memcached {{server}}'],
      ],
      half + g.fromZero(1024 * 1024) + g.dashed('C') + g.dashed('D') + noServer,
    ),
    g.timeseries(
      'Entries in application caches',
      'Entries of each cache, and (dashed) as many as it may have.',
      'short',
      [
        [n('cache_entries{%(e)s}'), cache],
        [n('cache_max_entries{%(e)s}'), 'limit ' + cache],
      ],
      half + g.fromZero(10) + g.dashed('B') + noStatsd,
    ),
    g.timeseries(
      'Keys and items in servers',
      'Keys of all databases of each Redis, and items of each Memcached.',
      'short',
      [
        [n(sumBy('target', 'redis_db_keys{%(s)s}')), 'Redis {{server}}'],
        [n('memcached_current_items{%(s)s}'), 'Memcached {{server}}'],
      ],
      half + g.fromZero(10) + noServer,
    ),
  ]),

  g.row('Loading, compression, errors (applications)', [
    g.timeseries(
      'Loading what is missing',
      'Time within which half and 99 % of the missing entries were loaded, and the mean.',
      's',
      [
        [n(load('0.5')), 'half ' + cache],
        [n(load('0.99')), '99 % ' + cache],
        [n('%s / (%s > 0)' % [sumBy('cache, tier', rate('cache_operation_duration_seconds_%s{%%(e)s,op="load"}' % part)) for part in ['sum', 'count']]), 'mean ' + cache],
      ],
      third + g.fromZero(0.01) + noStatsd,
    ),
    g.timeseries(
      'Compression ratio',
      'Bytes of values before compression for each byte after it. 1 saves nothing.',
      'none',
      [[n('%s / (%s > 0)' % [sumBy('cache, tier', rate('cache_compression_%s_bytes_total{%%(e)s}' % way)) for way in ['input', 'output']]), cache]],
      third + g.fromZero(2) + g.axisLabel('before / after') + noStatsd,
    ),
    g.timeseries(
      'Requests that failed',
      'Requests to a cache that ended in an error, as a share of all to that cache.',
      'percentunit',
      [[n('(%s or 0 * %s) / (%s > 0)' % [
        sumBy('cache, tier', rate('cache_requests_total{%(e)s,result="error"}')),
        sumBy('cache, tier', rate('cache_requests_total{%(e)s}')),
        sumBy('cache, tier', rate('cache_requests_total{%(e)s}')),
      ]), cache]],
      third + g.fromZero(0.01) + noStatsd,
    ),
  ]),
]
