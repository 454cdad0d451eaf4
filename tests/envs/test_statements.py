"""No tool of any app asks the database once for each row: the statements of calls are counted."""

import json

import pytest

from greenroom.bench.samples import samples
from greenroom.plugins import load_app
from greenroom.sandboxes import LocalSandbox
from greenroom.statements import counting
from greenroom.tasks import Split

AGAIN = 4
"""So often may one statement run in a call, whatever it finds: an N+1 query runs as often as there are rows."""
IN_ALL = 25
ROWS = 5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["booking", "mail", "shop"])
def test_no_call_asks_once_for_each_row(name: str) -> None:
    app = load_app(name)
    found = samples(app, LocalSandbox(app), Split.TEST, 3, rounds=1)
    long = 0
    for tool, chosen in found.items():
        if "_wait" in tool:  # while time passes others act: as many statements as they do things
            continue
        for sample in chosen:
            with sample.snapshot.open() as world, counting(world) as statements:
                text = app.call(world, sample.call).text
            long += longest(json.loads(text)) >= ROWS
            assert statements.repeated <= AGAIN, f"{tool}: {statements.sql}"
            assert len(statements.sql) <= IN_ALL, f"{tool}: {statements.sql}"
    assert sum(map(bool, found.values())) > 0.7 * len(app.tools)
    assert long >= 3, "too few calls had many rows to show: the count proves nothing"


def longest(value: object) -> int:
    """How many things the longest list within a result holds."""
    if isinstance(value, dict):
        return max(map(longest, value.values()), default=0)
    return max([len(value), *map(longest, value)]) if isinstance(value, list) else 0
