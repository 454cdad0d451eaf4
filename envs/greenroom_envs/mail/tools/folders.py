"""Folders: which there are, and what is in them."""

from typing import TypedDict

from sqlalchemy import func, select

from greenroom import Refusal, World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.hits import Hits, Limit, Page, page_of, statement
from greenroom_envs.mail.index import Query
from greenroom_envs.mail.models import Folder, MessageRow


class FolderCount(TypedDict):
    """A folder and how much is in it."""

    folder: str
    messages: int
    unread: int


@app.tool
def list_folder(world: World, folder: str = "inbox", limit: Limit = 5, page: Page = 1) -> Hits:
    """List the messages of one folder, latest first.

    Args:
        folder: Its name, such as inbox, archive, sent, spam or trash.
        limit: How many messages a page holds.
        page: Which page, from 1.
    """
    name = require_folder(world, folder)
    return page_of(world, statement(Query(folders=(name,))), limit, page)


@app.tool
def folders(world: World) -> list[FolderCount]:
    """List all folders with their number of messages and of unread ones."""
    unread = func.count().filter(MessageRow.read_at.is_(None))
    counted = select(MessageRow.folder, func.count(), unread).group_by(MessageRow.folder)
    counts = {name: (total, new) for name, total, new in world.session.execute(counted)}
    names = world.session.scalars(select(Folder.name).order_by(Folder.name))
    return [
        {"folder": name, "messages": counts.get(name, (0, 0))[0], "unread": counts.get(name, (0, 0))[1]}
        for name in names
    ]


def require_folder(world: World, name: str) -> str:
    """The folder of that name, letter case ignored.

    Raises:
        Refusal: There is none; the sentence lists those that exist.
    """
    known = world.session.scalars(select(Folder.name).order_by(Folder.name)).all()
    if name.strip().lower() not in known:
        raise Refusal("no_such_folder", f"There is no folder '{name}'; there is {', '.join(known)}.")
    return name.strip().lower()
