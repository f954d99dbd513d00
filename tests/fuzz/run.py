# SPDX-License-Identifier: Apache-2.0
"""Replays a fuzzer's corpus, then runs it on RUNS mutations of that. New inputs go to a folder that is thrown away.

run.py FUZZER CORPUS RUNS [FIXTURES ...]: more seeds, as patterns below tests/fixtures.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures")


def sanitizer_needs_help(fuzzer):
    """Address Sanitizer of clang 16 cannot live with 32 random bits of mmap addresses, and then fails at random."""
    try:
        with open("/proc/sys/vm/mmap_rnd_bits", encoding="ascii") as file:
            many = int(file.read()) > 28
    except (OSError, ValueError):
        many = False
    works = subprocess.run(["setarch", "-R", fuzzer, "-help=1"], capture_output=True, check=False).returncode == 0
    return ["setarch", "-R"] if many and works else []


def fixture_files(pattern):
    files = [path for path in sorted(glob.glob(os.path.join(FIXTURES, pattern))) if os.path.isfile(path)]
    if not files:
        raise SystemExit(f"no fixture matches {pattern}")
    return files


def main(fuzzer, corpus, runs, *patterns):
    seeds = sorted(glob.glob(os.path.join(corpus, "*")))
    if not seeds:
        print(f"no corpus in {corpus}")
        return 1
    fixtures = [path for pattern in patterns for path in fixture_files(pattern)]
    prefix = sanitizer_needs_help(fuzzer)
    with tempfile.TemporaryDirectory(prefix="binnacle-fuzz-") as folder:
        found = os.path.join(folder, "found")
        os.mkdir(found)
        recorded = os.path.join(folder, "recorded")
        os.mkdir(recorded)
        for number, path in enumerate(fixtures):
            shutil.copy(path, os.path.join(recorded, str(number)))
        # The corpus is part of the runs; the seed makes two runs of one build the same.
        done = subprocess.run(
            [*prefix, fuzzer, found, corpus, recorded, f"-runs={int(runs) + len(seeds) + len(fixtures)}", "-seed=1", "-max_len=8192", "-timeout=20",
             "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={folder}/"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        output = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0:
            print(output[-8000:])
            for name in sorted(os.listdir(folder)):
                if name.startswith(("crash-", "oom-", "timeout-", "leak-")):
                    with open(os.path.join(folder, name), "rb") as file:
                        print(f"the input, {name}: {file.read()!r}")
            return 1
        executed = re.search(r"number_of_executed_units:\s*(\d+)", output)
        if not executed or int(executed[1]) < int(runs):
            print(output[-4000:])
            print("fewer runs than asked for")
            return 1
        coverage = re.findall(r"cov: (\d+)", output)
        print(f"{len(seeds)} seeds of {sum(map(os.path.getsize, seeds))} bytes and {len(fixtures)} fixtures, {executed[1]} runs, "
              f"{coverage[-1] if coverage else '?'} edges covered, nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
