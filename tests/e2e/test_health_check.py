# SPDX-License-Identifier: Apache-2.0
"""--health-check against a process that serves: it finds its flags, and tells a hung one from one that answers."""

import os
import shutil
import signal

import pytest

from helpers import run_exporter
from processes import free_port


@pytest.fixture(name="own_binary")
def own_binary_fixture(binary, tmp_path):
    """A file of its own, so that no other test's process runs it."""
    return shutil.copy(binary, tmp_path / "system-exporter")


def serve(stack, binary):
    """A process that serves on a port that it is told. Returns it, and its address."""
    address = f"127.0.0.1:{free_port()}"
    process = stack.start("exporter", [binary, "--web.listen-address=" + address])
    process.wait_until(lambda: "listening" in process.log_text(), "it listens")
    return process, address


def check(binary, *flags, env=None):
    code, out, err = run_exporter(binary, "--health-check", *flags, env=env)
    return code, out + err


def test_a_lone_check_takes_the_flags_of_the_process_that_serves(stack, own_binary):
    process, _ = serve(stack, own_binary)
    assert check(own_binary) == (0, "ok\n")
    os.kill(process.pid, signal.SIGSTOP)
    try:
        code, said = check(own_binary)
        assert code == 1 and said.count("\n") == 1 and "no answer within 3000 ms" in said, said
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert check(own_binary) == (0, "ok\n")


def test_flags_of_its_own_and_the_environment_say_where(stack, own_binary):
    addresses = [serve(stack, own_binary)[1] for _ in range(2)]
    for address in addresses:
        assert check(own_binary, "--web.listen-address=" + address) == (0, "ok\n")
        # With two of them running, nobody's flags are taken.
        assert check(own_binary, env={"SYSTEM_EXPORTER_WEB_LISTEN_ADDRESS": address}) == (0, "ok\n")


def test_nobody_there(own_binary):
    code, said = check(own_binary, f"--web.listen-address=127.0.0.1:{free_port()}")
    assert code == 1 and "refused" in said and said.count("\n") == 1, said


def test_it_fails_when_the_process_has_ended(stack, own_binary):
    process, address = serve(stack, own_binary)
    assert check(own_binary, "--web.listen-address=" + address) == (0, "ok\n")
    assert process.stop() == 0
    assert check(own_binary, "--web.listen-address=" + address)[0] == 1
