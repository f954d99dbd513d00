# SPDX-License-Identifier: Apache-2.0
"""What the simulated provider's dialects have in common: frames of a stream, and how they become bytes."""

import dataclasses
import json
import zlib

try:
    import brotli
except ImportError:  # Debian's python3-brotli is not installed
    brotli = None

CREATED = 1760000000  # every answer's time, so that answers of the same request are the same


@dataclasses.dataclass
class Frame:
    """One piece of a stream. `kind`: lifecycle, content, usage (the final counts are in it), error or end."""

    kind: str
    data: object  # a dict is written as JSON, a text as it is
    event: str = ""


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def padded(text, plan):
    """A content's text, as long as `frame` wants its frame to be."""
    return text + "x" * (plan.frame - len(text)) if plan.frame > len(text) else text


def sse(frame, crlf=False):
    """A frame's bytes in a text/event-stream."""
    if frame.kind == "comment":
        text = f": {frame.data}\n\n"
    else:
        data = frame.data if isinstance(frame.data, str) else compact(frame.data)
        text = (f"event: {frame.event}\n" if frame.event else "") + f"data: {data}\n\n"
    return (text.replace("\n", "\r\n") if crlf else text).encode()


def array_pieces(frames):
    """[(frame, bytes)] of one JSON array, as Gemini streams it without alt=sse."""
    pieces = [(frame, ("[" if n == 0 else ",\r\n").encode() + json.dumps(frame.data, indent=1).encode())
              for n, frame in enumerate(frames)]
    return [*pieces, (Frame("end", ""), b"]")]


def with_pings(frames, ping):
    """Heartbeats between the frames: `ping` is one."""
    found = []
    for frame in frames:
        if frame.kind in ("content", "usage"):
            found.append(ping)
        found.append(frame)
    return found


def broken_by_error(frames, plan, error):
    """The frames up to where the plan has an error frame, and then that; all of them where it has none."""
    if plan.error_frame is None:
        return frames
    after, kept, seen = plan.error_frame[0], [], 0
    for frame in frames:
        if frame.kind in ("content", "usage", "end"):
            if seen == after or frame.kind != "content":
                break
            seen += 1
        kept.append(frame)
    return [error] if plan.error.startswith("bare") else [*kept, error]


class Encoder:
    """A content encoding whose pieces can each be decoded at once, as servers flush streams."""

    def __init__(self, encoding):
        if encoding == "br" and brotli is None:
            raise ValueError("br needs python3-brotli")
        bits = {"gzip": 31, "deflate": 15}
        self.zlib = zlib.compressobj(1, zlib.DEFLATED, bits[encoding]) if encoding in bits else None
        self.brotli = brotli.Compressor(quality=1) if encoding == "br" else None

    def encode(self, data, last=False):
        if self.zlib:
            return self.zlib.compress(data) + self.zlib.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
        if self.brotli:
            return self.brotli.process(data) + (self.brotli.finish() if last else self.brotli.flush())
        return data
