# SPDX-License-Identifier: Apache-2.0
"""What a stream costs while it is idle, and that nothing is left of requests that have ended, however they did.

BINNACLE_GATEWAY_LEAK_REQUESTS: how many there are (3,000).
"""

import asyncio
import os
import resource
import threading

import pytest
from gateway import Gateway, upstream
from gateway_hard_helpers import NEVER, Hostile, at_rest, chunk, connect, head, last_call, models_at
from gateway_load import make_jobs, model_names
from helpers import open_files, show, status_kib, thread_count
from llm_calls import Call
from llm_load import run_load
from processes import wait_for
from provider import Provider

STREAMS = 1000
STREAM_KIB = 64  # that an idle stream may cost
REQUESTS = int(os.environ.get("BINNACLE_GATEWAY_LEAK_REQUESTS", "3000"))
ROUNDS = 5  # the first of them is to warm up
MORE_MEMORY = 12 << 10  # KiB over all further rounds; a leak of 1 KiB a request would be much more in a full run


@pytest.fixture(name="descriptors", autouse=True)
def descriptors_fixture():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most == resource.RLIM_INFINITY or most >= 4096, f"{most} descriptors are too few"
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def test_1000_idle_streams(stack, ai_gateway_binary):
    go_on = threading.Event()

    def script(peer):
        middle = peer.before_content + 2
        peer.send(head("content-type: text/event-stream", "transfer-encoding: chunked"), *map(chunk, peer.pieces[:middle]))
        go_on.wait(300)
        peer.send(*map(chunk, peer.pieces[middle:]), b"0\r\n\r\n")

    with Hostile({"chat": script}) as hostile:
        gateway = Gateway(stack, ai_gateway_binary, {"upstreams": [upstream("openai", hostile.url, breaker=NEVER)],
                                                     "models": models_at("openai", ["chat"])})
        pid = gateway.process.pid
        gateway.page()
        before, files = status_kib(pid, "VmRSS"), len(open_files(pid))
        socks = [connect(gateway.port) for _ in range(STREAMS)]
        for sock in socks:
            sock.sendall(last_call(Call("chat", "chat", "in=1", stream=True)))
        for sock in socks:
            assert b" 200 " in sock.recv(100)
        page = gateway.wait_for_page(lambda page: page.total("aigw_in_flight_requests", model="chat") == STREAMS, "all streams")
        assert page.total("aigw_connections") == STREAMS
        assert page.total("aigw_upstream_in_flight_requests") == STREAMS
        each = (status_kib(pid, "VmRSS") - before) / STREAMS
        show(f"{STREAMS} idle streams: {each:.1f} KiB each, {len(open_files(pid)) - files} descriptors, {thread_count(pid)} threads")
        assert each < STREAM_KIB
        go_on.set()
        for sock in socks:
            data = b""
            while piece := sock.recv(65536):
                data += piece
            assert data.endswith(b"0\r\n\r\n") and b"[DONE]" in data
            sock.close()
    page = at_rest(gateway)
    assert page.total("aigw_streams_total", end="complete") == STREAMS
    wait_for(lambda: len(open_files(pid)) < files + 10, "descriptors to be given back")
    show(f"{status_kib(pid, 'VmRSS') - before} KiB more than before when all have ended")


def test_nothing_is_left_of_requests_that_ended(stack, ai_gateway_binary):
    provider = Provider(stack)
    dialects = sorted(set(model_names().values()))
    upstreams = [upstream(dialect, provider.url, breaker=NEVER, retry_ratio=1, idle_connection_time="100ms",
                          on_client_abort="drain" if dialect == "openai" else "cancel") for dialect in dialects]
    models = [one for name, dialect in model_names().items() for one in models_at(dialect, [name], concurrency=20)]
    gateway = Gateway(stack, ai_gateway_binary, {"upstreams": upstreams, "models": models})
    pid, readings = gateway.process.pid, []
    for number in range(ROUNDS):
        jobs = make_jobs(REQUESTS // ROUNDS, seed=number)
        for job in jobs:
            job.call.body = job.call.body.replace(b"delay=0.01", b"delay=0.001")
        asyncio.run(run_load(gateway.port, jobs, clients=64))
        at_rest(gateway)
        gateway.wait_for_page(lambda page: page.total("aigw_upstream_idle_connections") == 0, "idle connections to be closed")
        readings.append((status_kib(pid, "VmRSS"), len(open_files(pid)), thread_count(pid)))
        show(f"after {(number + 1) * len(jobs)} requests: {readings[-1][0]} KiB, {readings[-1][1]} files, {readings[-1][2]} threads")
    warm, last = readings[0], readings[-1]
    assert last[0] - warm[0] < MORE_MEMORY
    assert last[1] <= warm[1] + 3  # a scrape's own
    assert last[2] <= warm[2]
