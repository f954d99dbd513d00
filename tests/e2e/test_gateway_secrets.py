# SPDX-License-Identifier: Apache-2.0
"""A key planted in every place that a key can be in is found nowhere but where it has to go."""

import contextlib
import json
import re
import socket
import subprocess
import threading
import urllib.parse

import pytest
from gateway import Gateway, upstream
from gateway_hard_helpers import NEVER, Hostile, ask, at_rest, chunk, connect, head, last_call, models_at
from helpers import show
from llm_calls import Call
from processes import request, wait_for

MARK = "PLANTED"  # is in all of them
DIALECTS = {"openai": "chat", "anthropic": "messages", "gemini": "generate_content"}
PAGES = ("/", "/metrics", "/metrics/gateway", "/metrics/state", "/health", "/health/detailed", "/health/ready", "/nowhere")
FIELDS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")


def key(place):
    """A key of no well-known form, with bytes that URLs escape."""
    return f"zq+{MARK}/{place}=7f3a9c"


def told(peer):
    """The credentials of a request, wherever they are."""
    found = [peer.request.headers.get(name, "") for name in FIELDS] + [peer.request.target.partition("?")[2]]
    return " ".join(one for one in found if one).replace("Bearer ", "")


def plain(peer):
    peer.pieces = [json.dumps({"id": "1", "choices": [{"message": {"content": told(peer)}}]}).encode()]
    peer.send_whole("x-echo: " + told(peer), f"set-cookie: k={told(peer)}; path=/", "x-request-id: r1")


def refuses(peer):
    body = json.dumps({"error": {"message": "Incorrect API key provided: " + told(peer), "type": "invalid_request_error",
                                 "code": "invalid_api_key"}}).encode()
    peer.send(head("content-type: application/json", f"content-length: {len(body)}", f'www-authenticate: Bearer k="{told(peer)}"',
                   status=f"401 no such key as {told(peer)}"), body)


def limits(peer):
    body = json.dumps({"error": {"message": "Too much for " + told(peer), "type": "rate_limit_error"}}).encode()
    peer.send(head("content-type: application/json", f"content-length: {len(body)}", "retry-after: 0",
                   "x-ratelimit-remaining-tokens: " + told(peer), status="429 Too Many Requests"), body)


def redirects(peer):
    peer.send(head("content-length: 0", f"location: https://other.example/v1?key={told(peer)}",
                   f"link: <https://other.example/?key={urllib.parse.quote(told(peer), safe='')}>; rel=next", "x-kept: yes",
                   status="307 Temporary Redirect"))


def error_frame(peer, content):
    error = chunk(b"data: " + json.dumps({"error": {"message": "bad key " + told(peer), "type": "server_error"}}).encode() + b"\n\n")
    frames = peer.pieces[:peer.before_content + content]
    peer.send(head("content-type: text/event-stream", "transfer-encoding: chunked", "x-echo: " + told(peer)), *map(chunk, frames),
              error, b"0\r\n\r\n")


def breaks_off(peer):
    peer.send(head("content-type: application/json", "content-length: 1000", "x-echo: " + told(peer)), told(peer).encode())
    peer.reset()


SCRIPTS = {"plain": plain, "refuses": refuses, "limits": limits, "redirects": redirects,
           "first_frame": lambda peer: error_frame(peer, 0), "late_frame": lambda peer: error_frame(peer, 2), "breaks_off": breaks_off,
           "garbage": lambda peer: peer.send(told(peer).encode() + b"\r\n\r\n"),
           "bad_field": lambda peer: peer.send(b"HTTP/1.1 200 OK\r\n" + told(peer).encode() + b"\r\n\r\n")}
STREAMED = ("first_frame", "late_frame")


def every_call(dialect, name, place):
    """A request with a key in each field, in the query and in the body."""
    call = Call(DIALECTS[dialect], name, "in=1", stream=name in STREAMED, usage=True, key=None)
    call.path += ("&" if "?" in call.path else "?") + "key=" + key(place + "-query")
    call.headers.update({field: key(f"{place}-{field}") for field in FIELDS})
    call.headers["authorization"] = "Bearer " + call.headers["authorization"]
    call.body = call.body.replace(b"Say something", key(place + "-body").encode())
    return call


def search(gateway, stack):
    """What of the gateway everybody can read, by name."""
    found = {page: request(gateway.url + page).body for page in PAGES}
    found["log"] = gateway.process.log_text().encode()
    with open(f"/proc/{gateway.process.pid}/cmdline", "rb") as file:
        found["command line"] = file.read()
    assert stack.folder.encode() in found["command line"]
    return found


def check_clean(gateway, stack):
    at_rest(gateway)
    found = search(gateway, stack)
    assert len(found["log"]) > 300 and len(found["/metrics"]) > 1000
    for name, data in found.items():
        lines = [line for line in data.splitlines() if MARK.encode() in line or b"7f3a9c" in line]
        assert not lines, (name, lines[:3])


def config_of(hostile, upstreams, **more):
    """Each upstream of a dialect has all models, by its own name before them."""
    return {"upstreams": [upstream(dialect, hostile.url, breaker=NEVER, retry_ratio=0, cool_down="1ms", other_paths="pass", **keys)
                          for dialect, keys in upstreams.items()],
            "models": [one for name in SCRIPTS for one in models_at("openai", [name])], **more}


def start(stack, binary, config):
    return Gateway(stack, binary, config, "--log.level=debug")


def split(answer):
    """(head, body) of an answer as they came."""
    top, _, body = answer.data.partition(b"\r\n\r\n")
    return top.decode("latin-1"), body.decode("latin-1")


def is_our_own(answer):
    """Whether the gateway made it."""
    return "x-aigw-upstream" not in answer.headers


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_configs_key(stack, ai_gateway_binary, dialect):
    file_key, seen = key("file"), []
    with Hostile(SCRIPTS) as hostile:
        config = {"upstreams": [upstream(dialect, hostile.url, breaker=NEVER, retry_ratio=0, cool_down="1ms",
                                         key_file=stack.write("key", file_key + "\n"))],
                  "models": [one for name in SCRIPTS for one in models_at(dialect, [name])]}
        gateway = start(stack, ai_gateway_binary, config)
        for name in SCRIPTS:
            answer = ask(gateway.port, every_call(dialect, name, "client"))
            top, body = split(answer)
            assert answer.status, name
            assert MARK not in top and "7f3a9c" not in top, (name, top)
            if is_our_own(answer):
                assert MARK not in body, (name, body)
            elif name in ("plain", "refuses"):
                assert file_key in body  # bodies pass as they are
            if name == "redirects":
                assert answer.status == 307 and "location" not in answer.headers and answer.headers["x-kept"] == "yes"
            seen.append(name)
        # It was sent, and nothing that the client sent instead of it.
        for one in hostile.seen:
            said = " ".join([one.target, *(f"{field}: {value}" for field, value in one.headers.items())])
            assert said.count(MARK) == 1 and file_key in said, said
        check_clean(gateway, stack)
    show(f"{dialect}: {len(seen)} answers that echo the key")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_clients_keys_pass(stack, ai_gateway_binary, dialect):
    with Hostile(SCRIPTS) as hostile:
        config = {"upstreams": [upstream(dialect, hostile.url, breaker=NEVER, retry_ratio=0, cool_down="1ms")],
                  "models": [one for name in SCRIPTS for one in models_at(dialect, [name])]}
        gateway = start(stack, ai_gateway_binary, config)
        for name in SCRIPTS:
            answer = ask(gateway.port, every_call(dialect, name, "client"))
            assert answer.status, name
            if is_our_own(answer):
                assert MARK not in answer.data.decode("latin-1"), name
        for one in hostile.seen:
            assert {field: one.headers[field].replace("Bearer ", "") for field in FIELDS} == \
                {field: key(f"client-{field}") for field in FIELDS}
            assert "key=" + key("client-query") in one.target
        # What is refused says nothing of what it was.
        for data in bad_requests(dialect):
            answer = ask(gateway.port, data)
            assert answer.status and answer.status >= 400 and MARK not in answer.data.decode("latin-1"), answer.data[:500]
        check_clean(gateway, stack)


def bad_requests(dialect):
    """Requests that come no further than the gateway, each with keys in it."""
    path = Call(DIALECTS[dialect], key("model")).path
    query = f"?key={key('query')}"
    fields = f"host: x\r\nauthorization: Bearer {key('bearer')}\r\nx-api-key: {key('field')}\r\nconnection: close\r\n"
    body = json.dumps({"model": key("model"), "messages": [{"content": key("body")}]})
    sized = fields + f"content-length: {len(body)}\r\n\r\n{body}"
    lines = [f"POST {path}{query} HTTP/1.1\r\n{sized}", f"POST /{key('path')} HTTP/1.1\r\n{fields}transfer-encoding: {key('x')}\r\n\r\n",
             f"POST {path}{query}#{key('x')} HTTP/1.1\r\n{sized}", f"{key('method')} {path} HTTP/1.1\r\n{sized}",
             f"POST http://{key('host')}/ HTTP/1.1\r\n{sized}", f"POST {path} {key('version')}\r\n{sized}",
             f"POST {path} HTTP/1.1\r\n{fields}content-length: {key('length')}\r\n\r\n", f"GET /v1/chat/../{query} HTTP/1.1\r\n{sized}",
             f"POST {path} HTTP/1.1\r\n{fields}{key('no-colon')}\r\n\r\n", f"PUT /api/ai/process{query} HTTP/1.1\r\n{sized}",
             f"POST /api/ai/process{query} HTTP/1.1\r\n{sized}",
             f"POST {path} HTTP/1.1\r\n{fields}content-length: 20\r\n\r\n{key('broken')[:20]}",
             f"POST {path} HTTP/1.1\r\n{fields}content-encoding: {key('encoding')}\r\ncontent-length: {len(body)}\r\n\r\n{body}"]
    return [line.encode("latin-1") for line in lines]


def test_client_keys_go_no_further(stack, ai_gateway_binary):
    first, second = key("first"), key("second")
    with Hostile(SCRIPTS) as hostile:
        config = config_of(hostile, {"openai": {}}, proxy={"client_key_files": [stack.write("one", first), stack.write("two", second)]})
        gateway = start(stack, ai_gateway_binary, config)

        def call(**headers):
            one = Call("chat", "plain", "in=1", key=None)
            one.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
            return one

        for good in ({"authorization": "Bearer " + first}, {"x_api_key": second}, {"api_key": first}, {"x_goog_api_key": second}):
            answer = ask(gateway.port, call(**good))
            assert answer.status == 200 and MARK not in answer.data.decode("latin-1")
        by_query = call()
        by_query.path += "?a=1&key=" + first + "&b=2"
        assert ask(gateway.port, by_query).status == 200
        assert hostile.seen[-1].target.endswith("?a=1&b=2")
        other_path = call(authorization="Bearer " + first)
        other_path.path = "/v1/files"
        assert ask(gateway.port, other_path).status in (200, 502)
        before = len(hostile.seen)
        for bad in ({}, {"authorization": "Bearer " + first[:-1]}, {"authorization": "Bearer " + first + "x"},
                    {"authorization": "Basic " + first}, {"x_api_key": key("other")}, {"x_api_key": ""}):
            answer = ask(gateway.port, call(**bad))
            assert (answer.status, answer.error_code()) == (401, "unauthorized"), bad
            assert MARK not in answer.data.decode("latin-1")
        assert len(hostile.seen) == before
        for one in hostile.seen:
            assert MARK not in one.target + str(one.headers)
        check_clean(gateway, stack)


def test_the_process_api_tells_no_key(stack, ai_gateway_binary):
    with Hostile(SCRIPTS) as hostile:
        config = config_of(hostile, {"openai": {"key_file": stack.write("key", key("file"))}})
        gateway = start(stack, ai_gateway_binary, config)
        for name in SCRIPTS:
            body = json.dumps({"model": name, "prompt": key("prompt")}).encode()
            data = b"POST /api/ai/process HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: %b\r\ncontent-length: %d\r\n\r\n%b" % (
                key("client").encode(), len(body), body)
            answer = ask(gateway.port, data)
            assert answer.status, name
            if name != "plain":
                assert answer.status >= 400 and MARK not in answer.data.decode("latin-1"), name
            else:
                assert MARK not in split(answer)[0]
        check_clean(gateway, stack)


class EchoingRedis:
    """Says no to everything, and what it was told."""

    def __init__(self):
        self.heard = b""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        with contextlib.suppress(OSError), sock:
            while data := sock.recv(65536):
                self.heard += data
                for _ in range(data.count(b"*")):
                    sock.sendall(b"-WRONGPASS of " + re.sub(rb"\s+", b" ", data) + b"\r\n")

    def close(self):
        self._listener.close()


def test_the_password_of_shared_limits(stack, ai_gateway_binary):
    redis = EchoingRedis()
    with Hostile(SCRIPTS) as hostile:
        config = config_of(hostile, {"openai": {}}, shared_limits={
            "url": f"redis://127.0.0.1:{redis.port}/0", "password_file": stack.write("password", key("redis")), "retry": "200ms"})
        config["models"][0]["limits"] = [{"requests": 1000, "per": "1m"}]
        gateway = start(stack, ai_gateway_binary, config)
        for _ in range(3):
            assert ask(gateway.port, Call("chat", "plain", "in=1")).status == 200
        wait_for(lambda: key("redis").encode() in redis.heard, "the password to be sent")
        gateway.wait_for_page(lambda page: page.total("aigw_shared_limits_failures_total") > 0, "the refusal to be noticed")
        check_clean(gateway, stack)
    redis.close()


@pytest.mark.parametrize("text", [
    "upstreams: [{name: a, url: 'https://user:%s@host'}]",
    "upstreams: [{name: a, url: 'https://host/?key=%s'}]",
    "upstreams: [{name: a, url: '%s'}]",
    "upstreams: [{name: a, url: 'https://host', key: '%s'}]",
    "upstreams: [{name: a, url: 'https://host', headers: {Authorization: 'Bearer %s'}}]",
    "upstreams: [{name: a, url: 'https://host', headers: {x-api-key: '%s'}}]",
    "upstreams: [{name: a, url: 'https://host', key_env: NO_SUCH, key_file: '%s'}]",
    "upstreams: [{name: a, url: 'https://host', dialect: '%s'}]",
    "upstreams: [{name: a, url: 'https://host', key_file: KEYFILE}]",
    "upstreams: [{name: a, url: 'https://host'}]\nproxy: {client_keys: ['%s']}",
    "upstreams: [{name: a, url: 'https://host'}]\nshared_limits: {url: 'redis://:%s@host:6379/0'}",
    "upstreams: [{name: a, url: 'https://host'}]\nshared_limits: {url: 'redis://host:6379/0', password: '%s'}",
    "upstreams: [{name: a, url: 'https://host'}]\ncredentials: {c: {password: '%s'}}",
])
def test_mistakes_in_the_config_are_told_without_the_key(stack, ai_gateway_binary, text):
    key_file = stack.write("two-lines", key("line") + "\n" + key("other") + "\n")
    config = stack.write("bad.yml", text.replace("%s", key("config")).replace("KEYFILE", key_file) + "\nunknown_models: {openai: a}\n")
    done = subprocess.run([ai_gateway_binary, "--config.check", "--config.file=" + config, "--log.level=debug"], capture_output=True,
                          text=True, check=False, timeout=60)
    assert done.returncode == 1 and done.stderr
    assert MARK not in done.stdout + done.stderr and "7f3a9c" not in done.stdout + done.stderr, done.stderr
    assert "expected models" not in done.stderr


def test_a_key_in_the_environment_and_one_that_changes(stack, ai_gateway_binary):
    path = stack.write("key", key("before"))
    with Hostile(SCRIPTS) as hostile:
        config = config_of(hostile, {"openai": {"key_file": path}})
        gateway = start(stack, ai_gateway_binary, config)
        assert ask(gateway.port, Call("chat", "plain", "in=1")).status == 200
        assert hostile.seen[-1].headers["authorization"] == "Bearer " + key("before")
        stack.write("key", key("after-a-change"))
        assert ask(gateway.port, Call("chat", "plain", "in=1")).status == 200
        assert hostile.seen[-1].headers["authorization"] == "Bearer " + key("after-a-change")
        stack.write("key", key("bad") + "\r\nx-injected: 1\n")
        with connect(gateway.port) as sock:
            sock.sendall(last_call(Call("chat", "plain", "in=1")))
            assert b"200" in sock.recv(100)
        assert "x-injected" not in hostile.seen[-1].headers
        assert hostile.seen[-1].headers["authorization"] == "Bearer " + key("after-a-change")
        check_clean(gateway, stack)
