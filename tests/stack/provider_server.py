# SPDX-License-Identifier: Apache-2.0
"""A simulated LLM provider on loopback, of OpenAI's, Anthropic's and Gemini's dialects at once, which a request tells what
to answer (provider_plan.py) and which keeps a ledger of what it sent.

GET /_ledger?since=N has the ledger's rows from the Nth on as JSON; keys are in it only as hashes.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import ssl
import time
import urllib.parse

import provider_anthropic as anthropic
import provider_gemini as gemini
import provider_openai as openai
from provider_frames import array_pieces, sse
from provider_http import Connection, Part, Reply
from provider_ledger import TOKENS, Ledger, Row, digest, key_of
from provider_plan import BadPlan, parse_plan

MODELS = ("sim-large", "sim-small")
PATHS = {
    "/v1/chat/completions": (openai, openai.Chat()),
    "/v1/completions": (openai, openai.Completions()),
    "/v1/embeddings": (openai, openai.Embeddings()),
    "/v1/responses": (openai, openai.Responses()),
    "/v1/messages": (anthropic, anthropic.Messages()),
    "/v1/messages/count_tokens": (anthropic, anthropic.CountTokens()),
}
GEMINI_PATH = re.compile(r"/v1(?:beta)?/models/([^/:]+):(\w+)$")
GEMINI_ACTIONS = {"generateContent": gemini.Generate(), "streamGenerateContent": gemini.Generate(),
                  "embedContent": gemini.Embed(), "batchEmbedContents": gemini.Embed(), "countTokens": gemini.CountTokens()}
NOT_BILLED = ("count_tokens",)


def rate_limit_headers(dialect, plan):
    """What the real ones send with each answer."""
    if dialect is openai:
        return [("x-ratelimit-limit-requests", 10000), ("x-ratelimit-remaining-requests", plan.left_requests),
                ("x-ratelimit-reset-requests", f"{plan.reset_in}s"), ("x-ratelimit-limit-tokens", 100000),
                ("x-ratelimit-remaining-tokens", plan.left_tokens), ("x-ratelimit-reset-tokens", f"0m{plan.reset_in}s")]
    if dialect is anthropic:
        reset = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + plan.reset_in))
        return [(f"anthropic-ratelimit-{kind}-{what}", value)
                for kind, limit, left in (("requests", 10000, plan.left_requests), ("input-tokens", 100000, plan.left_tokens),
                                          ("output-tokens", 20000, plan.left_tokens))
                for what, value in (("limit", limit), ("remaining", left), ("reset", reset))]
    return []


def json_reply(status, value, headers=()):
    return Reply(status, [("content-type", "application/json"), *headers], [Part(json.dumps(value).encode())])


def dialect_of(path, headers):
    """The dialect that an error of this path is told in."""
    if path.startswith("/v1/messages") or "anthropic-version" in headers:
        return anthropic
    return gemini if GEMINI_PATH.match(path) or path.startswith("/v1beta/") else openai


class Call:
    """A request that an operation answers."""

    def __init__(self, dialect, operation, body, model, stream, sse_asked):
        self.dialect, self.operation, self.body = dialect, operation, body
        self.model, self.stream, self.sse = model, stream, sse_asked


def find_call(path, query, body):
    """The Call that a POST is, or None."""
    match = GEMINI_PATH.match(path)
    if match and match[2] in GEMINI_ACTIONS:
        return Call(gemini, GEMINI_ACTIONS[match[2]], body, urllib.parse.unquote(match[1]), match[2].startswith("stream"),
                    query.get("alt") == "sse")
    if path in PATHS:
        dialect, operation = PATHS[path]
        stream = body.get("stream") is True and operation.stream is not None
        return Call(dialect, operation, body, body.get("model"), stream, True)
    return None


def stream_parts(call, plan):
    """The pieces of a streamed answer, each with its delay."""
    frames = call.operation.stream(plan, call.body, call.model)
    if call.dialect is gemini and not call.sse:
        pieces = array_pieces(frames)
    else:
        crlf = plan.crlf or call.dialect is gemini
        pieces = [(frame, sse(frame, crlf)) for frame in frames]
    parts, seen = [], 0
    for n, (frame, data) in enumerate(pieces):
        part = Part(data, final=frame.kind == "usage")
        holds_content = frame.kind == "content" or (frame.kind == "usage" and call.dialect is gemini)
        if holds_content:
            part.content = True
            part.hang = plan.hang_after == seen
            part.delay = plan.delay_first if seen == 0 else plan.delay
            seen += 1
        if frame.kind == "usage":
            part.delay += plan.delay_end
        parts.append(part)
    return parts


class Provider:
    def __init__(self, ledger, default, outage):
        self.ledger, self.default, self.outage = ledger, default, outage
        self.began = time.monotonic()

    def is_out(self):
        """Whether this is a time at which all requests fail, by the schedule."""
        every, lasts, _ = self.outage
        return bool(every) and (time.monotonic() - self.began) % every >= every - lasts

    def handle(self, request):
        """(Reply, its row of the ledger or None)."""
        path, _, text = request.target.partition("?")
        query = dict(urllib.parse.parse_qsl(text))
        if request.method == "GET":
            return self.get(path, query, request.headers), None
        try:
            body = json.loads(request.body)
        except ValueError:
            body = None
        dialect = dialect_of(path, request.headers)
        if not isinstance(body, dict):
            return json_reply(400, dialect.error(400, "", "The body is no JSON object.")), None
        call = find_call(path, query, body)
        if request.method != "POST" or call is None:
            return json_reply(404, dialect.error(404, "", "No such path.")), None
        return self.answer(call, request, path, query)

    def get(self, path, query, headers):
        if path == "/_ledger":
            since = int(query.get("since", 0))
            return json_reply(200, {"rows": self.ledger.rows[since:]})
        if path in ("/v1/models", "/v1beta/models"):
            return json_reply(200, dialect_of(path, headers).models(MODELS))
        return json_reply(404, dialect_of(path, headers).error(404, "", "No such path."))

    def answer(self, call, request, path, query):
        key = key_of(request.headers, query)
        if not key:
            return json_reply(401, call.dialect.error(401, "", "No API key was given.")), None
        try:
            plan = parse_plan(request.body.decode("utf-8", "replace"), self.default)
        except BadPlan as error:
            return json_reply(400, call.dialect.error(400, "", f"sim: {error}")), None
        attempt = self.ledger.attempt(plan.id)
        if plan.fails and attempt > plan.fails:
            plan = plan.without_failure()
        if self.is_out():
            plan.status = self.outage[2]
        complaint = anthropic.complaint(call.body, request.headers) if call.operation.name == "messages" else None
        if complaint:
            plan.status = 400
        about = {"id": plan.id, "attempt": attempt, "operation": call.operation.name, "path": path, "model": call.model,
                 "stream": call.stream, "status": plan.status, **{name: getattr(plan, name) for name in TOKENS},
                 "key": digest(key.encode()), "retry": int(request.headers.get("x-stainless-retry-count", 0)),
                 "accept_encoding": request.headers.get("accept-encoding", ""), "headers": sorted(request.headers),
                 "body": digest(request.body)}
        if call.operation.stream is None:
            about.update(output=0, reasoning=0)
        reply = self.error_reply(call, plan, complaint) if plan.status >= 400 else self.good_reply(call, plan)
        return self.with_faults(reply, call, plan), Row(self.ledger, about)

    def error_reply(self, call, plan, complaint):
        message = complaint or "The simulated server was told to fail."
        if call.dialect is gemini:
            value = gemini.error(plan.status, plan.code, message, plan.retry_after)
        else:
            value = call.dialect.error(plan.status, plan.code, message)
        waits = [("retry-after", plan.retry_after), ("retry-after-ms", plan.retry_after_ms)]
        return json_reply(plan.status, value, [(name, value) for name, value in waits if value])

    def good_reply(self, call, plan):
        # What says it is no JSON has no counts that anyone could read.
        billed = call.operation.name not in NOT_BILLED and not plan.drop_usage and not plan.content_type
        if call.stream:
            kind = "text/event-stream" if call.sse else "application/json"
            parts = stream_parts(call, plan)
        else:
            kind = "application/json"
            whole = call.operation.whole(plan, call.body, call.model)
            parts = [Part(json.dumps(whole).encode(), plan.delay_first, final=True, hang=plan.hang_after is not None)]
        for part in parts:
            part.final = part.final and billed
        return Reply(200, [("content-type", plan.content_type or kind)], parts, chunked=call.stream)

    def with_faults(self, reply, call, plan):
        reply.headers += [("x-request-id" if call.dialect is openai else "request-id", "req_" + plan.id),
                          *rate_limit_headers(call.dialect, plan)]
        reply.close, reply.encoding, reply.trickle = plan.close, plan.encoding, plan.trickled
        reply.delay_headers, reply.hang_headers = plan.delay_headers, plan.hang == "headers"
        reply.reset_head, reply.reset_after = plan.reset == "head", plan.reset_after
        return reply


async def serve(arguments):
    ledger = Ledger(os.devnull, 1000) if arguments.forget else Ledger(arguments.ledger)
    outage = (arguments.fail_every, arguments.fail_for, arguments.fail_status)
    provider = Provider(ledger, parse_plan("sim: " + arguments.default), outage)
    connections, loop, stop = set(), asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tls = None
    if arguments.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*arguments.tls)
    server = await loop.create_server(lambda: Connection(provider.handle, connections), "127.0.0.1", arguments.port,
                                      ssl=tls, backlog=4096, reuse_address=True)
    print("listening on port", server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()
    await asyncio.sleep(0.1)  # what was accepted just now becomes a connection
    while connections:
        for connection in connections:
            connection.transport.close()  # what is written already still goes out
        await asyncio.sleep(0.01)
    ledger.close()


def main():
    parser = argparse.ArgumentParser(description="A simulated LLM provider on loopback.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger", default=os.devnull, help="a file that the ledger is kept in")
    parser.add_argument("--forget", action="store_true", help="keep the last rows of the ledger alone, for days of requests")
    parser.add_argument("--default", default="", help="commands that hold for requests that say nothing else")
    parser.add_argument("--fail-every", type=float, default=0, help="seconds from one outage's end to the next one's")
    parser.add_argument("--fail-for", type=float, default=5, help="how long an outage lasts, in seconds")
    parser.add_argument("--fail-status", type=int, default=503)
    parser.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
