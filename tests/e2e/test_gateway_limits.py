# SPDX-License-Identifier: Apache-2.0
"""Rate limits of the gateway's own: never passed, settled by what was really used, and told so that a client can wait."""

import asyncio
import json
import time

import pytest
from gateway import Gateway, model, upstream
from gateway_policy_helpers import (ONCE, STEADY, Change, Pending, ask, ask_many, assert_refused, chat, get, rows_of,
                                    wait_for_model)
from helpers import show
from llm_calls import Call, dialect_of
from llm_load import Job, run_load
from processes import free_port, wait_for

OPERATIONS = ("chat", "messages", "generate_content")
HOUR = 3600


def limited(name, *limits, target="openai", **more):
    return model(name, target, limits=list(limits), **{**ONCE, **more})


def requests(count, per="1h"):
    return {"requests": count, "per": per}


def tokens(count, per="1h"):
    return {"tokens": count, "per": per}


def config(url):
    small = {"output_reserve": 100}
    return {
        "upstreams": [*(upstream(dialect, url, **STEADY) for dialect in ("openai", "anthropic", "gemini")),
                      upstream("openai", url, name="draining", on_client_abort="drain", **STEADY),
                      upstream("openai", f"http://127.0.0.1:{free_port()}", name="nobody",
                               breaker={"minimum_calls": 1, "window": "1h", "open_time": "1h"})],
        "models": [limited("twenty", requests(20)), limited("tokens", tokens(20000), output_reserve=300),
                   limited("settled", tokens(3000), output_reserve=1000),
                   limited("streams", tokens(5000), output_reserve=1000),
                   limited("quick", requests(3, "2s")), limited("large", tokens(1000), **small),
                   limited("both", requests(5), tokens(1000), **small), limited("given", requests(50), tokens(100000)),
                   limited("queued", requests(50), tokens(100000), concurrency=1, queue={"length": 0}),
                   limited("waiting", requests(50), concurrency=1, queue={"length": 5}),
                   limited("open", requests(50), tokens(100000), target="nobody"),
                   limited("drained", tokens(100000), target="draining"),
                   limited("asked", tokens(1000000), output_reserve=1000),
                   limited("burst", requests(30), tokens(1000000)),
                   *(limited("told-" + operation, requests(1), target=dialect_of(operation)) for operation in OPERATIONS)],
    }


@pytest.fixture(scope="module", name="gateway")
def gateway_fixture(module_stack, provider, ai_gateway_binary):
    return Gateway(module_stack, ai_gateway_binary, config(provider.url))


def remaining(gateway, name, kind):
    """What is left of the model's limit, once nothing is under way."""
    return gateway.at_rest().total("aigw_rate_limit_remaining", model=name, kind=kind)


def used(rows):
    return sum(row["input"] + row["output"] for row in rows)


def test_requests_under_concurrency(gateway, provider):
    with Change(gateway) as change:
        answers = ask_many([gateway], [chat("twenty", "id=twenty") for _ in range(70)])
        statuses = [answer.status for answer in answers]
        assert (statuses.count(200), statuses.count(429)) == (20, 50)
        change.wait("rate_limited_total", 50, model="twenty", source="local")
        change.wait("requests_total", 50, model="twenty", upstream="none", code="429", outcome="rate_limited")
        change.wait("requests_total", 20, model="twenty", code="200", outcome="ok")
    assert len(rows_of(provider, "twenty", 20)) == 20
    page = gateway.page()
    labels = {"model": "twenty", "kind": "requests", "seconds": str(HOUR)}
    assert (page.total("aigw_rate_limit", **labels), page.total("aigw_rate_limit_remaining", **labels)) == (20, 0)


def test_tokens_under_concurrency(gateway, provider):
    """Each needs at most what is reserved for it: then the limit holds for what was used."""
    calls = [chat("tokens", f"id=tokens in=20 out={100 + number}") for number in range(200)]
    answers = ask_many([gateway], calls)
    good = [answer for answer in answers if answer.status == 200]
    assert {answer.status for answer in answers} == {200, 429}
    rows = rows_of(provider, "tokens", len(good))
    assert len(rows) == len(good)
    # One after the other, the last ones find room that was only reserved before.
    late = [ask(gateway, chat("tokens", "id=late in=20 out=290")).status for _ in range(80)]
    assert late[-1] == 429
    total = used(rows) + used(rows_of(provider, "late", late.count(200)))
    estimate = len(calls[0].body) // 4 + 300
    assert 20000 - estimate < total <= 20000
    assert remaining(gateway, "tokens", "tokens") == 20000 - total
    show(f"{total} of 20000 tokens used, by {len(good) + late.count(200)} of {280} requests")


@pytest.mark.parametrize("name, stream, each", [("settled", False, 150), ("streams", True, 400)])
def test_reservations_are_settled(gateway, name, stream, each):
    """After each request there is left what the provider says was used, though 1000 and more were reserved for it."""
    limit, count = {"settled": 3000, "streams": 5000}[name], 0
    while True:
        call = chat(name, f"in=50 out={each - 50}", stream=stream)
        answer = ask(gateway, call)
        if answer.status == 429:
            break
        assert answer.status == 200
        count += 1
        assert remaining(gateway, name, "tokens") == limit - each * count
    reserved = 1000 + len(call.body) // 4
    assert count == (limit - reserved) // each + 1


def test_retry_after_is_honoured(gateway):
    """Who waits as long as was told gets through; nobody does before the window has passed."""
    began = time.monotonic()
    assert [ask(gateway, chat("quick")).status for _ in range(3)] == [200] * 3
    refused = []
    for _ in range(3):
        answer = ask(gateway, chat("quick"))
        if answer.status == 429:
            refused.append(answer)
    assert refused, "three requests took more than 2 s"
    answer = refused[-1]
    assert 1 <= answer.retry_after <= 3 and not answer.no_retry
    time.sleep(answer.retry_after)
    assert ask(gateway, chat("quick")).status == 200
    assert time.monotonic() - began >= 2


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("stream", [False, True])
def test_refusals_are_told_in_the_dialect(gateway, operation, stream):
    name = "told-" + operation
    ask(gateway, Call(operation, name))
    answer = ask(gateway, Call(operation, name, stream=stream))
    assert_refused(answer, operation, 429, "rate_limited")
    assert HOUR - 300 < answer.retry_after <= HOUR + HOUR // 60 + 1
    assert answer.no_retry, "an SDK would sleep for an hour"


def test_a_request_that_is_larger_than_the_limit(gateway):
    """It runs where the limit is untouched, since it never could else; then it has all of it."""
    huge = chat("large", "in=10 out=40")
    body = {**json.loads(huge.body), "max_tokens": 50000}
    huge.body = json.dumps(body).encode()
    held = chat("large", "in=10 out=40 delay_headers=1.5")
    held.body = json.dumps({**json.loads(held.body), "max_tokens": 50000}).encode()
    first = Pending(gateway.port, held)
    wait_for_model(gateway, "large", in_flight=1)
    assert_refused(ask(gateway, chat("large")), "chat", 429, "rate_limited")
    assert first.answer().status == 200
    assert remaining(gateway, "large", "tokens") == 950
    assert ask(gateway, chat("large", "in=10 out=40")).status == 200
    assert_refused(ask(gateway, huge), "chat", 429, "rate_limited")  # something is used by now


def test_all_of_several_limits_or_none(gateway):
    """Where one has no room nothing is taken of the others."""
    assert ask(gateway, chat("both", "in=500 out=400")).status == 200
    refused = [ask(gateway, chat("both")) for _ in range(3)]
    assert {answer.status for answer in refused} == {429}
    page = gateway.at_rest()
    left = {kind: page.total("aigw_rate_limit_remaining", model="both", kind=kind) for kind in ("requests", "tokens")}
    assert left == {"requests": 4, "tokens": 100}


@pytest.mark.parametrize("commands, status", [("status=500", 500), ("status=400", 400), ("reset=head", 502), ("status=429", 429)])
def test_failed_requests_cost_no_tokens(gateway, commands, status):
    before = {kind: remaining(gateway, "given", kind) for kind in ("requests", "tokens")}
    assert ask(gateway, chat("given", commands)).status == status
    after = {kind: remaining(gateway, "given", kind) for kind in ("requests", "tokens")}
    assert after == {"requests": before["requests"] - 1, "tokens": before["tokens"]}


def test_what_nobody_worked_on_is_given_back(gateway, provider):
    """A full queue, a client that left it, an open breaker: neither requests nor tokens were used."""
    with provider.frozen():
        first = Pending(gateway.port, chat("queued", "in=60 out=40"))
        wait_for_model(gateway, "queued", in_flight=1)
        assert ask(gateway, chat("queued")).status == 503
    assert first.answer().status == 200
    assert (remaining(gateway, "queued", "requests"), remaining(gateway, "queued", "tokens")) == (49, 99900)
    with provider.frozen():
        first, second = (Pending(gateway.port, chat("waiting")) for _ in range(2))
        wait_for_model(gateway, "waiting", in_flight=1, queued=1)
        second.leave()
        wait_for_model(gateway, "waiting", in_flight=1, queued=0)
    assert first.answer().status == 200 and remaining(gateway, "waiting", "requests") == 49
    assert [ask(gateway, chat("open")).status for _ in range(3)] == [502, 503, 503]
    assert (remaining(gateway, "open", "requests"), remaining(gateway, "open", "tokens")) == (49, 100000)


@pytest.mark.parametrize("operation, asked", [
    ("chat", {"max_tokens": 2000}), ("chat", {"max_completion_tokens": 2000}), ("chat", {"max_tokens": 500, "n": 4}),
    ("responses", {"max_output_tokens": 2000}), ("completions", {"max_tokens": 2000}), ("embeddings", {})])
def test_what_is_reserved(gateway, provider, operation, asked):
    """While a request is under way it has reserved its body's bytes / 4 and the maximum that it asked for."""
    before = remaining(gateway, "asked", "tokens")
    call = Call(operation, "asked", "in=10 out=5")
    call.body = json.dumps({**json.loads(call.body), **asked}).encode()
    with provider.frozen():
        pending = Pending(gateway.port, call)
        wait_for_model(gateway, "asked", in_flight=1)
        left = gateway.page().total("aigw_rate_limit_remaining", model="asked", kind="tokens")
        assert before - left == len(call.body) // 4 + (2000 if asked else 0)
    assert pending.answer().status == 200
    assert remaining(gateway, "asked", "tokens") == before - (10 if operation == "embeddings" else 15)


def test_a_client_that_leaves_is_charged_what_was_reserved(gateway, provider):
    """What an answer that nobody read would have used is not known."""
    before = remaining(gateway, "asked", "tokens")
    call = chat("asked", "id=gone hang=headers")
    pending = Pending(gateway.port, call)
    wait_for_model(gateway, "asked", in_flight=1)
    wait_for(lambda: gateway.page().total("aigw_upstream_in_flight_requests", upstream="openai") == 1, "it to be sent")
    pending.leave()
    rows_of(provider, "gone")
    assert before - remaining(gateway, "asked", "tokens") == len(call.body) // 4 + 1000


def test_a_client_that_leaves_a_drained_answer_is_charged_what_it_used(gateway):
    pending = Pending(gateway.port, chat("drained", "in=300 out=200 chunks=5 delay=0.05", stream=True))
    wait_for_model(gateway, "drained", in_flight=1)
    pending.connection.getresponse().read(1)
    pending.leave()
    assert remaining(gateway, "drained", "tokens") == 100000 - 500


def test_a_burst_with_leaving_clients(gateway, provider):
    """Of 120 requests at once, a third of which are left by their clients, as many reach the provider as the limit has."""
    jobs = [Job(chat("burst", "id=burst chunks=3 delay=0.01", stream=True), "burst", (None, "first", "mid")[number % 3])
            for number in range(120)]
    asyncio.run(run_load(gateway.port, jobs, clients=60))
    gateway.at_rest()
    assert len(rows_of(provider, "burst", 30)) == 30
    assert get(gateway, "/api/ai/process").status == 200
