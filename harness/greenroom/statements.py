"""Counting SQL statements: how a list that asks once per row (N+1 queries) is found.

with counting(world) as statements:
    app.call(world, call("mail_list_folder", limit=50))
assert len(statements.sql) == few_as_with_limit_5
"""

# apsw leaves the types of what it traces open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import apsw

from greenroom.worlds import World

OWN = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@dataclass
class Statements:
    """The statements that ran in a world, greenroom's own left out.

    Attributes:
        sql: Their texts, parameters not filled in, in order.
    """

    sql: list[str] = field(default_factory=list[str])

    @property
    def repeated(self) -> int:
        """How often the commonest statement ran: grows with the rows where there is an N+1 query."""
        return max(Counter(self.sql).values(), default=0)


@contextmanager
def counting(world: World) -> Generator[Statements]:
    """Note the statements that run in a world meanwhile; those of triggers belong to the statement that fired them."""
    statements = Statements()

    def note(event: Mapping[str, Any]) -> None:
        sql = str(event["sql"]).strip()
        if not event["trigger"] and "greenroom_" not in sql and not sql.upper().startswith(OWN):
            statements.sql.append(sql)

    traced = id(statements)
    world.connection.trace_v2(apsw.SQLITE_TRACE_STMT, note, id=traced)
    try:
        yield statements
    finally:
        world.connection.trace_v2(0, None, id=traced)
