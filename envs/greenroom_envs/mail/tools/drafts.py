"""Drafts: written now, sent later."""

from datetime import UTC, datetime
from typing import Annotated, TypedDict

from pydantic import Field
from sqlalchemy import select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.hits import TWENTY, Page, paged
from greenroom_envs.mail.life import SENDS
from greenroom_envs.mail.mailbox import limit_sending, require_text, resolve, resolve_all, utc_now
from greenroom_envs.mail.models import Draft
from greenroom_envs.mail.outbox import addressees, draft_files, drop_draft, find_draft, send_now
from greenroom_envs.mail.tools.sending import Sent

NEWEST = paged(select(Draft).order_by(Draft.id.desc()))
DUE = select(Draft).where(Draft.send_at.is_not(None)).order_by(Draft.send_at, Draft.id).limit(20)
DraftId = Annotated[int, Field(ge=1, le=1_000_000_000)]


class DraftLine(TypedDict):
    """A draft in a list."""

    draft: int
    to: str
    subject: str


class WholeDraft(TypedDict):
    """A draft; `at` is when it sends itself."""

    draft: int
    version: int
    to: str
    cc: str | None
    bcc: str | None
    subject: str
    body: str
    files: list[str] | None
    at: str | None


class Scheduled(TypedDict):
    """A draft that sends itself."""

    draft: int
    to: str
    subject: str
    at: str


@app.tool
def save_draft(world: World, to: str, subject: str, body: str) -> DraftLine:
    """Write a message without sending it.

    Args:
        to: An address, the name of a contact, or how it begins when only one name does.
        subject: The subject line.
        body: The text.
    """
    require_text(subject=subject, body=body)
    draft = Draft(recipient=resolve(world, to), subject=subject, body=body, created_at=utc_now(world))
    world.session.add(draft)
    world.session.flush()
    return _line(draft)


@app.tool
def list_drafts(world: World, page: Page = 1) -> list[DraftLine]:
    """List messages that were written but not sent, newest first, twenty a page.

    Args:
        page: Which page, from 1.
    """
    drafts = world.session.scalars(NEWEST, {"limit": TWENTY, "skip": (page - 1) * TWENTY})
    return [_line(draft) for draft in drafts]


@app.tool
def send_draft(world: World, draft_id: DraftId) -> Sent:
    """Send a draft.

    Args:
        draft_id: Its number, as mail_list_drafts shows it.
    """
    draft = find_draft(world, draft_id)
    limit_sending(world)
    message = send_now(world, draft)
    return {"sent": message.handle, "to": message.recipient}


@app.tool
def show_draft(world: World, draft_id: DraftId) -> WholeDraft:
    """Read a draft, and see its version and its files.

    Args:
        draft_id: Its number, as mail_list_drafts shows it.
    """
    return _whole(world, find_draft(world, draft_id))


@app.tool
def edit_draft(
    world: World,
    draft_id: DraftId,
    version: DraftId,
    to: list[str] | None = None,
    cc: list[str] | None = None,
    bcc: list[str] | None = None,
    subject: str | None = None,
    body: str | None = None,
) -> WholeDraft:
    """Change a draft; what is not given stays.

    Args:
        draft_id: Its number, as mail_list_drafts shows it.
        version: The version that mail_show_draft showed: a draft that was changed since is not overwritten.
        to: Addresses, or names of contacts.
        cc: Who gets a copy.
        bcc: Who gets a copy without the others seeing it.
        subject: The subject line.
        body: The text.
    """
    draft = find_draft(world, draft_id)
    if version != draft.version:
        raise Refusal("stale_version", f"Draft {draft_id} is at version {draft.version}, not {version}: read it again.")
    given = {name: text for name, text in (("subject", subject), ("body", body)) if text is not None}
    require_text(**given)
    for name, text in given.items():
        setattr(draft, name, text)
    now = addressees(draft)
    everybody = resolve_all(
        world, now.to if to is None else to, now.cc if cc is None else cc, now.bcc if bcc is None else bcc
    )
    draft.recipient, draft.cc, draft.bcc = everybody.recipient, ", ".join(everybody.cc), ", ".join(everybody.bcc)
    draft.version += 1
    return _whole(world, draft)


@app.tool
def delete_draft(world: World, draft_id: DraftId) -> DraftLine:
    """Throw a draft away; a scheduled one is not sent.

    Args:
        draft_id: Its number, as mail_list_drafts shows it.
    """
    draft = find_draft(world, draft_id)
    drop_draft(world, draft)
    return _line(draft)


@app.tool
def send_later(world: World, to: list[str], subject: str, body: str, date: str, time: str) -> Scheduled:
    """Write a message that sends itself at a later time; until then it is a draft.

    Args:
        to: Addresses, or names of contacts.
        subject: The subject line.
        body: The text.
        date: The day, such as 14 March (the next one) or 2026-03-14.
        time: The time of day, such as 10:30.
    """
    require_text(subject=subject, body=body)
    everybody, at = resolve_all(world, to), Clock.of(world).read_future(date, time)
    draft = Draft(recipient=everybody.recipient, subject=subject, body=body, created_at=utc_now(world))
    world.session.add(draft)
    world.session.flush()
    return _schedule(world, draft, at)


@app.tool
def schedule_draft(world: World, draft_id: DraftId, date: str, time: str) -> Scheduled:
    """Let a draft send itself at a later time, or at another time than it was to.

    Args:
        draft_id: Its number, as mail_list_drafts shows it.
        date: The day, such as 14 March (the next one) or 2026-03-14.
        time: The time of day, such as 10:30.
    """
    return _schedule(world, find_draft(world, draft_id), Clock.of(world).read_future(date, time))


@app.tool
def cancel_scheduled(world: World, draft_id: DraftId) -> DraftLine:
    """Keep a draft from sending itself; it stays a draft.

    Args:
        draft_id: Its number, as mail_list_scheduled shows it.
    """
    draft = find_draft(world, draft_id)
    if draft.send_at is None:
        raise Refusal("not_scheduled", f"Draft {draft_id} waits for the user anyway; nothing is left to do.")
    draft.send_at = None
    return _line(draft)


@app.tool
def list_scheduled(world: World) -> list[Scheduled]:
    """List the twenty drafts that will send themselves next."""
    clock = Clock.of(world)
    return [_scheduled(draft, clock) for draft in world.session.scalars(DUE)]


def _schedule(world: World, draft: Draft, at: datetime) -> Scheduled:
    draft.send_at = at
    payload = {"draft": draft.id, "at": at.isoformat()}
    world.schedule(SENDS, payload, after=at.replace(tzinfo=UTC) - world.now)
    return _scheduled(draft, Clock.of(world))


def _scheduled(draft: Draft, clock: Clock) -> Scheduled:
    at = clock.shown(draft.send_at) if draft.send_at else ""
    return {"draft": draft.id, "to": draft.recipient, "subject": draft.subject, "at": at}


def _whole(world: World, draft: Draft) -> WholeDraft:
    return {
        "draft": draft.id,
        "version": draft.version,
        "to": draft.recipient,
        "cc": draft.cc or None,
        "bcc": draft.bcc or None,
        "subject": draft.subject,
        "body": draft.body,
        "files": [file.name for file in draft_files(world, draft.id)] or None,
        "at": Clock.of(world).shown(draft.send_at) if draft.send_at else None,
    }


def _line(draft: Draft) -> DraftLine:
    return {"draft": draft.id, "to": draft.recipient, "subject": draft.subject}
