"""Where worlds live: the populated world of a recipe, on the backend that its apps ask for."""

import os
from pathlib import Path

from greenroom.errors import UsageError
from greenroom.worlds.build import build_base
from greenroom.worlds.recipe import Recipe
from greenroom.worlds.world import Snapshot

VARIABLE = "GREENROOM_POSTGRES"


def populated(recipe: Recipe, cache_dir: Path | None = None, postgres: str | None = None) -> Snapshot:
    """The populated world of a recipe: kept from an earlier time, or populated now.

    Args:
        recipe: What it is made from.
        cache_dir: Where bases in SQLite are kept; greenroom's folder in the user's cache folder when None.
        postgres: The address of a PostgreSQL server; the environment's `GREENROOM_POSTGRES` when None.

    Raises:
        PopulateError: `populate` failed; the cause says why.
        UsageError: PostgreSQL is asked for, and no server is named.
        WorldError: The folder cannot be written, or the server not be reached.
    """
    if recipe.backend == "sqlite":
        return build_base(recipe, cache_dir).snapshot()
    address = postgres or os.environ.get(VARIABLE)
    if not address:
        raise UsageError(
            f"'{recipe.name}' needs PostgreSQL, and no server is named: set {VARIABLE}, "
            "such as postgresql://postgres@127.0.0.1:5432/postgres"
        )
    # psycopg is an extra: only worlds that need it import it.
    from greenroom.worlds.postgres import Server, build

    return build(recipe, Server.of(address))
