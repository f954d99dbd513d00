# SPDX-License-Identifier: Apache-2.0
"""Upstreams over TLS: only those whose certificate is from the right authority, for the right name and not too old are spoken
to, and no others see a byte of a request."""

import pathlib
import ssl
import subprocess

import pytest
from gateway import Gateway, upstream
from gateway_hard_helpers import (NEVER, Hostile, ask, at_rest, chunk, connect, counted, head, last_call, models_at)
from llm_calls import Call
from processes import free_port, wait_for
from provider import PYTHON, SERVER, Provider
from web_helpers import Authority

DIALECTS = {"openai": "chat", "anthropic": "messages", "gemini": "generate_content"}


class TlsProvider(Provider):
    """A provider with a certificate."""

    def __init__(self, stack, name, certificate, key):
        super().__init__(stack, name, "--tls", certificate, key)

    def start(self):
        self.process = self.stack.start(self.name, [
            PYTHON, "-B", SERVER, f"--port={self.port}", "--ledger=" + self.stack.path(self.name + ".ledger"), *self.flags])
        self.process.wait_until(lambda: "listening" in self.process.log_text(), "it listens")

    def rows(self):
        path = pathlib.Path(self.stack.path(self.name + ".ledger"))
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def expired(authority):
    """A certificate of which the last day is over."""
    name = "expired"
    request, extensions = authority.path(name, "csr"), authority.folder / "expired.ext"
    extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    folder = authority.folder / "old"
    folder.mkdir()
    (folder / "index").write_text("")
    settings = folder / "ca.conf"
    settings.write_text(f"[ca]\ndefault_ca=c\n[c]\ndatabase={folder}/index\nnew_certs_dir={folder}\nrand_serial=yes\n"
                        "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n")
    run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
        "-keyout", authority.path(name, "key"), "-out", request)
    run("ca", "-batch", "-config", str(settings), "-in", request, "-cert", authority.certificate, "-keyfile",
        authority.path(authority.name, "key"), "-startdate", "20200101000000Z", "-enddate", "20200201000000Z",
        "-extfile", str(extensions), "-out", authority.path(name, "pem"), "-notext")
    return authority.path(name, "pem"), authority.path(name, "key")


def run(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", name="bench")
def bench_fixture(module_stack, ai_gateway_binary, tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("ours"))
    stranger = Authority(tmp_path_factory.mktemp("theirs"))
    providers = {
        "good": TlsProvider(module_stack, "good", *authority.issue("good")),
        "name": TlsProvider(module_stack, "name", *authority.issue("name", "DNS:llm.example")),
        "authority": TlsProvider(module_stack, "authority", *stranger.issue("authority")),
        "expired": TlsProvider(module_stack, "expired", *expired(authority)),
    }
    plain = Provider(module_stack, "plain")
    ca = {"ca_file": authority.certificate}

    def url(name, host="127.0.0.1"):
        return f"https://{host}:{providers[name].port}"

    where = {  # model of the same name: its upstream
        "good": (url("good"), ca), "good_by_name": (url("good", "localhost"), ca),
        "named": (url("name"), {**ca, "server_name": "llm.example"}),
        "wrong_name": (url("name"), ca), "wrong_server_name": (url("good"), {**ca, "server_name": "other.example"}),
        "wrong_authority": (url("authority"), ca), "system_authorities": (url("good"), {}),
        "expired": (url("expired"), ca), "no_tls": (f"https://127.0.0.1:{plain.port}", {**ca, "connect_timeout": "1s"}),
        "refused": (f"https://127.0.0.1:{free_port()}", ca),
        "tls_without_https": (f"http://127.0.0.1:{providers['good'].port}", {}),
    }
    upstreams = [upstream("openai", address, name=name, breaker=NEVER, **{"connect_timeout": "20s", **more})
                 for name, (address, more) in where.items()]
    upstreams += [upstream(dialect, url("good"), name="good-" + dialect, **ca) for dialect in DIALECTS]
    models = [one for name in where for one in models_at(name, [name])]
    models += [one for dialect in DIALECTS for one in models_at("good-" + dialect, ["good-" + dialect])]
    return Gateway(module_stack, ai_gateway_binary, {"upstreams": upstreams, "models": models}), providers


@pytest.mark.parametrize("name", ["good", "good_by_name", "named"])
def test_good_certificates(bench, name):
    gateway, _ = bench
    for stream in (False, True):
        answer = ask(gateway.port, Call("chat", name, "in=5 out=6", stream=stream))
        assert (answer.status, answer.whole) == (200, True), answer.data[:300]
    assert counted(gateway.page(), model=name) == ({"ok": 2}, {"ok": 2})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_streams_over_tls(bench, dialect):
    gateway, _ = bench
    for number in range(10):
        answer = ask(gateway.port, Call(DIALECTS[dialect], "good-" + dialect, f"id={dialect}{number} in=5 out=6 frame=40KB", stream=True))
        assert answer.whole and len(answer.body) > 40000
    page = gateway.page()
    assert page.total("aigw_tokens_total", model="good-" + dialect) == 10 * 11
    assert page.total("aigw_upstream_connections_total", upstream="good-" + dialect, reused="true") > 0


def test_streams_over_tls_that_break_off_hang_or_are_left(stack, ai_gateway_binary, tmp_path):
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("hostile"))

    def begin(peer):
        frames = peer.pieces[:peer.before_content + 2]
        peer.send(head("content-type: text/event-stream", "transfer-encoding: chunked"), *map(chunk, frames))

    def breaks_off(peer):
        begin(peer)
        wait_for(lambda: "breaks_off" in began, "the client to have something")

    def hangs(peer):
        begin(peer)
        peer.silence()

    began = set()
    scripts = {"breaks_off": breaks_off, "hangs": hangs, "left": hangs}
    with Hostile(scripts, context) as hostile:
        gateway = Gateway(stack, ai_gateway_binary, {
            "upstreams": [upstream("openai", hostile.url, ca_file=authority.certificate, breaker=NEVER),
                          upstream("openai", hostile.url, name="short", ca_file=authority.certificate, idle_timeout="700ms")],
            "models": models_at("openai", ["breaks_off", "left"]) + models_at("short", ["hangs"])})
        for name, result in (("breaks_off", "broken_off"), ("hangs", "idle_timeout"), ("left", "client_gone")):
            with connect(gateway.port) as sock:
                sock.sendall(last_call(Call("chat", name, "in=1", stream=True)))
                assert b" 200 " in sock.recv(100)
                began.add(name)
                while name != "left" and sock.recv(65536):
                    pass
            wait_for(lambda name=name: name in hostile.ended, "the upstream to be left")
            assert counted(at_rest(gateway), model=name)[1] == {result: 1}


@pytest.mark.parametrize("name", ["wrong_name", "wrong_server_name", "wrong_authority", "system_authorities", "expired", "no_tls",
                                  "refused"])
def test_bad_certificates(bench, name):
    gateway, providers = bench
    before = {one: len(provider.rows()) for one, provider in providers.items()}
    answer = ask(gateway.port, Call("chat", name, "in=5"))
    assert (answer.status, answer.error_code()) == (502, "upstream_error")
    assert answer.json()["error"]["message"].endswith("connect")
    page = gateway.wait_for_page(lambda page: page.total("aigw_requests_total", model=name), "it to be counted")
    assert counted(page, model=name) == ({"upstream_error": 1}, {"connect": 1})
    assert {one: len(provider.rows()) for one, provider in providers.items()} == before


def test_tls_that_was_not_expected(bench):
    gateway, _ = bench
    answer = ask(gateway.port, Call("chat", "tls_without_https", "in=5"))
    assert (answer.status, answer.error_code()) == (502, "upstream_error")


def test_a_ca_file_that_is_none_stops_the_start(stack, ai_gateway_binary):
    path = stack.write("ca.pem", "no certificate\n")
    config = stack.write("gateway.yml", "upstreams: [{name: a, url: 'https://127.0.0.1:1', ca_file: %s}]\n"
                         "unknown_models: {openai: a}\n" % path)
    done = subprocess.run([ai_gateway_binary, "--config.check", "--config.file=" + config], capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 1 and "ca.pem" in done.stderr


def test_all_is_at_rest_afterwards(bench):
    gateway, _ = bench
    page = at_rest(gateway)
    assert page.total("aigw_in_flight_requests") == 0
