from collections.abc import Iterator

import apsw
import pytest

from greenroom.worlds import dbapi


@pytest.fixture
def db() -> Iterator[dbapi.Connection]:
    connection = dbapi.connect()
    connection.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT NOT NULL)")
    connection.execute("INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    yield connection
    connection.close()


def test_rows_come_one_by_one_in_parts_or_at_once(db: dbapi.Connection) -> None:
    select = "SELECT a FROM t ORDER BY a"
    assert list(db.execute(select)) == [(1,), (2,)]
    assert db.execute(select).fetchall() == [(1,), (2,)]
    cursor = db.execute(select)
    assert (cursor.fetchone(), cursor.fetchone(), cursor.fetchone()) == ((1,), (2,), None)
    cursor = db.execute(select)
    assert (cursor.fetchmany(), cursor.fetchmany(5), cursor.fetchmany()) == ([(1,)], [(2,)], [])


def test_columns_are_known_without_rows(db: dbapi.Connection) -> None:
    cursor = db.execute("SELECT a, b AS c FROM t WHERE a > 9")
    assert cursor.description
    assert [column[0] for column in cursor.description] == ["a", "c"]
    assert db.execute("DELETE FROM t WHERE a > 9").description is None


def test_rows_are_counted(db: dbapi.Connection) -> None:
    assert db.execute("UPDATE t SET b = 'z'").rowcount == 2
    assert db.execute("UPDATE t SET b = 'z' WHERE a > 9").rowcount == 0
    assert db.execute("SELECT 1").rowcount == -1
    cursor = db.cursor().executemany("INSERT INTO t(b) VALUES (?)", [("p",), ("q",), ("r",)])
    assert (cursor.rowcount, cursor.lastrowid) == (3, 5)
    assert db.execute("INSERT INTO t(b) VALUES ('s') RETURNING a").fetchall() == [(6,)]


def test_rows_that_triggers_change_are_not_counted(db: dbapi.Connection) -> None:
    db.execute("CREATE TABLE log(b TEXT)")
    db.execute("CREATE TRIGGER noted AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (old.b), (new.b); END")
    update = "UPDATE t SET b = ? WHERE a = ?"
    assert db.execute(update, ("p", 1)).rowcount == 1
    assert db.cursor().executemany(update, [("q", 1), ("q", 2), ("q", 3)]).rowcount == 2


@pytest.mark.parametrize(
    ("sql", "parameters", "error"),
    [
        ("INSERT INTO t VALUES (1, 'x')", (), dbapi.IntegrityError),
        ("INSERT INTO t VALUES (9, NULL)", (), dbapi.IntegrityError),
        ("SELEC", (), dbapi.OperationalError),
        ("SELECT * FROM missing", (), dbapi.OperationalError),
        ("SELECT ?", (), dbapi.ProgrammingError),
        ("SELECT 1; SELECT 2", (), dbapi.ProgrammingError),
    ],
)
def test_errors_are_those_of_the_standard(
    db: dbapi.Connection, sql: str, parameters: tuple[object, ...], error: type[Exception]
) -> None:
    with pytest.raises(error):
        db.execute(sql, parameters).fetchall()


def test_a_second_statement_is_refused(db: dbapi.Connection) -> None:
    with pytest.raises(dbapi.ProgrammingError, match="one statement at a time: 'DELETE FROM t'"):
        db.execute("UPDATE t SET b = 'z'; DELETE FROM t")
    assert len(db.execute("SELECT a FROM t").fetchall()) == 2


def test_a_closed_connection_says_so() -> None:
    db = dbapi.connect()
    db.close()
    with pytest.raises((dbapi.ProgrammingError, apsw.ConnectionClosedError)):
        db.execute("SELECT 1")


def test_commit_and_rollback_without_a_transaction_do_nothing(db: dbapi.Connection) -> None:
    db.commit()
    db.rollback()
    db.db.execute("BEGIN")
    db.execute("DELETE FROM t")
    db.rollback()
    assert len(db.execute("SELECT a FROM t").fetchall()) == 2
