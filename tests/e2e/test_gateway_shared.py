# SPDX-License-Identifier: Apache-2.0
"""Limits that gateways share through a real Redis: never passed together, and each for itself while Redis is away."""

import pytest
from gateway import Gateway, model, upstream
from gateway_policy_helpers import STEADY, Pending, ask, ask_many, chat, reload, rows_of, wait_for_model
from helpers import run_exporter, show
from processes import wait_for
from provider import Provider
from redis import start_redis

PASSWORD = "the-password-of-this-redis"


def config(provider, redis, **shared):
    def limited(name, *limits, **more):
        return model(name, "openai", attempts=1, retries=0, limits=list(limits), **more)
    return {"upstreams": [upstream("openai", provider.url, **STEADY)],
            "models": [limited("requests", {"requests": 30, "per": "1h"}),
                       limited("tokens", {"tokens": 15000, "per": "1h"}, output_reserve=300),
                       limited("settled", {"tokens": 3000, "per": "1h"}, output_reserve=1000),
                       limited("queued", {"requests": 3, "per": "1h"}, concurrency=1, queue={"length": 0}),
                       limited("local", {"requests": 5, "per": "1h"}), limited("later", {"requests": 5, "per": "1h"})],
            "shared_limits": {"url": f"redis://{redis.address}/0", "timeout": "3s", "retry": "200ms", **shared}}


@pytest.fixture(name="provider")
def provider_fixture(stack):
    return Provider(stack)


def start_two(stack, binary, provider, redis, **shared):
    gateways = [Gateway(stack, binary, config(provider, redis, **shared)) for _ in range(2)]
    for gateway in gateways:
        wait_up(gateway)
    return gateways


def wait_up(gateway, value=1):
    gateway.wait_for_page(lambda page: page.total("aigw_shared_limits_up") == value, f"shared_limits_up to be {value}")


def used(rows):
    return sum(row["input"] + row["output"] for row in rows)


def test_two_gateways_share_the_limits(stack, provider, ai_gateway_binary):
    redis = start_redis(stack)
    gateways = start_two(stack, ai_gateway_binary, provider, redis)
    answers = [answer.status for answer in ask_many(gateways, [chat("requests", "id=shared") for _ in range(90)])]
    assert (answers.count(200), answers.count(429)) == (30, 60)
    assert len(rows_of(provider, "shared", 30)) == 30
    for gateway in gateways:  # neither of them knows what is left
        page = gateway.page()
        assert page.total("aigw_rate_limit", model="requests") == 30
        assert "aigw_rate_limit_remaining" not in page.text
    refused = ask(gateways[0], chat("requests"))
    assert (refused.status, refused.no_retry) == (429, True) and 3000 < refused.retry_after <= 3661

    calls = [chat("tokens", f"id=tokens in=20 out={100 + number}") for number in range(150)]
    good = [answer.status for answer in ask_many(gateways, calls)].count(200)
    total = used(rows_of(provider, "tokens", good))
    assert 15000 / 2 < total <= 15000
    show(f"{total} of 15000 tokens used by two gateways")

    # Settled: after each request there is room for as many more as it did not use, whoever asks.
    count = 0
    while ask(gateways[count % 2], call := chat("settled", "in=50 out=100")).status == 200:
        count += 1
        for gateway in gateways:
            gateway.at_rest()
    assert (3000 - 1000 - len(call.body) // 4) // 150 <= count <= (3000 - 1000 - len(call.body) // 4) // 150 + 2

    # Given back: a queue that was full used nothing up.
    with provider.frozen():
        first = Pending(gateways[0].port, chat("queued"))
        wait_for_model(gateways[0], "queued", in_flight=1)
        assert [ask(gateways[0], chat("queued")).status for _ in range(6)] == [503] * 6
    assert first.answer().status == 200
    assert [ask(gateways[1], chat("queued")).status for _ in range(3)] == [200, 200, 429]

    pages = [gateway.page() for gateway in gateways]
    assert sum(page.total("aigw_shared_limits_requests_total") for page in pages) >= 90 + 150 + count
    assert [page.total("aigw_shared_limits_failures_total") for page in pages] == [0, 0]


def test_redis_that_hangs_and_dies(stack, provider, ai_gateway_binary):
    """Requests are answered all the same, within local limits; and by the shared ones as soon as it is back."""
    redis = start_redis(stack)
    gateway, other = start_two(stack, ai_gateway_binary, provider, redis)
    with redis.frozen():
        answers = [answer.status for answer in ask_many([gateway], [chat("local") for _ in range(20)], clients=10)]
        assert (answers.count(200), answers.count(429)) == (5, 15)  # by its own count
        wait_up(gateway, 0)
        page = gateway.page()
        assert page.total("aigw_shared_limits_failures_total") > 0
        assert page.total("aigw_rate_limit_remaining", model="requests") == 30
        assert ask(other, chat("local")).status == 200
    wait_up(gateway)
    redis.kill()
    for one in (gateway, other):  # that is seen without a request
        wait_up(one, 0)
    redis.start()
    for one in (gateway, other):
        wait_up(one)
    answers = [answer.status for answer in ask_many([gateway, other], [chat("later") for _ in range(20)])]
    assert (answers.count(200), answers.count(429)) == (5, 15)
    log = gateway.process.log_text()
    assert log.count("Redis does not keep the shared limits") == log.count("keeps the shared limits again") == 2, log


def test_a_password_by_file(stack, provider, ai_gateway_binary):
    redis = start_redis(stack, password=PASSWORD)
    gateway = Gateway(stack, ai_gateway_binary, config(provider, redis, password_file=stack.write("right", PASSWORD)))
    wait_up(gateway)
    assert [ask(gateway, chat("local")).status for _ in range(6)] == [200] * 5 + [429]
    wrong = config(provider, redis, password_file=stack.write("wrong", "not-" + PASSWORD), retry="50ms")
    lost = Gateway(stack, ai_gateway_binary, wrong)
    wait_for(lambda: "Redis does not keep the shared limits" in lost.process.log_text(), "a warning")
    assert ask(lost, chat("local")).status == 200
    page = lost.page()
    assert page.total("aigw_shared_limits_up") == 0
    for text in (lost.process.log_text(), gateway.process.log_text(), page.text, gateway.page().text):
        assert PASSWORD not in text
    assert reload(stack, lost, config(provider, redis, password_file=stack.path("right"))).status == 200
    wait_up(lost)


def test_a_redis_that_was_never_there(stack, provider, ai_gateway_binary):
    redis = start_redis(stack)
    redis.kill()
    gateway = Gateway(stack, ai_gateway_binary, config(provider, redis))
    assert [ask(gateway, chat("local")).status for _ in range(6)] == [200] * 5 + [429]
    redis.start()
    wait_up(gateway)
    assert ask(gateway, chat("local")).status == 200  # Redis knows nothing of those before


def test_a_password_in_the_url_is_refused(stack, ai_gateway_binary):
    path = stack.write("bad.yml", f"shared_limits: {{url: 'redis://:{PASSWORD}@localhost/0'}}\n"
                                  "upstreams: [{name: a, url: 'http://localhost'}]\nunknown_models: {openai: a}\n")
    code, out, err = run_exporter(ai_gateway_binary, "--config.file=" + path, "--config.check")
    assert code != 0 and "without a password" in err and PASSWORD not in out + err
