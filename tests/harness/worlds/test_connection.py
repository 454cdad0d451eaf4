import pytest
import sqlalchemy as sa

from greenroom.errors import WorldError
from greenroom.worlds import World


@pytest.mark.parametrize(
    "sql",
    ["random()", "randomblob(4)", "datetime('now')", "date()", "CURRENT_TIMESTAMP", "unixepoch()", "julianday('now')"],
)
def test_chance_and_wall_clock_of_sql_are_refused(world: World, sql: str) -> None:
    with pytest.raises(WorldError, match="refused in a world"), world.transaction("agent") as session:
        session.execute(sa.text(f"SELECT {sql}")).all()


def test_date_functions_of_given_values_work(world: World) -> None:
    with world.transaction("agent") as session:
        assert session.scalar(sa.text("SELECT strftime('%Y-%m', added) FROM shop_item WHERE id = 1")) == "2026-03"
