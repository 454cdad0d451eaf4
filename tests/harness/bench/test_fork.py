from pathlib import Path

import pytest

from greenroom.bench.fork import copies, orm_figures
from greenroom.bench.memory import memory_of_forks
from greenroom.bench.synthetic import recipe
from greenroom.bench.timing import side_by_side
from greenroom.worlds import build_base


def test_acts_take_turns_and_the_first_round_does_not_count() -> None:
    done: list[str] = []
    found = side_by_side({"a": lambda: done.append("a"), "b": lambda: done.append("b")}, 3)
    assert done == ["a", "b"] * 4
    assert list(found) == ["a", "b"]
    assert all(seconds >= 0 for seconds in found.values())


@pytest.mark.slow
def test_every_way_to_a_private_copy_is_measured(tmp_path: Path) -> None:
    base = build_base(recipe(1), tmp_path)
    assert 0.8e6 < base.path.stat().st_size < 1.4e6
    assert set(copies(base.path, base.snapshot())) == {
        "fork + open + first query",
        "plain read-only open + first query",
        "the same by apsw",
        "freeze",
        "id",
        "reset + first query",
        "os.fork + first query + exit",
        "file copy + open + first query",
        "deserialize + first query",
    }
    orm = orm_figures(base.snapshot(), base.path)
    assert all(0 < seconds < 1 for seconds in orm.values())
    assert 0 < memory_of_forks(str(tmp_path), 1, 20) < 0.1
