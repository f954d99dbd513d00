# SPDX-License-Identifier: Apache-2.0
"""Reads this host's numbers straight from the kernel, under the names that the exporter gives them.

Each function returns {(metric, frozenset of labels): value}. They share no code with the exporter.
"""

import os
import re

NETDEV = ["receive_bytes", "receive_packets", "receive_errs", "receive_drop", "receive_fifo", "receive_frame",
          "receive_compressed", "receive_multicast", "transmit_bytes", "transmit_packets", "transmit_errs",
          "transmit_drop", "transmit_fifo", "transmit_colls", "transmit_carrier", "transmit_compressed"]
CPU_MODES = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"]
# Name and factor of the columns of /proc/diskstats.
DISK = [("reads_completed_total", 1), ("reads_merged_total", 1), ("read_bytes_total", 512),
        ("read_time_seconds_total", 0.001), ("writes_completed_total", 1), ("writes_merged_total", 1),
        ("written_bytes_total", 512), ("write_time_seconds_total", 0.001), ("io_now", 1),
        ("io_time_seconds_total", 0.001), ("io_time_weighted_seconds_total", 0.001), ("discards_completed_total", 1),
        ("discards_merged_total", 1), ("discarded_sectors_total", 1), ("discard_time_seconds_total", 0.001),
        ("flush_requests_total", 1), ("flush_requests_time_seconds_total", 0.001)]
NOT_A_DISK = re.compile(r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$")
NO_MOUNT_POINT = re.compile(r"^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)")
NO_FILE_SYSTEM = re.compile(
    r"^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|"
    r"proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$")


def lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def key(name, **labels):
    return name, frozenset(labels.items())


def memory():
    values = {}
    for line in lines("/proc/meminfo"):
        name, rest = line.split(":")
        parts = rest.split()
        name = re.sub(r"\((.*)\)", r"_\1", name)
        in_bytes = len(parts) == 2
        values[key("node_memory_" + name + ("_bytes" if in_bytes else ""))] = int(parts[0]) * (1024 if in_bytes else 1)
    return values


def load():
    return {key(name): float(text) for name, text in zip(["node_load1", "node_load5", "node_load15"],
                                                         lines("/proc/loadavg")[0].split())}


def cpu_and_stat():
    values = {}
    names = {"intr": "node_intr_total", "ctxt": "node_context_switches_total", "btime": "node_boot_time_seconds",
             "processes": "node_forks_total", "procs_running": "node_procs_running",
             "procs_blocked": "node_procs_blocked"}
    for line in lines("/proc/stat"):
        name, *numbers = line.split()
        if re.fullmatch(r"cpu\d+", name):
            for mode, ticks in zip(CPU_MODES, numbers):
                values[key("node_cpu_seconds_total", cpu=name[3:], mode=mode)] = int(ticks) / os.sysconf("SC_CLK_TCK")
            for mode, ticks in zip(["user", "nice"], numbers[8:]):
                values[key("node_cpu_guest_seconds_total", cpu=name[3:], mode=mode)] = int(ticks) / 100
        elif name in names:
            values[key(names[name])] = int(numbers[0])
    return values


def vmstat():
    wanted = re.compile(r"^(oom_kill|pgpg|pswp|pg.*fault).*")
    return {key("node_vmstat_" + name): int(number) for name, number in map(str.split, lines("/proc/vmstat"))
            if wanted.match(name)}


def netdev():
    values = {}
    for line in lines("/proc/net/dev")[2:]:
        device, numbers = line.split(":")
        for name, number in zip(NETDEV, numbers.split()):
            values[key(f"node_network_{name}_total", device=device.strip())] = int(number)
    return values


def netstat():
    values, wanted = {}, {"Tcp": ["ActiveOpens", "PassiveOpens", "CurrEstab", "InSegs", "OutSegs", "RetransSegs"],
                          "Udp": ["InDatagrams", "OutDatagrams", "NoPorts"], "Icmp": ["InMsgs", "OutMsgs"],
                          "Ip": ["Forwarding"]}
    table = lines("/proc/net/snmp")
    for names, numbers in zip(table[::2], table[1::2]):
        protocol = names.split(":")[0]
        for name, number in zip(names.split()[1:], numbers.split()[1:]):
            if name in wanted.get(protocol, ()):
                values[key(f"node_netstat_{protocol}_{name}")] = int(number)
    return values


def sockstat():
    values = {}
    for line in lines("/proc/net/sockstat"):
        protocol, *pairs = line.replace(":", "").split()
        for name, number in zip(pairs[::2], pairs[1::2]):
            values[key(f"node_sockstat_{protocol}_{name}")] = int(number)
            if name == "mem":
                values[key(f"node_sockstat_{protocol}_mem_bytes")] = int(number) * os.sysconf("SC_PAGE_SIZE")
    return values


def filefd():
    allocated, _, maximum = lines("/proc/sys/fs/file-nr")[0].split()
    return {key("node_filefd_allocated"): int(allocated), key("node_filefd_maximum"): float(maximum)}


def entropy():
    folder = "/proc/sys/kernel/random/"
    return {key("node_entropy_available_bits"): int(lines(folder + "entropy_avail")[0]),
            key("node_entropy_pool_size_bits"): int(lines(folder + "poolsize")[0])}


def disks():
    values = {}
    for line in lines("/proc/diskstats"):
        parts = line.split()
        if NOT_A_DISK.match(parts[2]):
            continue
        for (name, factor), number in zip(DISK, parts[3:]):
            values[key("node_disk_" + name, device=parts[2])] = int(number) * factor
    return values


def pressure():
    """Empty on a kernel without PSI."""
    values = {}
    for resource in ("cpu", "io", "memory"):
        path = f"/proc/pressure/{resource}"
        if not os.path.exists(path):
            continue
        for line in lines(path):
            kind = {"some": "waiting", "full": "stalled"}[line.split()[0]]
            total = int(re.search(r"total=(\d+)", line)[1]) / 1e6
            values[key(f"node_pressure_{resource}_{kind}_seconds_total")] = total
    return values


def conntrack():
    """Empty where the kernel tracks no connections."""
    folder = "/proc/sys/net/netfilter/"
    if not os.path.exists(folder + "nf_conntrack_count"):
        return {}
    return {key("node_nf_conntrack_entries"): int(lines(folder + "nf_conntrack_count")[0]),
            key("node_nf_conntrack_entries_limit"): int(lines(folder + "nf_conntrack_max")[0])}


def mounts():
    """{(device, file system, mount point)} that the default filters let through, from /proc/1/mountinfo."""
    path = "/proc/1/mountinfo" if os.access("/proc/1/mountinfo", os.R_OK) else "/proc/self/mountinfo"
    found = set()
    for line in lines(path):
        left, right = line.split(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), left.split()[4])
        fstype, device = right.split()[:2]
        if not NO_MOUNT_POINT.match(point) and not NO_FILE_SYSTEM.match(fstype):
            found.add((device, fstype, point))
    return found


def filesystems():
    values = {}
    for device, fstype, point in mounts():
        space = os.statvfs(point)
        for name, value in [("size_bytes", space.f_blocks * space.f_bsize), ("free_bytes", space.f_bfree * space.f_bsize),
                            ("avail_bytes", space.f_bavail * space.f_bsize), ("files", space.f_files),
                            ("files_free", space.f_ffree)]:
            values[key("node_filesystem_" + name, device=device, device_error="", fstype=fstype,
                       mountpoint=point)] = value
    return values
