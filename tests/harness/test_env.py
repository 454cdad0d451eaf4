import warnings
from pathlib import Path

import gymnasium
import pytest
from gymnasium.utils.env_checker import check_env

import greenroom
from greenroom import GreenroomEnv, GroupEnv
from greenroom import messages as m
from greenroom.errors import PolicyError, SandboxError, UnknownNameError, UsageError
from greenroom.holds import SPARE
from greenroom.sandboxes import LocalSandbox
from greenroom.users import UserSimulator
from support.notes import app


@pytest.fixture
def env(sandbox: LocalSandbox, person: UserSimulator) -> GreenroomEnv:
    return GreenroomEnv(sandbox=sandbox, user=person)


def test_the_env_passes_gymnasiums_checker_with_warnings_as_errors(env: GreenroomEnv) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env, skip_render_check=True)


def test_mail_is_made_by_gymnasium_and_passes_its_checker() -> None:
    env = gymnasium.make("greenroom/mail-v0", split="dev")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env.unwrapped, skip_render_check=True)


def test_an_env_introduces_itself_in_a_line(env: GreenroomEnv) -> None:
    assert repr(env) == str(env) == "<GreenroomEnv notes: train, small world, no episode yet>"
    env.reset(options={"task": "notes/train/find_number/3"})
    assert "notes/train/find_number/3, step 0>" in repr(env)


def test_an_episode_is_played_to_its_reward(env: GreenroomEnv) -> None:
    observation, info = env.reset(options={"task": "notes/train/find_number/3"})
    assert [message["role"] for message in observation] == ["system", "user"]
    assert info["task"] == "notes/train/find_number/3"
    *actions, last = env.episode.brief.solution
    for action in actions:
        observation, reward, terminated, truncated, _ = env.step(action)
        assert (reward, terminated, truncated) == (0.0, False, False)
        assert observation[0]["role"] == "tool"
    _, reward, terminated, _, info = env.step(last)
    assert (reward, terminated) == (1.0, True)
    assert info["success"]
    with pytest.raises(UsageError, match="over: reset"):
        env.step(last)


def test_the_user_tells_what_it_is_asked_for(env: GreenroomEnv) -> None:
    env.reset(options={"task": "notes/train/replace/0"})
    title = env.episode.brief.goal["facts"][0]["value"]
    assert title not in str(env.episode.messages)
    observation, *_ = env.step(m.assistant("What title should it have?"))
    assert title in m.text_of(observation[0])


def test_too_many_steps_truncate_and_are_verified_as_they_stand(env: GreenroomEnv) -> None:
    env.reset(options={"task": "notes/train/find_number/0"})
    for _ in range(5):
        *_, truncated, _ = env.step(m.assistant(None, m.call("notes_search", word="key")))
        assert not truncated
    _, reward, terminated, truncated, info = env.step(m.assistant(None, m.call("notes_search", word="key")))
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert info["findings"]


def test_the_same_seed_draws_the_same_start(env: GreenroomEnv) -> None:
    first, info = env.reset(seed=11)
    again, info_again = env.reset(seed=11)
    assert first == again
    assert info == info_again
    assert env.reset(seed=12)[1]["task"] != info["task"]


def test_a_snapshot_in_mid_episode_starts_forks_that_go_their_own_ways(env: GreenroomEnv) -> None:
    env.reset(options={"task": "notes/train/replace/1"})
    env.step(m.assistant("What title should it have?"))
    snapshot = env.snapshot()
    one, two = env.fork(2)
    assert one.snapshot().id == two.snapshot().id == snapshot.id
    one.step(m.assistant(None, m.call("notes_add", title="only in one")))
    assert two.snapshot().id == snapshot.id == env.snapshot().id
    assert one.snapshot().id != snapshot.id
    for twin in (env, two):
        for action in env.episode.brief.solution[1:]:
            *_, reward, _, _, _ = twin.step(action)
        assert reward == 1.0
    _, info = env.reset(options={"snapshot": snapshot})
    assert info["episode"] == snapshot.id


def test_a_group_starts_alike_and_steps_together(env: GreenroomEnv) -> None:
    group = GroupEnv(env, 3)
    observations, infos = group.reset(options={"task": "notes/train/find_number/5"})
    assert len(set(map(str, observations))) == 1
    assert len({m.opened.state for m in group.members}) == 1
    assert list(infos["task"]) == ["notes/train/find_number/5"] * 3
    search, read, answer = env.episode.brief.solution
    wrong = m.assistant("It is 1.")
    group.step([search, search, wrong])
    group.step([read, read, wrong])
    _, rewards, terminated, _, infos = group.step([answer, wrong, wrong])
    assert rewards[0] == 1.0
    assert rewards[1] == 0.0
    assert terminated[0]
    assert infos["over"][0]
    group.close()


def test_sampled_actions_of_a_group_are_in_its_space(env: GreenroomEnv) -> None:
    group = GroupEnv(env, 2)
    group.reset(seed=1)
    actions = group.action_space.sample()
    assert group.action_space.contains(actions)
    observations, *_ = group.step(actions)
    assert group.observation_space.contains(observations)
    group.close()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"size": "smal"}, "did you mean 'small'"),
        ({"split": "tes"}, "did you mean 'test'"),
        ({"family": "find_fcat"}, "did you mean 'find_fact'"),
        ({"user": "gaol"}, "did you mean 'goal'"),
    ],
)
def test_an_unknown_name_lists_what_exists_and_suggests(options: dict[str, str], told: str) -> None:
    with pytest.raises(UnknownNameError, match=told):
        greenroom.make("mail", **options)


def test_an_unknown_app_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no environment 'mial'; did you mean 'mail'"):
        greenroom.make("mial")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"task": "notes/train"}, "no task id"),
        ({"task": "shop/train/find_number/0"}, "of app 'shop'"),
        ({"tsak": "x"}, "did you mean 'task'"),
        ({"snapshot": "x"}, "takes what env.snapshot"),
        ({"task": "notes/train/find_numbr/0"}, "did you mean 'find_number'"),
    ],
)
def test_bad_reset_options_are_refused(env: GreenroomEnv, options: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        env.reset(options=options)


@pytest.mark.parametrize(
    "action",
    [
        None,
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": 7},
        {"role": "assistant", "content": None, "tool_calls": [{"function": {}}]},
        {"role": "assistant", "content": None, "tool_calls": "search"},
    ],
)
def test_an_action_that_is_no_assistant_message_is_refused_and_loses_nothing(env: GreenroomEnv, action: object) -> None:
    env.reset(seed=0)
    before = env.snapshot().id
    with pytest.raises(PolicyError):
        env.step(action)  # type: ignore[arg-type]
    assert env.snapshot().id == before


def test_step_before_reset_says_what_to_do(env: GreenroomEnv) -> None:
    with pytest.raises(UsageError, match="call reset"):
        env.step(m.assistant("hello"))


def test_render_gives_the_conversation(sandbox: LocalSandbox, person: UserSimulator, tmp_path: Path) -> None:
    env = GreenroomEnv(sandbox=sandbox, user=person, render_mode="ansi")
    env.reset(seed=0)
    assert "system: You keep notes." in (env.render() or "")
    env.close()


def test_an_episode_that_is_over_stays_over_in_its_forks(env: GreenroomEnv) -> None:
    env.reset(options={"task": "notes/train/find_number/5"})
    before = env.snapshot()
    for message in env.episode.brief.solution:
        _, _, terminated, _, _ = env.step(message)
    assert terminated
    assert env.snapshot().over
    (twin,) = env.fork()
    with pytest.raises(UsageError, match="over"):
        twin.step(m.assistant("Once more."))
    _, info = env.reset(options={"snapshot": before})
    assert info["episode"] == before.id


def test_twins_draw_the_same_next_task(env: GreenroomEnv) -> None:
    env.reset(seed=3)
    one, other = env.fork(2)
    assert one.reset()[1] == other.reset()[1] == env.reset()[1]


def test_a_malformed_action_leaves_the_whole_group_where_it_was(env: GreenroomEnv) -> None:
    group = GroupEnv(env, 3)
    group.reset(options={"task": "notes/train/find_number/5"})
    before = [member.snapshot().id for member in group.members]
    search = env.episode.brief.solution[0]
    with pytest.raises(PolicyError):
        group.step([search, search, m.user("I am no assistant")])
    assert [member.snapshot().id for member in group.members] == before
    group.close()


def test_resets_do_not_pile_up_snapshots(person: UserSimulator, tmp_path: Path) -> None:
    sandbox = LocalSandbox(app, cache_dir=tmp_path, kept_tasks=2)
    env = GreenroomEnv(sandbox=sandbox, user=person)
    starts = [env.reset(seed=seed)[1]["state"] for seed in range(5)]
    for forgotten in starts[:3]:
        with pytest.raises(SandboxError):
            sandbox.start(forgotten)
    assert sandbox.start(starts[-1]).page_id == starts[-1]


def test_what_no_episode_and_no_snapshot_needs_is_released(sandbox: LocalSandbox, person: UserSimulator) -> None:
    env, other = GreenroomEnv(sandbox=sandbox, user=person), GreenroomEnv(sandbox=sandbox, user=person)
    other.reset(options={"task": "notes/train/replace/0"})
    kept = other.snapshot()
    group = GroupEnv(env, 2)
    for seed in range(3 * SPARE):
        group.reset(options={"task": f"notes/train/replace/{seed}"})
        group.step([m.assistant(None, m.call("notes_add", title=f"t{seed}"))] * 2)
        env.step(m.assistant(None, m.call("notes_add", title=f"s{seed}")))
        for twin in env.fork(1):
            twin.close()
    assert len(sandbox._snapshots) <= SPARE + 3
    assert other.reset(options={"snapshot": kept})[1]["episode"] == kept.id
    frozen = env.snapshot()
    group.close()
    other.close()
    for seed in range(SPARE + 1):
        env.reset(options={"task": f"notes/train/find_number/{seed}"})
    env.close()
    assert len(sandbox._snapshots) <= SPARE
    with pytest.raises(SandboxError):
        sandbox.start(frozen.world)
