# SPDX-License-Identifier: Apache-2.0
"""The gateway's circuit breakers, driven through every change of state by real failures: what clients, metrics and health say."""

import pytest
from gateway import Gateway, model, upstream
from gateway_policy_helpers import (ONCE, STEADY, Change, Pending, ask, assert_refused, chat, model_state, rows_of,
                                    wait_for_model)
from llm_calls import Call, dialect_of
from processes import request, wait_for

OPERATIONS = ("chat", "messages", "generate_content")
MINIMUM, TRIALS = 4, 2
BREAKER = {"window": "1h", "minimum_calls": MINIMUM, "failure_ratio": 0.5, "open_time": "1s", "half_open_calls": TRIALS}
STAYS_OPEN = {**BREAKER, "open_time": "60s"}
TIMES = {"header_timeout": "600ms"}


def config(url):
    names = ("flaky", "fresh", "ratio", "calm", "gone", "stuck")
    shut = [upstream(dialect, url, name="shut-" + dialect, breaker=STAYS_OPEN) for dialect in ("openai", "anthropic", "gemini")]
    return {"upstreams": [*(upstream("openai", url, name=name, breaker=BREAKER, **TIMES) for name in names), *shut,
                          upstream("openai", url, name="good", **STEADY)],
            "models": [*(model(name, name, **ONCE) for name in names),
                       *(model("shut-" + operation, "shut-" + dialect_of(operation), **ONCE) for operation in OPERATIONS),
                       model("safe", "shut-openai", "good", **ONCE)]}


@pytest.fixture(scope="module", name="gateway")
def gateway_fixture(module_stack, provider, ai_gateway_binary):
    return Gateway(module_stack, ai_gateway_binary, config(provider.url))


class Breaker:
    """An upstream's breaker as /metrics shows it."""

    def __init__(self, gateway, name):
        self.gateway, self.labels = gateway, {"source": "ai-gateway", "breaker": name}

    def value(self, family, **labels):
        return self.gateway.page().total("circuit_breaker_" + family, **self.labels, **labels)

    def state(self):
        page = self.gateway.page()
        states = [dict(labels)["state"] for (name, labels), value in page.samples.items()
                  if name == "circuit_breaker_state" and value == 1 and set(self.labels.items()) <= labels]
        assert len(states) == 1, states
        return states[0]

    def wait(self, state):
        wait_for(lambda: self.state() == state, f"{self.labels['breaker']} to be {state}, not {self.state()}", limit=20)

    def wait_opened(self, times=1):
        """Until it has opened so often; it may be half-open again by then."""
        wait_for(lambda: self.value("transitions_total", to="open") >= times, f"{self.labels['breaker']} to open", limit=20)
        assert self.value("transitions_total", to="open") == times

    def calls(self):
        results = ("success", "slow", "failure", "timeout", "ignored", "rejected")
        return {result: int(count) for result in results if (count := self.value("calls_total", result=result))}

    def transitions(self):
        states = ("closed", "open", "half_open")
        return {f"{one}>{other}": int(count) for one in states for other in states
                if (count := self.value("transitions_total", **{"from": one, "to": other}))}


def statuses(gateway, name, commands, count):
    return [ask(gateway, chat(name, commands)).status for _ in range(count)]


def test_every_change_of_state(gateway, provider):
    breaker = Breaker(gateway, "flaky")
    assert (breaker.state(), breaker.calls(), breaker.transitions()) == ("closed", {}, {})
    assert statuses(gateway, "flaky", "id=flaky", 2) == [200, 200]
    assert statuses(gateway, "flaky", "id=flaky status=500", 2) == [500, 500]  # half of four: open
    breaker.wait_opened()
    assert breaker.calls() == {"success": 2, "failure": 2}
    assert breaker.value("failure_ratio_threshold") == 0.5 and breaker.value("minimum_calls") == MINIMUM
    breaker.wait("half_open")
    assert breaker.transitions() == {"closed>open": 1, "open>half_open": 1}
    assert statuses(gateway, "flaky", "id=flaky status=503", TRIALS) == [503] * TRIALS
    breaker.wait_opened(2)
    breaker.wait("half_open")
    assert statuses(gateway, "flaky", "id=flaky", TRIALS) == [200] * TRIALS
    breaker.wait("closed")
    assert breaker.transitions() == {"closed>open": 1, "open>half_open": 2, "half_open>open": 1, "half_open>closed": 1}
    assert breaker.calls() == {"success": 2 + TRIALS, "failure": 2 + TRIALS}
    assert len(rows_of(provider, "flaky", 4 + 2 * TRIALS)) == 4 + 2 * TRIALS
    assert statuses(gateway, "flaky", "", 3) == [200] * 3


def open_it(gateway, name, operation="chat", model_name=None):
    for _ in range(MINIMUM):
        ask(gateway, Call(operation, model_name or name, "status=500"))
    wait_for(lambda: Breaker(gateway, name).state() != "closed", f"{name} to open")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_open_breaker_without_a_fallback(gateway, provider, operation):
    name, where = "shut-" + operation, "shut-" + dialect_of(operation)
    open_it(gateway, where, operation, name)
    with Change(gateway) as change:
        answer = ask(gateway, Call(operation, name, f"id={name}", stream=True))
        assert_refused(answer, operation, 503, "breaker_open")
        assert 1 <= answer.retry_after <= 60 and not answer.no_retry
        assert (answer.upstream, answer.attempts) == ("none", 0)
        change.wait("requests_total", model=name, upstream="none", code="503", outcome="breaker_open")
        change.wait("attempts_total", 0)
    assert not rows_of(provider, name, 0)
    assert gateway.page().total("aigw_model_available", model=name) == 0
    assert model_state(gateway, name)["state"] == "unavailable"


def test_an_open_breaker_with_a_fallback(gateway):
    if Breaker(gateway, "shut-openai").state() != "open":
        open_it(gateway, "shut-openai", model_name="shut-chat")
    with Change(gateway) as change:
        answer = ask(gateway, chat("safe"))
        assert (answer.status, answer.upstream, answer.attempts) == (200, "good", 1)
        change.wait("requests_total", model="safe", upstream="good", outcome="ok")
        change.wait("attempts_total", 1, model="safe", upstream="good", result="ok")
        change.wait("fallbacks_total", 1, model="safe", **{"from": "shut-openai", "to": "good", "reason": "breaker_open"})
    page = gateway.page()
    assert [page.total("aigw_model_" + name, model="safe") for name in ("available", "fallback_active")] == [1, 1]
    assert [page.total("aigw_model_" + name, model="shut-chat") for name in ("available", "fallback_active")] == [0, 0]
    assert model_state(gateway, "safe")["state"] == "degraded"


def test_health_while_one_is_open(gateway):
    """A model without any target makes it unhealthy; that an upstream is shut is shown as well."""
    if Breaker(gateway, "shut-openai").state() != "open":
        open_it(gateway, "shut-openai", model_name="shut-chat")
    def check(fact):
        """The worst of all models, or upstreams."""
        return request(gateway.url + "/health/detailed").json()["checks"][fact][0]
    wait_for(lambda: check("model_unavailable")["observedValue"] == 1, "it to be in /health")
    model_check, upstream_check = check("model_unavailable"), check("upstream_open")
    assert (model_check["healthStatus"], model_check["componentId"][:5]) == ("unhealthy", "shut-")
    assert (upstream_check["observedValue"], upstream_check["healthStatus"]) == (1, "degraded")
    assert upstream_check["componentId"].startswith("shut-")
    assert request(gateway.url + "/health/live").status == 200
    assert request(gateway.url + "/health").status == 503
    assert gateway.page().total("aigw_health_score") < 100


def test_half_open_lets_few_through(gateway, provider):
    """While trials are under way others are refused, and are told when to come again."""
    open_it(gateway, "fresh")
    breaker = Breaker(gateway, "fresh")
    breaker.wait("half_open")
    with provider.frozen():
        pending = []
        for number in range(TRIALS):
            pending.append(Pending(gateway.port, chat("fresh")))
            wait_for_model(gateway, "fresh", in_flight=number + 1)
        refused = ask(gateway, chat("fresh"))
    assert {one.answer().status for one in pending} <= {200, 504}
    if refused.status == 503:
        assert_refused(refused, "chat", 503, "breaker_open")
        assert refused.retry_after >= 1
    else:
        assert refused.status in (200, 504)  # another open_time was over by then
    gateway.at_rest()


@pytest.mark.parametrize("commands, status", [("status=429", 429), ("status=400", 400), ("status=401", 401),
                                              ("status=429 code=insufficient_quota", 429)])
def test_what_is_no_failure_of_the_upstream(gateway, commands, status):
    breaker, before = Breaker(gateway, "calm"), Breaker(gateway, "calm").calls()
    assert statuses(gateway, "calm", commands, MINIMUM) == [status] * MINIMUM
    assert breaker.state() == "closed"
    assert breaker.calls() == {**before, "ignored": before.get("ignored", 0) + MINIMUM}


def test_clients_that_leave_open_nothing(gateway):
    breaker, before = Breaker(gateway, "gone"), Breaker(gateway, "gone").calls()
    for _ in range(MINIMUM):
        pending = Pending(gateway.port, chat("gone", "delay_headers=0.4"))
        wait_for_model(gateway, "gone", in_flight=1)
        pending.leave(by_reset=True)
        wait_for_model(gateway, "gone", in_flight=0)
    assert not before and breaker.state() == "closed" and breaker.calls() == {"ignored": MINIMUM}


@pytest.mark.parametrize("commands, result", [("hang=headers", "timeout"), ("reset=head", "failure")])
def test_other_failures_open_it(gateway, commands, result):
    breaker = Breaker(gateway, "stuck" if result == "timeout" else "ratio")
    statuses(gateway, breaker.labels["breaker"], commands, MINIMUM)
    breaker.wait_opened()
    assert breaker.calls() == {result: MINIMUM}
    breaker.wait("half_open")
    statuses(gateway, breaker.labels["breaker"], "", TRIALS)
    breaker.wait("closed")
