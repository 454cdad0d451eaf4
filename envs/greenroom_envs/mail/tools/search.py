"""Finding messages."""

from greenroom import World
from greenroom_envs.mail.app import app
from greenroom_envs.mail.hits import Hits, Limit, Page, page_of, statement
from greenroom_envs.mail.index import parse_query
from greenroom_envs.mail.tools.folders import require_folder


@app.tool
def search(world: World, query: str, limit: Limit = 5, page: Page = 1) -> Hits:
    """Search all messages outside spam and trash, latest first.

    Args:
        query: Words that must all occur in sender, subject or text. Also "quoted phrases" and the operators
            from:, to:, subject:, in:FOLDER, label:LABEL, is:unread, is:starred.
        limit: How many hits a page holds.
        page: Which page, from 1.
    """
    parsed = parse_query(query)
    for name in parsed.folders:
        require_folder(world, name)
    found = page_of(world, statement(parsed), limit, page)
    if not found["hits"]:
        found["note"] = f"Nothing matches {query!r} on page {page}; try fewer words."
    return found
