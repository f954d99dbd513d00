// SPDX-License-Identifier: Apache-2.0
// Alerts of the system exporter: the exporter itself, the host's CPU, memory, network, limits and clock.
// The disk and container alerts are in system-disk.libsonnet and system-container.libsonnet.
local alerts = import '../lib/alerts.libsonnet';
local container = import 'system-container.libsonnet';
local disk = import 'system-disk.libsonnet';

local exporter(c) = [
  alerts.critical {
    alert: 'SystemExporterDown',
    expr: |||
      up{%(selector)s} == 0
      or
      node_up{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'A system exporter is down.',
      description: '{{ $labels.instance }} (job {{ $labels.job }}) has no working exporter: its host is not watched.',
    },
  },
  alerts.warning {
    alert: 'SystemCollectorFailing',
    expr: |||
      node_scrape_collector_success{%(selector)s} == 0
      unless ignoring (state)
      node_scrape_collector_state{%(selector)s,state="not_applicable"} == 1
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'A collector of the system exporter fails.',
      description: 'Collector {{ $labels.collector }} on {{ $labels.instance }} fails or times out; its metrics are missing or old.',
    },
  },
  alerts.warning {
    alert: 'SystemSeriesDropped',
    expr: |||
      increase(node_scrape_series_dropped_total{%(selector)s}[15m]) > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'The system exporter drops series.',
      description: 'Collector {{ $labels.collector }} on {{ $labels.instance }} dropped {{ $value | printf "%.0f" }} series in 15 minutes ({{ $labels.reason }}).',
    },
  },
  alerts.warning {
    alert: 'SystemConfigReloadFailed',
    expr: |||
      node_config_last_reload_successful{%(selector)s} == 0
    ||| % c,
    'for': '5m',
    annotations+: {
      summary: 'The system exporter refused its new configuration.',
      description: '{{ $labels.instance }} runs with its old configuration because the last reload failed.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'SystemHealthScoreLow',
  expr: |||
    node_health_score{%(selector)s} < %(score)g
  ||| % (c { score: c.healthScore[severity] }),
  'for': '15m',
  keep_firing_for: '5m',
  annotations+: {
    summary: 'The health score of a host is low.',
    description: '{{ $labels.instance }} has a health score of {{ $value | printf "%.0f" }} out of 100.',
  },
});

local cpu(c) = alerts.pair(function(severity) {
  alert: 'SystemCpuSaturated',
  expr: |||
    1 - sum without (mode) (
      avg without (cpu) (rate(node_cpu_seconds_total{%(selector)s,mode=~"idle|iowait"}[5m]))
    ) > %(busy)g
    and (
      rate(node_pressure_cpu_waiting_seconds_total{%(selector)s}[5m]) > %(waiting)g
      or
      node_load5{%(selector)s}
      / count without (cpu, mode) (node_cpu_seconds_total{%(selector)s,mode="idle"}) > %(load)g
    )
  ||| % (c { busy: c.cpuBusy[severity], waiting: c.cpuWaiting[severity], load: c.cpuLoad[severity] }),
  'for': '15m',
  keep_firing_for: '5m',
  annotations+: {
    summary: 'The CPUs of a host are saturated.',
    description: '{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its CPU time and tasks wait for a CPU.',
  },
});

local memory(c) = alerts.pair(function(severity) {
  alert: 'SystemMemoryLow',
  expr: |||
    node_memory_MemAvailable_bytes{%(selector)s} / node_memory_MemTotal_bytes{%(selector)s} < %(available)g
  ||| % (c { available: c.memoryAvailable[severity] }),
  'for': { warning: '15m', critical: '5m' }[severity],
  annotations+: {
    summary: 'The memory of a host is nearly used up.',
    description: '{{ $labels.instance }} has {{ $value | humanizePercentage }} of its memory available.',
  },
}) + alerts.pair(function(severity) {
  alert: 'SystemMemoryPressure',
  expr: |||
    rate(node_pressure_memory_stalled_seconds_total{%(selector)s}[5m]) > %(stalled)g
  ||| % (c { stalled: c.memoryStalled[severity] }),
  'for': '10m',
  keep_firing_for: '5m',
  annotations+: {
    summary: 'Tasks on a host stall for lack of memory.',
    description: 'On {{ $labels.instance }} every task waited for memory {{ $value | humanizePercentage }} of the time.',
  },
}) + [
  alerts.warning {
    alert: 'SystemOomKill',
    expr: |||
      increase(node_vmstat_oom_kill{%(selector)s}[15m]) > 0
    ||| % c,
    annotations+: {
      summary: 'The kernel killed a process to free memory.',
      description: 'Processes that the OOM killer ended on {{ $labels.instance }} in 15 minutes: {{ $value | printf "%.0f" }}.',
    },
  },
];

local network(c) = [
  alerts.warning {
    alert: 'SystemNetworkReceiveErrors',
    expr: |||
      rate(node_network_receive_errs_total{%(selector)s,%(interfaces)s}[5m])
      / rate(node_network_receive_packets_total{%(selector)s,%(interfaces)s}[5m]) > %(networkErrors)g
      and
      rate(node_network_receive_packets_total{%(selector)s,%(interfaces)s}[5m]) > %(networkMinPackets)g
    ||| % c,
    'for': '15m',
    keep_firing_for: '10m',
    annotations+: {
      summary: 'A network interface receives damaged packets.',
      description: 'On {{ $labels.instance }} {{ $value | humanizePercentage }} of the packets received on {{ $labels.device }} have errors.',
    },
  },
  alerts.warning {
    alert: 'SystemNetworkTransmitErrors',
    expr: |||
      rate(node_network_transmit_errs_total{%(selector)s,%(interfaces)s}[5m])
      / rate(node_network_transmit_packets_total{%(selector)s,%(interfaces)s}[5m]) > %(networkErrors)g
      and
      rate(node_network_transmit_packets_total{%(selector)s,%(interfaces)s}[5m]) > %(networkMinPackets)g
    ||| % c,
    'for': '15m',
    keep_firing_for: '10m',
    annotations+: {
      summary: 'A network interface fails to send packets.',
      description: 'On {{ $labels.instance }} {{ $value | humanizePercentage }} of the packets sent on {{ $labels.device }} have errors.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'SystemConntrackNearLimit',
  expr: |||
    node_nf_conntrack_entries{%(selector)s} / (node_nf_conntrack_entries_limit{%(selector)s} > 0) > %(used)g
  ||| % (c { used: c.conntrack[severity] }),
  'for': '5m',
  annotations+: {
    summary: 'The connection tracking table is nearly full.',
    description: '{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its connection tracking table; when it is full, new connections are dropped.',
  },
});

local limits(c) = alerts.pair(function(severity) {
  alert: 'SystemFileDescriptorsNearLimit',
  expr: |||
    node_filefd_allocated{%(selector)s} / (node_filefd_maximum{%(selector)s} > 0) > %(used)g
  ||| % (c { used: c.fileDescriptors[severity] }),
  'for': '5m',
  annotations+: {
    summary: 'A host is running out of file descriptors.',
    description: '{{ $labels.instance }} has {{ $value | humanizePercentage }} of the files open that its kernel allows.',
  },
}) + alerts.pair(function(severity) {
  alert: 'SystemProcessFileDescriptorsNearLimit',
  expr: |||
    namedprocess_namegroup_worst_fd_ratio{%(selector)s} > %(used)g
  ||| % (c { used: c.processFileDescriptors[severity] }),
  'for': '5m',
  annotations+: {
    summary: 'A process is running out of file descriptors.',
    description: 'On {{ $labels.instance }} a process of {{ $labels.groupname }} has {{ $value | humanizePercentage }} of the files open that its limit allows.',
  },
}) + alerts.pair(function(severity) {
  alert: 'SystemPidsNearLimit',
  expr: |||
    node_processes_threads{%(selector)s} / (node_processes_max_threads{%(selector)s} > 0) > %(used)g
    or
    node_processes_threads{%(selector)s} / (node_processes_max_processes{%(selector)s} > 0) > %(used)g
  ||| % (c { used: c.pids[severity] }),
  'for': '5m',
  annotations+: {
    summary: 'A host is running out of process identifiers.',
    description: '{{ $labels.instance }} runs {{ $value | humanizePercentage }} of the threads that its kernel allows.',
  },
}) + [
  alerts.warning {
    alert: 'SystemTextfileError',
    expr: |||
      node_textfile_scrape_error{%(selector)s} > 0
    ||| % c,
    'for': '10m',
    annotations+: {
      summary: 'A textfile with metrics cannot be read.',
      description: '{{ $labels.instance }} has a file in its textfile directory that it cannot read or parse.',
    },
  },
  alerts.warning {
    alert: 'SystemTextfileStale',
    expr: |||
      time() - node_textfile_mtime_seconds{%(selector)s} > %(textfileStaleSeconds)g
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'A textfile with metrics is no longer updated.',
      description: 'On {{ $labels.instance }} {{ $labels.file }} was last written {{ $value | humanizeDuration }} ago.',
    },
  },
];

local clock(c) = [
  alerts.warning {
    alert: 'SystemClockNotSynchronised',
    expr: |||
      node_timex_sync_status{%(selector)s} == 0
      and
      node_timex_maxerror_seconds{%(selector)s} >= %(clockMaxErrorSeconds)g
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'The clock of a host is not synchronised.',
      description: '{{ $labels.instance }} has no working time source; its clock drifts freely.',
    },
  },
  alerts.warning {
    alert: 'SystemClockSkew',
    expr: |||
      abs(node_timex_offset_seconds{%(selector)s}) > %(clockOffsetSeconds)g
    ||| % c,
    'for': '10m',
    annotations+: {
      summary: 'The clock of a host is wrong.',
      description: 'The clock of {{ $labels.instance }} is {{ $value | humanizeDuration }} away from its time source.',
    },
  },
  alerts.critical {
    alert: 'SystemClockSkew',
    expr: |||
      abs(node_time_seconds{%(selector)s} - timestamp(node_time_seconds{%(selector)s})) > %(clockDifferenceSeconds)g
    ||| % c,
    'for': '10m',
    annotations+: {
      summary: 'The clock of a host is wrong.',
      description: 'The clock of {{ $labels.instance }} differs by {{ $value | humanizeDuration }} from the clock of Prometheus.',
    },
  },
];

{
  local c = $._config.system,
  local group(name, rules) = alerts.group('system-' + name, 'system', rules, dashboard='binnacle-system'),

  // What Alertmanager hides: everything about a host whose exporter is down, and the host's view of a kill that a
  // control group already explains.
  alertmanager+:: {
    components+: ['system'],
    labels+: ['mountpoint', 'device', 'cgroup', 'groupname'],
    inhibitRules+: [
      {
        why: "An exporter that is down: its host's other alerts rest on old values.",
        source: ['alertname="SystemExporterDown"'],
        target: ['component="system"', 'alertname!="SystemExporterDown"'],
        equal: ['job', 'instance'],
      },
      {
        why: 'A kill inside a control group also counts as a kill on the host.',
        source: ['alertname="SystemContainerOomKill"'],
        target: ['alertname="SystemOomKill"'],
        equal: ['job', 'instance'],
      },
    ],
  },

  prometheusAlerts+:: {
    groups+: [
      group('exporter', exporter(c)),
      group('cpu', cpu(c)),
      group('memory', memory(c)),
      group('container', container(c)),
      group('disk', disk(c)),
      group('network', network(c)),
      group('limits', limits(c)),
      group('clock', clock(c)),
    ],
  },
}
