# SPDX-License-Identifier: Apache-2.0
"""Starts the AI gateway with a config, for tests and the demo, and reads its metrics."""

import json

from exposition import parse
from processes import StackError, free_port, request, wait_for


def upstream(dialect, url, name=None, **more):
    """An upstream of a gateway's config."""
    return {"name": name or dialect, "dialect": dialect, "url": url, **more}


def model(name, *targets, **more):
    """A model of a gateway's config; a target is an upstream's name, or (upstream, its name of the model)."""
    pairs = [(target, name) if isinstance(target, str) else target for target in targets]
    return {"name": name, "targets": [{"upstream": where, "model": there} for where, there in pairs], **more}


class Page:
    """One page of metrics."""

    def __init__(self, text):
        self.text = text
        self.samples = {key: value for family in parse(text).values() for key, value in family.samples.items()}

    def total(self, name, **labels):
        """The sum of a name's samples that have these labels; 0 where there is none."""
        wanted = set(labels.items())
        return sum(value for (sample, found), value in self.samples.items() if sample == name and wanted <= found)


class Gateway:
    """A running gateway: `url` of its metrics, `proxy` of its front, which listens on `port`."""

    def __init__(self, stack, binary, config, *flags):
        self.port = free_port()
        listen = {"listen": [f"127.0.0.1:{self.port}"]}
        config = {**config, "proxy": {**listen, **config.get("proxy", {})}}
        path = stack.write(f"gateway-{self.port}.yml", json.dumps(config))  # JSON is YAML too
        self.process, self.url = stack.start_exporter(binary, f"--config.file={path}", *flags)

    @property
    def proxy(self):
        return f"http://127.0.0.1:{self.port}"

    def page(self):
        answer = request(self.url + "/metrics")
        if answer.status != 200:
            raise StackError(f"/metrics was answered {answer.status}")
        return Page(answer.text)

    def wait_for_page(self, condition, what):
        """The first page that meets the condition."""
        def good():
            page = self.page()
            return page if condition(page) else None
        return wait_for(good, what)

    def page_after(self, condition, what):
        """A page that was begun after one that meets the condition: a page's counts can be a moment older than its gauges, so
        that the last request's is not in them yet."""
        self.wait_for_page(condition, what)
        return self.page()

    def at_rest(self, *more):
        """The page once no request and no drain is under way, and none of `more` (names without aigw_) either."""
        names = ("in_flight_requests", "queue_length", "upstream_in_flight_requests", "upstream_draining", "held_bytes", *more)
        return self.page_after(lambda page: all(page.total("aigw_" + name) == 0 for name in names), "all requests to end")
