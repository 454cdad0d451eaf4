"""Folders: which there are, and what is in them."""

from functools import cache
from typing import Any, Literal, TypedDict

from sqlalchemy import ColumnElement, bindparam, select

from greenroom import Refusal, World
from greenroom_envs.mail import tally
from greenroom_envs.mail.app import app
from greenroom_envs.mail.hits import SHOWN, STATES, Hits, Limit, Listing, Page, page_of, page_of_query, paged
from greenroom_envs.mail.models import Folder, MessageRow
from greenroom_envs.mail.query import Query

Sort = Literal["latest", "oldest", "sender", "subject"]
ORDERS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "latest": (MessageRow.id.desc(),),
    "oldest": (MessageRow.id.asc(),),
    "sender": (MessageRow.sender.asc(), MessageRow.id.asc()),
    "subject": (MessageRow.subject.asc(), MessageRow.id.asc()),
}
FOLDERS = select(Folder.name).order_by(Folder.name)


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
    return page_of_query(world, Query(folders=(name,)), limit, page)


@app.tool
def list_messages(
    world: World,
    folder: str = "inbox",
    sort: Sort = "latest",
    unread: bool = False,
    starred: bool = False,
    limit: Limit = 10,
    page: Page = 1,
) -> Hits:
    """List the messages of one folder in any order.

    Args:
        folder: Its name, such as inbox, archive, sent, spam or trash.
        sort: latest or oldest first, or by the name of the sender or by subject, from A to Z.
        unread: Only those that were not read.
        starred: Only those with a star.
        limit: How many messages a page holds.
        page: Which page, from 1.
    """
    name = require_folder(world, folder)
    wanted = tuple(state for state, given in (("unread", unread), ("starred", starred)) if given)
    empty = f"No such message is on page {page} of '{name}'."
    return page_of(world, _sorted(sort, wanted), {"folder": name}, limit, page, empty)


@cache
def _sorted(sort: Sort, states: tuple[str, ...]) -> Listing:
    wanted = (STATES[state] for state in states)
    return paged(select(*SHOWN).where(MessageRow.folder == bindparam("folder"), *wanted).order_by(*ORDERS[sort]))


@app.tool(writes=False)
def folders(world: World) -> list[FolderCount]:
    """List all folders with their number of messages and of unread ones."""
    held, found = tally.of_folders(world.session), list[FolderCount]()
    for name in world.session.scalars(FOLDERS):
        messages, unread = held.get(name, (0, 0))
        found.append({"folder": name, "messages": messages, "unread": unread})
    return found


def require_folder(world: World, name: str) -> str:
    """The folder of that name, letter case ignored.

    Raises:
        Refusal: There is none; the sentence lists those that exist.
    """
    known = world.session.scalars(FOLDERS).all()
    if name.strip().lower() not in known:
        raise Refusal("no_such_folder", f"There is no folder '{name}'; there is {', '.join(known)}.")
    return name.strip().lower()
