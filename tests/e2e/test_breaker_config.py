# SPDX-License-Identifier: Apache-2.0
"""What is wrong in a config is one clear line, passwords are never told, and a reload keeps what it can."""

import base64
import json

import pytest
from breaker_helpers import is_up, start, states, transitions, wait_for_page
from helpers import run_exporter, scrape, show
from processes import request
from replay import Replay

SECRET = "of-the-exporter-8731"
LISTEN = "--web.listen-address=127.0.0.1:0"
BODY = json.dumps({"breakers": [{"name": "mail", "state": "closed"}, {"name": "sms", "state": "open"}]})

JSON = "{name: a, kind: json, url: 'http://127.0.0.1:9'}"
BAD = {
    "unknown kind": ("sources: [{name: a, kind: haproxi}]", ["kind", "haproxy", "resilience4j"]),
    "no kind": ("sources: [{name: a}]", ["kind", "haproxy"]),
    "no name": ("sources: [{kind: json, url: 'http://127.0.0.1:9'}]", ["name"]),
    "no url": ("sources: [{name: a, kind: envoy}]", ["url"]),
    "url without scheme": ("sources: [{name: a, kind: json, url: '127.0.0.1:9'}]", ["url", "http://"]),
    "url with password": (f"sources: [{{name: a, kind: json, url: 'http://me:{SECRET}@h/'}}]", ["url", "credentials"]),
    "no address": ("sources: [{name: a, kind: redis}]", ["address"]),
    "address and url": ("sources: [{name: a, kind: haproxy, address: /run/x, url: 'http://h'}]", ["url", "address"]),
    "unknown key": ("sources: [{name: a, kind: json, url: 'http://h', colour: red}]", ["colour", ":1:"]),
    "key of another kind": ("sources: [{name: a, kind: json, url: 'http://h', base_path: /x}]", ["base_path"]),
    "same name twice": (f"sources: [{JSON}, {JSON}]", ["name", "sources"]),
    "the name of what is pushed": ("sources: [{name: push, kind: json, url: 'http://h'}]", ["push"]),
    "unknown credentials": ("sources: [{name: a, kind: json, url: 'http://h', credentials: nobody}]", ["credentials"]),
    "missing password file": ("credentials: {x: {username: u, password_file: /nonexistent/p}}\nsources: [{name: a, kind: json,"
                              " url: 'http://h', credentials: x}]", ["/nonexistent/p"]),
    "bad duration": ("sources: [{name: a, kind: json, url: 'http://h', interval: often}]", ["interval", "duration"]),
    "short interval": ("sources: [{name: a, kind: json, url: 'http://h', interval: 1ms}]", ["interval", "50ms"]),
    "bad include": (f"breakers: {{include: ['(unclosed']}}\nsources: [{JSON}]", ["include", "regular expression"]),
    "bad rule": (f"breakers: {{rules: [{{breaker: '[z-a]'}}]}}\nsources: [{JSON}]", ["breaker", "regular expression"]),
    "unknown alert": (f"breakers: {{rules: [{{breaker: a, alerts: {{opened: 1}}}}]}}\nsources: [{JSON}]", ["opened"]),
    "negative alert": (f"breakers: {{rules: [{{breaker: a, alerts: {{open_seconds: -1}}}}]}}\nsources: [{JSON}]",
                       ["open_seconds", "0 or more"]),
    "both windows": (f"breakers: {{window: 60s, window_calls: 10}}\nsources: [{JSON}]", ["window_calls"]),
    "no place for any": (f"breakers: {{max: 0}}\nsources: [{JSON}]", ["max", "1 to"]),
    "bad pointer": ("sources: [{name: a, kind: json, url: 'http://h', shape: {state: state}}]", ["state"]),
    "bad state": ("sources: [{name: a, kind: json, url: 'http://h', shape: {states: {'2': ajar}}}]", ["states.2", "half_open"]),
    "bad listener": ("statsd: {listen: ['nowhere']}", ["nowhere"]),
    "nothing to read": ("breakers: {max: 5}", ["source", "statsd"]),
    "no list": ("sources: {name: a}", ["sources", "list"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_config_is_one_line(stack, circuit_breaker_binary, case):
    text, parts = BAD[case]
    path = stack.write("bad.yml", text)
    for flags in (["--config.check"], []):
        code, out, err = run_exporter(circuit_breaker_binary, *flags, f"--config.file={path}", LISTEN)
        assert (code, out, err.count("\n")) == (1, "", 1), (code, out, err)
        assert SECRET not in err
        for part in parts:
            assert part in err, (part, err)
    show(f"{case}: {err.strip().replace(stack.folder + '/', '')}")


@pytest.mark.parametrize("flag", ["haproxy=nonsense:nonsense", "redis=redis://u:{}@h:nonsense", "json=ftp://h",
                                  "envoy=http://me:{}@h", "hystrix=http://", "resilience4j=http://h/ x"])
def test_a_bad_flag_is_one_line(circuit_breaker_binary, flag):
    code, out, err = run_exporter(circuit_breaker_binary, "--source." + flag.format(SECRET), LISTEN)
    assert (code, out, err.count("\n")) == (1, "", 1), (code, out, err)
    assert "--source." + flag.partition("=")[0] in err and SECRET not in err
    show(err.strip())


def test_flags_alone(stack, circuit_breaker_binary):
    """Two of a kind are numbered; the environment takes them too."""
    with Replay({"/breakers": BODY, "/other": BODY}) as server:
        flags = [f"--source.json={server.url}/{path}" for path in ("breakers", "other")]
        _, url = stack.start_exporter(circuit_breaker_binary, *flags)
        page = scrape(url)
        for name in ("json-1", "json-2"):
            assert states(page, name) == {("mail", ""): "closed", ("sms", ""): "open"}
        code, out, err = run_exporter(circuit_breaker_binary, "--once",
                                      env={"CIRCUIT_BREAKER_EXPORTER_SOURCE_JSON": f"{server.url}/breakers"})
        assert code == 0, err
        assert 'circuit_breaker_state{source="json",breaker="sms",state="open"} 1' in out


def authorized(secret):
    """As curl -u binnacle:secret sends it, and as a bearer token."""
    return ["Basic " + base64.b64encode(f"binnacle:{secret}".encode()).decode(), "Bearer " + secret]


def test_a_password_is_sent_and_never_told(stack, circuit_breaker_binary):
    """By basic authentication and as a token; wrong at first, then the file changes."""
    file = stack.write("password", "wrong-" + SECRET)
    with Replay({"/breakers": BODY}, authorized(SECRET)) as server:
        sources = [{"name": name, "kind": "json", "url": server.url + "/breakers", "credentials": name, "interval": "100ms"}
                   for name in ("basic", "token")]
        credentials = {"basic": {"username": "binnacle", "password_file": file}, "token": {"password_file": file}}
        config = {"credentials": credentials, "sources": sources}
        process, url = start(stack, circuit_breaker_binary, config, "--log.level=debug")
        wrong = wait_for_page(url, lambda page: not is_up(page, "basic") and not is_up(page, "token"), "both refused")
        detailed = request(url + "/health/detailed").text
        stack.write("password", SECRET + "\n")
        page = wait_for_page(url, lambda page: is_up(page, "basic") and is_up(page, "token"), "the new password to be read")
        assert states(page, "token") == {("mail", ""): "closed", ("sms", ""): "open"}
        told = process.log_text() + detailed + page.text + wrong.text + request(url + "/").text
        assert "unauthorized" in process.log_text()
        for secret in (SECRET, authorized(SECRET)[0], authorized("wrong-" + SECRET)[0].removeprefix("Basic ")):
            assert secret not in told
        with open(f"/proc/{process.pid}/cmdline", encoding="utf-8") as file:
            assert SECRET not in file.read()


def test_a_reload_keeps_what_stays(stack, circuit_breaker_binary):
    bodies = {"a": "closed", "b": "closed"}
    pages = {f"/{name}": lambda _, name=name: json.dumps({"breakers": [{"name": "x", "state": bodies[name]}]})
             for name in bodies}
    with Replay(pages) as server:
        def source(name):
            return {"name": name, "kind": "json", "url": f"{server.url}/{name}", "interval": "100ms"}

        def reload(config):
            stack.write("breakers.yml", config if isinstance(config, str) else json.dumps(config))
            return request(url + "/-/reload", method="POST")

        _, url = start(stack, circuit_breaker_binary, {"sources": [source("a")]})
        wait_for_page(url, lambda page: states(page, "a"), "the first reading")
        bodies["a"] = "open"
        opened = {("x", "", "closed", "open"): 1}
        wait_for_page(url, lambda page: transitions(page, "a") == opened, "an opening")
        assert reload({"sources": [source("b"), source("a")]}).status == 200
        page = wait_for_page(url, lambda page: states(page, "b"), "the new source")
        assert transitions(page, "a") == opened
        answer = reload("sources: [{name: c, kind: teapot}]")
        assert answer.status == 500 and "kind" in answer.text
        page = scrape(url)
        assert is_up(page, "a") and is_up(page, "b")
        assert page.value("circuit_breaker_config_last_reload_successful") == 0
        assert reload({"sources": [source("b")]}).status == 200
        wait_for_page(url, lambda page: ["b"] == [labels["source"] for labels, _ in page.of("circuit_breaker_source_up")],
                      "a to go")


def test_health_knows_breakers_and_liveness_does_not(stack, circuit_breaker_binary):
    body = {"state": "closed"}
    with Replay({"/breakers": lambda _: json.dumps({"breakers": [{"name": "pay", **body}, {"name": "mail", **body}]})}) as server:
        _, url = start(stack, circuit_breaker_binary, {
            "sources": [{"name": "jobs", "kind": "json", "url": server.url + "/breakers", "interval": "100ms"}],
            "breakers": {"rules": [{"breaker": "pay", "readiness": True, "alerts": {"open_seconds": 30}}]}})
        page = wait_for_page(url, lambda page: states(page, "jobs"), "the first reading")
        assert page.value("circuit_breaker_health_score") == 100
        assert request(url + "/health/ready").status == 200
        assert page.value("circuit_breaker_alert_threshold", source="jobs", breaker="pay", threshold="open_seconds") == 30
        assert len(page.of("circuit_breaker_alert_threshold")) == 1
        body["state"] = "open"
        page = wait_for_page(url, lambda page: set(states(page, "jobs").values()) == {"open"}, "both open")
        assert page.value("circuit_breaker_health_score") < 100
        ready = request(url + "/health/ready")
        assert ready.status == 503 and "pay" in ready.text and "mail" not in ready.text
        assert request(url + "/health/live").status == 200
        assert request(url + "/metrics").status == 200
        body["state"] = "half_open"
        wait_for_page(url, lambda page: set(states(page, "jobs").values()) == {"half_open"}, "both half-open")
        assert request(url + "/health/ready").status == 200
