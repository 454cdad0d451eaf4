"""The ORM session that apps hold while a transaction runs."""

from functools import lru_cache
from typing import Any, NoReturn, cast

from sqlalchemy import Select, bindparam, inspect, select
from sqlalchemy.orm import Session

from greenroom.errors import WorldError


class WorldSession(Session):
    """The session that apps get: greenroom ends its transactions, apps cannot."""

    # SQLAlchemy builds the statement of each `get` anew, which costs half as much again as running one that is kept.
    def get(self, entity: Any, ident: object, **options: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The instance of a primary key: SQLAlchemy's `get`, by a statement that was built once."""
        key = cast("tuple[Any, ...]", ident if type(ident) is tuple else (ident,))
        plain = not any(options.values()) and all(type(value) in (int, str) for value in key)
        statement = _by_key(entity, len(key)) if plain else None
        if statement is None or (entity, key, None) in self.identity_map:
            return super().get(entity, cast(Any, ident), **options)
        values = {f"key_{number}": value for number, value in enumerate(key)}
        return self.scalars(statement, values).unique().one_or_none()

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


@lru_cache(maxsize=1024)
def _by_key(entity: Any, values: int) -> Select[Any] | None:
    """What selects a mapped class by so many values of its key; None for what is SQLAlchemy's to judge."""
    mapper: Any = inspect(entity, raiseerr=False)
    if mapper is None or mapper is entity or not mapper.is_mapper or mapper.always_refresh:
        return None
    if len(mapper.primary_key) != values:
        return None
    return select(entity).where(*(c == bindparam(f"key_{n}") for n, c in enumerate(mapper.primary_key)))
