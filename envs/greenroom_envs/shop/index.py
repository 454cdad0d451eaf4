"""The full-text index of products: an FTS5 table without text of its own, kept by triggers."""

import re

from sqlalchemy import DDL, Float, Integer, String, column, event, table
from sqlalchemy.orm import Session

from greenroom import Refusal
from greenroom.searches import few_words
from greenroom_envs.shop.models import Product

_COLUMNS = ("title", "brand", "description")
_LIST, _NEW, _OLD = (", ".join(f"{prefix}{c}" for c in _COLUMNS) for prefix in ("", "new.", "old."))
# Stemmed, so that `kettles` finds a kettle.
_OPTIONS = "content='shop_product', content_rowid='id', tokenize='porter unicode61'"
_CREATE = f"CREATE VIRTUAL TABLE shop_product_fts USING fts5({_LIST}, {_OPTIONS})"
_TRIGGERS = {
    "shop_product_fts_insert": f"""AFTER INSERT ON shop_product BEGIN
        INSERT INTO shop_product_fts(rowid, {_LIST}) VALUES (new.id, {_NEW}); END""",
    "shop_product_fts_delete": f"""AFTER DELETE ON shop_product BEGIN
        INSERT INTO shop_product_fts(shop_product_fts, rowid, {_LIST}) VALUES ('delete', old.id, {_OLD}); END""",
    "shop_product_fts_update": f"""AFTER UPDATE OF {_LIST} ON shop_product BEGIN
        INSERT INTO shop_product_fts(shop_product_fts, rowid, {_LIST}) VALUES ('delete', old.id, {_OLD});
        INSERT INTO shop_product_fts(rowid, {_LIST}) VALUES (new.id, {_NEW}); END""",
}
FTS = table("shop_product_fts", column("rowid", Integer), column("rank", Float), column("shop_product_fts", String))

event.listen(Product.__table__, "after_create", DDL(_CREATE))
for _name, _rest in _TRIGGERS.items():
    event.listen(Product.__table__, "after_create", DDL(f"CREATE TRIGGER {_name} {_rest}"))


def drop_triggers(session: Session) -> None:
    """Stop keeping the index, before a bulk load."""
    for name in _TRIGGERS:
        session.connection().exec_driver_sql(f"DROP TRIGGER {name}")


def rebuild(session: Session) -> None:
    """Index every product and keep the index from now on, after a bulk load."""
    connection = session.connection()
    connection.exec_driver_sql("INSERT INTO shop_product_fts(shop_product_fts) VALUES ('rebuild')")
    for name, rest in _TRIGGERS.items():
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {rest}")


def match_of(query: str) -> str:
    """What FTS5 is asked: all words of a query.

    Raises:
        Refusal: There is no word in it, or there are too many.
    """
    words = re.findall(r"[^\W_]+", query)
    if not words:
        raise Refusal("empty_query", f"There is nothing to look for in {query!r}: give at least one word.")
    return " AND ".join(f'"{word}"' for word in few_words(words))
