import json
import random
from pathlib import Path

import pytest

from greenroom import Split
from greenroom.bench.apps import Figures, bench, growth, ready
from greenroom.bench.samples import Pool, common_words, samples
from greenroom.sandboxes import LocalSandbox
from greenroom.tasks import Size
from support.notes import app


def test_every_tool_that_can_be_called_gets_calls_that_are_accepted(sandbox: LocalSandbox) -> None:
    found = samples(app, sandbox, Split.TRAIN, 3)
    assert {name for name, chosen in found.items() if not chosen} == {"notes_half_then_fail", "notes_crash"}
    for chosen in found.values():
        assert len(chosen) <= 3
        for sample in chosen:
            with sample.snapshot.open() as world:
                assert app.call(world, sample.call).refused is None


def test_what_one_call_has_made_another_changes(sandbox: LocalSandbox) -> None:
    found = samples(app, sandbox, Split.TRAIN, 20)
    with sandbox.base(Split.TRAIN).open() as world:
        alike = [s for s in found["notes_delete"] if app.call(world, s.call).refused is not None]
    for sample in alike:
        with sample.snapshot.open() as world:
            assert app.call(world, sample.call).refused is None


def test_arguments_of_one_record_stay_together() -> None:
    pool = Pool()
    for number in range(20):
        pool.add("", [{"flight": f"F{number}", "day": f"D{number}"}, {"day": "x"}])
    rng = random.Random(0)
    drawn = [pool.record(["flight", "day", "seat"], rng) for _ in range(10)]
    assert all(record["flight"][1:] == record["day"][1:] for record in drawn)
    assert pool.record(["seat"], rng) == {}


def test_the_calls_of_oracles_are_tried_in_the_worlds_that_they_were_made_in(sandbox: LocalSandbox) -> None:
    found = samples(app, sandbox, Split.TRAIN, 3)
    words = [json.loads(sample.call["function"]["arguments"])["word"] for sample in found["notes_search"]]
    assert all(word.startswith("key ") for word in words)
    with found["notes_search"][0].snapshot.open() as world:
        assert app.call(world, found["notes_search"][0].call).text != "[]"


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [
        ("note_id", {"type": "integer"}, 7),
        ("note_ids", {"type": "array", "items": {"type": "integer"}}, [7]),
        ("title", {"type": "string"}, "milk"),
        ("title", {"type": "integer"}, None),
        ("colour", {"type": "string"}, None),
    ],
)
def test_values_are_drawn_by_name_and_type(name: str, schema: dict[str, object], value: object) -> None:
    pool = Pool()
    pool.add("", [{"id": 7, "title": "milk", "reads": None}])
    assert pool.draw(name, schema, random.Random(0)) == value


def test_common_words_are_those_of_the_rows(sandbox: LocalSandbox) -> None:
    assert common_words(sandbox.base(Split.TRAIN), 1) == ["train"]


def test_growth_compares_the_sizes(tmp_path: Path) -> None:
    figures = [Figures.measured(app, size, 2, 2) for size in (Size.SMALL, Size.MEDIUM)]
    rows = list(growth(figures, "notes"))
    assert [f.records for f in figures] == [10, 100]
    assert [row["growth of"] for row in rows] == list(app.tools)
    read = next(row for row in rows if row["growth of"] == "notes_read")
    assert read["at 1x"] > 0
    assert read["times"] == pytest.approx(read["at 10x"] / read["at 1x"])
    assert list(growth(figures[:1], "notes")) == []


def test_the_benchmark_holds_booking_against_its_bars() -> None:
    report = bench(apps="booking", sizes="small", calls=1, repeats=1)
    summary, *tools = report.rows
    assert summary["app"] == "booking"
    assert summary["measured"] <= summary["tools"] == len(tools)
    assert all(row["repeated"] <= row["statements"] for row in tools)
    assert report.bars == []


def test_an_app_that_is_not_ready_is_named_and_does_not_spoil_the_others() -> None:
    apps, left_out = ready(["mail", "nothing_of_that_name", "booking"])
    assert [app.name for app in apps] == ["mail", "booking"]
    assert [row["app"] for row in left_out] == ["nothing_of_that_name"]
