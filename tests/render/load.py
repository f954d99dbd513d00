# SPDX-License-Identifier: Apache-2.0
"""Some work for this host, in waves, so that a screenshot shows more than flat lines."""

import math
import multiprocessing
import os
import signal
import tempfile
import time

WAVE = 40  # seconds
SLICE = 0.1  # seconds
CHUNK = b"binnacle" * (1 << 15)


def share(now):
    """How busy to be just now, from 0 to 1."""
    return 0.45 + 0.4 * math.sin(2 * math.pi * now / WAVE)


def work():
    """Computes for a part of each time slice, and writes to a file that it cuts off again."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with tempfile.TemporaryFile() as file:
        while os.getppid() != 1:
            begin = time.monotonic()
            busy = share(begin) * SLICE
            while time.monotonic() < begin + busy:
                math.factorial(500)
            file.write(CHUNK * int(1 + 4 * share(begin)))
            if file.tell() > 64 << 20:
                os.fsync(file.fileno())
                file.seek(0)
                file.truncate()
            time.sleep(max(0, begin + SLICE - time.monotonic()))


class Load:
    def __init__(self, enabled):
        self.processes = [multiprocessing.Process(target=work, daemon=True)] if enabled else []

    def __enter__(self):
        for process in self.processes:
            process.start()

    def __exit__(self, *_):
        for process in self.processes:
            process.terminate()
            process.join()
