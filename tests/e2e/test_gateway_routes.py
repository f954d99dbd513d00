# SPDX-License-Identifier: Apache-2.0
"""Which paths the gateway knows, what it passes on and how, and all the ways in which HTTP may bring a request."""

import gzip
import json
import socket
import zlib

import pytest
from gateway import Gateway, model, upstream
from gateway_policy_helpers import (ONCE, STEADY, Change, ask, assert_refused, chat, code_of, digest,
                                    exchange, get, rows_of)
from llm_calls import STREAMED, Call, dialect_of
from processes import free_port, request
from provider import KEY

OPERATIONS = ("chat", "messages", "generate_content")
CLIENT_KEY = "key-of-the-gateway"
PRICES = [{"model": "priced*", "input": 2, "output": 10}]


def config(url, recorder, upstream_key):
    return {
        "proxy": {"max_header_bytes": 4096, "max_body_bytes": 100000},
        "upstreams": [*(upstream(dialect, url, **STEADY) for dialect in ("openai", "anthropic", "gemini")),
                      upstream("openai", recorder.url + "/base", name="recorder", other_paths="pass", key_file=upstream_key,
                               headers={"x-team": "blue"}, **STEADY),
                      upstream("gemini", recorder.url, name="gemini-recorder", other_paths="pass", **STEADY),
                      upstream("openai", f"http://127.0.0.1:{free_port()}", name="nobody", **STEADY)],
        "models": [*(model(operation, dialect_of(operation), aliases=[operation + "-alias"], **ONCE) for operation in STREAMED),
                   *(model("priced-" + operation, (dialect_of(operation), operation + "-there"), **ONCE)
                     for operation in OPERATIONS),
                   model("two-names", ("gemini", "first-there"), ("gemini", "second-there"), attempts=2, retries=0),
                   model("renamed", ("recorder", "there")), model("kept", "recorder"), model("down", "nobody", **ONCE)],
        "unknown_models": {"openai": "openai"}, "prices": PRICES,
    }


@pytest.fixture(scope="module", name="gateway")
def gateway_fixture(module_stack, provider, recorder, ai_gateway_binary):
    return Gateway(module_stack, ai_gateway_binary, config(provider.url, recorder, module_stack.write("key", "sk-upstream")))


def test_models_in_three_dialects(gateway):
    names = [*STREAMED, *("priced-" + operation for operation in OPERATIONS), "two-names", "renamed", "kept", "down"]
    openai = get(gateway, "/v1/models").json()
    assert openai["object"] == "list" and [one["id"] for one in openai["data"]] == names
    assert {one["object"] for one in openai["data"]} == {"model"}
    anthropic = get(gateway, "/v1/models", headers={"anthropic-version": "2023-06-01"}).json()
    assert [one["id"] for one in anthropic["data"]] == names and anthropic["has_more"] is False
    assert {one["type"] for one in anthropic["data"]} == {"model"}
    gemini = get(gateway, "/v1beta/models").json()
    assert [one["name"] for one in gemini["models"]] == ["models/" + name for name in names]
    assert get(gateway, "/models").json() == openai
    rows = get(gateway, "/api/ai/process").json()["models"]
    assert [row["name"] for row in rows] == names
    assert rows[0] == {"name": "chat", "dialect": "openai", "state": "available", "upstreams": ["openai"], "in_flight": 0,
                       "queued": 0}


def process(gateway, headers=None, **body):
    call = Call("chat", "")
    call.path, call.body = "/api/ai/process", json.dumps(body).encode()
    return ask(gateway, call, headers=headers)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("form", ["prompt", "messages"])
def test_one_shape_for_all_providers(gateway, provider, operation, form):
    name, prompt = "priced-" + operation, f"sim: id=process-{operation}-{form} in=1000 out=100"
    text = {"prompt": prompt} if form == "prompt" else {"messages": [
        {"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Yes?"}, {"role": "user", "content": prompt}]}
    with Change(gateway) as change:
        answer = process(gateway, model=name, system="Be brief.", max_tokens=200, temperature=0.5, **text)
        assert answer.status == 200, answer.body
        value = answer.json()
        assert value.pop("duration_seconds") > 0 and value.pop("text").startswith("word0 ")
        usage = value.pop("usage")
        assert usage == {"input": 1000, "output": 100, "cached_input": 0, "cache_write": 0, "reasoning": 0}
        assert value == {"model": name, "upstream": dialect_of(operation), "finish_reason": "stop", "cost_usd": 0.003,
                         "attempts": 1}
        change.wait("tokens_total", 1000, model=name, type="input")
        change.wait("requests_total", model=name, operation=operation, outcome="ok")
    row, = rows_of(provider, f"process-{operation}-{form}")
    assert (row["model"], row["operation"], row["key"]) == (operation + "-there", operation, digest(KEY.encode()))


def test_one_shape_falls_back_to_another_name(gateway, provider):
    answer = process(gateway, model="two-names", prompt="sim: id=two-names status=500 fails=1")
    assert (answer.status, answer.json()["attempts"]) == (200, 2), answer.body
    assert [row["model"] for row in rows_of(provider, "two-names", 2)] == ["first-there", "second-there"]


@pytest.mark.parametrize("body, status, code", [
    ({"model": "chat"}, 400, "bad_request"), ({"model": "chat", "prompt": "a", "messages": []}, 400, "bad_request"),
    ({"model": "chat", "prompt": "a", "teapot": 1}, 400, "bad_request"), ({"model": 7, "prompt": "a"}, 400, "bad_request"),
    ({"model": "never-heard-of", "prompt": "a"}, 404, "unknown_model"),
    ({"model": "chat", "prompt": "sim: status=400"}, 400, "bad_request"),
    ({"model": "chat", "prompt": "sim: status=500"}, 502, "upstream_error"),
    ({"model": "chat", "prompt": "sim: status=429"}, 429, "cooling_down"),
    ({"model": "down", "prompt": "a"}, 502, "upstream_error"),
    ({"model": "chat", "prompt": "sim: type=text/html reset_after=20"}, 502, "upstream_error")])
def test_errors_of_the_one_shape(gateway, body, status, code):
    answer = process(gateway, **body)
    assert (answer.status, answer.json()["error"]["code"]) == (status, code), answer.body
    assert set(answer.json()) == {"error"} and answer.json()["error"]["message"]


def test_a_process_request_without_json(gateway):
    call = Call("chat", "")
    call.path, call.body = "/api/ai/process", b"{"
    assert ask(gateway, call).json()["error"]["code"] == "bad_request"


@pytest.mark.parametrize("operation", ["messages", "generate_content"])
def test_unknown_models_are_refused_in_the_dialect(gateway, operation):
    with Change(gateway) as change:
        assert_refused(ask(gateway, Call(operation, "never-heard-of")), operation, 404, "unknown_model")
        change.wait("refused_total", reason="unknown_model")


def test_a_model_of_another_dialect(gateway):
    assert_refused(ask(gateway, Call("messages", "chat")), "messages", 404, "unknown_model")


def test_unknown_models_pass_as_other(gateway, provider):
    with Change(gateway) as change:
        for number in range(20):
            answer = ask(gateway, chat(f"gpt-{number}", f"id=unknown-{number} in=5"))
            assert (answer.status, answer.headers["x-aigw-model"]) == (200, "other")
            assert rows_of(provider, f"unknown-{number}")[0]["model"] == f"gpt-{number}"
        change.wait("requests_total", 20, model="other", upstream="openai")
        change.wait("tokens_total", 100, model="other", type="input")
    assert "gpt-1" not in gateway.page().text


def test_aliases_count_as_their_model(gateway, provider):
    with Change(gateway) as change:
        assert ask(gateway, chat("chat-alias", "id=alias")).status == 200
        change.wait("requests_total", model="chat")
    assert rows_of(provider, "alias")[0]["model"] == "chat"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_other_paths_pass_to_who_takes_them(gateway, recorder, method):
    """Byte for byte, with the upstream's key in place of the client's, and not counted as tokens."""
    call = Call("chat", "chat")
    call.path, call.body = "/v1/files?limit=2&after=a%20b", b"\0\1 any bytes \xff"
    recorder.reply = (201, [("content-type", "application/x-own"), ("x-own", "1"), ("connection", "close")], b"\0own\xff")
    with Change(gateway) as change:
        answer = ask(gateway, call, method, {"x-mine": "2", "content-type": "application/x-mine"})
        assert (answer.status, answer.body) == (201, b"\0own\xff")
        assert (answer.headers["content-type"], answer.headers["x-own"]) == ("application/x-own", "1")
        change.wait("requests_total", operation="other", upstream="recorder", code="201", outcome="ok")
        change.wait("tokens_total", 0)
        change.wait("usage_source_total", 0)
    sent, = recorder.take()
    headers = {name.lower(): value for name, value in sent["headers"]}
    assert (sent["method"], sent["target"], sent["body"]) == (method, "/base" + call.path, call.body)
    assert (headers["authorization"], headers["x-mine"], headers["x-team"]) == ("Bearer sk-upstream", "2", "blue")
    assert KEY not in str(sent)


def test_other_paths_are_refused_elsewhere(gateway, recorder):
    call = Call("messages", "messages")
    call.path = "/v1/messages/batches"
    assert_refused(ask(gateway, call), "messages", 404, "unknown_path")
    assert recorder.take() == []
    google = Call("generate_content", "x")
    google.path = "/v1beta/cachedContents"
    assert ask(gateway, google).status == 201
    assert recorder.take()[0]["target"] == "/v1beta/cachedContents"


def test_keys_of_the_gateway_s_clients(module_stack, recorder, ai_gateway_binary):
    """A client's key opens the gateway and goes no further, wherever it stands."""
    key_file = module_stack.write("upstream-key", "sk-upstream")
    own = [upstream(dialect, recorder.url, key_file=key_file, other_paths="pass", **STEADY)
           for dialect in ("openai", "anthropic", "gemini")]
    files = [module_stack.write(f"client-{number}", key) for number, key in enumerate(("another-key", CLIENT_KEY))]
    gateway = Gateway(module_stack, ai_gateway_binary, {
        "proxy": {"client_key_files": files}, "upstreams": own,
        "models": [model(operation, dialect_of(operation)) for operation in OPERATIONS]})
    recorder.take()
    for operation in OPERATIONS:
        for key in ("", "wrong", CLIENT_KEY[:-1], CLIENT_KEY + "x"):
            answer = ask(gateway, Call(operation, operation, key=key))
            assert_refused(answer, operation, 401, "unauthorized")
            assert not key or key not in answer.body.decode()
        assert ask(gateway, Call(operation, operation, key=CLIENT_KEY)).status == 201
    by_query = Call("generate_content", "generate_content", key="")
    by_query.path += f"?key={CLIENT_KEY}&alt=json"
    assert ask(gateway, by_query).status == 201
    assert ask(gateway, Call("chat", "chat", key=""), headers={"api-key": CLIENT_KEY}).status == 201
    for path in ("/v1/models", "/api/ai/process", "/v1/files"):
        assert get(gateway, path).status == 401
        assert get(gateway, path, headers={"authorization": "Bearer " + CLIENT_KEY}).status in (200, 201)
    sent = recorder.take()
    assert len(sent) == 6 and CLIENT_KEY not in str(sent)
    assert all("sk-upstream" in str(one["headers"]) for one in sent)
    assert sent[3]["target"].endswith("?alt=json")
    page = gateway.page()
    assert page.total("aigw_refused_total", reason="unauthorized") == 4 * 3 + 3
    for key in (CLIENT_KEY, "sk-upstream", "wrong"):
        assert key not in page.text + gateway.process.log_text()
    assert request(gateway.url + "/health").status == 200


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/models", "/api/ai/process"])
@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "HEAD", "PUT"])
def test_other_methods_of_known_paths(gateway, path, method):
    answer = get(gateway, path, method)
    assert (answer.status, answer.body == b"") == (405, method == "HEAD")
    assert answer.headers["allow"] == {"/v1/messages": "POST", "/v1/models": "GET"}.get(path, "GET, POST")
    if method != "HEAD":
        plain, dialect = path == "/api/ai/process", "anthropic" if path == "/v1/messages" else "openai"
        assert (answer.json()["error"]["code"] if plain else code_of(dialect, answer.body)) == "method"


def test_head_of_another_path(gateway, recorder):
    recorder.reply = (200, [("content-type", "text/plain")], b"12345")
    answer = get(gateway, "/v1/files/1", "HEAD")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "5")
    assert recorder.take()[0]["method"] == "HEAD"


@pytest.mark.parametrize("target", ["/v1/../v1/chat/completions", "/v1//chat/completions", "/v1/%2e%2e/x", "/v1/files;x", "/a\\b",
                                    "/v1/fi%00les", "/v1/%zz", "/" + "a" * 9000])
def test_paths_that_cannot_be_passed_on(module_stack, gateway, recorder, target):
    head = f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()
    got = exchange(gateway.port, head)
    assert got.split(b" ", 2)[1] in (b"400", b"431"), got
    assert recorder.take() == [] and module_stack is not None


@pytest.mark.parametrize("data, status", [
    (b"NONSENSE\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nhost\r\n\r\n", 400), (b"\x16\x03\x01\x02\x00\x01\x00", 400),
    (b"POST /v1/messages HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
    (b"POST /v1/messages HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST /v1/messages HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", 400),
    (b"POST /v1/messages HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
    (b"POST /v1/messages HTTP/1.1\r\nx: " + b"a" * 5000 + b"\r\n\r\n", 431),
    (b"POST /v1/messages HTTP/1.1\r\ncontent-length: 100001\r\n\r\n", 413),
    (b"POST /v1/messages HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n186a1\r\n" + b"a" * 100001, 413)])
def test_requests_that_are_none(gateway, data, status):
    """They are answered in a dialect, and the connection ends."""
    with Change(gateway) as change:
        got = exchange(gateway.port, data)
        head, _, body = got.partition(b"\r\n\r\n")
        assert got.split(b" ", 2)[1] == str(status).encode(), got[:200]
        assert b"connection: close" in head.lower()
        assert code_of("anthropic" if b"/v1/messages" in data and b'"type":"error"' in body else "openai", body)
        change.wait("refused_total", 1)


def test_bodies_that_are_no_requests(gateway):
    for body in (b"", b"{", b"[]", b'{"model":7}', b"{}", b'{"model":"chat","model":"down"}'):
        call = chat("chat")
        call.body = body
        answer = ask(gateway, call)
        assert_refused(answer, "chat", 400, "bad_request")


def test_expect_100_continue(gateway):
    call = chat("chat", "in=3")
    head, body = call.bytes().split(b"\r\n\r\n", 1)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as client:
        client.sendall(head + b"\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n")
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        got = b""
        while piece := client.recv(65536):
            got += piece
    assert got.startswith(b"HTTP/1.1 200 ")


def chunked(body, size):
    pieces = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;a=b\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\nx-trailer: 1\r\n\r\n"


@pytest.mark.parametrize("size", [1, 7, 100000])
def test_chunked_request_bodies(gateway, recorder, size):
    """They arrive with their length."""
    call = chat("renamed", "é" * 100)
    head = call.bytes().split(b"\r\n\r\n", 1)[0].replace(b"content-length: %d" % len(call.body), b"transfer-encoding: chunked")
    data = head + b"\r\nconnection: close\r\n\r\n" + chunked(call.body, size)
    assert exchange(gateway.port, [data[at:at + 500] for at in range(0, len(data), 500)]).startswith(b"HTTP/1.1 200 ")
    sent, = recorder.take()
    assert sent["body"] == call.body.replace(b'"renamed"', b'"there"')
    headers = {name.lower(): value for name, value in sent["headers"]}
    assert headers["content-length"] == str(len(sent["body"])) and "transfer-encoding" not in headers
    assert "x-trailer" not in headers


@pytest.mark.parametrize("encoding, encode", [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_request_bodies(gateway, recorder, provider, encoding, encode):
    """Where the name stays they pass as they came; where it changes they are sent decoded."""
    call = chat("renamed")
    plain, call.body = call.body, encode(call.body)
    assert ask(gateway, call, headers={"content-encoding": encoding}).status == 200
    sent, = recorder.take()
    assert sent["body"] == plain.replace(b'"renamed"', b'"there"')
    assert "content-encoding" not in {name.lower() for name, _ in sent["headers"]}
    kept = chat("kept")
    kept.body = encode(kept.body)
    assert ask(gateway, kept, headers={"content-encoding": encoding}).status == 200
    sent, = recorder.take()
    assert sent["body"] == kept.body and ("content-encoding", encoding) in sent["headers"]
    for data in (encode(plain)[:len(encode(plain)) // 2], encode(plain)[:-4], encode(plain)[:20] + b"no such thing" * 9, plain):
        broken = chat("renamed")
        broken.body = data
        assert_refused(ask(gateway, broken, headers={"content-encoding": encoding}), "chat", 400, "bad_request")
    cut = chat("kept")  # that would pass as it came
    cut.body = encode(cut.body)[:-1]
    assert_refused(ask(gateway, cut, headers={"content-encoding": encoding}), "chat", 400, "bad_request")
    bomb = chat("renamed")
    bomb.body = encode(b" " * 200000)
    assert_refused(ask(gateway, bomb, headers={"content-encoding": encoding}), "chat", 400, "bad_request")
    assert_refused(ask(gateway, chat("renamed"), headers={"content-encoding": "lzma"}), "chat", 400, "bad_request")
    assert recorder.take() == [] and provider.process.process.poll() is None


def test_pipelined_requests(gateway):
    """They are answered one after the other, in their order."""
    calls = [chat("chat", f"id=pipe-{number} in={number + 1}", stream=number % 2 == 1) for number in range(6)]
    data = b"".join(call.bytes() for call in calls)
    last = Call("chat", "never-heard-of", "id=pipe-last")
    last.headers["connection"] = "close"
    got = exchange(gateway.port, data + last.bytes())
    places = [got.find(b"chatcmpl-pipe-%d" % number) for number in range(6)] + [got.find(b"chatcmpl-pipe-last")]
    assert places == sorted(places) and -1 not in places
    assert got.count(b"HTTP/1.1 200 ") == 7


def test_http_1_0(gateway):
    """No chunks for who does not know them: the connection's end is the answer's."""
    for stream in (False, True):
        call = chat("chat", "id=old", stream=stream)
        got = exchange(gateway.port, call.bytes().replace(b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", 1))
        head, _, body = got.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.") and b" 200 " in head and b"transfer-encoding" not in head.lower()
        assert body.endswith(b"data: [DONE]\n\n") if stream else json.loads(body)["id"] == "chatcmpl-old"


def test_empty_lines_between_requests(gateway):
    """Some clients end a body by one; it is nothing to be answered, and does not keep the gateway from seeing them leave."""
    last = chat("chat", "id=last")
    last.headers["connection"] = "close"
    got = exchange(gateway.port, [chat("chat").bytes() + b"\r\n" + chat("chat").bytes(), b"\r\n\r\n" + last.bytes()])
    assert got.count(b"HTTP/1.1 200 ") == 3
    with Change(gateway) as change, socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as client:
        client.sendall(chat("chat", "hang=headers").bytes() + b"\r\n")
        gateway.wait_for_page(lambda page: page.total("aigw_in_flight_requests", model="chat") == 1, "it to be sent")
        client.close()
        change.wait("requests_total", model="chat", outcome="canceled")


def test_connections_are_kept(gateway):
    call = chat("chat")
    got = exchange(gateway.port, [call.bytes(), call.bytes().replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n", 1)])
    assert got.count(b"HTTP/1.1 200 ") == 2 and got.lower().count(b"connection: keep-alive") == 1


def test_nothing_stays(gateway):
    page = gateway.at_rest()
    assert page.total("aigw_in_flight_requests") == 0
    gateway.wait_for_page(lambda now: now.total("aigw_connections") == 0, "connections to end")
