# SPDX-License-Identifier: Apache-2.0
"""The cache exporter in ./binnacle demo: private Redis servers and a Memcached, and an application that uses them and tells
of its own cache over StatsD."""

import os

from caches import Caches

SHOWS = {
    "Redis servers, all up": "sum(redis_up) == count(redis_up)",
    "Memcached servers, all up": "sum(memcached_up) == count(memcached_up)",
    "requests to the application's own cache": 'sum(cache_requests_total{tier="l1"})',
}


def start(stack, build):
    caches = Caches(stack)
    url = stack.start_exporter(os.path.join(build, "exporters/cache/cache-exporter"), "--config.file=" + caches.config)[1]
    # After the exporter, which has to be there for what the application tells.
    caches.start_load()
    return {"cache": url}
