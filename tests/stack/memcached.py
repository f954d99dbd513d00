# SPDX-License-Identifier: Apache-2.0
"""A private Memcached on loopback, gone with its Stack."""

import contextlib
import os
import shutil
import socket
import time

from processes import Breakable, StackError, free_port


class Client:
    """One connection that speaks the text protocol."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.received = b""

    def line(self):
        while b"\n" not in self.received:
            self.fill()
        line, _, self.received = self.received.partition(b"\n")
        return line.rstrip(b"\r").decode()

    def fill(self):
        got = self.socket.recv(65536)
        if not got:
            raise StackError("Memcached closed the connection")
        self.received += got

    def send(self, text):
        self.socket.sendall(text.encode() if isinstance(text, str) else text)

    def stats(self, what=""):
        """{name: text} of a `stats` command."""
        self.send(f"stats {what}".strip() + "\r\n")
        found = {}
        while (line := self.line()) != "END":
            word, name, *value = line.split(" ", 2)
            if word != "STAT":
                raise StackError(f"stats {what}: {line}")
            found[name] = value[0] if value else ""
        return found

    def set(self, key, value, seconds=0):
        self.send(f"set {key} 0 {seconds} {len(value)}\r\n{value}\r\n")
        return self.line()

    def get(self, key):
        """The value, or None."""
        self.send(f"get {key}\r\n")
        line = self.line()
        if line == "END":
            return None
        size = int(line.split()[3])
        while len(self.received) < size + 2:
            self.fill()
        value, self.received = self.received[:size], self.received[size + 2:]
        assert self.line() == "END"
        return value.decode()

    def command(self, text):
        """One line there, one line back."""
        self.send(text + "\r\n")
        return self.line()

    def close(self):
        self.socket.close()


class Memcached(Breakable):
    """Memcached as an unprivileged user; `options` are its own flags."""

    def __init__(self, stack, options=(), name="memcached"):
        self.stack, self.options, self.name, self.port = stack, list(options), name, free_port()
        self.process = None

    def command(self):
        program = shutil.which("memcached") or "/usr/bin/memcached"
        if not os.access(program, os.X_OK):
            raise StackError("no Memcached is installed: ./binnacle setup test")
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        return [program, "-l", "127.0.0.1", "-p", str(self.port), *user, *self.options]

    def start(self):
        self.process = self.stack.start(self.name, self.command())
        self.process.wait_until(self.answers, "connections taken")
        return self

    def answers(self):
        try:
            with self.client() as client:
                return client.command("version").startswith("VERSION ")
        except (OSError, StackError):
            return False

    @contextlib.contextmanager
    def client(self):
        client = Client(self.port)
        try:
            yield client
        finally:
            client.close()

    def restart(self):
        if self.process.process.poll() is None:
            self.kill()
        return self.start()


def start_memcached(stack, *options, name="memcached"):
    return Memcached(stack, options, name).start()


if __name__ == "__main__":
    from processes import Stack
    with Stack() as own:
        print(f"Memcached: 127.0.0.1:{start_memcached(own).port}\nEnd with Ctrl-C.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(1)
