"""The environment of a machine on which a distribution with small plugins is installed."""

import os
from pathlib import Path

POINTS = """
[greenroom.envs]
notes = {notes}
parity = support.parity:app
hollow = nowhere.at_all:app

[greenroom.simulators]
asker = support.rollouts:Asker

[greenroom.policies]
slow = support.rollouts:SlowPolicy

[greenroom.commands]
hello = support.commands:hello
greetings = support.commands:greetings
hollow = nowhere.at_all:command

[greenroom.benches]
tiny = support.commands:tiny
"""


def with_plugins(home: Path, notes: str = "support.notes:app", **variables: str) -> dict[str, str]:
    """Variables for processes that shall find the plugins.

    Args:
        home: Where the distribution is put, and where bases are cached.
        notes: The app that goes by the name `notes`.
        variables: More of them.
    """
    info = home / "site" / "small_plugins-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: small-plugins\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS.format(notes=notes))
    tests = Path(__file__).parents[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GREENROOM")}
    paths = os.pathsep.join([str(info.parent), str(tests), kept.get("PYTHONPATH", "")])
    return {**kept, "PYTHONPATH": paths, "XDG_CACHE_HOME": str(home / "cache"), "COLUMNS": "160", **variables}
