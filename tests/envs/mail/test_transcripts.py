"""The six families that a tiny model trains on stay as they are, letter by letter, whatever mail learns beside them."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from greenroom.messages import calls_of
from greenroom.sandbox import Brief, StepRequest
from greenroom.sandboxes import LocalSandbox

# Recorded when these six were all families, and 23 tools all tools; again when sentences that were polite twice
# ("Please …, please.") gave way to others, and when amounts and days of one split were kept out of the others.
RECORDED = {
    "find_fact": "89830207f768fc58",
    "reply_fact": "8645e7cd9e1cf3d9",
    "file_rule": "afe5b0bc8e176037",
    "forward": "020bb4bdf6c9cce5",
    "schedule": "d58868c364f054f8",
    "unsubscribe": "57a55d0a527a7ea9",
}


def transcript(sandbox: LocalSandbox, brief: Brief) -> Iterator[Any]:
    """All that an agent, a user and a codec see of a task: request, offer, solution and slips with every answer."""
    yield [brief.task, brief.goal, brief.tools, brief.policy, brief.max_steps, brief.excess]
    for script in (brief.solution, *brief.slips):
        episode = sandbox.open(brief.snapshot, brief.task)[0].episode
        for message in script:
            (result,) = sandbox.step([StepRequest(episode=episode, calls=calls_of(message))])
            yield [message, result.messages, result.now]
        sandbox.close(episode)


@pytest.mark.parametrize("family", RECORDED)
def test_the_transcripts_of_the_first_families_never_change(sandbox: LocalSandbox, family: str) -> None:
    digest = hashlib.sha256()
    for split in ("train", "dev", "test"):
        for index in (0, 1, 2, 3, 1_621_027_991):
            brief = sandbox.prepare(f"mail/{split}/{family}/{index}")
            digest.update(json.dumps(list(transcript(sandbox, brief))).encode())
            sandbox.release(brief.snapshot)
    assert digest.hexdigest()[:16] == RECORDED[family]
