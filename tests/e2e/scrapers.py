# SPDX-License-Identifier: Apache-2.0
"""Many scrapes at once and one after another, while something else happens to the servers."""

import concurrent.futures
import http.client
import threading
import time
import urllib.parse

CLIENTS = 4


class Scrapers:
    """Clients that ask in turns until they asked at least `least` times and the jobs meanwhile have ended.

    `requests` are (path, headers); a path that is not in `expected` must be answered with 200.
    """

    def __init__(self, url, requests, least, expected=None, pause=0):
        parts = urllib.parse.urlsplit(url)
        self.address = (parts.hostname, parts.port)
        self.requests, self.least, self.expected, self.pause = requests, least, expected or {}, pause
        self.busy, self.asked, self.failures = threading.Event(), 0, []
        self._count = threading.Lock()

    def _next(self):
        with self._count:
            if self.asked >= self.least and not self.busy.is_set():
                return None
            self.asked += 1
            return self.asked

    def _client(self):
        while number := self._next():
            path, headers = self.requests[number % len(self.requests)]
            connection = http.client.HTTPConnection(*self.address, timeout=60)
            try:
                connection.request("GET", path, headers=headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != self.expected.get(path, 200):
                    self.failures.append((path, answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append((path, repr(error)))
            finally:
                connection.close()
            time.sleep(self.pause)

    def run(self, jobs):
        """Runs the jobs meanwhile, all at once. Returns the seconds that it all took."""
        began = time.monotonic()
        self.busy.set()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            clients = [pool.submit(self._client) for _ in range(CLIENTS)]
            try:
                for done in [pool.submit(job) for job in jobs]:
                    done.result()
            finally:
                self.busy.clear()
            for done in clients:
                done.result()
        assert not self.failures, self.failures[:5]
        return time.monotonic() - began
