"""Live state: tau2's own models, read from rows when they are touched, and what has changed of them."""

from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter

from greenroom_envs.tau2.rows import Rows, Writes


@dataclass(frozen=True, eq=False)
class Collection:
    """One field of a tau2 database.

    Attributes:
        field: The field's name.
        table: The table that holds it.
        kind: A dict or a list of entities, or a single value.
        adapter: Reads and writes an entity.
    """

    field: str
    table: str
    kind: Literal["dict", "list", "value"]
    adapter: TypeAdapter[Any]

    def read(self, text: str) -> Any:
        """The entity of a row."""
        return self.adapter.validate_json(text)

    def write(self, entity: Any) -> str:
        """The row of an entity. Toolkits assign plain values to typed fields: no complaints."""
        return self.adapter.dump_json(entity, warnings=False).decode()

    def rows(self, content: Any) -> dict[str, str]:
        """All rows of the field's content."""
        if self.kind == "value":
            return {self.field: self.write(content)}
        pairs = content.items() if self.kind == "dict" else ((str(i), e) for i, e in enumerate(content))
        return {str(key): self.write(entity) for key, entity in pairs}


def collections_of(model: type[BaseModel], tables: str) -> list[Collection]:
    """The fields of a tau2 database, each with its table; single values share one.

    Args:
        model: The class of the database.
        tables: What the tables' names begin with.
    """
    found: list[Collection] = []
    for name, info in model.model_fields.items():
        origin, inner = get_origin(info.annotation), get_args(info.annotation)
        kind = "dict" if origin is dict and inner[0] is str else "list" if origin is list else "value"
        annotation = cast(Any, inner[-1] if kind != "value" else info.annotation)
        table = f"{tables}values" if kind == "value" else f"{tables}{name}"
        found.append(Collection(name, table, kind, TypeAdapter(annotation)))
    return found


@lru_cache(maxsize=8192)
def _shared(collection: Collection, text: str) -> Any:
    """An entity that many calls look at and none changes."""
    return collection.read(text)


class Entities(MutableMapping[str, Any]):
    """A dict of entities that reads a row when its entity is touched.

    Args:
        rows: Where they are read from.
        collection: What they are.
        reading: Going through all of them yields shared ones: for tools that say that they change nothing.
    """

    def __init__(self, rows: Rows, collection: Collection, reading: bool) -> None:
        self._rows, self._collection, self._reading = rows, collection, reading
        self._live: dict[str, Any] = {}
        self._gone: set[str] = set()
        self._texts: Mapping[str, str] | None = None

    def _text(self, key: str) -> str | None:
        return self._all.get(key) if self._texts is not None else self._rows.get(self._collection.table, key)

    @property
    def _all(self) -> Mapping[str, str]:
        if self._texts is None:
            self._texts = self._rows.all(self._collection.table)
        return self._texts

    def __getitem__(self, key: str) -> Any:
        if key in self._live:
            return self._live[key]
        text = None if key in self._gone or not isinstance(cast(object, key), str) else self._text(key)
        if text is None:
            raise KeyError(key)
        self._live[key] = self._collection.read(text)
        return self._live[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._gone.discard(key)
        self._live[key] = value

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._live.pop(key, None)
        self._gone.add(key)

    def __iter__(self) -> Iterator[str]:
        yield from [key for key in self._all if key not in self._gone]
        yield from [key for key in self._live if key not in self._all]

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def items(self) -> ItemsView[str, Any]:
        """All of them."""
        return dict(self._through()).items()

    def values(self) -> ValuesView[Any]:
        """All of them."""
        return dict(self._through()).values()

    def _through(self) -> Iterator[tuple[str, Any]]:
        for key in self:
            if self._reading and key not in self._live:
                yield key, _shared(self._collection, self._all[key])
            else:
                yield key, self[key]

    def changes(self) -> Writes:
        """What has changed."""
        table, now = self._collection.table, {k: self._collection.write(e) for k, e in self._live.items()}
        changed: Writes = {(table, k): text for k, text in now.items() if text != self._text(k)}
        return changed | {(table, k): None for k in self._gone if self._text(k) is not None}


class Database:
    """A tau2 database on top of rows.

    Args:
        model: The class of the database.
        collections: Its fields.
        rows: Where the state is.
        reading: See `Entities`.

    Attributes:
        live: What a toolkit takes as its `db`.
    """

    def __init__(self, model: type[BaseModel], collections: list[Collection], rows: Rows, reading: bool) -> None:
        self._rows, self._collections = rows, collections
        self._before: dict[str, Mapping[str, str]] = {}
        content = {c.field: self._content(c, reading) for c in collections}
        self.live = model.model_construct(**content)

    def _content(self, collection: Collection, reading: bool) -> Any:
        if collection.kind == "dict":
            return Entities(self._rows, collection, reading)
        if collection.kind == "list":
            before = self._rows.all(collection.table)
        else:
            text = self._rows.get(collection.table, collection.field)
            before = {} if text is None else {collection.field: text}
        self._before[collection.field] = before
        entities = [collection.read(text) for text in before.values()]
        return entities if collection.kind == "list" else next(iter(entities), None)

    def changes(self) -> Writes:
        """What has changed."""
        changed: Writes = {}
        for collection in self._collections:
            content = getattr(self.live, collection.field)
            changed |= content.changes() if isinstance(content, Entities) else self._differences(collection, content)
        return changed

    def _differences(self, collection: Collection, content: Any) -> Writes:
        now, before = collection.rows(content), self._before[collection.field]
        changed: Writes = {(collection.table, k): text for k, text in now.items() if text != before.get(k)}
        return changed | {(collection.table, k): None for k in before if k not in now}
