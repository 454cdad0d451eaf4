"""The cursors that apps' SQL goes through: the guard stands before each statement, whichever way it comes."""

from collections.abc import Iterator
from typing import Any

import psycopg

from greenroom.errors import WorldError
from greenroom.worlds.postgres import guard


def _checked(query: Any) -> str:
    text = query.decode() if isinstance(query, bytes) else str(query)
    guard.check(text)
    return text


class GuardedCursor(psycopg.Cursor[Any]):
    """The cursor that apps' SQL goes through: one statement at a time, and none that a world refuses."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> "GuardedCursor":
        """Run one statement.

        Raises:
            WorldError: It may not run in a world.
        """
        text = _checked(query)
        if not params and not guard.is_savepoint(text):
            # Without parameters psycopg would let several statements through; a prepared one is alone.
            options["prepare"] = True
        return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Any, **options: Any) -> None:
        """Run one statement for each set of parameters.

        Raises:
            WorldError: It may not run in a world.
        """
        _checked(query)
        super().executemany(query, params_seq, **options)

    def stream(self, query: Any, params: Any = None, **options: Any) -> Iterator[Any]:
        """Run one statement, and give its rows as they come.

        Raises:
            WorldError: It may not run in a world.
        """
        _checked(query)
        return super().stream(query, params, **options)

    def copy(self, *_: Any, **__: Any) -> Any:
        """Refuse.

        Raises:
            WorldError: Always.
        """
        raise WorldError("COPY is refused in a world: insert rows by the session")


class GuardedServerCursor(psycopg.ServerCursor[Any]):
    """The cursor that SQLAlchemy takes for `stream_results`; DECLARE itself takes one statement only."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> "GuardedServerCursor":
        """Run one query.

        Raises:
            WorldError: It may not run in a world.
        """
        try:
            _checked(query)
        except WorldError:
            # Closed here, for psycopg would look in pg_cursors first, which the apps' role may not read.
            psycopg.Cursor[Any].close(self)
            raise
        return super().execute(query, params, **options)
