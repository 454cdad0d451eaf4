"""The Gymnasium environment: `reset`, `step`, `snapshot`, `fork`.

An action is an assistant message, an observation the tuple of new messages. `env.tools` holds the tool schemas.
"""

from collections.abc import Generator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import gymnasium
import numpy as np

from greenroom.app import App, parse_size, parse_split
from greenroom.conversation import EpisodeSnapshot
from greenroom.episode import Episode
from greenroom.errors import UnknownNameError, UsageError
from greenroom.faults import NONE, Profile
from greenroom.holds import holds_of
from greenroom.messages import Message
from greenroom.plugins import load_simulator
from greenroom.sandbox import Brief, Opened, Sandbox
from greenroom.sandboxes.specs import open_sandbox
from greenroom.spaces import ConversationSpace, MessageSpace
from greenroom.tasks import Size, Split
from greenroom.users import UserSimulator

Observation = tuple[Message, ...]


class GreenroomEnv(gymnasium.Env[Observation, Message]):
    """One app, one agent, one simulated person; a new task each reset.

    Args:
        app: An installed app's name, or an App.
        size: How much data the world holds.
        split: Which tasks are drawn.
        family: Draw tasks of this family only.
        user: A user simulator's name, or one.
        seed: The seed that the base is populated with (tasks are drawn by `reset(seed=…)`).
        sandbox: Where the app runs: a sandbox, or the spec of one, such as `process`, which `close` stops.
        isolation: What a rollout has for itself there: a `world`, or a `container`.
        faults: What goes wrong between agent and app: `none`, `realistic`, `hostile`, or a profile of one's own.
        fault_seed: What goes wrong follows from it, the task, and what the agent does. A sandbox has its own faults.
        render_mode: `ansi` makes `render` return the conversation as text.

    Raises:
        UnknownNameError: No such app, size, split, family, user, fault profile or sandbox.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 - Gymnasium's own shape

    def __init__(
        self,
        app: str | App = "mail",
        *,
        size: Size | str = Size.SMALL,
        split: Split | str = Split.TRAIN,
        family: str | None = None,
        user: str | UserSimulator = "goal",
        seed: int = 0,
        sandbox: Sandbox | str = "local",
        isolation: str = "world",
        faults: Profile | str = NONE,
        fault_seed: int = 0,
        render_mode: str | None = None,
    ) -> None:
        self.split, self.size, self.render_mode = parse_split(split), parse_size(size), render_mode
        self._opened = isinstance(sandbox, str) and sandbox != "local"
        self.sandbox = (
            open_sandbox(
                sandbox, app, world=self.size, seed=seed, faults=faults, fault_seed=fault_seed, isolation=isolation
            )
            if isinstance(sandbox, str)
            else sandbox
        )
        self.user = load_simulator(user) if isinstance(user, str) else user
        if family is not None and family not in self.sandbox.families():
            raise UnknownNameError("task family", family, self.sandbox.families())
        self._families = [family] if family else self.sandbox.families()
        self._messages = self.action_space = MessageSpace(self.sandbox.tools())
        self.observation_space = ConversationSpace()
        self._episode: Episode | None = None
        self._holds = holds_of(self.sandbox)
        self._handed_out: set[str] = set()

    def __repr__(self) -> str:
        running = f"{self._episode.brief.task}, step {self._episode.steps}" if self._episode else "no episode yet"
        return f"<{type(self).__name__} {self.sandbox.app}: {self.split}, {self.size} world, {running}>"

    __str__ = __repr__

    @property
    def episode(self) -> Episode:
        """The running episode.

        Raises:
            UsageError: There is none yet.
        """
        if self._episode is None:
            raise UsageError("no episode is running: call reset() first")
        return self._episode

    @property
    def tools(self) -> list[dict[str, Any]]:
        """The OpenAI schemas of the tools that the running task offers."""
        return self.episode.brief.tools

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: Seeds the draw of tasks and the user.
            options: `task`: a task id; or `snapshot`: what `snapshot()` returned.

        Returns:
            The policy text and the user's opening (or the whole conversation of a snapshot), and info with
            `task`, `state` (the proved id of the world) and `episode` (the id of the whole start).

        Raises:
            UsageError: An option is unknown or malformed.
        """
        super().reset(seed=seed)
        options = options or {}
        for name in options:
            if name not in ("task", "snapshot"):
                raise UnknownNameError("reset option", name, ("task", "snapshot"))
        episode = self._resume(options["snapshot"]) if "snapshot" in options else self._start(options.get("task"))
        self._replace(episode)
        opening = options["snapshot"].id if "snapshot" in options else episode.opening
        info = {"task": episode.brief.task, "state": episode.opened.state, "episode": opening}
        return tuple(episode.messages), info

    def _start(self, task: str | None) -> Episode:
        brief = self.sandbox.prepare(task or draw_task(self.np_random, self.sandbox.app, self.split, self._families))
        return Episode.start(self.sandbox, brief, self.user, int(self.np_random.integers(2**31)))

    def _resume(self, snapshot: Any) -> Episode:
        if not isinstance(snapshot, EpisodeSnapshot):
            raise UsageError(f"options['snapshot'] takes what env.snapshot() returned, not {str(snapshot)[:60]!r}")
        return Episode.resume(self.sandbox, self._brief(snapshot), self.user, snapshot)

    def _brief(self, snapshot: EpisodeSnapshot) -> Brief:
        if self._episode and self._episode.brief.task == snapshot.task:
            return self._episode.brief
        return self.sandbox.prepare(snapshot.task)

    def _replace(self, episode: Episode) -> None:
        self._holds.take(episode.brief.snapshot)
        self._drop()
        self._episode = episode
        self._messages.offer(episode.brief.tools)

    def _drop(self) -> None:
        """Let go of the running episode, and of its start."""
        former, self._episode = self._episode, None
        if former:
            self._let_go(former.brief.snapshot)
            former.close()

    def _let_go(self, snapshot: str) -> None:
        for unneeded in self._holds.let_go(snapshot):
            self.sandbox.release(unneeded)

    def step(self, action: Message) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Send one assistant message.

        Returns:
            New messages; the reward (the verifier's score when the episode ends, else 0); terminated (the user
            ended it); truncated (the step limit); info.

        Raises:
            UsageError: No episode is running, or it is over.
            PolicyError: The action is no assistant message.
        """
        outcome = self.episode.step(action)
        info: dict[str, Any] = {"refused": outcome.refused, "user_act": outcome.act, "faults": outcome.faults}
        reward = 0.0
        if outcome.done:
            verdict = self.episode.verify()
            reward = verdict.score
            info |= {"success": verdict.success, "findings": verdict.findings}
        return outcome.messages, reward, outcome.terminated, outcome.truncated, info

    def snapshot(self) -> EpisodeSnapshot:
        """The episode as it stands: world, user and conversation. `reset(options={"snapshot": …})` takes it.

        Its world is kept until this environment is closed.
        """
        snapshot = self.episode.snapshot()
        if snapshot.world not in self._handed_out:
            self._handed_out.add(snapshot.world)
            self._holds.take(snapshot.world)
        return snapshot

    @contextmanager
    def frozen(self) -> Generator[EpisodeSnapshot]:
        """The episode as it stands, for as long as forks of it are made."""
        snapshot = self.episode.snapshot()
        self._holds.take(snapshot.world)
        try:
            yield snapshot
        finally:
            self._let_go(snapshot.world)

    def fork(self, n: int = 1) -> list["GreenroomEnv"]:
        """Make n environments that stand exactly where this one does, and are private from here on."""
        with self.frozen() as snapshot:
            opened = self.sandbox.open(snapshot.world, snapshot.task, n)
        return [self._twin(snapshot, fork) for fork in opened]

    def _twin(self, snapshot: EpisodeSnapshot, opened: Opened) -> "GreenroomEnv":
        twin = GreenroomEnv(sandbox=self.sandbox, user=self.user, split=self.split, size=self.size)
        twin._families, twin.render_mode = self._families, self.render_mode
        twin.np_random = deepcopy(self.np_random)
        twin._replace(Episode.resume(self.sandbox, self.episode.brief, self.user, snapshot, opened))
        return twin

    def render(self) -> str | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The conversation as text, in render mode `ansi`."""
        if self.render_mode != "ansi":
            return None
        lines = (f"{m['role']}: {m['content'] or m.get('tool_calls')}" for m in self.episode.messages)
        return "\n".join(lines)

    def close(self) -> None:
        """Drop the running episode and what `snapshot()` kept.

        A sandbox that was given as a spec is stopped: forks cannot go on then.
        """
        self._drop()
        while self._handed_out:
            self._let_go(self._handed_out.pop())
        if self._opened:
            self.sandbox.stop()


def draw_task(random: np.random.Generator, app: str, split: Split, families: list[str]) -> str:
    """A random task id of these families."""
    return f"{app}/{split}/{families[int(random.integers(len(families)))]}/{int(random.integers(2**31))}"


def make(app: str | App, **options: Any) -> GreenroomEnv:
    """Make an environment: `greenroom.make("mail", size="medium", split="test")`.

    Raises:
        UnknownNameError: No such app, size, split, family or user.
    """
    return GreenroomEnv(app, **options)
