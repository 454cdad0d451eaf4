"""The full-text indexes of messages and of the address book: FTS5 tables kept by triggers.

They hold no text of their own (external content), so everything is stored once. Triggers keep them right
whoever writes a row; a bulk load leaves them out and rebuilds the indexes once at its end. The address book is
indexed by threes of letters, so that any part of a name is found.
"""

from collections.abc import Iterator

from sqlalchemy import DDL, event
from sqlalchemy.orm import DeclarativeBase, Session

from greenroom_envs.mail.models import Contact, MessageRow

COLUMNS = {
    "mail_message": ("sender", "address", "recipient", "subject", "body"),
    "mail_contact": ("name", "address"),
}
OPTIONS = {"mail_message": "", "mail_contact": ", tokenize='trigram'"}


def _create(table: str) -> str:
    columns = ", ".join(COLUMNS[table])
    content = f"content='{table}', content_rowid='id'"
    return f"CREATE VIRTUAL TABLE {table}_fts USING fts5({columns}, {content}{OPTIONS[table]})"


def _triggers(table: str) -> Iterator[tuple[str, str]]:
    columns, new, old = (", ".join(f"{prefix}{c}" for c in COLUMNS[table]) for prefix in ("", "new.", "old."))
    put = f"INSERT INTO {table}_fts(rowid, {columns}) VALUES (new.id, {new});"
    take = f"INSERT INTO {table}_fts({table}_fts, rowid, {columns}) VALUES ('delete', old.id, {old});"
    yield f"{table}_fts_insert", f"AFTER INSERT ON {table} BEGIN {put} END"
    yield f"{table}_fts_delete", f"AFTER DELETE ON {table} BEGIN {take} END"
    yield f"{table}_fts_update", f"AFTER UPDATE OF {columns} ON {table} BEGIN {take} {put} END"


def _listen(model: type[DeclarativeBase]) -> None:
    table = model.__tablename__
    event.listen(model.__table__, "after_create", DDL(_create(table)))
    for name, rest in _triggers(table):
        event.listen(model.__table__, "after_create", DDL(f"CREATE TRIGGER {name} {rest}"))


for _model in (MessageRow, Contact):
    _listen(_model)


def drop_triggers(session: Session) -> None:
    """Stop keeping the indexes, before a bulk load."""
    for table in COLUMNS:
        for name, _ in _triggers(table):
            session.connection().exec_driver_sql(f"DROP TRIGGER {name}")


def rebuild(session: Session) -> None:
    """Index everything and keep the indexes from now on, after a bulk load."""
    connection = session.connection()
    for table in COLUMNS:
        connection.exec_driver_sql(f"INSERT INTO {table}_fts({table}_fts) VALUES ('rebuild')")
        for name, rest in _triggers(table):
            connection.exec_driver_sql(f"CREATE TRIGGER {name} {rest}")
