"""What every sandbox does alike, wherever it runs: the local one is the measure."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import pytest

from greenroom import GreenroomEnv, GroupEnv
from greenroom import messages as m
from greenroom.errors import AppError, SandboxError, SandboxLostError, UnknownNameError, UsageError, VerifierError
from greenroom.messages import Message
from greenroom.plugins import load_simulator
from greenroom.rollouts import GroupSpec, Rollouts, load_policy
from greenroom.sandbox import Sandbox, StepRequest, StepResult
from support.kinds import ISOLATED, KINDS
from support.rollouts import Asker, broken

Make = Callable[..., Sandbox]
TASKS = ("notes/train/find_number/0", "notes/train/replace/3", "notes/test/find_number/7")
REPLACE = TASKS[1]
isolated_too = pytest.mark.parametrize("make", [*KINDS, ISOLATED], indirect=True)
"""Held with a container for each rollout as well: each takes a second to start, so only what is other there."""


def play(sandbox: Sandbox, episode: str, messages: Sequence[Message]) -> list[StepResult]:
    """Make the calls of messages, a message a step."""
    return [
        sandbox.step([StepRequest(episode=episode, calls=m.calls_of(message))])[0]
        for message in messages
        if m.calls_of(message)
    ]


def plain(result: StepResult) -> dict[str, Any]:
    return {**asdict(result), "faults": [asdict(fault) for fault in result.faults]}


def test_families_and_tools_are_those_of_the_app(make: Make, twin: Make) -> None:
    assert make().app == "notes"
    assert make().families() == twin().families()
    assert make().tools() == twin().tools()


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_the_same_wherever_it_is_made(make: Make, twin: Make, task: str) -> None:
    assert make().prepare(task) == twin().prepare(task) == make().prepare(task)


def test_worlds_are_as_large_and_seeded_as_asked_for(make: Make, twin: Make) -> None:
    options: dict[str, object] = {"world": "medium", "seed": 3, "all_tools": True}
    brief = make(**options).prepare(TASKS[0])
    assert brief == twin(**options).prepare(TASKS[0])
    assert brief.snapshot not in (make().prepare(TASKS[0]).snapshot, make(seed=3).prepare(TASKS[0]).snapshot)


@pytest.mark.parametrize("task", TASKS)
def test_forks_prove_the_same_state(make: Make, twin: Make, task: str) -> None:
    sandbox, other = make(), twin()
    forks = sandbox.open(sandbox.prepare(task).snapshot, task, 5)
    assert len({fork.episode for fork in forks}) == 5
    assert {fork.state for fork in forks} == {other.open(other.prepare(task).snapshot, task)[0].state}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("how", ["solution", "slip", "nothing"])
def test_the_same_calls_get_the_same_answers_scores_and_contents(make: Make, twin: Make, task: str, how: str) -> None:
    def outcome(sandbox: Sandbox) -> tuple[object, ...]:
        brief = sandbox.prepare(task)
        messages = {"solution": brief.solution, "slip": brief.slips[0], "nothing": []}[how]
        (fork,) = sandbox.open(brief.snapshot, task)
        results = [plain(result) for result in play(sandbox, fork.episode, messages)]
        verdict = sandbox.verify(fork.episode, messages)
        return results, verdict, sandbox.content(fork.episode), sandbox.snapshot(fork.episode)

    assert outcome(make()) == outcome(twin())


def test_many_episodes_step_in_one_request_and_are_answered_in_its_order(make: Make) -> None:
    sandbox = make()
    forks = sandbox.open(sandbox.prepare(REPLACE).snapshot, REPLACE, 4)
    requests = [
        StepRequest(episode=fork.episode, calls=[m.call("notes_add", f"c{i}{j}", title=f"{i}.{j}") for j in range(i)])
        for i, fork in enumerate(forks)
    ]
    results = sandbox.step(requests[::-1])
    assert [[message.get("tool_call_id") for message in result.messages] for result in results] == [
        ["c30", "c31", "c32"],
        ["c20", "c21"],
        ["c10"],
        [],
    ]
    assert len({sandbox.content(fork.episode) for fork in forks}) == 4
    assert sandbox.step([]) == []


def test_refusals_are_answers(make: Make) -> None:
    sandbox = make()
    (fork,) = sandbox.open(sandbox.prepare(REPLACE).snapshot, REPLACE)
    calls = [
        m.call("notes_read", note_id=999),
        m.call("notes_read", note_id="seven"),
        m.call("notes_crash"),
        m.call("mail_send"),
        m.ToolCall(id="c", type="function", function={"name": "notes_add", "arguments": "{"}),
    ]
    (result,) = sandbox.step([StepRequest(episode=fork.episode, calls=calls)])
    assert result.refused == 5
    assert "no note 999" in m.text_of(result.messages[0])


@pytest.mark.parametrize("text", ["", "naïve ☃ 🧾", "nul \0 and \x1b[1m", "lone \ud800 surrogate", "long " * 50_000])
def test_any_text_crosses_unharmed(make: Make, twin: Make, text: str) -> None:
    def outcome(sandbox: Sandbox) -> tuple[object, ...]:
        (fork,) = sandbox.open(sandbox.prepare(REPLACE).snapshot, REPLACE)
        (result,) = sandbox.step([StepRequest(episode=fork.episode, calls=[m.call("notes_add", title=text)])])
        verdict = sandbox.verify(fork.episode, [m.assistant(text)])
        return plain(result), verdict, sandbox.content(fork.episode)

    assert outcome(make()) == outcome(twin())


@isolated_too
def test_an_episode_that_is_frozen_goes_on_the_same_as_often_as_one_likes(make: Make, twin: Make) -> None:
    def outcome(sandbox: Sandbox) -> tuple[object, ...]:
        brief = sandbox.prepare(REPLACE)
        (fork,) = sandbox.open(brief.snapshot, REPLACE)
        play(sandbox, fork.episode, [m.assistant(None, m.call("notes_add", title="first"))])
        frozen = sandbox.snapshot(fork.episode)
        play(sandbox, fork.episode, [m.assistant(None, m.call("notes_add", title="second"))])
        further = sandbox.open(frozen, REPLACE, 2)
        for one in further:
            play(sandbox, one.episode, brief.solution)
        contents = [sandbox.content(one.episode) for one in (fork, *further)]
        return frozen, {one.state for one in further}, contents

    mine = outcome(make())
    assert mine == outcome(twin())
    frozen, states, contents = mine
    assert states == {frozen}
    assert isinstance(contents, list)
    assert contents[0] != contents[1] == contents[2]


def test_a_closed_episode_is_gone_and_never_becomes_a_fresh_one(make: Make) -> None:
    sandbox = make()
    gone, other = sandbox.open(sandbox.prepare(REPLACE).snapshot, REPLACE, 2)
    sandbox.close(gone.episode)
    sandbox.close(gone.episode)
    sandbox.close("nobody")
    for episode in (gone.episode, "nobody"):
        request = StepRequest(episode=episode, calls=[m.call("notes_add", title="x")])
        for asked in (
            lambda request=request: sandbox.step([request]),
            lambda episode=episode: sandbox.verify(episode, []),
            lambda episode=episode: sandbox.snapshot(episode),
            lambda episode=episode: sandbox.content(episode),
        ):
            with pytest.raises(SandboxLostError, match=r"is gone|is not running"):
                asked()
    assert sandbox.step([StepRequest(episode=other.episode, calls=[])])[0].messages == []


@isolated_too
def test_a_released_snapshot_is_forgotten_until_its_task_is_prepared_again(make: Make) -> None:
    sandbox = make()
    brief = sandbox.prepare(REPLACE)
    (fork,) = sandbox.open(brief.snapshot, REPLACE)
    frozen = sandbox.snapshot(fork.episode)
    for snapshot in (frozen, brief.snapshot, brief.snapshot, "0" * 64):
        sandbox.release(snapshot)
    with pytest.raises(SandboxLostError, match="is not known"):
        sandbox.open("0" * 64, REPLACE)
    assert sandbox.content(fork.episode)
    assert sandbox.prepare(REPLACE) == brief
    assert sandbox.open(brief.snapshot, REPLACE)[0].state == fork.state


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        ("notes", UsageError),
        ("notes/train/find_number/x", UsageError),
        ("notes/nowhere/find_number/0", UsageError),
        ("mail/train/forward/0", UsageError),
        ("notes/train/find_numbr/0", UnknownNameError),
    ],
)
def test_bad_tasks_are_refused_with_the_same_words(make: Make, twin: Make, task: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as mine:
        make().prepare(task)
    with pytest.raises(kind) as other:
        twin().prepare(task)
    assert str(mine.value) == str(other.value)


def test_bugs_of_the_app_and_of_verifiers_are_told_as_such_and_harm_no_other_episode(make: Make) -> None:
    sandbox = make(broken)
    with pytest.raises(AppError, match="no such task can be made"):
        sandbox.prepare("notes/train/unmakeable/0")
    brief = sandbox.prepare("notes/train/bad_verifier/0")
    crashed, fine = sandbox.open(brief.snapshot, brief.task, 2)
    with pytest.raises(AppError, match="ZeroDivisionError: a bug in the app"):
        sandbox.step([StepRequest(episode=crashed.episode, calls=[m.call("notes_crash")])])
    with pytest.raises(VerifierError, match="KeyError: 'forgotten'"):
        sandbox.verify(crashed.episode, [])
    assert sandbox.step([StepRequest(episode=fine.episode, calls=[m.call("notes_add", title="x")])])[0].refused == 0


@pytest.mark.parametrize("fault_seed", range(3))
def test_the_same_goes_wrong_everywhere(make: Make, twin: Make, fault_seed: int) -> None:
    def outcome(sandbox: Sandbox) -> tuple[object, ...]:
        brief = sandbox.prepare(REPLACE)
        (fork,) = sandbox.open(brief.snapshot, REPLACE)
        adds = [m.assistant(None, m.call("notes_add", title=f"n{i}")) for i in range(15)]
        results = [plain(result) for result in play(sandbox, fork.episode, [*adds, *brief.solution])]
        return brief, results, sandbox.content(fork.episode)

    mine = outcome(make(faults="hostile", fault_seed=fault_seed))
    assert mine == outcome(twin(faults="hostile", fault_seed=fault_seed))
    assert "'kind': " in str(mine[1])


@pytest.mark.parametrize("parallel", [None, 3])
@pytest.mark.parametrize("policy", ["oracle", "sloppy:0.5", "random"])
def test_whole_groups_come_out_the_same(make: Make, twin: Make, policy: str, parallel: int | None) -> None:
    def outcome(sandbox: Sandbox) -> list[object]:
        specs = [GroupSpec(task, 4, 11) for task in TASKS]
        engine = Rollouts(sandbox, Asker(), load_policy(policy), parallel=parallel)
        return [
            (r.member, r.state, r.reward, r.content_id, r.trajectory.messages, r.trajectory.findings)
            for group in asyncio.run(engine.play(specs))
            for r in group.rollouts
        ]

    mine = outcome(make())
    assert mine == outcome(twin())
    assert len(mine) == 12


@isolated_too
def test_an_environment_runs_on_it(make: Make, twin: Make) -> None:
    def outcome(sandbox: Sandbox) -> list[object]:
        env = GreenroomEnv(sandbox=sandbox, user=load_simulator("goal"))
        opening, info = env.reset(seed=4)
        first = env.step(m.assistant(None, m.call("notes_search", word="a")))
        left, right = env.fork(2)
        ends = [one.step(m.assistant("Done."))[0] for one in (left, right)]
        for one in (left, right, env):
            one.close()
        return [opening, info, first, ends]

    assert outcome(make()) == outcome(twin())


def test_a_group_environment_runs_on_it(make: Make, twin: Make) -> None:
    def outcome(sandbox: Sandbox) -> list[object]:
        group = GroupEnv(GreenroomEnv(sandbox=sandbox, user=load_simulator("goal")), 3)
        opening, info = group.reset(seed=4)
        searches = [m.assistant(None, m.call("notes_search", word=word)) for word in "abc"]
        step = group.step(searches)
        group.close()
        return [opening, list(info["state"]), step[0], list(step[1])]

    assert outcome(make()) == outcome(twin())


def test_stopping_lets_go_of_everything_and_may_be_done_twice(make: Make) -> None:
    sandbox = make()
    (fork,) = sandbox.open(sandbox.prepare(REPLACE).snapshot, REPLACE)
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(SandboxError):
        sandbox.step([StepRequest(episode=fork.episode, calls=[])])
