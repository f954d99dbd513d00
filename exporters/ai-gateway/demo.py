# SPDX-License-Identifier: Apache-2.0
"""The AI gateway in ./binnacle demo: two simulated providers of all dialects, of which one is overloaded now and then so that its
model falls back to the other, and a few clients: one model queues, one has limits, one has no price, some clients leave."""

import json
import os
import sys

import llm_load
from gateway import Gateway, model, upstream
from provider import KEY, Provider

SHOWS = {
    "LLM requests answered so far": 'sum(aigw_requests_total{outcome="ok"})',
    "tokens counted so far": "sum(aigw_tokens_total)",
    "LLM requests that fell back to another provider": "sum(aigw_fallbacks_total)",
}
RATE = 12  # requests a second
PACE = "delay_headers=0.05 delay_first=0.15 delay=0.03 "  # as models that think for a moment and then type
CHAT = PACE + "in=900 out=120 cached=300 chunks=20"
LOAD = [
    {"operation": "chat", "model": "gpt-demo", "commands": CHAT, "stream": True, "weight": 8},
    {"operation": "chat", "model": "gpt-demo", "commands": CHAT, "stream": True, "leave": "mid"},
    {"operation": "responses", "model": "gpt-demo", "commands": CHAT + " reasoning=60", "stream": True, "weight": 3},
    {"operation": "messages", "model": "claude-demo", "commands": CHAT + " write_5m=100", "stream": True, "weight": 7},
    {"operation": "generate_content", "model": "gemini-demo", "commands": CHAT + " reasoning=30", "stream": True, "weight": 4},
    {"operation": "embeddings", "model": "embeddings-demo", "commands": "in=400 delay_headers=0.04", "weight": 6},
    {"operation": "chat", "model": "gpt-new-demo", "commands": CHAT, "weight": 1},
    {"operation": "chat", "model": "gpt-demo", "commands": "status=400"},
]


def config(steady, failing, key):
    breaker = {"window": "10s", "minimum_calls": 5, "open_time": "5s"}
    common = {"key_file": key, "breaker": breaker}
    return {
        "upstreams": [
            upstream("openai", failing.url, name="first-choice", on_client_abort="drain", **common),
            upstream("openai", steady.url, name="second-choice", on_client_abort="drain", **common),
            upstream("anthropic", steady.url, probe={"path": "/v1/models", "interval": "10s"}, **common),
            upstream("gemini", steady.url, **common),
        ],
        "models": [
            model("gpt-demo", "first-choice", "second-choice", backoff="100ms", limits=[{"requests": 3000, "per": "1m"}]),
            model("claude-demo", "anthropic", concurrency=3, queue={"length": 20, "wait": "10s"}),
            model("gemini-demo", "gemini"),
            model("embeddings-demo", "second-choice", limits=[{"tokens": 60000, "per": "1m"}]),
            model("gpt-new-demo", "second-choice"),
        ],
        "prices": [
            {"model": "gpt-demo", "input": 2.5, "cached_input": 1.25, "output": 10},
            {"model": "claude-demo", "input": 3, "cached_input": 0.3, "cache_write_5m": 3.75, "output": 15},
            {"model": "gemini-demo", "input": 1.25, "cached_input": 0.31, "output": 10},
            {"model": "embeddings-demo", "input": 0.02},
        ],
        "budget": {"usd_per_day": 2500},
        "otel": True,
    }


def start(stack, build):
    steady = Provider(stack, "provider", "--forget")
    failing = Provider(stack, "failing-provider", "--forget", "--fail-every=60", "--fail-for=10", "--fail-status=503")
    binary = os.path.join(build, "exporters/ai-gateway/ai-gateway-exporter")
    gateway = Gateway(stack, binary, config(steady, failing, stack.write("provider.key", KEY)))
    stack.start("llm-clients", [sys.executable, "-B", llm_load.__file__, str(gateway.port), str(RATE),
                                stack.write("llm-load.json", json.dumps(LOAD))])
    return {"ai-gateway": gateway.url}
