// SPDX-License-Identifier: Apache-2.0
// Alerts on control groups: the container that the exporter runs in and the groups around it. They divide by the
// effective limit (the smallest of the group and its ancestors), which is absent where nothing limits the group.
local alerts = import '../lib/alerts.libsonnet';

function(c) [
  alerts.warning {
    alert: 'SystemContainerCpuThrottled',
    expr: |||
      rate(node_cgroup_cpu_throttled_periods_total{%(selector)s}[5m])
      / rate(node_cgroup_cpu_periods_total{%(selector)s}[5m]) > %(containerThrottled)g
      and
      rate(node_cgroup_cpu_periods_total{%(selector)s}[5m]) > %(containerThrottledMinPeriods)g
    ||| % c,
    'for': '15m',
    keep_firing_for: '10m',
    annotations+: {
      summary: 'A container is throttled at its CPU limit.',
      description: 'Control group {{ $labels.cgroup }} on {{ $labels.instance }} was stopped at its CPU limit in {{ $value | humanizePercentage }} of its periods.',
    },
  },
  alerts.warning {
    alert: 'SystemContainerCpuPressure',
    expr: |||
      rate(node_cgroup_pressure_cpu_stalled_seconds_total{%(selector)s}[5m]) > %(containerCpuStalled)g
    ||| % c,
    'for': '15m',
    keep_firing_for: '5m',
    annotations+: {
      summary: 'A container gets too little CPU time.',
      description: 'Every task of control group {{ $labels.cgroup }} on {{ $labels.instance }} waited for a CPU {{ $value | humanizePercentage }} of the time.',
    },
  },
  alerts.warning {
    alert: 'SystemContainerOomKill',
    expr: |||
      increase(node_cgroup_memory_events_total{%(selector)s,event="oom_kill"}[15m]) > 0
    ||| % c,
    annotations+: {
      summary: 'A process in a container was killed for memory.',
      description: 'Processes killed for memory in or below control group {{ $labels.cgroup }} on {{ $labels.instance }} in 15 minutes: {{ $value | printf "%.0f" }}.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'SystemContainerMemoryNearLimit',
  expr: |||
    node_cgroup_memory_working_set_bytes{%(selector)s}
    / (node_cgroup_memory_effective_limit_bytes{%(selector)s} > 0) > %(used)g
  ||| % (c { used: c.containerMemory[severity] }),
  'for': { warning: '15m', critical: '5m' }[severity],
  annotations+: {
    summary: 'A container is close to its memory limit.',
    description: 'The working set of control group {{ $labels.cgroup }} on {{ $labels.instance }} is {{ $value | humanizePercentage }} of its effective limit.',
  },
}) + alerts.pair(function(severity) {
  alert: 'SystemContainerPidsNearLimit',
  expr: |||
    node_cgroup_pids{%(selector)s} / (node_cgroup_pids_effective_limit{%(selector)s} > 0) > %(used)g
  ||| % (c { used: c.pids[severity] }),
  'for': '5m',
  annotations+: {
    summary: 'A container is running out of process identifiers.',
    description: 'Control group {{ $labels.cgroup }} on {{ $labels.instance }} has {{ $value | humanizePercentage }} of the tasks that its limit allows.',
  },
})
