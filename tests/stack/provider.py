# SPDX-License-Identifier: Apache-2.0
"""Starts the simulated LLM provider (provider_server.py) and reads its ledger, for tests, benchmarks and the demo."""

import os
import sys

from processes import Breakable, answers, free_port, request

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "provider_server.py")
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable  # Debian's has python3-brotli
KEY = "sk-sim-0123456789abcdef"  # any key will do


class Provider(Breakable):
    """A provider that keeps its port and its ledger over restarts."""

    def __init__(self, stack, name="provider", *flags):
        self.stack, self.name, self.flags = stack, name, flags
        self.port = free_port()
        self.process = None
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.process = self.stack.start(self.name, [
            PYTHON, "-B", SERVER, f"--port={self.port}", "--ledger=" + self.stack.path(self.name + ".ledger"), *self.flags])
        self.process.wait_until(lambda: answers(self.url + "/v1/models"), "it listens")

    def stop(self):
        """As an orderly restart does: what is written goes out, what is under way breaks off."""
        self.process.stop()
        self.stack.processes.remove(self.process)

    def restart(self):
        self.stop()
        self.start()

    def ledger(self, since=0):
        """The rows of all requests that have ended, in the order of their ends."""
        return request(f"{self.url}/_ledger?since={since}").json()["rows"]
