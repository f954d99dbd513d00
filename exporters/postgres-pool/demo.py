# SPDX-License-Identifier: Apache-2.0
"""The postgres-pool exporter in ./binnacle demo: a private PostgreSQL with a replica, PgBouncer before it, a light load."""

import os

from orders import Orders


def start(stack, build):
    shop = Orders(stack)
    shop.start_load()
    binary = os.path.join(build, "exporters/postgres-pool/postgres-pool-exporter")
    return {"postgres-pool": stack.start_exporter(binary, "--config.file=" + shop.config)[1]}
