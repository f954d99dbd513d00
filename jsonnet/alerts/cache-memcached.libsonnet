// SPDX-License-Identifier: Apache-2.0
// Alerts on one Memcached.
local alerts = import '../lib/alerts.libsonnet';

function(c) alerts.pair(function(severity) {
  alert: 'CacheMemcachedConnectionsNearLimit',
  expr: |||
    memcached_current_connections{%(selector)s}
    / memcached_max_connections{%(selector)s} > %(used)g
  ||| % (c { used: c.connections[severity] }),
  'for': { warning: '10m', critical: '2m' }[severity],
  annotations+: {
    summary: 'A Memcached is running out of connections.',
    description: 'Memcached ' + c.server + ' has {{ $value | humanizePercentage }} of the connections that it may have.',
  },
}) + [
  alerts.critical {
    alert: 'CacheMemcachedConnectionsRefused',
    // The first where connections over the limit are closed at once, the second where they wait.
    expr: |||
      increase(memcached_connections_rejected_total{%(selector)s}[5m]) > 0
      or
      increase(memcached_connections_listener_disabled_total{%(selector)s}[5m]) > 0
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'A Memcached turns clients away.',
      description: 'Memcached ' + c.server + ' refused connections or let them wait because its limit was reached.',
    },
  },
  alerts.warning {
    alert: 'CacheMemcachedEvictionsHigh',
    expr: |||
      increase(memcached_items_evicted_total{%(selector)s}[1h])
      / memcached_current_items{%(selector)s} > %(evictedOfKeys)g
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'A Memcached evicts its items soon after they came.',
      description: 'Memcached ' + c.server + ' evicted {{ $value | humanizePercentage }} of the items that it holds within an hour.',
    },
  },
  alerts.warning {
    alert: 'CacheMemcachedStoresFailing',
    expr: |||
      increase(memcached_item_no_memory_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'A Memcached finds no memory for new items.',
      description: 'Memcached ' + c.server + ' refused items because it found no memory for them.',
    },
  },
]
