"""A group as a Gymnasium vector environment: N members of one task, from the exact same start."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from greenroom.conversation import EpisodeSnapshot, StepOutcome, checked
from greenroom.env import GreenroomEnv, Observation
from greenroom.episode import Episode
from greenroom.errors import SandboxError, UsageError
from greenroom.messages import Message
from greenroom.sandbox import Opened, StepRequest

Observations = tuple[Observation, ...]


class GroupEnv(VectorEnv[Observations, Sequence[Message], NDArray[Any]]):
    """N forks of one start, stepped together in one message to the sandbox.

    A member that is over waits: its observation is empty and its reward 0 until the next reset.

    Args:
        env: Draws the tasks and holds the sandbox and the user.
        num_envs: The members of the group.
    """

    metadata = {"autoreset_mode": AutoresetMode.DISABLED}  # noqa: RUF012 - Gymnasium's own shape

    def __init__(self, env: GreenroomEnv, num_envs: int) -> None:
        if num_envs < 1:
            raise UsageError(f"a group has at least one member, not {num_envs}")
        self.env, self.num_envs = env, num_envs
        self.single_action_space, self.single_observation_space = env.action_space, env.observation_space
        self.action_space = batch_space(env.action_space, num_envs)
        self.observation_space = batch_space(env.observation_space, num_envs)
        self.members: list[Episode] = []

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Begin a group: one task, one snapshot, N forks whose ids are checked to be equal.

        Raises:
            SandboxError: The members do not start alike.
        """
        if isinstance(seed, list):
            raise UsageError("a group has one seed: its members start exactly alike")
        self._close_members()
        _, info = self.env.reset(seed=seed, options=options)
        with self.env.frozen() as snapshot:
            forks = self.env.sandbox.open(snapshot.world, snapshot.task, self.num_envs)
        self.members = [self._member(snapshot, fork) for fork in forks]
        states = {member.opened.state for member in self.members}
        if len(states) != 1:
            raise SandboxError(f"the members of a group start in {len(states)} different worlds: {sorted(states)}")
        self.action_space = batch_space(self.env.action_space, self.num_envs)
        infos = {key: np.array([value] * self.num_envs, dtype=object) for key, value in info.items()}
        return tuple(tuple(m.messages) for m in self.members), infos

    def _member(self, snapshot: EpisodeSnapshot, fork: Opened) -> Episode:
        return Episode.resume(self.env.sandbox, self.env.episode.brief, self.env.user, snapshot, fork)

    def step(
        self, actions: Sequence[Message]
    ) -> tuple[Observations, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        """Send one assistant message a member; those of members that are over are ignored.

        Returns:
            Observations, rewards (N,), terminations (N,), truncations (N,), infos.
        """
        if len(actions) != self.num_envs or not self.members:
            raise UsageError(f"step takes {self.num_envs} messages after a reset; got {len(actions)}")
        live = [(i, m) for i, m in enumerate(self.members) if not m.over]
        outcomes = self._outcomes(live, actions)
        rewards = np.zeros(self.num_envs, dtype=np.float64)
        findings: list[Any] = [()] * self.num_envs
        for i, outcome in outcomes.items():
            if outcome.done:
                verdict = self.members[i].verify()
                rewards[i], findings[i] = verdict.score, verdict.findings
        observations = tuple(outcomes[i].messages if i in outcomes else () for i in range(self.num_envs))
        terminated = np.array([i in outcomes and outcomes[i].terminated for i in range(self.num_envs)])
        truncated = np.array([i in outcomes and outcomes[i].truncated for i in range(self.num_envs)])
        faults: list[Any] = [outcomes[i].faults if i in outcomes else () for i in range(self.num_envs)]
        info = {
            "over": np.array([m.over for m in self.members]),
            "findings": _objects(findings),
            "faults": _objects(faults),
        }
        return observations, rewards, terminated, truncated, info

    def _outcomes(self, live: Sequence[tuple[int, Episode]], actions: Sequence[Message]) -> dict[int, StepOutcome]:
        # All are looked at before any is taken: a malformed one leaves the whole group where it was.
        messages = {i: checked(actions[i]) for i, _ in live}
        calls = {i: member.take(messages[i]) for i, member in live}
        calling = [(i, member) for i, member in live if calls[i]]
        requests = [StepRequest(episode=member.opened.episode, calls=calls[i]) for i, member in calling]
        results = dict(zip((i for i, _ in calling), self.env.sandbox.step(requests), strict=True))
        return {i: member.finish(results.get(i)) for i, member in live}

    def _close_members(self) -> None:
        for member in self.members:
            member.close()
        self.members = []

    def close_extras(self, **kwargs: Any) -> None:
        """Drop the members."""
        self._close_members()
        self.env.close()


def _objects(values: list[Any]) -> NDArray[Any]:
    out = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        out[i] = value
    return out
