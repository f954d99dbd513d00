# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium, driven over its debugging pipe: no port is opened, and it ends when the pipe closes."""

import base64
import fcntl
import json
import os
import select
import signal
import subprocess
import time

from processes import StackError

# Generous, since machines of two slow cores run this too.
COMMAND_LIMIT = 120  # seconds
DRAW_LIMIT = 300  # seconds

FLAGS = [
    "--headless",
    "--no-sandbox",  # containers run the tests as root
    "--remote-debugging-pipe",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--no-first-run",
    "--window-size=1400,900",
]

# Chromium reads commands from descriptor 3 and writes answers to descriptor 4.
COMMANDS, ANSWERS = 3, 4


class Browser:
    """One tab. Commands are answered in the order in which they are sent; events are kept until they are asked for."""

    def __init__(self, stack):
        read_commands, self.commands = os.pipe()
        self.answers, write_answers = os.pipe()
        # Above the two numbers, so that neither is overwritten before it is copied.
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (read_commands, write_answers)]
        os.close(read_commands)
        os.close(write_answers)

        def take_ends():
            os.dup2(ends[0], COMMANDS)
            os.dup2(ends[1], ANSWERS)

        self.log = stack.path("chromium.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["chromium", *FLAGS, f"--user-data-dir={stack.path('chromium')}", "about:blank"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=False,
                preexec_fn=take_ends)
        for fd in ends:
            os.close(fd)
        self.buffer, self.last_id, self.session, self.events = b"", 0, None, []

    def __enter__(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")
        return self

    def __exit__(self, *_):
        os.close(self.commands)
        os.close(self.answers)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()

    def _receive(self, end):
        """The next message, or an error after `end` or when Chromium is gone."""
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                raise StackError("Chromium did not answer in time")
            data = os.read(self.answers, 1 << 16)
            if not data:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise StackError("Chromium ended: " + " | ".join(log.read().strip().splitlines()[-3:]))
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, limit=COMMAND_LIMIT, **parameters):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        end = time.monotonic() + limit
        while True:
            answer = self._receive(end)
            if answer.get("id") != self.last_id:
                self.events.append(answer)
            elif "error" in answer:
                raise StackError(f"Chromium refused {method}: {answer['error'].get('message')}")
            else:
                return answer["result"]

    def open(self, url):
        self.call("Page.navigate", url=url)
        end = time.monotonic() + COMMAND_LIMIT
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive(end))

    def run(self, function, argument):
        """Calls a function of the page that returns a promise, and returns its result."""
        answer = self.call("Runtime.evaluate", DRAW_LIMIT, expression=f"{function}({json.dumps(argument)})",
                           awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise StackError("the page failed: " + describe(answer["exceptionDetails"]))
        return answer["result"]["value"]

    def complaints(self):
        """Exceptions, console errors and failed requests since the last call."""
        found = []
        for event in self.events:
            parameters = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(describe(parameters["exceptionDetails"]))
            elif event.get("method") == "Runtime.consoleAPICalled" and parameters["type"] == "error":
                found.append(" ".join(str(one.get("value", one.get("description", ""))) for one in parameters["args"]))
            elif event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
                found.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}".strip())
        self.events = []
        return found

    def screenshot(self, path, width, height):
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        image = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        with open(path, "wb") as file:
            file.write(base64.b64decode(image["data"]))

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)


def describe(details):
    return (details.get("exception") or {}).get("description") or details.get("text", "")
