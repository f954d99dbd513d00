# SPDX-License-Identifier: Apache-2.0
"""What the AI gateway's dashboards are drawn from: a gateway with several models and upstreams, of which one is out now and
then and one has too many requests at times, and a plain one for a server of one's own, each with clients that never rest.

gateway_render.py several|plain PORT makes such clients' requests, for good.
"""

import asyncio
import dataclasses
import random
import sys

from gateway import Gateway, model, upstream
from llm_calls import Call
from llm_load import Job, once
from provider import KEY, Provider
from redis import start_redis

SEVERAL, PLAIN = "several", "plain"
OUTAGES = ("--fail-every=18", "--fail-for=6", "--fail-status=503")
TOO_MANY = ("--fail-every=12", "--fail-for=2", "--fail-status=429", "--default=retry_after=4")
PACE = "delay_headers=0.05 delay_first=0.2 delay=0.04 chunks=12 "  # as models that think for a moment and then type


def config(stack, redis):
    steady = Provider(stack)
    flaky = Provider(stack, "flaky-provider", *OUTAGES)
    limited = Provider(stack, "limited-provider", *TOO_MANY)
    common = {"breaker": {"window": "10s", "minimum_calls": 4, "open_time": "3s"}, "key_file": stack.write("gateway-key", KEY)}
    fast = {"backoff": "50ms", "retry_after_limit": "500ms"}
    once_only = {"attempts": 1, "retries": 0}
    return {
        "proxy": {"max_connections": 100, "max_body_bytes": 1 << 20, "max_held_bytes": 4 << 20},
        "upstreams": [
            upstream("openai", flaky.url, name="openai-east", on_client_abort="drain", **common),
            upstream("openai", steady.url, name="openai-west", on_client_abort="drain", drain={"time": "2s"},
                     probe={"path": "/v1/models", "interval": "2s"}, **common),
            upstream("openai", limited.url, name="azure", **common),
            upstream("anthropic", steady.url, idle_timeout="2s", **common),
            upstream("gemini", steady.url, **common),
        ],
        "models": [
            model("gpt-large", "openai-east", "openai-west", aliases=["gpt-latest"], concurrency=20,
                  limits=[{"requests": 600, "per": "1m"}, {"tokens": 900000, "per": "1m"}], **fast),
            model("gpt-mini", "azure", "openai-west", **fast),
            model("gpt-east-only", "openai-east", **once_only),
            model("gpt-batch", "openai-west", concurrency=2, queue={"length": 3, "wait": "1500ms"}),
            model("gpt-trial", "azure", limits=[{"requests": 5, "per": "10s"}]),
            model("gpt-preview", "openai-west"),
            model("claude", "anthropic"),
            model("gemini-flash", "gemini"),
            model("embeddings", "openai-west", limits=[{"tokens": 20000, "per": "1m"}]),
        ],
        "unknown_models": {"openai": "openai-west"},
        "prices": [
            {"model": "gpt-large", "input": 2.5, "cached_input": 1.25, "output": 10},
            {"model": "gpt-*", "input": 0.15, "cached_input": 0.075, "output": 0.6},
            {"model": "claude", "input": 3, "cached_input": 0.3, "cache_write_5m": 3.75, "cache_write_1h": 6, "output": 15},
            {"model": "gemini*", "input": 0.3, "cached_input": 0.075, "output": 2.5},
            {"model": "embeddings", "input": 0.02},
            {"model": "gpt-preview", "unpriced": True},
        ],
        "budget": {"usd_per_day": 4},
        "shared_limits": {"url": f"redis://{redis.address}/0"},
    }


def plain_config(stack):
    """A model that nothing is to be paid for, with limits that are not shared; other models go to the same server."""
    limits = [{"requests": 200, "per": "1m"}, {"tokens": 60000, "per": "1m"}]
    return {"upstreams": [upstream("openai", Provider(stack, "own-provider").url, name="own")],
            "models": [model("llama", "own", limits=limits)], "unknown_models": {"openai": "own"}}


@dataclasses.dataclass
class Habit:
    """`count` requests at once, `every` so many seconds; `late`: seconds before the first ones."""

    every: float
    call: Call
    leave: str = None
    count: int = 1
    late: float = 0


def chat(name, commands="", stream=True, **headers):
    call = Call("chat", name, PACE + commands, stream=stream)
    call.headers.update({key.replace("_", "-"): value for key, value in headers.items()})
    return call


def nowhere():
    call = chat("gpt-large")
    call.path = "/v1/nowhere"
    return call


def habits_of_several():
    written = "in=1800 out=160 cached=900 write_5m=200 write_1h=100 reasoning=60 left_tokens=15000"
    return [
        Habit(0.4, chat("gpt-large", "in=1200 out=150 cached=500")),
        Habit(1, chat("gpt-latest", "in=2500 out=300 cached=1000 reasoning=120", stream=False)),
        Habit(3, chat("gpt-large", x_stainless_retry_count="1")),
        Habit(5, chat("gpt-large", "status=400")),
        Habit(0.7, chat("gpt-mini", "in=600 out=80 left_tokens=30000")),
        Habit(0.7, chat("gpt-east-only", "in=300 out=40")),
        Habit(8, chat("gpt-batch", "in=4000 out=400 delay_headers=0.8", stream=False), count=7),
        Habit(3, chat("gpt-batch", "in=4000 out=400", stream=False)),
        Habit(1, chat("gpt-trial", "in=100 out=20", stream=False)),
        Habit(2, chat("gpt-preview", "in=700 out=90")),
        Habit(5, chat("gpt-preview", "drop_usage=1", stream=False)),
        Habit(2, chat("gpt-of-tomorrow", "in=500 out=50")),
        Habit(4, chat("gpt-preview", "in=900 out=100 delay=0.1"), leave="first"),  # drained
        Habit(7, chat("gpt-preview", "in=900 out=400 chunks=100 delay=0.1"), leave="first"),  # drained in vain
        Habit(0.7, Call("messages", "claude", PACE + written, stream=True)),
        Habit(6, Call("messages", "claude", PACE + written, stream=True), leave="mid"),
        Habit(6, Call("messages", "claude", PACE + "error=late:5", stream=True), late=2),
        Habit(9, Call("messages", "claude", PACE + "hang=5", stream=True)),
        Habit(8, Call("messages", "claude-of-tomorrow", PACE), late=3),
        Habit(0.6, Call("generate_content", "gemini-flash", PACE + "in=900 out=200 cached=300 reasoning=80", stream=True)),
        Habit(2, Call("responses", "gpt-mini", PACE + "in=800 out=120 reasoning=60", stream=True)),
        Habit(0.5, Call("embeddings", "embeddings", "in=300 delay_headers=0.03")),
        Habit(5, nowhere()),
        Habit(7, Call("chat", 7)),
    ]


def habits_of_plain():
    return [Habit(0.5, chat("llama", "in=400 out=60")), Habit(2, Call("embeddings", "of-tomorrow", "in=200"))]


HABITS = {SEVERAL: habits_of_several, PLAIN: habits_of_plain}


def start_gateways(stack, binary):
    """{SEVERAL, PLAIN: the Gateway}, and their clients, until the stack ends."""
    gateways = {SEVERAL: Gateway(stack, binary, config(stack, start_redis(stack, name="gateway-redis"))),
                PLAIN: Gateway(stack, binary, plain_config(stack))}
    for name, gateway in gateways.items():
        stack.start("llm-clients-" + name, [sys.executable, "-B", __file__, name, str(gateway.port)])
    return gateways


async def follow(port, habit):
    """Tasks are kept by the loop's set of them only weakly, so here, too."""
    chance, tasks = random.Random(0), set()
    await asyncio.sleep(habit.late)
    while True:
        tasks |= {asyncio.create_task(once(port, Job(habit.call, "", habit.leave), chance)) for _ in range(habit.count)}
        tasks = {task for task in tasks if not task.done()}
        await asyncio.sleep(habit.every)


async def follow_all(port, habits):
    await asyncio.gather(*(follow(port, habit) for habit in habits))


if __name__ == "__main__":
    asyncio.run(follow_all(int(sys.argv[2]), HABITS[sys.argv[1]]()))
