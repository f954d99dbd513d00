# SPDX-License-Identifier: Apache-2.0
"""A mount that hangs delays nobody: 50 scrapers at once are answered in time, nothing piles up, and all comes back."""

import os
import threading
import time

import pytest
from blocked import KINDS, blocked_mount
from helpers import Metrics, open_files, scrape, show, thread_count
from processes import request, wait_for

SCRAPERS = 50
ROUNDS = 20
DEFAULT_LIMIT = 40  # of --web.max-requests
# One waits in the kernel; a second idle one may stay with those who run collectors, and with those who ask mounts.
SPARE_THREADS = 3
TIMEOUT = 5.0  # what the scrapers' header says
HEADERS = {"X-Prometheus-Scrape-Timeout-Seconds": str(TIMEOUT)}


def at_once(url, count=SCRAPERS):
    """`count` scrapes at the same moment: [(seconds, response or error)]."""
    ready, answers = threading.Barrier(count), []

    def one():
        ready.wait()
        start = time.monotonic()
        try:
            answer = request(url + "/metrics", headers=HEADERS, timeout=60)
        except OSError as error:
            answer = error
        answers.append((time.monotonic() - start, answer))
    clients = [threading.Thread(target=one) for _ in range(count)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return answers


def check_round(answers):
    """Every one was answered whole within its header's timeout. Returns the slowest in seconds."""
    for seconds, answer in answers:
        assert not isinstance(answer, Exception), answer
        assert answer.status == 200, answer.text[:200]
        assert seconds < TIMEOUT, f"answered after {seconds:.2f} s, its header said {TIMEOUT} s"
        assert "node_load1 " in answer.text
    return max(seconds for seconds, _ in answers)


def mount_series(page, mount):
    [labels] = [labels for labels, _ in page.of("node_filesystem_device_error") if labels["mountpoint"] == mount.mount_point]
    return {"device": labels["device"], "fstype": labels["fstype"], "mountpoint": mount.mount_point}


def check_stuck(page, mount, has_values):
    """The stuck mount is told, with its last values; every other mount is fresh."""
    labels = mount_series(page, mount)
    assert page.value("node_filesystem_stuck", **labels) == 1
    assert page.value("node_filesystem_device_error", device_error="mountpoint timeout", **labels) == 1
    assert (page.get("node_filesystem_size_bytes", device_error="", **labels) is not None) == has_values
    others = [(one, value) for one, value in page.of("node_filesystem_stuck") if one["mountpoint"] != mount.mount_point]
    assert others
    for one, value in others:
        assert value == 0, one
        assert page.value("node_filesystem_stat_age_seconds", **one) == 0
    assert page.state("filesystem") == "ok" and page.state("loadavg") == "ok"
    return page.get("node_filesystem_stat_age_seconds", **labels)


def counted(process):
    return thread_count(process.pid), len(open_files(process.pid))


def settled(process):
    """Threads and open files once no connection of a scrape is left."""
    def same():
        first = counted(process)
        time.sleep(0.3)
        return first if counted(process) == first else None
    return wait_for(same, "threads and open files at rest")


@pytest.mark.parametrize("kind", KINDS)
def test_fifty_scrapers_and_a_mount_that_hangs(binary, stack, kind):
    with blocked_mount(stack, binary, kind) as mount:
        process, url = stack.start_exporter(binary, *mount.flags, f"--web.max-requests={SCRAPERS + 10}", env=mount.env)
        page = scrape(url, headers=HEADERS)
        labels = mount_series(page, mount)
        assert page.value("node_filesystem_stuck", **labels) == 0
        size = page.value("node_filesystem_size_bytes", device_error="", **labels)
        check_round(at_once(url))
        free = settled(process)

        mount.block()
        slowest, ages, figures = [], [], []
        for _ in range(ROUNDS):
            answers = at_once(url)
            slowest.append(check_round(answers))
            page = Metrics(answers[-1][1].text)
            ages.append(check_stuck(page, mount, has_values=True))
            assert page.value("node_filesystem_size_bytes", device_error="", **labels) == size
            figures.append(settled(process))
        assert ages == sorted(ages) and ages[-1] > ages[0], ages
        threads, files = zip(*figures)
        assert max(threads) <= free[0] + SPARE_THREADS and set(files) == {free[1]}, f"free {free}, hung {figures}"
        assert scrape(url).value("node_health_check_score", check="filesystem_stuck") < 100

        mount.release()

        def back():
            page = scrape(url, headers=HEADERS)
            return (page.get("node_filesystem_stuck", **labels) == 0
                    and page.get("node_filesystem_stat_age_seconds", **labels) == 0
                    and page.get("node_filesystem_device_error", device_error="", **labels) == 0)
        wait_for(back, "the mount's slot to come back")
        check_round(at_once(url))
        wait_for(lambda: counted(process)[0] < free[0] + SPARE_THREADS and counted(process)[1] <= free[1],
                 f"threads and files back at {free}")
        show(f"{SCRAPERS} scrapers x {ROUNDS} rounds: slowest {max(slowest):.2f} s (first {slowest[0]:.2f} s, "
             f"last {slowest[-1]:.2f} s) of {TIMEOUT} s",
             f"threads and open files: {free} before, while hung {sorted(set(figures))}, {counted(process)} once back",
             f"age of the stuck mount's values: {ages[0]:.2f} s to {ages[-1]:.2f} s")


@pytest.mark.parametrize("kind", KINDS)
def test_a_mount_that_hangs_from_the_start(binary, stack, kind):
    with blocked_mount(stack, binary, kind) as mount:
        mount.block()
        process, url = stack.start_exporter(binary, *mount.flags, f"--web.max-requests={SCRAPERS + 10}", env=mount.env)
        slowest = check_round(at_once(url))
        check_stuck(scrape(url, headers=HEADERS), mount, has_values=False)
        assert request(url + "/health/live").status == 200
        mount.release()
        wait_for(lambda: any(labels["mountpoint"] == mount.mount_point
                             for labels, _ in scrape(url).of("node_filesystem_size_bytes")), "its size")
        assert process.stop() == 0
        show(f"slowest of {SCRAPERS}: {slowest:.2f} s")


@pytest.mark.parametrize("kind", KINDS)
def test_a_collector_that_hangs(binary, stack, kind):
    """opendir() of the text files' folder hangs, and with it a whole collector: the others go on without it."""
    with blocked_mount(stack, binary, kind) as mount:
        process, url = stack.start_exporter(binary, *mount.flags, f"--collector.textfile.directory={mount.folder}",
                                            f"--web.max-requests={SCRAPERS + 10}", env=mount.env)
        assert scrape(url).state("textfile") == "ok"
        check_round(at_once(url))
        free = settled(process)
        mount.block("opendir")
        slowest, figures = [], []
        for _ in range(5):
            answers = at_once(url)
            slowest.append(check_round(answers))
            states = Metrics(answers[-1][1].text).states()
            assert states.pop("textfile") == "timeout"
            assert set(states.values()) <= {"ok", "not_applicable"}, states
            figures.append(settled(process))
        assert all(threads <= free[0] + SPARE_THREADS and files == free[1] for threads, files in figures), figures
        page = scrape(url, headers=HEADERS)
        assert page.value("node_scrape_collector_success", collector="textfile") == 0
        assert page.value("node_scrape_collector_success", collector="loadavg") == 1
        assert page.value("node_up") == 1
        mount.release()
        wait_for(lambda: scrape(url).state("textfile") == "ok", "the collector's slot to come back")
        wait_for(lambda: counted(process)[0] < free[0] + SPARE_THREADS, f"threads back at {free[0]}")
        warnings = [line for line in process.log_text().splitlines() if "collector failed" in line]
        assert len(warnings) == 1, warnings
        show(f"slowest of each round: {', '.join(f'{one:.2f}' for one in slowest)} s; "
             f"threads and files {free} before, {figures[-1]} hung")


@pytest.mark.parametrize("kind", KINDS)
def test_more_scrapers_than_allowed(binary, stack, kind):
    """With the default limit each of 50 gets its answer in time too: a page, or 503."""
    with blocked_mount(stack, binary, kind) as mount:
        _, url = stack.start_exporter(binary, *mount.flags, env=mount.env)
        mount.block()
        answers = at_once(url)
        statuses = sorted(answer.status for _, answer in answers)
        assert set(statuses) <= {200, 503} and statuses.count(200) >= 1
        assert statuses.count(503) <= SCRAPERS - DEFAULT_LIMIT
        assert max(seconds for seconds, _ in answers) < TIMEOUT
        show(f"{statuses.count(200)} answered 200, {statuses.count(503)} answered 503")


def test_a_text_file_that_never_ends(binary, stack):
    """A FIFO without a writer would block whoever opens it."""
    folder = stack.path("textfiles")
    os.mkdir(folder)
    os.mkfifo(f"{folder}/x.prom")
    with open(f"{folder}/good.prom", "w", encoding="ascii") as file:
        file.write("# TYPE good gauge\ngood 1\n")
    _, url = stack.start_exporter(binary, f"--collector.textfile.directory={folder}")
    start = time.monotonic()
    page = scrape(url, headers=HEADERS)
    took = time.monotonic() - start
    assert took < TIMEOUT
    assert page.state("textfile") == "ok" and page.value("good") == 1
    assert page.value("node_textfile_scrape_error") == 1
    show(f"a scrape with a FIFO took {took * 1000:.0f} ms")
