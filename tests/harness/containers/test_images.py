import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom.containers.images import IMAGE, how_to_build, image_of
from support.plugins import with_plugins


def test_an_app_s_image_is_called_after_it() -> None:
    assert image_of("mail+shop") == "greenroom-mail-shop"


@pytest.mark.parametrize(("app", "image"), [("booking", "greenroom-booking"), ("mail+shop", "greenroom-mail-shop")])
def test_a_built_in_app_s_image_is_built_by_one_command(app: str, image: str) -> None:
    assert how_to_build(app, image, pulls=False) == f"build it in greenroom's repository with `scripts/images {app}`"


def test_where_nothing_can_be_pulled_the_base_goes_first() -> None:
    assert "`sudo compose/base-image` goes first" in how_to_build("mail", "greenroom-mail", pulls=True)


def test_an_app_that_is_not_installed_here_needs_a_package_that_brings_it() -> None:
    told = how_to_build("mail+rooms", "greenroom-mail-rooms", pulls=False)
    assert "`PLUGINS=PACKAGE scripts/images mail+rooms`" in told and "brings 'rooms'" in told


def test_an_image_that_was_named_by_hand_is_nothing_to_build() -> None:
    assert IMAGE in how_to_build("mail", "mine", pulls=True)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment where the small plugins are installed, from a folder."""
    environment = with_plugins(tmp_path)
    (info,) = tmp_path.glob("site/*.dist-info")
    (info / "direct_url.json").write_text('{"url": "file:///home/me/my%20plugins", "dir_info": {"editable": true}}')
    yield environment


def test_a_plugin_that_was_installed_from_a_folder_becomes_a_wheel_first(installed: dict[str, str]) -> None:
    code = "from greenroom.containers.images import *; print(how_to_build('notes', 'greenroom-notes', pulls=False))"
    done = subprocess.run([sys.executable, "-c", code], env=installed, capture_output=True, text=True, check=True)
    wheel = "pip wheel --no-deps -w compose/wheels '/home/me/my plugins'"
    assert f"`{wheel} && PLUGINS=small-plugins scripts/images notes`" in done.stdout
