# SPDX-License-Identifier: Apache-2.0
"""Files of /proc and /sys that are cut, empty, binary, folders or unreadable: one collector fails, and nothing else."""

import collections
import os
import re
import shutil

import pytest
from fixture import FIXTURES
from helpers import Metrics, run_exporter, scrape, show

BINARY_BYTES = bytes(range(256)) * 8
HUGE_NUMBERS = b"9999999999999999999999999999 -1 0x10 1e400 nan\n" * 40

# What a collector must not live through: files without which it has nothing to say.
MUST_FAIL = {
    "proc/stat": ["cpu", "stat"], "proc/meminfo": ["meminfo"], "proc/loadavg": ["loadavg"], "proc/vmstat": ["vmstat"],
    "proc/diskstats": ["diskstats"], "proc/net/dev": ["netdev"], "proc/net/sockstat": ["sockstat"],
    "proc/net/softnet_stat": ["softnet"], "proc/sys/fs/file-nr": ["filefd"], "proc/mdstat": ["mdadm"],
    "proc/schedstat": ["schedstat"], "proc/1/mountinfo": ["filesystem"], "proc/pressure/cpu": ["pressure"],
    "proc/net/netstat": ["netstat"], "proc/self/cgroup": ["cgroup"],
}
# What varies from scrape to scrape without anybody's fault. Groups of processes stay known once they were seen, and add
# up what they saw, damaged files too.
VARYING = re.compile(r"^(namedprocess_|node_scrape_|node_time_|node_timex_|process_|node_filesystem_|node_health|node_config_|"
                     r"node_uname_|node_textfile_|node_network_address)")


def overwrite(path, data):
    with open(path, "wb") as file:
        file.write(data)


def cut_in_half(path):
    with open(path, "rb") as file:
        data = file.read()
    overwrite(path, data[:len(data) // 2])


def cut_last_line(path):
    with open(path, "rb") as file:
        data = file.read().rstrip(b"\n")
    overwrite(path, data[:-1])


def make_folder(path):
    os.remove(path)
    os.mkdir(path)


def make_dangling_link(path):
    os.remove(path)
    os.symlink("nowhere", path)


def make_fifo(path):
    os.remove(path)
    os.mkfifo(path)


DAMAGES = {
    "cut in half": cut_in_half,
    "without its last byte": cut_last_line,
    "empty": lambda path: overwrite(path, b""),
    "binary": lambda path: overwrite(path, BINARY_BYTES),
    "odd numbers": lambda path: overwrite(path, HUGE_NUMBERS),
    "a folder": make_folder,
    "a dangling link": make_dangling_link,
    "unreadable": lambda path: os.chmod(path, 0),
}
# What can become of an attribute of a device; the rest happens to files of /proc in tests alone.
DEVICE_DAMAGES = ["cut in half", "empty", "binary", "unreadable"]


class Host:
    """A copy of the fixtures that can be damaged and repaired, and the flags that make an exporter read it."""

    def __init__(self, stack, binary):
        self.folder = stack.path("host")
        shutil.copytree(FIXTURES, self.folder, symlinks=True)
        os.chmod(stack.folder, 0o755)
        self.prefix = []
        if os.geteuid() == 0:
            # Root may read everything: the exporter runs as nobody, from a copy that nobody may run.
            runnable = stack.path("system-exporter")
            shutil.copy(binary, runnable)
            self.prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", runnable]
        else:
            self.prefix = [binary]
        self.flags = [f"--path.procfs={self.folder}/proc", f"--path.sysfs={self.folder}/sys",
                      f"--path.rootfs={self.folder}/root", f"--path.udev.data={self.folder}/udev",
                      "--collector.cpu.info", "--collector.processes", "--collector.stat.softirq",
                      f"--collector.textfile.directory={self.folder}/textfile"]
        config = f"{self.folder}/config.yml"
        if os.path.exists(config):
            self.flags.append(f"--config.file={config}")

    def files(self, alike):
        """The regular files that collectors may read, by their paths below the fixtures; of those whose paths differ in
        numbers alone (the same file of other processes, CPUs, sensors) at most `alike`."""
        found = []
        for top in ("proc", "sys", "udev", "root"):
            for folder, _, names in os.walk(f"{self.folder}/{top}"):
                found += [os.path.relpath(f"{folder}/{name}", self.folder) for name in names
                          if not os.path.islink(f"{folder}/{name}")]
        kinds = collections.Counter()
        chosen = []
        for path in sorted(found):
            kind = re.sub(r"\d+", "N", path)
            kinds[kind] += 1
            if kinds[kind] <= alike:
                chosen.append(path)
        return chosen

    def damage(self, name, how):
        DAMAGES[how](f"{self.folder}/{name}")

    def repair(self, name):
        path, original = f"{self.folder}/{name}", f"{FIXTURES}/{name}"
        if os.path.isdir(path):
            os.rmdir(path)
        elif os.path.lexists(path):
            os.remove(path)
        shutil.copy(original, path)


def stable(page):
    """What the files alone decide."""
    return {key: value for key, value in page.samples.items() if not VARYING.match(key[0])}


def changed_collectors(before, after):
    return {name: (state, after.get(name)) for name, state in before.items() if after.get(name) != state}


def test_no_damaged_file_loses_a_scrape(binary, stack):
    host = Host(stack, binary)
    process = stack.start("exporter", [*host.prefix, "--web.listen-address=127.0.0.1:0", *host.flags])
    found = process.wait_until(lambda: re.search(r'msg="?listening"? address=(\S+)', process.log_text()), "its address")
    url = found.group(1)
    healthy = scrape(url)
    states = healthy.states()
    failing = {name: state for name, state in states.items() if state in ("failed", "timeout")}
    assert not failing, f"on whole fixtures: {failing}; {process.log_text()[-2000:]}"
    all_files, damages, failed_at, most = host.files(alike=1), 0, {}, 0
    assert len(all_files) > 100
    for name in all_files:
        for how in DEVICE_DAMAGES if name.startswith("sys/") else DAMAGES:
            host.damage(name, how)
            page = scrape(url)
            process.check_alive()
            damages += 1
            changed = changed_collectors(states, page.states())
            assert set(page.states()) == set(states)
            assert all(state in ("failed", "not_applicable", "ok") for _, state in changed.values()), (name, how, changed)
            most = max(most, len(changed))
            assert len(changed) <= 4, f"{name} {how}: {changed}"
            assert page.value("node_up") == 1
            failed = [collector for collector, (_, state) in changed.items() if state == "failed"]
            if name.startswith("sys/") and name != "sys/devices/system/cpu/online":
                assert not failed, f"{name} {how}: one bad attribute of a device must cost no more than itself: {failed}"
            for collector in failed:
                failed_at.setdefault((collector, how), []).append(name)
            for collector in failed:
                assert page.value("node_scrape_collector_success", collector=collector) == 0
            if how in ("empty", "binary") and name in MUST_FAIL:
                lost = [collector for collector in MUST_FAIL[name] if page.state(collector) == "ok"]
                assert not lost, f"{name} {how}: {lost} are ok; {process.log_text()[-500:]}"
            host.repair(name)
    again = scrape(url)
    assert again.states() == states, changed_collectors(states, again.states())
    difference = stable(healthy).items() ^ stable(again).items()
    assert not difference, f"not as before once all is repaired: {sorted(map(str, difference))[:10]}"
    failures = [line for line in process.log_text().splitlines() if "collector failed" in line]
    assert failures and all(re.search(r'error="?[^"]', line) for line in failures)
    show(f"{len(all_files)} files, {damages} damages, each scrape answered; "
         f"at most {most} collectors changed state at once",
         *(f"{collector} failed, {how}: {', '.join(names)}" for (collector, how), names in sorted(failed_at.items())))


def test_a_damaged_file_at_the_start(binary, stack):
    """What is read once, at the start, is damaged before the start: the process never ends badly."""
    host = Host(stack, binary)
    count = 0
    for name in host.files(alike=1):
        host.damage(name, "binary")
        code, out, err = run_exporter(host.prefix[0], *host.prefix[1:], "--once", *host.flags)
        assert code == 0, f"{name}: exit {code}: {err[-500:]}"
        assert Metrics(out).value("node_up") == 1
        host.repair(name)
        count += 1
    show(f"{count} starts")


def test_nothing_is_there_at_all(binary, stack):
    """Empty folders for /proc and /sys: whoever reads them has nothing to say, and the scrape is answered."""
    for name in ("proc", "sys", "root", "udev"):
        os.mkdir(stack.path(name))
    code, out, err = run_exporter(binary, "--once", *(f"--path.{flag}={stack.path(name)}" for flag, name in [
        ("procfs", "proc"), ("sysfs", "sys"), ("rootfs", "root"), ("udev.data", "udev")]))
    assert code == 0, err
    page = Metrics(out)
    states = page.states()
    assert all(state in ("ok", "failed", "not_applicable") for state in states.values())
    assert page.get("node_cpu_seconds_total", cpu="0", mode="idle") is None
    show(f"ok: {sorted(name for name, state in states.items() if state == 'ok')}")


GOOD = "# HELP good_total A good one.\n# TYPE good_total counter\ngood_total{x=\"1\"} 5\n"
BAD_TEXTFILES = {
    "syntax error": b"this is no metric {\n",
    "open quote": b'x{a="b} 1\n',
    "no value": b"x{a=\"b\"}\n",
    "no number": b"x many\n",
    "cut in a line": b"x_total 1\ny_tot",
    "duplicate series": b'x{a="1"} 1\nx{a="1"} 2\n',
    "duplicate label": b'x{a="1",a="2"} 1\n',
    "duplicate type": b"# TYPE x gauge\n# TYPE x counter\nx 1\n",
    "type after the sample": b"x 1\n# TYPE x counter\n",
    "unknown type": b"# TYPE x colour\nx 1\n",
    "invalid UTF-8": b'x{a="\xff\xfe"} 1\n',
    "invalid UTF-8 in a name": b"x\xff 1\n",
    "binary": BINARY_BYTES,
    "time stamp": b"x 1 1395066363000\n",
    "another HELP": b"# HELP good_total Another one.\n# TYPE good_total counter\ngood_total{x=\"2\"} 1\n",
    "another type": b"# TYPE good_total gauge\ngood_total{x=\"2\"} 1\n",
    "a name of ours": b"node_load1 42\nnode_up 0\nnode_scrape_collector_success{collector=\"cpu\"} 0\n",
    "a histogram without its end": b"# TYPE x histogram\nx_bucket{le=\"1\"} 5\n",
    "a bucket that is no number": b"# TYPE x histogram\nx_bucket{le=\"wide\"} 5\nx_sum 1\nx_count 5\n",
    "one very long line": b"x{a=\"" + b"y" * 2_000_000 + b"\"} 1\n",
    "very many labels": b"x{" + b",".join(b'l%d="v"' % i for i in range(3000)) + b"} 1\n",
    "nothing": b"",
}
# Of these nothing is wrong, or nothing that would have to be told.
QUIET = {"nothing", "type after the sample", "a histogram without its end", "very many labels", "one very long line",
         "a name of ours", "invalid UTF-8"}


@pytest.mark.parametrize("case", BAD_TEXTFILES)
def test_a_bad_text_file(binary, stack, case):
    folder = stack.path("textfiles")
    os.mkdir(folder)
    overwrite(f"{folder}/a.prom", GOOD.encode())
    overwrite(f"{folder}/b.prom", BAD_TEXTFILES[case])
    overwrite(f"{folder}/c.prom", b"# TYPE third gauge\nthird 3\n")
    overwrite(f"{folder}/ignored.txt", b"no metrics at all {{{\n")
    code, out, err = run_exporter(binary, "--once", f"--collector.textfile.directory={folder}")
    assert code == 0, err[-500:]
    page = Metrics(out)
    assert page.state("textfile") == "ok", err[-500:]
    assert page.value("good_total", x="1") == 5 and page.value("third") == 3
    assert page.value("node_up") == 1 and page.value("node_scrape_collector_success", collector="cpu") == 1
    assert page.value("node_load1") != 42
    told = page.value("node_textfile_scrape_error") == 1
    lines = [line for line in err.splitlines() if "b.prom" in line]
    if case not in QUIET:
        assert told, "the metric must tell"
        assert len(lines) == 1 and len(lines[0]) < 500, lines
    show(f"{case}: {'told' if told else 'taken'}" + (f": {lines[0][:200].replace(folder, '')}" if lines else ""))
