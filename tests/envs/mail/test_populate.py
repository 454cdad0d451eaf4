import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from greenroom import Split, World
from greenroom.names import COMPANY_KINDS
from greenroom.sandboxes import LocalSandbox
from greenroom.worlds import build_base
from greenroom_envs.mail import app, names
from greenroom_envs.mail.desk import Invitation
from greenroom_envs.mail.mailbox import utc_now
from greenroom_envs.mail.models import (
    Account,
    Attachment,
    CalendarEvent,
    Contact,
    Draft,
    MessageRow,
    Subscription,
    Thread,
)
from greenroom_envs.mail.populate import QUIET
from support.mailbox import Mailbox


def test_the_same_seed_gives_the_same_world_and_another_seed_another(tmp_path: Path) -> None:
    first, again, other = (
        build_base(app.recipe("small", "dev", seed), tmp_path / folder).snapshot()
        for seed, folder in ((0, "a"), (0, "b"), (1, "c"))
    )
    assert (first.page_id, first.content_id) == (again.page_id, again.content_id)
    assert other.page_id != first.page_id
    assert other.content_id != first.content_id


def test_a_small_world_holds_200_messages_and_a_bit_of_everything(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        counts = dict(session.execute(text("SELECT folder, count(*) FROM mail_message GROUP BY folder")).all())
        assert sum(counts.values()) == 200
        assert {"inbox", "archive", "sent", "spam"} <= set(counts)
        for model in (Account, Contact, Thread, Draft, Subscription, CalendarEvent):
            assert session.scalar(select(func.count()).select_from(model))


def test_ids_ascend_with_dates_and_the_last_days_are_quiet(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        dates = session.scalars(select(MessageRow.sent_at).order_by(MessageRow.id)).all()
        assert list(dates) == sorted(dates)
        assert dates[-1] <= utc_now(mailbox.world) - QUIET


def test_answers_come_later_than_what_they_answer_and_between_the_same_two(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        answers = session.scalars(select(MessageRow).where(MessageRow.reply_to.is_not(None))).all()
        assert len(answers) > 10
        for answer in answers:
            parent = session.get_one(MessageRow, answer.reply_to)
            assert parent.thread_id == answer.thread_id
            assert parent.sent_at <= answer.sent_at
            assert {parent.address, parent.recipient} == {answer.address, answer.recipient}
            assert answer.subject.startswith("Re: ")


def test_people_mostly_write_at_working_hours(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        dates = session.scalars(select(MessageRow.sent_at)).all()
    working = sum(d.weekday() < 5 and 7 <= d.hour < 19 for d in dates)
    assert working / len(dates) > 0.75


def test_each_newsletter_comes_on_its_own_weekday(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        query = select(MessageRow.address, MessageRow.sent_at).where(MessageRow.address.like("letter@%"))
        days = {(address, at.weekday()) for address, at in session.execute(query)}
    assert len(days) == len({address for address, _ in days}) > 3


def test_drafts_are_to_other_people(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        me = session.get_one(Account, 1).address
        recipients = session.scalars(select(Draft.recipient)).all()
    assert recipients
    assert me not in recipients


def test_a_message_was_never_read_before_it_was_sent(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        wrong = select(func.count()).where(MessageRow.read_at < MessageRow.sent_at)
        assert session.scalar(wrong) == 0


def test_every_message_can_be_found_by_search(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        for row in session.scalars(select(MessageRow).limit(20)).all():
            word = row.subject.split()[-1].strip(",.")
            found = text("SELECT rowid FROM mail_message_fts WHERE mail_message_fts MATCH :q")
            assert row.id in session.scalars(found, {"q": f'"{word}"'}).all()
        session.execute(text("INSERT INTO mail_message_fts(mail_message_fts) VALUES ('integrity-check')"))


@pytest.mark.parametrize("split", Split)
def test_a_world_uses_only_the_words_of_its_split(sandbox: LocalSandbox, split: Split) -> None:
    world = sandbox.base(split).open()
    try:
        found = _words(world)
    finally:
        world.close()
    assert len(found) > 100
    assert {names.split_of(word) for word in found} == {split}


def _words(world: World) -> set[str]:
    """Words of people's names, first words of companies, and of topics of conversations."""
    companies = {*names.NEWSLETTER_KINDS, *COMPANY_KINDS}
    with world.transaction("world") as session:
        people = [*session.scalars(select(Account.name)), *session.scalars(select(Contact.name))]
        found = {word for name in people for word in name.split()}
        senders = session.scalars(select(MessageRow.sender).distinct())
        found |= {word for sender in senders for word in sender.split()} - companies
        inner = select(MessageRow.subject).where(MessageRow.address.like("%.%@%"))
        found |= {subject.removeprefix("Re: ").split()[0] for subject in session.scalars(inner)}
    return found


def test_some_people_live_together_and_companies_have_several(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        me = session.get_one(Account, 1)
        contacts = session.scalars(select(Contact).order_by(Contact.id)).all()
    home = [c for c in contacts if c.name.split()[1] == me.name.split()[1]]
    assert len(home) >= 2
    assert {c.address.split("@")[1] for c in home[:2]} == {f"{me.name.split()[1].lower()}.com"}
    domains = Counter(c.address.split("@")[1] for c in contacts)
    assert max(domains.values()) >= 4


def test_files_have_names_and_sizes_of_their_own(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        files = session.scalars(select(Attachment)).all()
    assert len({file.name for file in files}) > 4
    assert len({file.size for file in files}) == len(files)
    invoices = [file.text or "" for file in files if file.name == "invoice.pdf"]
    assert all(re.match(r"Invoice [0-9]{5}\n.*\nDate: [0-9]+ [A-Z][a-z]+ 20", text) for text in invoices)


def test_nobody_invites_to_a_weekend_or_to_lunch_in_the_morning(mailbox: Mailbox) -> None:
    with mailbox.world.transaction("world") as session:
        times = session.execute(select(Invitation.title, Invitation.starts_at)).all()
        times += session.execute(select(CalendarEvent.title, CalendarEvent.starts_at)).all()
    assert len(times) > 10
    assert all(starts.weekday() < 5 for _, starts in times)
    assert {starts.hour for title, starts in times if title.endswith("lunch")} <= {12, 13}


@pytest.mark.slow
def test_activity_of_a_medium_world_has_a_heavy_tail(bases: Path) -> None:
    world = build_base(app.recipe("medium", "train"), bases).snapshot().open()
    try:
        with world.transaction("world") as session:
            senders = Counter(session.scalars(select(MessageRow.address).where(MessageRow.address.like("%.%@%"))))
            dates = session.scalars(select(MessageRow.sent_at)).all()
            lengths = Counter(session.scalars(select(MessageRow.thread_id)))
    finally:
        world.close()
    assert len(dates) == 10_000
    contacts = [count for _, count in senders.most_common()][1:]
    assert sum(contacts[: len(contacts) // 10]) > 0.3 * sum(contacts)
    assert max(lengths.values()) > 8
    assert max(dates) - min(dates) > timedelta(days=300)
