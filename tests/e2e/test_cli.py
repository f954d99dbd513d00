# SPDX-License-Identifier: Apache-2.0
"""Flags, environment, config file, reload and stop: bad input is one clear line and exit 1, with nothing half-started."""

import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from blocked import blocked_mount
from helpers import run_exporter, scrape, show
from processes import request, wait_for

GOOD_HASH = "$2b$10$8P3rWp5bXq1aDqCuCIkcTuMhXy6HW7F3Rk2kMHT6mNkC2mJx0b2q6"
LISTEN = "--web.listen-address=127.0.0.1:0"


def refused(binary, *flags, env=None):
    """The one line that a start which must fail leaves on stderr, without the program's name."""
    code, out, err = run_exporter(binary, LISTEN, *flags, env=env)
    assert code == 1, (flags, code, out[:200], err)
    assert out == "" and err.count("\n") == 1 and err.endswith("\n"), (flags, out[:200], err)
    assert err.startswith("system-exporter: "), err
    assert "terminate called" not in err and "exception" not in err.lower(), err
    return err.removeprefix("system-exporter: ").strip()


# What is in the file, and what the line must name: the key, the line, what was expected.
BAD_CONFIGS = {
    "unknown key": ("proces_names: []\n", ["proces_names", ":1:"]),
    "unknown key below": ("process_names:\n  - name: x\n    comm: [x]\n    colour: red\n", ["colour", ":4:"]),
    "list where a mapping belongs": ("health: [1, 2]\n", ["health", ":1:"]),
    "text where a number belongs": ("health:\n  memory_available_ratio:\n    warn: lots\n", ["warn", ":3:", "number"]),
    "unknown health check": ("health:\n  colour: {warn: 1, critical: 2}\n", ["colour", ":2:"]),
    "warn equal to critical": ("health:\n  memory_available_ratio: {warn: 1, critical: 1}\n", ["memory_available_ratio", ":2:"]),
    "negative weight": ("health:\n  memory_available_ratio: {weight: -1}\n", ["weight", ":2:"]),
    "bad pattern": ("process_names:\n  - name: x\n    cmdline: ['(unclosed']\n", ["cmdline", ":3:"]),
    "no selector": ("process_names:\n  - name: x\n", ["process_names", ":2:"]),
    "unknown field": ("process_names:\n  - name: '{{.Nonsense}}'\n    comm: [x]\n", ["Nonsense", ":2:"]),
    "no YAML": ("process_names: [\n", [":"]),
    "tab": ("process_names:\n\t- name: x\n", [":2:"]),
    "duplicate key": ("process_names: []\nprocess_names: []\n", ["process_names", ":2:"]),
    "no mapping": ("- 1\n- 2\n", ["keys and values", ":1:"]),
    "two documents": ("process_names: []\n---\nprocess_names: []\n", ["document"]),
    "binary": ("\x00\x01\x02", [":"]),
}


@pytest.mark.parametrize("case", BAD_CONFIGS)
def test_a_bad_config_is_one_line(binary, stack, case):
    text, parts = BAD_CONFIGS[case]
    path = stack.write("config.yml", text)
    for extra in ([], ["--config.check"], ["--once"]):
        line = refused(binary, f"--config.file={path}", *extra)
        for part in [path, *parts]:
            assert part in line, (part, line)
    show(f"{case}: {line.replace(path, 'config.yml')}")


BAD_FLAGS = {
    "unknown flag": (["--no-such-flag"], ["--no-such-flag", "--help"]),
    "unknown flag with a value": (["--no.such=1"], ["--no.such", "--help"]),
    "no flag": (["metrics"], ["metrics"]),
    "one dash": (["-web.max-requests=1"], ["--web.max-requests"]),
    "text for a number": (["--web.max-requests=many"], ["--web.max-requests", "whole number", "many"]),
    "number out of range": (["--web.max-requests=-1"], ["--web.max-requests", "0"]),
    "bad duration": (["--scrape.timeout=fast"], ["--scrape.timeout", "duration", "fast"]),
    "bad choice": (["--log.level=loud"], ["--log.level", "debug", "loud"]),
    "bad format": (["--log.format=xml"], ["--log.format", "logfmt", "json"]),
    "bad boolean": (["--collector.cpu=perhaps"], ["--collector.cpu", "true or false"]),
    "no value": (["--config.file"], ["--config.file", "expected"]),
    "given twice": (["--log.level=info", "--log.level=warn"], ["--log.level", "more than once"]),
    "bad path": (["--web.telemetry-path=metrics"], ["--web.telemetry-path", "/metrics"]),
    "bad pattern": (["--collector.netdev.device-exclude=(unclosed"], ["--collector.netdev.device-exclude", "(unclosed"]),
    "bad mount pattern": (["--collector.filesystem.mount-points-exclude=[z-a]"], ["mount-points-exclude"]),
    "exclude and include": (["--collector.netdev.device-exclude=a", "--collector.netdev.device-include=b"],
                            ["device-exclude", "device-include"]),
    "missing config": (["--config.file=/nonexistent/x.yml"], ["/nonexistent/x.yml"]),
    "config is a folder": (["--config.file=/tmp"], ["/tmp"]),
    "missing web config": (["--web.config.file=/nonexistent/web.yml"], ["/nonexistent/web.yml"]),
    "address without port": (["--web.listen-address=127.0.0.1"], ["127.0.0.1"]),
    "bad port": (["--web.listen-address=127.0.0.1:99999"], ["127.0.0.1:99999"]),
    "unknown host": (["--web.listen-address=no.such.host.invalid:1"], ["no.such.host.invalid"]),
    "another host's address": (["--web.listen-address=192.0.2.1:9100"], ["192.0.2.1:9100"]),
}


@pytest.mark.parametrize("case", BAD_FLAGS)
def test_a_bad_flag_is_one_line(binary, case):
    flags, parts = BAD_FLAGS[case]
    line = refused(binary, *flags)
    for part in parts:
        assert part in line, (part, line)
    show(f"{case}: {line}")


def test_a_port_in_use_is_one_line(binary):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, out, err = run_exporter(binary, f"--web.listen-address={address}")
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert address in err and "in use" in err
    show(err.strip())


def make_certificate(stack, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-keyout", stack.path(name + ".key"), "-out", stack.path(name + ".crt")], check=True,
                   capture_output=True)


def test_a_bad_web_config_is_one_line(binary, stack):
    make_certificate(stack, "one")
    make_certificate(stack, "other")
    cases = {
        "key of another certificate": ("tls_server_config: {cert_file: one.crt, key_file: other.key}\n",
                                       ["one.crt", "other.key"]),
        "missing certificate": ("tls_server_config: {cert_file: none.crt, key_file: one.key}\n", ["none.crt"]),
        "certificate without key": ("tls_server_config: {cert_file: one.crt}\n", ["key"]),
        "no hash": ("basic_auth_users: {alice: sesame}\n", ["alice", ":1:"]),
        "unknown key": ("tls_server_config: {cert_file: one.crt, key_file: one.key, colour: red}\n", ["colour", ":1:"]),
    }
    for case, (text, parts) in cases.items():
        line = refused(binary, f"--web.config.file={stack.write('web.yml', text)}")
        assert line == refused(binary, "--config.check", f"--web.config.file={stack.path('web.yml')}")
        assert "sesame" not in line
        if "system's civetweb" in line:
            show(f"{case}: this build has no TLS: {line}")
            continue
        for part in parts:
            assert part in line, (part, line)
        show(f"{case}: {line.replace(stack.folder + '/', '')}")


def test_config_check(binary, stack):
    good = stack.write("good.yml", "process_names:\n  - name: x\n    comm: [x]\nhealth:\n  memory_available_ratio: {warn: 0.2}\n")
    assert run_exporter(binary, "--config.check", f"--config.file={good}") == (0, "ok\n", "")
    assert run_exporter(binary, "--config.check") == (0, "ok\n", "")
    web = stack.write("web.yml", "rate_limit: {interval: 1s, burst: 5}\n")
    assert run_exporter(binary, "--config.check", f"--web.config.file={web}") == (0, "ok\n", "")


def test_help_and_version(binary):
    code, out, err = run_exporter(binary, "--help")
    assert code == 0 and err == ""
    for flag in ["--web.listen-address", "--config.file", "--[no-]collector.disable-defaults", "--[no-]collector.cpu",
                 "--path.procfs", "[SYSTEM_EXPORTER_WEB_LISTEN_ADDRESS]"]:
        assert flag in out, flag
    code, out, err = run_exporter(binary, "--version")
    assert code == 0 and err == "" and re.match(r"system-exporter \d+\.\d+\.\d+ \(revision \w+, compiler .+\)\n$", out)


def test_environment(binary, stack):
    _, url = stack.start_exporter(binary, env={"SYSTEM_EXPORTER_COLLECTOR_LOADAVG": "false",
                                               "SYSTEM_EXPORTER_WEB_TELEMETRY_PATH": "/other",
                                               "SYSTEM_EXPORTER_COLLECTOR_CPU": "false",
                                               "SYSTEM_EXPORTER_SERVICE_PORT": "tcp://10.0.0.1:9100"})
    states = scrape(url, "/other").states()
    assert "loadavg" not in states and "cpu" not in states and "meminfo" in states
    assert request(url + "/metrics").status == 404
    # The command line wins.
    code, out, _ = run_exporter(binary, "--once", "--collector.loadavg", env={"SYSTEM_EXPORTER_COLLECTOR_LOADAVG": "false"})
    assert code == 0 and "node_load1 " in out
    line = refused(binary, env={"SYSTEM_EXPORTER_WEB_MAX_REQUESTS": "many"})
    assert "SYSTEM_EXPORTER_WEB_MAX_REQUESTS" in line and "whole number" in line
    code, out, _ = run_exporter(binary, "--once", "--collector.disable-defaults", "--collector.loadavg")
    assert code == 0 and out.count("node_scrape_collector_success{") == 1


def log_lines(process, text):
    return [line for line in process.log_text().splitlines() if text in line]


GOOD_GROUP = "process_names:\n  - name: {name}\n    comm: [no-such-process]\n"


@pytest.mark.parametrize("by", ["SIGHUP", "request"])
def test_reload(binary, stack, by):
    path = stack.write("config.yml", GOOD_GROUP.format(name="first"))
    process, url = stack.start_exporter(binary, f"--config.file={path}")

    def reload():
        if by == "SIGHUP":
            process.process.send_signal(signal.SIGHUP)
            return None
        return request(url + "/-/reload", method="POST")

    def groups():
        return {labels["groupname"] for labels, _ in scrape(url).of("namedprocess_namegroup_num_procs")}

    assert groups() == {"first"}
    started = scrape(url).value("node_config_last_reload_success_timestamp_seconds")
    assert scrape(url).value("node_config_last_reload_successful") == 1

    stack.write("config.yml", GOOD_GROUP.format(name="second"))
    answer = reload()
    assert answer is None or answer.status == 200
    wait_for(lambda: log_lines(process, "config reloaded"), "a log line")
    assert groups() == {"second"}
    assert len(log_lines(process, "config reloaded")) == 1
    reloaded = scrape(url).value("node_config_last_reload_success_timestamp_seconds")
    assert reloaded > started

    before = len(process.log_text().splitlines())
    stack.write("config.yml", "proces_names: []\n")
    answer = reload()
    if answer is not None:
        assert answer.status == 500 and "proces_names" in answer.text and answer.text.count("\n") == 1
    wait_for(lambda: log_lines(process, "config not reloaded"), "a log line")
    page = scrape(url)
    assert page.value("node_config_last_reload_successful") == 0
    assert page.value("node_config_last_reload_success_timestamp_seconds") == reloaded
    assert groups() == {"second"}, "the old config stays"
    new_lines = process.log_text().splitlines()[before:]
    assert len(new_lines) == 1 and "proces_names" in new_lines[0] and "level=error" in new_lines[0], new_lines

    stack.write("config.yml", GOOD_GROUP.format(name="third"))
    reload()
    wait_for(lambda: groups() == {"third"}, "the third config")
    assert scrape(url).value("node_config_last_reload_successful") == 1


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_stop_when_idle(binary, stack, signal_number):
    process, url = stack.start_exporter(binary)
    scrape(url)
    start = time.monotonic()
    process.process.send_signal(signal_number)
    code = process.process.wait(30)
    took = time.monotonic() - start
    assert code == 0
    log = process.log_text().splitlines()
    assert "stopping" in log[-2] and 'msg="stopped"' in log[-1].replace("msg=stopped", 'msg="stopped"')
    show(f"{signal_number.name}: exit 0 after {took * 1000:.0f} ms")


def test_stop_finishes_the_scrape_under_way(binary, stack):
    with blocked_mount(stack, binary) as mount:
        process, url = stack.start_exporter(binary, *mount.flags, "--scrape.timeout=60s",
                                            "--collector.filesystem.mount-timeout=60s", env=mount.env)
        whole = len(scrape(url).samples)
        mount.block()
        answers = []
        client = threading.Thread(target=lambda: answers.append(request(url + "/metrics", timeout=120)))
        client.start()
        wait_for(mount.holds, "the scrape to hang")
        process.process.send_signal(signal.SIGTERM)
        wait_for(lambda: log_lines(process, "stopping"), "its last scrapes")
        assert process.process.poll() is None and not answers
        mount.release()
        client.join(120)
        assert process.process.wait(60) == 0
        assert answers[0].status == 200
        answered = answers[0].text.count("\n") - sum(line.startswith("#") for line in answers[0].text.splitlines())
        assert abs(answered - whole) <= 2 and "node_load1 " in answers[0].text
        show(f"SIGTERM during a scrape: {answered} series answered, exit 0")


def test_secrets_never_reach_the_log(binary, stack):
    secret = "hunter2-s3cr3t"
    config = stack.write("config.yml", GOOD_GROUP.format(name="first"))
    web = stack.write("web.yml", f"basic_auth_users: {{alice: '{GOOD_HASH}'}}\n")
    process, url = stack.start_exporter(binary, f"--config.file={config}", f"--web.config.file={web}", "--log.level=debug",
                                        env={"SYSTEM_EXPORTER_COLLECTOR_TEXTFILE_DIRECTORY":
                                             f"postgres://bob:{secret}@db/x"})
    request(url + "/metrics", headers={"Authorization": "Basic YWxpY2U6" + "aHVudGVyMi1zM2NyM3Q="})
    request(url + f"/metrics?token={secret}&password={secret}", headers={"Authorization": f"Bearer {secret}"})
    for text in [f"url: https://bob:{secret}@db/x\n", f"process_names: 'password={secret}'\n",
                 f"health: {{password: {secret}}}\n", f"password: {secret}\n", f"process_names:\n  - name: '{secret}'\n",
                 f"process_names: [ '{secret}"]:
        stack.write("config.yml", text)
        before = len(log_lines(process, "config not reloaded"))
        process.process.send_signal(signal.SIGHUP)
        wait_for(lambda: len(log_lines(process, "config not reloaded")) > before, "its complaint")
    stack.write("web.yml", f"basic_auth_users: {{alice: '{GOOD_HASH}', bob: {secret}}}\n")
    process.process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    log = process.log_text()
    for forbidden in [secret, GOOD_HASH, GOOD_HASH[7:], "aHVudGVyMi1zM2NyM3Q"]:
        assert forbidden not in log, [line for line in log.splitlines() if forbidden in line]
    # The same at the start, on stderr.
    for flags in [[f"--config.file={stack.write('bad.yml', f'url: https://bob:{secret}@db/x' + chr(10))}"],
                  [f"--web.max-requests=postgres://bob:{secret}@db"], [f"--nonsense=postgres://bob:{secret}@db"],
                  [f"--config.file=https://bob:{secret}@host/x"], [f"postgres://bob:{secret}@db/x"]]:
        line = refused(binary, *flags)
        assert secret not in line, line
    show(f"{len(log.splitlines())} log lines, none with a secret")
