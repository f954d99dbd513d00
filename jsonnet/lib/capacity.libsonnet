// SPDX-License-Identifier: Apache-2.0
// Everything that has a limit. `used` is the share of it that is used up, `labels` say which of them it is, and `forecast`
// is whether its trend over hours says when it will be full: a rate limit is whole again within a minute.
function(config) [
  {
    key: key,
    record: 'instance:capacity_%s_used:ratio' % self.name,
    forecast: true,
  } + resources[key]
  for resources in [{
    local pg = config.postgres,
    local sys = config.system,
    local cache = config.cache,
    local ai = config.aiGateway,
    local app = config.application,

    connections: {
      name: 'connections',
      title: 'PostgreSQL connections',
      labels: ['instance', 'target'],
      used: 'pg_connections_used{%(selector)s} / (pg_connections_used{%(selector)s} + pg_connections_left{%(selector)s})' % pg,
    },
    clients: {
      name: 'clients',
      title: 'PgBouncer clients',
      labels: ['instance', 'target'],
      used: 'pgbouncer_used_clients{%(selector)s} / pgbouncer_config_max_client_connections{%(selector)s}' % pg,
    },
    poolSlots: {
      name: 'pool_slots',
      title: 'PgBouncer pool slots',
      labels: ['target', 'database', 'user'],
      used: 'pgbouncer_pools_server_active_connections{%(selector)s} / (pgbouncer_pools_server_max_connections{%(selector)s} > 0)' % pg,
    },
    transactionIds: {
      name: 'transaction_ids',
      title: 'Transaction ids',
      labels: ['target', 'datname'],
      used: '1 - pg_xid_headroom_ratio{%(selector)s,limit="wraparound"}' % pg,
    },
    disk: {
      name: 'disk',
      title: 'Disk space',
      labels: ['mountpoint'],
      used: '1 - node_filesystem_avail_bytes{%(selector)s,%(filesystems)s} / (node_filesystem_size_bytes{%(selector)s,%(filesystems)s} > 0)' % sys,
    },
    inodes: {
      name: 'inodes',
      title: 'Inodes',
      labels: ['mountpoint'],
      used: '1 - node_filesystem_files_free{%(selector)s,%(filesystems)s} / (node_filesystem_files{%(selector)s,%(filesystems)s} > 0)' % sys,
    },
    memory: {
      name: 'memory',
      title: 'Memory',
      labels: ['instance'],
      used: '1 - node_memory_MemAvailable_bytes{%(selector)s} / node_memory_MemTotal_bytes{%(selector)s}' % sys,
    },
    hostDescriptors: {
      name: 'host_descriptors',
      title: 'Open files of the host',
      labels: ['instance'],
      used: 'node_filefd_allocated{%(selector)s} / (node_filefd_maximum{%(selector)s} > 0)' % sys,
    },
    descriptors: {
      name: 'descriptors',
      title: 'Open files of a program',
      labels: ['groupname'],
      used: 'namedprocess_namegroup_worst_fd_ratio{%(selector)s}' % sys,
    },
    redisMemory: {
      name: 'redis_memory',
      title: 'Redis memory',
      labels: ['instance', 'target'],
      used: 'redis_memory_used_bytes{%(selector)s} / (redis_memory_max_bytes{%(selector)s} > 0)' % cache,
    },
    appDescriptors: {
      name: 'application_descriptors',
      title: 'Open files of an application',
      labels: ['instance'],
      used: 'process_open_fds{%(selector)s} / process_max_fds{%(selector)s}' % app,
    },
    budget: {
      name: 'llm_budget',
      title: 'LLM budget of the day',
      labels: ['instance'],
      used: 'sum without (model, upstream) (increase(aigw_cost_usd_total{%(selector)s}[1d])) / aigw_budget_usd_per_day{%(selector)s}' % ai,
    },
    modelLimits: {
      name: 'llm_limit',
      title: 'LLM limits of a model',
      labels: ['model', 'kind'],
      forecast: false,
      used: '1 - aigw_rate_limit_remaining{%(selector)s} / (aigw_rate_limit{%(selector)s} > 0)' % ai,
    },
    upstreamLimits: {
      name: 'llm_upstream_limit',
      title: 'LLM limits of an upstream',
      labels: ['upstream', 'kind'],
      forecast: false,
      // What an upstream said of a limit that is whole again says nothing any more.
      used: '(1 - aigw_upstream_rate_limit_remaining{%(selector)s} / (aigw_upstream_rate_limit{%(selector)s} > 0) unless aigw_upstream_rate_limit_reset_timestamp_seconds{%(selector)s} < time())' % ai,
    },
  }]
  for key in std.objectFields(resources)
]
