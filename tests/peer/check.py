# SPDX-License-Identifier: Apache-2.0
"""node_exporter and the system exporter on the same fixtures: the same families, labels, types and values.

check.py BINARY [NODE_EXPORTER]. The peer is Debian's prometheus-node-exporter unless another is named.
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../golden"), os.path.join(HERE, "../stack")]
from exposition import parse  # noqa: E402
from fixture import SHARED_FLAGS, VARYING, run  # noqa: E402
from processes import Stack, answers, free_port, request  # noqa: E402

# What differs, and why. Every entry must still differ: one that no longer does is an error too.
KNOWN = {
    "node_disk_info": "the label rotational came after node_exporter 1.5",
    "node_network_info": "the label adminstate came after node_exporter 1.5",
    "node_nvme_info": "the label cntlid came after node_exporter 1.5",
}

OURS_ALONE = ("node_scrape_collector_", "node_textfile_mtime_seconds", "node_exporter_build_info")



def peer_output(stack, binary, names):
    url = f"http://127.0.0.1:{free_port()}"
    known = help_of(binary)
    flags = [flag for flag in [*SHARED_FLAGS, "--no-collector.netdev.netlink"]
             if flag.partition("=")[0].replace("--no-", "--") in known.replace("--[no-]", "--")]
    flags += [f"--collector.{name}" for name in sorted(names) if f"--collector.{name}" not in flags]
    process = stack.start("node_exporter", [binary, "--web.listen-address=" + url.removeprefix("http://"),
                                            "--collector.disable-defaults", *flags])
    process.wait_until(lambda: answers(url + "/"), "answers")
    return request(url + "/metrics").text


def help_of(binary):
    done = subprocess.run([binary, "--help"], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def compare(ours, theirs):
    """{family: what differs}, and how many families and samples are equal."""
    different, families, samples = {}, 0, 0
    for name, family in theirs.items():
        if name.startswith(("go_", "promhttp_", "process_")) or name.startswith(OURS_ALONE):
            continue
        mine = ours.get(name)
        if mine is None:
            different[name] = "we do not export it"
        elif mine.type != family.type:
            different[name] = f"we say {mine.type}, they say {family.type}"
        elif mine.samples.keys() != family.samples.keys():
            lines = [f"only {who}: {dict(labels)}" for who, labels in
                     [("ours", key[1]) for key in mine.samples.keys() - family.samples.keys()][:3] +
                     [("theirs", key[1]) for key in family.samples.keys() - mine.samples.keys()][:3]]
            different[name] = "; ".join(lines)
        elif not VARYING.match(name) and (
                wrong := [key for key in family.samples if mine.samples[key] != family.samples[key]
                          and not (mine.samples[key] != mine.samples[key] and family.samples[key] != family.samples[key])]):
            key = wrong[0]
            different[name] = f"{dict(key[1])}: we say {mine.samples[key]!r}, they say {family.samples[key]!r}"
        else:
            families += 1
            samples += len(family.samples)
    return different, families, samples


def main(binary, peer="/usr/bin/prometheus-node-exporter"):
    ours_text, _ = run(binary)
    ours = parse(ours_text)
    their_flags = help_of(peer)
    names = {labels["collector"] for labels in
             (dict(key[1]) for key in ours["node_scrape_collector_success"].samples)
             if f"--collector.{labels['collector']} " in their_flags.replace("[no-]", "") + " "}
    with Stack() as stack:
        theirs = parse(peer_output(stack, peer, names))
    different, families, samples = compare(ours, theirs)
    version = subprocess.run([peer, "--version"], capture_output=True, text=True, check=False)
    print((version.stdout + version.stderr).splitlines()[0])
    print(f"collectors in common: {', '.join(sorted(names))}")
    unexpected = {name: what for name, what in different.items() if name not in KNOWN}
    stale = KNOWN.keys() - different.keys()
    for name, what in sorted(unexpected.items()):
        print(f"DIFFERS  {name}: {what}")
    for name in sorted(KNOWN.keys() & different.keys()):
        print(f"known    {name}: {different[name]} ({KNOWN[name]})")
    for name in sorted(stale):
        print(f"STALE    {name}: listed as different, and is equal")
    only_ours = sorted(set(ours) - set(theirs))
    print(f"only ours ({len(only_ours)}): {' '.join(only_ours)}")
    print(f"{families} families with {samples} series are equal, {len(unexpected)} differ, "
          f"{len(different) - len(unexpected)} known differences")
    return 1 if unexpected or stale or not families else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
