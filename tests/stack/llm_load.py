# SPDX-License-Identifier: Apache-2.0
"""Clients of an LLM provider or gateway over raw connections, which may leave at any stage of a request.

llm_load.py PORT RATE FILE makes so many requests a second for good, by chance of those that FILE lists as JSON:
[{"operation", "model", "commands", "stream", "leave", "weight"}, ...].
"""

import asyncio
import dataclasses
import json
import random
import socket
import struct
import sys

from llm_calls import Call

# Where a client leaves: half way through its request, before any header, while the gateway holds the stream's beginning back,
# after the first piece of an answer, in the middle, and when only the usage is still to come.
STAGES = ("request", "headers", "held", "first", "mid", "last")
PATIENCE = 60  # seconds that the client waits for anything


@dataclasses.dataclass
class Job:
    """A request to make. `leave` is one of STAGES, or None; `last`: the bytes that end an answer's content."""

    call: Call
    model: str
    leave: str = None
    last: bytes = b""
    good: bool = True  # 200 is due


class Left(Exception):
    """The client has gone, as it was to."""


class Client:
    """One connection after the other, kept as long as it lasts."""

    def __init__(self, port):
        self.port = port
        self.reader = self.writer = None

    async def open(self):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 20)

    def close(self, by_reset=False):
        if self.writer is None:
            return
        if by_reset and not self.writer.is_closing():
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.close()
        self.reader = self.writer = None

    async def make(self, job, chance):
        """Makes the request. Returns the status, or None where the client left before it or the connection broke."""
        await self.open()
        data = job.call.bytes()
        by_reset = chance.random() < 0.5
        try:
            if job.leave == "request":
                self.writer.write(data[:len(data) - chance.randint(1, len(job.call.body))])
                await asyncio.sleep(0.01)
                raise Left
            self.writer.write(data)
            if job.leave in ("headers", "held"):
                await asyncio.sleep(0.05)
                raise Left
            return await asyncio.wait_for(self.read(job), PATIENCE)
        except (Left, ConnectionError, asyncio.IncompleteReadError):
            self.close(by_reset)
            return None

    async def read(self, job):
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        pieces, content = 0, b""
        async for piece in self.body(head):
            pieces += 1
            content += piece if job.leave == "last" else b""
            if job.leave == "first" or (job.leave == "mid" and pieces == 3) or (job.leave == "last" and job.last in content):
                raise Left
        if "connection: close" in head:
            self.close()
        return status

    async def line(self):
        line = await self.reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError
        return line

    async def body(self, head):
        """The pieces of a body as they come."""
        if "transfer-encoding: chunked" in head:
            while size := int(await self.line(), 16):
                yield (await self.reader.readexactly(size + 2))[:-2]
            await self.line()
        elif "content-length: " in head:
            left = int(head.partition("content-length: ")[2].split("\r\n", 1)[0])
            while left:
                piece = await self.reader.read(min(left, 65536))
                if not piece:
                    raise ConnectionResetError
                left -= len(piece)
                yield piece
        else:
            while piece := await self.reader.read(65536):
                yield piece


async def run_load(port, jobs, clients=48, meanwhile=None, again=()):
    """Makes all jobs, and returns their statuses; those that are answered by a status of `again` once more, after a while.
    `meanwhile` is awaited with them."""
    left = iter(enumerate(jobs))
    statuses = [None] * len(jobs)

    async def work(seed):
        client, chance = Client(port), random.Random(seed)
        for number, job in left:
            statuses[number] = await client.make(job, chance)
            while statuses[number] in again:
                await asyncio.sleep(0.1)
                statuses[number] = await client.make(job, chance)
        client.close()

    await asyncio.gather(*(work(seed) for seed in range(clients)), *([meanwhile] if meanwhile else []))
    return statuses


async def go_on(port, rate, listed):
    """Makes requests by chance, each on a connection of its own, at a steady rate."""
    chance, weights, tasks = random.Random(0), [one.get("weight", 1) for one in listed], set()
    while True:
        one = chance.choices(listed, weights)[0]
        call = Call(one["operation"], one["model"], one.get("commands", ""), one.get("stream", False))
        tasks.add(asyncio.create_task(once(port, Job(call, one["model"], one.get("leave")), chance)))
        tasks = {task for task in tasks if not task.done()}
        await asyncio.sleep(1 / rate)


async def once(port, job, chance):
    client = Client(port)
    try:
        await client.make(job, chance)
    except OSError:
        pass  # the gateway is not there
    finally:
        client.close()


if __name__ == "__main__":
    with open(sys.argv[3], encoding="utf-8") as listed_file:
        asyncio.run(go_on(int(sys.argv[1]), float(sys.argv[2]), json.load(listed_file)))
