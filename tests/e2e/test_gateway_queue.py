# SPDX-License-Identifier: Apache-2.0
"""The gateway's queues: who comes first is served first, within bounds of number and time, and no slot is ever lost."""

import asyncio
import random

import pytest
from gateway import Gateway, model, upstream
from gateway_policy_helpers import (ONCE, STEADY, Change, Pending, ask, assert_refused, chat, model_state, reload,
                                    rows_of, wait_for_model)
from helpers import show
from llm_calls import Call, dialect_of
from llm_load import STAGES, Job, run_load

CLIENTS, SLOTS = 200, 10
OPERATIONS = ("chat", "messages", "generate_content")


def queued(name, operation="chat", concurrency=1, length=1, wait="60s"):
    return model(name, dialect_of(operation), concurrency=concurrency, queue={"length": length, "wait": wait}, **ONCE)


def config(url):
    return {"upstreams": [upstream(dialect, url, **STEADY) for dialect in ("openai", "anthropic", "gemini")],
            "models": [queued("ten", concurrency=SLOTS, length=CLIENTS), queued("one", length=50), queued("none", length=0),
                       queued("three", concurrency=3, length=1000), queued("impatient", wait="200ms", length=5),
                       queued("stingy", wait="60s", length=5),
                       *(queued("full-" + operation, operation) for operation in OPERATIONS)]}


@pytest.fixture(scope="module", name="gateway")
def gateway_fixture(module_stack, provider, ai_gateway_binary):
    return Gateway(module_stack, ai_gateway_binary, config(provider.url))


def send_in_order(gateway, name, calls, slots):
    """Sends each call once the one before has its place."""
    pending = []
    for number, call in enumerate(calls, 1):
        pending.append(Pending(gateway.port, call))
        wait_for_model(gateway, name, in_flight=min(slots, number), queued=max(0, number - slots))
    return pending


def order_of(provider, name, count):
    """The numbers of the requests of this id (their input, less 1000) as the provider began them."""
    return [row["input"] - 1000 for row in rows_of(provider, name, count)]


def test_two_hundred_clients_on_ten_slots(gateway, provider):
    calls = [chat("ten", f"id=ten in={1000 + number} out=1") for number in range(CLIENTS)]
    with provider.frozen():
        pending = send_in_order(gateway, "ten", calls, SLOTS)
        page = gateway.page()
        assert {name: page.total("aigw_" + name, model="ten") for name in (
            "in_flight_requests", "queue_length", "concurrency_limit", "queue_limit")} == {
                "in_flight_requests": SLOTS, "queue_length": CLIENTS - SLOTS, "concurrency_limit": SLOTS,
                "queue_limit": CLIENTS}
        assert page.total("aigw_connections") >= CLIENTS
        assert page.total("aigw_upstream_in_flight_requests", upstream="openai") == SLOTS
    assert {one.answer().status for one in pending} == {200}
    order = order_of(provider, "ten", CLIENTS)
    assert sorted(order) == list(range(CLIENTS))
    # Those that are under way together reach the provider on connections of their own, whose order is the kernel's.
    late = [abs(place - number) for place, number in enumerate(order)]
    assert max(late) < SLOTS, order
    page = gateway.at_rest()
    assert page.total("aigw_queue_wait_seconds_count", model="ten") == CLIENTS - SLOTS
    assert page.total("aigw_requests_total", model="ten", outcome="ok") == CLIENTS
    show(f"{CLIENTS} clients, {SLOTS} slots: {late.count(0)} began in their own place, none was more than {max(late)} off")


def test_one_slot_is_strictly_in_order(gateway, provider):
    calls = [chat("one", f"id=one in={1000 + number} out=1") for number in range(40)]
    with provider.frozen():
        pending = send_in_order(gateway, "one", calls, 1)
    assert {one.answer().status for one in pending} == {200}
    assert order_of(provider, "one", 40) == list(range(40))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_full_queue_is_told_in_the_dialect(gateway, provider, operation):
    name = "full-" + operation
    with provider.frozen(), Change(gateway) as change:
        pending = send_in_order(gateway, name, [Call(operation, name), Call(operation, name)], 1)
        answer = ask(gateway, Call(operation, name, stream=True))
        assert_refused(answer, operation, 503, "queue_full")
        assert 1 <= answer.retry_after <= 60 and not answer.no_retry
        change.wait("queue_rejected_total", model=name, reason="full")
        change.wait("requests_total", model=name, upstream="none", operation=operation, code="503", outcome="queue_full")
        assert model_state(gateway, name)["queued"] == 1
    assert {one.answer().status for one in pending} == {200}


def test_no_queue_at_all(gateway, provider):
    with provider.frozen():
        first = Pending(gateway.port, chat("none"))
        wait_for_model(gateway, "none", in_flight=1)
        assert_refused(ask(gateway, chat("none")), "chat", 503, "queue_full")
    assert first.answer().status == 200 and ask(gateway, chat("none")).status == 200


def test_a_wait_that_is_over(gateway, provider):
    with provider.frozen(), Change(gateway) as change:
        first = Pending(gateway.port, chat("impatient"))
        wait_for_model(gateway, "impatient", in_flight=1)
        answer = ask(gateway, chat("impatient", "id=waited"))
        assert_refused(answer, "chat", 503, "queue_timeout")
        assert 1 <= answer.retry_after <= 60
        change.wait("queue_rejected_total", model="impatient", reason="timeout")
        change.wait("requests_total", model="impatient", code="503", outcome="queue_timeout")
        assert model_state(gateway, "impatient")["queued"] == 0
    assert first.answer().status == 200 and ask(gateway, chat("impatient")).status == 200
    assert not rows_of(provider, "waited", 0)


@pytest.mark.parametrize("by_reset", [False, True])
def test_a_client_that_leaves_gives_its_place_up(gateway, provider, by_reset):
    name = f"left-{by_reset}"
    with provider.frozen(), Change(gateway) as change:
        pending = send_in_order(gateway, "stingy", [chat("stingy", f"id={name}-{n}") for n in range(4)], 1)
        pending[1].leave(by_reset)
        wait_for_model(gateway, "stingy", queued=2)
        change.wait("queue_rejected_total", model="stingy", reason="canceled")
        change.wait("requests_total", model="stingy", outcome="canceled")
        pending[0].leave(by_reset)  # who is served gives its slot to the next
        wait_for_model(gateway, "stingy", in_flight=1, queued=1)
    assert [pending[n].answer().status for n in (2, 3)] == [200, 200]
    assert not rows_of(provider, f"{name}-1", 0)
    gateway.at_rest()


def leaving_jobs(count):
    """Requests that clients leave at every stage, that fail, and that are good."""
    chance, jobs = random.Random(1), []
    for number in range(count):
        stage = (*STAGES, None)[number % 7]
        commands = {"headers": "delay_headers=0.1", "held": "delay_first=0.1", "last": "delay_end=0.1 chunks=4 delay=0.005",
                    None: chance.choice(("", "status=500", "reset=head", "error=first:server_error", "status=429"))}
        text = commands.get(stage, "chunks=6 delay=0.01")
        jobs.append(Job(chat("three", text, stream=True), "three", stage, b"word3 " if stage == "last" else b""))
    return jobs


def test_slots_never_leak(gateway, provider):
    jobs = leaving_jobs(280)
    asyncio.run(run_load(gateway.port, jobs, clients=40))
    page = gateway.at_rest()
    outcomes = {outcome: page.total("aigw_requests_total", model="three", outcome=outcome)
                for outcome in ("ok", "canceled", "upstream_error", "upstream_limited")}
    assert sum(outcomes.values()) == page.total("aigw_requests_total", model="three") >= 240  # some never arrived whole
    assert all(outcomes.values()), outcomes
    # All slots are there: three are under way at once, and the fourth waits.
    with provider.frozen():
        pending = send_in_order(gateway, "three", [chat("three") for _ in range(4)], 3)
    assert {one.answer().status for one in pending} == {200}
    show(outcomes)


def test_a_provider_that_is_killed_frees_all_slots(gateway, provider):
    pending = send_in_order(gateway, "one", [chat("one", "delay_headers=60") for _ in range(5)], 1)
    provider.kill()
    try:
        assert {one.answer().status for one in pending} == {502}
        gateway.at_rest()
    finally:
        provider.start()
    assert ask(gateway, chat("one")).status == 200


def test_other_bounds_while_requests_wait(module_stack, gateway, provider):
    """More slots let those in who wait first; fewer let those finish who are in."""
    def change(**settings):
        changed = config(provider.url)
        changed["models"] = [queued("one", **settings) if one["name"] == "one" else one for one in changed["models"]]
        assert reload(module_stack, gateway, changed).status == 200

    calls = [chat("one", f"id=reloaded in={1000 + number} out=1") for number in range(8)]
    with provider.frozen():
        pending = send_in_order(gateway, "one", calls, 1)
        change(concurrency=3, length=50)
        wait_for_model(gateway, "one", in_flight=3, queued=5)
        change(concurrency=1, length=2)
        page = gateway.page()
        assert page.total("aigw_concurrency_limit", model="one") == 1 and page.total("aigw_queue_limit", model="one") == 2
        assert_refused(ask(gateway, chat("one")), "chat", 503, "queue_full")
        wait_for_model(gateway, "one", in_flight=3, queued=5)  # nobody is sent away
    assert {one.answer().status for one in pending} == {200}
    order = order_of(provider, "reloaded", 8)
    assert sorted(order[:3]) == [0, 1, 2] and order[3:] == [3, 4, 5, 6, 7]
    change(concurrency=0)  # no limit any more
    page = gateway.at_rest()
    assert ("aigw_concurrency_limit", frozenset({("model", "one")})) not in page.samples
    with provider.frozen():
        pending = [Pending(gateway.port, chat("one")) for _ in range(20)]
        wait_for_model(gateway, "one", in_flight=20, queued=0)
    assert {one.answer().status for one in pending} == {200}
    change(length=50)
