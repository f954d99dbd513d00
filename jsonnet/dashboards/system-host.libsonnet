// SPDX-License-Identifier: Apache-2.0
// Rows of the System dashboard: the host's CPU, memory and processes.
local g = import '../lib/grafana.libsonnet';

local quarter = g.size(6, 9);
local half = g.size(12, 8);
local pressure = g.fromZero(0.1);

// The same color for a CPU mode wherever it is shown: programs are blue, the kernel orange and purple, lost time yellow and red.
local modes = {
  user: 'blue',
  nice: 'light-blue',
  system: 'orange',
  irq: 'purple',
  softirq: 'light-purple',
  iowait: 'yellow',
  steal: 'red',
};

function(q) [
  g.row('CPU', [
    g.timeseries(
      'CPU use by mode',
      'Share of all CPU time by what it was spent on, averaged over the hosts. Idle time is left out.',
      'percentunit',
      [[q('avg by (mode) (rate(node_cpu_seconds_total{%(s)s,mode!="idle"}[$__rate_interval]))'), '{{mode}}']],
      quarter + g.stacked + g.range(0, 1) + g.colors(modes),
    ),
    g.timeseries(
      'CPU wait and steal',
      'Waiting: share of time in which a task could have run but had no CPU. Steal: time that the hypervisor gave to others.',
      'percentunit',
      [
        [q('rate(node_pressure_cpu_waiting_seconds_total{%(s)s}[$__rate_interval])'), 'waiting {{instance}}'],
        [q('avg by (instance) (rate(node_cpu_seconds_total{%(s)s,mode="steal"}[$__rate_interval]))'), 'steal {{instance}}'],
      ],
      quarter + pressure + g.shades('B', modes.steal),
    ),
    g.timeseries(
      'Load per CPU',
      'Load average divided by the number of CPUs. Above 1 for long means that tasks queue, for CPU or for disks.',
      'none',
      [
        [q('node_load1{%(s)s} / on (job, instance) count by (job, instance) (node_cpu_seconds_total{%(s)s,mode="idle"})'), '1m {{instance}}'],
        [q('node_load15{%(s)s} / on (job, instance) count by (job, instance) (node_cpu_seconds_total{%(s)s,mode="idle"})'), '15m {{instance}}'],
      ],
      quarter + g.fromZero(1),
    ),
    g.timeseries(
      'Tasks by state',
      'Tasks that run or could run, and tasks that wait for IO without being interruptible.',
      'none',
      [
        [q('node_procs_running{%(s)s}'), 'running {{instance}}'],
        [q('node_procs_blocked{%(s)s}'), 'blocked {{instance}}'],
      ],
      quarter + g.fromZero(4) + g.decimals(0),
    ),
  ]),

  g.row('Memory', [
    g.timeseries(
      'Memory by use',
      'Physical memory of all hosts picked: programs, buffers, page cache (given back when needed) and free.',
      'bytes',
      [
        [q('sum(node_memory_MemTotal_bytes{%(s)s} - node_memory_MemFree_bytes{%(s)s} - node_memory_Buffers_bytes{%(s)s} - node_memory_Cached_bytes{%(s)s} - node_memory_SReclaimable_bytes{%(s)s})'), 'programs and kernel'],
        [q('sum(node_memory_Buffers_bytes{%(s)s})'), 'buffers'],
        [q('sum(node_memory_Cached_bytes{%(s)s} + node_memory_SReclaimable_bytes{%(s)s})'), 'cache'],
        [q('sum(node_memory_MemFree_bytes{%(s)s})'), 'free'],
      ],
      quarter + g.stacked + g.colors({ 'programs and kernel': 'blue', buffers: 'purple', cache: 'light-blue', free: 'green' }),
    ),
    g.timeseries(
      'Memory and swap in use',
      'Share of memory that is not available to programs, and share of swap in use where there is swap.',
      'percentunit',
      [
        [q('1 - node_memory_MemAvailable_bytes{%(s)s} / node_memory_MemTotal_bytes{%(s)s}'), 'memory {{instance}}'],
        [q('1 - node_memory_SwapFree_bytes{%(s)s} / (node_memory_SwapTotal_bytes{%(s)s} > 0)'), 'swap {{instance}}'],
      ],
      quarter + g.range(0, 1),
    ),
    g.timeseries(
      'Faults and swapping',
      'Pages a second that were read back from disk, and swapped in or out. Steady swapping in means that memory is too small.',
      'ops',
      [
        [q('rate(node_vmstat_pgmajfault{%(s)s}[$__rate_interval])'), 'major faults {{instance}}'],
        [q('rate(node_vmstat_pswpin{%(s)s}[$__rate_interval])'), 'swap in {{instance}}'],
        [q('rate(node_vmstat_pswpout{%(s)s}[$__rate_interval])'), 'swap out {{instance}}'],
      ],
      quarter + g.fromZero(10),
    ),
    g.timeseries(
      'Memory and IO stalls',
      'Share of time in which some task (waiting) or every task (stalled) waited for memory or IO.',
      'percentunit',
      [
        [q('rate(node_pressure_memory_waiting_seconds_total{%(s)s}[$__rate_interval])'), 'memory waiting {{instance}}'],
        [q('rate(node_pressure_memory_stalled_seconds_total{%(s)s}[$__rate_interval])'), 'memory stalled {{instance}}'],
        [q('rate(node_pressure_io_waiting_seconds_total{%(s)s}[$__rate_interval])'), 'IO waiting {{instance}}'],
        [q('rate(node_pressure_io_stalled_seconds_total{%(s)s}[$__rate_interval])'), 'IO stalled {{instance}}'],
      ],
      quarter + pressure + g.noValue('this kernel has no pressure stall information'),
    ),
  ]),

  g.row('Processes', [
    g.timeseries(
      'CPU by process group',
      'CPUs in use by each process group of the configuration, and by the exporter itself.',
      'none',
      [
        [q('sum by (instance, groupname) (rate(namedprocess_namegroup_cpu_seconds_total{%(s)s}[$__rate_interval]))'), '{{groupname}} {{instance}}'],
        [q('rate(process_cpu_seconds_total{%(s)s}[$__rate_interval])'), 'exporter {{instance}}'],
      ],
      half + g.fromZero(0.1) + g.axisLabel('cores') + g.tableLegend('right'),
    ),
    g.timeseries(
      'Memory by process group',
      'Resident memory of each process group of the configuration, and of the exporter itself.',
      'bytes',
      [
        [q('namedprocess_namegroup_memory_bytes{%(s)s,memtype="resident"}'), '{{groupname}} {{instance}}'],
        [q('process_resident_memory_bytes{%(s)s}'), 'exporter {{instance}}'],
      ],
      half + g.fromZero(1024 * 1024) + g.tableLegend('right'),
    ),
    g.timeseries(
      'Use of kernel limits',
      'Share of open files, threads and tracked connections that the kernel allows, and of open files that the worst process of each group may have.',
      'percentunit',
      [
        [q('node_filefd_allocated{%(s)s} / (node_filefd_maximum{%(s)s} > 0)'), 'open files {{instance}}'],
        [q('node_processes_threads{%(s)s} / (node_processes_max_threads{%(s)s} > 0)'), 'threads {{instance}}'],
        [q('node_nf_conntrack_entries{%(s)s} / (node_nf_conntrack_entries_limit{%(s)s} > 0)'), 'tracked connections {{instance}}'],
        [q('namedprocess_namegroup_worst_fd_ratio{%(s)s}'), '{{groupname}} files {{instance}}'],
      ],
      half + g.range(0, 1) + g.tableLegend('right'),
    ),
    g.timeseries(
      'Context switches and forks',
      'How often a second the kernel changes from one task to another (left axis) and starts a process (right axis).',
      'ops',
      [
        [q('rate(node_context_switches_total{%(s)s}[$__rate_interval])'), 'context switches {{instance}}'],
        [q('rate(node_forks_total{%(s)s}[$__rate_interval])'), 'forks {{instance}}'],
      ],
      half + g.fromZero(10) + g.axisLabel('context switches') + g.rightAxis('B', 'ops', 'forks', 10),
    ),
  ]),
]
