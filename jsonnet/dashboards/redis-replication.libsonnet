// SPDX-License-Identifier: Apache-2.0
// Rows of the Redis dashboard: replication, cluster and Sentinel.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);
local quarter = g.size(6, 8);
local none = g.noValue('no Redis');
local noReplica = g.noValue('no replica');
local noCluster = g.noValue('no cluster');
local noSentinel = g.noValue('no Sentinel');
local rate(metric) = 'rate(redis_%s{%%(s)s}[$__rate_interval])' % metric;

local replica = '{{slave_ip}}:{{slave_port}} of {{server}}';

function(n) [
  g.row('Replication', [
    g.timeseries(
      'Lag of replicas, in bytes',
      'Bytes of the stream that each replica has not confirmed to its primary. It confirms once a second.',
      'bytes',
      [[n('redis_connected_slave_lag_bytes{%(s)s}'), replica]],
      third + g.fromZero(1024) + noReplica,
    ),
    g.timeseries(
      'Lag of replicas, in time',
      'Time since each replica last confirmed to its primary, and since each replica last heard of its primary. A second is usual.',
      's',
      [
        [n('redis_connected_slave_lag_seconds{%(s)s}'), replica],
        [n('redis_master_last_io_seconds_ago{%(s)s}'), 'primary of {{server}}'],
      ],
      third + g.fromZero(2) + noReplica,
    ),
    g.timeseries(
      'Replicas and links',
      'Replicas that are connected to each server, and replicas whose link to their primary is down.',
      'none',
      [
        [n('redis_connected_slaves{%(s)s}'), 'replicas of {{server}}'],
        [n('1 - redis_master_link_up{%(s)s}'), 'link down: {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0) + none,
    ),
    g.timeseries(
      'Copies for replicas',
      'Replicas that got a full copy, that could go on where they were, and that could not.',
      'none',
      [
        [n('clamp_min(delta(redis_replica_resyncs_full{%(s)s}[$__rate_interval]), 0)'), 'full copy {{server}}'],
        [n('clamp_min(delta(redis_replica_partial_resync_accepted{%(s)s}[$__rate_interval]), 0)'), 'went on {{server}}'],
        [n('clamp_min(delta(redis_replica_partial_resync_denied{%(s)s}[$__rate_interval]), 0)'), 'could not go on {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0) + none,
    ),
    g.timeseries(
      'Replication stream',
      'Bytes a second that a server sent to its replicas, and got from its primary.',
      'Bps',
      [
        [n(rate('net_repl_output_bytes_total')), 'sent {{server}}'],
        [n(rate('net_repl_input_bytes_total')), 'received {{server}}'],
      ],
      third + g.fromZero(1000) + g.noValue('needs Redis 7.0'),
    ),
    g.timeseries(
      'Backlog',
      'How much of the stream is kept for replicas that come back, and (dashed) how much there is room for. A replica that was away for longer needs a full copy.',
      'bytes',
      [
        [n('redis_repl_backlog_history_bytes{%(s)s}'), 'kept {{server}}'],
        [n('redis_replication_backlog_bytes{%(s)s}'), 'room {{server}}'],
      ],
      third + g.fromZero(1024) + g.dashed('B') + none,
    ),
  ]),

  g.row('Cluster and Sentinel', [
    g.timeseries(
      'Slots',
      'Hash slots as each node sees them: those in order, those whose node may be down or is, and those without a node that can be reached. 16384 have to be in order.',
      'short',
      [
        [n('redis_cluster_slots_ok{%(s)s}'), 'in order {{server}}'],
        [n('redis_cluster_slots_pfail{%(s)s} + redis_cluster_slots_fail{%(s)s}'), 'node down {{server}}'],
        [n('redis_cluster_slots_uncovered{%(s)s}'), 'not covered {{server}}'],
      ],
      quarter + g.fromZero(16384) + noCluster,
    ),
    g.timeseries(
      'Nodes',
      'Nodes that each node knows, those of them that have slots, and 1 where the node finds the cluster in order.',
      'none',
      [
        [n('redis_cluster_known_nodes{%(s)s}'), 'known {{server}}'],
        [n('redis_cluster_size{%(s)s}'), 'with slots {{server}}'],
        [n('redis_cluster_state{%(s)s}'), 'in order {{server}}'],
      ],
      quarter + g.fromZero(4) + g.decimals(0) + noCluster,
    ),
    g.timeseries(
      'Messages of the cluster',
      'Messages a second that each node sent to others and got from them.',
      'cps',
      [
        // Gauges by type, as in redis_exporter.
        [n('clamp_min(deriv(redis_cluster_messages_sent_total{%(s)s}[$__rate_interval]), 0)'), 'sent {{server}}'],
        [n('clamp_min(deriv(redis_cluster_messages_received_total{%(s)s}[$__rate_interval]), 0)'), 'received {{server}}'],
      ],
      quarter + g.fromZero(1) + noCluster,
    ),
    g.timeseries(
      'Primaries by Sentinel',
      'For each primary that a Sentinel watches: 1 where it finds it in order, and the replicas and Sentinels that are not down.',
      'none',
      [
        [n('max by (job, instance, target, master_name) (redis_sentinel_master_status{%(s)s})'), '{{master_name}} in order by {{server}}'],
        [n('redis_sentinel_master_ok_slaves{%(s)s}'), 'replicas {{master_name}} by {{server}}'],
        [n('redis_sentinel_master_ok_sentinels{%(s)s}'), 'Sentinels {{master_name}} by {{server}}'],
      ],
      quarter + g.fromZero(4) + g.decimals(0) + noSentinel,
    ),
  ]),
]
