"""Worlds in PostgreSQL: what is theirs alone. What they have in common with SQLite is in `test_contract.py`."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from greenroom.errors import PopulateError, SnapshotError, UsageError, WorldError
from greenroom.worlds import Snapshot, World, paged, populated
from greenroom.worlds.arrival import admit
from greenroom.worlds.recipe import Recipe
from support.postgres import mortal_cluster
from support.shop import Item, populate, shop_recipe

psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'greenroom[postgres]'")
pytestmark = pytest.mark.slow
TESTS = Path(__file__).parents[2]


def recipe(**changed: Any) -> Recipe:
    return replace(shop_recipe(), backend="postgres", **changed)


@pytest.fixture
def shop(postgres: str) -> Snapshot:
    return populated(recipe(), None, postgres)


@pytest.fixture
def world(shop: Snapshot) -> Iterator[World]:
    with shop.open() as world:
        yield world


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT random()", "draw from world.random"),
        ("SELECT gen_random_uuid()", "draw from world.random"),
        ("SELECT now()", "pass world.now"),
        ("SELECT Clock_Timestamp ()", "pass world.now"),
        ("SELECT current_date", "pass world.now"),
        ("UPDATE shop_item SET added = CURRENT_TIMESTAMP", "pass world.now"),
        ("SELECT 'now'::timestamptz", "pass world.now"),
        ("SELECT timestamp 'today'", "pass world.now"),
        ("SELECT cast('now' AS timestamptz)", "pass world.now"),
        ("/* here */ COMMIT", "ended its transaction"),
        ("ROLLBACK", "ended its transaction"),
        ("TRUNCATE shop_item", "'TRUNCATE' is refused"),
        ("ALTER TABLE shop_item DISABLE TRIGGER ALL", "'ALTER' is refused"),
        ("DO $$ BEGIN END $$", "'DO' is refused"),
        ("SET ROLE me", "'SET' is refused"),
        ("DELETE FROM greenroom_change", "greenroom's own tables"),
        ("SELECT set_config('role', 'me', false)", "greenroom's own"),
        ('SELECT "random" ()', "draw from world.random"),
        ("SELECT * FROM shop_item TABLESAMPLE BERNOULLI (50)", "draw from world.random"),
        ("EXPLAIN (FORMAT JSON, SUMMARY) SELECT 1", "pass world.now"),
        ("explain analyze SELECT 1", "pass world.now"),
        ("SELECT query FROM pg_stat_activity", "other worlds"),
        ("SELECT * FROM pg_locks", "other worlds"),
        ("SELECT pg_terminate_backend(1)", "other worlds"),
        ("SELECT pg_catalog.pg_try_advisory_xact_lock(1)", "other worlds"),
        ("SELECT lo_from_bytea(0, 'x')", "greenroom's own"),
        ("SELECT query_to_xml('SELECT CURRENT_TIMESTAMP', true, true, '')", "greenroom's own"),
    ],
)
def test_what_a_world_refuses_says_why_and_changes_nothing(world: World, sql: str, why: str) -> None:
    before = world.page_id
    with pytest.raises(WorldError, match=why), world.transaction("agent") as session:
        session.execute(sa.text(sql))
    assert world.page_id == before


def test_texts_that_look_like_clocks_and_chance_are_only_texts(world: World) -> None:
    with world.transaction("agent") as session:
        session.execute(sa.text("UPDATE shop_item SET name = 'now() or random(), COMMIT; -- now' WHERE id = 1"))
        session.execute(sa.text("UPDATE shop_item SET name = :name WHERE id = 2"), {"name": "CURRENT_DATE"})
    assert len(world.changes(by="agent")) == 2


@pytest.mark.parametrize(
    "sql",
    [
        'SELECT pg_catalog."now"()',
        'SELECT pg_catalog."random"()',
        "DELETE FROM greenroom_change",
        "INSERT INTO greenroom_change VALUES (99, 'user', 'delete', 'shop_item', NULL, NULL)",
        "UPDATE greenroom_actor SET actor = 'user'",
        "SELECT greenroom_act('user', 'a guess')",
        "SELECT greenroom_clear('a guess')",
        "ALTER TABLE shop_item DISABLE TRIGGER greenroom_record",
        "DROP TRIGGER greenroom_record ON shop_item",
        "TRUNCATE shop_stock",
        "SET session_replication_role = replica",
        "SET ROLE me",
        "CREATE TABLE beside(a int)",
        "CREATE TEMP TABLE beside(a int)",
        "SELECT * INTO TEMP beside FROM shop_item",
        "SELECT * INTO beside FROM shop_item",
        "SELECT query, query_start FROM pg_stat_activity",
        "SELECT * FROM pg_stat_get_activity(NULL)",
        "SELECT * FROM pg_stat_database",
        "SELECT pg_stat_get_db_xact_commit(1)",
        "SELECT * FROM pg_locks",
        "SELECT * FROM pg_lock_status()",
        "SELECT datname FROM pg_database",
        "SELECT * FROM pg_timezone_names",
        "UPDATE pg_settings SET setting = 'x' WHERE name = 'application_name'",
        "SELECT pg_terminate_backend(1)",
        "SELECT pg_cancel_backend(1)",
        "SELECT pg_advisory_lock(1)",
        "SELECT pg_try_advisory_xact_lock_shared(1, 2)",
        "SELECT pg_sleep(1)",
        "SELECT pg_notify('a', 'b')",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT lo_creat(-1)",
        "SELECT lo_get(1)",
        "SELECT pg_postmaster_start_time()",
        "SELECT statement_timestamp()",
        "SELECT age(timestamp '2026-01-01')",
        "SELECT age('3'::xid)",
        "SELECT txid_current()",
        "SELECT pg_current_xact_id()",
        "SELECT pg_current_wal_lsn()",
        "SELECT pg_backend_pid()",
        "SELECT pg_relation_size('shop_item')",
        "SELECT pg_export_snapshot()",
        "SELECT query_to_xml('SELECT CURRENT_TIMESTAMP', true, true, '')",
    ],
)
def test_the_apps_role_itself_may_not_what_the_guard_refuses(world: World, sql: str) -> None:
    plain = psycopg.Cursor(world.connection)
    plain.execute("BEGIN")
    with pytest.raises(psycopg.Error, match=r"permission denied|must be owner|only greenroom may"):
        plain.execute(sql)
    plain.execute("ROLLBACK")


def test_the_apps_role_may_call_no_volatile_function_but_those_of_sequences(world: World) -> None:
    found = psycopg.Cursor(world.connection).execute(
        "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace "
        "AND provolatile = 'v' AND has_function_privilege(oid, 'EXECUTE')"
    )
    assert {name for (name,) in found} == {"nextval", "currval", "lastval", "setval", "pg_sequence_last_value"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT to_tsvector('english', 'the cats') @@ to_tsquery('english', 'cat')",
        "SELECT table_name FROM information_schema.tables WHERE table_name = 'shop_item'",
        "SELECT relname FROM pg_class WHERE relname = 'shop_item'",
        "EXPLAIN (FORMAT JSON) SELECT * FROM shop_item",
        "SELECT string_agg(name, ',' ORDER BY id), jsonb_agg(price) FROM shop_item",
        "SELECT age(timestamp '2026-01-02', timestamp '2026-01-01')",
    ],
)
def test_plain_reading_is_left(world: World, sql: str) -> None:
    with world.transaction("agent") as session:
        assert session.execute(sa.text(sql)).first() is not None


def test_after_a_freeze_no_temporary_table_can_be_made_either(shop: Snapshot) -> None:
    with shop.open() as world:
        kept = world.freeze()
        denied = pytest.raises(sa.exc.ProgrammingError, match="permission denied")
        with denied, world.transaction("agent") as session:
            session.execute(sa.text("SELECT * INTO TEMP beside FROM shop_item"))
        assert world.page_id == kept.page_id


def test_rows_that_are_streamed_pass_the_same_guard(world: World) -> None:
    streamed = {"stream_results": True}
    with world.transaction("agent") as session:
        names = session.execute(sa.text("SELECT id FROM shop_item ORDER BY id"), execution_options=streamed)
        assert names.scalars().first() == 1
        with pytest.raises(WorldError, match=r"world\.now"):
            session.execute(sa.text("SELECT CURRENT_TIMESTAMP"), execution_options=streamed)
        with pytest.raises(WorldError, match=r"world\.now"):
            next(iter(world.connection.cursor().stream("SELECT CURRENT_TIMESTAMP")))


def test_two_statements_in_one_are_refused(world: World) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="multiple commands"), world.transaction("agent") as session:
        session.execute(sa.text("SELECT 1; COMMIT"))


def test_a_column_that_defaults_to_the_wall_clock_is_refused_when_it_is_used(postgres: str) -> None:
    tables = sa.MetaData()
    made = sa.Column("made", sa.DateTime(timezone=True), server_default=sa.func.now())
    table = sa.Table("shop_row", tables, sa.Column("id", sa.Integer, primary_key=True), made)
    start = populated(recipe(tables=[tables], populate=lambda world: None), None, postgres)
    with start.open() as world:
        denied = pytest.raises(sa.exc.ProgrammingError, match="permission denied for function now")
        with denied, world.transaction("agent") as session:
            session.execute(sa.insert(table).values(id=1))
        with world.transaction("agent") as session:
            session.execute(sa.insert(table).values(id=1, made=world.now))


def test_a_failed_statement_that_the_app_ignores_undoes_the_transaction(world: World) -> None:
    before = world.page_id
    with pytest.raises(WorldError, match="begin_nested"), world.transaction("agent") as session:
        session.execute(sa.text("UPDATE shop_item SET price = 0 WHERE id = 1"))
        with pytest.raises(sa.exc.IntegrityError):
            session.execute(sa.text("INSERT INTO shop_item SELECT * FROM shop_item"))
    assert (world.page_id, world.changes()) == (before, [])


def every_kind() -> tuple[sa.MetaData, sa.Table]:
    tables = sa.MetaData()
    kinds: dict[str, Any] = {
        "whole": sa.Integer(),
        "yes": sa.Boolean(),
        "real": sa.Float(),
        "money": sa.Numeric(10, 2),
        "text": sa.String(),
        "day": sa.Date(),
        "moment": sa.DateTime(),
        "zoned": sa.DateTime(timezone=True),
        "data": sa.LargeBinary(),
        "json": sa.JSON(),
        "uuid": sa.Uuid(as_uuid=False),
        "kind": sa.Enum("a", "b", name="letter"),
    }
    columns = [sa.Column(name, kind) for name, kind in kinds.items()]
    return tables, sa.Table("shop_kinds", tables, sa.Column("id", sa.String, primary_key=True), *columns)


def fill_kinds(world: World, table: sa.Table) -> None:
    row = {
        "whole": -5,
        "yes": True,
        "real": 2.0,
        "money": Decimal("12.50"),
        "text": "naïve \U0001f600",
        "day": date(2026, 3, 2),
        "moment": datetime(2026, 3, 2, 9, 0, 0, 7),
        "zoned": datetime(2026, 3, 2, 9, tzinfo=UTC),
        "data": b"\0\xff",
        "json": {"b": [1, None], "a": "x"},
        "uuid": "12345678123456781234567812345678",
        "kind": "b",
    }
    for key in ("é", "Z", "a", "B"):
        world.session.execute(sa.insert(table).values(id=key, **row))
    world.session.execute(sa.insert(table).values(id="whole money", money=Decimal("3.00")))


@pytest.mark.parametrize("kinds", [False, True], ids=["shop", "every kind of column"])
def test_the_same_rows_have_the_same_content_id_on_both_backends(postgres: str, tmp_path: Path, kinds: bool) -> None:
    tables, table = every_kind()
    changed: dict[str, Any] = {}
    if kinds:
        changed = {"tables": [tables], "populate": lambda world: fill_kinds(world, table)}
    here = populated(replace(recipe(**changed), backend="sqlite"), tmp_path)
    there = populated(recipe(**changed), None, postgres)
    assert here.content_id == there.content_id
    with here.open() as one, there.open() as other:
        for world in (one, other):
            with world.transaction("agent") as session:
                session.execute(sa.text(f"DELETE FROM {'shop_kinds' if kinds else 'shop_stock'}"))
        assert one.content_id == other.content_id != here.content_id
        assert told(one) == told(other)


def told(world: World) -> dict[Any, Any]:
    """Each change by its key; what SQLite has lost is the time zone."""
    return {c.key: (c.op, {k: v for k, v in (c.before or {}).items() if k != "zoned"}) for c in world.changes()}


def test_a_base_is_built_once_a_server_and_a_failed_one_leaves_nothing(postgres: str) -> None:
    calls: list[World] = []

    def counted(world: World) -> None:
        calls.append(world)
        populate(world)

    first, again = (populated(recipe(populate=counted, seed=5), None, postgres) for _ in range(2))
    assert len(calls) == 1
    assert first.page_id == again.page_id

    def broken(world: World) -> None:
        populate(world)
        raise ZeroDivisionError("no stock")

    before = databases(postgres)
    with pytest.raises(PopulateError, match="ZeroDivisionError: no stock"):
        populated(recipe(populate=broken, seed=6), None, postgres)
    wait_for(lambda: databases(postgres) <= before)  # What another test left may have gone meanwhile.


def databases(address: str) -> set[str]:
    with psycopg.connect(address, autocommit=True) as db:
        return {row[0] for row in db.execute("SELECT datname FROM pg_database WHERE datname LIKE 'greenroom%'")}


def wait_for(done: Any) -> None:
    for _ in range(500):
        if done():
            return
        time.sleep(0.02)
    raise AssertionError("waited for 10 s")


def test_what_nobody_refers_to_is_dropped(postgres: str, shop: Snapshot) -> None:
    before = databases(postgres)
    world = shop.open()
    with world.transaction("agent") as session:
        session.get_one(Item, 1).price = 1
    frozen: Snapshot | None = world.freeze()
    world.close()
    assert len(databases(postgres) - before) == 1
    assert frozen and frozen.content_id != shop.content_id
    frozen = None
    del world
    gc.collect()
    wait_for(lambda: databases(postgres) <= before)  # What another test left may have gone meanwhile.


def test_a_frozen_world_goes_on_and_its_snapshot_stays(shop: Snapshot, world: World) -> None:
    frozen = world.freeze()
    assert world.freeze() is frozen
    with world.transaction("agent") as session:
        session.get_one(Item, 1).price = 1
    assert world.page_id != frozen.page_id == shop.page_id
    with frozen.open() as fork:
        assert fork.page_id == frozen.page_id


def test_databases_of_a_killed_process_are_found_and_dropped(postgres: str) -> None:
    from greenroom.worlds.postgres import Server

    server = Server.of(postgres)
    command = [sys.executable, "-m", "support.postgres_run", postgres]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        theirs = set(child.stdout.readline().split())
        assert len(theirs) == 2 <= len(databases(postgres))
        assert not theirs & set(server.sweep())
        child.send_signal(signal.SIGKILL)
        child.wait(30)
    dropped: set[str] = set()
    wait_for(lambda: dropped.update(server.sweep()) or dropped == theirs)
    assert not theirs & databases(postgres)


def test_a_connection_that_breaks_costs_the_running_transaction_and_no_more(postgres: str, world: World) -> None:
    def cut() -> None:
        with psycopg.connect(postgres, autocommit=True) as db:
            db.execute("SELECT pg_terminate_backend(%s)", (world.connection.info.backend_pid,))

    with world.transaction("agent") as session:
        session.get_one(Item, 1).price = 1
    before = world.page_id
    with pytest.raises(sa.exc.OperationalError), world.transaction("agent") as session:
        session.get_one(Item, 1).price = 2
        session.add(Item(name="thing", price=1, added=world.now))
        session.flush()
        cut()
        session.get_one(Item, 3)
    assert world.page_id == before
    with world.transaction("agent") as session:
        assert session.get_one(Item, 1).price == 1


def test_a_server_whose_role_is_no_superuser_serves_and_refuses_by_name(postgres: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres, autocommit=True) as db:
        db.execute("CREATE ROLE modest LOGIN CREATEDB CREATEROLE")
        db.execute("CREATE DATABASE modest OWNER modest")
    address = postgres.replace("me@/postgres", "modest@/modest")
    with populated(recipe(seed=9), None, address).open() as world:
        with world.transaction("agent") as session:
            session.get_one(Item, 1).price = 1
        assert len(world.changes(by="agent")) == 1
        with pytest.raises(WorldError, match=r"world\.random"), world.transaction("agent") as session:
            session.execute(sa.text("SELECT random()"))
    from greenroom.worlds.postgres import Server

    Server.of(address).close()


def test_where_a_sequence_of_an_apps_own_stands_is_part_of_the_world(postgres: str) -> None:
    tables = sa.MetaData()
    number = sa.Column("id", sa.Integer, sa.Sequence("shop_row_number"), primary_key=True)
    table = sa.Table("shop_row", tables, number, sa.Column("a", sa.Integer))
    with populated(recipe(tables=[tables], populate=lambda world: None, seed=3), None, postgres).open() as world:
        before = world.page_id
        with world.transaction("agent") as session:
            session.execute(sa.insert(table).values(a=1))
            session.execute(sa.delete(table))
        world.clear_changes()
        assert world.page_id != before


def test_a_server_that_is_not_named_or_not_there_is_asked_for(shop: Snapshot, tmp_path: Path) -> None:
    if "GREENROOM_POSTGRES" not in os.environ:
        with pytest.raises(UsageError, match="set GREENROOM_POSTGRES"):
            populated(recipe())
    with pytest.raises(WorldError, match="cannot be reached"):
        populated(recipe(), None, f"postgresql://me@/postgres?host={tmp_path}")


def test_what_needs_pages_says_that_there_are_none(shop: Snapshot, tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="stays on its server"):
        shop.save(tmp_path / "file")
    with pytest.raises(WorldError, match="works for worlds in SQLite only"):
        paged(shop)
    assert shop.schema
    with pytest.raises(SnapshotError, match="live in PostgreSQL: none is taken from a file"):
        admit(tmp_path / "file", shop.schema, shop.page_id, shop.content_id)


def test_while_a_thread_builds_a_base_others_clone_and_see_that_the_server_is_there(
    shop: Snapshot, postgres: str
) -> None:
    from greenroom.worlds.postgres import Server

    server, slow = Server.of(postgres), threading.Event()

    def build(world: World) -> None:
        building.set()
        slow.wait(30)
        populate(world)

    building = threading.Event()
    thread = threading.Thread(target=populated, args=(recipe(populate=build, seed=77), None, postgres))
    thread.start()
    try:
        assert building.wait(30)
        begun = time.monotonic()
        assert server.alive() and not shop.gone
        shop.open().close()
        assert time.monotonic() - begun < 5
    finally:
        slow.set()
        thread.join()


def test_whether_a_server_is_there_is_known_without_waiting_for_whoever_asks_it_something() -> None:
    from greenroom.worlds.postgres import Server

    with mortal_cluster() as (address, kill, start):
        server = Server.of(address)
        with busy(server):
            assert server.alive()
        kill()
        with busy(server):
            assert not server.alive()
            start()
            assert not server.alive()  # It is another one.
        assert not server.alive() and Server.of(address) is not server


@contextmanager
def busy(server: Any) -> Iterator[None]:
    """Another thread asks it something that takes long."""
    asking, over = threading.Event(), threading.Event()

    def ask() -> None:
        with server._lock:
            asking.set()
            over.wait(30)

    thread = threading.Thread(target=ask)
    thread.start()
    asking.wait()
    begun = time.monotonic()
    try:
        yield
        assert time.monotonic() - begun < 15
    finally:
        over.set()
        thread.join()
