"""What tests of worlds do: run SQL as somebody, and look at what was recorded."""

import sqlalchemy as sa

from greenroom.worlds import Change, World


def run(world: World, *statements: str, actor: str = "agent") -> None:
    with world.transaction(actor) as session:
        for statement in statements:
            session.execute(sa.text(statement))


def short(changes: list[Change]) -> list[tuple[str, str, tuple[object, ...]]]:
    return [(change.actor, change.op, change.key) for change in changes]
