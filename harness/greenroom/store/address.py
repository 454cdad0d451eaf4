"""Where a store lies: its address, the folder it needs, and the engine that opens it."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from greenroom.errors import StoreError, UsageError


def parse(url: str) -> URL:
    """The address of a store: a SQLAlchemy URL, or the path of a SQLite file.

    Raises:
        UsageError: It is neither.
    """
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        return make_url(url)
    except ArgumentError:
        raise UsageError(
            f"'{url}' is no address of a store: write a path or a SQLAlchemy URL, such as sqlite:///runs/x.db"
        ) from None


def make_room(url: URL, create: bool) -> None:
    """Make the folder of a SQLite file.

    Raises:
        StoreError: It cannot be made; or the file is not there, and none is to be created.
    """
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return
    # A URI of SQLite's own (`file:/path/x.db?uri=true`) names a file too, which begins behind its scheme.
    path = Path(str(url.database).removeprefix("file:"))
    if not create and not path.exists():
        raise StoreError(f"no store at {path}: play some rollouts first (`greenroom rollout APP`), or say --store")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {path.parent} for the store: {error.strerror or error}") from error


def engine(url: URL) -> Engine:
    """What opens connections; SQLite's wait for one another, and begin as the execution options say.

    Raises:
        UsageError: Its driver is not installed.
    """
    options: dict[str, Any] = {"json_serializer": partial(json.dumps, ensure_ascii=False, separators=(",", ":"))}
    try:
        made = create_engine(url, **options)
    except (NoSuchModuleError, ImportError) as error:
        raise UsageError(
            f"a store at '{url.render_as_string(hide_password=True)}' needs a driver that is not installed: {error}"
        ) from None
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _on_connect)
        event.listen(made, "begin", _on_begin)
    return made


def _on_connect(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself, or migrations would commit half way.
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _on_begin(connection: Connection) -> None:
    # A writer takes the lock at once: one that reads first and then writes would fail beside another.
    connection.exec_driver_sql(connection.get_execution_options().get("greenroom_begin", "BEGIN"))
