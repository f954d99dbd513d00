# SPDX-License-Identifier: Apache-2.0
"""The providers' own SDKs, unchanged, through the gateway: they get what they get without it, answers and typed errors."""

import json
import os
import re
import shutil
import subprocess

import pytest
from gateway import Gateway, model, upstream
from helpers import show
from processes import wait_for
from provider import KEY, Provider

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sdk")
# Name: the script and its arguments, the package that it needs, its dialect.
SDKS = {
    "openai": (["openai.mjs"], "openai", "openai"),
    "anthropic": (["anthropic.mjs"], "@anthropic-ai/sdk", "anthropic"),
    "anthropic 0.137": (["anthropic.mjs", "anthropic-sdk-0"], "anthropic-sdk-0", "anthropic"),
    "google": (["genai.mjs"], "@google/genai", "gemini"),
    "ai": (["ai.mjs"], "ai", "openai"),
}
MODELS = {"openai": "sim-large", "anthropic": "sim-claude", "gemini": "sim-gemini"}
# An error as the first frame is held back and becomes an answer of its own, so that its class and what it says is the same, but
# not what came before it.
HELD = ("error_first",)
ONCE = {"attempts": 1, "retries": 0}
NEVER = {"minimum_calls": 1000000}  # no breaker opens


@pytest.fixture(scope="module", name="node")
def node_fixture():
    """Node with the npm packages of tests/e2e/sdk; its version."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"there is no {program}: install nodejs and npm")
    done = subprocess.run([os.path.join(FOLDER, "install")], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("npm packages cannot be installed: " + " | ".join(done.stderr.strip().splitlines()[-3:]))
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.strip().lstrip("v").split(".")[0])


def skip_without_engine(package, node):
    """Skips where the package says that it wants a newer Node."""
    with open(os.path.join(FOLDER, "node_modules", package, "package.json"), encoding="utf-8") as file:
        engines = json.load(file).get("engines", {}).get("node", "")
    least = re.match(r">=\s*(\d+)", engines)
    if least and node < int(least[1]):
        pytest.skip(f"{package} wants Node {engines}, this is {node}")


def run_sdk(name, url):
    """{scenario: what it gave or threw}."""
    done = subprocess.run(["node", *SDKS[name][0][:1], url, *SDKS[name][0][1:]], cwd=FOLDER, capture_output=True, text=True,
                          timeout=180, check=False, env={**os.environ, "NO_PROXY": "127.0.0.1"})
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def config(url, dialect, **attempts):
    """What makes an upstream cool down has an upstream of its own, and bears on nothing else."""
    special = [f"{dialect}-{what}" for what in ("limited", "quota", "retried")]
    return {"upstreams": [upstream(dialect, url, name=name, breaker=NEVER, other_paths="pass", cool_down="10ms")
                          for name in (dialect, *special)],
            "models": [model(MODELS[dialect], dialect, **attempts), *(model(name, name, **attempts) for name in special)]}


def comparable(results):
    """Of what was held back, the error alone."""
    return {name: {"threw": result["threw"]} if name in HELD else result for name, result in results.items()}


@pytest.mark.parametrize("name", SDKS)
@pytest.mark.parametrize("attempts", [ONCE, {}], ids=["once", "with retries"])
def test_answers_and_errors_are_those_without_the_gateway(stack, ai_gateway_binary, node, name, attempts):
    _, package, dialect = SDKS[name]
    skip_without_engine(package, node)
    direct, behind = Provider(stack, "direct"), Provider(stack, "behind")
    gateway = Gateway(stack, ai_gateway_binary, config(behind.url, dialect, **attempts))
    wanted, got = comparable(run_sdk(name, direct.url)), comparable(run_sdk(name, gateway.proxy))
    assert list(got) == list(wanted)
    different = {scenario: (wanted[scenario], got[scenario]) for scenario in wanted if got[scenario] != wanted[scenario]}
    assert not different, json.dumps(different, indent=1)[:6000]
    errors = [scenario for scenario, result in wanted.items() if isinstance(result, dict) and "threw" in result]
    show(f"{name}: {len(wanted)} scenarios, {len(errors)} of them errors, all equal")
    assert len(errors) >= 4 and len(wanted) - len(errors) >= 8
    check_counts(gateway, behind)
    assert KEY not in gateway.page().text + gateway.process.log_text()


def check_counts(gateway, provider):
    """The tokens of all whose final usage left are counted, but for those that clients gave up (by `cancel`)."""
    def settled():
        page = gateway.page()
        return page if page.total("aigw_upstream_in_flight_requests") == 0 else None
    page = wait_for(settled, "all requests to end")
    rows = [row for row in provider.ledger() if row["final"] and row["operation"] != "count_tokens"]
    assert page.total("aigw_usage_source_total", source="reported") == len(rows)
    assert page.total("aigw_cached_input_tokens_total") == sum(row["cached"] for row in rows)
    assert page.total("aigw_reasoning_tokens_total") == sum(row["reasoning"] for row in rows)


def test_what_the_scenarios_are_without_the_gateway(stack, node):
    """The SDKs themselves read the simulated provider's answers as those of the real ones: no test of two equal failures."""
    provider = Provider(stack)
    for name, (_, package, _) in SDKS.items():
        try:
            skip_without_engine(package, node)
        except pytest.skip.Exception as why:
            show(f"{name}: not run: {why}")
            continue
        results = run_sdk(name, provider.url)
        threw = {scenario for scenario, result in results.items() if isinstance(result, dict) and "threw" in result}
        expected = {scenario for scenario in results
                    if scenario.startswith("error_") or scenario in ("aborted_by_signal", "timed_out", "responses_failed",
                                                                     "responses_error_event")}
        assert threw <= expected, f"{name}: {threw - expected}"
        assert {scenario for scenario in expected if scenario.startswith("error_4")} <= threw, name
