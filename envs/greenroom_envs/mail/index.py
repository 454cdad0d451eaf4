"""The full-text index of messages: an FTS5 table kept by triggers, and the language of queries on it.

The index holds no text of its own (external content), so a message is stored once. Triggers keep it right
whoever writes a message; a bulk load leaves them out and rebuilds the index once at its end.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import DDL, event
from sqlalchemy.orm import Session

from greenroom import Refusal
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
OPERATORS = {
    "from": "{sender address}",
    "to": "{recipient}",
    "subject": "{subject}",
    "in": "",
    "label": "",
    "is": "",
}
STATES = ("unread", "read", "starred")
ANYWHERE = "{sender subject body}"

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


@dataclass(frozen=True)
class Query:
    """A search, understood.

    Attributes:
        match: What FTS5 is asked, empty for a search by folder, label or state alone.
        folders: Only these folders.
        labels: Only messages with all of these labels.
        states: Each of `STATES` that must hold.
    """

    match: str = ""
    folders: Sequence[str] = field(default=())
    labels: Sequence[str] = field(default=())
    states: Sequence[str] = field(default=())


def parse_query(text: str) -> Query:
    """Read words, "quoted phrases" and operators such as `from:danielle`.

    Raises:
        Refusal: Nothing to look for, or an operator that does not exist.
    """
    terms: list[str] = []
    found: dict[str, list[str]] = {"in": [], "label": [], "is": []}
    for operator, value in re.findall(r'(?:([A-Za-z]+):)?("[^"]*"|[^\s"]+)', text):
        key = operator.lower()
        if key and key not in OPERATORS:
            known = ", ".join(f"{name}:" for name in OPERATORS)
            raise Refusal("unknown_operator", f"There is no search operator '{operator}:'; there is {known}")
        if key in found:
            found[key].append(value.strip('"').lower())
        elif words := re.findall(r"[^\W_]+", value):
            terms.append(f'{OPERATORS.get(key, ANYWHERE)} : "{" ".join(words)}"')
    states = [_state(name) for name in found["is"]]
    if not terms and not found["in"] and not found["label"] and not states:
        raise Refusal("empty_query", f"There is nothing to look for in {text!r}: give at least one word")
    return Query(" AND ".join(terms), found["in"], found["label"], states)


def _state(name: str) -> str:
    if name not in STATES:
        raise Refusal("unknown_state", f"Messages cannot be 'is:{name}'; there is {', '.join(STATES)}")
    return name
