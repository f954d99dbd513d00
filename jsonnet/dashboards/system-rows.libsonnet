// SPDX-License-Identifier: Apache-2.0
// The resource rows of the System dashboard. `q` puts the job and instance selector into an expression.
// Panels of things that not every host has (limits, RAID, connection tracking) also hold a series that every host has.
local g = import '../lib/grafana.libsonnet';

local share = g.range(0, 1);
local fromZero = { fieldConfig+: { defaults+: { min: 0 } } };
local third = g.size(8, 8);
local quarter = g.size(6, 8);

function(q) [
  g.row('CPU', [
    g.timeseries(
      'CPU use by mode',
      'Share of all CPU time by what it was spent on, averaged over the hosts. Idle time is left out.',
      'percentunit',
      [[q('avg by (mode) (rate(node_cpu_seconds_total{%(s)s,mode!="idle"}[$__rate_interval]))'), '{{mode}}']],
      quarter + g.stacked,
    ),
    g.timeseries(
      'CPU wait and steal',
      'Waiting: share of time in which a task could have run but had no CPU. Steal: time that the hypervisor gave to others.',
      'percentunit',
      [
        [q('rate(node_pressure_cpu_waiting_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} waiting'],
        [q('avg by (instance) (rate(node_cpu_seconds_total{%(s)s,mode="steal"}[$__rate_interval]))'), '{{instance}} steal'],
      ],
      quarter + fromZero,
    ),
    g.timeseries(
      'Load per CPU',
      'Load average divided by the number of CPUs. Above 1 for long means that tasks queue, for CPU or for disks.',
      'none',
      [
        [q('node_load1{%(s)s} / on (job, instance) count by (job, instance) (node_cpu_seconds_total{%(s)s,mode="idle"})'), '{{instance}} 1m'],
        [q('node_load15{%(s)s} / on (job, instance) count by (job, instance) (node_cpu_seconds_total{%(s)s,mode="idle"})'), '{{instance}} 15m'],
      ],
      quarter + fromZero,
    ),
    g.timeseries(
      'Tasks running and blocked',
      'Tasks that run or could run, and tasks that wait for IO without being interruptible.',
      'none',
      [
        [q('node_procs_running{%(s)s}'), '{{instance}} running'],
        [q('node_procs_blocked{%(s)s}'), '{{instance}} blocked'],
      ],
      quarter + fromZero,
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
      quarter + g.stacked,
    ),
    g.timeseries(
      'Memory and swap in use',
      'Share of memory that is not available to programs, and share of swap in use where there is swap.',
      'percentunit',
      [
        [q('1 - node_memory_MemAvailable_bytes{%(s)s} / node_memory_MemTotal_bytes{%(s)s}'), '{{instance}} memory'],
        [q('1 - node_memory_SwapFree_bytes{%(s)s} / (node_memory_SwapTotal_bytes{%(s)s} > 0)'), '{{instance}} swap'],
      ],
      quarter + share,
    ),
    g.timeseries(
      'Memory pressure and paging',
      'Events a second: pages read back from disk and swapped in or out. Steady swapping in means that memory is too small.',
      'ops',
      [
        [q('rate(node_vmstat_pgmajfault{%(s)s}[$__rate_interval])'), '{{instance}} major faults'],
        [q('rate(node_vmstat_pswpin{%(s)s}[$__rate_interval])'), '{{instance}} swap in'],
        [q('rate(node_vmstat_pswpout{%(s)s}[$__rate_interval])'), '{{instance}} swap out'],
      ],
      quarter + fromZero,
    ),
    g.timeseries(
      'Memory and IO stalls',
      'Share of time in which some task (waiting) or every task (stalled) waited for memory or IO.',
      'percentunit',
      [
        [q('rate(node_pressure_memory_waiting_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} memory waiting'],
        [q('rate(node_pressure_memory_stalled_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} memory stalled'],
        [q('rate(node_pressure_io_waiting_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} IO waiting'],
        [q('rate(node_pressure_io_stalled_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} IO stalled'],
      ],
      quarter + fromZero + g.noValue('this kernel has no pressure stall information'),
    ),
  ]),

  g.row('Container (control groups)', [
    g.timeseries(
      'CPU use and limit',
      'CPUs in use by each control group, and its effective limit (the smallest of its own and its ancestors) where there is one.',
      'none',
      [
        [q('rate(node_cgroup_cpu_usage_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} {{cgroup}} used'],
        [q('node_cgroup_cpu_effective_limit_cores{%(s)s}'), '{{instance}} {{cgroup}} limit'],
      ],
      third + fromZero + g.dashed('/ limit$/') + g.noValue('needs the cgroup collector'),
    ),
    g.timeseries(
      'Memory use and limit',
      'Working set (what cannot be given back) and total use of each control group, and its effective limit where there is one.',
      'bytes',
      [
        [q('node_cgroup_memory_working_set_bytes{%(s)s}'), '{{instance}} {{cgroup}} working set'],
        [q('node_cgroup_memory_usage_bytes{%(s)s}'), '{{instance}} {{cgroup}} use with cache'],
        [q('node_cgroup_memory_effective_limit_bytes{%(s)s}'), '{{instance}} {{cgroup}} limit'],
      ],
      third + fromZero + g.dashed('/ limit$/') + g.noValue('needs the cgroup collector'),
    ),
    g.timeseries(
      'Throttling and pressure',
      'Share of CPU periods that hit the limit, and share of time in which some task of the group waited for CPU, memory or IO.',
      'percentunit',
      [
        [q('rate(node_cgroup_cpu_throttled_periods_total{%(s)s}[$__rate_interval]) / clamp_min(rate(node_cgroup_cpu_periods_total{%(s)s}[$__rate_interval]), 0.001)'), '{{instance}} {{cgroup}} throttled'],
        [q('rate(node_cgroup_pressure_cpu_waiting_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} {{cgroup}} CPU'],
        [q('rate(node_cgroup_pressure_memory_waiting_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} {{cgroup}} memory'],
        [q('rate(node_cgroup_pressure_io_waiting_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} {{cgroup}} IO'],
      ],
      third + fromZero + g.noValue('no CPU limit and no pressure information'),
    ),
    g.timeseries(
      'Memory events and OOM kills',
      'How often a group went over its high mark or hit its limit, and processes killed for memory in groups and on the host.',
      'none',
      [
        [q('increase(node_cgroup_memory_events_total{%(s)s,event=~"high|max|oom|oom_kill"}[$__rate_interval])'), '{{instance}} {{cgroup}} {{event}}'],
        [q('increase(node_vmstat_oom_kill{%(s)s}[$__rate_interval])'), '{{instance}} host oom_kill'],
      ],
      third + fromZero,
    ),
    g.timeseries(
      'Tasks and limit',
      'Processes and threads in each control group, and the effective limit where there is one; all threads of the host beside them.',
      'none',
      [
        [q('node_cgroup_pids{%(s)s}'), '{{instance}} {{cgroup}}'],
        [q('node_cgroup_pids_effective_limit{%(s)s}'), '{{instance}} {{cgroup}} limit'],
        [q('node_processes_threads{%(s)s}'), '{{instance}} host'],
      ],
      third + fromZero + g.dashed('/ limit$/') + g.noValue('needs the cgroup or the processes collector'),
    ),
    g.timeseries(
      'IO by control group',
      'Bytes a second that each control group reads from and writes to disks; the host as a whole beside them.',
      'Bps',
      [
        [q('sum by (instance, cgroup) (rate(node_cgroup_io_read_bytes_total{%(s)s}[$__rate_interval]))'), '{{instance}} {{cgroup}} read'],
        [q('sum by (instance, cgroup) (rate(node_cgroup_io_written_bytes_total{%(s)s}[$__rate_interval]))'), '{{instance}} {{cgroup}} written'],
        [q('sum by (instance) (rate(node_disk_written_bytes_total{%(s)s}[$__rate_interval]))'), '{{instance}} host written'],
      ],
      third + fromZero,
    ),
  ]),

  g.row('Disks and filesystems', [
    g.bargauge(
      'Space in use',
      'Share of each filesystem that is in use, as an unprivileged user sees it.',
      'percentunit',
      [[q('max by (instance, mountpoint) (1 - node_filesystem_avail_bytes{%(s)s,fstype!~"tmpfs|ramfs"} / node_filesystem_size_bytes{%(s)s,fstype!~"tmpfs|ramfs"})'), '{{instance}} {{mountpoint}}']],
      third + share + g.thresholds([[null, 'green'], [0.9, 'orange'], [0.95, 'red']]),
    ),
    g.timeseries(
      'Space in use in 24 hours',
      'Where the trend of the last 6 hours leads within 24 hours. A line at 100 % is a filesystem that fills.',
      'percentunit',
      [[q('clamp(1 - predict_linear(node_filesystem_avail_bytes{%(s)s,fstype!~"tmpfs|ramfs"}[6h], 86400) / node_filesystem_size_bytes{%(s)s,fstype!~"tmpfs|ramfs"}, 0, 1)'), '{{instance}} {{mountpoint}}']],
      third + share,
    ),
    g.timeseries(
      'Inodes in use',
      'Share of inodes in use. Filesystems that have no fixed number of inodes show nothing.',
      'percentunit',
      [[q('1 - node_filesystem_files_free{%(s)s} / (node_filesystem_files{%(s)s} > 0)'), '{{instance}} {{mountpoint}}']],
      third + share,
    ),
    g.timeseries(
      'Age of filesystem values',
      'Seconds since each mount last answered. A rising line is a mount that hangs; its other values are as old as that.',
      's',
      [[q('max by (instance, mountpoint) (node_filesystem_stat_age_seconds{%(s)s})'), '{{instance}} {{mountpoint}}']],
      third + fromZero + g.noValue('node_exporter does not have this'),
    ),
    g.timeseries(
      'Storage faults',
      'Mounts that do not answer or have an error, read-only mounts, and RAID disks that failed. Read-only may be on purpose.',
      'none',
      [
        [q('sum by (instance) (node_filesystem_device_error{%(s)s})'), '{{instance}} mounts with an error'],
        [q('sum by (instance) (node_filesystem_readonly{%(s)s})'), '{{instance}} read-only mounts'],
        [q('sum by (instance) (node_filesystem_stuck{%(s)s})'), '{{instance}} stuck mounts'],
        [q('sum by (instance) (node_md_disks{%(s)s,state="failed"})'), '{{instance}} failed RAID disks'],
      ],
      third + fromZero,
    ),
    g.timeseries(
      'Disk throughput',
      'Bytes a second read from and written to each disk.',
      'Bps',
      [
        [q('rate(node_disk_read_bytes_total{%(s)s}[$__rate_interval])'), '{{instance}} {{device}} read'],
        [q('rate(node_disk_written_bytes_total{%(s)s}[$__rate_interval])'), '{{instance}} {{device}} written'],
      ],
      third + fromZero,
    ),
    g.timeseries(
      'Disk busy time',
      'Share of time in which a disk had at least one request. SSDs can be at 100 % and still take more.',
      'percentunit',
      [[q('rate(node_disk_io_time_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} {{device}}']],
      third + fromZero,
    ),
    g.timeseries(
      'Disk queue length',
      'Average number of requests that were under way or waiting.',
      'none',
      [[q('rate(node_disk_io_time_weighted_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} {{device}}']],
      third + fromZero,
    ),
    g.timeseries(
      'Disk latency',
      'Average time of a request, with its wait in the queue. Zero for a disk that did nothing.',
      's',
      [
        [q('rate(node_disk_read_time_seconds_total{%(s)s}[$__rate_interval]) / clamp_min(rate(node_disk_reads_completed_total{%(s)s}[$__rate_interval]), 0.001)'), '{{instance}} {{device}} read'],
        [q('rate(node_disk_write_time_seconds_total{%(s)s}[$__rate_interval]) / clamp_min(rate(node_disk_writes_completed_total{%(s)s}[$__rate_interval]), 0.001)'), '{{instance}} {{device}} write'],
      ],
      third + fromZero,
    ),
  ]),

  g.row('Network', [
    g.timeseries(
      'Network throughput',
      'Bytes a second received and sent by each interface but loopback.',
      'Bps',
      [
        [q('rate(node_network_receive_bytes_total{%(s)s,device!="lo"}[$__rate_interval])'), '{{instance}} {{device}} received'],
        [q('rate(node_network_transmit_bytes_total{%(s)s,device!="lo"}[$__rate_interval])'), '{{instance}} {{device}} sent'],
      ],
      quarter + fromZero,
    ),
    g.timeseries(
      'Network errors and drops',
      'Packets a second that were damaged or thrown away. Anything that stays above zero deserves a look.',
      'pps',
      [
        [q('rate(node_network_receive_errs_total{%(s)s,device!="lo"}[$__rate_interval])'), '{{instance}} {{device}} receive errors'],
        [q('rate(node_network_transmit_errs_total{%(s)s,device!="lo"}[$__rate_interval])'), '{{instance}} {{device}} send errors'],
        [q('rate(node_network_receive_drop_total{%(s)s,device!="lo"}[$__rate_interval])'), '{{instance}} {{device}} receive drops'],
        [q('rate(node_network_transmit_drop_total{%(s)s,device!="lo"}[$__rate_interval])'), '{{instance}} {{device}} send drops'],
      ],
      quarter + fromZero,
    ),
    g.timeseries(
      'TCP troubles',
      'Events a second: segments sent again, connections refused because a listen queue was full.',
      'cps',
      [
        [q('rate(node_netstat_Tcp_RetransSegs{%(s)s}[$__rate_interval])'), '{{instance}} retransmitted'],
        [q('rate(node_netstat_TcpExt_ListenOverflows{%(s)s}[$__rate_interval])'), '{{instance}} listen queue overflows'],
      ],
      quarter + fromZero,
    ),
    g.timeseries(
      'Connections',
      'TCP connections that are open or closing, and entries of the connection tracking table with its limit where it is loaded.',
      'none',
      [
        [q('node_netstat_Tcp_CurrEstab{%(s)s}'), '{{instance}} established'],
        [q('node_sockstat_TCP_tw{%(s)s}'), '{{instance}} in time-wait'],
        [q('node_nf_conntrack_entries{%(s)s}'), '{{instance}} tracked'],
        [q('node_nf_conntrack_entries_limit{%(s)s}'), '{{instance}} tracked, limit'],
      ],
      quarter + fromZero + g.dashed('/ limit$/'),
    ),
  ]),

  g.row('Processes', [
    g.timeseries(
      'CPU by process group',
      'CPUs in use by each process group of the configuration, and by the exporter itself.',
      'none',
      [
        [q('sum by (instance, groupname) (rate(namedprocess_namegroup_cpu_seconds_total{%(s)s}[$__rate_interval]))'), '{{instance}} {{groupname}}'],
        [q('rate(process_cpu_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} exporter'],
      ],
      quarter + fromZero,
    ),
    g.timeseries(
      'Memory by process group',
      'Resident memory of each process group of the configuration, and of the exporter itself.',
      'bytes',
      [
        [q('namedprocess_namegroup_memory_bytes{%(s)s,memtype="resident"}'), '{{instance}} {{groupname}}'],
        [q('process_resident_memory_bytes{%(s)s}'), '{{instance}} exporter'],
      ],
      quarter + fromZero,
    ),
    g.timeseries(
      'Use of kernel limits',
      'Share of open files, threads and tracked connections that the kernel allows, and the worst process of each group.',
      'percentunit',
      [
        [q('node_filefd_allocated{%(s)s} / (node_filefd_maximum{%(s)s} > 0)'), '{{instance}} open files'],
        [q('node_processes_threads{%(s)s} / (node_processes_max_threads{%(s)s} > 0)'), '{{instance}} threads'],
        [q('node_nf_conntrack_entries{%(s)s} / (node_nf_conntrack_entries_limit{%(s)s} > 0)'), '{{instance}} tracked connections'],
        [q('namedprocess_namegroup_worst_fd_ratio{%(s)s}'), '{{instance}} {{groupname}} open files'],
      ],
      quarter + share,
    ),
    g.timeseries(
      'Forks and context switches',
      'How often a second the kernel starts a process and changes from one task to another.',
      'ops',
      [
        [q('rate(node_forks_total{%(s)s}[$__rate_interval])'), '{{instance}} forks'],
        [q('rate(node_context_switches_total{%(s)s}[$__rate_interval])'), '{{instance}} context switches'],
      ],
      quarter + fromZero,
    ),
  ]),

  g.row('Exporter and clock', [
    g.timeseries(
      'Collector duration',
      'Time that each collector took in a scrape; with several hosts picked, the slowest of them.',
      's',
      [[q('max by (collector) (node_scrape_collector_duration_seconds{%(s)s})'), '{{collector}}']],
      quarter + fromZero,
    ),
    g.table(
      'Collector state',
      'What each collector does now: ok, failed, timeout, or not_applicable where the host lacks the thing.',
      [[q('node_scrape_collector_state{%(s)s} == 1'), '{{collector}}']],
      { instance: 'Instance', collector: 'Collector', state: 'State' },
      [],
      g.size(12, 8) + g.noValue('node_exporter does not have this'),
    ),
    g.timeseries(
      'Scrape time',
      'Time that Prometheus needed for a whole scrape, and the time the exporter has been using the CPU for itself.',
      's',
      [
        [q('scrape_duration_seconds{%(s)s}'), '{{instance}} scrape'],
        [q('rate(process_cpu_seconds_total{%(s)s}[$__rate_interval])'), '{{instance}} CPU seconds a second'],
      ],
      quarter + fromZero,
    ),
    g.timeseries(
      'Series',
      'Series that Prometheus got in each scrape, and series that the exporter threw away since it started.',
      'none',
      [
        [q('scrape_samples_scraped{%(s)s}'), '{{instance}} scraped'],
        [q('sum by (instance, collector, reason) (increase(node_scrape_series_dropped_total{%(s)s}[$__rate_interval]))'), '{{instance}} {{collector}} dropped ({{reason}})'],
      ],
      quarter + fromZero,
    ),
    g.timeseries(
      'Clock',
      'Difference between the clocks of the host and of Prometheus (it includes the time of the scrape), and the offset from the time source.',
      's',
      [
        [q('node_time_seconds{%(s)s} - timestamp(node_time_seconds{%(s)s})'), '{{instance}} against Prometheus'],
        [q('node_timex_offset_seconds{%(s)s}'), '{{instance}} against its time source'],
      ],
      g.size(12, 7),
    ),
    g.timeseries(
      'Exporter files and textfiles',
      'Open files of the exporter, and the age in hours of each textfile with metrics.',
      'none',
      [
        [q('process_open_fds{%(s)s}'), '{{instance}} open files'],
        [q('(time() - node_textfile_mtime_seconds{%(s)s}) / 3600'), '{{instance}} {{file}} hours'],
      ],
      g.size(12, 7) + fromZero,
    ),
  ]),
]
