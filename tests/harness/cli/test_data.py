import json
import subprocess
from collections.abc import Callable
from pathlib import Path

Greenroom = Callable[..., subprocess.CompletedProcess[str]]


def test_data_are_printed_or_written_as_a_page_with_a_picture(greenroom: Greenroom, folder: Path) -> None:
    rows = json.loads(greenroom("data", "notes", "--json").stdout)
    assert rows[0]["tables"] == {"notes_note": 10}
    assert "## notes, small" in greenroom("data", "notes").stdout
    done = greenroom("data", "notes", "--world", "medium", "--out", "pages/data.md")
    assert done.returncode == 0, done.stderr
    assert "100 rows in 1 tables" in (folder / "pages" / "data.md").read_text()
    assert (folder / "pages" / "data.png").is_file()
    assert "did you mean 'notes'" in greenroom("data", "nots").stderr
