# SPDX-License-Identifier: Apache-2.0
"""A reload of the gateway's config keeps queues, limits, breakers and what is under way, and a bad one changes nothing."""

import json
import os
import signal
import threading

import pytest
from gateway import Gateway, model, upstream
from gateway_policy_helpers import (ONCE, STEADY, Pending, ask, assert_refused, chat, digest, get, reload, rows_of,
                                    wait_for_model)
from processes import wait_for
from provider import Provider

BREAKER = {"window": "1h", "minimum_calls": 2, "open_time": "1h"}


class Changeable:
    """A gateway whose config is changed."""

    def __init__(self, stack, binary, config):
        self.stack, self.config = stack, config
        self.gateway = Gateway(stack, binary, config)

    def change(self, **sections):
        self.config = {**self.config, **sections}
        answer = reload(self.stack, self.gateway, self.config)
        assert answer.status == 200, answer.text


@pytest.fixture(name="changeable")
def changeable_fixture(stack, provider, ai_gateway_binary):
    return Changeable(stack, ai_gateway_binary, {
        "upstreams": [upstream("openai", provider.url, **STEADY),
                      upstream("openai", provider.url, name="flaky", breaker=BREAKER)],
        "models": [model("plain", "openai", **ONCE), model("broken", "flaky", **ONCE),
                   model("limited", "openai", limits=[{"requests": 5, "per": "1h"}, {"tokens": 10000, "per": "1h"}], **ONCE)]})


def models_with(config, *changed):
    """The config's models, those of the same names replaced."""
    names = {one["name"] for one in changed}
    return [one for one in config["models"] if one["name"] not in names] + list(changed)


def test_limits_keep_their_counts(changeable):
    gateway = changeable.gateway
    assert [ask(gateway, chat("limited", "in=60 out=40")).status for _ in range(3)] == [200] * 3
    changeable.change(otel=True)
    page = gateway.at_rest()
    left = {kind: page.total("aigw_rate_limit_remaining", model="limited", kind=kind) for kind in ("requests", "tokens")}
    assert left == {"requests": 2, "tokens": 9700}
    more = model("limited", "openai", limits=[{"requests": 4, "per": "1h"}, {"tokens": 10000, "per": "1m"}], **ONCE)
    changeable.change(models=models_with(changeable.config, more))
    page = gateway.page()
    # The one that stays has its count; one of another length begins anew.
    assert page.total("aigw_rate_limit_remaining", model="limited", kind="requests") == 1
    assert page.total("aigw_rate_limit_remaining", model="limited", kind="tokens", seconds="60") == 10000
    assert page.total("aigw_rate_limit", model="limited", seconds="3600", kind="tokens") == 0
    assert [ask(gateway, chat("limited")).status for _ in range(2)] == [200, 429]
    without = model("limited", "openai", **ONCE)
    changeable.change(models=models_with(changeable.config, without))
    assert ask(gateway, chat("limited")).status == 200
    assert gateway.page().total("aigw_rate_limit", model="limited") == 0


def breaker_state(gateway):
    page = gateway.page()
    return next(dict(labels)["state"] for (name, labels), value in page.samples.items()
                if name == "circuit_breaker_state" and value == 1 and ("breaker", "flaky") in labels)


def test_breakers_stay_as_they_are(changeable, provider):
    gateway = changeable.gateway
    assert [ask(gateway, chat("broken", "status=500")).status for _ in range(3)] == [500, 500, 503]
    changeable.change(otel=True)
    assert breaker_state(gateway) == "open" and ask(gateway, chat("broken")).status == 503
    steady = changeable.config["upstreams"][0]
    changeable.change(upstreams=[steady, upstream("openai", provider.url, name="flaky", breaker={**BREAKER, "minimum_calls": 3})])
    assert breaker_state(gateway) == "closed"  # it is another one, with other bounds
    assert ask(gateway, chat("broken")).status == 200


def test_another_address_is_another_upstream(changeable, provider, stack):
    gateway, other = changeable.gateway, Provider(stack, "other")
    assert [ask(gateway, chat("broken", "status=500")).status for _ in range(3)] == [500, 500, 503]
    steady = changeable.config["upstreams"][0]
    changeable.change(upstreams=[steady, upstream("openai", other.url, name="flaky", breaker=BREAKER)])
    assert (ask(gateway, chat("broken", "id=moved")).status, breaker_state(gateway)) == (200, "closed")
    assert len(rows_of(other, "moved")) == 1 and not rows_of(provider, "moved", 0)


def test_a_bad_config_changes_nothing(changeable):
    gateway = changeable.gateway
    for bad in ("upstreams: [", "teapot: true", json.dumps({**changeable.config, "models": [model("plain", "nobody")]})):
        answer = reload(changeable.stack, gateway, bad)
        assert answer.status >= 400 and f"gateway-{gateway.port}.yml" in answer.text
        assert gateway.page().total("aigw_config_last_reload_successful") == 0
        assert ask(gateway, chat("plain")).status == 200
    changeable.change()
    assert gateway.page().total("aigw_config_last_reload_successful") == 1


def test_what_is_under_way_ends_by_the_old_config(changeable, provider):
    """A stream of a model that is gone goes on; new requests for it are refused."""
    gateway = changeable.gateway
    stream = Pending(gateway.port, chat("plain", "chunks=8 delay=0.2 in=7 out=8", stream=True))
    wait_for_model(gateway, "plain", in_flight=1)
    new = model("new", "openai", aliases=["fresh"], **ONCE)
    changeable.change(models=[new], upstreams=changeable.config["upstreams"][:1])
    assert_refused(ask(gateway, chat("plain")), "chat", 404, "unknown_model")
    assert [ask(gateway, chat(name)).status for name in ("new", "fresh")] == [200, 200]
    answer = stream.answer()
    assert answer.status == 200 and answer.body.count(b"word") == 8 and answer.body.endswith(b"data: [DONE]\n\n")
    gateway.wait_for_page(lambda page: page.total("aigw_tokens_total", model="plain", type="input") == 7, "it to be counted")
    page = gateway.page()
    assert page.total("aigw_model_available", model="new") == 1
    assert ("aigw_model_available", frozenset({("model", "plain")})) not in page.samples
    assert not page.total("circuit_breaker_state", breaker="flaky")
    assert provider.process.process.poll() is None


def test_a_model_that_comes_back(changeable, provider):
    """Its slots count from the start; those that an old request holds do no harm."""
    gateway = changeable.gateway
    one = model("slot", "openai", concurrency=1, **ONCE)
    changeable.change(models=models_with(changeable.config, one))
    with provider.frozen():
        first = Pending(gateway.port, chat("slot"))
        wait_for_model(gateway, "slot", in_flight=1)
        second = Pending(gateway.port, chat("slot"))
        wait_for_model(gateway, "slot", queued=1)
        changeable.change(models=[model("plain", "openai", **ONCE)])
        changeable.change(models=[model("plain", "openai", **ONCE), one])
    assert (first.answer().status, second.answer().status) == (200, 200)
    gateway.at_rest()
    assert ask(gateway, chat("slot")).status == 200


def test_keys_and_client_keys(changeable, provider):
    gateway, stack = changeable.gateway, changeable.stack
    path = stack.write("upstream-key", "first-key")
    own = {**changeable.config["upstreams"][0], "key_file": path}
    changeable.change(upstreams=[own, *changeable.config["upstreams"][1:]])
    assert ask(gateway, chat("plain", "id=key-1")).status == 200
    stack.write("upstream-key", "second-key")  # without a reload
    wait_for(lambda: ask(gateway, chat("plain", "id=key-2")).status == 200
             and rows_of(provider, "key-2")[-1]["key"] == digest(b"second-key"), "the new key to be sent")
    assert rows_of(provider, "key-1")[0]["key"] == digest(b"first-key")
    changeable.change(proxy={"client_key_files": [stack.write("client-key", "let-me-in")]})
    assert_refused(ask(gateway, chat("plain")), "chat", 401, "unauthorized")
    assert ask(gateway, chat("plain", key="let-me-in")).status == 200
    changeable.change(proxy={})
    assert ask(gateway, chat("plain")).status == 200
    log = gateway.process.log_text() + gateway.page().text
    assert not any(key in log for key in ("first-key", "second-key", "let-me-in"))


def test_sighup(changeable):
    gateway = changeable.gateway
    config = {**changeable.config, "models": [model("hup", "openai", **ONCE)],
              "proxy": {"listen": [f"127.0.0.1:{gateway.port}"]}}
    changeable.stack.write(f"gateway-{gateway.port}.yml", json.dumps(config))
    os.kill(gateway.process.pid, signal.SIGHUP)
    wait_for(lambda: ask(gateway, chat("hup")).status == 200, "the new model")
    assert ask(gateway, chat("plain")).status == 404


def test_many_reloads_under_load(changeable):
    """No request fails for them, and nothing of the old setups stays in use."""
    gateway, statuses, stop = changeable.gateway, [], threading.Event()

    def work():
        while not stop.is_set():
            statuses.append(ask(gateway, chat("plain", "chunks=3", stream=True)).status)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(30):
            changeable.change(otel=number % 2 == 0, models=models_with(
                changeable.config, model("plain", "openai", concurrency=2 + number % 2, queue={"length": 100}, **ONCE)))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert set(statuses) == {200} and len(statuses) > 30
    gateway.at_rest()
    assert gateway.page().total("aigw_requests_total", model="plain", outcome="ok") == len(statuses)
    assert get(gateway, "/v1/models").status == 200
