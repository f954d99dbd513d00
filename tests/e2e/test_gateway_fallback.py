# SPDX-License-Identifier: Apache-2.0
"""Retries and fallbacks of the gateway: which faults are tried again and where, within one budget of attempts and one deadline,
and never once the client has had a byte."""

import json
import time

import pytest
from gateway import Gateway, model, upstream
from gateway_policy_helpers import (STEADY, Change, Pending, ask, assert_refused, chat, digest, get,
                                    model_state, rows_of)
from helpers import show
from llm_calls import Call, dialect_of
from processes import free_port, wait_for
from provider import KEY

OPERATIONS = ("chat", "messages", "generate_content")
TIMES = {"connect_timeout": "2s", "header_timeout": "600ms", "content_timeout": "600ms", "idle_timeout": "600ms",
         "idle_connections": 0}  # a reset of one that had waited would be taken for a connection that was closed meanwhile
FALLBACK = {"attempts": 3, "retries": 0, "backoff": "5ms"}
FAULTS = [  # the first upstream's, whether only of streams, and the result that it is counted as
    ("status=529", False, "overloaded"), ("status=503", False, "overloaded"), ("status=500", False, "server_error"),
    ("status=502", False, "server_error"), ("status=504", False, "server_error"), ("status=408", False, "server_error"),
    ("status=429", False, "rate_limited"), ("status=429 retry_after=3600", False, "rate_limited"),
    ("status=429 code=insufficient_quota", False, "quota"), ("status=402", False, "quota"),
    ("status=400 code=context_length_exceeded", False, "context_length"), ("reset=head", False, "reset"),
    ("hang=headers", False, "header_timeout"), ("hang=0", True, "content_timeout"),
    ("error=first:server_error", True, "server_error"), ("error=bare:overloaded_error", True, "overloaded"),
    ("error=first:rate_limit_exceeded", True, "rate_limited"), ("reset_after=1", True, "reset"),
]


def config(url, recorder, key):
    """`first`, `second` and `third` are the provider; `keyed` ones send a key of their own; `nobody` listens not."""
    names = ("first", "second", "third")
    plain = [upstream("openai", url, name=name, **TIMES, **STEADY) for name in names]
    others = [upstream(dialect, url, name=f"{dialect}-{number}", **TIMES, **STEADY)
              for dialect in ("anthropic", "gemini") for number in (1, 2)]
    keyed = [upstream("openai", url, name=name, key_file=key, **TIMES, **STEADY)
             for name in ("keyed", "keyed-cold", "keyed-long", "keyed-quota", "keyed-other", "keyed-last")]
    return {
        "proxy": {"deadline": "2m"},
        "upstreams": [*plain, *others, *keyed,
                      upstream("openai", f"http://127.0.0.1:{free_port()}", name="nobody", **TIMES, **STEADY),
                      upstream("openai", recorder.url, name="recorder", **STEADY),
                      upstream("gemini", recorder.url, name="gemini-recorder", **STEADY),
                      upstream("openai", url, name="waiting", **STEADY),
                      upstream("openai", url, name="stormy", retry_ratio=0.1, **TIMES, **STEADY)],
        "models": [
            model("stale", "waiting", attempts=3, retries=1, backoff="5ms"),
            model("chat", "first", ("second", "chat-there"), **FALLBACK),
            model("messages", "anthropic-1", ("anthropic-2", "messages-there"), **FALLBACK),
            model("generate_content", "gemini-1", ("gemini-2", "generate-there"), **FALLBACK),
            model("refused", "nobody", "second", **FALLBACK),
            model("keys", "first", "keyed-last", **FALLBACK),
            model("again", "first", "second", attempts=3, retries=1, backoff="5ms"),
            model("thrice", "first", "second", "third", attempts=2, retries=0, backoff="5ms"),
            model("many", "first", attempts=6, retries=5, backoff="5ms"),
            model("timed", "first", "second", "third", attempts=6, retries=5, backoff="5ms"),
            model("patient", "first", attempts=2, retries=1, backoff="50s", backoff_limit="50s", concurrency=1),
            model("short", "keyed", attempts=3, retries=2, backoff="5ms"),
            model("cold", "keyed-cold", **FALLBACK), model("cold-safe", "keyed-cold", "second", **FALLBACK),
            model("long", "keyed-long", **FALLBACK),
            model("quota", "keyed-quota", ("keyed-quota", "other"), "second", **FALLBACK),
            model("client-key", "third", **FALLBACK),
            model("renamed", ("recorder", 'neu/er:"1"\\')), model("kept", "recorder"),
            model("renamed-gemini", ("gemini-recorder", "others/models")),
            model("storm", "stormy", attempts=2, retries=1, backoff="1ms"),
        ],
    }


@pytest.fixture(scope="module", name="gateway")
def gateway_fixture(module_stack, provider, recorder, ai_gateway_binary):
    return Gateway(module_stack, ai_gateway_binary, config(provider.url, recorder, module_stack.write("key", KEY)))


def upstreams_of(operation):
    dialect = dialect_of(operation)
    return ("first", "second") if dialect == "openai" else (dialect + "-1", dialect + "-2")


def direct(provider, operation, commands, stream, usage):
    """What the second upstream says to that request, without the gateway."""
    there = {"chat": "chat-there", "messages": "messages-there", "generate_content": "generate-there"}[operation]
    return ask(provider, Call(operation, there, commands, stream, usage))


@pytest.mark.parametrize("commands, stream_only, result", FAULTS)
def test_each_fault_goes_to_the_second_target(gateway, provider, commands, stream_only, result):
    falls_back(gateway, provider, "chat", commands, stream_only, result)


@pytest.mark.parametrize("operation", ["messages", "generate_content"])
@pytest.mark.parametrize("commands, stream, result", [
    ("status=529", False, "overloaded"), ("status=500", True, "server_error"), ("reset=head", True, "reset"),
    ("error=first:overloaded_error", True, "overloaded"), ("error=bare:unavailable", True, "overloaded"),
    ("hang=0", True, "content_timeout")])
def test_in_other_dialects(gateway, provider, operation, commands, stream, result):
    falls_back(gateway, provider, operation, commands, stream, result)


def falls_back(gateway, provider, operation, commands, stream, result):
    first, second = upstreams_of(operation)
    name = f"{operation}/{commands}".replace(" ", "_").replace("=", "-")
    with Change(gateway) as change:
        answer = ask(gateway, Call(operation, operation, f"id={name} in=21 out=9 fails=1 {commands}", stream, usage=True))
        assert (answer.status, answer.whole, answer.upstream, answer.attempts) == (200, True, second, 2)
        # What the fallback said, and nothing of the first.
        assert answer.body == direct(provider, operation, f"id={name} in=21 out=9", stream, usage=True).body
        change.wait("requests_total", model=operation, upstream=second, code="200", outcome="ok")
        change.wait("attempts_total", model=operation, upstream=first, result=result)
        change.wait("attempts_total", model=operation, upstream=second, result="ok")
        change.wait("attempts_total", 2)
        change.wait("fallbacks_total", model=operation, **{"from": first, "to": second, "reason": result})
        change.wait("fallbacks_total", 1)
        change.wait("retries_total", 0)
        change.wait("tokens_total", 21, type="input")
        change.wait("tokens_total", 9, model=operation, upstream=second, type="output")
        change.wait("rate_limited_total", 0)  # the request did not end by it
    rows = rows_of(provider, name, 3)
    assert [row["model"] for row in rows][0] == operation and rows[1]["model"].endswith("-there")


def test_a_connection_that_is_refused(gateway, provider):
    with Change(gateway) as change:
        answer = ask(gateway, chat("refused"))
        assert (answer.status, answer.upstream, answer.attempts) == (200, "second", 2)
        change.wait("fallbacks_total", model="refused", reason="connect", **{"from": "nobody", "to": "second"})
    assert provider.process.process.poll() is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_what_is_the_request_s_own_fault_is_not_tried_again(gateway, status):
    with Change(gateway) as change:
        answer = ask(gateway, chat("again", f"id=own-{status} status={status}"))
        assert (answer.status, answer.attempts) == (status, 1)
        assert answer.json()["error"]["message"] == "The simulated server was told to fail."
        assert answer.no_retry == (status in (401, 403))
        change.wait("attempts_total", result="unauthorized" if status in (401, 403) else "client_error")
        change.wait("attempts_total", 1)
        change.wait("requests_total", code=str(status), outcome="client_error")


def test_a_key_that_is_refused_is_tried_elsewhere_by_another_key(gateway, provider):
    answer = ask(gateway, chat("keys", "id=keys status=401 fails=1", key="wrong"))
    assert (answer.status, answer.upstream, answer.attempts) == (200, "keyed-last", 2)
    first, second = rows_of(provider, "keys", 2)
    assert (first["key"], second["key"]) == (digest(b"wrong"), digest(KEY.encode()))


@pytest.mark.parametrize("commands, end, words", [("reset_after=3000 frame=900 chunks=9", "upstream_error", None),
                                                  ("error=late:2:server_error", "upstream_error", 2),
                                                  ("hang=3 chunks=6", "idle_timeout", 3)])
def test_never_after_the_first_byte(gateway, provider, commands, end, words):
    name = commands.split("=")[0]
    with Change(gateway) as change:
        answer = ask(gateway, chat("again", f"id={name} fails=1 {commands}", stream=True))
        assert (answer.status, answer.attempts, answer.upstream) == (200, 1, "first")
        assert words is None or answer.body.count(b"word") == words
        change.wait("streams_total", end=end)
        change.wait("attempts_total", 1)
        change.wait("fallbacks_total", 0)
    assert len(rows_of(provider, name)) == 1


@pytest.mark.parametrize("fails, status, attempts, last, retries", [(1, 200, 2, "first", 1), (2, 200, 3, "second", 1),
                                                                    (3, 500, 3, "second", 1)])
def test_retries_come_before_the_fallback(gateway, provider, fails, status, attempts, last, retries):
    with Change(gateway) as change:
        answer = ask(gateway, chat("again", f"id=again-{fails} fails={fails} status=500"))
        assert (answer.status, answer.attempts, answer.upstream) == (status, attempts, last)
        change.wait("retries_total", retries, model="again", upstream="first")
        change.wait("retries_total", retries)
        change.wait("fallbacks_total", attempts - 1 - retries, model="again", reason="server_error")
        change.wait("attempts_total", min(fails, 2), upstream="first", result="server_error")
        change.wait("attempts_total", attempts)
        change.wait("requests_total", 1, upstream=last, code=str(status))
    if status == 500:  # as the last one said it
        assert answer.json()["error"]["message"] == "The simulated server was told to fail."
    assert len(rows_of(provider, f"again-{fails}", attempts)) == attempts


def test_one_budget_for_all_targets(gateway, provider):
    answer = ask(gateway, chat("thrice", "id=thrice fails=9 status=503"))
    assert (answer.status, answer.attempts, answer.upstream) == (503, 2, "second")
    answer = ask(gateway, chat("many", "id=many fails=9 status=503"))
    assert (answer.status, answer.attempts) == (503, 6)
    assert (len(rows_of(provider, "thrice", 2)), len(rows_of(provider, "many", 6))) == (2, 6)


@pytest.mark.parametrize("commands", ["reset=head", "hang=headers"])
def test_what_may_be_billed_is_tried_once_more(gateway, provider, commands):
    answer = ask(gateway, chat("timed", f"id=billed-{commands[:4]} fails=9 {commands}"))
    assert_refused(answer, "chat", 504 if commands == "hang=headers" else 502,
                   "upstream_timeout" if commands == "hang=headers" else "upstream_error")
    assert answer.attempts == 2 and answer.headers["x-aigw-model"] == "timed"
    gateway.at_rest()
    assert len(rows_of(provider, f"billed-{commands[:4]}", 2)) == 2


def test_a_connection_that_was_closed_while_it_waited(gateway, provider):
    """It is no attempt, where that shows at once; a server that resets it later had the request."""
    for number, (wait, attempts) in enumerate(((0, 1), (1.5, 2))):
        assert ask(gateway, chat("stale")).status == 200
        with Change(gateway) as change:
            answer = ask(gateway, chat("stale", f"id=stale-{number} fails=1 reset=head delay_headers={wait}"))
            assert (answer.status, answer.attempts) == (200, attempts)
            change.wait("retries_total", attempts - 1)
            change.wait("attempts_total", attempts - 1, upstream="waiting", result="reset")
            change.wait("attempts_total", 1, upstream="waiting", result="ok")
        assert len(rows_of(provider, f"stale-{number}", 2)) == 2


@pytest.mark.parametrize("bound", [{"previous_response_id": "resp_1"}, {"background": True}, {"conversation": "conv_1"}])
def test_what_is_bound_to_an_upstream_stays_there(gateway, bound):
    call = Call("responses", "again", "fails=1 status=500 id=bound-" + next(iter(bound)))
    call.body = json.dumps({**json.loads(call.body), **bound}).encode()
    answer = ask(gateway, call)
    assert (answer.status, answer.attempts, answer.upstream) == (500, 1, "first")


def test_a_deadline_for_all_attempts(module_stack, provider, ai_gateway_binary):
    """Attempts that each could wait for long end with the deadline."""
    slow = {"header_timeout": "60s", **STEADY}
    gateway = Gateway(module_stack, ai_gateway_binary, {
        "proxy": {"deadline": "1s"},
        "upstreams": [upstream("openai", provider.url, name=name, **slow) for name in ("first", "second")],
        "models": [model("hanging", "first", "second", attempts=5), model("slow", "first", attempts=20, retries=19,
                                                                          backoff="300ms", backoff_limit="300ms")]})
    began = time.monotonic()
    assert_refused(ask(gateway, chat("hanging", "id=deadline hang=headers fails=9")), "chat", 504, "upstream_timeout")
    assert time.monotonic() - began < 30
    assert len(rows_of(provider, "deadline")) == 1
    answer = ask(gateway, chat("slow", "id=slow status=503 fails=99"))
    assert (answer.status, len(rows_of(provider, "slow"))) == (503, answer.attempts) and 2 <= answer.attempts <= 5


def test_a_client_that_leaves_before_a_retry(gateway, provider):
    with Change(gateway) as change:
        pending = Pending(gateway.port, chat("patient", "id=patient status=503"))
        rows_of(provider, "patient")
        wait_for(lambda: gateway.page().total("aigw_upstream_in_flight_requests", upstream="first") == 0, "the pause")
        assert model_state(gateway, "patient")["in_flight"] == 1
        pending.leave()
        change.wait("requests_total", model="patient", outcome="canceled")
        change.wait("attempts_total", 1)
    gateway.at_rest()
    assert len(rows_of(provider, "patient")) == 1 and ask(gateway, chat("patient")).status == 200


def test_a_short_retry_after_is_waited_for(gateway, provider):
    began = time.monotonic()
    answer = ask(gateway, chat("short", "id=short status=429 retry_after=1 fails=1"))
    assert (answer.status, answer.attempts, answer.upstream) == (200, 2, "keyed")
    assert time.monotonic() - began >= 1
    began = time.monotonic()
    answer = ask(gateway, chat("short", "id=short-ms status=429 retry_after=60 retry_after_ms=300 fails=1"))
    assert (answer.status, answer.attempts) == (200, 2) and 0.3 <= time.monotonic() - began < 30
    assert len(rows_of(provider, "short", 2)) == 2


def test_a_long_retry_after_cools_the_upstream_down(gateway, provider):
    """The 429 goes to the client; then nothing is sent there, other targets are used, and no breaker counts it."""
    with Change(gateway) as change:
        answer = ask(gateway, chat("cold", "id=cold status=429 retry_after=50"))
        assert (answer.status, answer.retry_after, answer.attempts, answer.no_retry) == (429, 50, 1, False)
        change.wait("rate_limited_total", model="cold", source="upstream")
    with Change(gateway) as change:
        refused = ask(gateway, chat("cold", "id=cold"))
        assert_refused(refused, "chat", 429, "cooling_down")
        assert 1 <= refused.retry_after <= 50 and not refused.no_retry and refused.upstream == "none"
        change.wait("requests_total", model="cold", upstream="none", code="429", outcome="upstream_limited")
        change.wait("attempts_total", 0)
        answer = ask(gateway, chat("cold-safe", "id=cold-safe"))
        assert (answer.status, answer.upstream, answer.attempts) == (200, "second", 1)
        change.wait("requests_total", model="cold-safe", upstream="second", outcome="ok")
        change.wait("fallbacks_total", model="cold-safe", **{"from": "keyed-cold", "to": "second", "reason": "cooling_down"})
    assert len(rows_of(provider, "cold")) == 1
    page = gateway.page()
    assert 0 < page.total("aigw_upstream_cool_down_seconds", upstream="keyed-cold") <= 50
    assert [page.total(name, model="cold") for name in ("aigw_model_available", "aigw_model_fallback_active")] == [0, 0]
    assert [page.total(name, model="cold-safe") for name in ("aigw_model_available", "aigw_model_fallback_active")] == [1, 1]
    assert page.total("circuit_breaker_calls_total", breaker="keyed-cold", result="failure") == 0
    assert page.total("circuit_breaker_state", breaker="keyed-cold", state="closed") == 1
    assert (model_state(gateway, "cold")["state"], model_state(gateway, "cold-safe")["state"]) == ("unavailable", "degraded")


def test_a_very_long_retry_after_is_not_for_sdks(gateway):
    """They would sleep as long as they are told."""
    answer = ask(gateway, chat("long", "status=429 retry_after=3600"))
    assert (answer.status, answer.headers["retry-after"], answer.no_retry) == (429, "3600", True)
    refused = ask(gateway, chat("long"))
    assert_refused(refused, "chat", 429, "cooling_down")
    assert 3000 < refused.retry_after <= 3600 and refused.no_retry


def test_the_clients_own_limits_cool_nothing_down(gateway):
    """A 429 for one client's key says nothing of another's."""
    assert ask(gateway, chat("client-key", "status=429 retry_after=3600", key="poor")).status == 429
    assert ask(gateway, chat("client-key", key="rich")).status == 200
    assert gateway.page().total("aigw_upstream_cool_down_seconds", upstream="third") == 0


def test_an_account_without_credit(gateway, provider):
    """It is left alone for a while; the same account is not tried for another model."""
    with Change(gateway) as change:
        answer = ask(gateway, chat("quota", "id=quota status=429 code=insufficient_quota fails=9"))
        assert (answer.status, answer.attempts, answer.no_retry) == (429, 2, True)
        change.wait("attempts_total", upstream="keyed-quota", result="quota")
        change.wait("attempts_total", upstream="second", result="quota")
    assert gateway.page().total("aigw_upstream_cool_down_seconds", upstream="keyed-quota") > 10
    assert len(rows_of(provider, "quota", 2)) == 2
    answer = ask(gateway, chat("quota"))
    assert (answer.status, answer.upstream, answer.attempts) == (200, "second", 1)


def test_a_prompt_that_is_too_long_everywhere(gateway):
    answer = ask(gateway, chat("again", "status=400 code=context_length_exceeded"))
    assert (answer.status, answer.attempts, answer.no_retry) == (400, 2, True)
    assert answer.json()["error"]["code"] == "context_length_exceeded"


def test_retries_do_not_make_an_outage_worse(gateway, provider):
    """Of an upstream that always fails retries are a tenth of its requests, after the first ten."""
    count = 60
    with Change(gateway) as change:
        answers = [ask(gateway, chat("storm", "id=storm status=500")) for _ in range(count)]
        assert {answer.status for answer in answers} == {500}
        change.wait("requests_total", count, model="storm")
        retries = change.by("retries_total", model="storm", upstream="stormy")
        assert 10 <= retries <= 10 + count // 10
        change.wait("attempts_total", count + retries, upstream="stormy")
    assert len(rows_of(provider, "storm", count + int(retries))) == count + retries
    show(f"{int(retries)} retries of {count} requests")


ODD = ('{ "n" : 12345678901234567890, "messages":[{"role":"user","content":"\\u00e4 \\"model\\": %s"}],\r\n\t"x":1.0e0,'
       ' "model"\t:  %s ,"model_kept":"renamed", "x":null}\n')


def test_only_the_models_name_changes(gateway, recorder):
    for name, there in (("renamed", 'neu/er:"1"\\'), ("kept", "kept")):
        call = chat(name)
        call.body = (ODD % ('\\"renamed\\"', json.dumps(name))).encode()
        assert ask(gateway, call).body == recorder.reply[2]
        sent, = recorder.take()
        before, after = call.body.split(json.dumps(name).encode() + b" ,")
        name_there = sent["body"].removeprefix(before).removesuffix(b" ," + after)
        assert sent["body"].startswith(before) and sent["body"].endswith(b" ," + after)
        assert json.loads(name_there) == there
        assert dict(sent["headers"])["Content-Length"] == str(len(sent["body"]))
        assert name == "renamed" or sent["body"] == call.body


def test_gemini_s_name_is_in_the_path(gateway, recorder):
    call = Call("generate_content", "renamed-gemini", stream=True)
    ask(gateway, call)
    sent, = recorder.take()
    assert sent["target"] == "/v1beta/models/others%2Fmodels:streamGenerateContent?alt=sse"
    assert sent["body"] == call.body


def test_nothing_stays(gateway):
    gateway.at_rest()
    assert get(gateway, "/v1/models").status == 200
    wait_for(lambda: "error in the proxy" not in gateway.process.log_text(), "a clean log", limit=1)
