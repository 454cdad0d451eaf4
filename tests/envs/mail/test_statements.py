"""No list asks once per row, and no list or count reads the whole mailbox."""

import re

import pytest
from sqlalchemy import text

from greenroom.messages import call
from greenroom.statements import counting
from greenroom_envs.mail import app
from support.mailbox import Mailbox

LISTS = {
    "list_folder": {},
    "list_messages": {"folder": "archive", "sort": "sender"},
    "search": {"query": "in:archive"},
    "find_messages": {"query": "the -zzz", "oldest": True},
}


def statements(mailbox: Mailbox, tool: str, **arguments: object) -> list[str]:
    with counting(mailbox.world) as counted:
        result = app.call(mailbox.world, call(f"mail_{tool}", **arguments))
    assert result.refused is None, result.text
    return counted.sql


@pytest.mark.parametrize(("tool", "arguments"), LISTS.items(), ids=LISTS)
def test_a_long_page_takes_as_many_statements_as_a_short_one(
    mailbox: Mailbox, tool: str, arguments: dict[str, object]
) -> None:
    statements(mailbox, tool, **arguments)  # the full-text index reads its settings once
    short, long = (len(statements(mailbox, tool, **arguments, limit=limit)) for limit in (1, 50))
    assert short == long <= 4


def test_a_long_thread_is_read_by_as_many_statements_as_a_short_one(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        rows = session.execute(
            text("SELECT tag || '-' || max(number), count(*) FROM mail_message GROUP BY thread_id ORDER BY count(*)")
        ).all()
    (short, one), (long, many) = rows[0], rows[-1]
    assert one == 1 < 5 < many
    for tool in ("read_thread", "show_thread"):
        statements(mailbox, tool, message_id=long)  # marks it read: writing is one statement a row
        statements(mailbox, tool, message_id=short)
        assert len(statements(mailbox, tool, message_id=short)) == len(statements(mailbox, tool, message_id=long))


@pytest.mark.parametrize(
    "tool",
    ["drafts", "scheduled", "files", "invitations", "labels", "rules", "newsletters", "profile", "policy", "folders"],
)
def test_small_lists_take_a_handful_of_statements(mailbox: Mailbox, tool: str) -> None:
    tool = next(name for name in (f"list_{tool}", f"show_{tool}", tool) if f"mail_{name}" in app.tools)
    for name in "abcdef":
        mailbox.call("create_label", name=name)
        mailbox.call("create_folder", name=name)
        mailbox.call("add_rule", subject=name, star=True)
        mailbox.call("send_later", to=["a@b.com"], subject=name, body=name, date="3 May", time="9:00")
    assert len(statements(mailbox, tool)) <= 3


READS = {
    **LISTS,
    "count_messages": {"query": "before:2026-01-20 is:unread in:inbox"},
    "folders": {},
    "list_labels": {},
    "list_with": {"person": "somebody@example.org"},
    "find_contacts": {"query": "son"},
    "list_events": {"date": "14 March"},
    "list_agenda": {"first_day": "14 March", "last_day": "13 April"},
    "list_invitations": {"pending": False},
    "list_scheduled": {},
    "send": {"to": "somebody@example.org", "subject": "a", "body": "b"},
}


def explain(mailbox: Mailbox, sql: str) -> list[tuple[int, int, int, str]]:
    return list(mailbox.world.connection.execute(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?")))


@pytest.mark.parametrize(("tool", "arguments"), READS.items(), ids=READS)
def test_no_statement_walks_through_all_messages(mailbox: Mailbox, tool: str, arguments: dict[str, object]) -> None:
    for sql in statements(mailbox, tool, **arguments):
        if not sql.upper().startswith(("SELECT", "UPDATE", "DELETE")):
            continue
        plan = " ".join(str(row[3]) for row in explain(mailbox, sql))
        assert not re.search(r"SCAN mail_(message|contact)(?! USING)(?!_fts)\b", plan), (sql, plan)
        assert "TEMP B-TREE FOR ORDER BY" not in plan or "mail_message" not in sql, (sql, plan)
