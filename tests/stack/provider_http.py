# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 for the simulated provider: keep-alive connections that read requests, and play replies with all their faults."""

import asyncio
import dataclasses
import select
import socket
import struct

from provider_frames import Encoder

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests",
           500: "Internal Server Error", 503: "Service Unavailable"}
MAX_BODY = 64 << 20


@dataclasses.dataclass
class Request:
    method: str
    target: str
    headers: dict  # names in lower case
    body: bytes


@dataclasses.dataclass
class Part:
    """Bytes of a body. `delay`: before them; `content`: a part of the answer is in them; `final`: the final usage is; `hang`:
    silence for good comes before them."""

    data: bytes
    delay: float = 0
    content: bool = False
    final: bool = False
    hang: bool = False


@dataclasses.dataclass
class Reply:
    """What to send. `chunked`: pieces as they are made, else one piece with its length."""

    status: int
    headers: list
    parts: list
    chunked: bool = False
    close: bool = False
    encoding: str = ""
    delay_headers: float = 0
    hang_headers: bool = False
    reset_head: bool = False
    reset_after: int = -1  # bytes of the body
    trickle: tuple = None  # (bytes, seconds)

    @property
    def is_plain(self):
        """It can be written in one go."""
        return not (self.delay_headers or self.hang_headers or self.reset_head or self.reset_after >= 0 or self.trickle
                    or any(part.delay or part.hang for part in self.parts))


def parse_head(head):
    """(method, target, version, headers) of the bytes before the empty line. Raises ValueError."""
    lines = head.decode("latin-1").split("\r\n")
    method, target, version = lines[0].split(" ")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError("a header without a colon")
        headers[name.lower()] = value.strip()
    return method, target, version, headers


def read_chunks(data, at):
    """(body, where it ends) of a chunked body that begins at `at`; None while it is not whole. Raises ValueError."""
    body = bytearray()
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(data[at:end].partition(b";")[0], 16)
        at = end + 2
        if len(data) < at + size + 2:
            return None
        body += data[at:at + size]
        at += size + 2
        if size == 0:
            return bytes(body), at


def take_request(data):
    """(Request, its bytes) at the beginning of a buffer; None while it is not whole. Raises ValueError."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    method, target, _, headers = parse_head(bytes(data[:end]))
    at = end + 4
    if headers.get("transfer-encoding", "").lower() == "chunked":
        found = read_chunks(data, at)
        if found is None:
            return None
        return Request(method, target, headers, found[0]), found[1]
    size = int(headers.get("content-length", "0"))
    if size > MAX_BODY:
        raise ValueError("too large")
    if len(data) < at + size:
        return None
    return Request(method, target, headers, bytes(data[at:at + size])), at + size


def head_bytes(reply, length):
    """The reply's head; `length` is None where it is not known ahead."""
    lines = [f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    if reply.encoding:
        lines.append("content-encoding: " + reply.encoding)
    if reply.close:
        lines.append("connection: close")
    elif length is None:
        lines.append("transfer-encoding: chunked")
    else:
        lines.append(f"content-length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class Framing:
    """A reply's parts as they go over the wire: encoded, and in HTTP's chunks."""

    def __init__(self, reply):
        self.encoder = Encoder(reply.encoding)
        self.chunked = reply.chunked and not reply.close

    def frame(self, data, last):
        encoded = self.encoder.encode(data, last)
        if not self.chunked:
            return encoded
        wrapped = b"%x\r\n%b\r\n" % (len(encoded), encoded) if encoded else b""
        return wrapped + b"0\r\n\r\n" if last else wrapped


class Connection(asyncio.Protocol):
    """One client. `handle(request)` gives a Reply and the row of the ledger that is told how it went, or None."""

    def __init__(self, handle, connections):
        self.handle, self.connections = handle, connections
        self.buffer = bytearray()
        self.transport = self.socket = self.task = self.row = None
        self.room = asyncio.Event()
        self.room.set()

    def connection_made(self, transport):
        self.transport = transport
        self.socket = transport.get_extra_info("socket")
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=0)  # `room` tells when all has gone to the kernel
        self.connections.add(self)

    def pause_writing(self):
        self.room.clear()

    def resume_writing(self):
        self.room.set()

    def connection_lost(self, error):
        self.connections.discard(self)
        if self.task:
            self.task.cancel()
        self.end_row(False)

    def eof_received(self):
        return False  # the client has gone; nobody half-closes here

    def data_received(self, data):
        self.buffer += data
        if self.task is None:
            self.serve()

    def serve(self):
        """Answers the requests in the buffer, until one takes its time."""
        while self.task is None and not self.transport.is_closing():
            try:
                found = take_request(self.buffer)
            except ValueError:
                self.transport.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                self.transport.close()
                return
            if found is None:
                return
            request, size = found
            del self.buffer[:size]
            reply, self.row = self.handle(request)
            if reply.is_plain:
                self.write_plain(reply)
            else:
                self.begin(self.play(reply))

    def begin(self, coroutine):
        self.task = asyncio.get_running_loop().create_task(coroutine)
        self.task.add_done_callback(self.task_done)

    def task_done(self, task):
        self.task = None
        if not task.cancelled() and task.exception():
            raise task.exception()
        if not task.cancelled():
            self.serve()

    def is_gone(self):
        """Whether the client has closed its end, though we were not told yet."""
        if self.transport.is_closing():
            return True
        poll = select.poll()
        poll.register(self.socket.fileno(), select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        return bool(poll.poll(0))

    def end_row(self, whole):
        row, self.row = self.row, None
        if row is not None:
            row.end(whole)

    def mark(self, part):
        """Tells the ledger of a part that goes out."""
        if self.row is None:
            return
        self.row.pieces += part.content
        if part.final:
            self.row.final = not self.is_gone()

    def write_plain(self, reply):
        framing = Framing(reply)
        last = len(reply.parts) - 1
        body = b"".join(framing.frame(part.data, n == last) for n, part in enumerate(reply.parts))
        for part in reply.parts:
            self.mark(part)
        self.transport.write(head_bytes(reply, None if reply.chunked else len(body)) + body)
        if self.room.is_set():
            self.finish(reply)
        else:
            self.begin(self.flush(reply))

    def finish(self, reply):
        """All has gone to the kernel."""
        self.end_row(True)
        if reply.close:
            self.transport.close()

    async def flush(self, reply):
        await self.room.wait()
        self.finish(reply)

    async def write(self, data, trickle=None):
        if trickle:
            size, pause = trickle
            for at in range(0, len(data), size):
                await asyncio.sleep(pause if at else 0)
                self.transport.write(data[at:at + size])
                await self.room.wait()
        else:
            self.transport.write(data)
            await self.room.wait()

    def reset(self):
        """Ends the connection by a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    async def play(self, reply):
        if reply.hang_headers:
            await asyncio.Event().wait()
        await asyncio.sleep(reply.delay_headers)
        if reply.reset_head:
            self.reset()
            return
        framing = Framing(reply)
        last = len(reply.parts) - 1
        body = b"" if reply.chunked else b"".join(framing.frame(part.data, n == last) for n, part in enumerate(reply.parts))
        head = head_bytes(reply, None if reply.chunked else len(body))
        written = 0
        if reply.chunked:
            await self.write(head)
        for n, part in enumerate(reply.parts):
            if part.delay:
                await asyncio.sleep(part.delay)
            if part.hang:
                await asyncio.Event().wait()
            data = framing.frame(part.data, n == last) if reply.chunked else head + body
            if reply.reset_after >= 0 and written + len(data) > reply.reset_after:
                await self.write(data[:reply.reset_after - written], reply.trickle)
                self.reset()
                return
            if reply.trickle is None:
                self.mark(part)
            await self.write(data, reply.trickle)
            if reply.trickle:
                self.mark(part)
            written += len(data)
        self.finish(reply)
