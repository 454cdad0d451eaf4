from collections.abc import Iterator
from pathlib import Path

import pytest

from greenroom import Split
from greenroom.sandboxes import LocalSandbox
from greenroom_envs.mail import app
from support.mailbox import Mailbox


@pytest.fixture(scope="session")
def sandbox(bases: Path) -> LocalSandbox:
    return LocalSandbox(app, cache_dir=bases)


@pytest.fixture
def mailbox(sandbox: LocalSandbox) -> Iterator[Mailbox]:
    mailbox = Mailbox(sandbox.base(Split.TRAIN).open())
    yield mailbox
    mailbox.world.close()
