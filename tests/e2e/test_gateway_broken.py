# SPDX-License-Identifier: Apache-2.0
"""Upstreams that hang, trickle, break off, talk garbage or never end: the client gets an error in its own dialect or the bytes
that came, each is counted as what it was, and other requests and scrapes go on meanwhile."""

import concurrent.futures
import contextlib
import dataclasses
import gzip
import threading
import time
import zlib

import pytest
from broken_wire import HUGE, NOISE
from gateway import Gateway, upstream
from gateway_hard_helpers import (NEVER, Asking, Hostile, Probe, ask, at_rest, chunk, connect, counted, head, models_at,
                                  read_all, wait_in_flight)
from helpers import show, status_kib
from llm_calls import Call
from processes import free_port, wait_for
from provider import Provider

DIALECTS = {"openai": "chat", "anthropic": "messages", "gemini": "generate_content"}
# Of upstreams that are meant to time out in one way. All else has minutes, however busy the machine is.
TIMES = {"patient": {}, "header": {"header_timeout": "700ms"}, "content": {"content_timeout": "1s"},
         "idle": {"idle_timeout": "700ms"}}
MORE_MEMORY = 48 << 10  # KiB that any one broken answer may cost
FRAME = 10 << 20  # bytes of one frame
BOMB = 1200  # MB that a compressed answer unpacks to; the gateway looks at 1024 of them


def send_frames(peer, content):
    """The stream's head and frames up to so many of content, at once; waits until the client has something of that."""
    frames = peer.pieces[:peer.before_content + content]
    peer.send(head(f"content-type: {peer.type}", "transfer-encoding: chunked"), *map(chunk, frames))
    if content:
        assert peer.client_has.wait(60)


def says(data):
    def script(peer):
        peer.send(data)
    return script


def hung_in_head(peer):
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-ty")
    peer.silence()


def hung_mid_json(peer):
    peer.send_head(f"content-length: {len(peer.body)}")
    peer.send(peer.body[:len(peer.body) // 2])
    peer.silence()


def hung_before_content(peer):
    send_frames(peer, 0)
    peer.silence()


def hung_mid_stream(peer):
    send_frames(peer, 2)
    peer.silence()


def only_pings(peer):
    send_frames(peer, 0)
    with contextlib.suppress(OSError):
        while True:
            peer.send(chunk(b": ping\n\n"))
            time.sleep(0.05)


def by_bytes(data, peer):
    for at in range(len(data)):
        peer.send(data[at:at + 1])


def trickled(peer):
    by_bytes(head(f"content-type: {peer.type}", f"content-length: {len(peer.body)}") + peer.body, peer)


def trickled_stream(peer):
    by_bytes(head(f"content-type: {peer.type}", "transfer-encoding: chunked") + b"".join(map(chunk, peer.pieces))
             + b"0\r\n\r\n", peer)


def reset_at_once(peer):
    peer.reset()


def reset_in_head(peer):
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-ty")
    time.sleep(0.05)
    peer.reset()


def closed_mid_json(peer):
    peer.send_head(f"content-length: {len(peer.body)}")
    peer.send(peer.body[:len(peer.body) // 2])


def closed_mid_stream(peer):
    send_frames(peer, 2)


def closed_before_content(peer):
    send_frames(peer, 0)


def reset_mid_stream(peer):
    send_frames(peer, 2)
    peer.reset()


def bad_chunk(peer):
    send_frames(peer, 2)
    peer.send(b"nothing like a size\r\n")


def negative_chunk(peer):
    send_frames(peer, 2)
    peer.send(b"-5\r\nhello\r\n")


def huge_chunk(peer):
    send_frames(peer, 2)
    peer.send(b"fffffffffffffffff\r\nhello\r\n")


def interim_replies(peer):
    peer.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n")
    peer.send(b"HTTP/1.1 102 Processing\r\n\r\n")
    time.sleep(0.05)
    peer.send_whole()


def only_interim_replies(peer):
    with contextlib.suppress(OSError):
        while True:
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
            time.sleep(0.02)


def length_and_chunked(peer):
    peer.send_head(f"content-length: {len(peer.body)}", "transfer-encoding: chunked")
    peer.send(chunk(peer.body), b"0\r\n\r\n")


def two_lengths(peer):
    peer.send_head(f"content-length: {len(peer.body)}", "content-length: 3")
    peer.send(peer.body)


def endless(begin, filler):
    """Sends without end what belongs into a head, or to no body."""
    def script(peer):
        begin(peer)
        block = filler * (65536 // len(filler))
        with contextlib.suppress(OSError):
            for _ in range(HUGE // len(block)):
                peer.send(block)
                peer.server.bytes_out += len(block)
            peer.silence()
    return script


def begin_head(peer):
    peer.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")


def begin_field(peer):
    peer.send(b"HTTP/1.1 200 OK\r\nx-filler: ")


def begin_extension(peer):
    send_frames(peer, 2)
    peer.send(b"5;x=")


def begin_trailer(peer):
    send_frames(peer, 2)
    peer.send(b"0\r\n")


def html(peer):
    peer.send(head("content-type: text/html", f"content-length: {len(peer.body)}"), peer.body)


def no_type(peer):
    peer.send(head(f"content-length: {len(peer.body)}"), peer.body)


def cut_gzip(peer):
    peer.pieces = [gzip.compress(peer.body)[:-40]]
    peer.send_whole("content-encoding: gzip")


def not_gzip(peer):
    peer.send_whole("content-encoding: gzip")


def gzip_bomb(peer):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = packer.compress(b'{"x":"')
    first += packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(b" " * (10 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    peer.pieces = [first + block * (BOMB // 10)]
    peer.send_whole("content-encoding: gzip")


def short_body(peer):
    peer.send_head(f"content-length: {len(peer.body) + 10}")
    peer.send(peer.body)


def long_body(peer):
    peer.send_whole()
    peer.send(b"and this is too much")


def upgrade(peer):
    peer.send(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n", NOISE)
    peer.silence()


def huge_frames(peer):
    peer.pieces = [piece.replace(b"word1", b"w" * FRAME) for piece in peer.pieces]
    peer.send_head("transfer-encoding: chunked")
    for piece in peer.pieces:
        peer.send(chunk(piece))
    peer.send(b"0\r\n\r\n")


@dataclasses.dataclass
class Broken:
    """One way to be broken, and what has to follow. `sees`: "error" of the gateway with `status`, the "same" bytes as the
    upstream sent, or a "part" of them that does not look whole."""

    script: object
    sees: str
    result: str  # of aigw_attempts_total
    outcome: str
    stream: bool = False
    status: int = 200
    time: str = "patient"  # which of TIMES


BAD_GATEWAY = {"sees": "error", "outcome": "upstream_error", "status": 502}
NO_HEAD = {"sees": "error", "result": "header_timeout", "outcome": "timeout", "status": 504, "time": "header"}
NO_CONTENT = {"sees": "error", "result": "content_timeout", "outcome": "timeout", "status": 504, "time": "content", "stream": True}
FALLS_SILENT = {"sees": "part", "result": "idle_timeout", "outcome": "timeout", "time": "idle"}
BREAKS_OFF = {"sees": "part", "result": "broken_off", "outcome": "upstream_error"}
IS_WELL = {"sees": "same", "result": "ok", "outcome": "ok"}
WAYS = {
    "hung_before_head": Broken(lambda peer: peer.silence(), **NO_HEAD),
    "hung_in_head": Broken(hung_in_head, **NO_HEAD),
    "only_interim_replies": Broken(only_interim_replies, **NO_HEAD),
    "hung_before_content": Broken(hung_before_content, **NO_CONTENT),
    "only_pings": Broken(only_pings, **NO_CONTENT),
    "hung_mid_json": Broken(hung_mid_json, **FALLS_SILENT),
    "hung_mid_stream": Broken(hung_mid_stream, stream=True, **FALLS_SILENT),
    "trickled": Broken(trickled, **IS_WELL),
    "trickled_stream": Broken(trickled_stream, stream=True, **IS_WELL),
    "reset_at_once": Broken(reset_at_once, result="reset", **BAD_GATEWAY),
    "closed_at_once": Broken(lambda peer: None, result="reset", **BAD_GATEWAY),
    "reset_in_head": Broken(reset_in_head, result="reset", **BAD_GATEWAY),
    "closed_before_content": Broken(closed_before_content, result="reset", stream=True, **BAD_GATEWAY),
    "closed_mid_json": Broken(closed_mid_json, **BREAKS_OFF),
    "closed_mid_stream": Broken(closed_mid_stream, stream=True, **BREAKS_OFF),
    "reset_mid_stream": Broken(reset_mid_stream, stream=True, **BREAKS_OFF),
    "short_body": Broken(short_body, **BREAKS_OFF),
    "bad_chunk": Broken(bad_chunk, stream=True, **BREAKS_OFF),
    "negative_chunk": Broken(negative_chunk, stream=True, **BREAKS_OFF),
    "huge_chunk": Broken(huge_chunk, stream=True, **BREAKS_OFF),
    "noise": Broken(says(NOISE), result="bad_reply", **BAD_GATEWAY),
    "redis": Broken(says(b"-ERR unknown command 'POST'\r\n"), result="bad_reply", **BAD_GATEWAY),
    "http_2": Broken(says(b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80\0\4\0\1\0\0\0\5\0\xff\xff\xff"), result="bad_reply",
                     **BAD_GATEWAY),
    "http_0_9": Broken(says(b"<html>hello</html>\r\n"), result="bad_reply", **BAD_GATEWAY),
    "no_status": Broken(says(b"HTTP/1.1 fine\r\n\r\n"), result="bad_reply", **BAD_GATEWAY),
    "no_colon": Broken(says(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n{}"), result="bad_reply", **BAD_GATEWAY),
    "zero_byte": Broken(says(b"HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n{}"), result="bad_reply", **BAD_GATEWAY),
    "length_and_chunked": Broken(length_and_chunked, result="bad_reply", **BAD_GATEWAY),
    "two_lengths": Broken(two_lengths, result="bad_reply", **BAD_GATEWAY),
    "upgrade": Broken(upgrade, result="bad_reply", **BAD_GATEWAY),
    "endless_head": Broken(endless(begin_head, b"x-filler: 0123456789\r\n"), result="bad_reply", **BAD_GATEWAY),
    "endless_field": Broken(endless(begin_field, b"x"), result="bad_reply", **BAD_GATEWAY),
    "endless_extension": Broken(endless(begin_extension, b"x"), stream=True, **BREAKS_OFF),
    "endless_trailer": Broken(endless(begin_trailer, b"x-filler: 0123456789\r\n"), stream=True, **BREAKS_OFF),
    "interim_replies": Broken(interim_replies, **IS_WELL),
    "html": Broken(html, **IS_WELL),
    "html_stream": Broken(html, stream=True, **IS_WELL),
    "no_type": Broken(no_type, **IS_WELL),
    "cut_gzip": Broken(cut_gzip, **IS_WELL),
    "not_gzip": Broken(not_gzip, **IS_WELL),
    "gzip_bomb": Broken(gzip_bomb, **IS_WELL),
    "long_body": Broken(long_body, **IS_WELL),
    "huge_frames": Broken(huge_frames, stream=True, **IS_WELL),
}
# Those that every dialect is asked about.
IN_ALL = ("hung_before_head", "closed_at_once", "noise", "hung_before_content", "hung_mid_stream", "closed_mid_stream")
CASES = [(name, dialect) for name in WAYS for dialect in DIALECTS if dialect == "openai" or name in IN_ALL]


def offsets_script(peer):
    """Resets after as many bytes of a short stream as the request's last header says."""
    data = head("content-type: text/event-stream", "transfer-encoding: chunked") + b"".join(map(chunk, peer.pieces)) \
        + b"0\r\n\r\n"
    peer.send(data[:int(peer.request.headers["x-offset"])])
    time.sleep(0.03)  # a reset may overtake what was sent
    peer.reset()


def closing(peer):
    """A good answer that promises a next one, and then closes."""
    peer.send_whole("connection: keep-alive")


class Bench:
    """A gateway with hostile upstreams and a good one."""

    def __init__(self, stack, binary):
        self.sent, self.client_has = {}, {}
        scripts = {f"{name}-{dialect}": self.recording(f"{name}-{dialect}", WAYS[name].script) for name, dialect in CASES}
        scripts |= {"offsets": offsets_script, "closing": closing}
        self.hostile = Hostile(scripts)
        self.provider = Provider(stack)
        upstreams, models = [], models_at("good", ["good"])
        for dialect in DIALECTS:
            for name, times in TIMES.items():
                upstreams.append(upstream(dialect, self.hostile.url, name=f"{name}-{dialect}", breaker=NEVER, **times))
        for name, dialect in CASES:
            models += models_at(f"{WAYS[name].time}-{dialect}", [f"{name}-{dialect}"])
        upstreams += [upstream("openai", self.provider.url, name="good"),
                      upstream("openai", "http://no-such-host.invalid", name="unknown", breaker=NEVER, connect_timeout="20s"),
                      upstream("openai", f"http://127.0.0.1:{free_port()}", name="refusing", breaker=NEVER)]
        models += models_at("patient-openai", ["offsets", "closing"])
        models += models_at("unknown", ["unknown"]) + models_at("refusing", ["refusing"])
        self.gateway = Gateway(stack, binary, {"upstreams": upstreams, "models": models})
        self.probe = Probe(self.gateway, Call("chat", "good", "in=1 out=1"))

    def recording(self, name, script):
        def run(peer):
            peer.client_has = self.client_has[name]
            try:
                return script(peer)
            finally:
                self.sent[name] = peer.body
        return run

    def ask(self, name, call):
        """An Asking whose upstream knows when the client has the first bytes."""
        self.client_has[name] = threading.Event()
        asking = Asking(self.gateway.port, call, self.client_has[name])
        return asking


@pytest.fixture(scope="module", name="bench")
def bench_fixture(module_stack, ai_gateway_binary):
    bench = Bench(module_stack, ai_gateway_binary)
    yield bench
    good = bench.probe.stop()
    bench.hostile.close()
    show(f"{good} good requests and scrapes meanwhile")


def check_answer(sent, name, way, answer):
    if way.sees == "error":
        assert (answer.status, answer.whole) == (way.status, True), answer.data[:300]
        assert answer.headers["content-type"] == "application/json"
        assert answer.error_code() == ("upstream_timeout" if way.status == 504 else "upstream_error")
        return
    assert answer.status == 200, answer.data[:300]
    if way.sees == "same":
        assert answer.whole and not answer.was_reset
        assert answer.body == sent
    elif name == "hung_mid_stream":  # what came, and then an error as the last frame
        came, _, error = answer.body.partition(b"data: {\"error\"") if b"data: {\"error\"" in answer.body else \
            answer.body.partition(b"event: error")
        assert sent.startswith(came) and came and error
        assert b"upstream_timeout" in error
    elif name == "short_body":
        assert not answer.whole and answer.body == sent
    else:
        assert not answer.whole and sent.startswith(answer.body) and 0 < len(answer.body) < len(sent)


@pytest.mark.parametrize("name, dialect", CASES)
def test_broken_answers(bench, name, dialect):
    way, gateway = WAYS[name], bench.gateway
    full = f"{name}-{dialect}"
    pid = gateway.process.pid
    before = status_kib(pid, "VmRSS")
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")  # VmHWM begins anew
    asking = bench.ask(full, Call(DIALECTS[dialect], full, "in=1", stream=way.stream, usage=True))
    if way.time != "patient":
        bench.probe.goes_on()
    answer = asking.answer()
    wait_for(lambda: full in bench.hostile.ended, "the script to end")
    check_answer(bench.sent[full], name, way, answer)
    page = gateway.wait_for_page(lambda page: page.total("aigw_requests_total", model=full), "the request to be counted")
    assert counted(page, model=full) == ({way.outcome: 1}, {way.result: 1})
    if way.stream and way.sees != "error" and name != "html_stream":
        end = {"ok": "complete", "timeout": "idle_timeout"}.get(way.outcome, "upstream_error")
        assert page.total("aigw_streams_total", model=full, end=end) == 1
    more = status_kib(pid, "VmHWM") - before
    assert more < MORE_MEMORY, f"{more} KiB more"
    if more > 4 << 10:
        show(f"{full}: {more} KiB more memory at its peak")
    bench.probe.goes_on()
    assert not bench.probe.bad


def test_a_stream_reset_at_every_byte(bench):
    gateway = bench.gateway
    call = Call("chat", "offsets", "in=1", stream=True, usage=True)
    call.headers["x-offset"] = str(1 << 20)
    whole = ask(gateway.port, call)
    assert whole.status == 200
    # A reset may have cost the end even of this one; its beginning is as long as the shortest frame needs.
    sizes = range(0, 1500, 8)

    def one(size):
        call = Call("chat", "offsets", "in=1", stream=True, usage=True)
        call.headers["x-offset"] = str(size)
        return ask(gateway.port, call)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, sizes))
    refused = [answer for answer in answers if answer.status == 502]
    parts = [answer for answer in answers if answer.status == 200]
    assert len(refused) + len(parts) == len(answers) and refused and parts
    assert all(answer.whole and answer.error_code() == "upstream_error" for answer in refused)
    for answer in parts:
        # Each has an id and a time of its own, so that only the shape of what came can be compared.
        assert answer.body.startswith(b"data: {") and b"word0" in answer.body
        assert not answer.whole or answer.body.endswith(b"data: [DONE]\n\n")
    page = at_rest_but_probe(bench)
    outcomes, results = counted(page, model="offsets")
    ok = 1 + sum(answer.whole for answer in parts)
    assert results == {key: count for key, count in {
        "reset": len(refused), "broken_off": len(answers) + 1 - ok - len(refused), "ok": ok}.items() if count}
    assert outcomes == {key: count for key, count in {"upstream_error": len(answers) + 1 - ok, "ok": ok}.items() if count}


def at_rest_but_probe(bench):
    return bench.gateway.page_after(lambda page: page.total("aigw_in_flight_requests") <= page.total(
        "aigw_in_flight_requests", model="good"), "all requests but the probe's to end")


def test_connections_that_close_between_requests_are_no_error(bench):
    for _ in range(25):
        answer = ask(bench.gateway.port, Call("chat", "closing", "in=1"))
        assert (answer.status, answer.whole) == (200, True), answer.data[:300]
    assert counted(bench.gateway.page(), model="closing") == ({"ok": 25}, {"ok": 25})


@pytest.mark.parametrize("name", ["unknown", "refusing"])
def test_no_connection(bench, name):
    asking = Asking(bench.gateway.port, Call("chat", name, "in=1"))
    bench.probe.goes_on()
    answer = asking.answer()
    assert (answer.status, answer.error_code()) == (502, "upstream_error")
    page = bench.gateway.wait_for_page(lambda page: page.total("aigw_requests_total", model=name), "the request to be counted")
    assert counted(page, model=name) == ({"upstream_error": 1}, {"connect": 1})


def test_100_hung_requests_leave_room_for_others(bench):
    model = "hung_mid_stream-openai"
    bench.client_has[model] = threading.Event()
    bench.client_has[model].set()  # nobody has to wait
    before = bench.gateway.page().total("aigw_requests_total", model=model)
    with contextlib.ExitStack() as clients:
        socks = [clients.enter_context(connect(bench.gateway.port)) for _ in range(100)]
        for sock in socks:
            call = Call("chat", model, "in=1", stream=True, usage=True)
            call.headers["connection"] = "close"
            sock.sendall(call.bytes())
        wait_in_flight(bench.gateway, 100, model=model)
        bench.probe.goes_on()
        answers = [read_all(sock) for sock in socks]
    assert all(answer.status == 200 and b"upstream_timeout" in answer.body for answer in answers)
    page = bench.gateway.wait_for_page(lambda page: page.total("aigw_requests_total", model=model) == before + 100, "all to end")
    assert page.total("aigw_requests_total", model=model, outcome="timeout") == before + 100


def test_an_endless_trickle_ends_with_the_total_time(stack, ai_gateway_binary):
    def trickle(peer):
        peer.client_has = threading.Event()
        peer.client_has.set()
        send_frames(peer, 2)
        with contextlib.suppress(OSError):
            while True:
                peer.send(chunk(peer.pieces[-4]))
                time.sleep(0.05)

    with Hostile({"trickle": trickle}) as hostile:
        gateway = Gateway(stack, ai_gateway_binary, {
            "proxy": {"total_time": "1500ms", "deadline": "1500ms"}, "upstreams": [upstream("openai", hostile.url)],
            "models": models_at("openai", ["trickle"])})
        answer = ask(gateway.port, Call("chat", "trickle", "in=1", stream=True, usage=True))
        assert answer.status == 200 and b"upstream_timeout" in answer.body
        assert counted(at_rest(gateway)) == ({"timeout": 1}, {"idle_timeout": 1})


def test_an_answer_that_comes_before_the_request_was_sent(stack, ai_gateway_binary):
    """On a connection that was used before, and is watched."""
    refusal = b'{"error":{"message":"too large","type":"invalid_request_error"}}'

    def early(peer):
        peer.send_whole()
        peer.sock.recv(1000)  # the next one's beginning
        peer.send(head("content-type: application/json", f"content-length: {len(refusal)}", status="413 Payload Too Large"), refusal)
        peer.silence()

    with Hostile({"early": early}) as hostile:
        gateway = Gateway(stack, ai_gateway_binary, {
            "upstreams": [upstream("openai", hostile.url, header_timeout="5s")], "models": models_at("openai", ["early"])})
        assert ask(gateway.port, Call("chat", "early", "in=1")).status == 200
        answer = ask(gateway.port, Call("chat", "early", "in=1 " + "x" * (24 << 20)))
        assert (answer.status, answer.body) == (413, refusal)
        assert len(hostile.seen) == 1 and hostile.connections == 1
        assert counted(at_rest(gateway)) == ({"ok": 1, "client_error": 1}, {"ok": 1, "client_error": 1})
