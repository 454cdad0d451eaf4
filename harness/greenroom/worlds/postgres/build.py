"""Building bases in PostgreSQL: populated once a server, kept under the hash of what they are made from."""

from typing import LiteralString, cast
from zlib import crc32

from greenroom.errors import PopulateError
from greenroom.worlds.postgres import rules
from greenroom.worlds.postgres.database import PostgresDatabase, PostgresSnapshot
from greenroom.worlds.postgres.server import Connection, Lease, Server
from greenroom.worlds.recipe import Recipe
from greenroom.worlds.state import State
from greenroom.worlds.world import World


def build(recipe: Recipe, server: Server) -> PostgresSnapshot:
    """The populated world of a recipe: kept on the server, or populated now.

    Safe against other processes that build the same, and against being killed at any point: a base gets its name when
    it is whole.

    Raises:
        PopulateError: `populate` failed; the cause says why.
        WorldError: The server refuses.
    """
    name = server.base_name(recipe.key())
    known = server.base(name)
    if known is None:
        with server.holding(crc32(name.encode())):
            known = server.base(name) or _build(recipe, server, name)
    return PostgresSnapshot(server, name, recipe.schema, name, known)


def _build(recipe: Recipe, server: Server, name: str) -> str:
    lease = server.create()
    try:
        with server.connect(lease.name, owner=True) as owner:
            _create(recipe, server, owner, server.connect(lease.name, owner=True))
            page_id = _populate(recipe, server, lease, name)
            _seal(recipe, owner)
    except Exception as error:
        lease.drop()
        raise PopulateError(
            f"base '{recipe.name}' ({recipe.size}, {recipe.split}, seed {recipe.seed}) could not be populated: "
            f"{type(error).__name__}: {error}"
        ) from error
    server.keep(lease, name, page_id)
    return page_id


def _run(owner: Connection, sql: str) -> None:
    owner.execute(cast(LiteralString, sql))


def _create(recipe: Recipe, server: Server, owner: Connection, other: Connection) -> None:
    """The empty tables, and the rules of who may do what; SQLAlchemy closes the connection that it is handed."""
    for statement in rules.own_tables():
        _run(owner, statement)
    with recipe.schema.connect(other) as connection:
        recipe.schema.create(connection)
        connection.commit()
    for statement in (*rules.functions(server.key), *rules.grants(server.role)):
        _run(owner, statement)
    for statement in rules.numbering(owner.execute(cast(LiteralString, rules.NUMBERED)).fetchall()):
        _run(owner, statement)
    if server.superuser:
        _revoke(owner, "EXECUTE ON FUNCTION", rules.impure_functions())
        _revoke(owner, "ALL ON TABLE", rules.shared_views())


def _revoke(owner: Connection, what: str, query: str) -> None:
    """Take a right to all that a query finds in the catalogue from everybody."""
    found = owner.execute(cast(LiteralString, query)).fetchall()
    _run(owner, f"REVOKE {what} {', '.join(f'pg_catalog.{name}' for (name,) in found)} FROM PUBLIC")


def _populate(recipe: Recipe, server: Server, lease: Lease, name: str) -> str:
    database = PostgresDatabase(server, lease, recipe.schema, name, record=False)
    try:
        world = World(database)
        with world.transaction("world"):
            State.start(database, recipe.started, recipe.seed_text)
        with world.transaction("world"):
            recipe.populate(world)
        return database.page_id
    finally:
        database.disconnect()


def _seal(recipe: Recipe, owner: Connection) -> None:
    """From here on changes are recorded, and plans are made from what is there."""
    for statement in rules.triggers(recipe.schema.shapes):
        _run(owner, statement)
    _run(owner, "ANALYZE")
