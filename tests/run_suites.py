# SPDX-License-Identifier: Apache-2.0
"""./binnacle test: builds what each suite needs, runs it, and ends with the plain line "N passed, N failed"."""

import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CLANG = {"CC": "clang-14", "CXX": "clang++-14"}


class Build:
    """A build folder with its Meson options, set up and compiled once, when the first suite asks for it."""

    def __init__(self, folder, *options, env=None, targets=()):
        self.folder, self.options, self.env, self.targets = folder, options, env or {}, targets
        self.ready = None

    def make(self):
        if self.ready is None:
            self.ready = self._make()
        return self.ready

    def _make(self):
        print(f"== building {self.folder}", flush=True)
        env = {**os.environ, **self.env}
        if not os.path.exists(os.path.join(self.folder, "build.ninja")):
            made = subprocess.run(["meson", "setup", self.folder, *self.options], env=env, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            if made.returncode != 0:
                print(made.stdout)
                return False
        return subprocess.run(["meson", "compile", "-C", self.folder, *self.targets], env=env,
                              check=False).returncode == 0


PLAIN = Build("build")
# One instrumented build for the unit tests, the golden test, the fuzzers and clang-tidy.
CLANG_BUILD = Build("build-clang", "-Dfuzzers=true", "-Db_sanitize=address,undefined", "-Db_lundef=false",
                    "--buildtype=debug", "-Doptimization=1", env=CLANG)
TSAN = Build("build-tsan", "-Db_sanitize=thread", "-Db_lundef=false", "--buildtype=debug", "-Doptimization=1",
             targets=("core-unit", "system-unit", "postgres-pool-unit"))
RELEASE = Build("build-release", "--buildtype=release", "-Db_lto=true",
                "-Dcpp_link_args=-static-libstdc++ -static-libgcc", targets=("system-exporter", "postgres-pool-exporter"))

# A suite: the build that it needs, and the Meson suites to run there.
SUITES = {
    "lint": (PLAIN, ["lint"]),
    "unit": (PLAIN, ["unit"]),
    "golden": (PLAIN, ["golden"]),
    "peer": (PLAIN, ["peer"]),
    "rules": (PLAIN, ["rules"]),
    "e2e": (PLAIN, ["e2e"]),
    "render": (PLAIN, ["render"]),
    "asan": (CLANG_BUILD, ["unit", "golden"]),
    "fuzz": (CLANG_BUILD, ["fuzz"]),
    "tidy": (CLANG_BUILD, ["tidy"]),
    "tsan": (TSAN, ["unit"]),
    "install": (RELEASE, ["install"]),
}


# What a suite needs besides its build.
PREPARE = {"render": ["tests/render/install"]}


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
    lines, totals = [], [0, 0, 0]
    for name in names or SUITES:
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
