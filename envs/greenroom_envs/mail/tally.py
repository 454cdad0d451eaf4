"""How much is in each folder and under each label, kept by triggers, so that no count walks through the messages.

The tallies follow from the messages; they are no table of the app, and never count as a change.
"""

from collections.abc import Mapping

from sqlalchemy import DDL, column, event, select, table
from sqlalchemy.orm import Session

from greenroom_envs.mail.models import MessageLabel, MessageRow

FOLDERS = table("mail_folder_tally", column("folder"), column("messages"), column("unread"))
LABELS = table("mail_label_tally", column("label"), column("messages"))

CREATE = (
    "CREATE TABLE mail_folder_tally(folder TEXT PRIMARY KEY, messages INTEGER, unread INTEGER) WITHOUT ROWID",
    "CREATE TABLE mail_label_tally(label TEXT PRIMARY KEY, messages INTEGER) WITHOUT ROWID",
)
_PUT = """INSERT INTO mail_folder_tally VALUES (new.folder, 1, new.read_at IS NULL)
    ON CONFLICT DO UPDATE SET messages = messages + 1, unread = unread + excluded.unread;"""
_TAKE = """UPDATE mail_folder_tally SET messages = messages - 1, unread = unread - (old.read_at IS NULL)
    WHERE folder = old.folder;"""
TRIGGERS = {
    "mail_folder_tally_insert": f"AFTER INSERT ON mail_message BEGIN {_PUT} END",
    "mail_folder_tally_delete": f"AFTER DELETE ON mail_message BEGIN {_TAKE} END",
    "mail_folder_tally_update": f"AFTER UPDATE OF folder, read_at ON mail_message BEGIN {_TAKE} {_PUT} END",
    "mail_label_tally_insert": """AFTER INSERT ON mail_message_label BEGIN
        INSERT INTO mail_label_tally VALUES (new.label, 1) ON CONFLICT DO UPDATE SET messages = messages + 1; END""",
    "mail_label_tally_delete": """AFTER DELETE ON mail_message_label BEGIN
        UPDATE mail_label_tally SET messages = messages - 1 WHERE label = old.label; END""",
}
COUNT = (
    """INSERT INTO mail_folder_tally
        SELECT folder, count(*), sum(read_at IS NULL) FROM mail_message GROUP BY folder""",
    "INSERT INTO mail_label_tally SELECT label, count(*) FROM mail_message_label GROUP BY label",
)
# The triggers are made with the last of the tables that they need.
for _statement in CREATE:
    event.listen(MessageRow.__table__, "after_create", DDL(_statement))
for _name, _rest in TRIGGERS.items():
    _on = MessageLabel if "_label_" in _name else MessageRow
    event.listen(_on.__table__, "after_create", DDL(f"CREATE TRIGGER {_name} {_rest}"))

OF_FOLDERS = select(FOLDERS.c.folder, FOLDERS.c.messages, FOLDERS.c.unread)
OF_LABELS = select(LABELS.c.label, LABELS.c.messages)


def drop_triggers(session: Session) -> None:
    """Stop counting, before a bulk load."""
    for name in TRIGGERS:
        session.connection().exec_driver_sql(f"DROP TRIGGER {name}")


def count_all(session: Session) -> None:
    """Count everything, and go on counting from now on, after a bulk load."""
    connection = session.connection()
    for statement in COUNT:
        connection.exec_driver_sql(statement)
    for name, rest in TRIGGERS.items():
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {rest}")


def of_folders(session: Session) -> Mapping[str, tuple[int, int]]:
    """Messages and unread ones of each folder that ever held any."""
    return {folder: (messages, unread) for folder, messages, unread in session.execute(OF_FOLDERS)}


def of_labels(session: Session) -> Mapping[str, int]:
    """How many messages carry each label that was ever put on any."""
    return dict(session.execute(OF_LABELS).all())
