# SPDX-License-Identifier: Apache-2.0
"""The page that draws: type check, bundle, and a server on loopback."""

import functools
import http.server
import os
import subprocess
import threading

from processes import StackError

HERE = os.path.dirname(os.path.abspath(__file__))
PUBLIC = os.path.join(HERE, "node_modules/@grafana/ui/dist/public")
# What Grafana's components ask for, and where the npm package has it.
PUBLIC_PREFIX = "/public/build/"


def node(script, *arguments):
    done = subprocess.run(["node", os.path.join(HERE, script), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"{script} failed:\n{(done.stdout + done.stderr).strip()}")
    return done.stdout.strip()


class Handler(http.server.SimpleHTTPRequestHandler):
    def translate_path(self, path):
        if path.startswith(PUBLIC_PREFIX):
            inside = os.path.normpath("/" + path.partition("?")[0].removeprefix(PUBLIC_PREFIX))
            return PUBLIC + inside
        return super().translate_path(path)

    def log_message(self, *_):
        pass


class PageServer:
    """Serves the bundle while a `with` lasts."""

    def __init__(self, folder):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
