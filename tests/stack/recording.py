# SPDX-License-Identifier: Apache-2.0
"""What a Redis (or a Memcached) answered, as a text file, and a server that answers so again.

recording.py redis HOST:PORT       records a server on standard output; likewise recording.py memcached HOST:PORT

A file has a line `> COMMAND` for each command, followed by its reply: the text of a bulk reply as it is, or one line that
starts with `+`, `-`, `:` (as RESP has them) or `= ` and an array in JSON. `<` at a line's start quotes a text line that would
look like one of these. A Memcached's replies are lines of text.
"""

import json
import re
import socket
import sys
import threading

# What the exporter may send; a Sentinel's own commands are not among them.
SETTINGS = ["maxclients", "maxmemory", "repl-backlog-size", "io-threads", "databases", "timeout", "slowlog-log-slower-than",
            "slowlog-max-len", "latency-monitor-threshold", "min-replicas-to-write", "client-output-buffer-limit", "commandlog-*"]
COMMANDLOGS = [f"COMMANDLOG {word} {kind}" for kind in ("slow", "large-request", "large-reply") for word in ("LEN", "GET 1")]
REDIS = ["PING", "INFO everything", "INFO all", "INFO", *[f"CONFIG GET {name}" for name in SETTINGS], "LATENCY HISTOGRAM",
         "LATENCY LATEST", "SLOWLOG LEN", "SLOWLOG GET 1", "CLUSTER INFO", *COMMANDLOGS]
MEMCACHED = ["version", "stats", "stats settings", "stats items", "stats slabs"]

# Names of hosts, files and runs say nothing, and are nobody's business.
MASKS = [
    (re.compile(r"^((?:run_id|master_replid\d?|\w*_build_id|redis_git_sha1):)[0-9a-f]{8,}$", re.M), r"\g<1>0123456789abcdef"),
    (re.compile(r"^(executable|config_file|availability_zone|aclfile):.+$", re.M), r"\1:masked"),
    (re.compile(r"^(os:\w+) .*$", re.M), r"\1 6.1.0 x86_64"),
]
STARTS = ("> ", "+", "-", ":", "= ", "<")


class Recording:
    """{command: reply}; a reply is a text, or a value as RESP's JSON twin has it: ("+", word), ("-", error), number, list."""

    def __init__(self, replies=None):
        self.replies = dict(replies or {})

    @classmethod
    def parse(cls, text):
        blocks = [block.split("\n") for block in ("\n" + text.rstrip("\n")).split("\n> ")[1:]]
        return cls({block[0]: read_reply(block[1:]) for block in blocks})

    def text(self):
        return "".join(f"> {command}\n{write_reply(reply)}\n" for command, reply in self.replies.items())


def read_reply(lines):
    first = lines[0] if lines else ""
    if first.startswith("= "):
        return json.loads("".join(lines)[2:])
    if first.startswith(":"):
        return int(first[1:])
    if first.startswith(("+", "-")):
        return (first[0], first[1:])
    return "\n".join(line[1:] if line.startswith("<") else line for line in lines)


def write_reply(reply):
    if isinstance(reply, list):
        return "= " + json.dumps(reply, ensure_ascii=False)
    if isinstance(reply, int):
        return f":{reply}"
    if isinstance(reply, tuple):
        return "".join(reply)
    return "\n".join("<" + line if line.startswith(STARTS) else line for line in reply.split("\n"))


def masked(text):
    for pattern, replacement in MASKS:
        text = pattern.sub(replacement, text)
    return text


# Redis' protocol, version 2

def encoded(reply):
    if isinstance(reply, tuple):
        return f"{reply[0]}{reply[1]}\r\n".encode()
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    if isinstance(reply, list):
        return b"*%d\r\n" % len(reply) + b"".join(map(encoded, reply))
    if reply is None:
        return b"$-1\r\n"
    data = reply.encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


def decoded(stream):
    line = stream.readline().rstrip(b"\r\n")
    kind, rest = line[:1].decode(), line[1:].decode()
    if kind in "+-":
        return (kind, rest)
    if kind == ":":
        return int(rest)
    if kind == "$":
        return None if rest == "-1" else stream.read(int(rest) + 2)[:-2].decode("utf-8", "replace")
    if kind == "*":
        return [decoded(stream) for _ in range(int(rest))]
    raise ConnectionError(f"no reply of a Redis: {line!r}")


def record_redis(stream):
    replies = {}
    for command in REDIS:
        stream.write(encoded(command.split(" ")))
        stream.flush()
        reply = decoded(stream)
        replies[command] = masked(reply.replace("\r\n", "\n").rstrip("\n")) if isinstance(reply, str) else reply
    return Recording(without_repeats(replies))


def without_repeats(replies):
    """Of INFO's forms the fullest that the server knows; what it refused is left out: the player refuses it too."""
    known = {command: reply for command, reply in replies.items()
             if not (isinstance(reply, tuple) and reply[0] == "-" and re.match("-?ERR unknown ", reply[1]))}
    forms = [form for form in ("INFO everything", "INFO all", "INFO") if known.get(form)]
    for form in forms[1:]:
        del known[form]
    return known


def record_memcached(stream):
    replies = {}
    for command in MEMCACHED:
        stream.write(command.encode() + b"\r\n")
        stream.flush()
        lines = [stream.readline().decode().rstrip("\r\n")]
        while command != "version" and lines[-1] not in ("END", "ERROR"):
            lines.append(stream.readline().decode().rstrip("\r\n"))
        replies[command] = "\n".join(lines)
    return Recording(replies)


class Player:
    """A server on a free loopback port that answers as recorded, and refuses what was not."""

    def __init__(self, recording, memcached=False):
        self.replies, self.answer = recording.replies, self.answer_memcached if memcached else self.answer_redis
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, client.makefile("rwb") as stream:
            try:
                while stream.peek(1):
                    stream.write(self.answer(stream))
                    stream.flush()
            except OSError:
                return

    def answer_redis(self, stream):
        words = decoded(stream)
        command = " ".join(words)
        if command in self.replies:
            reply = self.replies[command]
            return encoded(reply.replace("\n", "\r\n") + "\r\n" if words[0] == "INFO" and isinstance(reply, str) else reply)
        if words[0] == "INFO":
            return encoded("")  # as servers answer for a section that they do not know
        return encoded(("-", f"ERR unknown command '{words[0]}'"))

    def answer_memcached(self, stream):
        command = stream.readline().decode().strip()
        return (self.replies.get(command, "ERROR").replace("\n", "\r\n") + "\r\n").encode()


def main(kind, address):
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=30).makefile("rwb") as stream:
        recording = record_memcached(stream) if kind == "memcached" else record_redis(stream)
    print(recording.text(), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
