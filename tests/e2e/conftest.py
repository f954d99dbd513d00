# SPDX-License-Identifier: Apache-2.0
"""What every end-to-end test starts from: the binary under test and a stack that is taken down with the test."""

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../stack"), os.path.join(HERE, "../golden"), HERE]
from gateway_policy_helpers import Recorder  # noqa: E402
from processes import Stack  # noqa: E402
from provider import Provider  # noqa: E402


def built(variable):
    """An exporter as Meson built it, which says by an environment variable where that is."""
    path = os.environ.get(variable, "")
    assert os.access(path, os.X_OK), f"{variable} must name an exporter's binary"
    return os.path.abspath(path)


@pytest.fixture(scope="session", name="binary")
def binary_fixture():
    return built("BINNACLE_SYSTEM_EXPORTER")


@pytest.fixture(scope="session", name="postgres_pool_binary")
def postgres_pool_binary_fixture():
    return built("BINNACLE_POSTGRES_POOL_EXPORTER")


@pytest.fixture(scope="session", name="cache_binary")
def cache_binary_fixture():
    return built("BINNACLE_CACHE_EXPORTER")


@pytest.fixture(scope="session", name="circuit_breaker_binary")
def circuit_breaker_binary_fixture():
    return built("BINNACLE_CIRCUIT_BREAKER_EXPORTER")


@pytest.fixture(scope="session", name="ai_gateway_binary")
def ai_gateway_binary_fixture():
    return built("BINNACLE_AI_GATEWAY_EXPORTER")


@pytest.fixture(name="stack")
def stack_fixture():
    with Stack() as stack:
        yield stack


@pytest.fixture(scope="module", name="module_stack")
def module_stack_fixture():
    """A stack that all tests of a file share."""
    with Stack() as stack:
        yield stack


@pytest.fixture(scope="module", name="provider")
def provider_fixture(module_stack):
    """A simulated provider that all tests of a file share."""
    return Provider(module_stack)


@pytest.fixture(scope="module", name="recorder")
def recorder_fixture():
    """An upstream that keeps what it is sent."""
    with Recorder().serving() as recorder:
        yield recorder
