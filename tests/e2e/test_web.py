# SPDX-License-Identifier: Apache-2.0
"""HTTP, TLS and authentication of a real exporter, as its users and its attackers meet them.

BINNACLE_SYSTEM_EXPORTER names the binary. Needs the openssl command.
"""

import base64
import concurrent.futures
import os
import shutil
import socket
import ssl
import subprocess
import time

import pytest

import web_helpers
from web_helpers import Authority, Exporter, any_server, der, eventually, parse, receive, replace, server_certificate

if not os.environ.get("BINNACLE_SYSTEM_EXPORTER"):
    pytest.skip("BINNACLE_SYSTEM_EXPORTER does not name the system-exporter binary", allow_module_level=True)

# bcrypt of "test" and of "other", of the lowest cost.
TEST_HASH = "$2b$04$CCCCCCCCCCCCCCCCCCCCC.FK5AM0cKS86rvu3Y1W/ncuJ1wb3aQva"
OTHER_HASH = "$2b$04$DDDDDDDDDDDDDDDDDDDDD.JZzJvIb5Mw8dXAAQw1mPEeNxmiXfbEC"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def server_files(authority, tmp_path):
    """A folder with server.pem and server.key, and a web.yml that names them."""
    certificate, key = authority.issue("server")
    shutil.copy(certificate, tmp_path / "server.pem")
    shutil.copy(key, tmp_path / "server.key")
    write_config(tmp_path)
    return tmp_path


def write_config(folder, tls="", rest=""):
    path = folder / "web.yml"
    lines = ["tls_server_config:", "  cert_file: server.pem", "  key_file: server.key"]
    replace(path, "\n".join(lines) + "\n" + tls + rest)
    return path


def basic(user, password):
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def start_error(web_config, listen="127.0.0.1:0"):
    """The one line of an exporter that does not start."""
    command = [os.environ["BINNACLE_SYSTEM_EXPORTER"], f"--web.listen-address={listen}", f"--web.config.file={web_config}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=web_helpers.LIMIT, check=False)
    assert done.returncode == 1, done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, lines
    return lines[0]


# TLS


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_serves_the_modern_versions(authority, server_files, version):
    with Exporter(server_files / "web.yml") as exporter:
        assert exporter.url.startswith("https://")
        context = web_helpers.trusting(authority)
        context.minimum_version = context.maximum_version = version
        status, body = exporter.get(context=context)
        assert status == 200 and body
        assert exporter.get("/health/live", context=context)[0] == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_refuses_old_versions_and_plain_http(server_files):
    with Exporter(server_files / "web.yml") as exporter:
        with pytest.raises(ssl.SSLError):
            exporter.get(context=any_server(maximum=ssl.TLSVersion.TLSv1_1, minimum=ssl.TLSVersion.TLSv1))
        with socket.create_connection(exporter.address, timeout=web_helpers.LIMIT) as plain:
            plain.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            try:
                assert b"200" not in receive(plain)
            except ConnectionError:
                pass
        assert exporter.get()[0] == 200


def test_the_openssl_command_gets_a_response(authority, server_files):
    with Exporter(server_files / "web.yml") as exporter:
        done = subprocess.run(
            ["openssl", "s_client", "-quiet", "-verify_return_error", "-CAfile", authority.certificate,
             "-connect", f"127.0.0.1:{exporter.address[1]}"],
            input=b"GET /health/live HTTP/1.1\r\n\r\n", capture_output=True, timeout=web_helpers.LIMIT, check=False)
        assert b"HTTP/1.1 200 OK" in done.stdout, done.stderr


def test_a_version_can_be_demanded_without_a_restart(server_files):
    with Exporter(server_files / "web.yml") as exporter:
        old = any_server(maximum=ssl.TLSVersion.TLSv1_2)
        assert exporter.get(context=old)[0] == 200
        write_config(server_files, "  min_version: TLS13\n")
        with pytest.raises(ssl.SSLError):
            exporter.get(context=old)
        assert exporter.get()[0] == 200


@pytest.mark.parametrize(
    "mode, without, stranger, known",
    [
        ("NoClientCert", True, True, True),
        ("RequestClientCert", True, True, True),
        ("RequireAnyClientCert", False, True, True),
        ("RequireClientCert", False, True, True),
        ("VerifyClientCertIfGiven", True, False, True),
        ("RequireAndVerifyClientCert", False, False, True),
    ])
def test_client_certificates(authority, server_files, tmp_path_factory, mode, without, stranger, known):
    shutil.copy(authority.certificate, server_files / "ca.pem")
    authority_line = "" if mode == "NoClientCert" else "  client_ca_file: ca.pem\n"
    config = write_config(server_files, f"  client_auth_type: {mode}\n{authority_line}")
    other = Authority(tmp_path_factory.mktemp("other"), "other")
    with Exporter(config) as exporter:
        for certificate, expected in ((None, without), (other.issue("stranger"), stranger),
                                      (authority.issue("known"), known)):
            try:
                answered = exporter.get(context=any_server(certificate=certificate))[0] == 200
            except (ssl.SSLError, ConnectionError):
                answered = False
            assert answered == expected, (mode, certificate)


def test_client_names(authority, server_files):
    shutil.copy(authority.certificate, server_files / "ca.pem")
    config = write_config(
        server_files, "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n"
        "  client_allowed_sans: [prometheus.example]\n")
    with Exporter(config) as exporter:
        right = any_server(certificate=authority.issue("right", "DNS:prometheus.example"))
        wrong = any_server(certificate=authority.issue("wrong", "DNS:grafana.example"))
        assert exporter.get(context=right)[0] == 200
        with pytest.raises((ssl.SSLError, ConnectionError)):
            exporter.get(context=wrong)


def test_a_renewed_certificate_is_served_without_a_restart(authority, server_files):
    with Exporter(server_files / "web.yml") as exporter:
        first = server_certificate(exporter)
        assert first == der(server_files / "server.pem")
        certificate, key = authority.issue("renewed")
        shutil.copy(certificate, server_files / "server.pem")
        shutil.copy(key, server_files / "server.key")
        assert server_certificate(exporter) == der(certificate) != first
        assert exporter.get(context=web_helpers.trusting(authority))[0] == 200


def test_a_secret_mounted_by_kubernetes_is_swapped(authority, tmp_path):
    """server.pem -> ..data/server.pem, and ..data -> a dated folder, which is swapped as a whole."""
    def mount(date):
        (tmp_path / date).mkdir()
        certificate, key = authority.issue(date)
        shutil.copy(certificate, tmp_path / date / "server.pem")
        shutil.copy(key, tmp_path / date / "server.key")
        os.symlink(date, tmp_path / "..data_new")
        os.rename(tmp_path / "..data_new", tmp_path / "..data")
        return der(certificate)

    first = mount("2026_01")
    for name in ("server.pem", "server.key"):
        os.symlink(f"..data/{name}", tmp_path / name)
    with Exporter(write_config(tmp_path)) as exporter:
        assert server_certificate(exporter) == first
        second = mount("2026_02")
        assert server_certificate(exporter) == second
        assert exporter.count_lines("level=error") == 0


def test_a_bad_new_certificate_leaves_the_old_one_with_one_line_in_the_log(authority, server_files):
    with Exporter(server_files / "web.yml") as exporter:
        first = server_certificate(exporter)
        certificate, key = authority.issue("other")
        shutil.copy(certificate, server_files / "server.pem")
        for _ in range(5):
            assert server_certificate(exporter) == first
            assert exporter.get()[0] == 200
        eventually(lambda: exporter.count_lines("level=error") > 0, "the error in the log")
        assert exporter.count_lines("level=error") == 1
        assert exporter.count_lines("level=error.*server.pem.*server.key") == 1

        replace(server_files / "server.pem", "junk")
        assert server_certificate(exporter) == first
        os.remove(server_files / "server.key")
        assert server_certificate(exporter) == first
        shutil.copy(certificate, server_files / "server.pem")
        shutil.copy(key, server_files / "server.key")
        assert server_certificate(exporter) == der(certificate)
        assert not any("PRIVATE KEY" in line for line in exporter.lines if line)


def test_plain_http_does_not_become_tls_while_it_runs(server_files):
    config = server_files / "web.yml"
    tls = config.read_text()
    replace(config, "")
    with Exporter(config) as exporter:
        assert exporter.url.startswith("http://")
        assert exporter.get()[0] == 200
        replace(config, tls)
        for _ in range(3):
            assert exporter.get()[0] == 200
        exporter.wait_for_line("level=warn.*restart")
        assert exporter.count_lines("level=warn.*restart") == 1


# Starting


def test_a_key_of_another_certificate_is_one_line(authority, server_files):
    _, key = authority.issue("other")
    shutil.copy(key, server_files / "server.key")
    line = start_error(server_files / "web.yml")
    assert "does not match" in line and "server.pem" in line and "server.key" in line


@pytest.mark.parametrize("text, expected", [
    ("tls_server_config:\n  cert_fil: server.pem\n", ["web.yml:2", "cert_fil"]),
    ("tls_server_config:\n  cert_file: none.pem\n  key_file: server.key\n", ["none.pem", "No such file"]),
    ("basic_auth_users:\n  alice: swordfish\n", ["web.yml:2", "alice", "bcrypt"]),
    ("basic_auth_users: [\n", ["web.yml:", "YAML"]),
    ("\x00\x01\x02", ["web.yml:1"]),
])
def test_a_bad_web_config_is_one_line(server_files, text, expected):
    replace(server_files / "web.yml", text)
    line = start_error(server_files / "web.yml")
    for part in expected:
        assert part in line
    assert "swordfish" not in line


def test_a_missing_web_config_is_one_line(tmp_path):
    assert "none.yml" in start_error(tmp_path / "none.yml")


def test_a_port_in_use_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        replace(tmp_path / "web.yml", "")
        line = start_error(tmp_path / "web.yml", address)
        assert address in line and "address already in use" in line


# Authentication


def test_passwords(tmp_path):
    config = tmp_path / "web.yml"
    replace(config, f"basic_auth_users:\n  alice: {TEST_HASH}\n")
    with Exporter(config) as exporter:
        for headers in ((), [basic("alice", "wrong")], [basic("alice", "")], [basic("bob", "test")],
                        ["Authorization: Basic !!!"], ["Authorization: Bearer test"], [basic("alice", TEST_HASH)]):
            for path in ("/metrics", "/", "/health", "/-/reload", "/no-such-page"):
                response = exporter.send("\r\n".join([f"GET {path} HTTP/1.1", *headers, "", ""]).encode())
                assert parse(response)[0] == 401
                assert b"\r\nWWW-Authenticate: Basic" in response
        assert exporter.get(headers=[basic("alice", "test")])[0] == 200
        assert exporter.get("/health/live")[0] == 200
        assert exporter.get("/health/ready")[0] in (200, 503)

        # A changed file counts at once, a bad one not at all.
        replace(config, f"basic_auth_users:\n  alice: {OTHER_HASH}\n  bob: {TEST_HASH}\n")
        assert exporter.get(headers=[basic("alice", "test")])[0] == 401
        assert exporter.get(headers=[basic("alice", "other")])[0] == 200
        assert exporter.get(headers=[basic("bob", "test")])[0] == 200
        replace(config, "basic_auth_users:\n  alice: swordfish\n")
        for _ in range(3):
            assert exporter.get(headers=[basic("alice", "other")])[0] == 200
            assert exporter.get()[0] == 401
        exporter.wait_for_line("level=error")
        assert exporter.count_lines("level=error") == 1
        exporter.terminate()
        for secret in ("swordfish", TEST_HASH[-20:], OTHER_HASH[-20:], basic("alice", "other")[-8:]):
            assert not any(secret in line for line in exporter.lines if line)


def test_headers_and_rate_limit(tmp_path):
    config = tmp_path / "web.yml"
    replace(config, "http_server_config:\n  http2: true\n  headers:\n    X-Frame-Options: deny\n"
            "rate_limit:\n  interval: 1h\n  burst: 2\n")
    with Exporter(config) as exporter:
        assert b"\r\nX-Frame-Options: deny\r\n" in exporter.send(b"GET / HTTP/1.1\r\n\r\n")
        assert exporter.get()[0] == 200
        assert exporter.get()[0] == 429
        assert exporter.get("/health/live")[0] == 200


# HTTP


def loopback_has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def test_ipv4_and_ipv6():
    hosts = ["127.0.0.1"]
    if loopback_has_ipv6():
        hosts.append("::1")
        with Exporter(listen="[::1]:0") as exporter:
            assert exporter.url.startswith("http://[::1]:")
            assert exporter.get()[0] == 200
    else:
        print("this machine's loopback has no IPv6: only the message for [::1] is checked")
        done = subprocess.run([os.environ["BINNACLE_SYSTEM_EXPORTER"], "--web.listen-address=[::1]:0"],
                              capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1
        assert "cannot listen on [::1]:0: " in done.stderr
        assert len(done.stderr.splitlines()) == 1
    with Exporter(listen=":0") as exporter:
        for host in hosts:
            exporter.address = host, exporter.address[1]
            assert exporter.get()[0] == 200


def test_methods_and_bodies_are_refused_unread():
    with Exporter() as exporter:
        for request in (b"POST /metrics HTTP/1.1\r\nContent-Length: 0\r\n\r\n", b"PUT / HTTP/1.1\r\n\r\n",
                        b"DELETE /metrics HTTP/1.1\r\n\r\n",
                        b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nabc",
                        b"GET /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\nabc",
                        b"GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\nabc"):
            response = exporter.send(request)
            assert parse(response)[0] == 405, request
            assert b"\r\nAllow: GET, HEAD" in response

        # A body without end: the server answers and goes, however much is offered.
        sent = 0
        with exporter.connect() as connection:
            connection.sendall(b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n")
            with pytest.raises(ConnectionError):
                while sent < 1 << 30:
                    sent += connection.send(b"x" * 65536)
        assert sent < 64 << 20


def test_head_and_pipelined_garbage():
    with Exporter() as exporter:
        head = exporter.send(b"HEAD /health/live HTTP/1.1\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ") and head.endswith(b"\r\n\r\n") and b"Content-Length: " in head
        assert parse(exporter.send(b"GET /health/live HTTP/1.1\r\n\r\nGARBAGE\r\n\r\n"))[0] == 200
        request = b"GET /health/live HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"
        assert parse(exporter.send(request * 3))[0] == 200
        for junk in (b"\r\n\r\n", b"\x16\x03\x01\x00\xff\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 20000 + b"\r\n\r\n"):
            try:
                response = exporter.send(junk)
                assert response == b"" or parse(response)[0] >= 400
            except ConnectionError:
                pass
        assert exporter.get()[0] == 200


def hold(exporter, stack):
    """15 connections that do nothing, half a request, or half a handshake: one thread is left of 16."""
    for i in range(15):
        connection = socket.create_connection(exporter.address, timeout=web_helpers.LIMIT)
        stack.append(connection)
        if i % 3 == 1:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
        if i % 3 == 2 and exporter.tls:
            connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00")


@pytest.mark.parametrize("with_tls", [False, True])
def test_stuck_clients_leave_a_thread_for_scrapes(server_files, with_tls):
    with Exporter(server_files / "web.yml" if with_tls else None) as exporter:
        held = []
        hold(exporter, held)
        try:
            for _ in range(3):
                assert exporter.get()[0] == 200
        finally:
            for connection in held:
                connection.close()


def test_many_scrapes_at_once_over_tls(authority, server_files):
    with Exporter(server_files / "web.yml") as exporter:
        context = web_helpers.trusting(authority)
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            statuses = list(pool.map(lambda _: exporter.get("/health/live", context=context)[0], range(120)))
        assert statuses == [200] * 120


def test_sigterm_ends_with_0_whatever_clients_do(server_files):
    with Exporter(server_files / "web.yml") as exporter:
        held = []
        hold(exporter, held)
        assert exporter.get()[0] == 200
        before = time.monotonic()
        assert exporter.terminate() == 0
        print(f"stopped in {time.monotonic() - before:.2f} s")
        for connection in held:
            connection.close()
