# SPDX-License-Identifier: Apache-2.0
"""What the gateway counts is what the provider sent, to the unit: whatever clients, answers and the provider's process do."""

import asyncio
import collections
import random

import pytest
from gateway import Gateway, model, upstream
from gateway_load import make_job, make_jobs, model_names
from helpers import show
from llm_calls import STREAMED, Call, dialect_of
from llm_load import STAGES, Job, run_load
from processes import wait_for
from provider import Provider

# In dollars for a million tokens, so that a token costs a whole number of billionths of a dollar.
NANOS = {"input": 1, "cached_input": 2, "cache_write_5m": 3, "cache_write_1h": 5, "output": 1000, "reasoning": 1007}
PRICES = [{"model": "*", **{kind: nanos / 1000 for kind, nanos in NANOS.items()}}]
NEVER = {"minimum_calls": 1000000}  # no breaker opens
DRAIN = {"time": "60s", "bytes": 1 << 30, "streams": 100000}


def config(provider, names, **more):
    """All dialects at one provider; `names` has {model: dialect}."""
    dialects = sorted(set(names.values()))
    return {"upstreams": [upstream(dialect, provider.url, breaker=NEVER, retry_ratio=1, **more) for dialect in dialects],
            "models": [model(name, dialect, backoff="5ms") for name, dialect in names.items()], "prices": PRICES}


def cost(row):
    """What a row of the ledger costs, in billionths of a dollar."""
    parts = {"cached_input": row["cached"], "cache_write_5m": row["write_5m"], "cache_write_1h": row["write_1h"],
             "reasoning": row["reasoning"]}
    plain = {"input": row["input"] - row["cached"] - row["write_5m"] - row["write_1h"],
             "output": row["output"] - row["reasoning"]}
    return sum(NANOS[kind] * count for kind, count in {**parts, **plain}.items())


def sent(rows):
    """{model: what its rows whose final usage went out say together}, in the shape of counted()."""
    sums = collections.defaultdict(collections.Counter)
    for row in rows:
        if row["final"]:
            sums[row["model"]].update({
                "input": row["input"], "output": row["output"], "cached": row["cached"], "write_5m": row["write_5m"],
                "write_1h": row["write_1h"], "reasoning": row["reasoning"], "reported": 1, "nanos": cost(row)})
    return sums


def counted(page, name):
    """What the gateway says that was reported of a model."""
    def value(family, **labels):
        return page.total("aigw_" + family, model=name, **labels)
    return {"input": value("tokens_total", type="input"), "output": value("tokens_total", type="output"),
            "cached": value("cached_input_tokens_total"), "write_5m": value("cache_write_tokens_total", ttl="5m"),
            "write_1h": value("cache_write_tokens_total", ttl="1h"), "reasoning": value("reasoning_tokens_total"),
            "reported": value("usage_source_total", source="reported"), "nanos": round(value("cost_usd_total") * 1e9)}


def settled_ledger(provider):
    """The ledger once it grows no more."""
    seen = []

    def same():
        seen.append(len(provider.ledger()))
        return len(seen) > 3 and len(set(seen[-3:])) == 1

    wait_for(same, "the ledger to be at rest", interval=0.3)
    return provider.ledger()


def by_cause(rows, jobs):
    """How many of the jobs that clients left at each stage had their usage sent all the same."""
    final = {row["id"] for row in rows if row["final"]}
    found = collections.defaultdict(lambda: [0, 0])
    for number, job in enumerate(jobs):
        if job.leave:
            found[job.leave][0] += 1
            found[job.leave][1] += str(number) in final
    return {stage: f"{with_usage} of {count}" for stage, (count, with_usage) in sorted(found.items())}


def test_ten_thousand_mixed_requests_are_counted_to_the_unit(stack, ai_gateway_binary):
    provider = Provider(stack)
    gateway = Gateway(stack, ai_gateway_binary, config(provider, model_names(), on_client_abort="drain", drain=DRAIN))
    jobs = make_jobs(10000, seed=6)
    statuses = asyncio.run(run_load(gateway.port, jobs))
    page, rows = gateway.at_rest(), settled_ledger(provider)

    assert {status for status, job in zip(statuses, jobs) if job.good and not job.leave} == {200}
    left = [job for job in jobs if job.leave]
    show(f"{len(jobs)} requests, {len(rows)} attempts; left by the client, and with their usage: {by_cause(rows, jobs)}")
    assert len(left) > 1800 and {job.leave for job in left} == set(STAGES)
    check_counts(page, rows, model_names())
    sources = {source: page.total("aigw_usage_source_total", source=source) for source in ("estimated", "missing")}
    show(f"not reported: {sources}")
    assert sources["estimated"] > 0 and sources["missing"] > 0
    whole = [job for job in jobs if job.leave != "request"]
    assert page.total("aigw_requests_total") - page.total("aigw_requests_total", model="other") == len(whole)
    # Nearly all that was sent whole was seen through to its usage by the gateway, though the client had gone.
    finals = {row["id"] for row in rows if row["final"]}
    unfinished = [number for number, job in enumerate(jobs) if job.leave not in (None, "request") and str(number) not in finals]
    assert len(unfinished) < len(left) / 100, unfinished[:10]


def check_counts(page, rows, names):
    """Every model's counters are what the ledger says, to the unit: of what was not reported they have nothing."""
    expected = sent(rows)
    for name in names:
        found = counted(page, name)
        assert found == {**dict.fromkeys(found, 0), **expected[name]}, name


def test_restarts_of_the_provider_lose_no_count(stack, ai_gateway_binary):
    provider = Provider(stack)
    names = {name: dialect for name, dialect in model_names().items() if not name.endswith("-faulty")}
    gateway = Gateway(stack, ai_gateway_binary, config(provider, names, on_client_abort="drain", drain=DRAIN))
    chance = random.Random(7)
    jobs = [job for job in (make_job(chance, number) for number in range(3000)) if job.good]

    async def restart():
        for _ in range(4):
            await asyncio.sleep(0.7)
            await asyncio.to_thread(provider.restart)

    asyncio.run(run_load(gateway.port, jobs, meanwhile=restart(), again=(502, 503)))
    page, rows = gateway.at_rest(), settled_ledger(provider)
    check_counts(page, rows, names)
    broken = sum(not row["whole"] for row in rows)
    show(f"{len(jobs)} requests, {len(rows)} attempts, {broken} broken off",
         {source: page.total("aigw_usage_source_total", source=source) for source in ("reported", "estimated", "missing")})
    assert broken > 0 and len(rows) > len(jobs) * 0.8


@pytest.mark.parametrize("operation", STREAMED)
def test_a_cancelled_stream_is_not_counted_as_reported(stack, ai_gateway_binary, operation):
    provider = Provider(stack)
    names = {operation: dialect_of(operation)}
    gateway = Gateway(stack, ai_gateway_binary, config(provider, names, on_client_abort="cancel"))
    jobs = [Job(Call(operation, operation, f"id={number} in=500 out=900 chunks=200 delay=0.05", stream=True), operation,
                leave="mid") for number in range(10)]
    jobs += [Job(Call(operation, operation, f"id={number} delay_headers=10", stream=True), operation, leave="headers")
             for number in range(10, 15)]
    asyncio.run(run_load(gateway.port, jobs, clients=5))
    rows = wait_for(lambda: len(provider.ledger()) == len(jobs) and provider.ledger(), "the provider to see all clients gone")
    assert not any(row["final"] or row["whole"] for row in rows)
    page = gateway.at_rest()
    assert not any(counted(page, operation).values())
    assert page.total("aigw_usage_source_total", source="estimated") == 10
    assert page.total("aigw_usage_source_total", source="missing") <= 5
    assert page.total("aigw_requests_total", outcome="canceled") == len(jobs)
    assert page.total("aigw_streams_total", end="client_cancel") == 10
    assert page.total("aigw_drains_total") == 0


@pytest.mark.parametrize("operation", STREAMED)
def test_an_estimate_is_of_the_right_size(stack, ai_gateway_binary, operation):
    provider = Provider(stack)
    gateway = Gateway(stack, ai_gateway_binary,
                      config(provider, {operation: dialect_of(operation)}, on_client_abort="cancel"))
    jobs = [Job(Call(operation, operation, f"id={number} in=50 out=400 chunks=200 delay=0.05", stream=True), operation,
                leave="mid") for number in range(10)]
    asyncio.run(run_load(gateway.port, jobs, clients=5))
    rows = wait_for(lambda: len(provider.ledger()) == len(jobs) and provider.ledger(), "the provider to see all clients gone")
    written = sum(row["output"] * row["pieces"] / 200 for row in rows)
    page = gateway.at_rest()
    found = {kind: page.total("aigw_estimated_tokens_total", type=kind) for kind in ("input", "output")}
    show(f"{operation}: {written:.0f} tokens of output were written before the clients left, {found['output']:.0f} estimated")
    assert page.total("aigw_usage_source_total", source="estimated") == len(jobs)
    assert written / 4 <= found["output"] <= written * 4
    assert 50 * len(jobs) / 4 <= found["input"] <= 50 * len(jobs) * 4


def test_a_drain_that_takes_too_long_is_given_up(stack, ai_gateway_binary):
    provider = Provider(stack)
    drain = {"time": "1s", "bytes": 1 << 20, "streams": 2}
    gateway = Gateway(stack, ai_gateway_binary,
                      config(provider, {"chat": "openai"}, on_client_abort="drain", drain=drain))
    slow = [Job(Call("chat", "chat", f"id={number} delay=0.2 chunks=500", stream=True), "chat", leave="first")
            for number in range(3)]
    asyncio.run(run_load(gateway.port, slow, clients=3))
    page = gateway.wait_for_page(lambda page: page.total("aigw_drains_total", result="given_up") == 2,
                                 "two drains to be given up")
    assert page.total("aigw_drains_total", result="whole") == 0
    quick = [Job(Call("chat", "chat", "id=quick in=5 out=6 delay=0.05", stream=True), "chat", leave="first")]
    asyncio.run(run_load(gateway.port, quick))
    page = gateway.wait_for_page(lambda page: page.total("aigw_drains_total", result="whole") == 1, "a drain to its end")
    assert page.total("aigw_usage_source_total", source="reported") == 1
