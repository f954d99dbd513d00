// SPDX-License-Identifier: Apache-2.0
// Rows of the System dashboard: disks, filesystems and network. They leave out what the alerts leave out.
local g = import '../lib/grafana.libsonnet';

local third = g.size(8, 8);
local graph = third + g.tableLegend('bottom');
local half = g.size(12, 8);

function(q, c) [
  g.row('Disks and filesystems', [
    g.bargauge(
      'Space in use',
      'Share of each filesystem that is in use, as an unprivileged user sees it. The fullest is on top.',
      'percentunit',
      [[q('sort_desc(max by (instance, mountpoint) (1 - node_filesystem_avail_bytes{%(s)s,%(filesystems)s} / node_filesystem_size_bytes{%(s)s,%(filesystems)s}))'), '{{mountpoint}} {{instance}}']],
      third + g.bars('top', 32, 40) + { options+: { text: { titleSize: 13, valueSize: 14 } } } + g.range(0, 1)
      + g.thresholds([[null, 'green'], [1 - c.diskFree.warning, 'orange'], [1 - c.diskFree.critical, 'red']])
      + g.noValue('no disk in sight: is the root of the host mounted into the container?'),
    ),
    g.timeseries(
      'Space in use and in 24 hours',
      'Share in use over time, and dashed where the trend of the last 6 hours leads within 24 hours, once there are 3 hours of values. A dashed line at 100 % is a filesystem that fills.',
      'percentunit',
      [
        [q('max by (instance, mountpoint) (1 - node_filesystem_avail_bytes{%(s)s,%(filesystems)s} / node_filesystem_size_bytes{%(s)s,%(filesystems)s})'), '{{mountpoint}} {{instance}}'],
        [q('max by (instance, mountpoint) (clamp(1 - predict_linear(node_filesystem_avail_bytes{%(s)s,%(filesystems)s}[6h], 86400) / node_filesystem_size_bytes{%(s)s,%(filesystems)s}, 0, 1) and node_filesystem_avail_bytes{%(s)s} offset 3h)'), '{{mountpoint}} in 24 hours {{instance}}'],
      ],
      graph + g.range(0, 1) + g.dashed('B') + g.noValue('no disk in sight'),
    ),
    g.timeseries(
      'Inodes in use',
      'Share of inodes in use. Filesystems that have no fixed number of inodes show nothing.',
      'percentunit',
      [[q('max by (instance, mountpoint) (1 - node_filesystem_files_free{%(s)s,%(filesystems)s} / (node_filesystem_files{%(s)s,%(filesystems)s} > 0))'), '{{mountpoint}} {{instance}}']],
      graph + g.range(0, 1) + g.noValue('no disk in sight'),
    ),
    g.timeseries(
      'Age of filesystem values',
      'Seconds since each mount last answered. A rising line is a mount that hangs; its other values are as old as that.',
      's',
      [[q('max by (instance, mountpoint) (node_filesystem_stat_age_seconds{%(s)s})'), '{{mountpoint}} {{instance}}']],
      graph + g.fromZero(10) + g.noValue('node_exporter does not have this'),
    ),
    g.timeseries(
      'Storage faults',
      'Mounts that do not answer or have an error, read-only mounts, and RAID disks that failed. Read-only may be on purpose.',
      'none',
      [
        [q('sum by (instance) (node_filesystem_device_error{%(s)s})'), 'mounts with an error {{instance}}'],
        [q('sum by (instance) (node_filesystem_readonly{%(s)s})'), 'read-only mounts {{instance}}'],
        [q('sum by (instance) (node_filesystem_stuck{%(s)s})'), 'stuck mounts {{instance}}'],
        [q('sum by (instance) (node_md_disks{%(s)s,state="failed"})'), 'failed RAID disks {{instance}}'],
      ],
      graph + g.fromZero(4) + g.decimals(0),
    ),
    g.timeseries(
      'Disk throughput',
      'Bytes a second read from and written to each disk.',
      'Bps',
      [
        [q('rate(node_disk_read_bytes_total{%(s)s,%(disks)s}[$__rate_interval])'), '{{device}} read {{instance}}'],
        [q('rate(node_disk_written_bytes_total{%(s)s,%(disks)s}[$__rate_interval])'), '{{device}} written {{instance}}'],
      ],
      graph + g.fromZero(1000),
    ),
    g.timeseries(
      'Disk busy time',
      'Share of time in which a disk had at least one request. SSDs can be at 100 % and still take more.',
      'percentunit',
      [[q('rate(node_disk_io_time_seconds_total{%(s)s,%(disks)s}[$__rate_interval])'), '{{device}} {{instance}}']],
      graph + g.fromZero(0.1),
    ),
    g.timeseries(
      'Disk queue length',
      'Average number of requests that were under way or waiting.',
      'none',
      [[q('rate(node_disk_io_time_weighted_seconds_total{%(s)s,%(disks)s}[$__rate_interval])'), '{{device}} {{instance}}']],
      graph + g.fromZero(1),
    ),
    g.timeseries(
      'Disk latency',
      'Average time of a request, with its wait in the queue. Zero for a disk that did nothing.',
      's',
      [
        [q('rate(node_disk_read_time_seconds_total{%(s)s,%(disks)s}[$__rate_interval]) / clamp_min(rate(node_disk_reads_completed_total{%(s)s,%(disks)s}[$__rate_interval]), 0.001)'), '{{device}} read {{instance}}'],
        [q('rate(node_disk_write_time_seconds_total{%(s)s,%(disks)s}[$__rate_interval]) / clamp_min(rate(node_disk_writes_completed_total{%(s)s,%(disks)s}[$__rate_interval]), 0.001)'), '{{device}} write {{instance}}'],
      ],
      graph + g.fromZero(0.001),
    ),
  ]),

  g.row('Network', [
    g.timeseries(
      'Network throughput',
      'Bytes a second received and sent by each interface, without loopback and the virtual pairs of containers.',
      'Bps',
      [
        [q('rate(node_network_receive_bytes_total{%(s)s,%(interfaces)s}[$__rate_interval])'), '{{device}} received {{instance}}'],
        [q('rate(node_network_transmit_bytes_total{%(s)s,%(interfaces)s}[$__rate_interval])'), '{{device}} sent {{instance}}'],
      ],
      half + g.fromZero(1000) + g.tableLegend('right'),
    ),
    g.timeseries(
      'Network errors and drops',
      'Packets a second that were damaged or thrown away. Anything that stays above zero deserves a look.',
      'short',
      [
        [q('rate(node_network_receive_errs_total{%(s)s,%(interfaces)s}[$__rate_interval])'), '{{device}} receive errors {{instance}}'],
        [q('rate(node_network_transmit_errs_total{%(s)s,%(interfaces)s}[$__rate_interval])'), '{{device}} send errors {{instance}}'],
        [q('rate(node_network_receive_drop_total{%(s)s,%(interfaces)s}[$__rate_interval])'), '{{device}} receive drops {{instance}}'],
        [q('rate(node_network_transmit_drop_total{%(s)s,%(interfaces)s}[$__rate_interval])'), '{{device}} send drops {{instance}}'],
      ],
      half + g.fromZero(10) + g.axisLabel('packets/s') + g.tableLegend('right'),
    ),
    g.timeseries(
      'TCP troubles',
      'Events a second: segments sent again, connections refused because a listen queue was full.',
      'cps',
      [
        [q('rate(node_netstat_Tcp_RetransSegs{%(s)s}[$__rate_interval])'), 'retransmitted {{instance}}'],
        [q('rate(node_netstat_TcpExt_ListenOverflows{%(s)s}[$__rate_interval])'), 'listen queue overflows {{instance}}'],
      ],
      half + g.fromZero(1),
    ),
    g.timeseries(
      'Connections',
      'TCP connections that are open or closing, and entries of the connection tracking table where it is loaded. "Use of kernel limits" shows how full that table is.',
      'short',
      [
        [q('node_netstat_Tcp_CurrEstab{%(s)s}'), 'established {{instance}}'],
        [q('node_sockstat_TCP_tw{%(s)s}'), 'in time-wait {{instance}}'],
        [q('node_nf_conntrack_entries{%(s)s}'), 'tracked {{instance}}'],
      ],
      half + g.fromZero(10),
    ),
  ]),
]
