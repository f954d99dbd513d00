# SPDX-License-Identifier: Apache-2.0
"""What a request asks of the simulated provider: a line "sim: KEY=VALUE ..." anywhere in its text.

in=, out=            tokens: all input (with the cached and written ones), all output (with the reasoning)
cached= write_5m= write_1h= tool= reasoning=   of them
chunks=N             frames of content (or as many as words of output, at most 8); frame=BYTES (or 10MB) pads each
choices come from the request's own `n`
delay_headers= delay_first= delay= delay_end=  seconds before the head, the first content, each further one, the end
gzip=1 deflate=1 br=1   encodes the reply, whatever the client accepts
status=529 code=insufficient_quota retry_after=2 retry_after_ms=1500   an error as the whole reply
error=bare:TYPE | error=first:TYPE | error=late:N:TYPE   an error frame: as the very first one, after those that come before
                     any content, or after N frames of content
fails=N              the first N requests of this id fail so (status, error, reset, hang), later ones do not
reset=head | reset_after=BYTES   resets the connection: before the reply, or after so many bytes of its body
hang=headers | hang=mid | hang=N   falls silent for good: before the head, half way, after N frames of content
trickle=BYTES/SECONDS   writes so many bytes at a time, and waits in between
type=text/html       another content type; close=1 ends the reply with the connection, without a length
drop_usage=1 usage_every_chunk=1 usage_on_finish=1 crlf=1 ping=1 obfuscation=1 tools=1   variations that real providers have
null_delta=1         Anthropic: nulls for the input in message_delta, as its documents allow
left_requests= left_tokens= reset_in=   what the rate limit headers say is left, and for how many seconds
finish=length        why the answer ended, in OpenAI's words
id=TEXT              names the request in the ledger and in the reply's own id
"""

import dataclasses
import re

COMMANDS = re.compile(r"sim:([^\n\"\\]*)")
SIZE = re.compile(r"(\d+)(KB|MB|)$")
UNITS = {"": 1, "KB": 1 << 10, "MB": 1 << 20}
# The names of commands that no Python name can have, and what they are here.
NAMES = {"in": "input", "out": "output", "type": "content_type"}
FINISHES = ("stop", "length", "tool_calls", "content_filter")


class BadPlan(ValueError):
    """A command that makes no sense; the provider answers 400 with this text."""


@dataclasses.dataclass
class Plan:
    """How to answer one request. Everything has a default that is a plain good answer."""

    id: str = "0"
    input: int = 12
    output: int = 8
    cached: int = 0
    write_5m: int = 0
    write_1h: int = 0
    tool: int = 0
    reasoning: int = 0
    chunks: int = 0
    frame: int = 0
    delay_headers: float = 0
    delay_first: float = 0
    delay: float = 0
    delay_end: float = 0
    gzip: bool = False
    deflate: bool = False
    br: bool = False
    status: int = 200
    code: str = ""
    retry_after: str = ""
    retry_after_ms: str = ""
    error: str = ""
    fails: int = 0
    reset: str = ""
    reset_after: int = -1
    hang: str = ""
    trickle: str = ""
    content_type: str = ""
    close: bool = False
    drop_usage: bool = False
    usage_every_chunk: bool = False
    usage_on_finish: bool = False
    crlf: bool = False
    ping: bool = False
    obfuscation: bool = False
    tools: bool = False
    null_delta: bool = False
    left_requests: int = 9999
    left_tokens: int = 99999
    reset_in: int = 6
    finish: str = ""

    @property
    def encoding(self):
        return "gzip" if self.gzip else "deflate" if self.deflate else "br" if self.br else ""

    @property
    def pieces(self):
        """Of how many frames of content a stream is."""
        return self.chunks or max(1, min(self.output - self.reasoning, 8))

    @property
    def finish_reason(self):
        return self.finish or ("tool_calls" if self.tools else "stop")

    @property
    def error_frame(self):
        """(after how many frames of content, its type) or None."""
        where, _, rest = self.error.partition(":")
        if where in ("bare", "first"):
            return 0, rest or "server_error"
        if where == "late":
            after, _, kind = rest.partition(":")
            return int(after or 1), kind or "server_error"
        return None

    @property
    def hang_after(self):
        """After how many frames of content it falls silent, or None."""
        if self.hang in ("", "headers"):
            return None
        return self.pieces // 2 if self.hang == "mid" else int(self.hang)

    @property
    def trickled(self):
        """(bytes, seconds) or None."""
        if not self.trickle:
            return None
        size, _, pause = self.trickle.partition("/")
        return int(size), float(pause or 0.01)

    @property
    def is_failing(self):
        return self.status >= 400 or bool(self.error or self.reset or self.hang) or self.reset_after >= 0

    def without_failure(self):
        """The same answer without what makes it fail, for the requests after the first `fails`."""
        return dataclasses.replace(self, status=200, code="", retry_after="", retry_after_ms="", error="", reset="", hang="",
                                   reset_after=-1)

    def check(self):
        if self.cached + self.write_5m + self.write_1h + self.tool > self.input:
            raise BadPlan("cached, write_5m, write_1h and tool are parts of in")
        if self.reasoning > self.output:
            raise BadPlan("reasoning is a part of out")
        if self.finish and self.finish not in FINISHES:
            raise BadPlan(f"finish is none of {FINISHES}")
        if self.error and self.error_frame is None:
            raise BadPlan("error is bare:TYPE, first:TYPE or late:N:TYPE")
        for derived in ("hang_after", "trickled"):
            getattr(self, derived)  # a ValueError where it cannot be read


TYPES = {field.name: field.type for field in dataclasses.fields(Plan)}


def read_value(kind, text):
    if kind is int:
        size = SIZE.match(text)
        if not size:
            raise BadPlan(f"no count: {text}")
        return int(size[1]) * UNITS[size[2]]
    if kind is bool:
        return text not in ("0", "")
    return kind(text)


def parse_plan(text, default=None):
    """The plan that the last "sim:" of a text tells, upon `default`. Raises BadPlan."""
    found = COMMANDS.findall(text)
    plan = dataclasses.replace(default) if default else Plan()
    for command in found[-1].split() if found else ():
        key, _, value = command.partition("=")
        name = NAMES.get(key, key)
        if name not in TYPES or key in NAMES.values():
            raise BadPlan(f"no such command: {key}")
        try:
            setattr(plan, name, read_value(TYPES[name], value))
        except ValueError as error:
            raise BadPlan(f"{key}: {error}") from None
    try:
        plan.check()
    except BadPlan:
        raise
    except ValueError as error:
        raise BadPlan(str(error)) from None
    return plan


def words(count, of):
    """`count` pieces of text that are told apart, together of about `of` words."""
    return [f"word{n} " * max(1, of // count) for n in range(count)]
