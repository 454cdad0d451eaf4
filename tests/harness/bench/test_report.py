import io
import json

import pytest
from rich.console import Console

from greenroom.bench import Bar, Report, at_least, at_most


@pytest.mark.parametrize(
    ("bar", "holds"),
    [
        (at_most("time", 1.0, 1.0, "ms"), True),
        (at_most("time", 1.1, 1.0, "ms"), False),
        (at_least("success", 0.9, 0.9, ""), True),
        (at_least("success", 0.8, 0.9, ""), False),
        (at_most("not measured", None, 1.0, "ms"), False),
    ],
)
def test_a_bar_holds_on_the_right_side_of_its_limit(bar: Bar, holds: bool) -> None:
    assert bar.holds is holds
    assert bar.to_json()["holds"] is holds


def test_a_report_is_one_json_object() -> None:
    report = Report(title="Speed", rows=[{"what": "fork", "ms": 0.2}], bars=[at_most("fork", 0.2, 1.0, "ms")])
    found = json.loads(json.dumps(report.to_json()))
    assert list(found) == ["machine", "versions", "command", "rows", "bars"]
    assert found["rows"] == [{"what": "fork", "ms": 0.2}]
    assert found["bars"] == [
        {"name": "fork", "value": 0.2, "unit": "ms", "limit": 1.0, "sense": "at most", "holds": True}
    ]
    assert found["machine"]["cpus"] >= 1
    assert "apsw" in found["versions"]


def test_rows_of_the_same_columns_are_one_table() -> None:
    rows = [{"what": "fork", "ms": 0.25}, {"episodes": 3}, {"what": "freeze", "ms": None}]
    written = io.StringIO()
    Report(title="Speed", rows=rows, bars=[at_most("fork", 2.0, 1.0, "ms")]).print(Console(file=written, width=100))
    text = written.getvalue()
    assert text.index("fork") < text.index("freeze") < text.index("episodes")
    assert "0.25" in text
    assert "at most 1 ms" in text
    assert "does not hold" in text


def test_nothing_is_cut_off_in_a_narrow_terminal() -> None:
    row = {
        f"{name} of a server per step": 12345.678
        for name in ("milliseconds", "megabytes", "refusals", "steps", "waits")
    }
    written = io.StringIO()
    Report(title="Speed", rows=[{"way": "websocket, unix", **row}], bars=[]).print(Console(file=written, width=80))
    text = written.getvalue()
    assert text.count("12,346") == len(row)
    assert "websocket, unix" in text
    assert "…" not in text
