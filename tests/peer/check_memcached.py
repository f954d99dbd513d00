# SPDX-License-Identifier: Apache-2.0
"""memcached_exporter's names and ours: what its source says that it can export, and what we export of a Memcached.
docs/drop-in/memcached.md is the table of it. Debian has no package of memcached_exporter; where one is named, it reads the
same server at the same moment, and values are compared too.

check_memcached.py BINARY [MEMCACHED_EXPORTER] [--update]
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../stack")]
from exposition import parse  # noqa: E402
from memcached import start_memcached  # noqa: E402
from names import Ours, check_page, listed, readme_names, table  # noqa: E402
from processes import Stack, answers, free_port, request  # noqa: E402
from side_by_side import Comparison  # noqa: E402

PAGE = "docs/drop-in/memcached.md"
HEADING = "### Where it differs from memcached_exporter, and why"
ROUNDS = 50

# Another type: name: why.
TYPES = {
    "memcached_slab_items_evicted_time_seconds": "it falls, so it is a gauge; a counter there",
    "memcached_extstore_bytes_used": "it falls, so it is a gauge; a counter there",
}
# They have it as a gauge and as a counter, and one of them wins.
EITHER_TYPE = "memcached_slab_mem_requested_bytes"
# Not of the server, and so not compared.
OWN = ("memcached_exporter_", "memcached_version_duration", "memcached_connect_duration")
MOVING = {"memcached_current_connections": ((0, 1), "the connection that asks counts too, and ours stays open")}


def use(server):
    with server.client() as client:
        for number in range(2000):
            client.set(f"key:{number}", "x" * (number % 1000))
            client.get(f"key:{number * 7}")
        client.command("incr key:1 1")
        client.command("delete key:2")
        client.set("too large", "x")
        client.set("too-large", "x" * (2 << 20))


def compare_values(stack, peer, server, ours):
    """What differs from an exporter that reads the same server."""
    theirs = f"http://127.0.0.1:{free_port()}"
    process = stack.start("memcached_exporter", [peer, "--web.listen-address=" + theirs.removeprefix("http://"),
                                                 f"--memcached.address=127.0.0.1:{server.port}"])
    process.wait_until(lambda: answers(theirs + "/"), "answers")
    comparison = Comparison(MOVING, {}, {})

    def wrong():
        return {name: outcome for name, outcome in comparison.found.items()
                if outcome[0] != "equal" and not (outcome[0] == "type" and name in (*TYPES, EITHER_TYPE))}
    for _ in range(ROUNDS):
        comparison.round(ours, theirs, lambda name: name.startswith("memcached_") and not name.startswith(OWN))
        if not wrong():
            break
    print(f"values: {len(comparison.found)} names with {len(comparison.proven)} series are the same, {len(wrong())} are not")
    return [f"{name}: {what}: {detail}" for name, (what, detail) in sorted(wrong().items())]


def judge(name, kind, labels, page, ours):
    """How a name is found on the server's page or, for what this server has not, in the golden page and the source."""
    if name not in page:
        return ours.difference(name, kind, labels) or "listed"
    if page[name].type != kind:
        return "type"
    found = {frozenset(label for label, _ in key[1]) for key in page[name].samples}
    return "equal" if found == {frozenset(labels)} else "labels"


def render(verdicts):
    def rows(wanted, why):
        return [(f"`{name}`", why(name)) for name, what in sorted(verdicts.items()) if what == wanted]

    equal, listed_only, types = rows("equal", lambda _: ""), rows("listed", lambda _: ""), rows("type", lambda name: TYPES[name])
    return f"""# memcached_exporter's names, and ours

Made by `tests/peer/check_memcached.py --update`; the suite `peer` checks that it is so. What memcached_exporter 0.16.0 can export,
by its source, beside what ours exports of Memcached 1.6: names, types and labels.

{len(equal)} names are equal, {len(listed_only)} more are there by name (storage on disk, a proxy: that Memcached has none),
{len(types)} differ, none is missing.

## Different on purpose

{table(types, "name", "what")}
## Equal

{table([row[:1] for row in equal], "name")}
## The same by name

{table([row[:1] for row in listed_only], "name")}"""


def main(binary, *more):
    peer = next((word for word in more if not word.startswith("--")), None)
    problems = []
    with Stack() as stack:
        server = start_memcached(stack, "-m", "8")
        use(server)
        _, url = stack.start_exporter(binary, f"--memcached.address=127.0.0.1:{server.port}")
        page = parse(request(url + "/metrics").text)
        if peer:
            problems += compare_values(stack, peer, server, url)
    ours = Ours()
    verdicts = {name: judge(name, kind, labels, page, ours) for name, (kind, labels) in listed("memcached_exporter").items()}
    problems += [f"{name}: {what}" for name, what in verdicts.items()
                 if what in ("absent", "labels") or (what == "type" and name not in TYPES)]
    problems += [f"{name} is told to have another type, and has not" for name in TYPES if verdicts.get(name) != "type"]
    problems += [f"{name} differs, and the README does not say so" for name in TYPES if name not in readme_names(HEADING)]
    if not problems:
        problems = check_page(PAGE, render(verdicts), "--update" in more)
    for problem in problems:
        print("DIFFERS  " + problem)
    print(f"{sum(what == 'equal' for what in verdicts.values())} of {len(verdicts)} names are equal; {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
