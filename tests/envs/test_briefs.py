"""What a server says of a task is believed by a client for every family of every app."""

import pytest

from greenroom.plugins import load_app
from greenroom.sandboxes import LocalSandbox
from greenroom.wire import answers
from greenroom.wire.protocol import decode, encode


@pytest.mark.parametrize("name", ["booking", "mail", "shop", "mail+booking+shop"])
def test_the_brief_of_every_family_crosses_the_wire(name: str) -> None:
    sandbox = LocalSandbox(load_app(name))
    for family in sandbox.families():
        brief = sandbox.prepare(f"{sandbox.app}/train/{family}/1")
        assert answers.brief(decode(encode({"brief": brief}))["brief"]) == brief, family
