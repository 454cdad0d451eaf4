import pytest

from greenroom.bench.wire import bench
from support.served import free_port


@pytest.mark.slow
def test_every_way_is_measured_and_held_against_the_floor() -> None:
    report = bench(world="small", sessions="1,3", steps=6, rounds=1, starts=2, resets=False, port=free_port())
    ways = {(row["way"], row["sessions"]): row for row in report.rows}
    here = {"floor, unix", "floor, tcp", "in process", "floor with the tool, unix"}
    assert {way for way, _ in ways} == here | {"websocket, unix", "websocket, tcp", "rest", "mcp"}
    assert all(row["refused"] == 0 and row["server CPU ms/step"] > 0 for row in ways.values())
    assert ways["websocket, unix", 3]["steps"] == 120
    assert [bar.name.split(":")[0] for bar in report.bars] == [
        *("websocket, unix, 1 at once", "websocket, tcp, 1 at once", "mcp to rest, 1 at once"),
        *("websocket, unix, 3 at once", "websocket, tcp, 3 at once", "mcp to rest, 3 at once"),
    ]
