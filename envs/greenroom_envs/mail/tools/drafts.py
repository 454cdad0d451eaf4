"""Drafts: written now, sent later."""

from typing import Annotated, TypedDict

from pydantic import Field
from sqlalchemy import select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.mailbox import new_thread, require_text, resolve, utc_now
from greenroom_envs.mail.mailbox import send as put
from greenroom_envs.mail.models import Draft
from greenroom_envs.mail.tools.sending import Sent

DraftId = Annotated[int, Field(ge=1, le=1_000_000_000)]


class DraftLine(TypedDict):
    """A draft in a list."""

    draft: int
    to: str
    subject: str


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
def list_drafts(world: World) -> list[DraftLine]:
    """List the twenty newest messages that were written but not sent."""
    drafts = world.session.scalars(select(Draft).order_by(Draft.id.desc()).limit(20))
    return [_line(draft) for draft in drafts]


@app.tool
def send_draft(world: World, draft_id: DraftId) -> Sent:
    """Send a draft.

    Args:
        draft_id: Its number, as mail_list_drafts shows it.
    """
    draft = world.session.get(Draft, draft_id)
    if draft is None:
        raise Refusal("no_such_draft", f"There is no draft {draft_id}; mail_list_drafts shows those there are.")
    thread = new_thread(world, draft.subject)
    message = put(world, recipient=draft.recipient, subject=draft.subject, body=draft.body, thread_id=thread)
    world.session.delete(draft)
    return {"sent": message.handle, "to": message.recipient}


def _line(draft: Draft) -> DraftLine:
    return {"draft": draft.id, "to": draft.recipient, "subject": draft.subject}
