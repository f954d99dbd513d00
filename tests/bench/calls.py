# SPDX-License-Identifier: Apache-2.0
"""Which calls on files an exporter makes in one scrape, found with strace."""

import os
import re
import shutil
import subprocess

from processes import wait_for

TRACED = "open,openat,read,pread64,readv,preadv,getdents64,statfs,fstatfs,stat,lstat,newfstatat,statx,access,faccessat2," \
         "readlink,readlinkat"
_LINE = re.compile(r"^\d+\s+(?P<call>\w+)\((?P<arguments>.*)\)\s+= (?P<result>-?\d+)(?:<(?P<path>[^>]*)>)?")
_UNFINISHED = re.compile(r"^(?P<pid>\d+)\s+(?P<text>.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(?P<pid>\d+)\s+<\.\.\. \w+ resumed>(?P<text>.*)$")
_FOLDER_FD = re.compile(r"^(?:AT_FDCWD|\d+)(?:<(?P<folder>[^>]*)>)?, ")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')


def whole_lines(text):
    """The trace's lines, calls that others interrupted put together again."""
    pending = {}
    for line in text.splitlines():
        if unfinished := _UNFINISHED.match(line):
            pending[unfinished["pid"]] = unfinished["text"]
        elif resumed := _RESUMED.match(line):
            yield f"{resumed['pid']} {pending.pop(resumed['pid'], '')}{resumed['text']}"
        else:
            yield line


def path_of(arguments):
    """The path that a call names, made absolute by the folder that it starts from."""
    text = _TEXT.search(arguments)
    if not text:
        return None
    path = text[1].encode().decode("unicode_escape")
    folder = _FOLDER_FD.match(arguments)
    if not path.startswith("/") and folder and folder["folder"]:
        path = os.path.join(folder["folder"], path) if path else folder["folder"]
    return path if path.startswith("/") else None


def parse_trace(text):
    """[(kind, path)] of the calls that succeeded or failed, as floor.cpp takes them; sockets and pipes are left out."""
    calls, opened = [], set()
    lines = list(whole_lines(text))
    listed = {path for line in lines for path in re.findall(r"getdents64\(\d+<([^>]*)>", line)}
    for line in lines:
        match = _LINE.match(line)
        if not match:
            continue
        call, arguments = match["call"], match["arguments"]
        if call in ("open", "openat"):
            path = path_of(arguments)
            if path:
                is_folder = "O_DIRECTORY" in arguments or "O_PATH" in arguments
                folder, name = os.path.split(path)
                if is_folder:
                    calls.append(("list" if (match["path"] or path) in listed else "folder", path))
                elif calls and not arguments.startswith("AT_FDCWD") and f'"{name}"' in arguments:
                    # Relative to an open folder: the floor opens it as cheaply.
                    calls.append(("at", path))
                else:
                    calls.append(("read", path))
                opened.add(match["result"])
        elif call in ("read", "pread64", "readv", "preadv"):
            number, _, path = arguments.partition("<")
            path = path.partition(">")[0]
            # A file that stays open from scrape to scrape is read at its start once a scrape.
            if number not in opened and path.startswith("/") and ("pread" not in call or arguments.endswith(", 0")):
                calls.append(("read", path))
        elif call in ("statfs", "fstatfs"):
            path = path_of(arguments) or arguments.partition("<")[2].partition(">")[0]
            calls.append(("statfs", path))
        elif call in ("readlink", "readlinkat"):
            calls.append(("link", path_of(arguments)))
        elif call != "getdents64" and '""' not in arguments:  # listing a folder makes a stat of its own
            calls.append(("stat", path_of(arguments)))
    return [(kind, path) for kind, path in calls if path and path.startswith("/")]


def calls_of_a_scrape(stack, pid, scrape):
    """(calls, why there are none) of one scrape of a process that has been scraped before."""
    if shutil.which("strace") is None:
        return [], "there is no strace: install the package of that name"
    scrape()
    trace, log = stack.path("trace"), stack.path("strace.log")
    with open(log, "wb") as out:
        tracer = subprocess.Popen(["strace", "-f", "-y", "-s", "4096", "-o", trace, "-e", f"trace={TRACED}", "-p", str(pid)],
                                  stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        def attached():
            with open(log, encoding="utf-8", errors="replace") as file:
                text = file.read()
            return "attached" in text or tracer.poll() is not None
        wait_for(attached, "strace to attach")
        if tracer.poll() is not None:
            with open(log, encoding="utf-8", errors="replace") as file:
                return [], "strace: " + file.read().strip().replace("\n", "; ")
        scrape()
    finally:
        if tracer.poll() is None:
            tracer.terminate()
        tracer.wait(30)
    with open(trace, encoding="utf-8", errors="replace") as file:
        calls = parse_trace(file.read())
    return calls, None if calls else "strace saw no calls on files"
