# SPDX-License-Identifier: Apache-2.0
"""10,000 scrapes leave open files, threads and memory where they were."""

from helpers import PROMETHEUS_ACCEPT, at_rest, open_files, show, status_kib, thread_count
from scrapers import CLIENTS, Scrapers

# Until then each of the server's threads has touched its stack, and most of the ways in which the clients can meet have
# left their gaps in the heap: it grows by ever less, to an end after some 20,000 requests.
WARM_UP = 6000
SCRAPES = 10_000
# As different clients ask: text, OpenMetrics, gzipped or not, a part, and what is refused.
REQUESTS = [("/metrics", {"Accept": PROMETHEUS_ACCEPT, "Accept-Encoding": "gzip"}), ("/metrics", {}),
            ("/metrics", {"Accept": PROMETHEUS_ACCEPT, "Accept-Encoding": "gzip"}), ("/metrics?collect[]=cpu", {}),
            ("/metrics", {"Accept": PROMETHEUS_ACCEPT, "Accept-Encoding": "gzip"}), ("/health/detailed", {}),
            ("/metrics", {"Accept": PROMETHEUS_ACCEPT, "Accept-Encoding": "gzip"}), ("/metrics?collect[]=x", {}),
            ("/metrics/meminfo", {"Accept": PROMETHEUS_ACCEPT}), ("/", {})]
EXPECTED = {"/metrics?collect[]=x": 400}


def test_ten_thousand_scrapes(binary, stack):
    process, url = stack.start_exporter(binary)
    Scrapers(url, REQUESTS, WARM_UP, EXPECTED).run([])
    files, threads = at_rest(process)
    resident, own = status_kib(process.pid, "VmRSS"), status_kib(process.pid, "RssAnon")
    figures = [f"after {WARM_UP:>6}: {len(files)} open files, {threads} threads, {resident} KiB resident ({own} KiB own)"]
    took = 0.0
    for done in range(SCRAPES // 5, SCRAPES + 1, SCRAPES // 5):
        took += Scrapers(url, REQUESTS, SCRAPES // 5, EXPECTED).run([])
        figures.append(f"after {WARM_UP + done:>6}: {len(open_files(process.pid))} open files, {thread_count(process.pid)} "
                       f"threads, {status_kib(process.pid, 'VmRSS')} KiB resident ({status_kib(process.pid, 'RssAnon')} KiB own)")
    files_after, threads_after = at_rest(process)
    resident_after = status_kib(process.pid, "VmRSS")
    show(*figures, f"at rest: {len(files_after)} open files, {threads_after} threads, {resident_after} KiB resident; "
         f"peak {status_kib(process.pid, 'VmHWM')} KiB", f"{SCRAPES} requests in {took:.1f} s by {CLIENTS} clients")
    assert len(files_after) == len(files), (files, files_after)
    assert threads_after == threads
    assert resident_after - resident < 1024 + resident * 0.02, f"{resident} KiB became {resident_after} KiB"
    log = process.log_text().splitlines()
    assert len(log) < 20, log[:20]
