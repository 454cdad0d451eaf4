"""Finding messages."""

from functools import lru_cache
from typing import NotRequired, TypedDict

from sqlalchemy import Select, select

from greenroom import World
from greenroom_envs.mail import tally
from greenroom_envs.mail.app import app
from greenroom_envs.mail.clock import Clock
from greenroom_envs.mail.hits import STATES, Hits, Limit, Page, Shape, in_order, matching, page_of_query, values_of
from greenroom_envs.mail.query import Query, parse_query
from greenroom_envs.mail.tools.filing import require_label
from greenroom_envs.mail.tools.folders import require_folder

MOST = 1_000


class Counted(TypedDict):
    """How many messages, and how many of them are unread; `more` when there are still more than were counted."""

    messages: int
    unread: int
    more: NotRequired[bool]


@app.tool
def search(world: World, query: str, limit: Limit = 5, page: Page = 1) -> Hits:
    """Search all messages outside spam and trash, latest first.

    Args:
        query: Words that must all occur in sender, subject or text. Also "quoted phrases" and the operators
            from:, to:, subject:, in:FOLDER, label:LABEL, is:unread, is:starred.
        limit: How many hits a page holds.
        page: Which page, from 1.
    """
    return _found(world, query, limit, page)


@app.tool
def find_messages(world: World, query: str, oldest: bool = False, limit: Limit = 10, page: Page = 1) -> Hits:
    """Search with all operators, latest or oldest first.

    Args:
        query: Words that must all occur, "quoted phrases", -words that must not, and from:, to:, subject:, in:FOLDER,
            label:LABEL, is:unread, is:read, is:starred, has:attachment, has:invitation, before:2026-02-14,
            after:2026-02-14 (both leave that day out). Without in:, spam and trash are left out.
        oldest: Oldest first.
        limit: How many hits a page holds.
        page: Which page, from 1.
    """
    return _found(world, query, limit, page, oldest=oldest)


@app.tool
def count_messages(world: World, query: str) -> Counted:
    """Count the messages that a search would find, and the unread ones among them.

    Whole folders are counted to their end; of anything else the latest thousand, and `more` says that there are others.

    Args:
        query: As for mail_find_messages.
    """
    parsed = _parsed(world, query)
    if parsed in (Query(folders=parsed.folders), Query(folders=parsed.folders, states=("unread",))) and parsed.folders:
        return _of_folders(world, parsed)
    unread = world.session.scalars(_latest(Shape.of(parsed)), values_of(world, parsed)).all()
    counted: Counted = {"messages": min(len(unread), MOST), "unread": sum(unread[:MOST])}
    if len(unread) > MOST:
        counted["more"] = True
    return counted


@lru_cache(maxsize=256)
def _latest(shape: Shape) -> Select[bool]:
    """Whether each of the latest messages that queries of a shape mean is unread."""
    return in_order(matching(select(STATES["unread"]), shape), shape).limit(MOST + 1)


def _of_folders(world: World, parsed: Query) -> Counted:
    """What whole folders hold is kept: nothing is counted."""
    held = [tally.of_folders(world.session).get(name, (0, 0)) for name in dict.fromkeys(parsed.folders)]
    messages, unread = (sum(counts) for counts in zip(*held, strict=True))
    return {"messages": unread if parsed.states else messages, "unread": unread}


def _found(world: World, query: str, limit: int, page: int, *, oldest: bool = False) -> Hits:
    empty = f"Nothing matches {query!r} on page {page}; try fewer words."
    return page_of_query(world, _parsed(world, query), limit, page, empty, oldest=oldest)


def _parsed(world: World, query: str) -> Query:
    parsed = parse_query(query, Clock.of(world).today)
    for name in parsed.folders:
        require_folder(world, name)
    for name in parsed.labels:
        require_label(world, name)
    return parsed
