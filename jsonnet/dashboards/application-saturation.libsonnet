// SPDX-License-Identifier: Apache-2.0
// Row of the application dashboard: how much of itself each process uses, and what its runtime says.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);

function(q) g.row('Saturation', [
  g.timeseries(
    'In flight',
    'Requests that each instance is answering.',
    'short',
    [[q('%(inFlight)s{%(e)s}'), '{{instance}}']],
    third + g.fromZero(5) + g.noValue('not known'),
  ),
  g.timeseries(
    'CPU',
    'CPUs in use by each process: 1 is one CPU all the time.',
    'short',
    [[q('rate(process_cpu_seconds_total{%(e)s}[$__rate_interval])'), '{{instance}}']],
    third + g.fromZero(0.1) + g.noValue('not known'),
  ),
  g.timeseries(
    'Memory of the process',
    'Memory that each process has in RAM.',
    'bytes',
    [[q('process_resident_memory_bytes{%(e)s}'), '{{instance}}']],
    third + g.fromZero(1000000) + g.noValue('not known'),
  ),
  g.timeseries(
    'Open files',
    'Open files and sockets of each process, as a share of its limit.',
    'percentunit',
    [[q('process_open_fds{%(e)s} / process_max_fds{%(e)s}'), '{{instance}}']],
    third + g.fromZero(0.01) + g.noValue('not known'),
  ),
  g.timeseries(
    'Event loop lag',
    'How late the event loop of a Node.js process is, at worst in 99 % of the time.',
    's',
    [[q('nodejs_eventloop_lag_p99_seconds{%(e)s}'), '{{instance}}']],
    third + g.fromZero(0.01) + g.noValue('no Node.js process'),
  ),
  g.timeseries(
    'Garbage collection',
    'Share of the time that a process of Node.js or Go is paused for (left axis), and collections a second of one of Python (right axis).',
    'percentunit',
    [
      [q('sum by (instance) (rate(nodejs_gc_duration_seconds_sum{%(e)s}[$__rate_interval]))'), 'Node.js {{instance}}'],
      [q('rate(go_gc_duration_seconds_sum{%(e)s}[$__rate_interval])'), 'Go {{instance}}'],
      [q('sum by (instance) (rate(python_gc_collections_total{%(e)s}[$__rate_interval]))'), 'Python {{instance}}'],
    ],
    third + g.fromZero(0.01) + g.rightAxis('C', 'ops', 'collections', 1) + g.tableLegend('bottom') + g.noValue('not known'),
  ),
])
