# SPDX-License-Identifier: Apache-2.0
"""A streaming replica of a private PostgreSQL cluster, with a slot of its own on the primary."""

import contextlib
import os

from postgres import SUPERUSER, Postgres, bin_folder, run, unprivileged

NAME = "walreceiver"  # the replica's application_name on its primary


class Replica(Postgres):
    """Made from a base backup of `primary`; streams over the primary's unix socket."""

    def __init__(self, stack, primary, name="replica", settings=None):
        super().__init__(stack, name, {"hot_standby_feedback": "on", "wal_receiver_status_interval": "1s", **(settings or {})})
        self.primary, self.slot = primary, name

    def conninfo(self):
        return f"host={self.primary.folder} port={self.primary.port} user={SUPERUSER} application_name={NAME}"

    def create(self):
        run([*unprivileged(), os.path.join(bin_folder(), "pg_basebackup"), "--no-sync", "--checkpoint=fast",
             "--wal-method=stream", "--write-recovery-conf", "--create-slot", f"--slot={self.slot}",
             f"--pgdata={self.data}", f"--dbname={self.conninfo()}"])
        return self

    def pause(self):
        self.sql.rows("SELECT pg_wal_replay_pause()")

    def resume(self):
        self.sql.rows("SELECT pg_wal_replay_resume()")

    @contextlib.contextmanager
    def cut_off(self):
        """Without a connection to its primary; replay goes on with what is there."""
        self.sql.rows("ALTER SYSTEM SET primary_conninfo = ''")
        self.sql.rows("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            self.sql.rows(f"ALTER SYSTEM SET primary_conninfo = '{self.conninfo()}'")
            self.sql.rows("SELECT pg_reload_conf()")


def start_replica(stack, primary, name="replica", settings=None):
    return Replica(stack, primary, name, settings).create().start()
