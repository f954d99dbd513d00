# SPDX-License-Identifier: Apache-2.0
"""What every end-to-end test starts from: the binary under test and a stack that is taken down with the test."""

import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../stack"), os.path.join(HERE, "../golden"), HERE]
from processes import Stack  # noqa: E402


@pytest.fixture(scope="session", name="binary")
def binary_fixture():
    """The system exporter, as Meson built it."""
    path = os.environ.get("BINNACLE_SYSTEM_EXPORTER", "")
    assert os.access(path, os.X_OK), "BINNACLE_SYSTEM_EXPORTER must name the system-exporter binary"
    return os.path.abspath(path)


@pytest.fixture(name="stack")
def stack_fixture():
    with Stack() as stack:
        yield stack


@pytest.fixture(scope="module", name="module_stack")
def module_stack_fixture():
    """A stack that all tests of a file share."""
    with Stack() as stack:
        yield stack
