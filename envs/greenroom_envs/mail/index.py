"""The full-text index of messages: an FTS5 table kept by triggers.

The index holds no text of its own (external content), so a message is stored once. Triggers keep it right
whoever writes a message; a bulk load leaves them out and rebuilds the index once at its end.
"""

from sqlalchemy import DDL, event
from sqlalchemy.orm import Session

from greenroom_envs.mail.models import MessageRow

COLUMNS = ("sender", "address", "recipient", "subject", "body")
_LIST, _NEW, _OLD = (", ".join(f"{prefix}{c}" for c in COLUMNS) for prefix in ("", "new.", "old."))

CREATE = f"""CREATE VIRTUAL TABLE mail_message_fts USING fts5({_LIST},
    content='mail_message', content_rowid='id')"""
TRIGGERS = {
    "mail_message_fts_insert": f"""AFTER INSERT ON mail_message BEGIN
        INSERT INTO mail_message_fts(rowid, {_LIST}) VALUES (new.id, {_NEW}); END""",
    "mail_message_fts_delete": f"""AFTER DELETE ON mail_message BEGIN
        INSERT INTO mail_message_fts(mail_message_fts, rowid, {_LIST}) VALUES ('delete', old.id, {_OLD}); END""",
    "mail_message_fts_update": f"""AFTER UPDATE OF {_LIST} ON mail_message BEGIN
        INSERT INTO mail_message_fts(mail_message_fts, rowid, {_LIST}) VALUES ('delete', old.id, {_OLD});
        INSERT INTO mail_message_fts(rowid, {_LIST}) VALUES (new.id, {_NEW}); END""",
}
event.listen(MessageRow.__table__, "after_create", DDL(CREATE))
for _name, _rest in TRIGGERS.items():
    event.listen(MessageRow.__table__, "after_create", DDL(f"CREATE TRIGGER {_name} {_rest}"))


def drop_triggers(session: Session) -> None:
    """Stop keeping the index, before a bulk load."""
    for name in TRIGGERS:
        session.connection().exec_driver_sql(f"DROP TRIGGER {name}")


def rebuild(session: Session) -> None:
    """Index every message and keep the index from now on, after a bulk load."""
    connection = session.connection()
    connection.exec_driver_sql("INSERT INTO mail_message_fts(mail_message_fts) VALUES ('rebuild')")
    for name, rest in TRIGGERS.items():
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {rest}")
