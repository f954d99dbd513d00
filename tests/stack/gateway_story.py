# SPDX-License-Identifier: Apache-2.0
"""A fixed story for the AI gateway, one request after the other, in which everything that it counts happens at least once."""

import http.client
import json
import threading

from gateway import Gateway, model, upstream
from llm_calls import OPERATIONS, STREAMED, Call, dialect_of
from processes import free_port, wait_for
from provider import KEY, Provider

NAMES = {"openai": "gpt-sim", "anthropic": "claude-sim", "gemini": "gemini-sim"}
TOKENS = "in=1000 out=100 cached=200 reasoning=30"


def config(stack, provider):
    url, key = provider.url, stack.write("key", KEY)
    steady = {"breaker": {"minimum_calls": 1000}}
    once = {"attempts": 1, "retries": 0}
    return {
        "upstreams": [
            upstream("openai", url, on_client_abort="drain", probe={"path": "/v1/models", "interval": "1s"}, **steady),
            upstream("anthropic", url, on_client_abort="cancel", **steady),
            upstream("gemini", url, other_paths="pass", **steady),
            upstream("openai", url, name="failing", **steady),
            upstream("openai", url, name="broken", breaker={"window": "1h", "minimum_calls": 2, "open_time": "1h"}),
            upstream("openai", url, name="limited", key_file=key, **steady),
        ],
        "models": [
            model("gpt-sim", "openai", aliases=["gpt-sim-latest"]),
            model("claude-sim", "anthropic"),
            model("gemini-sim", "gemini"),
            model("gpt-left", "openai"),
            model("gpt-process", ("openai", "gpt-sim")),
            model("claude-left", "anthropic"),
            model("gpt-fallback", "failing", ("openai", "gpt-sim"), backoff="1ms"),
            model("gpt-broken", "broken", **once),
            model("gpt-cooled", "limited", **once),
            model("gpt-limited", "openai", limits=[{"requests": 2, "per": "1h"}, {"tokens": 100000, "per": "1h"}]),
            model("gpt-queued", "openai", concurrency=1, queue={"length": 1, "wait": "60s"}),
            model("gpt-impatient", "openai", concurrency=1, queue={"length": 1, "wait": "100ms"}),
            model("gpt-unpriced", "openai"),
        ],
        "unknown_models": {"openai": "openai"},
        "prices": [{"model": "gpt-sim", "input": 2, "cached_input": 1, "output": 10},
                   {"model": "claude*", "input": 3, "cached_input": 0.3, "cache_write_5m": 3.75, "cache_write_1h": 6,
                    "output": 15},
                   {"model": "gemini*", "free": True}, {"model": "gpt-unpriced", "unpriced": True}],
        "budget": {"usd_per_day": 25},
        "otel": True,
        # Nobody is there: limits are the gateway's own then.
        "shared_limits": {"url": f"redis://127.0.0.1:{free_port()}/0", "retry": "1h"},
    }


class Story:
    """The gateway and its provider; tell() makes the requests."""

    def __init__(self, stack, binary):
        self.provider = Provider(stack)
        self.gateway = Gateway(stack, binary, config(stack, self.provider))

    def ask(self, call, **headers):
        """The status of an answer, once it was read whole."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)
        try:
            connection.request("POST", call.path, call.body, {**call.headers, **headers})
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def expect(self, status, call, **headers):
        got = self.ask(call, **headers)
        if got != status:
            raise AssertionError(f"{call.path} {call.body[-120:]}: {got} instead of {status}")

    def leave(self, call):
        """Asks, and goes as soon as the answer begins."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)
        connection.request("POST", call.path, call.body, call.headers)
        connection.getresponse().read(1)
        connection.close()

    def until(self, name, value, **labels):
        self.gateway.wait_for_page(lambda page: page.total("aigw_" + name, **labels) == value, f"{name}{labels} = {value}")

    def tell(self):
        self.good_answers()
        self.failures()
        self.queues()
        self.refusals()
        self.until("in_flight_requests", 0)
        self.until("upstream_in_flight_requests", 0)
        self.until("upstream_probe_success", 1)

    def good_answers(self):
        for operation in OPERATIONS:
            self.expect(200, Call(operation, NAMES[dialect_of(operation)], TOKENS))
        for operation in STREAMED:
            self.expect(200, Call(operation, NAMES[dialect_of(operation)], TOKENS, stream=True))
        self.expect(200, Call("messages", "claude-sim", "in=900 out=50 write_5m=100 write_1h=200", stream=True))
        self.expect(200, Call("chat", "gpt-sim-latest", TOKENS), **{"x-stainless-retry-count": "1"})
        self.expect(200, Call("chat", "gpt-of-tomorrow", TOKENS))
        self.expect(200, Call("chat", "gpt-unpriced", TOKENS))
        self.expect(200, Call("chat", "gpt-sim", "drop_usage=1"))
        process = Call("chat", "gpt-process", TOKENS)
        process.path = "/api/ai/process"
        process.body = json.dumps({"model": "gpt-process", "prompt": "Say something. sim: " + TOKENS}).encode()
        self.expect(200, process)

    def failures(self):
        self.expect(200, Call("chat", "gpt-fallback", "id=fb fails=2 status=503"))
        self.expect(400, Call("chat", "gpt-sim", "status=400"))
        for status in (500, 500, 503):  # the breaker is open then
            self.expect(status, Call("chat", "gpt-broken", "status=500"))
        for _ in range(2):  # the second one by the gateway itself
            self.expect(429, Call("chat", "gpt-cooled", "status=429 retry_after=3600"))
        self.leave(Call("chat", "gpt-left", "in=300 out=30 chunks=10 delay=0.05", stream=True))
        self.until("drains_total", 1, result="whole")
        self.leave(Call("messages", "claude-left", "chunks=100 delay=0.1", stream=True))
        self.until("streams_total", 1, end="client_cancel", model="claude-left")

    def while_busy(self, name, seconds, then):
        """Does `then` while a request of this model is under way."""
        busy = threading.Thread(target=self.ask, args=(Call("chat", name, f"delay_headers={seconds}"),))
        busy.start()
        self.until("in_flight_requests", 1, model=name)
        then()
        busy.join()

    def queues(self):
        def two_more():
            waiting = threading.Thread(target=self.ask, args=(Call("chat", "gpt-queued"),))
            waiting.start()
            self.until("queue_length", 1, model="gpt-queued")
            self.expect(503, Call("chat", "gpt-queued"))
            busy_ones.append(waiting)

        busy_ones = []
        self.while_busy("gpt-queued", 5, two_more)
        busy_ones[0].join()
        self.while_busy("gpt-impatient", 5, lambda: self.expect(503, Call("chat", "gpt-impatient")))

    def refusals(self):
        for status in (200, 200, 429):
            self.expect(status, Call("chat", "gpt-limited"))
        self.expect(404, Call("messages", "claude-of-tomorrow"))
        self.expect(400, Call("chat", 7))
        for path, status in (("/v1/models", 200), ("/nowhere", 404), ("/v1/../etc", 400)):
            wait_for(lambda path=path, status=status: self.get(path) == status, f"{path} to be answered {status}", limit=5)
