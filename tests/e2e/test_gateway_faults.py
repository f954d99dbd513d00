# SPDX-License-Identifier: Apache-2.0
"""Providers that hang, reset, trickle, send too much or nonsense: what the client gets, what the gateway makes of it, and that
nothing of it stays."""

import http.client
import json
import time

import pytest
from gateway import Gateway, model, upstream
from gateway_policy_helpers import Change, Pending
from helpers import at_rest, status_kib
from llm_calls import STREAMED, Call, dialect_of, read_stream, usage_of

SHORT = {"header_timeout": "1s", "content_timeout": "1s", "idle_timeout": "1s"}
NEVER = {"minimum_calls": 1000000}  # no breaker opens
ONCE = {"attempts": 1, "retries": 0}


def config(url, times, **attempts):
    return {"upstreams": [upstream(dialect, url, breaker=NEVER, **times) for dialect in ("openai", "anthropic", "gemini")],
            "models": [model(operation, dialect_of(operation), **attempts) for operation in STREAMED]}


@pytest.fixture(scope="module", name="once")
def once_fixture(module_stack, provider, ai_gateway_binary):
    """A gateway that tries once, and has time."""
    return Gateway(module_stack, ai_gateway_binary, config(provider.url, {}, **ONCE))


@pytest.fixture(scope="module", name="hasty")
def hasty_fixture(module_stack, provider, ai_gateway_binary):
    """A gateway that tries once, and soon gives up waiting."""
    return Gateway(module_stack, ai_gateway_binary, config(provider.url, SHORT, **ONCE))


@pytest.fixture(scope="module", name="retrying")
def retrying_fixture(module_stack, provider, ai_gateway_binary):
    """A gateway that tries again."""
    return Gateway(module_stack, ai_gateway_binary, config(provider.url, SHORT, backoff="5ms", retries=3, attempts=4))


def ask(gateway, call, timeout=30):
    """(status, headers, body, whole): what came, and whether HTTP says that it is all."""
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=timeout)
    try:
        connection.request("POST", call.path, call.body, call.headers)
        answer = connection.getresponse()
        try:
            return answer.status, answer.headers, answer.read(), True
        except http.client.IncompleteRead as error:
            return answer.status, answer.headers, error.partial, False
    finally:
        connection.close()


def error_of(operation, body):
    """The error's message in the dialect's own shape."""
    error = json.loads(body)["error"]
    assert {"openai": "type", "anthropic": "type", "gemini": "status"}[dialect_of(operation)] in error
    return error["message"]


@pytest.mark.parametrize("operation", STREAMED)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("commands, status, result, outcome", [
    ("hang=headers", 504, "header_timeout", "timeout"),
    ("reset=head", 502, "reset", "upstream_error"),
    ("status=500", 500, "server_error", "upstream_error"),
    ("status=400", 400, "client_error", "client_error"),
])
def test_before_the_answer(hasty, operation, stream, commands, status, result, outcome):
    with Change(hasty) as change:
        got, headers, body, whole = ask(hasty, Call(operation, operation, commands, stream))
        assert (got, whole) == (status, True) and headers["content-type"].startswith("application/json")
        assert error_of(operation, body)
        change.wait("attempts_total", model=operation, result=result)
        change.wait("requests_total", model=operation, code=str(status), outcome=outcome)


@pytest.mark.parametrize("operation", STREAMED)
def test_silence_before_the_content(hasty, operation):
    """The stream's beginning was held back, so that the client can be told by a status."""
    with Change(hasty) as change:
        status, _, body, whole = ask(hasty, Call(operation, operation, "hang=0", stream=True))
        assert (status, whole) == (504, True) and error_of(operation, body)
        change.wait("attempts_total", model=operation, result="content_timeout")
        change.wait("requests_total", model=operation, outcome="timeout")


def test_what_is_held_back_counts_as_held(once):
    call = Call("messages", "messages", "hang=0", stream=True)
    pending = Pending(once.port, call)
    once.wait_for_page(lambda page: page.total("aigw_held_bytes") > len(call.body), "the stream's beginning to be held back")
    pending.leave(by_reset=True)
    once.wait_for_page(lambda page: page.total("aigw_held_bytes") == 0, "it to be given back")


@pytest.mark.parametrize("operation", STREAMED)
def test_silence_in_the_middle(hasty, operation):
    """The client gets what came, and then an error in its stream that its SDK knows."""
    with Change(hasty) as change:
        status, headers, body, _ = ask(hasty, Call(operation, operation, "hang=3 chunks=6", stream=True))
        values = read_stream(body, headers["content-type"])
        assert status == 200 and ("error" in values[-1] or values[-1].get("type") == "error"), values[-1]
        assert body.count(b"word") == 3
        change.wait("attempts_total", model=operation, result="idle_timeout")
        change.wait("streams_total", model=operation, end="idle_timeout")
        change.wait("requests_total", model=operation, outcome="timeout")


@pytest.mark.parametrize("operation", STREAMED)
def test_a_reset_in_the_middle(once, operation):
    """A stream that was cut is cut for the client too: it must not look like a whole one."""
    with Change(once) as change:
        status, _, body, whole = ask(once, Call(operation, operation, "reset_after=3000 frame=900 chunks=9", stream=True))
        assert status == 200 and not whole and body
        change.wait("attempts_total", model=operation, result="broken_off")
        change.wait("streams_total", model=operation, end="upstream_error")
        change.wait("requests_total", model=operation, outcome="upstream_error")


@pytest.mark.parametrize("operation", STREAMED)
def test_a_whole_answer_that_breaks_off(once, operation):
    with Change(once) as change:
        status, _, body, whole = ask(once, Call(operation, operation, "reset_after=3000 frame=9000"))
        assert (status, whole) == (200, False) or status == 502, (status, whole, len(body))
        change.wait("requests_total", model=operation, outcome="upstream_error")
        change.wait("usage_source_total", 0, model=operation, source="reported")


@pytest.mark.parametrize("operation", STREAMED)
@pytest.mark.parametrize("stream", [False, True])
def test_trickles_arrive_whole(once, operation, stream):
    call = Call(operation, operation, "in=70 out=30 chunks=3 trickle=29/0.001", stream, usage=True)
    with Change(once) as change:
        status, headers, body, whole = ask(once, call)
        assert (status, whole) == (200, True)
        values = read_stream(body, headers["content-type"]) if stream else [json.loads(body)]
        assert usage_of(operation, values)[:2] == (70, 30)
        change.wait("tokens_total", 70, model=operation, type="input")
        change.wait("tokens_total", 30, model=operation, type="output")


@pytest.mark.parametrize("operation", STREAMED)
@pytest.mark.parametrize("stream", [False, True])
def test_frames_of_ten_megabytes(once, operation, stream):
    # The last frame of a stream of /v1/responses has all of its text again; of more than 16 MiB none is looked into.
    size = 4 if operation == "responses" else 10
    call = Call(operation, operation, f"in=70 out=30 chunks=3 frame={size}MB", stream, usage=True)
    before = status_kib(once.process.pid, "RssAnon")
    with Change(once) as change:
        status, _, body, whole = ask(once, call)
        assert (status, whole) == (200, True) and len(body) > (3 if stream else 1) * size << 20
        change.wait("tokens_total", 70, model=operation, type="input")
    assert status_kib(once.process.pid, "RssAnon") - before < 100 << 10  # what was needed for a frame or two


@pytest.mark.parametrize("operation", STREAMED)
@pytest.mark.parametrize("stream", [False, True])
def test_another_content_type_passes_and_is_not_counted(once, operation, stream):
    with Change(once) as change:
        status, headers, body, _ = ask(once, Call(operation, operation, "type=text/html", stream))
        assert (status, headers["content-type"]) == (200, "text/html") and body
        change.wait("usage_source_total", 1, model=operation, source="missing")
        change.wait("tokens_total", 0, model=operation)


@pytest.mark.parametrize("operation", STREAMED)
@pytest.mark.parametrize("commands", ["error=first:server_error", "error=bare:overloaded_error", "status=503", "reset=head",
                                      "hang=headers"])
def test_one_failure_is_retried_unseen(retrying, operation, commands):
    with Change(retrying) as change:
        name = f"{operation}-{commands}".replace("error=", "")
        call = Call(operation, operation, f"id={name} fails=1 in=19 {commands}", stream=True, usage=True)
        status, headers, body, whole = ask(retrying, call)
        # A kept connection that was reset is replaced within the same attempt.
        attempts = ("1", "2") if commands == "reset=head" else ("2",)
        assert (status, whole) == (200, True) and headers["x-aigw-attempts"] in attempts
        assert b'"error":{' not in body and body.count(b"word0") > 0
        change.wait("retries_total", int(headers["x-aigw-attempts"]) - 1, model=operation)
        change.wait("requests_total", model=operation, code="200", outcome="ok")
        change.wait("tokens_total", 19, model=operation, type="input")


def test_a_slow_client_holds_the_provider_back(once):
    """What a client does not take is not piled up."""
    call = Call("chat", "chat", "chunks=60 frame=1MB", stream=True)
    connection = http.client.HTTPConnection("127.0.0.1", once.port, timeout=30)
    before = status_kib(once.process.pid, "RssAnon")
    connection.request("POST", call.path, call.body, call.headers)
    answer = connection.getresponse()
    answer.read(1000)
    time.sleep(2)
    assert status_kib(once.process.pid, "RssAnon") - before < 30 << 10
    assert len(answer.read()) > 60 << 20
    connection.close()


def test_nothing_stays(once, provider):
    """After the other tests: no connections, no memory held, no requests under way."""
    names = ("connections", "held_bytes", "upstream_in_flight_requests", "in_flight_requests", "upstream_draining")
    once.wait_for_page(lambda page: not any(page.total("aigw_" + name) for name in names), "nothing under way")
    assert ask(once, Call("chat", "chat"))[0] == 200
    files, _ = at_rest(once.process)
    sockets = [name for name in files.values() if name.startswith("socket:")]
    assert len(sockets) < 64 * 3 + 20, files
    assert provider.process.process.poll() is None
