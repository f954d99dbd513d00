# SPDX-License-Identifier: Apache-2.0
"""The numbers are this host's: each is compared with what the kernel says right before and right after the scrape."""

import contextlib
import math
import os
import socket
import subprocess
import time

import host
import pytest
from helpers import open_files, scrape, show, thread_count
from processes import wait_for

ROUNDS = 300


@pytest.fixture(scope="module", name="exporter")
def exporter_fixture(binary, module_stack):
    config = module_stack.write("groups.yml", "process_names:\n  - name: sleepers\n    cmdline: ['^sleep 98765']\n")
    return module_stack.start_exporter(binary, "--collector.processes", f"--config.file={config}")


def equal(left, right):
    return math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-9)


def prove(url, read, collector):
    """Reads, scrapes and reads again until each value has once stood between its two readings.

    There is no tolerance: a value in a wrong unit, of a wrong field or of yesterday never stands there, and one that
    moves fast does so after some rounds. Returns how many were proven and how many rounds it took.
    """
    unproven = last = None
    for round_number in range(1, ROUNDS + 1):
        before = read()
        page = scrape(url, f"/metrics/{collector}")
        after = read()
        known = before.keys() & after.keys()
        unproven = set(known) if unproven is None else unproven & known
        absent = [name for name in known if name not in page.samples]
        assert not absent, f"{collector}: not exported: {sorted(map(str, absent))[:5]}"
        last = {}
        for name in list(unproven):
            low, high = sorted((before[name], after[name]))
            value = page.samples[name]
            if low <= value <= high or equal(value, low) or equal(value, high):
                unproven.discard(name)
            else:
                last[name] = (low, value, high)
        if not unproven:
            return len(known), round_number
    raise AssertionError(f"{collector}: never between two readings (low, ours, high): {list(last.items())[:5]}")


@contextlib.contextmanager
def a_connection():
    """One open loopback connection, as a scrape has while it counts connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        # The scrape finds the exporter listening, and nobody here.
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        server.close()
        with client, accepted:
            yield


def while_connected(read):
    def read_connected():
        with a_connection():
            return read()
    return read_connected


@pytest.mark.parametrize("collector, read", [
    ("meminfo", host.memory), ("loadavg", host.load), ("vmstat", host.vmstat), ("netdev", host.netdev),
    ("netstat", while_connected(host.netstat)), ("sockstat", while_connected(host.sockstat)), ("filefd", while_connected(host.filefd)), ("entropy", host.entropy),
    ("diskstats", host.disks), ("pressure", host.pressure), ("conntrack", host.conntrack),
    ("filesystem", host.filesystems)])
def test_values_stand_between_two_readings(exporter, collector, read):
    _, url = exporter
    if not read():
        page = scrape(url, f"/metrics/{collector}")
        assert page.state(collector) == "not_applicable" or collector in ("diskstats", "filesystem")
        show(f"{collector}: this host has none, and the exporter says {page.state(collector)}")
        return
    proven, rounds = prove(url, read, collector)
    show(f"{collector}: {proven} values in {rounds} rounds")


@pytest.mark.parametrize("collector, prefixes", [
    ("cpu", ("node_cpu_",)), ("stat", ("node_intr", "node_context", "node_boot", "node_forks", "node_procs"))])
def test_proc_stat(exporter, collector, prefixes):
    _, url = exporter
    proven, rounds = prove(url, lambda: {name: value for name, value in host.cpu_and_stat().items()
                                         if name[0].startswith(prefixes)}, collector)
    show(f"{collector}: {proven} values in {rounds} rounds")


def test_every_mount_is_there_and_no_other(exporter):
    _, url = exporter
    page = scrape(url, "/metrics/filesystem")
    ours = {(labels["device"], labels["fstype"], labels["mountpoint"])
            for labels, _ in page.of("node_filesystem_device_error")}
    assert ours == host.mounts()
    show(f"{len(ours)} mounts")


def test_names_of_this_host(exporter):
    _, url = exporter
    page = scrape(url)
    uname = os.uname()
    [(labels, _)] = page.of("node_uname_info")
    assert (labels["nodename"], labels["release"], labels["machine"], labels["sysname"], labels["version"]) == (
        uname.nodename, uname.release, uname.machine, uname.sysname, uname.version)
    if os.path.exists("/etc/os-release"):
        release = dict(line.split("=", 1) for line in host.lines("/etc/os-release") if "=" in line)
        [(labels, _)] = page.of("node_os_info")
        assert labels["id"] == release["ID"].strip('"')
        assert labels["pretty_name"] == release["PRETTY_NAME"].strip('"')
    online = {labels["cpu"] for labels, _ in page.of("node_cpu_seconds_total")}
    assert len(online) == os.sysconf("SC_NPROCESSORS_ONLN")


def test_time(exporter):
    _, url = exporter
    before = time.time()
    value = scrape(url, "/metrics/time").value("node_time_seconds")
    assert before - 0.001 <= value <= time.time() + 0.001


def test_counts_of_processes(exporter):
    _, url = exporter

    def read():
        return {host.key("node_processes_pids"): sum(name.isdigit() for name in os.listdir("/proc")),
                host.key("node_processes_max_threads"): int(host.lines("/proc/sys/kernel/threads-max")[0])}
    proven, rounds = prove(url, read, "processes")
    show(f"processes: {proven} values in {rounds} rounds")


def test_a_group_of_processes(exporter):
    _, url = exporter
    path = "/metrics/process_groups"
    sleepers = [subprocess.Popen(["sleep", "98765"]) for _ in range(3)]
    try:
        def count():
            return scrape(url, path).get("namedprocess_namegroup_num_procs", groupname="sleepers")
        wait_for(lambda: count() == 3, "three sleepers in their group")

        # A sleeper that has just started still opens its libraries and locale.
        def agrees():
            page = scrape(url, path)
            resident = sum(int(line.split()[1]) * 1024 for process in sleepers
                           for line in host.lines(f"/proc/{process.pid}/status") if line.startswith("VmRSS"))
            return page.value("namedprocess_namegroup_num_threads", groupname="sleepers") == 3 and \
                page.value("namedprocess_namegroup_open_filedesc", groupname="sleepers") == \
                sum(len(open_files(process.pid)) for process in sleepers) and \
                page.value("namedprocess_namegroup_memory_bytes", groupname="sleepers", memtype="resident") == \
                pytest.approx(resident, rel=0.2)  # smaps and status count pages a little differently
        wait_for(agrees, "threads, open files and memory of the three sleepers")
    finally:
        for process in sleepers:
            process.kill()
            process.wait()
    wait_for(lambda: count() == 0, "an empty group once they are gone")


def test_the_exporter_itself(exporter):
    process, url = exporter

    def check():
        before, page, after = len(open_files(process.pid)), scrape(url), len(open_files(process.pid))
        # The connection of the scrape is open while it counts.
        return min(before, after) <= page.value("process_open_fds") <= max(before, after) + 2
    wait_for(check, "process_open_fds between two countings")
    page = scrape(url)
    assert page.value("process_resident_memory_bytes") > 1 << 20
    start = page.value("process_start_time_seconds")
    assert time.time() - 3600 < start <= time.time()
    threads = page.get("process_threads")
    assert threads is None or threads == thread_count(process.pid)


def test_the_cgroup_of_the_exporter(exporter):
    process, url = exporter
    page = scrape(url, "/metrics/cgroup")
    if page.state("cgroup") == "not_applicable":
        assert not os.path.exists("/sys/fs/cgroup/cgroup.controllers")
        show("cgroup: this host has none")
        return
    own = {labels["cgroup"] for labels, _ in page.of("node_cgroup_info") if labels["self"] == "true"}
    assert own, "it runs in some cgroup"
    assert all(0 < value < 1 << 62 for _, value in page.of("node_cgroup_memory_limit_bytes")), "no limit, no number"
    usage_files = {path: cgroup for cgroup in own
                   for path in (f"/sys/fs/cgroup{cgroup}/memory.current",
                                f"/sys/fs/cgroup/memory{cgroup}/memory.usage_in_bytes") if os.path.exists(path)}
    if not usage_files:
        show(f"cgroup: {sorted(own)} have no memory controller")
        return

    def read():
        return {host.key("node_cgroup_memory_usage_bytes", cgroup=cgroup): int(host.lines(path)[0])
                for path, cgroup in usage_files.items()}
    proven, rounds = prove(url, read, "cgroup")
    show(f"cgroup {sorted(own)} of process {process.pid}: {proven} values in {rounds} rounds")
