# SPDX-License-Identifier: Apache-2.0
"""SIGTERM while streams are open, and reloads under load: what has begun goes on, within its limit, and nothing is lost."""

import json
import os
import signal
import threading

import pytest
from gateway import Gateway, upstream
from gateway_hard_helpers import NEVER, Answer, Asking, Hostile, ask, at_rest, chunk, connect, head, models_at, wait_in_flight
from helpers import show
from llm_calls import Call
from processes import request, wait_for
from provider import Provider


class Slow:
    """A hostile server whose streams go on when they are told to."""

    def __init__(self):
        self.go_on = threading.Event()
        self.hostile = Hostile({"chat": self.script})

    def script(self, peer):
        middle = peer.before_content + 2
        peer.send(head("content-type: text/event-stream", "transfer-encoding: chunked"), *map(chunk, peer.pieces[:middle]))
        self.go_on.wait(120)
        peer.send(*map(chunk, peer.pieces[middle:]), b"0\r\n\r\n")
        return True


@pytest.fixture(name="slow")
def slow_fixture():
    slow = Slow()
    yield slow
    slow.go_on.set()
    slow.hostile.close()


def start(stack, binary, url, grace):
    return Gateway(stack, binary, {"proxy": {"shutdown_grace": grace}, "upstreams": [upstream("openai", url, breaker=NEVER)],
                                   "models": models_at("openai", ["chat"])})


def open_streams(gateway, count):
    asking = [Asking(gateway.port, Call("chat", "chat", "in=1", stream=True, usage=True)) for _ in range(count)]
    assert all(one.began.wait(60) for one in asking)
    wait_in_flight(gateway, count)
    return asking


def is_refused(port):
    try:
        with connect(port):
            return False
    except ConnectionError:  # a reset: it waited to be taken when the port was closed
        return True


def test_streams_finish_after_sigterm(stack, ai_gateway_binary, slow):
    gateway = start(stack, ai_gateway_binary, slow.hostile.url, "300s")
    assert request(gateway.url + "/health/ready").status == 200
    idle = connect(gateway.port)
    kept = connect(gateway.port)
    kept.sendall(Call("chat", "chat", "in=1", stream=True, usage=True).bytes())
    assert b"200" in kept.recv(1000)
    asking = open_streams_beside(gateway, 20, 1)
    os.kill(gateway.process.pid, signal.SIGTERM)
    wait_for(lambda: is_refused(gateway.port), "new connections to be refused")
    assert idle.recv(100) == b""
    answer = request(gateway.url + "/health/ready")
    assert answer.status == 503 and "stopping" in answer.text
    assert request(gateway.url + "/health/live").status == 200
    page = gateway.page()
    assert page.total("aigw_in_flight_requests") == 21
    assert not any(one.done for one in asking)
    slow.go_on.set()
    answers = [one.answer() for one in asking]
    assert all(answer.whole and answer.body.endswith(b"data: [DONE]\n\n") for answer in answers)
    data = b""
    while piece := kept.recv(65536):  # ends, though it asked to be kept
        data += piece
    assert data.endswith(b"0\r\n\r\n")
    assert gateway.process.process.wait(60) == 0
    assert "cut off" not in gateway.process.log_text()


def open_streams_beside(gateway, count, others):
    asking = [Asking(gateway.port, Call("chat", "chat", "in=1", stream=True, usage=True)) for _ in range(count)]
    assert all(one.began.wait(60) for one in asking)
    wait_in_flight(gateway, count + others)
    return asking


def test_streams_are_cut_at_the_end_of_the_grace(stack, ai_gateway_binary, slow):
    gateway = start(stack, ai_gateway_binary, slow.hostile.url, "1500ms")
    asking = open_streams(gateway, 20)
    os.kill(gateway.process.pid, signal.SIGTERM)
    answers = [one.answer() for one in asking]
    assert all(answer.status == 200 and not answer.whole and answer.body for answer in answers)
    assert gateway.process.process.wait(60) == 0
    assert "cut off" in gateway.process.log_text()


def test_a_drain_and_a_queue_do_not_hold_it_up(stack, ai_gateway_binary, slow):
    gateway = Gateway(stack, ai_gateway_binary, {
        "proxy": {"shutdown_grace": "1500ms"},
        "upstreams": [upstream("openai", slow.hostile.url, on_client_abort="drain", drain={"time": "300s"})],
        "models": models_at("openai", ["chat"], concurrency=1, queue={"length": 5, "wait": "300s"})})
    with connect(gateway.port) as sock:
        sock.sendall(Call("chat", "chat", "in=1", stream=True, usage=True).bytes())
        assert b"200" in sock.recv(1000)
        waiting = Asking(gateway.port, Call("chat", "chat", "in=1"))
        gateway.wait_for_page(lambda page: page.total("aigw_queue_length") == 1, "one to wait")
    gateway.wait_for_page(lambda page: page.total("aigw_upstream_draining") == 1, "the stream to be drained")
    os.kill(gateway.process.pid, signal.SIGTERM)
    assert gateway.process.process.wait(60) == 0
    assert not waiting.answer().whole


def test_sigterm_at_rest_ends_at_once(stack, ai_gateway_binary, slow):
    gateway = start(stack, ai_gateway_binary, slow.hostile.url, "300s")
    socks = [connect(gateway.port) for _ in range(10)]
    gateway.wait_for_page(lambda page: page.total("aigw_connections") == 10, "all connections")
    os.kill(gateway.process.pid, signal.SIGTERM)
    assert gateway.process.process.wait(60) == 0
    assert all(sock.recv(10) == b"" for sock in socks)


def test_reloads_under_load_lose_nothing(stack, ai_gateway_binary):
    provider = Provider(stack)

    def config(names, concurrency):
        return {"upstreams": [upstream("openai", provider.url)], "models": models_at("openai", names, concurrency=concurrency)}

    gateway = Gateway(stack, ai_gateway_binary, config(["chat"], 50))
    path = next(flag for flag in gateway.process.command if flag.startswith("--config.file=")).partition("=")[2]
    stopping, counts, bad = threading.Event(), [0] * 4, []

    def load(worker):
        while not stopping.is_set():
            stream = worker % 2 == 0
            answer = ask(gateway.port, Call("chat", "chat", "in=3 out=5 delay=0.01", stream=stream))
            counts[worker] += 1
            if answer.status != 200 or not answer.whole:
                bad.append(answer.data[:200])

    with connect(gateway.port) as sock:
        sock.sendall(Call("chat", "chat", "in=3 out=500 chunks=200 delay=0.02", stream=True).bytes())
        threads = [threading.Thread(target=load, args=(worker,), daemon=True) for worker in range(4)]
        for thread in threads:
            thread.start()
        for number in range(12):
            if number % 4 == 3:
                text = "upstreams: []\n"  # no good: the old one stays
            else:
                text = json.dumps({"proxy": {"listen": [f"127.0.0.1:{gateway.port}"]},
                                   **config(["chat", f"other-{number}"], 20 + number)})
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            os.kill(gateway.process.pid, signal.SIGHUP)
            good = float(number % 4 != 3)
            page = gateway.wait_for_page(lambda page, good=good: page.total("aigw_config_last_reload_successful") == good, "a reload")
            if good:
                page = gateway.wait_for_page(lambda page, number=number: page.total("aigw_concurrency_limit", model="chat") == 20 + number,
                                             "the new limit")
                assert page.total("aigw_concurrency_limit", model=f"other-{number}") == 20 + number
            before = sum(counts)
            wait_for(lambda before=before: sum(counts) >= before + 4, "load to go on")
        data = b""
        while not data.endswith(b"0\r\n\r\n"):
            piece = sock.recv(65536)
            assert piece, "the stream that began before was cut"
            data += piece
        assert Answer(data).body.endswith(b"data: [DONE]\n\n")
    stopping.set()
    for thread in threads:
        thread.join(60)
    assert not bad, bad[:3]
    page = at_rest(gateway)
    show(f"{sum(counts)} requests over 12 reloads")
    assert page.total("aigw_requests_total", model="chat", outcome="ok") == sum(counts) + 1
    assert page.total("aigw_tokens_total", model="chat", type="input") == 3 * (sum(counts) + 1)
