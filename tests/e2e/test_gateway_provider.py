# SPDX-License-Identifier: Apache-2.0
"""The simulated provider itself: it answers what it is told to, in all dialects, and its ledger says what it sent."""

import gzip
import http.client
import json
import socket
import struct
import time
import zlib

import pytest
from llm_calls import OPERATIONS, STREAMED, Call, read_stream, usage_of
from processes import wait_for
from provider import KEY, Provider
from provider_frames import Encoder, brotli
from provider_plan import BadPlan, Plan, parse_plan

TOKENS = "in=40 out=20 cached=6 reasoning=5"


def ask(provider, call, timeout=20):
    """(status, headers, body) of a call, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=timeout)
    try:
        connection.request("POST", call.path, call.body, call.headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def row_of(provider, name, count=1):
    """The ledger's last row of that id, once there are `count`."""
    def found():
        rows = [row for row in provider.ledger() if row["id"] == name]
        return rows if len(rows) >= count else None
    return wait_for(found, f"{count} rows of {name}")[-1]


@pytest.mark.parametrize("text, wanted", [
    ("nothing is said", Plan()),
    ("sim: in=3 out=2\nsim: in=4", Plan(input=4)),
    ('{"content":"a sim: frame=10MB type=text/html"}', Plan(frame=10 << 20, content_type="text/html")),
    ("sim: gzip=1 br=0 delay=0.5 trickle=1/0.25", Plan(gzip=True, delay=0.5, trickle="1/0.25")),
])
def test_commands(text, wanted):
    assert parse_plan(text) == wanted


@pytest.mark.parametrize("text", ["bogus=1", "input=1", "in=-1", "in=x", "cached=13", "reasoning=9", "error=soon", "finish=no",
                                  "delay=soon", "hang=never", "trickle=x", "frame=1GB"])
def test_commands_that_make_no_sense(text):
    with pytest.raises(BadPlan):
        parse_plan("sim: " + text)


def test_a_bad_command_is_answered_400(provider):
    status, _, body = ask(provider, Call("chat", "m", "bogus=1"))
    assert (status, json.loads(body)["error"]["message"]) == (400, "sim: no such command: bogus")


@pytest.mark.parametrize("operation, stream", [*((name, False) for name in OPERATIONS), *((name, True) for name in STREAMED)])
def test_counts_are_those_asked_for(provider, operation, stream):
    name = f"{operation}-{stream}"
    status, headers, body = ask(provider, Call(operation, "m", f"id={name} {TOKENS}", stream, usage=True))
    assert status == 200
    frames = read_stream(body, headers["content-type"]) if stream else [json.loads(body)]
    embedding = operation in ("embeddings", "embed_content")
    assert usage_of(operation, frames) == (40, 0 if embedding else 20, 0 if embedding else 6, 0 if embedding else 5)
    row = row_of(provider, name)
    assert (row["input"], row["output"], row["final"], row["whole"]) == (40, 0 if embedding else 20, True, True)


def test_usage_of_a_chat_stream_only_where_asked_for(provider):
    _, headers, body = ask(provider, Call("chat", "m", "id=unasked", stream=True))
    assert b"usage" not in body and body.endswith(b"data: [DONE]\n\n")
    assert len(read_stream(body, headers["content-type"])) == 1 + 8 + 1
    assert not row_of(provider, "unasked")["final"]


@pytest.mark.parametrize("encoding, decode", [
    ("gzip", gzip.decompress), ("deflate", zlib.decompress), ("br", brotli.decompress if brotli else None)])
@pytest.mark.parametrize("stream", [False, True])
def test_encodings(provider, encoding, decode, stream):
    if decode is None:
        pytest.skip("br needs Debian's python3-brotli")
    _, headers, plain = ask(provider, Call("chat", "m", "id=same", stream))
    _, headers, body = ask(provider, Call("chat", "m", f"id=same {encoding}=1", stream))
    assert headers["content-encoding"] == encoding
    assert decode(body) == plain


def test_each_piece_of_an_encoded_stream_can_be_read_at_once():
    encoder, reader = Encoder("gzip"), zlib.decompressobj(31)
    assert [reader.decompress(encoder.encode(piece)) for piece in (b"one", b"two")] == [b"one", b"two"]


@pytest.mark.parametrize("operation, status, kind", [
    ("chat", 503, ("server_error", None)), ("chat", 429, ("requests", "rate_limit_exceeded")),
    ("messages", 529, ("overloaded_error", None)), ("generate_content", 429, (None, 429))])
def test_errors_in_the_dialect(provider, operation, status, kind):
    answered, headers, body = ask(provider, Call(operation, "m", f"status={status} retry_after=2"))
    error = json.loads(body)["error"]
    assert (answered, headers["retry-after"]) == (status, "2")
    assert (error.get("type"), error.get("code")) == kind


@pytest.mark.parametrize("where, contents", [("bare", 0), ("first", 0), ("late:3", 3)])
def test_error_frames(provider, where, contents):
    _, headers, body = ask(provider, Call("messages", "m", f"id={where} error={where}:overloaded_error", stream=True))
    frames = read_stream(body, headers["content-type"])
    kinds = [frame["type"] for frame in frames]
    assert (kinds.count("content_block_delta"), kinds[-1]) == (contents, "error")
    assert (kinds[0] == "error") == (where == "bare")
    assert not row_of(provider, where)["final"]


def test_the_first_requests_of_an_id_fail(provider):
    statuses = [ask(provider, Call("chat", "m", "id=thrice fails=2 status=500"))[0] for _ in range(4)]
    assert statuses == [500, 500, 200, 200]


@pytest.mark.parametrize("commands", ["reset=head", "reset_after=100"])
def test_resets(provider, commands):
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        ask(provider, Call("chat", "m", f"id={commands} {commands}", stream=True))
    row = row_of(provider, commands)
    assert not row["whole"] and not row["final"]


@pytest.mark.parametrize("commands", ["hang=headers", "hang=mid", "hang=0"])
def test_silence(provider, commands):
    with pytest.raises(TimeoutError):
        ask(provider, Call("chat", "m", f"id={commands} {commands}", stream=True, usage=True), timeout=0.5)
    row = row_of(provider, commands)
    assert not row["whole"] and not row["final"]


def test_trickles_and_large_frames(provider):
    began = time.monotonic()
    _, _, body = ask(provider, Call("chat", "m", "trickle=200/0.02"))
    assert time.monotonic() - began > 0.02 * (len(body) // 200)
    _, headers, body = ask(provider, Call("chat", "m", "frame=10MB chunks=2 id=large", stream=True, usage=True))
    assert len(body) > 20 << 20 and usage_of("chat", read_stream(body, headers["content-type"]))[0] == 12
    assert row_of(provider, "large")["final"]


def test_a_client_that_left_did_not_get_the_usage(provider):
    call = Call("chat", "m", "id=left chunks=20 delay=0.02", stream=True, usage=True)
    with socket.create_connection(("127.0.0.1", provider.port)) as client:
        client.sendall(call.bytes())
        assert client.recv(10)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    row = row_of(provider, "left")
    assert not row["final"] and not row["whole"]


def test_keys_are_hashed_wherever_they_come(provider):
    for operation in ("chat", "messages", "generate_content"):
        ask(provider, Call(operation, "m", f"id=key-{operation}"))
        assert len(row_of(provider, f"key-{operation}")["key"]) == 16
    assert KEY not in json.dumps(provider.ledger())
    status, _, _ = ask(provider, Call("chat", "m", key=""))
    assert status == 401


def test_api_versions_of_anthropic(provider):
    call = Call("messages", "m", "id=version")
    for version, more, wanted in (("2023-06-01", {"temperature": 1}, 200), ("2026-10-21", {}, 200),
                                  ("2026-10-21", {"temperature": 1}, 400), ("1999-01-01", {}, 400)):
        call.headers["anthropic-version"] = version
        call.body = json.dumps({**json.loads(call.body), **more}).encode()
        assert ask(provider, call)[0] == wanted
        call = Call("messages", "m", "id=version")


def test_the_ledger_outlives_a_restart(stack):
    provider = Provider(stack)
    for _ in range(3):
        ask(provider, Call("chat", "m", "id=kept"))
        provider.restart()
    assert [(row["id"], row["attempt"]) for row in provider.ledger()] == [("kept", 1), ("kept", 2), ("kept", 3)]


def test_outages_by_a_schedule(stack):
    provider = Provider(stack, "failing", "--fail-every=1.2", "--fail-for=0.6", "--fail-status=529")
    seen = set()

    def both():
        seen.add(ask(provider, Call("messages", "m"))[0])
        return seen == {200, 529}

    wait_for(both, "an outage and its end")
