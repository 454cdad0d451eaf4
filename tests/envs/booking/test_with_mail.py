"""booking and mail in one world: letters arrive, and a task plays in both."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from greenroom import Split
from greenroom.appset import AppSet
from greenroom.messages import Message, call, calls_of
from greenroom.sandbox import Brief, StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom_envs.booking import app
from greenroom_envs.mail import app as mail

BOTH = AppSet([app, mail])


@pytest.fixture(scope="module")
def both(bases: Path) -> LocalSandbox:
    return LocalSandbox(BOTH, cache_dir=bases)


def score(sandbox: LocalSandbox, brief: Brief, messages: Iterable[Message]) -> float:
    episode = sandbox.open(brief.snapshot, brief.task)[0].episode
    said: list[Message] = []
    for message in messages:
        said.append(message)
        sandbox.step([StepRequest(episode=episode, calls=calls_of(message))])
    found = sandbox.verify(episode, said).score
    sandbox.close(episode)
    return found


def test_a_hosts_answer_arrives_in_the_mailbox(both: LocalSandbox) -> None:
    world = both.base(Split.TRAIN).open()
    try:
        answer = BOTH.call(world, call("booking_message_host", listing_id=1, text="Where can I park?"))
        assert answer.refused is None
        for _ in range(2):
            BOTH.pass_time(world, timedelta(minutes=30))
        arrived = [c.after or {} for c in world.changes("world") if c.table == "mail_message"]
        assert [row["subject"] for row in arrived if row["subject"].startswith("Your question about")]
    finally:
        world.close()


@pytest.mark.parametrize("index", range(5))
def test_the_itinerary_must_be_booked_and_mailed(both: LocalSandbox, index: int) -> None:
    brief = both.prepare(f"booking+mail/train/booking.mail_itinerary/{index}")
    assert score(both, brief, brief.solution) == 1.0
    assert score(both, brief, []) == 0.0
    assert [score(both, brief, slip) for slip in brief.slips] == [0.0] * len(brief.slips)


@pytest.mark.parametrize("index", range(3))
def test_the_offer_in_the_mail_must_be_taken(both: LocalSandbox, index: int) -> None:
    brief = both.prepare(f"booking+mail/train/booking.take_offer/{index}")
    assert score(both, brief, brief.solution) == 1.0
    assert score(both, brief, []) == 0.0
    assert [score(both, brief, slip) for slip in brief.slips] == [0.0] * len(brief.slips)
