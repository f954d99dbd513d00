# SPDX-License-Identifier: Apache-2.0
"""Clients that are slow, leave, send too much, or send what servers understand in different ways."""

import contextlib
import gzip
import json
import random
import socket
import threading
import time

import pytest
from gateway import Gateway, upstream
from gateway_hard_helpers import (NEVER, Answer, Asking, Hostile, ask, at_rest, chunk, connect, error_code_of,
                                  hard_reset, head, last_call, models_at, read_all, wait_in_flight)
from helpers import open_files, show, status_kib
from llm_calls import Call
from processes import wait_for
from provider import Provider

DIALECTS = {"openai": "chat", "anthropic": "messages", "gemini": "generate_content"}
MUCH = 100 << 20
MORE_MEMORY = 16 << 10  # KiB that a slow reader of 100 MB may cost


def start(stack, binary, urls, proxy=None, models=None, **more):
    """A gateway with an upstream a dialect at `urls` (one for all, or {dialect: url}), and the models named in `models`."""
    if isinstance(urls, str):
        urls = dict.fromkeys(DIALECTS, urls)
    config = {"proxy": proxy or {}, "upstreams": [upstream(name, url, breaker=NEVER, **more) for name, url in urls.items()],
              "models": models or [one for name in urls for one in models_at(name, [DIALECTS[name]])]}
    return Gateway(stack, binary, config)


def flood(peer):
    """A stream of 100 MB in frames of content."""
    peer.send(head("content-type: text/event-stream", "transfer-encoding: chunked"))
    frame = peer.pieces[peer.before_content].replace(b"word", b"w" * 65000)
    for _ in range(MUCH // len(frame)):
        peer.send(chunk(frame))
        peer.server.bytes_out += len(frame)
    peer.send(chunk(b"data: [DONE]\n\n"), b"0\r\n\r\n")


def test_a_slow_reader_costs_no_memory_and_loses_nothing(stack, ai_gateway_binary):
    with Hostile({"chat": flood}) as hostile:
        gateway = start(stack, ai_gateway_binary, {"openai": hostile.url})
        pid = gateway.process.pid
        ask(gateway.port, Call("chat", "nobody", "in=1"))
        before = status_kib(pid, "VmRSS")
        with connect(gateway.port, receive_buffer=65536) as sock:
            sock.sendall(last_call(Call("chat", "chat", "in=1", stream=True, usage=True)))
            stuck = wait_for(lambda: stands_still(lambda: hostile.bytes_out), "the upstream to be held up")
            assert 0 < stuck < MUCH / 2
            held_up = status_kib(pid, "VmRSS")
            answer = read_all(sock)
        assert answer.whole and len(answer.body) > MUCH * 0.99 and answer.body.endswith(b"data: [DONE]\n\n")
        more = status_kib(pid, "VmHWM") - before
        show(f"the upstream was held up after {stuck >> 10} KiB, with {held_up - before} KiB more; {more} KiB more at the peak")
        assert more < MORE_MEMORY
        page = at_rest(gateway)
        assert page.total("aigw_streams_total", end="complete") == 1


def stands_still(read):
    """The value, where it is above 0 and half a second does not change it; else None."""
    first = read()
    time.sleep(0.5)
    return first if first and read() == first else None


def test_a_reader_that_takes_nothing_is_cut_off(stack, ai_gateway_binary):
    with Hostile({"chat": flood}) as hostile:
        gateway = start(stack, ai_gateway_binary, {"openai": hostile.url}, {"write_time": "1s"})
        with connect(gateway.port, receive_buffer=65536) as sock:
            sock.sendall(last_call(Call("chat", "chat", "in=1", stream=True, usage=True)))
            page = gateway.wait_for_page(lambda page: page.total("aigw_streams_total", end="client_slow"), "it to be cut off")
            wait_for(lambda: hostile.ended == ["chat"], "the upstream to be left")
            assert page.total("aigw_requests_total", outcome="canceled") == 1
            assert not read_all(sock).whole
        at_rest(gateway)


def hang_up(sock, by_reset):
    if by_reset:
        hard_reset(sock)
    else:
        sock.close()


@pytest.mark.parametrize("by_reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_clients_that_leave_end_the_upstreams_work(stack, ai_gateway_binary, dialect, by_reset):
    provider = Provider(stack)
    operation = DIALECTS[dialect]
    gateway = start(stack, ai_gateway_binary, {dialect: provider.url},
                    models=models_at(dialect, [operation], concurrency=1, queue={"length": 10, "wait": "60s"}))
    # The provider would take minutes for each of these: a row in its ledger says that it was left.
    stages = {"headers": "id=headers delay_headers=300", "held": "id=held delay_first=300",
              "mid": "id=mid out=500 chunks=1000 delay=0.3"}
    for number, (stage, commands) in enumerate(stages.items(), 1):
        call = Call(operation, operation, commands, stream=True)
        sock = connect(gateway.port)
        sock.sendall(call.bytes())
        wait_in_flight(gateway, 1)
        if stage == "mid":
            assert b"200" in sock.recv(1000)
        else:
            gateway.wait_for_page(lambda page: page.total("aigw_upstream_in_flight_requests") == 1, "it to be sent on")
            time.sleep(0.2)  # for what is held back to have come
        # Another one waits for its turn, and leaves first.
        waiting = connect(gateway.port)
        waiting.sendall(Call(operation, operation, "id=queued").bytes())
        gateway.wait_for_page(lambda page: page.total("aigw_queue_length") == 1, "one to wait")
        hang_up(waiting, by_reset)
        gateway.wait_for_page(lambda page: page.total("aigw_queue_length") == 0, "it to have left the queue")
        hang_up(sock, by_reset)
        row = wait_for(lambda: next((row for row in provider.ledger() if row["id"] == stage), None), "the provider to be left")
        assert not row["whole"] and not row["final"]
        page = at_rest(gateway)
        assert page.total("aigw_requests_total", outcome="canceled") == 2 * number
    assert page.total("aigw_queue_rejected_total", reason="canceled") == 3
    assert not any(row["id"] == "queued" for row in provider.ledger())
    assert page.total("aigw_attempts_total", result="client_gone") == 3
    assert page.total("aigw_streams_total", end="client_cancel") == 1
    # Half of a request is no request.
    sock = connect(gateway.port)
    data = Call(operation, operation, "id=half").bytes()
    sock.sendall(data[:-5])
    gateway.wait_for_page(lambda page: page.total("aigw_held_bytes") > 0, "half of a request")
    hang_up(sock, by_reset)
    page = at_rest(gateway)
    assert page.total("aigw_requests_total") == 6 and not any(row["id"] == "half" for row in provider.ledger())
    # The model's one slot is free.
    assert ask(gateway.port, Call(operation, operation, "id=last")).status == 200


def test_drains_are_bounded_in_number_and_bytes(stack, ai_gateway_binary):
    provider = Provider(stack)
    gateway = start(stack, ai_gateway_binary, {"openai": provider.url}, on_client_abort="drain",
                    drain={"time": "300s", "bytes": 100000, "streams": 2})
    socks = []
    for number in range(3):
        socks.append(connect(gateway.port))
        socks[-1].sendall(Call("chat", "chat", f"id={number} out=500 chunks=300 delay=0.02 frame=1KB", stream=True).bytes())
        assert b"200" in socks[-1].recv(1000)
    for sock in socks:
        sock.close()
    rows = wait_for(lambda: len(provider.ledger()) == 3 and provider.ledger(), "all three to end")
    # One more than may be drained was cancelled, and the others had more to say than is listened to.
    assert not any(row["final"] for row in rows)
    page = at_rest(gateway)
    assert page.total("aigw_drains_total", result="given_up") == 2
    assert page.total("aigw_requests_total", outcome="canceled") == 3
    with connect(gateway.port) as sock:
        sock.sendall(Call("chat", "chat", "id=short in=7 out=9 chunks=9 delay=0.05", stream=True).bytes())
        assert b"200" in sock.recv(1000)
    page = gateway.wait_for_page(lambda page: page.total("aigw_drains_total", result="whole") == 1, "a drain to its end")
    assert page.total("aigw_usage_source_total", source="reported") == 1


def drip(sock, data, pause=0.1):
    """Sends a byte at a time without end, until the other side hangs up. Returns what came back."""
    sock.setblocking(False)
    came = b""
    for number in range(10000):
        with contextlib.suppress(BlockingIOError):
            try:
                piece = sock.recv(65536)
                if not piece:
                    return came
                came += piece
            except ConnectionResetError:
                return came
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.send(data[number % len(data):][:1])
        time.sleep(pause)
    raise AssertionError("it was let go on")


def test_slow_requests_are_cut_off(stack, ai_gateway_binary):
    provider = Provider(stack)
    gateway = start(stack, ai_gateway_binary, {"openai": provider.url}, {"header_time": "1s", "deadline": "2s", "idle_time": "1s"})
    begins = {
        "head": b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-filler: ",
        # Each byte comes in time, but not the whole.
        "body": b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n",
        "chunks": b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nfffff\r\n",
        "nothing": b"",
    }
    ends = {}

    def one(name):
        with connect(gateway.port) as sock:
            sock.sendall(begins[name])
            ends[name] = drip(sock, b"abc") if name != "nothing" else sock.recv(1000)

    threads = [threading.Thread(target=one, args=(name,), daemon=True) for name in begins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert ends == dict.fromkeys(begins, b"")
    at_rest(gateway)
    assert not provider.ledger()


def path_of(dialect):
    return Call(DIALECTS[dialect], DIALECTS[dialect]).path


def raw(dialect, *fields, body=b""):
    fields = [*fields, "anthropic-version: 2023-06-01"] if dialect == "anthropic" else fields
    return "\r\n".join([f"POST {path_of(dialect)} HTTP/1.1", "host: x", *fields]).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize("dialect", DIALECTS)
def test_too_much_is_refused(stack, ai_gateway_binary, dialect):
    provider = Provider(stack)
    size = 200000
    gateway = start(stack, ai_gateway_binary, {dialect: provider.url}, {"max_body_bytes": size, "max_header_bytes": 4096})
    body = b" " * (size + 1)
    refused = {
        "told": (raw(dialect, f"content-length: {size + 1}", body=body), 413, "too_large"),
        "more": (raw(dialect, f"content-length: {40 << 20}", body=b" " * (40 << 20)), 413, "too_large"),
        "absurd": (raw(dialect, f"content-length: {(1 << 64) - 1}", body=body), 413, "too_large"),
        "chunked": (raw(dialect, "transfer-encoding: chunked", body=chunk(body) + b"0\r\n\r\n"), 413, "too_large"),
        "field": (raw(dialect, "x-filler: " + "x" * 5000), 431, "headers_too_large"),
        "fields": (raw(dialect, *(f"x-{number}: {'x' * 100}" for number in range(60))), 431, "headers_too_large"),
        "unpacked": (raw(dialect, "content-encoding: gzip", "content-length: %d" % len(gzip.compress(body)), "connection: close",
                         body=gzip.compress(body)), 400, "bad_request"),
        "no_json": (raw(dialect, "content-length: 5", "connection: close", body=b"hello"), 400, "bad_request"),
    }
    for name, (data, status, code) in refused.items():
        with connect(gateway.port) as sock:
            sender = threading.Thread(target=send_in_vain, args=(sock, data), daemon=True)
            sender.start()
            answer = read_all(sock)
            sender.join(60)
        assert (answer.status, answer.whole) == (status, True), (name, answer.data[:300])
        assert answer.error_code() == code, name
        shape = {"openai": {"error"}, "anthropic": {"type", "error"}, "gemini": {"error"}}[dialect]
        # Of a head that is too large the dialect may not be known.
        assert set(answer.json()) == shape or status == 431
    page = at_rest(gateway)
    assert page.total("aigw_refused_total", reason="too_large") == 4
    assert page.total("aigw_refused_total", reason="headers_too_large") == 2
    assert not provider.ledger()
    # What is just not too large is fine.
    call = Call(DIALECTS[dialect], DIALECTS[dialect], "in=5")
    call.body += b" " * (size - len(call.body))
    assert ask(gateway.port, call).status == 200


def send_in_vain(sock, data):
    with contextlib.suppress(OSError):
        sock.sendall(data)


@pytest.mark.parametrize("filler", [b"x", b"x-filler: 0123456789\r\n"], ids=["extension", "trailer"])
def test_endless_chunk_headers_and_trailers_cost_no_memory(stack, ai_gateway_binary, filler):
    gateway = start(stack, ai_gateway_binary, {"openai": "http://127.0.0.1:9"})
    pid = gateway.process.pid
    before = status_kib(pid, "VmRSS")
    with connect(gateway.port) as sock:
        data = raw("openai", "transfer-encoding: chunked", body=b"5;x=" if len(filler) == 1 else b"0\r\n")
        sender = threading.Thread(target=send_in_vain, args=(sock, data + filler * (MUCH // len(filler))), daemon=True)
        sender.start()
        answer = read_all(sock)
        sender.join(60)
    assert (answer.status, answer.error_code()) == (400, "bad_request")
    more = status_kib(pid, "VmHWM") - before
    assert more < MORE_MEMORY, f"{more} KiB more"


def test_more_connections_than_allowed_are_turned_away(stack, ai_gateway_binary):
    provider = Provider(stack)
    gateway = start(stack, ai_gateway_binary, {"openai": provider.url}, {"max_connections": 5})
    with contextlib.ExitStack() as clients:
        socks = [clients.enter_context(connect(gateway.port)) for _ in range(5)]
        gateway.wait_for_page(lambda page: page.total("aigw_connections") == 5, "all connections to be there")
        for number in range(20):
            with connect(gateway.port) as late:
                answer = read_all(late)
                assert answer.status == 503 and answer.headers["retry-after"] == "1", number
        socks[0].sendall(last_call(Call("chat", "chat", "in=1")))
        assert read_all(socks[0]).status == 200
        wait_for(lambda: ask(gateway.port, Call("chat", "chat", "in=1")).status == 200, "a place to be free")
    page = at_rest(gateway)
    assert page.total("aigw_connections_refused_total") >= 20


def test_bodies_of_all_requests_are_bounded_together(stack, ai_gateway_binary):
    provider = Provider(stack)
    gateway = start(stack, ai_gateway_binary, {"openai": provider.url}, {"max_held_bytes": 250000, "max_body_bytes": 120000})
    with contextlib.ExitStack() as clients:
        asking = []
        for number in range(2):
            call = Call("chat", "chat", f"id={number} delay_headers=2")
            call.body += b" " * (100000 - len(call.body))
            asking.append(Asking(gateway.port, call))
            wait_in_flight(gateway, number + 1)
        assert gateway.page().total("aigw_held_bytes") == 200000
        for encoding in (None, "gzip"):  # as they come, or unpacked
            call = Call("chat", "chat", "id=late")
            call.body += b" " * (100000 - len(call.body))
            if encoding:
                call.body = gzip.compress(call.body)
                call.headers["content-encoding"] = encoding
            late = ask(gateway.port, call)
            assert (late.status, late.error_code()) == (503, "overloaded"), encoding
        assert ask(gateway.port, Call("chat", "chat", "id=small")).status == 200
        assert [one.answer().status for one in asking] == [200, 200]
        clients.close()
    page = at_rest(gateway)
    assert page.total("aigw_held_bytes") == 0
    assert not any(row["id"] == "late" for row in provider.ledger())


HIDDEN = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\ncontent-length: 90\r\n\r\n" \
    + b'{"model": "hidden", "messages": []}'.ljust(90)


def smuggled(*fields, body=b"", line="POST /v1/chat/completions HTTP/1.1"):
    data = b"\r\n".join([line.encode(), b"host: x", b"authorization: Bearer k", *fields])
    return data + b"\r\n\r\n" + body


PLAIN = b'{"model": "plain", "messages": []}'
LENGTH = b"content-length: %d" % len(PLAIN)
CHUNKED = chunk(PLAIN) + b"0\r\n\r\n"
# Requests that hide another one from those who read them in another way.
SMUGGLING = {
    "length_and_chunked": smuggled(LENGTH, b"transfer-encoding: chunked", body=CHUNKED + HIDDEN),
    "chunked_and_length": smuggled(b"transfer-encoding: chunked", b"content-length: 4", body=CHUNKED + HIDDEN),
    "two_lengths": smuggled(LENGTH, b"content-length: 4", body=PLAIN + HIDDEN),
    "list_of_lengths": smuggled(LENGTH + b", 4", body=PLAIN + HIDDEN),
    "signed_length": smuggled(b"content-length: +%d" % len(PLAIN), body=PLAIN + HIDDEN),
    "hex_length": smuggled(b"content-length: 0x22", body=PLAIN + HIDDEN),
    "huge_length": smuggled(b"content-length: 18446744073709551650", body=PLAIN + HIDDEN),
    "two_encodings": smuggled(b"transfer-encoding: chunked", b"transfer-encoding: identity", body=CHUNKED + HIDDEN),
    "identity": smuggled(b"transfer-encoding: identity", body=HIDDEN),
    "identity_and_length": smuggled(b"transfer-encoding: identity", LENGTH, body=PLAIN + HIDDEN),
    "unknown_encoding": smuggled(b"transfer-encoding: xchunked", body=HIDDEN),
    "unknown_and_length": smuggled(b"transfer-encoding: xchunked", LENGTH, body=PLAIN + HIDDEN),
    "chunked_first": smuggled(b"transfer-encoding: chunked, identity", body=HIDDEN),
    "gzip_and_chunked": smuggled(b"transfer-encoding: gzip, chunked", body=CHUNKED + HIDDEN),
    "quoted": smuggled(b'transfer-encoding: "chunked"', body=HIDDEN),
    "folded_encoding": smuggled(b"transfer-encoding:\r\n chunked", body=CHUNKED + HIDDEN),
    "folded_field": smuggled(b"x-a: b\r\n\ttransfer-encoding: chunked", LENGTH, body=PLAIN + HIDDEN),
    "blank_before_colon": smuggled(b"transfer-encoding : chunked", LENGTH, body=PLAIN + HIDDEN),
    "blank_before_name": smuggled(b" transfer-encoding: chunked", LENGTH, body=PLAIN + HIDDEN),
    "bare_cr": smuggled(b"x-a: b\rtransfer-encoding: chunked", LENGTH, body=PLAIN + HIDDEN),
    "bare_lf": smuggled(b"x-a: b\ntransfer-encoding: chunked", LENGTH, body=PLAIN + HIDDEN),
    "zero_byte": smuggled(b"x-a: b\0c", LENGTH, body=PLAIN + HIDDEN),
    "control_in_name": smuggled(b"transfer\x01-encoding: chunked", LENGTH, body=PLAIN + HIDDEN),
    "old_and_chunked": smuggled(b"transfer-encoding: chunked", body=CHUNKED + HIDDEN, line="POST /v1/chat/completions HTTP/1.0"),
    "two_hosts": smuggled(b"host: y", LENGTH, body=PLAIN + HIDDEN),
    "bad_chunk_size": smuggled(b"transfer-encoding: chunked", body=b"0x22\r\n" + PLAIN + b"\r\n0\r\n\r\n" + HIDDEN),
    "long_chunk_size": smuggled(b"transfer-encoding: chunked", body=b"10000000000000022\r\n" + PLAIN + b"\r\n0\r\n\r\n" + HIDDEN),
    "chunk_with_lf": smuggled(b"transfer-encoding: chunked", body=b"22\n" + PLAIN + b"\n0\n\n" + HIDDEN),
    "chunk_too_short": smuggled(b"transfer-encoding: chunked", body=b"10\r\n" + PLAIN + b"\r\n0\r\n\r\n" + HIDDEN),
    "no_version": smuggled(LENGTH, body=PLAIN + HIDDEN, line="POST /v1/chat/completions"),
    "version_9": smuggled(LENGTH, body=PLAIN + HIDDEN, line="POST /v1/chat/completions HTTP/9.9"),
    "blank_in_target": smuggled(LENGTH, body=PLAIN + HIDDEN, line="POST /v1/chat/completions HTTP/1.1 HTTP/1.1"),
    "h2_preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN,
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + HIDDEN,
}


@pytest.fixture(scope="module", name="strict")
def strict_fixture(module_stack, ai_gateway_binary):
    names = ("plain", "hidden", "good")
    hostile = Hostile(dict.fromkeys(names, lambda peer: peer.send_whole() or True))
    gateway = start(module_stack, ai_gateway_binary, {"openai": hostile.url}, models=models_at("openai", names))
    yield gateway, hostile
    hostile.close()


@pytest.mark.parametrize("name", SMUGGLING)
def test_no_request_hides_in_another(strict, name):
    gateway, hostile = strict
    before = len(hostile.seen)
    with connect(gateway.port) as sock:
        sock.sendall(SMUGGLING[name])
        sock.shutdown(socket.SHUT_WR)
        answer = read_all(sock)
    assert (answer.status, answer.whole, answer.rest) == (400, True, b""), answer.data[:300]
    assert len(hostile.seen) == before


@pytest.mark.parametrize("target, status", [
    ("http://other.example/v1/chat/completions", 400), ("//other.example/v1/chat/completions", 400),
    ("/v1/../v1/chat/completions", 400), ("/v1/%2e%2e/v1/chat/completions", 400), ("/v1/chat/completions#x", 400),
    ("other.example:443", 400), ("*", 400), ("/v1/other", 404)])
def test_a_request_cannot_say_where_it_goes(strict, target, status):
    gateway, hostile = strict
    before = len(hostile.seen)
    answer = ask(gateway.port, smuggled(LENGTH, b"connection: close", body=PLAIN, line=f"POST {target} HTTP/1.1"))
    assert answer.status == status and len(hostile.seen) == before
    assert error_code_of(answer.json()) in ("bad_request", "unknown_path")


def test_requests_in_one_go_are_answered_in_their_order(strict):
    gateway, hostile = strict
    before = len(hostile.seen)
    with connect(gateway.port) as sock:
        sock.sendall(b"".join(Call("chat", name, "in=1").bytes() for name in ("plain", "hidden", "plain"))
                     + last_call(Call("chat", "good", "in=1")))
        answer = read_all(sock)
    models = []
    while answer.status:
        assert answer.status == 200 and answer.whole
        models.append(answer.json()["model"])
        answer = Answer(answer.rest)
    assert models == ["plain", "hidden", "plain", "good"]
    assert len(hostile.seen) == before + 4


def test_what_belongs_to_one_connection_is_not_passed_on(strict):
    gateway, hostile = strict
    ask(gateway.port, smuggled(LENGTH, b"connection: close, x-mine", b"x-mine: 1", b"keep-alive: timeout=5", b"te: trailers",
                               b"upgrade: h2c", b"proxy-authorization: Basic abc", b"x-other: 2", body=PLAIN))
    headers = hostile.seen[-1].headers
    assert headers["x-other"] == "2" and headers["host"] == f"127.0.0.1:{hostile.port}"
    for name in ("x-mine", "keep-alive", "te", "upgrade", "proxy-authorization", "connection"):
        assert name not in headers, name


def test_model_names_by_chance_make_no_series(strict):
    gateway, _ = strict
    assert ask(gateway.port, Call("chat", "unheard-of", "in=1")).status == 404
    before = gateway.page()
    chance = random.Random(1)
    alphabet = [chr(code) for code in range(32, 127)] + ["ä", "€", "\n", "\0", "\U0001f600"]
    names = ["".join(chance.choices(alphabet, k=chance.randint(1, 80))) for _ in range(10000)]
    rss = status_kib(gateway.process.pid, "VmRSS")
    with connect(gateway.port) as sock:
        reader = sock.makefile("rb")
        for at in range(0, len(names), 100):
            sock.sendall(b"".join(Call("chat", name, "in=1").bytes() for name in names[at:at + 100]))
            for _ in names[at:at + 100]:
                assert b" 404 " in reader.readline()
                size = 0
                while (line := reader.readline()) != b"\r\n":
                    if line.lower().startswith(b"content-length:"):
                        size = int(line.partition(b":")[2])
                assert json.loads(reader.read(size))["error"]["code"] == "unknown_model"
    page = gateway.page()
    assert page.total("aigw_requests_total", model="other") == before.total("aigw_requests_total", model="other") + 10000
    ours = [{key for key in one.samples if key[0].startswith("aigw_")} for one in (before, page)]
    assert ours[1] - ours[0] == set()
    more = status_kib(gateway.process.pid, "VmRSS") - rss
    show(f"{len(ours[1])} series before and after, {more} KiB more memory")
    assert more < MORE_MEMORY
    assert len(open_files(gateway.process.pid)) < 100
