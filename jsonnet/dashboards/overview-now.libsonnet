// SPDX-License-Identifier: Apache-2.0
// First row of the Overview: a column for each component, with its health above and what its users feel below, and a
// column of what is wrong anywhere. A click leads to the component's own dashboard.
// Colors change where the alerts have their thresholds; those of scores where a component is degraded and unhealthy.
local components = import '../lib/components.libsonnet';
local g = import '../lib/grafana.libsonnet';
local links = import '../lib/links.libsonnet';

local badAbove(limits) = g.thresholds([[null, 'green'], [limits.warning, 'orange'], [limits.critical, 'red']]);
local badFrom(warning, critical) = badAbove({ warning: warning, critical: critical });
local score = g.thresholds([[null, 'red'], [50, 'orange'], [90, 'green']]);
local plain = g.thresholds([[null, 'blue']]);

local notDeployed = g.noValue('not deployed');
local forever = 2592000;  // seconds

function(q, union, config, alerting) (
  local to(uid) = g.linked('Open the dashboard', links.dashboard(config, uid));

  // How a component is: the first panel of its column.
  local health(component) = g.stat(
    component.title,
    'The worst health score from 0 to 100 of this component. A target that does not answer counts as 0.',
    'none',
    [[q('min(%(prefix)s_health_score{%%(s)s} or up{%%(s)s,%(selector)s} == 0)' % component), 'health score']],
    g.size(4, 4) + score + g.decimals(0) + g.sparkline + notDeployed + to(component.dashboard),
  );
  local signal(uid, title, description, unit, expr, extra) =
    g.stat(title, description, unit, [[q(expr), title]], g.size(4, 3) + notDeployed + to(uid) + extra);

  local system = config.system;
  local filesystem(metric) = 'node_filesystem_%s{%%(s)s,%s}' % [metric, system.filesystems];
  local signals = {
    system: [
      signal(
        'binnacle-system',
        'CPU in use',
        'Share of CPU time in use, of the busiest host.',
        'percentunit',
        'max(1 - sum without (mode) (avg without (cpu) (rate(node_cpu_seconds_total{%(s)s,mode=~"idle|iowait"}[$__rate_interval]))))',
        badAbove(system.cpuBusy) + g.decimals(0) + g.sparkline,
      ),
      signal(
        'binnacle-system',
        'Memory in use',
        'Share of memory that is not available to programs, of the host with the least left.',
        'percentunit',
        'max(1 - node_memory_MemAvailable_bytes{%(s)s} / node_memory_MemTotal_bytes{%(s)s})',
        badFrom(1 - system.memoryAvailable.warning, 1 - system.memoryAvailable.critical) + g.decimals(0) + g.sparkline,
      ),
      signal(
        'binnacle-system',
        'Disk full in',
        'Time until the first filesystem is full, at the pace of the last 6 hours. Only filesystems with less than %d%% free and 3 hours of values count.' % (100 * system.diskFillingFree.warning),
        's',
        '(min(clamp_max(%(avail)s / clamp_min(-deriv(%(avail)s[6h]), 1), %(forever)d) and %(avail)s / %(size)s < %(free)g and %(avail)s offset 3h) or %(forever)d + 0 * min(%(avail)s))' % {
          avail: filesystem('avail_bytes'),
          size: filesystem('size_bytes'),
          free: system.diskFillingFree.warning,
          forever: forever,
        },
        g.thresholds([[null, 'red'], [3600 * system.diskFillingHours.critical, 'orange'], [3600 * system.diskFillingHours.warning, 'green']])
        + g.valueTexts({ [std.toString(forever)]: ['not in 30 days', 'green'] }) + g.decimals(0) + g.noValue('no disk in sight'),
      ),
    ],
    postgres: [
      signal(
        'binnacle-postgres-pool',
        'Connections in use',
        'Connections in use as a share of those that ordinary roles may open, of the server or pool with the least left.',
        'percentunit',
        'max(pg_connections_used{%(s)s} / (pg_connections_used{%(s)s} + pg_connections_left{%(s)s}))',
        badAbove(config.postgres.connections) + g.decimals(0) + g.sparkline,
      ),
      signal(
        'binnacle-postgres-pool',
        'Longest pool wait',
        'How long the client that waits longest has waited for a connection of its pool.',
        's',
        'max(pgbouncer_pools_client_maxwait_seconds{%(s)s})',
        badAbove(config.postgres.poolWaitSeconds) + g.noValue('no PgBouncer') + g.decimals(2) + g.sparkline,
      ),
      signal(
        'binnacle-postgres-performance',
        'Replica lag',
        'How far the slowest replica is behind.',
        's',
        'max(pg_replication_lag_seconds{%(s)s})',
        badAbove(config.postgres.replicationLagSeconds) + g.noValue('no replica') + g.sparkline,
      ),
    ],
    cache: [
      signal(
        'binnacle-cache-overview',
        'Lookups that hit',
        'Share of the lookups in Redis and Memcached that found something.',
        'percentunit',
        'sum(rate(redis_keyspace_hits_total{%(s)s}[$__rate_interval]) or rate(memcached_commands_total{%(s)s,command="get",status="hit"}[$__rate_interval])) / (sum(rate(redis_keyspace_hits_total{%(s)s}[$__rate_interval]) + rate(redis_keyspace_misses_total{%(s)s}[$__rate_interval]) or rate(memcached_commands_total{%(s)s,command="get"}[$__rate_interval])) > 0)',
        plain + g.decimals(1) + g.noValue('no lookups') + g.sparkline,
      ),
      signal(
        'binnacle-cache-redis',
        'Redis memory',
        'Memory in use as a share of maxmemory, of the fullest Redis that has a limit. Where keys are evicted, full is usual.',
        'percentunit',
        'max(redis_memory_used_bytes{%(s)s} / (redis_memory_max_bytes{%(s)s} > 0))',
        plain + g.decimals(0) + g.noValue('no maxmemory') + g.sparkline,
      ),
      signal(
        'binnacle-cache-redis',
        'Redis PING',
        "Time within which 90 % of the exporter's PINGs were answered, of the slowest Redis.",
        's',
        'max(histogram_quantile(0.9, sum by (job, instance, target, le) (rate(redis_ping_duration_seconds_bucket{%(s)s}[$__rate_interval]))))',
        badAbove(config.cache.pingSeconds) + g.noValue('no Redis') + g.sparkline,
      ),
    ],
    'circuit-breaker': [
      signal(
        'binnacle-circuit-breakers',
        'Breakers open',
        'Breakers that refuse all calls now (open, forced_open), those of the AI gateway among them.',
        'none',
        'sum(circuit_breaker_state{%(s)s,state=~"open|forced_open"})',
        badFrom(1, 3) + g.decimals(0) + g.noValue('no breaker') + g.sparkline,
      ),
      signal(
        'binnacle-circuit-breakers',
        'Calls refused',
        'Calls a second that breakers refused.',
        'cps',
        'sum(rate(circuit_breaker_calls_total{%(s)s,result="rejected"}[$__rate_interval]))',
        badFrom(config.circuitBreaker.rejectedPerSecond, 10 * config.circuitBreaker.rejectedPerSecond) + g.noValue('no calls') + g.sparkline,
      ),
      signal(
        'binnacle-circuit-breakers',
        'Sources that fail',
        'Sources of breakers that the exporters cannot read.',
        'none',
        'count(circuit_breaker_source_up{%(s)s}) - sum(circuit_breaker_source_up{%(s)s})',
        badFrom(1, 3) + g.decimals(0),
      ),
    ],
    'ai-gateway': [
      signal(
        'binnacle-ai-gateway',
        'Requests that fail',
        'Share of the requests that fail, without those that say nothing of the gateway.',
        'percentunit',
        '(sum(rate(aigw_requests_total{%%(s)s,outcome=~"%(failures)s"}[$__rate_interval])) or vector(0)) / (sum(rate(aigw_requests_total{%%(s)s,outcome!~"%(notCounted)s"}[$__rate_interval])) > 0)' % config.aiGateway,
        badFrom(1 - config.aiGateway.availability, config.aiGateway.burn.fast * (1 - config.aiGateway.availability))
        + g.decimals(1) + g.noValue('no requests') + g.sparkline,
      ),
      signal(
        'binnacle-ai-gateway',
        'First token',
        'Time within which 95 % of the streams begin.',
        's',
        'histogram_quantile(0.95, sum by (le) (rate(aigw_time_to_first_token_seconds_bucket{%(s)s}[$__rate_interval]))) >= 0',
        badAbove(config.aiGateway.firstTokenSeconds) + g.noValue('no streams') + g.sparkline,
      ),
      signal(
        'binnacle-ai-cost',
        'Cost of 24 hours',
        'What the last 24 hours of requests for language models cost.',
        'currencyUSD',
        'sum(increase(aigw_cost_usd_total{%(s)s}[1d]))',
        plain + g.noValue('no cost'),
      ),
    ],
  };
  assert std.objectFields(signals) == std.set([c.name for c in components.of(config)]) : 'a component has no signals';

  local count(title, description, expr, height, limits, extra={}) =
    g.stat(title, description, 'none', [[q(expr), title]], g.size(4, height) + badAbove(limits) + g.decimals(0) + extra);
  // As many as the table below has rows: a rule that fires for two disks of one host counts once.
  local firing(severity) = 'count(count by (component, alertname, job, instance) (ALERTS{%%(a)s,severity="%s",alertstate="firing"})) or vector(0)' % severity;

  g.row('Now', [g.column([health(c)] + signals[c.name]) for c in components.of(config)] + [
    g.column([
      count('Critical alerts', 'Critical alerts of all components that fire now.', firing('critical'), 4, { warning: 0.5, critical: 1 }),
      count('Warnings', 'Alerts with the severity warning that fire now.', firing('warning'), 3, { warning: 1, critical: 1000000 }),
      count(
        'Targets down',
        'Exporters that do not answer Prometheus.',
        'count(%(up)s) - sum(%(up)s)' % { up: '(' + union('up{%%(s)s,%(selector)s}') + ')' },
        3,
        { warning: 0.5, critical: 1 },
        g.noValue('no target'),
      ),
      count(
        'Collectors that fail',
        'Parts of exporters that failed or took too long in the last scrape; their metrics are missing or old.',
        'sum(%s)' % union('%(prefix)s_scrape_collector_state{%%(s)s,state=~"failed|timeout"}'),
        3,
        { warning: 1, critical: 1000000 },
        g.noValue('no exporter'),
      ),
    ]),
    g.table(
      'Firing alerts, by name',
      'What fires now, for how long it has been so, and how often. The name leads to the runbook page, the component to its dashboard.',
      [[
        links.byComponent(alerting, q('max by (severity, component, alertname, job, instance) (time() - ALERTS_FOR_STATE{%(a)s} and ignoring (alertstate) ALERTS{%(a)s,alertstate="firing"})'))
        + ' or on () label_replace(vector(0), "none", "none is firing", "", "")',
        'alerts',
      ]],
      // A column of its own for "none", so that it has no link.
      { severity: 'Severity', alertname: 'Alert', dashboard: 'Component', instance: 'Instance', none: 'Alerts' },
      ['component'],
      g.size(14, 9) + g.valueColumn('For', 's') + g.decimals(0)
      + g.columnOrder(['severity', 'alertname', 'dashboard', 'instance', 'Value'])
      + g.columnWidths({ Severity: 80, Alert: 250, Component: 125, For: 90 })
      + g.coloredColumn('Severity', { critical: ['critical', 'red'], warning: ['warning', 'orange'], info: ['info', 'blue'] })
      + g.runbookColumn(config.runbookURLPattern)
      + links.componentColumn(config, alerting, '&var-instance=${__data.fields.instance}')
      + { options+: { sortBy: [{ displayName: 'Severity', desc: false }, { displayName: 'For', desc: true }] } },
    ),
    g.timeseries(
      'Health score by component',
      'Worst score of each component over time, with 0 for a target that does not answer.',
      'none',
      [
        [q('min(%(prefix)s_health_score{%%(s)s} or up{%%(s)s,%(selector)s} == 0)' % c), c.title]
        for c in components.of(config)
      ],
      g.size(10, 9) + g.range(0, 100) + notDeployed
      + g.colors({ System: 'green', Postgres: 'blue', Cache: 'orange', 'Circuit breakers': 'purple', 'AI gateway': 'red' }) + {
        options+: { legend+: { displayMode: 'table', placement: 'right', calcs: ['min', 'lastNotNull'], sortBy: 'Min', sortDesc: false } },
      },
    ),
  ])
)
