# SPDX-License-Identifier: Apache-2.0
"""The page that draws: type check, bundle, and a server on loopback."""

import functools
import http.server
import os
import subprocess
import threading

from processes import StackError

HERE = os.path.dirname(os.path.abspath(__file__))


def run_node(script, *arguments):
    """Whether it ended well, and its output."""
    done = subprocess.run(["node", os.path.join(HERE, script), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode == 0, done.stdout.strip()


def build(folder):
    """Bundles the page into a folder."""
    good, output = run_node("build.mjs", folder)
    if not good:
        raise StackError(f"the page cannot be built:\n{output}")


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class PageServer:
    """Serves the bundle while a `with` lasts."""

    def __init__(self, folder):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=folder))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
