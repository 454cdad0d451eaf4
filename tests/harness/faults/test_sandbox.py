import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from greenroom import GreenroomEnv, GroupEnv
from greenroom import messages as m
from greenroom.episode import Episode
from greenroom.fault import Fault
from greenroom.faults import HOSTILE, Retrying
from greenroom.messages import Message
from greenroom.plugins import load_app, load_simulator
from greenroom.rollouts import GroupSpec, Rollouts, load_policy
from greenroom.rollouts.replay import replay
from greenroom.sandbox import StepRequest
from greenroom.sandboxes import LocalSandbox
from greenroom.spaces import MessageSpace
from greenroom.store import Store
from greenroom.users import UserSimulator
from support.notes import app

TASK = "notes/train/find_number/3"
ADDS = [m.assistant(None, m.call("notes_add", title=f"note {i}")) for i in range(12)]
LOOKS = [m.assistant(None, m.call("notes_search", word="note")) for _ in range(12)]
MIXED = [message for pair in zip(ADDS, LOOKS, strict=True) for message in pair]


@pytest.fixture
def hostile(tmp_path: Path) -> LocalSandbox:
    return LocalSandbox(app, cache_dir=tmp_path, faults="hostile")


def history(
    sandbox: LocalSandbox, episode: str, messages: Sequence[Message]
) -> list[tuple[list[Message], Sequence[Fault], str]]:
    requests = [StepRequest(episode=episode, calls=m.calls_of(message)) for message in messages]
    return [(r.messages, r.faults, r.now) for r in (sandbox.step([one])[0] for one in requests)]


def test_members_of_a_group_that_do_the_same_meet_the_same(hostile: LocalSandbox) -> None:
    brief = hostile.prepare(TASK)
    one, two, other = hostile.open(brief.snapshot, TASK, 3)
    assert one.state == two.state
    first = history(hostile, one.episode, MIXED)
    assert first == history(hostile, two.episode, MIXED)
    assert hostile.snapshot(one.episode) == hostile.snapshot(two.episode)
    assert first != history(hostile, other.episode, MIXED[1:] + MIXED[:1])
    assert {f.kind for _, faults, _ in first for f in faults} > {"latency", "timed_out"}


@pytest.mark.parametrize("seed", range(3))
def test_random_calls_under_hostile_faults_are_answered_alike_in_every_member(tmp_path: Path, seed: int) -> None:
    sandbox = LocalSandbox(load_app("mail"), cache_dir=tmp_path, faults="hostile")
    task = f"mail/train/forward/{seed}"
    brief = sandbox.prepare(task)
    space = MessageSpace(brief.tools, seed=seed, text_rate=0.0)
    messages = [space.sample() for _ in range(60)]
    one, two = sandbox.open(brief.snapshot, task, 2)
    first = history(sandbox, one.episode, messages)
    assert first == history(sandbox, two.episode, messages)
    assert sandbox.snapshot(one.episode) == sandbox.snapshot(two.episode)
    answers = [json.loads(m.text_of(new)) for results, _, _ in first for new in results]
    assert len(answers) == 60
    assert {"timed_out", "server_error"} & {a["error"] for a in answers if isinstance(a, dict) and "error" in a}


def test_the_order_in_which_members_step_changes_nothing(hostile: LocalSandbox) -> None:
    brief = hostile.prepare(TASK)
    one, two, three = hostile.open(brief.snapshot, TASK, 3)
    alone = history(hostile, one.episode, MIXED)
    turns = [history(hostile, e.episode, [message])[0] for message in MIXED for e in (two, three)]
    assert turns[::2] == turns[1::2] == alone


def test_an_episode_frozen_between_a_write_and_a_stale_read_goes_on_the_same(hostile: LocalSandbox) -> None:
    brief = hostile.prepare(TASK)
    (one,) = hostile.open(brief.snapshot, TASK)
    for done in range(4, 20, 4):
        history(hostile, one.episode, MIXED[done - 4 : done])
        (fork,) = hostile.open(hostile.snapshot(one.episode), TASK)
        (twin,) = hostile.open(hostile.snapshot(one.episode), TASK)
        assert history(hostile, fork.episode, MIXED[done:]) == history(hostile, twin.episode, MIXED[done:])
    rest = history(hostile, one.episode, MIXED[16:])
    (again,) = hostile.open(brief.snapshot, TASK)
    assert history(hostile, again.episode, MIXED)[16:] == rest
    assert "stale_read" in str(history(hostile, hostile.open(brief.snapshot, TASK)[0].episode, MIXED))


@pytest.mark.parametrize("other", ["fault_seed", "task"])
def test_another_seed_and_another_task_meet_other_faults(tmp_path: Path, other: str) -> None:
    seeds = (0, 1) if other == "fault_seed" else (0, 0)
    tasks = (TASK, "notes/train/find_number/4") if other == "task" else (TASK, TASK)
    met = []
    for seed, task in zip(seeds, tasks, strict=True):
        sandbox = LocalSandbox(app, cache_dir=tmp_path, faults="hostile", fault_seed=seed)
        (opened,) = sandbox.open(sandbox.prepare(task).snapshot, task)
        met.append([faults for _, faults, _ in history(sandbox, opened.episode, MIXED)])
    assert met[0] != met[1]


def test_the_agent_is_offered_keys_waiting_and_room_and_never_sees_a_fault(
    sandbox: LocalSandbox, hostile: LocalSandbox, person: UserSimulator
) -> None:
    plain, brief = sandbox.prepare(TASK), hostile.prepare(TASK)
    names = [tool["function"]["name"] for tool in brief.tools]
    assert names == [*(tool["function"]["name"] for tool in plain.tools), "greenroom_wait"]
    assert brief.snapshot == plain.snapshot
    assert brief.max_steps == HOSTILE.patience * plain.max_steps
    env = GreenroomEnv(sandbox=hostile, user=person)
    env.reset(options={"task": TASK})
    for message in MIXED[:12]:
        observation, *_, info = env.step(message)
        assert info["faults"]
        assert all(set(new) == {"role", "content", "tool_call_id"} for new in observation)
        assert "latency" not in str(observation)
        assert env.action_space.contains(message)


def test_faults_of_a_group_env_are_told_for_each_member(hostile: LocalSandbox, person: UserSimulator) -> None:
    group = GroupEnv(GreenroomEnv(sandbox=hostile, user=person), 2)
    group.reset(options={"task": TASK})
    *_, infos = group.step([ADDS[0], ADDS[0]])
    assert infos["faults"][0] == infos["faults"][1] != ()
    group.close()


def play(sandbox: LocalSandbox, task: str, person: UserSimulator) -> tuple[float, int]:
    brief = sandbox.prepare(task)
    client = Retrying(brief.solution, brief.tools)
    episode = Episode.start(sandbox, brief, person, 0)
    new: Sequence[Message] = tuple(episode.messages)
    met = 0
    while not episode.over and (message := client.next(new)) is not None:
        outcome = episode.step(message)
        new = outcome.messages
        met += sum(fault.kind != "latency" for fault in outcome.faults)
    score = episode.verify().score
    episode.close()
    sandbox.release(brief.snapshot)
    return score, met


@pytest.mark.parametrize("profile", ["realistic", "hostile"])
@pytest.mark.parametrize("name", ["notes", "mail"])
def test_a_careful_client_solves_every_task_each_effect_exactly_once(
    tmp_path: Path, person: UserSimulator, profile: str, name: str
) -> None:
    chosen = app if name == "notes" else load_app(name)
    sandbox = LocalSandbox(chosen, cache_dir=tmp_path, faults=profile)
    tasks = [f"{name}/dev/{family}/{i}" for family in sandbox.families() for i in range(80 // len(sandbox.families()))]
    scores, met = zip(*(play(sandbox, task, person) for task in tasks), strict=True)
    assert set(scores) == {1.0}
    assert sum(met) > 2


def test_a_careless_oracle_fails_under_hostile_faults_now_and_then(hostile: LocalSandbox) -> None:
    engine = Rollouts(hostile, load_simulator("goal"), load_policy("oracle"))
    specs = [GroupSpec(f"notes/dev/replace/{i}", 1) for i in range(24)]
    groups = asyncio.run(engine.play(specs))
    rewards = [reward for group in groups for reward in group.rewards]
    assert 0 < sum(r or 0 for r in rewards) < len(rewards)


def test_faults_are_recorded_and_replayed(hostile: LocalSandbox, tmp_path: Path) -> None:
    with Store(tmp_path / "store.db") as store:
        run = store.begin_run("rollout", app="notes", policy="retrying", user="goal", config={})
        engine = Rollouts(hostile, load_simulator("goal"), load_policy("retrying"), store=store, run=run)
        asyncio.run(engine.play([GroupSpec(f"notes/dev/replace/{i}", 1) for i in range(4)]))
        rows = [row for number in range(4) for row in store.rollouts(run, number)]
        kinds = {fault["kind"] for row in rows for fault in row.faults}
        assert "latency" in kinds and len(kinds) > 1
        assert all(1 <= fault["step"] <= row.steps for row in rows for fault in row.faults)
        assert all(replay(store, row.name, hostile).same for row in rows)
        calm = LocalSandbox(app, cache_dir=tmp_path)
        assert not all(replay(store, row.name, calm).same for row in rows)
        json.dumps([row.faults for row in rows])
