// SPDX-License-Identifier: Apache-2.0
// Alerts of the cache exporter: the exporter and its targets here, the rest in the files beside this one.
local alerts = import '../lib/alerts.libsonnet';
local hits = import 'cache-hits.libsonnet';
local memcached = import 'cache-memcached.libsonnet';
local redis = import 'cache-redis.libsonnet';
local replication = import 'cache-replication.libsonnet';

// The server that an alert is about, in a text. An exporter of one server has no label `target`.
local server = '{{ with $labels.target }}{{ . }} on {{ end }}{{ $labels.instance }}';

local servers(c) = [
  alerts.critical {
    alert: 'CacheRedisDown',
    expr: |||
      redis_up{%(selector)s} == 0
    ||| % c,
    'for': '3m',
    annotations+: {
      summary: 'A Redis does not answer.',
      description: 'The exporter gets no answer from Redis ' + server + '.',
    },
  },
  alerts.critical {
    alert: 'CacheMemcachedDown',
    expr: |||
      memcached_up{%(selector)s} == 0
    ||| % c,
    'for': '3m',
    annotations+: {
      summary: 'A Memcached does not answer.',
      description: 'The exporter gets no answer from Memcached ' + server + '.',
    },
  },
  alerts.warning {
    alert: 'CacheCollectorFailing',
    expr: |||
      cache_scrape_collector_success{%(selector)s} == 0
      unless ignoring (state)
      cache_scrape_collector_state{%(selector)s,state="not_applicable"} == 1
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'A collector of the cache exporter fails.',
      description: 'Collector {{ $labels.collector }} of ' + server + ' fails or times out; its metrics are missing or old.',
    },
  },
];

// These series belong to no server.
local exporter(c) = [
  alerts.critical {
    alert: 'CacheExporterDown',
    expr: |||
      up{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'A cache exporter is down.',
      description: '{{ $labels.instance }} (job {{ $labels.job }}) has no working exporter: its caches are not watched.',
    },
  },
  alerts.warning {
    alert: 'CacheExporterRestarting',
    expr: |||
      changes(process_start_time_seconds{%(selector)s}[1h]) > %(restarts)g
    ||| % c,
    annotations+: {
      summary: 'A cache exporter starts again and again.',
      description: '{{ $labels.instance }} (job {{ $labels.job }}) started {{ $value | printf "%.0f" }} times in an hour; what applications reported before is lost each time.',
    },
  },
  alerts.warning {
    alert: 'CacheSeriesDropped',
    expr: |||
      increase(cache_scrape_series_dropped_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'The cache exporter drops series.',
      description: 'Collector {{ $labels.collector }} on {{ $labels.instance }} dropped {{ $value | printf "%.0f" }} series in 15 minutes ({{ $labels.reason }}).',
    },
  },
  alerts.warning {
    alert: 'CacheConfigReloadFailed',
    expr: |||
      cache_config_last_reload_successful{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'The cache exporter refused its new configuration.',
      description: '{{ $labels.instance }} runs with its old configuration because the last reload failed.',
    },
  },
  alerts.warning {
    alert: 'CacheStatsdPacketsLost',
    expr: |||
      increase(cache_statsd_kernel_drops_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'What applications report of their caches is lost.',
      description: 'The listener {{ $labels.listener }} of {{ $labels.instance }} lost {{ $value | printf "%.0f" }} packets in 15 minutes.',
    },
  },
  alerts.warning {
    alert: 'CacheStatsdValuesLost',
    // What no mapping takes or one drops is not meant to be kept.
    expr: |||
      increase(cache_statsd_values_lost_total{%(selector)s,reason!~"unmapped|dropped"}[15m]) > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'Values that applications report are not kept.',
      description: '{{ $labels.instance }} did not keep {{ $value | printf "%.0f" }} values of applications in 15 minutes ({{ $labels.reason }}).',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'CacheHealthScoreLow',
  expr: |||
    cache_health_score{%(selector)s} < %(score)g
  ||| % (c { score: c.healthScore[severity] }),
  'for': '15m',
  keep_firing_for: '5m',
  annotations+: {
    summary: 'The health score of a cache is low.',
    description: 'The worst cache of {{ $labels.instance }} has a health score of {{ $value | printf "%.0f" }} out of 100.',
  },
});

{
  local c = $._config.cache { server: server },
  local group(name, dashboard, rules, variables=['job', 'instance', 'target']) = alerts.group(
    'cache-' + name, 'cache', rules, dashboard='binnacle-cache-' + dashboard, variables=variables
  ),

  // What Alertmanager hides: everything about servers that nobody can see.
  alertmanager+:: {
    components+: ['cache'],
    labels+: ['target', 'cache', 'tier', 'collector', 'slave_ip', 'slave_port', 'listener'],
    inhibitRules+: [
      {
        why: "A cache exporter that is down: its caches' other alerts rest on old values.",
        source: ['alertname="CacheExporterDown"'],
        target: ['component="cache"', 'alertname!="CacheExporterDown"'],
        equal: ['job', 'instance'],
      },
      {
        why: 'A Redis or Memcached that is down: none of its collectors can work.',
        source: ['alertname=~"CacheRedisDown|CacheMemcachedDown"'],
        target: ['component="cache"', 'alertname!~"CacheRedisDown|CacheMemcachedDown"'],
        equal: ['job', 'instance', 'target'],
      },
    ],
  },

  prometheusAlerts+:: {
    groups+: [
      group('exporter', 'overview', exporter(c), ['job', 'instance']),
      group('servers', 'overview', servers(c)),
      group('applications', 'overview', hits.applications(c), ['job', 'instance']),
      group('hits', 'overview', hits.servers(c)),
      group('redis', 'redis', redis(c)),
      group('replication', 'redis', replication(c)),
      group('memcached', 'overview', memcached(c)),
    ],
  },
}
