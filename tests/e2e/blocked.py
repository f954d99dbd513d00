# SPDX-License-Identifier: Apache-2.0
"""A mount whose calls hang while a test says so: a real FUSE mount where there may be one, else a preloaded library.

Both are told by a control file that holds the name of the call to block: statfs or opendir.
"""

import contextlib
import os
import shutil
import signal
import subprocess

from processes import wait_for


class BlockedMount:
    """A mount point, and how an exporter must be started to see it."""

    def __init__(self, stack, flags, env, mount_point, folder):
        self.flags, self.env = flags, env
        self.mount_point = mount_point  # as the exporter names it
        self.folder = folder  # where it is
        self.server = None
        self.control = stack.path("control")

    def block(self, call="statfs"):
        with open(self.control + ".new", "w", encoding="ascii") as file:
            file.write(call)
        os.rename(self.control + ".new", self.control)

    def holds(self):
        """Whether a call hangs in the preloaded library just now."""
        return os.path.exists(self.control + ".holding")

    def release(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.control)


def why_no_fuse():
    """Why a FUSE file system cannot be mounted here; None when it can."""
    if not os.environ.get("BINNACLE_HANGFS"):
        return "hangfs was not built: no libfuse3-dev"
    if not os.path.exists("/dev/fuse"):
        return "there is no /dev/fuse"
    if os.geteuid() != 0:
        return "not root"
    with open("/proc/1/mountinfo", "rb") as theirs, open("/proc/self/mountinfo", "rb") as ours:
        if theirs.read() != ours.read():
            return "process 1 has other mounts"
    return None


# What the tests of a hung mount run on. Everywhere the library; a real mount in the kernel wherever there may be one.
KINDS = ["library"] if why_no_fuse() else ["FUSE", "library"]


def is_mounted(mount_point):
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return any(line.split()[4] == mount_point for line in file)


def preloaded_mount(stack, binary):
    """A small host of our own, whose rootfs has three mounts; the library makes one of them hang."""
    root, proc = stack.path("root"), stack.path("proc")
    for folder in (f"{root}/data", f"{root}/stuck", f"{proc}/1"):
        os.makedirs(folder)
    with open(f"{proc}/1/mountinfo", "w", encoding="ascii") as file:
        file.write("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / /data rw - xfs /dev/sda2 rw\n"
                   "3 1 0:40 / /stuck rw - fuse.hang hangfs rw\n")
    for name in ("loadavg", "meminfo", "stat"):
        shutil.copy(f"/proc/{name}", f"{proc}/{name}")
    flags = [f"--path.procfs={proc}", f"--path.rootfs={root}", "--collector.disable-defaults", "--collector.filesystem",
             "--collector.loadavg", "--collector.meminfo", "--collector.textfile"]
    needed = subprocess.run(["ldd", binary], capture_output=True, text=True, check=True).stdout.split()
    sanitizers = [path for path in needed if path.startswith("/") and "san.so" in path]
    env = {"LD_PRELOAD": " ".join([*sanitizers, os.environ["BINNACLE_STATFS_BLOCK"]]),
           "BINNACLE_BLOCK_PATH": f"{root}/stuck", "BINNACLE_BLOCK_CONTROL": stack.path("control")}
    return BlockedMount(stack, flags, env, "/stuck", f"{root}/stuck")


def fuse_mount(stack):
    mount_point = stack.path("hang")
    os.mkdir(mount_point)
    mount = BlockedMount(stack, [], {}, mount_point, mount_point)
    mount.server = stack.start("hangfs", [os.environ["BINNACLE_HANGFS"], mount.control, mount_point])
    mount.server.wait_until(lambda: is_mounted(mount_point), "its mount")
    return mount


@contextlib.contextmanager
def blocked_mount(stack, binary, kind="library"):
    """Yields a BlockedMount, and sets everything free again. `kind` is one of KINDS."""
    mount = fuse_mount(stack) if kind == "FUSE" else preloaded_mount(stack, binary)
    why_not = why_no_fuse()
    print(f"\n  the mount that hangs: {kind}" + (f" ({why_not})" if why_not else ""), flush=True)
    try:
        yield mount
    finally:
        mount.release()
        if mount.server:
            # Its end aborts what still waits in the kernel; fusermount3 then unmounts it.
            mount.server.process.send_signal(signal.SIGTERM)
            mount.server.process.wait(20)
            subprocess.run(["umount", "-l", mount.mount_point], capture_output=True, check=False)
            wait_for(lambda: not is_mounted(mount.mount_point), "the FUSE mount to go")
