"""Drafts on their way out: who gets them, what hangs on them, and sending."""

from sqlalchemy import bindparam, delete, select

from greenroom import Refusal, World
from greenroom_envs.mail.desk import DraftFile
from greenroom_envs.mail.mailbox import Addressees, new_thread, send
from greenroom_envs.mail.models import Attachment, Draft, MessageRow

# Made once: building a statement costs as much as running it.
FILES_OF = select(DraftFile).where(DraftFile.draft_id == bindparam("draft")).order_by(DraftFile.name)
# Nobody looks at these files once the draft is gone: the session need not look for them.
DROP_FILES = (
    delete(DraftFile).where(DraftFile.draft_id == bindparam("draft")).execution_options(synchronize_session=False)
)


def find_draft(world: World, draft_id: int) -> Draft:
    """The draft of that number.

    Raises:
        Refusal: There is none.
    """
    draft = world.session.get(Draft, draft_id)
    if draft is None:
        raise Refusal("no_such_draft", f"There is no draft {draft_id}; mail_list_drafts shows those there are.")
    return draft


def addressees(draft: Draft) -> Addressees:
    """Whom a draft goes to."""
    return Addressees(*(split(line) for line in (draft.recipient, draft.cc, draft.bcc)))


def split(line: str) -> list[str]:
    """The addresses of a line."""
    return line.split(", ") if line else []


def draft_files(world: World, draft_id: int) -> list[DraftFile]:
    """The files that hang on a draft, by name."""
    return list(world.session.scalars(FILES_OF, {"draft": draft_id}))


def send_now(world: World, draft: Draft) -> MessageRow:
    """Send a draft with its files; it is a draft no more."""
    files = draft_files(world, draft.id)
    message = send(
        world,
        recipient=draft.recipient,
        subject=draft.subject,
        body=draft.body,
        thread_id=new_thread(world, draft.subject),
        others=addressees(draft),
    )
    world.session.add_all(Attachment(message_id=message.id, name=f.name, size=f.size, text=f.text) for f in files)
    drop_draft(world, draft)
    return message


def drop_draft(world: World, draft: Draft) -> None:
    """Destroy a draft and what hangs on it."""
    world.session.execute(DROP_FILES, {"draft": draft.id})
    world.session.delete(draft)
