import asyncio
from pathlib import Path

import pytest

from greenroom import messages as m
from greenroom.errors import UnknownNameError, UsageError
from greenroom.messages import Message
from greenroom.policy import EpisodeStart, Policy
from greenroom.rollouts import load_policy
from greenroom.rollouts.policies import NoopPolicy, OraclePolicy, RandomPolicy, SloppyPolicy
from greenroom.sandboxes import LocalSandbox
from greenroom.spaces import MessageSpace

RIGHT = (m.assistant("right"), m.assistant("done"))
WRONG = (m.assistant("wrong"),)


def start(seed: int = 0, solution: tuple[Message, ...] = RIGHT) -> EpisodeStart:
    return EpisodeStart(
        task="notes/train/x/0",
        messages=(),
        tools=(),
        seed=seed,
        max_steps=5,
        solution=solution,
        slips=(WRONG,),
    )


def said(policy: Policy, begin: EpisodeStart, turns: int) -> list[Message]:
    session = policy.session(begin)
    return [asyncio.run(session.act([])) for _ in range(turns)]


def test_the_oracle_plays_the_solution_and_then_repeats_its_end() -> None:
    assert said(OraclePolicy(), start(), 3) == [*RIGHT, RIGHT[-1]]


def test_doing_nothing_says_done() -> None:
    assert said(NoopPolicy(), start(), 1) == [m.assistant("Done.")]


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0, 0), (0.4, 340, 460), ("1", 1000, 1000)])
def test_the_sloppy_policy_slips_at_its_rate(rate: float | str, least: int, most: int) -> None:
    policy = SloppyPolicy(rate)
    slips = sum(said(policy, start(seed), 1) == list(WRONG) for seed in range(1000))
    assert least <= slips <= most


def test_the_sloppy_policy_draws_from_the_seed_alone() -> None:
    draws = [[said(SloppyPolicy(), start(seed), 1) for seed in range(20)] for _ in range(2)]
    assert draws[0] == draws[1]


def test_random_calls_fit_their_schemas_and_follow_the_seed(sandbox: LocalSandbox) -> None:
    tools = sandbox.prepare("notes/train/find_number/0").tools
    space = MessageSpace(tools)
    draws: list[list[Message]] = []
    for seed in (1, 1, 2):
        begin = EpisodeStart(task="t", messages=(), tools=tools, seed=seed, max_steps=5)
        draws.append(said(RandomPolicy(), begin, 30))
    assert all(space.contains(message) for message in draws[0])
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize("spec", ["oracle", "sloppy", "sloppy:0.25", "random", "noop"])
def test_a_policy_is_found_by_its_spec(spec: str) -> None:
    assert load_policy(spec).name.partition(":")[0] == spec.partition(":")[0]


def test_an_unknown_policy_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"no policy 'orcle'; did you mean 'oracle'.*random"):
        load_policy("orcle")


def test_a_path_that_does_not_exist_is_refused_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "step-0010").mkdir()
    with pytest.raises(UsageError, match=r"no checkpoint at .*did you mean 'step-0010'"):
        load_policy(str(tmp_path / "step-0100"))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("sloppy:often", "'often' is no probability"),
        ("sloppy:1.5", "'1.5' is no probability"),
        ("noop:3", "policy 'noop' takes no argument, but got '3'"),
        ("openai", "policy 'openai' needs an argument.*openai:MODEL@URL"),
        ("openai:@http://localhost:1/v1", "names no model"),
    ],
)
def test_a_bad_argument_is_refused(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_policy(spec)
