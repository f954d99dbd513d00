// SPDX-License-Identifier: Apache-2.0
// Forecasts: what will be used up soon if it goes on like this. They are tickets; what is nearly used up already has
// alerts of its own, which call somebody.
local alerts = import '../lib/alerts.libsonnet';
local resources = import '../lib/capacity.libsonnet';

{
  local capacity = $._config.capacity,
  local byKey = { [resource.key]: resource for resource in resources($._config) },
  local server = '{{ with $labels.target }}{{ . }} on {{ end }}{{ $labels.instance }}',

  local forecast(alert, key, selector, summary, what) = alerts.warning {
    local c = capacity[key] { selector: selector, record: byKey[key].record },
    local within = if c.hours >= 48 then '%g days' % (c.hours / 24) else '%g hours' % c.hours,
    alert: alert,
    expr: |||
      %(record)s{%(selector)s} > %(used)g
      and
      predict_linear(%(record)s{%(selector)s}[%(window)s], %(hours)g * 3600) > 1
    ||| % c,
    'for': '30m',
    annotations+: {
      summary: summary,
      description: '{{ $value | humanizePercentage }} of ' + what + ' are used up, and at the present rate all are within ' + within + '.',
    },
  },

  alertmanager+:: {
    components+: ['capacity'],
    inhibitRules+: [
      {
        why: 'What is nearly used up already: no forecast is needed.',
        source: ['alertname="%s"' % pair[0]],
        target: ['alertname="%s"' % pair[1]],
        equal: ['job', 'instance'] + pair[2],
      }
      for pair in [
        ['PostgresConnectionsNearLimit', 'CapacityConnectionsForecast', ['target']],
        ['PostgresPoolClientsNearLimit', 'CapacityClientsForecast', ['target']],
        ['PostgresXidHeadroomLow', 'CapacityXidForecast', ['target', 'datname']],
        ['SystemInodesLow', 'CapacityInodesForecast', ['mountpoint']],
        ['SystemMemoryLow', 'CapacityMemoryForecast', []],
        ['SystemProcessFileDescriptorsNearLimit', 'CapacityDescriptorsForecast', ['groupname']],
        ['CacheRedisMemoryNearLimit', 'CapacityRedisMemoryForecast', ['target']],
      ]
    ],
  },

  prometheusAlerts+:: {
    groups+: [
      alerts.group('capacity-forecast', 'capacity', [
        forecast('CapacityConnectionsForecast', 'connections', $._config.postgres.selector, 'A PostgreSQL server will run out of connections.', 'the connections of ' + server),
        forecast('CapacityClientsForecast', 'clients', $._config.postgres.selector, 'A PgBouncer will run out of client connections.', 'the client connections of PgBouncer ' + server),
        forecast('CapacityXidForecast', 'transactionIds', $._config.postgres.selector, 'A database will run out of transaction ids.', 'the transaction ids of database {{ $labels.datname }} of ' + server),
        forecast('CapacityInodesForecast', 'inodes', $._config.system.selector, 'A filesystem will run out of inodes.', 'the inodes of {{ $labels.mountpoint }} on {{ $labels.instance }}'),
        forecast('CapacityMemoryForecast', 'memory', $._config.system.selector, 'A host will run out of memory.', 'the bytes of memory of {{ $labels.instance }}'),
        forecast('CapacityDescriptorsForecast', 'descriptors', $._config.system.selector, 'A program will run out of file descriptors.', 'the file descriptors of {{ $labels.groupname }} on {{ $labels.instance }}'),
        forecast('CapacityRedisMemoryForecast', 'redisMemory', $._config.cache.selector, 'A Redis will reach its memory limit.', 'the bytes of maxmemory of Redis ' + server),
      ], dashboard='binnacle-capacity'),
    ],
  },
}
