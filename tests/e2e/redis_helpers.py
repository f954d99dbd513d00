# SPDX-License-Identifier: Apache-2.0
"""What the tests of Redis share."""


def start(stack, cache_binary, address, *flags, env=None):
    """The exporter with this server. Returns (process, base URL)."""
    return stack.start_exporter(cache_binary, f"--redis.addr={address}", *flags, env=env)


def states(page):
    """{collector: state} of a page of one target."""
    return {labels["collector"]: labels["state"] for labels, value in page.of("cache_scrape_collector_state") if value == 1}


def failed(page):
    """The collectors that a page says failed or timed out."""
    return {labels["collector"] for labels, value in page.of("cache_scrape_collector_success") if value == 0}
