import asyncio

from greenroom.rollouts import GroupSpec, Rollouts
from greenroom.rollouts.record import group_row
from greenroom.sandboxes import LocalSandbox
from greenroom.store import Store
from support.rollouts import Asker, Scripted


def test_the_opening_that_a_group_proved_is_stored(sandbox: LocalSandbox, store: Store, run: int) -> None:
    engine = Rollouts(sandbox, Asker(), Scripted(), store=store, run=run)
    (group,) = asyncio.run(engine.play([GroupSpec("notes/train/find_number/0", 2)]))
    stored = store.group(run, 0)
    assert stored.opening == group.opening == group_row(run, group).opening
    assert len(stored.opening) == 64
