// SPDX-License-Identifier: Apache-2.0
// The two cache dashboards: all caches beside one another (overview), and what a Redis does inside (redis).
local g = import '../lib/grafana.libsonnet';
local text = import '../lib/text.libsonnet';
local exporter = import 'cache-exporter.libsonnet';
local memcached = import 'cache-memcached.libsonnet';
local overview = import 'cache-overview.libsonnet';
local statsd = import 'cache-statsd.libsonnet';
local tiers = import 'cache-tiers.libsonnet';
local clients = import 'redis-clients.libsonnet';
local commands = import 'redis-commands.libsonnet';
local memory = import 'redis-memory.libsonnet';
local replication = import 'redis-replication.libsonnet';

{
  grafanaDashboards+:: {
    local c = $._config.cache,
    local runbook = $._config.runbookURLPattern,
    // Puts selectors into an expression: %(s)s the chosen servers, %(e)s the chosen exporters, to which the series of
    // applications and the exporter's own belong.
    local q(expr) = text.fill(expr, {
      s: 'job=~"$job",instance=~"$instance",target=~"$target"',
      e: 'job=~"$job",instance=~"$instance"',
    }),
    // The same, with a label `server`: the target's name, or the exporter's address where it has only one server.
    local named(expr) =
      'label_replace(label_replace(%s, "server", "$1", "instance", "(.+)"), "server", "$1", "target", "(.+)")' % q(expr),
    // `up` is a metric that each server has.
    local dashboard(uid, title, description, up, rows) = g.dashboard(
      $._config,
      uid=uid,
      title=title,
      description=description,
      variables=g.exporterVariables('cache_exporter_build_info') + [
        // An exporter of one server has no such label.
        g.labelVariable('target', 'Server', up + '{job=~"$job",instance=~"$instance"}', allValue='.*'),
      ],
      annotations=[
        g.annotation('Server restarts', 'purple', q('changes(redis_start_time_seconds{%(s)s}[$__rate_interval]) > 0'), '{{instance}} {{target}} restarted'),
        g.exporterRestarts(q('%(e)s')),
        g.firingAlerts(q('%(s)s,component="cache"')),
      ],
      rows=rows,
    ),

    'cache-overview.json': dashboard(
      'binnacle-cache-overview',
      'Binnacle / Cache',
      'Caches inside applications (L1, over StatsD) beside Redis and Memcached (L2): hits, requests, latency, evictions, sizes.',
      'cache_scrape_collector_success',
      [overview.cache(q, named, c, runbook)] + tiers(named) + memcached(named) + statsd(q) + exporter(q, named),
    ),
    'cache-redis.json': dashboard(
      'binnacle-cache-redis',
      'Binnacle / Redis',
      'What Redis servers do inside: commands, clients, memory, keys, persistence, replication, cluster.',
      'redis_up',
      [overview.redis(q, named, c, runbook)]
      + commands(named) + clients(named) + memory(named) + replication(named) + exporter(q, named),
    ),
  },
}
