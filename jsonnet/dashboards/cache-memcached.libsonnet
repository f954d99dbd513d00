// SPDX-License-Identifier: Apache-2.0
// Row of the cache dashboard: Memcached, which has no dashboard of its own.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);
local none = g.noValue('no Memcached');
local rate(metric) = 'rate(memcached_%s{%%(s)s}[$__rate_interval])' % metric;

function(n) [
  g.row('Memcached servers', [
    g.timeseries(
      'Connections to Memcached',
      'Open connections, and (dashed) as many as there may be (`-c`).',
      'none',
      [
        [n('memcached_current_connections{%(s)s}'), 'open {{server}}'],
        [n('memcached_max_connections{%(s)s}'), 'limit {{server}}'],
      ],
      third + g.fromZero(10) + g.decimals(0) + g.dashed('B') + none,
    ),
    g.timeseries(
      'Connections refused',
      'Connections a second that were made, those that were closed at once because there were too many, and how often taking new ones was stopped for that.',
      'cps',
      [
        [n(rate('connections_total')), 'made {{server}}'],
        [n(rate('connections_rejected_total')), 'refused {{server}}'],
        [n(rate('connections_listener_disabled_total')), 'stopped {{server}}'],
      ],
      third + g.fromZero(1) + none,
    ),
    g.timeseries(
      'Stores that failed',
      'Items a second that were not stored because no memory could be found, or because they are too large (`-I`).',
      'ops',
      [
        [n(rate('item_no_memory_total')), 'no memory {{server}}'],
        [n(rate('item_too_large_total')), 'too large {{server}}'],
      ],
      third + g.fromZero(1) + none,
    ),
    g.timeseries(
      'Evictions, by how they hurt',
      'Items a second that were evicted, those of them that had been read a short time before, and those that nobody had read since they were stored.',
      'ops',
      [
        [n(rate('items_evicted_total')), 'evicted {{server}}'],
        [n(rate('items_evicted_active_total')), 'just read {{server}}'],
        [n(rate('items_evicted_unfetched_total')), 'never read {{server}}'],
      ],
      third + g.fromZero(1) + none,
    ),
    g.timeseries(
      'Items by slab class',
      'Items of each slab class; its number grows with the size of its items.',
      'short',
      [[n('memcached_slab_current_items{%(s)s}'), 'class {{slab}} {{server}}']],
      third + g.fromZero(10) + g.tableLegend('bottom') + g.noValue('no items'),
    ),
    g.timeseries(
      'Age of the next to go',
      'How long the item of each slab class that would be evicted next has not been used. Short times say that memory is short.',
      's',
      [[n('memcached_slab_items_age_seconds{%(s)s}'), 'class {{slab}} {{server}}']],
      third + g.fromZero(1) + g.tableLegend('bottom') + g.noValue('no items'),
    ),
    g.timeseries(
      'Traffic of Memcached',
      'Bytes a second that clients sent to Memcached and got from it.',
      'Bps',
      [
        [n(rate('read_bytes_total')), 'received {{server}}'],
        [n(rate('written_bytes_total')), 'sent {{server}}'],
      ],
      third + g.fromZero(1000) + none,
    ),
    g.timeseries(
      'CPU of Memcached',
      'CPUs that each Memcached uses.',
      'none',
      [[n('%s + %s' % [rate('process_user_cpu_seconds_total'), rate('process_system_cpu_seconds_total')]), '{{server}}']],
      third + g.fromZero(0.1) + g.axisLabel('cores') + none,
    ),
    g.timeseries(
      'Pages between slab classes',
      'Free pages that any slab class may take (left axis), and pages that were moved from one class to another (right axis).',
      'none',
      [
        [n('memcached_slab_page_pool_pages{%(s)s}'), 'free {{server}}'],
        [n('increase(memcached_slab_pages_moved_total{%(s)s}[$__rate_interval])'), 'moved {{server}}'],
      ],
      third + g.fromZero(4) + g.decimals(0) + g.rightAxis('B', 'none', 'moved', 4) + none,
    ),
  ]),
]
