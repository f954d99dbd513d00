// SPDX-License-Identifier: Apache-2.0
// Alerts on filesystems and disks. Read-only filesystems never fill, so the space alerts leave them out.
local alerts = import '../lib/alerts.libsonnet';

function(c) alerts.pair(function(severity) {
  alert: 'SystemDiskFilling',
  expr: |||
    node_filesystem_avail_bytes{%(selector)s,%(filesystems)s}
    / node_filesystem_size_bytes{%(selector)s,%(filesystems)s} < %(free)g
    and
    predict_linear(node_filesystem_avail_bytes{%(selector)s,%(filesystems)s}[6h], %(hours)g * 3600) < 0
    and
    node_filesystem_readonly{%(selector)s,%(filesystems)s} == 0
  ||| % (c { free: c.diskFillingFree[severity], hours: c.diskFillingHours[severity] }),
  'for': { warning: '1h', critical: '30m' }[severity],
  annotations+: {
    summary: 'A filesystem is about to fill up.',
    description: '{{ $labels.mountpoint }} on {{ $labels.instance }} ({{ $labels.device }}) has {{ $value | humanizePercentage }} left and fills within %d hours at its present rate.' % c.diskFillingHours[severity],
  },
}) + alerts.pair(function(severity) {
  alert: 'SystemDiskAlmostFull',
  expr: |||
    node_filesystem_avail_bytes{%(selector)s,%(filesystems)s}
    / node_filesystem_size_bytes{%(selector)s,%(filesystems)s} < %(free)g
    and
    node_filesystem_readonly{%(selector)s,%(filesystems)s} == 0
  ||| % (c { free: c.diskFree[severity] }),
  'for': { warning: '30m', critical: '15m' }[severity],
  annotations+: {
    summary: 'A filesystem is almost full.',
    description: '{{ $labels.mountpoint }} on {{ $labels.instance }} ({{ $labels.device }}) has {{ $value | humanizePercentage }} of its space left.',
  },
}) + alerts.pair(function(severity) {
  alert: 'SystemInodesLow',
  expr: |||
    node_filesystem_files_free{%(selector)s,%(filesystems)s}
    / node_filesystem_files{%(selector)s,%(filesystems)s} < %(free)g
    and
    node_filesystem_readonly{%(selector)s,%(filesystems)s} == 0
  ||| % (c { free: c.inodesFree[severity] }),
  'for': { warning: '30m', critical: '15m' }[severity],
  annotations+: {
    summary: 'A filesystem is running out of inodes.',
    description: '{{ $labels.mountpoint }} on {{ $labels.instance }} ({{ $labels.device }}) has {{ $value | humanizePercentage }} of its inodes left.',
  },
}) + [
  alerts.critical {
    alert: 'SystemFilesystemReadOnly',
    expr: |||
      node_filesystem_readonly{%(selector)s,%(filesystems)s} == 1
      and
      min_over_time(node_filesystem_readonly{%(selector)s,%(filesystems)s}[%(readOnlyLookback)s]) == 0
    ||| % c,
    'for': '2m',
    annotations+: {
      summary: 'A filesystem went read-only.',
      description: '{{ $labels.mountpoint }} on {{ $labels.instance }} ({{ $labels.device }}) was writable and is now read-only, which is how the kernel reacts to disk errors.',
    },
  },
] + alerts.pair(function(severity) {
  alert: 'SystemFilesystemHung',
  expr: |||
    node_filesystem_stuck{%(selector)s} == 1
  ||| % c,
  'for': { warning: '5m', critical: '20m' }[severity],
  annotations+: {
    summary: 'A filesystem does not answer.',
    description: '{{ $labels.mountpoint }} on {{ $labels.instance }} ({{ $labels.device }}) does not answer; programs that touch it hang.',
  },
}) + [
  alerts.warning {
    alert: 'SystemDiskIoSaturated',
    expr: |||
      rate(node_disk_io_time_weighted_seconds_total{%(selector)s,%(disks)s}[5m]) > %(diskQueue)g
      and
      rate(node_disk_io_time_seconds_total{%(selector)s,%(disks)s}[5m]) > %(diskBusy)g
    ||| % c,
    'for': '30m',
    keep_firing_for: '10m',
    annotations+: {
      summary: 'A disk cannot keep up with its requests.',
      description: 'Disk {{ $labels.device }} on {{ $labels.instance }} has {{ $value | printf "%.0f" }} requests waiting on average and is never idle.',
    },
  },
  alerts.warning {
    alert: 'SystemIoPressure',
    expr: |||
      rate(node_pressure_io_stalled_seconds_total{%(selector)s}[5m]) > %(ioStalled)g
      and
      node_load5{%(selector)s} > %(ioMinLoad)g
    ||| % c,
    'for': '15m',
    keep_firing_for: '5m',
    annotations+: {
      summary: 'Tasks on a host stall for disk IO.',
      description: 'On {{ $labels.instance }} every task waited for IO {{ $value | humanizePercentage }} of the time.',
    },
  },
  alerts.critical {
    alert: 'SystemRaidDegraded',
    expr: |||
      node_md_disks_required{%(selector)s} - ignoring (state) node_md_disks{%(selector)s,state="active"} > 0
    ||| % c,
    'for': '15m',
    annotations+: {
      summary: 'A RAID array is degraded.',
      description: 'RAID array {{ $labels.device }} on {{ $labels.instance }} is missing disks: {{ $value | printf "%.0f" }}.',
    },
  },
]
