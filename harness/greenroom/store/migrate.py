"""Brings a store's schema up to date when it is opened."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from greenroom.errors import StoreError

SCHEMA = "0003"
"""The newest migration; here so that an up-to-date store opens without importing Alembic."""


def migrate(engine: Engine) -> None:
    """Run the migrations that a store lacks; several processes may do so at once.

    Raises:
        StoreError: The store was written by a newer greenroom, or is no store of ours.
    """
    with engine.execution_options(greenroom_begin="BEGIN").connect() as connection:
        if _revision(connection) == SCHEMA:
            return
    with engine.begin() as connection:
        found = _revision(connection)
        if found != SCHEMA:
            _upgrade(connection, found)


def _revision(connection: Connection) -> str | None:
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if {"runs", "rollouts"} & set(tables):
        raise StoreError(
            f"the database {connection.engine.url!r} has tables named like ours but is no greenroom store:"
            " choose another with --store"
        )
    return None


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            f"the store {connection.engine.url!r} has schema {found}, written by a newer greenroom; this one"
            f" knows up to {SCHEMA}: update greenroom, or choose another store with --store"
        )
    command.upgrade(config, "head")
