// SPDX-License-Identifier: Apache-2.0
// Rows of the Redis dashboard: clients with their buffers, network and CPU.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);
local quarter = g.size(6, 8);
local none = g.noValue('no Redis');
local noClients = g.noValue('needs --collector.clients');
local rate(metric) = 'rate(redis_%s{%%(s)s}[$__rate_interval])' % metric;
local sum(a, b) = '%s + %s' % [rate(a), rate(b)];

function(n) [
  g.row('Clients', [
    g.timeseries(
      'Clients by server',
      'Connected clients of each server, replicas left out, and (dashed) as many as there may be (maxclients).',
      'none',
      [
        [n('redis_connected_clients{%(s)s}'), 'clients {{server}}'],
        [n('redis_config_maxclients{%(s)s}'), 'limit {{server}}'],
      ],
      third + g.fromZero(10) + g.decimals(0) + g.dashed('B') + none,
    ),
    g.timeseries(
      'Blocked and tracking clients',
      'Clients that wait in a blocking command (BLPOP, XREAD BLOCK and others), and those that keep a cache of their own up to date (CLIENT TRACKING).',
      'none',
      [
        [n('redis_blocked_clients{%(s)s}'), 'blocked {{server}}'],
        [n('redis_tracking_clients{%(s)s}'), 'tracking {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0) + none,
    ),
    g.timeseries(
      'Connections made and refused',
      'Connections a second that were made, and those that were refused because of maxclients.',
      'cps',
      [
        [n(rate('connections_received_total')), 'made {{server}}'],
        [n(rate('rejected_connections_total')), 'refused {{server}}'],
      ],
      third + g.fromZero(1) + none,
    ),
    g.timeseries(
      'Clients thrown out',
      'Clients that were disconnected because their output buffer, their query buffer or the memory of all clients was beyond its limit.',
      'none',
      [
        [n('increase(redis_client_output_buffer_limit_disconnections_total{%(s)s}[$__rate_interval])'), 'output buffer {{server}}'],
        [n('increase(redis_client_query_buffer_limit_disconnections_total{%(s)s}[$__rate_interval])'), 'query buffer {{server}}'],
        [n('increase(redis_evicted_clients_total{%(s)s}[$__rate_interval])'), 'memory of clients {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0) + g.noValue('needs Redis 7.0'),
    ),
    g.timeseries(
      'Memory of clients',
      "Memory of clients' and of replicas' buffers.",
      'bytes',
      [
        [n('redis_mem_clients_normal{%(s)s}'), 'clients {{server}}'],
        [n('redis_mem_clients_slaves{%(s)s}'), 'replicas {{server}}'],
      ],
      third + g.fromZero(1024) + none,
    ),
    g.timeseries(
      'Largest buffers',
      'Largest input and output buffer that any client had lately.',
      'bytes',
      [
        [n('redis_client_recent_max_input_buffer_bytes{%(s)s}'), 'input {{server}}'],
        [n('redis_client_recent_max_output_buffer_bytes{%(s)s}'), 'output {{server}}'],
      ],
      third + g.fromZero(1024) + none,
    ),
    g.timeseries(
      'Clients by type',
      "Connections by type, of the collector clients. The exporter's own is one of the normal ones.",
      'none',
      [[n('redis_clients{%(s)s}'), '{{type}} {{server}}']],
      third + g.fromZero(4) + g.decimals(0) + g.tableLegend('right') + noClients,
    ),
    g.timeseries(
      'Output buffers by type',
      'The largest output buffer of each type of client, of the collector clients, and (dashed) the limits beyond which a client is disconnected.',
      'bytes',
      [
        [n('redis_clients_output_buffer_max_bytes{%(s)s}'), '{{type}} {{server}}'],
        [n('redis_config_client_output_buffer_limit_bytes{%(s)s}'), '{{limit}} limit {{class}} {{server}}'],
      ],
      third + g.fromZero(1024) + g.tableLegend('right') + g.dashed('B') + noClients,
    ),
    g.timeseries(
      'Pub/Sub',
      'Channels and patterns that somebody listens to.',
      'none',
      [
        [n('redis_pubsub_channels{%(s)s}'), 'channels {{server}}'],
        [n('redis_pubsub_patterns{%(s)s}'), 'patterns {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0) + none,
    ),
  ]),

  g.row('Network and CPU', [
    g.timeseries(
      'Traffic',
      'Bytes a second that clients sent to the server and got from it.',
      'Bps',
      [
        [n(rate('net_input_bytes_total')), 'received {{server}}'],
        [n(rate('net_output_bytes_total')), 'sent {{server}}'],
      ],
      quarter + g.fromZero(1000) + none,
    ),
    g.timeseries(
      'CPU by server',
      'CPUs that each server uses, its threads included.',
      'none',
      [[n(sum('cpu_user_seconds_total', 'cpu_sys_seconds_total')), '{{server}}']],
      quarter + g.fromZero(0.1) + g.axisLabel('cores') + none,
    ),
    g.timeseries(
      'CPU of the main thread',
      'Share of a CPU that the thread uses which runs all commands. At 100 % commands wait for one another.',
      'percentunit',
      [[n(sum('cpu_user_main_thread_seconds_total', 'cpu_sys_main_thread_seconds_total')), '{{server}}']],
      quarter + g.fromZero(0.1) + g.noValue('needs Redis 6.2'),
    ),
    g.timeseries(
      'CPU of snapshots and rewrites',
      'CPUs that processes use which write snapshots and the append-only file anew.',
      'none',
      [[n(sum('cpu_user_children_seconds_total', 'cpu_sys_children_seconds_total')), '{{server}}']],
      quarter + g.fromZero(0.1) + g.axisLabel('cores') + none,
    ),
  ]),
]
