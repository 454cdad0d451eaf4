"""A DB-API 2.0 module (PEP 249) over apsw, as much of one as SQLAlchemy's SQLite dialect asks for.

Transactions are begun by whoever owns the connection, never implicitly. One statement an `execute`.
"""

# apsw leaves the types of SQL values open.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

import apsw

from greenroom.worlds.connection import run

apilevel = "2.0"
threadsafety = 1
paramstyle = "qmark"
version = apsw.apsw_version()
version_info = (2, 6, 0)
sqlite_version = apsw.sqlite_lib_version()
sqlite_version_info = tuple(map(int, sqlite_version.split(".")))
PARSE_DECLTYPES = PARSE_COLNAMES = 0
Binary = bytes

# PEP 249 names the error tree, `Warning` among them.


class Warning(Exception):  # noqa: N818
    """Important warnings; never raised here."""


class Error(Exception):
    """Base of all errors of this module."""


class InterfaceError(Error):
    """A wrong use of the module."""


class DatabaseError(Error):
    """An error of the database."""


class DataError(DatabaseError):
    """A value that does not fit."""


class OperationalError(DatabaseError):
    """An error of the database's running, or SQL that does not parse."""


class IntegrityError(DatabaseError):
    """A constraint was violated."""


class InternalError(DatabaseError):
    """The database is in trouble."""


class ProgrammingError(DatabaseError):
    """A wrong use of the database."""


class NotSupportedError(DatabaseError):
    """What SQLite cannot do."""


_ERRORS: list[tuple[type[Exception], type[Error]]] = [
    (apsw.ConstraintError, IntegrityError),
    (apsw.MismatchError, IntegrityError),
    (apsw.RangeError, InterfaceError),
    (apsw.TooBigError, DataError),
    (apsw.MisuseError, ProgrammingError),
    (apsw.BindingsError, ProgrammingError),
    (apsw.ConnectionClosedError, ProgrammingError),
    (apsw.CursorClosedError, ProgrammingError),
    (apsw.CorruptError, DatabaseError),
    (apsw.NotADBError, DatabaseError),
    (apsw.NoMemError, InternalError),
    (apsw.InternalError, InternalError),
]


def translate(error: Exception) -> Error:
    """The DB-API error for one of apsw's."""
    for theirs, ours in _ERRORS:
        if isinstance(error, theirs):
            return ours(str(error))
    return OperationalError(str(error))


class Observer(Protocol):
    """Whoever must know of statements that SQLite takes back: the recorder of changes."""

    def before(self, sql: str) -> None:
        """A statement is about to run."""
        ...

    def failed(self) -> None:
        """The statement last announced has failed."""
        ...


Row = tuple[Any, ...]
Column = tuple[str, None, None, None, None, None, None]


class Cursor:
    """A DB-API cursor."""

    arraysize = 1
    __slots__ = ("_cursor", "_db", "_many", "_statements", "connection", "description", "rowcount")

    def __init__(self, connection: "Connection") -> None:
        self.connection = connection
        self._db = connection.db
        self._cursor = connection.db.cursor()
        self._cursor.exec_trace = self._trace
        self._statements, self._many = 0, False
        self.description: list[Column] | None = None
        self.rowcount = -1

    def _trace(self, cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        # The one moment when the columns of a statement without rows are known.
        self._statements += 1
        if self._statements > 1 and not self._many:
            raise ProgrammingError(f"one statement at a time: {sql.strip()[:60]!r} follows another")
        if self.connection.observer is not None:
            self.connection.observer.before(sql)
        columns = cursor.get_description()
        self.description = [(c[0], None, None, None, None, None, None) for c in columns] if columns else None
        return True

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "Cursor":
        """Run one statement.

        Raises:
            Error: It failed.
        """
        self._many = False
        self._run(self._cursor.execute, sql, parameters)
        # SQLite counts the rows of a statement when it ends; with RETURNING that is at the last row.
        self.rowcount = -1 if sql.lstrip()[:6].upper() == "SELECT" else self._db.changes()
        return self

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> "Cursor":
        """Run one statement once for each set of parameters.

        Raises:
            Error: It failed; the sets before the failing one have run.
        """
        self._many, counts = True, list[int]()
        self._run(self._cursor.executemany, sql, self._counted(parameters, counts))
        self.rowcount = sum(counts)
        return self

    def _counted(self, parameters: Iterable[Sequence[Any]], counts: list[int]) -> Iterator[Sequence[Any]]:
        """Note after each run how many rows it changed; total_changes() would count those of triggers too."""
        for one in parameters:
            yield one
            counts.append(self._db.changes())

    def _run(self, run: Callable[..., Any], sql: str, parameters: Any) -> None:
        self._statements = 0
        self.description = None
        try:
            run(sql, parameters)
        except (apsw.Error, apsw.BindingsError) as error:
            self._failed()
            raise translate(error) from error
        except BaseException:
            self._failed()
            raise

    def _failed(self) -> None:
        if self._statements and self.connection.observer is not None:
            self.connection.observer.failed()

    @property
    def lastrowid(self) -> int:
        """The rowid of the row inserted last."""
        return self._db.last_insert_rowid()

    def fetchone(self) -> Row | None:
        """The next row, or None."""
        return next(self, None)

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """The next rows."""
        rows: list[Row] = []
        for row in self:
            rows.append(row)
            if len(rows) == (size or self.arraysize):
                break
        return rows

    def fetchall(self) -> list[Row]:
        """All rows that are left."""
        try:
            return self._cursor.fetchall()
        except apsw.Error as error:
            raise translate(error) from error

    def __iter__(self) -> Iterator[Row]:
        return self

    def __next__(self) -> Row:
        try:
            return next(self._cursor)
        except apsw.Error as error:
            raise translate(error) from error

    def close(self) -> None:
        """Close it, and let go of what it holds."""
        self._cursor.exec_trace = None
        self._cursor.close(True)

    def setinputsizes(self, sizes: Any) -> None:
        """Nothing; PEP 249 asks for it."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Nothing; PEP 249 asks for it."""


class Connection:
    """A DB-API connection over one of apsw's.

    Args:
        db: What it drives.
        observer: Told of each statement that runs.
    """

    isolation_level = ""

    def __init__(self, db: apsw.Connection, observer: Observer | None = None) -> None:
        self.db = db
        self.observer = observer

    def cursor(self) -> Cursor:
        """A new cursor."""
        return Cursor(self)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        """Run one statement on a new cursor."""
        return self.cursor().execute(sql, parameters)

    def commit(self) -> None:
        """Commit the running transaction, if there is one."""
        self._end("COMMIT")

    def rollback(self) -> None:
        """Roll the running transaction back, if there is one."""
        self._end("ROLLBACK")

    def _end(self, how: str) -> None:
        try:
            if self.db.in_transaction:
                run(self.db, how)
        except apsw.Error as error:
            raise translate(error) from error

    def close(self) -> None:
        """Close it."""
        self.db.close()

    def create_function(
        self, name: str, arity: int, function: Callable[..., Any] | None, *, deterministic: bool = False
    ) -> None:
        """Add a function to SQL."""
        self.db.create_scalar_function(name, function, arity, deterministic=deterministic)


def connect(database: str = ":memory:") -> Connection:
    """Open a database; worlds never use this, PEP 249 asks for it."""
    return Connection(apsw.Connection(database))
