"""A PostgreSQL server that worlds live on: databases are made, cloned, dropped, and found when their owner died."""

import atexit
import itertools
import os
import queue
import secrets
import threading
import time
import weakref
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, LiteralString, cast

from greenroom.errors import MissingExtraError, WorldError
from greenroom.worlds.postgres.rules import SETTINGS_OF_ROLE, VERSION

try:
    import psycopg
    from psycopg.conninfo import make_conninfo
except ImportError:
    raise MissingExtraError("a world in PostgreSQL", "postgres") from None

_SETUP = 0x67726E726D  # The advisory lock of whoever prepares a server.
_servers: dict[tuple[str, int], "Server"] = {}

Connection = psycopg.Connection[tuple[Any, ...]]


class Lease:
    """A database of this process; dropped when nobody refers to the lease any more.

    Args:
        server: Where it is.
        name: The database.
    """

    def __init__(self, server: "Server", name: str) -> None:
        self.name = name
        self.drop = weakref.finalize(self, server.discard, name)
        # At exit the server drops all that is left in one go.
        self.drop.atexit = False


class Server:
    """A server, as one process uses it. Make it with `Server.of`.

    A process holds an advisory lock of a number of its own, which is in the names of its databases: whose lock can be
    taken is dead, on whatever machine it ran, and `sweep` drops its databases.

    Args:
        address: Of any database on it, such as `postgresql://postgres@127.0.0.1:5432/postgres`. The role must be a
            superuser, or be allowed to make databases and roles: without a superuser functions such as random() are
            refused by their names only.
    """

    def __init__(self, address: str) -> None:
        self.address = address.replace("postgresql+psycopg://", "postgresql://")
        self.number = secrets.randbits(62)
        # Locks belong to a database: who comes by another one is another installation, and leaves ours alone.
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self._dropping: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._admin = self._connect_admin()
        self._pid = self._admin.info.backend_pid
        self._admin.execute("SELECT pg_advisory_lock(%s)", (self.number,))
        home = self._value("SELECT oid::text FROM pg_database WHERE datname = current_database()")
        self.role = f"greenroom_app_{home}"
        self._bases, self._prefix = f"greenroom_base_{home}_", f"greenroom_w{home}_"
        self.superuser = self._value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        self.key: str = self._prepare()
        # Copying files takes half the time of copying through the log, unless the disk is waited for.
        quick = self._value("SHOW fsync") == "off" and self._admin.info.server_version >= 150000
        self._strategy = " STRATEGY = file_copy" if quick else ""
        self._reaper = threading.Thread(target=self._reap, name="greenroom-postgres", daemon=True)
        self._reaper.start()
        atexit.register(self.close)

    @staticmethod
    def of(address: str) -> "Server":
        """The server of that address; always the same one in a process, until it goes away and is reached again.

        Raises:
            WorldError: It cannot be reached, or refuses.
        """
        place = (address, os.getpid())
        found = _servers.get(place)
        if found is not None and not found.alive():
            found._abandon()
            found = None
        if found is None:
            found = _servers[place] = Server(address)
        return found

    def alive(self) -> bool:
        """Whether it is there without a break since it was reached; one that was started again is another.

        Event loops ask this: they do not wait for a thread that has asked it something which takes long.
        """
        mine = self._lock.acquire(blocking=False)
        try:
            if not mine:
                return self._holds_its_lock()
            self._admin.execute("SELECT 1")
        except (psycopg.Error, WorldError):
            return False
        finally:
            if mine:
                self._lock.release()
        return True

    def _holds_its_lock(self) -> bool:
        """Whether the advisory lock of this process is still held, as another connection sees it."""
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = %s"
        with self._connect_admin() as other:
            row = other.execute(query, (self._pid,)).fetchone()
        return row is not None and row[0] > 0

    def _abandon(self) -> None:
        """Nothing of this process lives there any more: what is left is dropped by whoever comes next."""
        _servers.pop((self.address, os.getpid()), None)
        atexit.unregister(self.close)
        self._dropping.put(None)
        self._admin.close()

    def _connect_admin(self) -> Connection:
        try:
            return psycopg.connect(self.address, autocommit=True, connect_timeout=10)
        except psycopg.Error as error:
            raise WorldError(f"the PostgreSQL server cannot be reached: {str(error).strip()}") from error

    def _value(self, sql: str, *values: Any) -> Any:
        row = self._admin.execute(cast(LiteralString, sql), values or None).fetchone()
        return None if row is None else row[0]

    def _prepare(self) -> str:
        """Make greenroom's own schema and the apps' role, once a server; returns the server's key."""
        with self.holding(_SETUP):
            self.execute("CREATE SCHEMA IF NOT EXISTS greenroom")
            self.execute("CREATE TABLE IF NOT EXISTS greenroom.secret(key text NOT NULL)")
            self.execute("CREATE TABLE IF NOT EXISTS greenroom.base(name text PRIMARY KEY, page_id text NOT NULL)")
            key = self._value("SELECT key FROM greenroom.secret")
            if key is None:
                key = secrets.token_hex(16)
                self._admin.execute("INSERT INTO greenroom.secret VALUES (%s)", (key,))
            if not self._value("SELECT count(*) FROM pg_roles WHERE rolname = %s", self.role):
                self.execute(f"CREATE ROLE {self.role} LOGIN NOINHERIT PASSWORD '{key}'")
                for name, value in SETTINGS_OF_ROLE.items():
                    self.execute(f"ALTER ROLE {self.role} SET {name} = '{value}'")
            return key

    @contextmanager
    def holding(self, number: int) -> Generator[None]:
        """Hold an advisory lock: one thread of one process of all at a time; others clone and drop meanwhile."""
        with self._connect_admin() as own:  # The lock ends with its connection.
            own.execute("SELECT pg_advisory_lock(%s)", (number,))
            yield

    def execute(self, sql: str) -> None:
        """Run a statement as the owner, outside of all worlds.

        Raises:
            WorldError: It failed.
        """
        try:
            with self._lock:
                self._admin.execute(cast(LiteralString, sql))
        except psycopg.Error as error:
            raise WorldError(f"the PostgreSQL server refused {sql[:80]!r}: {str(error).strip()}") from error

    # -- databases

    def create(self) -> Lease:
        """An empty database. Texts compare by their bytes, as they do in SQLite."""
        return self._make("TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'")

    def clone(self, source: str) -> Lease:
        """A private copy of a database that nobody is connected to."""
        with self._lock:
            self._wait_until_left(source)
            return self._make(f'TEMPLATE "{source}"{self._strategy}')

    def _make(self, how: str) -> Lease:
        name = f"{self._prefix}{self.number:x}_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE "{name}" {how}')
        lease = Lease(self, name)
        # A database's own rights are not copied; a temporary table is state that no page id sees.
        self.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        self.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {self.role}')
        return lease

    def _wait_until_left(self, name: str) -> None:
        with self._lock:
            _wait_until_left(self._admin, name)

    def keep(self, lease: Lease, name: str, page_id: str) -> None:
        """Make a database of this process a base, under a name of its own, which nobody may connect to."""
        with self._lock:
            self._wait_until_left(lease.name)
            self.execute(f'DROP DATABASE IF EXISTS "{name}"')
            self.execute(f'ALTER DATABASE "{lease.name}" RENAME TO "{name}"')
            lease.drop.detach()
            self.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            note = (
                "INSERT INTO greenroom.base VALUES (%s, %s) ON CONFLICT(name) DO UPDATE SET page_id = excluded.page_id"
            )
            self._admin.execute(note, (name, page_id))

    def base_name(self, key: str) -> str:
        """What the base of a recipe with this key is called."""
        return f"{self._bases}{VERSION}_{key[:32]}"

    def base(self, name: str) -> str | None:
        """The page id of a base; None when there is none of that name."""
        here = "SELECT page_id FROM greenroom.base JOIN pg_database ON datname = name WHERE name = %s"
        with self._lock:
            return self._value(here, name)

    def connect(self, name: str, *, owner: bool = False) -> Connection:
        """A connection to one database, by default as the apps' role.

        Raises:
            WorldError: The server refuses; it takes `max_connections` of them.
        """
        who = {} if owner else {"user": self.role, "password": self.key}
        place = make_conninfo(self.address, dbname=name, connect_timeout=10, **who)
        try:
            return psycopg.connect(place, autocommit=True)
        except psycopg.Error as error:
            raise WorldError(f"world '{name}' cannot be opened: {str(error).strip()}") from error

    # -- getting rid of them

    def discard(self, name: str) -> None:
        """Let a database be dropped soon, by a thread that waits for such; safe in a finalizer."""
        self._dropping.put(name)

    def _reap(self) -> None:
        with suppress(WorldError, psycopg.Error), self._connect_admin() as connection:
            for name in self._swept(connection):
                _drop(connection, name)
            while (name := self._dropping.get()) is not None:
                _drop(connection, name)

    def _swept(self, connection: Connection) -> Iterator[str]:
        """The databases of processes whose lock can be taken."""
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
        rows = connection.execute(query, (self._prefix,)).fetchall()
        owners = {row[0]: int(row[0].removeprefix(self._prefix).partition("_")[0], 16) for row in rows}
        for owner in set(owners.values()) - {self.number}:
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (owner,)).fetchone()
            if row and row[0]:
                yield from (name for name, number in owners.items() if number == owner)
                connection.execute("SELECT pg_advisory_unlock(%s)", (owner,))

    def sweep(self) -> list[str]:
        """Drop the databases of dead processes, as each process does once when it starts; returns their names."""
        with self._lock:
            found = list(self._swept(self._admin))
            for name in found:
                _drop(self._admin, name)
            return found

    def mine(self) -> list[str]:
        """The databases of this process."""
        pattern = f"{self._prefix}{self.number:x}\\_%"
        with self._lock:
            rows = self._admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", (pattern,)).fetchall()
        return sorted(row[0] for row in rows)

    def close(self) -> None:
        """Drop what is left, and go. Closing twice is no error."""
        if self._admin.closed:
            return
        self._dropping.put(None)
        self._reaper.join(30)
        with suppress(psycopg.Error, WorldError):
            for name in self.mine():
                _drop(self._admin, name)
        self._admin.close()
        _servers.pop((self.address, os.getpid()), None)


def _wait_until_left(connection: Connection, name: str, seconds: float = 2.0) -> None:
    """A session ends a moment after its connection was closed; the server itself would look again after 100 ms."""
    query = "SELECT 1 FROM pg_stat_activity WHERE datname = %s"
    for _ in range(round(seconds * 1000)):
        if connection.execute(query, (name,)).fetchone() is None:
            return
        time.sleep(0.001)


def _drop(connection: Connection, name: str) -> None:
    _wait_until_left(connection, name, 0.05)
    with suppress(psycopg.errors.InvalidCatalogName):
        connection.execute(cast(LiteralString, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
