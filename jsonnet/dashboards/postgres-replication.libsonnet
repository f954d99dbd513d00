// SPDX-License-Identifier: Apache-2.0
// Row of the Postgres performance dashboard: replicas, replication slots, WAL and its archive.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 9) + g.tableLegend('bottom');
local noReplica = g.noValue('no replica');

// A replica by its name and, where it is not on the same host, its address.
local replica(expr) = 'label_join(max by (job, instance, target, application_name, client_addr) (%s{%%(s)s}), "replica", " ", "application_name", "client_addr")' % expr;

function(n) [
  g.row('Replication and WAL', [
    g.timeseries(
      'Lag of replicas, in time',
      'By a replica itself: the age of the last transaction that it replayed, 0 when all that came is replayed. By its primary: from writing WAL to the word that it was replayed.',
      's',
      [
        [n('pg_replication_lag_seconds{%(s)s} and pg_replication_is_replica{%(s)s} == 1'), '{{server}}, by itself'],
        [n(replica('pg_stat_replication_replay_lag_seconds')), '{{replica}} of {{server}}'],
      ],
      third + g.fromZero(0.01) + noReplica,
    ),
    g.timeseries(
      'Lag of replicas, in WAL',
      'WAL that the primary has written and a replica has not yet replayed, or that was not even sent.',
      'bytes',
      [
        [n(replica('pg_stat_replication_pg_wal_lsn_diff')), 'to replay {{replica}} of {{server}}'],
        [n(replica('pg_stat_replication_sent_lag_bytes')), 'to send {{replica}} of {{server}}'],
      ],
      third + g.fromZero(1024) + noReplica,
    ),
    g.timeseries(
      'Replicas and slots in use',
      'Replicas that stream from each server, slots that somebody uses and that nobody uses, and replicas without a stream.',
      'none',
      [
        [n('count by (job, instance, target) (pg_stat_replication_pg_current_wal_lsn_bytes{%(s)s})'), 'replicas of {{server}}'],
        [n('sum by (job, instance, target) (pg_replication_slots_active{%(s)s})'), 'slots in use {{server}}'],
        [n('sum by (job, instance, target) (1 - pg_replication_slots_active{%(s)s})'), 'slots unused {{server}}'],
        [n('1 - pg_replication_wal_receiver_streaming{%(s)s}'), 'without a stream: {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0) + noReplica,
    ),
    g.timeseries(
      'WAL kept for slots',
      'WAL that is kept for each replication slot, and what may still be written before the slot loses some (max_slot_wal_keep_size).',
      'bytes',
      [
        [n('pg_replication_slots_pg_wal_lsn_diff{%(s)s}'), '{{slot_name}} on {{server}}'],
        [n('pg_replication_slots_safe_wal_size_bytes{%(s)s}'), '{{slot_name}} may grow by, on {{server}}'],
      ],
      third + g.fromZero(1024) + g.dashed('B') + g.noValue('no replication slot'),
    ),
    g.timeseries(
      'WAL on disk',
      'Bytes of the files in pg_wal.',
      'bytes',
      [[n('pg_wal_size_bytes{%(s)s}'), '{{server}}']],
      third + g.fromZero(1024 * 1024),
    ),
    g.timeseries(
      'WAL archive',
      'WAL files that were archived, and tries that failed.',
      'none',
      [
        [n('increase(pg_stat_archiver_archived_count{%(s)s}[$__rate_interval])'), 'archived {{server}}'],
        [n('increase(pg_stat_archiver_failed_count{%(s)s}[$__rate_interval])'), 'failed {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0),
    ),
  ]),
]
