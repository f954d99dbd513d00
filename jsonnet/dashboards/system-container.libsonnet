// SPDX-License-Identifier: Apache-2.0
// Row of the System dashboard: the control groups that the exporter runs in. A group without a limit has no line for it.
// Panels of limits and events also hold a series that every host has.
local g = import '../lib/grafana.libsonnet';

// Ids of containers, of 32 or 64 digits, as their first 12 digits.
local third = g.size(8, 9) + g.tableLegend('bottom') + g.rename('/([0-9a-f]{12})[0-9a-f]{20,}/', '$1…');

function(q) [
  g.row('Container (control groups)', [
    g.timeseries(
      'CPU use and limit',
      'CPUs in use by each control group, and its effective limit (the smallest of its own and its ancestors) where there is one.',
      'none',
      [
        [q('rate(node_cgroup_cpu_usage_seconds_total{%(s)s}[$__rate_interval])'), '{{cgroup}} used {{instance}}'],
        [q('node_cgroup_cpu_effective_limit_cores{%(s)s}'), '{{cgroup}} limit {{instance}}'],
      ],
      third + g.fromZero(0.1) + g.axisLabel('cores') + g.dashed('B') + g.noValue('needs the cgroup collector'),
    ),
    g.timeseries(
      'Memory use and limit',
      'Working set (what cannot be given back) and total use of each control group, and its effective limit where there is one.',
      'bytes',
      [
        [q('node_cgroup_memory_working_set_bytes{%(s)s}'), '{{cgroup}} working set {{instance}}'],
        [q('node_cgroup_memory_usage_bytes{%(s)s}'), '{{cgroup}} with cache {{instance}}'],
        [q('node_cgroup_memory_effective_limit_bytes{%(s)s}'), '{{cgroup}} limit {{instance}}'],
      ],
      third + g.fromZero(1024 * 1024) + g.dashed('C') + g.noValue('needs the cgroup collector'),
    ),
    g.timeseries(
      'Throttling and pressure',
      'Share of CPU periods that hit the limit, and share of time in which some task of the group waited for CPU, memory or IO.',
      'percentunit',
      [
        [q('rate(node_cgroup_cpu_throttled_periods_total{%(s)s}[$__rate_interval]) / clamp_min(rate(node_cgroup_cpu_periods_total{%(s)s}[$__rate_interval]), 0.001)'), '{{cgroup}} throttled {{instance}}'],
        [q('rate(node_cgroup_pressure_cpu_waiting_seconds_total{%(s)s}[$__rate_interval])'), '{{cgroup}} CPU {{instance}}'],
        [q('rate(node_cgroup_pressure_memory_waiting_seconds_total{%(s)s}[$__rate_interval])'), '{{cgroup}} memory {{instance}}'],
        [q('rate(node_cgroup_pressure_io_waiting_seconds_total{%(s)s}[$__rate_interval])'), '{{cgroup}} IO {{instance}}'],
      ],
      third + g.fromZero(0.1) + g.noValue('no CPU limit and no pressure information'),
    ),
    g.timeseries(
      'Memory events and OOM kills',
      'How often a group went over its high mark or hit its limit, and processes killed for memory in groups and on the host.',
      'none',
      [
        [q('increase(node_cgroup_memory_events_total{%(s)s,event=~"high|max|oom|oom_kill"}[$__rate_interval])'), '{{cgroup}} {{event}} {{instance}}'],
        [q('increase(node_vmstat_oom_kill{%(s)s}[$__rate_interval])'), 'host oom_kill {{instance}}'],
      ],
      third + g.fromZero(4) + g.decimals(0),
    ),
    g.timeseries(
      'Tasks and limit',
      'Processes and threads in each control group, and the effective limit where there is one; all threads of the host beside them.',
      'short',
      [
        [q('node_cgroup_pids{%(s)s}'), '{{cgroup}} {{instance}}'],
        [q('node_cgroup_pids_effective_limit{%(s)s}'), '{{cgroup}} limit {{instance}}'],
        [q('node_processes_threads{%(s)s}'), 'host {{instance}}'],
      ],
      third + g.fromZero(10) + g.dashed('B') + g.noValue('needs the cgroup or the processes collector'),
    ),
    g.timeseries(
      'IO by control group',
      'Bytes a second that each control group reads from and writes to disks; the host as a whole beside them.',
      'Bps',
      [
        [q('sum by (instance, cgroup) (rate(node_cgroup_io_read_bytes_total{%(s)s}[$__rate_interval]))'), '{{cgroup}} read {{instance}}'],
        [q('sum by (instance, cgroup) (rate(node_cgroup_io_written_bytes_total{%(s)s}[$__rate_interval]))'), '{{cgroup}} written {{instance}}'],
        [q('sum by (instance) (rate(node_disk_read_bytes_total{%(s)s,%(disks)s}[$__rate_interval]))'), 'host read {{instance}}'],
        [q('sum by (instance) (rate(node_disk_written_bytes_total{%(s)s,%(disks)s}[$__rate_interval]))'), 'host written {{instance}}'],
      ],
      third + g.fromZero(1000),
    ),
  ]),
]
