# SPDX-License-Identifier: Apache-2.0
"""A private PostgreSQL cluster and a PgBouncer in front of it, on loopback, gone with their Stack.

Neither runs as root: started by root, they run as the system's user postgres in a folder of that user's.
"""

import contextlib
import glob
import os
import pwd
import shutil
import signal
import subprocess
import time

from processes import Process, StackError, free_port, wait_for

SUPERUSER = "postgres"
MONITOR = ("binnacle", "m0nitor-secret")  # a role with pg_monitor, and the console's stats user
APPLICATION = ("app", "app-secret")
ADMIN = ("console_admin", "admin-secret")  # of PgBouncer's console only


def bin_folder():
    """Where the newest PostgreSQL's programs are."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
    if not found:
        raise StackError("no PostgreSQL server is installed: ./binnacle setup test")
    return found[-1]


def unprivileged():
    """What stands before a command so that it does not run as root."""
    if os.getuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]


def owned_folder(stack, name):
    """A folder of the stack's that the unprivileged user owns and can reach."""
    folder = stack.path(name)
    os.mkdir(folder, 0o700)
    if os.getuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chmod(stack.folder, 0o711)
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def run(command):
    """Runs a program to its end; returns what it printed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd="/")
    if done.returncode != 0:
        raise StackError(f"{os.path.basename(command[0])} failed: " + (done.stderr or done.stdout).strip()[-400:])
    return done.stdout


def children(pid):
    """The processes that `pid` started and that live."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def send(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


class Server(Process):
    """A database server: it is thawed before it is stopped, and asked to stop at once."""

    def pids(self):
        return [self.pid, *children(self.pid)]

    def state(self):
        """What /proc says of the server's own process: S, R, T (stopped) ..."""
        with open(f"/proc/{self.pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0]

    def freeze(self):
        """SIGSTOP to the server and to all it started, the server first so that it starts no more."""
        send([self.pid], signal.SIGSTOP)
        wait_for(lambda: self.state() == "T", f"{self.name} to be stopped")
        send(children(self.pid), signal.SIGSTOP)

    def thaw(self):
        send(reversed(self.pids()), signal.SIGCONT)

    @contextlib.contextmanager
    def frozen(self):
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    def stop(self, limit=20):
        if self.process.poll() is None:
            self.thaw()
            send([self.pid], signal.SIGINT)  # PostgreSQL's fast shutdown: SIGTERM would wait for clients
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(limit)
        return super().stop(limit)


class Psql:
    """SQL by psql, over a unix socket."""

    def __init__(self, folder, port, user, dbname, password=""):
        self.folder, self.port, self.user, self.dbname, self.password = folder, port, user, dbname, password

    def command(self, dbname, user=None):
        return [os.path.join(bin_folder(), "psql"), "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1",
                "-h", self.folder, "-p", str(self.port), "-U", user or self.user, "-d", dbname or self.dbname]

    def environment(self, password=None):
        return {**os.environ, "PGPASSWORD": password or self.password, "PGAPPNAME": "test"}

    def rows(self, sql, dbname=None, header=False):
        """The result's rows, each a list of texts; NULL is an empty text. With `header`, dicts by column."""
        command = self.command(dbname)
        if header:
            command.remove("-t")
            command += ["-P", "footer=off"]
        done = subprocess.run([*command, "-c", sql], capture_output=True, text=True, timeout=60, check=False,
                              env=self.environment())
        if done.returncode != 0:
            raise StackError(f"psql: {done.stderr.strip()}")
        rows = [line.split("\t") for line in done.stdout.split("\n") if line]
        return [dict(zip(rows[0], row)) for row in rows[1:]] if header else rows

    def value(self, sql, dbname=None):
        [[value]] = self.rows(sql, dbname)
        return value

    def session(self, sql="", dbname=None, user=None, password=None):
        """A psql that stays: it runs `sql`, then what is written to its stdin. Returns the Popen."""
        process = subprocess.Popen(self.command(dbname, user), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, env=self.environment(password))
        process.stdin.write(sql + ("\n" if sql else ""))
        process.stdin.flush()
        return process


class Restartable:
    """A server of the stack that runs unprivileged; start() gives its command line to launch()."""

    stack = name = process = None

    def start(self):
        raise NotImplementedError

    def answers(self):
        raise NotImplementedError

    def launch(self, command):
        self.process = Server(self.name, [*unprivileged(), *command],
                              self.stack.path(f"{self.name}-{len(self.stack.processes)}.log"))
        self.stack.processes.append(self.process)
        self.process.wait_until(self.answers, "connections taken")
        return self

    def restart(self):
        self.process.stop()
        self.stack.processes.remove(self.process)
        return self.start()


class Postgres(Restartable):
    """A cluster with the role MONITOR (pg_monitor), the role APPLICATION, and the database `orders` of the latter."""

    def __init__(self, stack, name="postgres", settings=None):
        self.stack, self.name, self.port = stack, name, free_port()
        self.folder = owned_folder(stack, name)
        self.data = os.path.join(self.folder, "data")
        self.settings = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.folder, "fsync": "off",
            "shared_buffers": "16MB", "max_connections": 50, "log_line_prefix": "%m %a@%d ", **(settings or {})}
        self.sql = Psql(self.folder, self.port, SUPERUSER, "postgres")

    def create(self):
        run([*unprivileged(), os.path.join(bin_folder(), "initdb"), "--no-sync", "--locale=C.UTF-8", "--encoding=UTF8",
             "--auth-local=trust", "--auth-host=scram-sha-256", f"--username={SUPERUSER}", f"--pgdata={self.data}"])
        return self

    def start(self):
        options = [word for key, value in self.settings.items() for word in ("-c", f"{key}={value}")]
        return self.launch([os.path.join(bin_folder(), "postgres"), "-D", self.data, *options])

    def answers(self):
        try:
            return self.sql.value("SELECT 1") == "1"
        except StackError:
            return False

    def add_roles(self):
        for name, password in (MONITOR, APPLICATION):
            self.sql.rows(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        self.sql.rows(f"GRANT pg_monitor TO {MONITOR[0]}")
        self.sql.rows(f"CREATE DATABASE orders OWNER {APPLICATION[0]}")
        return self

    def dsn(self, role=MONITOR, dbname="postgres"):
        """A connection string over TCP, with the password."""
        return f"host=127.0.0.1 port={self.port} dbname={dbname} user={role[0]} password={role[1]} sslmode=disable"

    def sessions(self, application="postgres-pool-exporter"):
        """How many sessions an application has just now."""
        return int(self.sql.value(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{application}'"))


class PgBouncer(Restartable):
    """PgBouncer before a Postgres: `orders` and `postgres` are pooled, MONITOR is its stats user."""

    def __init__(self, stack, postgres, name="pgbouncer", settings=None):
        self.stack, self.name, self.port = stack, name, free_port()
        self.folder = owned_folder(stack, name)
        users = "".join(f'"{user}" "{password}"\n' for user, password in (MONITOR, APPLICATION, ADMIN))
        self.settings = {
            "listen_addr": "127.0.0.1", "listen_port": self.port, "unix_socket_dir": self.folder,
            "auth_type": "scram-sha-256", "auth_file": self.write("users.txt", users), "admin_users": ADMIN[0],
            "stats_users": MONITOR[0], "pool_mode": "transaction", "default_pool_size": 5, "max_client_conn": 100,
            **(settings or {})}
        lines = "".join(f"{key} = {value}\n" for key, value in self.settings.items())
        databases = "".join(f"{one} = host=127.0.0.1 port={postgres.port} dbname={one}\n" for one in ("orders", "postgres"))
        self.config = self.write("pgbouncer.ini", f"[databases]\n{databases}[pgbouncer]\n{lines}")
        self.sql = Psql(self.folder, self.port, ADMIN[0], "pgbouncer", ADMIN[1])

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if os.getuid() == 0:
            shutil.chown(path, "postgres", "postgres")
        os.chmod(path, 0o600)
        return path

    def start(self):
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        if not os.access(program, os.X_OK):
            raise StackError("no PgBouncer is installed: ./binnacle setup test")
        return self.launch([program, self.config])

    def answers(self):
        try:
            return bool(self.sql.rows("SHOW VERSION"))
        except StackError:
            return False

    def dsn(self, role=MONITOR, dbname="pgbouncer"):
        return f"host=127.0.0.1 port={self.port} dbname={dbname} user={role[0]} password={role[1]} sslmode=disable"

    def pools(self):
        """SHOW POOLS as {(database, user): {column: text}}."""
        return {(row["database"], row["user"]): row for row in self.sql.rows("SHOW POOLS", header=True)}

    def console_clients(self, user=MONITOR[0]):
        """How many clients of that user the console has."""
        return sum(1 for row in self.sql.rows("SHOW CLIENTS", header=True)
                   if row["database"] == "pgbouncer" and row["user"] == user)


def start_postgres(stack, name="postgres", settings=None):
    """A new cluster that takes connections, with its roles."""
    return Postgres(stack, name, settings).create().start().add_roles()


def start_pgbouncer(stack, postgres, name="pgbouncer", settings=None):
    return PgBouncer(stack, postgres, name, settings).start()


if __name__ == "__main__":
    from processes import Stack
    with Stack() as own:
        cluster = start_postgres(own)
        pool = start_pgbouncer(own, cluster)
        print("PostgreSQL:", cluster.dsn(), "\nPgBouncer: ", pool.dsn(), "\nEnd with Ctrl-C.", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(1)
