"""The ORM session that apps hold while a transaction runs."""

from typing import NoReturn

from sqlalchemy.orm import Session

from greenroom.errors import WorldError


class WorldSession(Session):
    """The session that apps get: greenroom ends its transactions, apps cannot."""

    def commit(self) -> NoReturn:
        """Refuse.

        Raises:
            WorldError: Always.
        """
        raise WorldError("a tool's transaction is committed when the tool returns: do not call session.commit()")

    def rollback(self) -> NoReturn:
        """Refuse.

        Raises:
            WorldError: Always.
        """
        raise WorldError("raise Refusal to roll a tool back, or try things in `with session.begin_nested()`")

    def finish(self) -> None:
        """Commit; for the world."""
        super().commit()
