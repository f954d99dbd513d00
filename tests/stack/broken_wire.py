# SPDX-License-Identifier: Apache-2.0
"""A wire between an exporter and a server of any protocol, that can be broken in every way that a server can be."""

import contextlib
import dataclasses
import select
import socket
import struct
import threading
import time

from processes import wait_for

HUGE = 100 << 20  # bytes
NOISE = bytes((i * 167 + 13) % 251 + 1 for i in range(400))  # no protocol's


@dataclasses.dataclass
class Protocol:
    """What a server of this protocol says when it is not well. `endless` is how an answer begins that never ends."""
    garbage: bytes
    endless: bytes
    denied: bytes
    filler: bytes = b"x" * 65536


HTTP = Protocol(
    garbage=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n" + NOISE,
    endless=b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{\"breakers\": [\"",
    denied=b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 9\r\n\r\ngo away!\n")
REDIS = Protocol(garbage=NOISE, endless=b"$%d\r\n" % HUGE,
                 denied=b"-NOAUTH Authentication required.\r\n")
# Its socket knows no users: it only says no to what a level may not do.
HAPROXY = Protocol(garbage=NOISE, endless=b"# pxname,svname,", denied=b"Permission denied\n\n")

# What a mode does to that which the server says. `passes` does nothing to it.
MODES = ("hung", "slow", "truncated", "garbage", "huge", "denied", "reset", "closed")


class Wire:
    """Stands before the server at a loopback port; `mode` is `passes` or one of MODES.

    hung: says nothing more. slow: a byte a second. truncated: half of an answer, then closes. garbage, denied: what the
    protocol has for it. huge: 100 MB. reset: some bytes and a reset. closed: closes without a word.
    """

    def __init__(self, port, protocol):
        self.server, self.protocol, self.mode = port, protocol, "passes"
        self.connections = self.huge_bytes = 0  # so far
        self._ended = threading.Event()
        self._listen(0)

    def _listen(self, port):
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self.port = self._listener.getsockname()[1]

    def __enter__(self):
        self._start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._hang_up()

    def _start(self):
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _hang_up(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def broken(self, mode):
        assert mode in MODES, mode
        self.mode = mode
        try:
            yield
        finally:
            self.mode = "passes"

    @contextlib.contextmanager
    def gone(self):
        """Nobody listens and every connection is closed, as while a server restarts; then it is back on its port."""
        self._ended.set()
        self._hang_up()
        try:
            yield
        finally:
            self._ended = threading.Event()
            wait_for(self._listens_again, "the port to be free again")
            self._start()

    def _listens_again(self):
        try:
            self._listen(self.port)
        except OSError:
            return False
        return True

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client, self._ended), daemon=True).start()

    def _serve(self, client, ended):
        """One thread a connection, since a socket that another thread reads would not be reset by closing it."""
        with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", self.server)) as server:
            talking, held, next_byte = [client, server], b"", 0.0
            while not ended.is_set():
                if self.mode == "passes":
                    client.sendall(held)
                    held = b""
                    if server not in talking:
                        return
                elif held and self.mode == "slow" and time.monotonic() >= next_byte:
                    client.sendall(held[:1])
                    held, next_byte = held[1:], time.monotonic() + 1
                for source in select.select(talking, [], [], 0.02)[0]:
                    data = source.recv(65536)
                    if source is client and not data:
                        return
                    if source is client:
                        server.sendall(data)
                    elif self.mode in ("passes", "hung", "slow"):
                        held += data
                        if not data:
                            talking.remove(server)
                    else:
                        self._spoil(client, data)
                        return

    def _spoil(self, client, data):
        if self.mode == "truncated":
            client.sendall(data[:max(1, len(data) // 2)])
        elif self.mode == "garbage":
            client.sendall(self.protocol.garbage)
        elif self.mode == "denied":
            client.sendall(self.protocol.denied)
        elif self.mode == "huge":
            self._flood(client)
        elif self.mode == "reset":
            client.sendall(data[:10])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _flood(self, client):
        client.sendall(self.protocol.endless)
        sent = 0
        while sent < HUGE and not self._ended.is_set():
            client.sendall(self.protocol.filler)
            sent += len(self.protocol.filler)
            self.huge_bytes += len(self.protocol.filler)
