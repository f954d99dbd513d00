# SPDX-License-Identifier: Apache-2.0
"""Mixed load for the AI gateway: requests of all dialects with known counts, some of which fail, and some of which the client
gives up at every stage."""

import random

from llm_calls import OPERATIONS, STREAMED, Call, dialect_of
from llm_load import STAGES, Job
from provider_frames import brotli

ENCODINGS = ("gzip", "deflate", "br") if brotli else ("gzip", "deflate")


def random_tokens(chance, operation):
    """Commands for a provider of this operation, whose parts fit together."""
    found = {"in": chance.randint(1, 3000), "out": chance.randint(1, 800)}
    if operation in ("embeddings", "embed_content"):
        return {"in": found["in"]}
    found["cached"] = chance.choice((0, found["in"] // 3))
    found["reasoning"] = chance.choice((0, found["out"] // 2))
    if operation in ("chat", "responses", "messages"):
        found["write_5m"] = chance.choice((0, found["in"] // 4))
    if operation == "messages":
        found["write_1h"] = chance.choice((0, found["in"] // 5))
    if operation == "generate_content":
        found["tool"] = chance.choice((0, found["in"] // 6))
    return found


def random_manners(chance, operation, stream):
    """Ways to answer that may not change any count."""
    found = {}
    if chance.random() < 0.25:
        found[chance.choice(ENCODINGS)] = 1
    for manner in ("crlf", "ping", "obfuscation", "tools", "close"):
        if chance.random() < 0.08:
            found[manner] = 1
    if stream and operation in ("chat", "completions") and chance.random() < 0.3:
        found[chance.choice(("usage_every_chunk", "usage_on_finish"))] = 1
    if operation == "messages" and chance.random() < 0.3:
        found["null_delta"] = 1
    return found


def faulty(chance, operation, stream):
    """Commands that make an answer fail. Never a 429, which would make the upstream cool down for all others."""
    choices = [{"status": 400}, {"status": 500}, {"status": 503, "fails": 1}, {"reset": "head", "fails": 1}, {"drop_usage": 1},
               {"type": "text/html"}]
    if stream:
        kind = {"messages": "overloaded_error", "generate_content": "UNAVAILABLE"}.get(operation, "server_error")
        choices += 2 * [{"error": "first:" + kind, "fails": 1}, {"error": "first:" + kind}, {"error": "bare:" + kind},
                        {"error": "late:2:" + kind}, {"reset_after": 700}]
    return chance.choice(choices)


def leaving(chance, stream, commands):
    """The stage at which a client leaves, with commands that have it leave there and nowhere else."""
    stage = chance.choice(STAGES if stream else STAGES[:2] + ("mid",))
    for encoding in ENCODINGS:
        commands.pop(encoding, None)
    commands.pop("tools", None)
    if stage == "headers":
        commands["delay_headers"] = 0.2
    elif not stream:
        commands.update(frame="40KB", trickle="4000/0.01")
    else:
        commands.update(delay_first=0.2 if stage == "held" else 0, delay=0.01, delay_end=0.2 if stage == "last" else 0,
                        chunks=chance.randint(4, 8))
    return stage


def make_job(chance, number):
    """Of ten requests, two are given up and one fails; `number` is its id in the ledger."""
    operation = chance.choice(OPERATIONS)
    stream = operation in STREAMED and chance.random() < 0.7
    commands = {"id": number, **random_tokens(chance, operation)}
    kind, stage, last = chance.random(), None, b""
    if kind < 0.2:
        commands.update(random_manners(chance, operation, stream))
        stage = leaving(chance, stream, commands)
        last = b"word%d " % (commands.get("chunks", 1) - 1)
    elif kind < 0.3:
        commands.update(faulty(chance, operation, stream))
    else:
        commands.update(random_manners(chance, operation, stream))
        commands["chunks"] = chance.randint(1, 12)
    # What fails may be counted by an estimate, so that it has models of its own.
    model = operation + ("-faulty" if 0.2 <= kind < 0.3 else "")
    if operation == "messages":
        commands.pop("close", None)
    text = " ".join(f"{name}={value}" for name, value in commands.items())
    call = Call(operation, model, text, stream, usage=chance.random() < 0.5, sse=chance.random() < 0.7)
    if chance.random() < 0.5:
        call.headers["accept-encoding"] = "gzip, deflate"
    return Job(call, model, stage, last, good=not model.endswith("faulty"))


def make_jobs(count, seed):
    chance = random.Random(seed)
    return [make_job(chance, number) for number in range(count)]


def model_names():
    return {operation + suffix: dialect_of(operation) for operation in OPERATIONS for suffix in ("", "-faulty")}
