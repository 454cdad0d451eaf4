"""Folders: which there are, and what is in them."""

from typing import TypedDict

from sqlalchemy import select

from greenroom import Refusal, World
from greenroom_envs.mail import tally
from greenroom_envs.mail.app import app
from greenroom_envs.mail.hits import Hits, Limit, Page, page_of, statement
from greenroom_envs.mail.models import Folder
from greenroom_envs.mail.query import Query


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
    return page_of(world, statement(world, Query(folders=(name,))), limit, page)


@app.tool(writes=False)
def folders(world: World) -> list[FolderCount]:
    """List all folders with their number of messages and of unread ones."""
    held, found = tally.of_folders(world.session), list[FolderCount]()
    for name in world.session.scalars(select(Folder.name).order_by(Folder.name)):
        messages, unread = held.get(name, (0, 0))
        found.append({"folder": name, "messages": messages, "unread": unread})
    return found


def require_folder(world: World, name: str) -> str:
    """The folder of that name, letter case ignored.

    Raises:
        Refusal: There is none; the sentence lists those that exist.
    """
    known = world.session.scalars(select(Folder.name).order_by(Folder.name)).all()
    if name.strip().lower() not in known:
        raise Refusal("no_such_folder", f"There is no folder '{name}'; there is {', '.join(known)}.")
    return name.strip().lower()
