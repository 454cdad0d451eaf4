"""A tau2 domain: its own environment, run on state that is read from a world and written back."""

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import Any, Literal

from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from sqlalchemy.exc import SQLAlchemyError

from greenroom.errors import AppError, GreenroomError, Refusal, UsageError
from greenroom_envs.tau2.checkout import Checkout
from greenroom_envs.tau2.memory import drawing, remember, remembered
from greenroom_envs.tau2.rows import Draft, Rows, Writes
from greenroom_envs.tau2.state import Collection, Database, collections_of

Side = Literal["assistant", "user"]
SIDES: tuple[Side, ...] = ("assistant", "user")
MEMORY = "memory"


class Domain:
    """One domain of a checkout. Its environment is one object, lent to one call at a time.

    Args:
        checkout: Where tau2-bench lies.
        name: The domain.
        prefix: What the names of its tables begin with.

    Attributes:
        policy: What the agent is told.
        collections: The fields of each side's database.
    """

    def __init__(self, checkout: Checkout, name: str, prefix: str) -> None:
        self.name, self.checkout, self.prefix = name, checkout, prefix
        self.module = checkout.load(name)
        self._env = self.module.get_environment()
        self._lock = RLock()
        self.policy: str = self._env.get_policy()
        self.kits: dict[Side, Any] = {"assistant": self._env.tools}
        if self._env.user_tools is not None:
            self.kits["user"] = self._env.user_tools
        self._one_database = "user" in self.kits and self.kits["user"].db is self._env.tools.db
        self.models: dict[Side, type[BaseModel]] = {s: type(k.db) for s, k in self._kept().items() if k.db is not None}
        starts: dict[Side, str] = {"assistant": f"{prefix}_", "user": f"{prefix}_user_"}
        self.collections: dict[Side, list[Collection]] = {
            s: collections_of(m, starts[s]) for s, m in self.models.items()
        }
        self._memory = {side: remembered(kit) for side, kit in self.kits.items()}

    def _kept(self) -> dict[Side, Any]:
        """The toolkits whose databases are kept: one, where both sides share it."""
        return {side: kit for side, kit in self.kits.items() if side == "assistant" or not self._one_database}

    @property
    def memory_table(self) -> str:
        """The table of what toolkits remember outside their databases."""
        return f"{self.prefix}_{MEMORY}"

    @property
    def tables(self) -> list[str]:
        """The names of all tables.

        Raises:
            UsageError: Two collections would share one.
        """
        names = {c.table for side in self.collections.values() for c in side} | {self.memory_table}
        fields = [c for side in self.collections.values() for c in side if c.kind != "value"]
        if len({c.table for c in fields}) < len(fields):
            raise UsageError(f"tau2 domain '{self.name}': two collections would be kept in one table")
        return sorted(names)

    def initial(self) -> dict[str, dict[str, str]]:
        """The rows of all tables as the domain ships them."""
        rows: dict[str, dict[str, str]] = {table: {} for table in self.tables}
        for side, collections in self.collections.items():
            for collection in collections:
                rows[collection.table] |= collection.rows(getattr(self.kits[side].db, collection.field))
        return rows

    # -- calls

    def call(self, rows: Rows, side: Side, name: str, arguments: Mapping[str, Any]) -> tuple[Any, Writes]:
        """Run one of the domain's own tools.

        Args:
            rows: The state it runs on; not changed.
            side: Whose tool it is.
            name: The tool.
            arguments: Plain JSON, as tau2 passes them.

        Returns:
            What it returned, as plain JSON, and what changed.

        Raises:
            Refusal: The tool said no (tau2 shows the agent whatever a tool raises).
        """
        reading = not self.mutates(side, name) and "user" not in self.kits
        plain: dict[str, Any] = to_jsonable_python(dict(arguments))
        with self._lent(rows, f"{side}/{name}/{json.dumps(plain)}", reading) as changes:
            try:
                result = self._env.make_tool_call(name, requestor=side, **plain)
                self._env.sync_tools()
            except (GreenroomError, SQLAlchemyError):
                raise
            except Exception as error:
                raise Refusal("refused", str(error) or type(error).__name__) from None
            return self._plain(result), changes()

    def run(self, rows: Rows, side: Side, function: str, arguments: Mapping[str, Any]) -> tuple[Any, Writes]:
        """Run any function of a toolkit, as tasks do to prepare their start.

        Raises:
            AppError: It failed.
        """
        with self._lent(rows, f"{side}/{function}/{json.dumps(arguments)}", False) as changes:
            try:
                result = getattr(self.kits[side], function)(**arguments)
                self._env.sync_tools()
            except Exception as error:
                raise AppError(f"{self.name}: {side}.{function}({arguments}) failed: {error}") from error
            return result, changes()

    def replace(self, rows: Rows, side: Side, data: Mapping[str, Any]) -> Writes:
        """Merge data into a side's database, as tasks do to prepare their start."""
        with self._lent(rows, f"{side}/data", False) as changes:
            kit = self.kits[side]
            whole = {c.field: self._whole(kit.db, c) for c in self.collections[side]}
            kit.db = self.models[side].model_construct(**whole)
            kit.update_db(dict(data))
            return self._replaced(side, whole) | changes()

    def _whole(self, db: Any, collection: Collection) -> Any:
        content = getattr(db, collection.field)
        return dict(content.items()) if collection.kind == "dict" else content

    def _replaced(self, side: Side, before: Mapping[str, Any]) -> Writes:
        writes: Writes = {}
        for collection in self.collections[side]:
            old, new = (
                collection.rows(before[collection.field]),
                collection.rows(getattr(self.kits[side].db, collection.field)),
            )
            writes |= {(collection.table, k): text for k, text in new.items() if text != old.get(k)}
            writes |= {(collection.table, k): None for k in old if k not in new}
        return writes

    def mutates(self, side: Side, name: str) -> bool:
        """Whether a tool may change state, by what tau2 says of it; when it says nothing, it may."""
        method = getattr(self.kits[side], name, None)
        kind = getattr(method, "__tool_type__", None)
        stated = getattr(method, "__mutates_state__", None)
        return bool(stated) if stated is not None else getattr(kind, "value", "write") == "write"

    def methods(self, side: Side) -> dict[str, Callable[..., Any]]:
        """The tools of a side, those to be discovered left out."""
        kit = self.kits.get(side)
        found: dict[str, Callable[..., Any]] = {} if kit is None else dict(kit.tools)
        return {
            name: method for name, method in sorted(found.items()) if not getattr(method, "__discoverable__", False)
        }

    # -- the environment, lent

    @contextmanager
    def _lent(self, rows: Rows, text: str, reading: bool) -> Generator[Callable[[], Writes]]:
        """The environment on top of rows, for one call."""
        with self._lock:
            memory = self._recall(rows)
            databases: dict[Side, Database] = {
                s: Database(m, self.collections[s], rows, reading) for s, m in self.models.items()
            }
            for side, kit in self.kits.items():
                kit.db = databases["assistant" if self._one_database else side].live
                remember(kit, memory[side])

            def changes() -> Writes:
                found: Writes = {}
                for database in databases.values():
                    found |= database.changes()
                return found | self._remembered(memory)

            with drawing(f"{text}/{self._count(databases)}"):
                yield changes

    def _count(self, databases: Mapping[Side, Database]) -> int:
        """How many entities its lists hold: so that equal calls in a changed world draw anew."""
        contents = [
            getattr(databases[s].live, c.field) for s in databases for c in self.collections[s] if c.kind == "list"
        ]
        return sum(len(content) for content in contents)

    def _recall(self, rows: Rows) -> dict[Side, dict[str, Any]]:
        found: dict[Side, dict[str, Any]] = {}
        for side in self.kits:
            text = rows.get(self.memory_table, side)
            found[side] = self._memory[side] if text is None else json.loads(text)
        return found

    def _remembered(self, before: Mapping[Side, dict[str, Any]]) -> Writes:
        now: dict[Side, dict[str, Any]] = {side: remembered(kit) for side, kit in self.kits.items()}
        return {(self.memory_table, s): json.dumps(m, sort_keys=True) for s, m in now.items() if m != before[s]}

    def _plain(self, result: Any) -> Any:
        """A result as the agent would read it from tau2, parsed where it is JSON."""
        text: str = self._env.to_json_str(result)
        if isinstance(result, str) and text[:1] not in ("{", "["):
            return text
        try:
            return json.loads(text)
        except ValueError:
            return text

    def asserts(self, rows: Rows, assertion: Any) -> bool:
        """Whether one of a task's own assertions holds of a state; a call that fails does not."""
        try:
            found, _ = self.run(Draft(rows), assertion.env_type, assertion.func_name, assertion.arguments)
        except AppError:
            return False
        return found == assertion.assert_value
