# SPDX-License-Identifier: Apache-2.0
"""./binnacle test: builds what each suite needs, runs it, and ends with the plain line "N passed, N failed"."""

import json
import os
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLANG = {"CC": "clang-16", "CXX": "clang++-16", "CC_LD": "lld", "CXX_LD": "lld"}
# Functions and lines, for stacks in reports and for the names that tests/unit/tsan.supp has; no types and variables,
# which take a third of the time of compiling.
LINES_ONLY = ("-Ddebug=false", "-Dcpp_args=-g1", "-Dc_args=-g1")


class Build:
    """A build folder with its Meson options, set up and compiled once: ahead of its turn, or when a suite asks for it."""

    def __init__(self, folder, *options, env=None, targets=()):
        self.folder, self.options, self.env, self.targets = folder, options, env or {}, targets
        self.ready = None
        self.lock = threading.Lock()

    def make(self):
        with self.lock:
            if self.ready is None:
                self.ready = self._make()
        return self.ready

    def _make(self):
        began = time.monotonic()
        commands = [["meson", "compile", "-C", self.folder, *self.targets]]
        if not os.path.exists(os.path.join(self.folder, "build.ninja")):
            commands.insert(0, ["meson", "setup", self.folder, *self.options])
        for command in commands:
            # Suites that run meanwhile go first.
            done = subprocess.run(["nice", "-n", "19", *command], env={**os.environ, **self.env}, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode != 0:
                print(done.stdout, flush=True)
                return False
        print(f"== built {self.folder} ({time.monotonic() - began:.0f} s)", flush=True)
        return True


PLAIN = Build("build", *LINES_ONLY)
# One instrumented build for the unit tests, the golden test, the fuzzers and clang-tidy.
CLANG_BUILD = Build("build-clang", "-Dfuzzers=true", "-Db_sanitize=address,undefined", "-Db_lundef=false",
                    "--buildtype=debug", "-Doptimization=1", *LINES_ONLY, env=CLANG)
# Clang's, for it compiles this in two thirds of g++'s time, and g++ cannot do std::atomic_thread_fence, which Boost.Asio
# has, under -fsanitize=thread with warnings as errors.
TSAN = Build("build-tsan", "-Db_sanitize=thread", "-Db_lundef=false", "--buildtype=debug", "-Doptimization=1", *LINES_ONLY,
             env=CLANG, targets=("unit-tests",))
# Without precompiled headers, which would hide an #include that is missing.
RELEASE = Build("build-release", "--buildtype=release", "-Db_lto=true", "-Db_pch=false",
                "-Dcpp_link_args=-static-libstdc++ -static-libgcc",
                targets=("exporters",))

# A suite: the build that it needs, and the Meson suites to run there.
SUITES = {
    "lint": (PLAIN, ["lint"]),
    "unit": (PLAIN, ["unit"]),
    "golden": (PLAIN, ["golden"]),
    "peer": (PLAIN, ["peer"]),
    "rules": (PLAIN, ["rules"]),
    "e2e": (PLAIN, ["e2e"]),
    "render": (PLAIN, ["render"]),
    "compose": (PLAIN, ["compose"]),
    "asan": (CLANG_BUILD, ["unit", "golden"]),
    "fuzz": (CLANG_BUILD, ["fuzz"]),
    "tidy": (CLANG_BUILD, ["tidy"]),
    "tsan": (TSAN, ["unit"]),
    "install": (RELEASE, ["install"]),
    "bundle": (RELEASE, ["bundle"]),
    "images": (PLAIN, ["images"]),
}
# They run only when they are named: they compile everything once more, in Docker.
ON_REQUEST = ("images",)


# What a suite needs besides its build.
PREPARE = {"render": ["tests/render/install"], "bundle": ["tests/bundle/install"]}


def results(folder):
    """(name, result) of each test of the last run in a build folder."""
    path = os.path.join(folder, "meson-logs/testlog.json")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as log:
        entries = [json.loads(line) for line in log if line.strip()]
    return [(entry["name"], entry["result"]) for entry in entries]


def run_suite(name):
    """Counts of (passed, failed, skipped)."""
    build, meson_suites = SUITES[name]
    if not build.make():
        print(f"== {name}: the build failed", flush=True)
        return 0, 1, 0
    if name in PREPARE and subprocess.run(PREPARE[name], check=False).returncode != 0:
        print(f"== {name}: {' '.join(PREPARE[name])} failed", flush=True)
        return 0, 1, 0
    print(f"== {name}", flush=True)
    log = os.path.join(build.folder, "meson-logs/testlog.json")
    if os.path.exists(log):
        os.remove(log)
    command = ["meson", "test", "-C", build.folder, "--no-rebuild", "--print-errorlogs"]
    for suite in meson_suites:
        command += ["--suite", "binnacle:" + suite]
    code = subprocess.run(command, check=False).returncode
    ended = results(build.folder)
    passed = sum(result in ("OK", "EXPECTEDFAIL") for _, result in ended)
    skipped = sum(result == "SKIP" for _, result in ended)
    failed = len(ended) - passed - skipped
    if not ended or (code != 0 and failed == 0):
        print(f"== {name}: no test ran, or Meson itself failed with code {code}", flush=True)
        failed += 1
    return passed, failed, skipped


def main(names):
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        print(f"binnacle test: no suite {', '.join(unknown)}; there are: {' '.join(SUITES)}", file=sys.stderr)
        return 2
    os.chdir(ROOT)
    if not names:
        names = [name for name in SUITES if name not in ON_REQUEST]
        print(f"== not without being named: {' '.join(ON_REQUEST)}", flush=True)
    # The suites of the first builds wait more than they work: meanwhile the next ones are compiled.
    builds = list(dict.fromkeys(SUITES[name][0] for name in names))
    threading.Thread(target=lambda: [build.make() for build in builds], daemon=True).start()
    lines, totals = [], [0, 0, 0]
    for name in names:
        start = time.monotonic()
        counts = run_suite(name)
        totals = [total + count for total, count in zip(totals, counts)]
        lines.append(f"{name:<8} {counts[0]:>3} passed, {counts[1]} failed, {counts[2]} skipped"
                     f"  ({time.monotonic() - start:.0f} s)")
    print("\n" + "\n".join(lines) + "\n")
    passed, failed, skipped = totals
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
