// SPDX-License-Identifier: Apache-2.0
// Recording rules of the system exporter: cheap series for comparing many hosts and for graphs over weeks. No alert
// and no dashboard here depends on them. The instance: names are those of the well-known node mixin, so that
// dashboards built on it keep working; load only one of the two rule sets.
local alerts = import '../lib/alerts.libsonnet';

{
  local c = $._config.system,

  prometheusRules+:: {
    groups+: [
      alerts.group('system-recording', 'system', [
        {
          record: 'instance:node_num_cpu:sum',
          expr: |||
            count without (cpu, mode) (node_cpu_seconds_total{%(selector)s,mode="idle"})
          ||| % c,
        },
        {
          record: 'instance:node_cpu_utilisation:rate5m',
          expr: |||
            1
            - sum without (mode) (
              avg without (cpu) (rate(node_cpu_seconds_total{%(selector)s,mode=~"idle|iowait|steal"}[5m]))
            )
          ||| % c,
        },
        {
          record: 'instance:node_load1_per_cpu:ratio',
          expr: |||
            node_load1{%(selector)s}
            /
            count without (cpu, mode) (node_cpu_seconds_total{%(selector)s,mode="idle"})
          ||| % c,
        },
        {
          record: 'instance:node_memory_utilisation:ratio',
          expr: |||
            1 - node_memory_MemAvailable_bytes{%(selector)s} / node_memory_MemTotal_bytes{%(selector)s}
          ||| % c,
        },
        {
          record: 'instance:node_vmstat_pgmajfault:rate5m',
          expr: |||
            rate(node_vmstat_pgmajfault{%(selector)s}[5m])
          ||| % c,
        },
        {
          record: 'instance_device:node_disk_io_time_seconds:rate5m',
          expr: |||
            rate(node_disk_io_time_seconds_total{%(selector)s,%(disks)s}[5m])
          ||| % c,
        },
        {
          record: 'instance_device:node_disk_io_time_weighted_seconds:rate5m',
          expr: |||
            rate(node_disk_io_time_weighted_seconds_total{%(selector)s,%(disks)s}[5m])
          ||| % c,
        },
        {
          record: 'instance:node_network_receive_bytes_excluding_lo:rate5m',
          expr: |||
            sum without (device) (rate(node_network_receive_bytes_total{%(selector)s,device!="lo"}[5m]))
          ||| % c,
        },
        {
          record: 'instance:node_network_transmit_bytes_excluding_lo:rate5m',
          expr: |||
            sum without (device) (rate(node_network_transmit_bytes_total{%(selector)s,device!="lo"}[5m]))
          ||| % c,
        },
        {
          record: 'instance:node_network_receive_drop_excluding_lo:rate5m',
          expr: |||
            sum without (device) (rate(node_network_receive_drop_total{%(selector)s,device!="lo"}[5m]))
          ||| % c,
        },
        {
          record: 'instance:node_network_transmit_drop_excluding_lo:rate5m',
          expr: |||
            sum without (device) (rate(node_network_transmit_drop_total{%(selector)s,device!="lo"}[5m]))
          ||| % c,
        },
        {
          record: 'instance_mountpoint:node_filesystem_used:ratio',
          expr: |||
            1
            - node_filesystem_avail_bytes{%(selector)s,%(filesystems)s}
            / node_filesystem_size_bytes{%(selector)s,%(filesystems)s}
          ||| % c,
        },
        {
          record: 'instance_cgroup:node_cgroup_cpu_usage_seconds:rate5m',
          expr: |||
            rate(node_cgroup_cpu_usage_seconds_total{%(selector)s}[5m])
          ||| % c,
        },
        {
          record: 'instance_cgroup:node_cgroup_cpu_throttled_periods:ratio_rate5m',
          expr: |||
            rate(node_cgroup_cpu_throttled_periods_total{%(selector)s}[5m])
            /
            (rate(node_cgroup_cpu_periods_total{%(selector)s}[5m]) > 0)
          ||| % c,
        },
        {
          record: 'instance_cgroup:node_cgroup_memory_working_set:ratio',
          expr: |||
            node_cgroup_memory_working_set_bytes{%(selector)s}
            /
            (node_cgroup_memory_effective_limit_bytes{%(selector)s} > 0)
          ||| % c,
        },
      ]),
    ],
  },
}
