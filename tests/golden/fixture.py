# SPDX-License-Identifier: Apache-2.0
"""How the system exporter is run on tests/fixtures, and which of its families the fixtures cannot fix."""

import os
import re
import subprocess

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FIXTURES = os.path.join(TESTS, "fixtures")

PATHS = [
    f"--path.procfs={FIXTURES}/proc",
    f"--path.sysfs={FIXTURES}/sys",
    f"--path.rootfs={FIXTURES}/root",
    f"--path.udev.data={FIXTURES}/udev",
]

# Flags that node_exporter has too.
SHARED_FLAGS = [
    *PATHS,
    "--collector.cpu.info",
    "--collector.netdev.device-exclude=^veth",
    "--collector.processes",
    "--collector.stat.softirq",
    f"--collector.textfile.directory={FIXTURES}/textfile",
]

# Families whose values come from the running kernel or clock, whatever --path.* says.
VARYING = re.compile(
    r"^(node_scrape_collector_duration_seconds|node_time_seconds|node_timex_.*|process_.*"
    r"|node_filesystem_(avail_bytes|free_bytes|size_bytes|files|files_free|stat_age_seconds)"
    r"|node_textfile_mtime_seconds|node_config_last_reload_success_timestamp_seconds"
    r"|node_health_score|node_health_check_score|node_health_status)$")

# Families whose labels, too, come from there.
VARYING_LABELS = re.compile(r"^(node_uname_info|node_exporter_build_info|node_time_zone_offset_seconds"
                            r"|node_health_check_score)$")


def run(binary, *flags):
    """What --once prints on the fixtures."""
    done = subprocess.run([binary, "--once", *SHARED_FLAGS, f"--config.file={FIXTURES}/config.yml", *flags],
                          capture_output=True, text=True, timeout=120, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{binary} --once ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout, done.stderr
