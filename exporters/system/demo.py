# SPDX-License-Identifier: Apache-2.0
"""The system exporter in ./binnacle demo: this host, no backend."""

import os


def start(stack, build):
    return {"system": stack.start_exporter(os.path.join(build, "exporters/system/system-exporter"))[1]}
