import subprocess
import sys

CODE = """
from greenroom.cli.output import table
row = ["a_rather_long_name_of_a_family", 1, 2.5, "some words"]
print(table(("name", "one", "two", "text"), [row], spare=("two", "one")))
"""


def printed(environment: dict[str, str], columns: int) -> list[str]:
    environment = {**environment, "COLUMNS": str(columns)}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_wide_terminal_shows_every_column(environment: dict[str, str]) -> None:
    head, row, dropped = printed(environment, 60)
    assert (head.split(), dropped) == (["name", "one", "two", "text"], "[]")
    assert row.split() == ["a_rather_long_name_of_a_family", "1", "2.500", "some", "words"]


def test_a_narrow_one_loses_spare_columns_before_a_name_is_broken(environment: dict[str, str]) -> None:
    head, row, dropped = printed(environment, 48)
    assert (head.split(), dropped) == (["name", "one", "text"], "['two']")
    assert row.startswith("a_rather_long_name_of_a_family ")
    assert printed(environment, 43)[-1] == "['one', 'two']"
