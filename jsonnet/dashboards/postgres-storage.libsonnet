// SPDX-License-Identifier: Apache-2.0
// Rows of the Postgres performance dashboard: vacuum and ids, cache and IO.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 9) + g.tableLegend('bottom');
local quarter = g.size(6, 9);

// PostgreSQL 17 has some counters under another name.
local since17(old, new) = 'rate(%s{%%(s)s}[$__rate_interval]) or rate(%s{%%(s)s}[$__rate_interval])' % [old, new];

function(n, c) [
  g.row('Vacuum and ids', [
    g.timeseries(
      'Tables due for autovacuum',
      'Tables that autovacuum has to work on, their own options counted, by why. The database of the DSN alone is looked at.',
      'none',
      [[n('pg_vacuum_overdue_tables{%(s)s}'), '{{reason}} {{datname}} on {{server}}']],
      third + g.fromZero(4) + g.decimals(0),
    ),
    g.timeseries(
      'Way to the autovacuum threshold',
      'How far the table that is nearest to its threshold, or farthest past it, is on its way there: 1 is due.',
      'none',
      [[n('pg_vacuum_most_overdue_ratio{%(s)s}'), '{{reason}} {{datname}} on {{server}}']],
      third + g.fromZero(1),
    ),
    g.timeseries(
      'Autovacuum workers',
      'Autovacuum workers at work, and (dashed) as many as there may be.',
      'none',
      [
        [n('pg_autovacuum_workers_used{%(s)s}'), 'used {{server}}'],
        [n('pg_autovacuum_workers_limit{%(s)s}'), 'limit {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0) + g.dashed('B'),
    ),
    g.timeseries(
      'Transaction ids left',
      'Share of the way to wraparound that is left to the oldest transaction id, or multixact id, of each database. At 0 the server takes no more writes.',
      'percentunit',
      [
        [n('pg_xid_headroom_ratio{%(s)s,%(db)s,limit="wraparound"}'), 'transactions {{datname}} on {{server}}'],
        [n('pg_multixact_headroom_ratio{%(s)s,%(db)s,limit="wraparound"}'), 'multixacts {{datname}} on {{server}}'],
      ],
      third + g.range(0, 1),
    ),
    g.timeseries(
      'Dead rows',
      'Rows of the fullest tables that are dead and not yet vacuumed.',
      'short',
      [[n('topk(10, pg_stat_user_tables_n_dead_tup{%(s)s})'), '{{relname}} on {{server}}']],
      third + g.fromZero(10) + g.noValue('the database has no tables'),
    ),
    g.timeseries(
      'Vacuums and analyzes',
      'Tables that autovacuum vacuumed or analyzed.',
      'none',
      [
        [n('sum by (job, instance, target) (increase(pg_stat_user_tables_autovacuum_count{%(s)s}[$__rate_interval]))'), 'vacuumed {{server}}'],
        [n('sum by (job, instance, target) (increase(pg_stat_user_tables_autoanalyze_count{%(s)s}[$__rate_interval]))'), 'analyzed {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0) + g.noValue('the database has no tables'),
    ),
  ]),

  g.row('Cache and IO', [
    g.timeseries(
      'Cache hits by database',
      'Share of the blocks read that were in shared_buffers. Nothing read counts as all there.',
      'percentunit',
      [[n('1 - rate(pg_stat_database_blks_read{%(s)s,%(db)s}[$__rate_interval]) / clamp_min(rate(pg_stat_database_blks_read{%(s)s,%(db)s}[$__rate_interval]) + rate(pg_stat_database_blks_hit{%(s)s,%(db)s}[$__rate_interval]), 0.001)'), '{{datname}} on {{server}}']],
      quarter + g.range(0, 1),
    ),
    g.timeseries(
      'Blocks read',
      'Blocks a second that were not in shared_buffers, from the kernel or the disk.',
      'ops',
      [[n('rate(pg_stat_database_blks_read{%(s)s,%(db)s}[$__rate_interval])'), '{{datname}} on {{server}}']],
      quarter + g.fromZero(10),
    ),
    g.timeseries(
      'Time for IO',
      'Seconds a second that sessions spent reading and writing blocks: how many did that on average. Needs track_io_timing.',
      'none',
      [
        [n('rate(pg_stat_database_blk_read_time{%(s)s,%(db)s}[$__rate_interval]) / 1000'), 'read {{datname}} on {{server}}'],
        [n('rate(pg_stat_database_blk_write_time{%(s)s,%(db)s}[$__rate_interval]) / 1000'), 'write {{datname}} on {{server}}'],
      ],
      quarter + g.fromZero(0.01) + g.axisLabel('sessions'),
    ),
    g.timeseries(
      'Temporary files',
      'Bytes a second that sorts and hashes wrote to temporary files, because work_mem was too small for them.',
      'Bps',
      [[n('rate(pg_stat_database_temp_bytes{%(s)s,%(db)s}[$__rate_interval])'), '{{datname}} on {{server}}']],
      quarter + g.fromZero(1000),
    ),
    g.timeseries(
      'Checkpoints',
      'Checkpoints that came by time, and those that were asked for, most often since max_wal_size was reached.',
      'none',
      [
        [n('increase(pg_stat_bgwriter_checkpoints_timed_total{%(s)s}[$__rate_interval]) or increase(pg_stat_checkpointer_num_timed_total{%(s)s}[$__rate_interval])'), 'by time {{server}}'],
        [n('increase(pg_stat_bgwriter_checkpoints_req_total{%(s)s}[$__rate_interval]) or increase(pg_stat_checkpointer_num_requested_total{%(s)s}[$__rate_interval])'), 'asked for {{server}}'],
      ],
      quarter + g.fromZero(4) + g.decimals(0),
    ),
    g.timeseries(
      'Blocks written, by whom',
      'Blocks a second that the checkpointer, the background writer and sessions themselves wrote. Sessions that write much wait for it; PostgreSQL 17 does not count theirs here.',
      'ops',
      [
        [n(since17('pg_stat_bgwriter_buffers_checkpoint_total', 'pg_stat_checkpointer_buffers_written_total')), 'checkpointer {{server}}'],
        [n('rate(pg_stat_bgwriter_buffers_clean_total{%(s)s}[$__rate_interval])'), 'background writer {{server}}'],
        [n('rate(pg_stat_bgwriter_buffers_backend_total{%(s)s}[$__rate_interval])'), 'sessions {{server}}'],
      ],
      quarter + g.fromZero(10),
    ),
    g.timeseries(
      'Size of databases',
      'Bytes on disk of each database.',
      'bytes',
      [[n('pg_database_size_bytes{%(s)s,%(db)s}'), '{{datname}} on {{server}}']],
      quarter + g.fromZero(1024 * 1024),
    ),
    g.timeseries(
      'WAL written',
      'Bytes of WAL a second that each server writes (PostgreSQL 14 on).',
      'Bps',
      [[n('rate(pg_stat_wal_bytes_total{%(s)s}[$__rate_interval])'), '{{server}}']],
      quarter + g.fromZero(1000) + g.noValue('needs PostgreSQL 14'),
    ),
  ]),
]
