"""Episodes: one run of one task, with the agent, the app and the user taking turns."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, cast

from greenroom.errors import GreenroomError, PolicyError, UsageError, UserError
from greenroom.fault import Fault
from greenroom.messages import Message, ToolCall, assistant, call, calls_of, canonical, system, user
from greenroom.sandbox import Brief, Opened, Sandbox, StepRequest, StepResult
from greenroom.tasks import Goal, Verdict
from greenroom.users import UserSimulator, UserState


@dataclass(frozen=True, kw_only=True)
class EpisodeSnapshot:
    """An episode frozen in the middle: plain data, but for the world, which the sandbox keeps under its id.

    Attributes:
        task: The task's id.
        world: The id of the world's snapshot.
        user_state: The user's state (JSON).
        messages: The conversation so far.
        steps: Assistant messages so far.
        seed: The user's seed.
        over: Whether the episode has ended.
    """

    task: str
    world: str
    user_state: UserState
    messages: tuple[Message, ...]
    steps: int
    seed: int
    over: bool = False

    @property
    def id(self) -> str:
        """A hash of everything above: equal for members of a group that start alike."""
        state = json.dumps(self.user_state, sort_keys=True, ensure_ascii=False)
        counts = f"{self.steps} {self.seed} {self.over}"
        text = "\n".join((self.task, self.world, state, canonical(self.messages), counts))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class StepOutcome:
    """What came of one assistant message.

    Attributes:
        messages: New messages: tool results, or the user's turn.
        terminated: The user has ended the conversation.
        truncated: The step limit is reached.
        refused: How many tool calls the app refused.
        act: What kind of turn the user took, empty when it was not the user's.
        faults: What went wrong on the way of its calls; never shown to the agent.
    """

    messages: tuple[Message, ...]
    terminated: bool = False
    truncated: bool = False
    refused: int = 0
    act: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        return self.terminated or self.truncated


@dataclass
class Episode:
    """One run of a task. Make it with `Episode.start` or `Episode.resume`.

    Attributes:
        sandbox: Where the app runs.
        brief: The task.
        user: Who talks to the agent.
        seed: The user's seed; equal within a group.
        opened: The fork that it acts on.
        messages: The conversation so far.
    """

    sandbox: Sandbox
    brief: Brief
    user: UserSimulator
    seed: int
    opened: Opened
    messages: list[Message] = field(default_factory=list[Message])
    user_state: UserState = field(default_factory=dict[str, Any])
    steps: int = 0
    over: bool = False

    @classmethod
    def start(
        cls, sandbox: Sandbox, brief: Brief, user: UserSimulator, seed: int, opened: Opened | None = None
    ) -> "Episode":
        """Begin: fork the task's start (unless given) and let the user open.

        Raises:
            UserError: The user simulator failed.
        """
        opened = opened or sandbox.open(brief.snapshot, brief.task)[0]
        episode = cls(sandbox, brief, user, seed, opened)
        turn = _guard_user(lambda: user.open(Goal.from_json(brief.goal), seed))
        episode.user_state = turn.state
        episode.messages = [system(brief.policy), _user(turn.text)]
        return episode

    @classmethod
    def resume(cls, sandbox: Sandbox, brief: Brief, user: UserSimulator, snapshot: EpisodeSnapshot) -> "Episode":
        """Go on from a snapshot, on a fork of its world."""
        opened = sandbox.open(snapshot.world, snapshot.task)[0]
        return cls(
            sandbox,
            brief,
            user,
            snapshot.seed,
            opened,
            messages=list(snapshot.messages),
            user_state=snapshot.user_state,
            steps=snapshot.steps,
            over=snapshot.over,
        )

    def step(self, message: Message) -> StepOutcome:
        """Take one assistant message: its tool calls run in order; without any, its text goes to the user.

        Raises:
            UsageError: The episode is over.
            PolicyError: The message is no assistant message.
            AppError: A tool failed.
            SandboxError: The episode is gone.
            UserError: The user simulator failed.
        """
        calls = self.take(message)
        if not calls:
            return self.finish(None)
        return self.finish(self.sandbox.step([StepRequest(episode=self.opened.episode, calls=calls)])[0])

    def take(self, message: Message) -> list[ToolCall]:
        """The first half of a step: note the message, return the calls to run (several episodes' at once).

        Raises:
            UsageError: The episode is over.
            PolicyError: The message is no assistant message.
        """
        if self.over:
            raise UsageError("the episode is over: reset before the next step")
        message = checked(message)
        self.messages.append(message)
        self.steps += 1
        return calls_of(message)

    def finish(self, result: StepResult | None) -> StepOutcome:
        """The second half: take in the tools' results, or, without any, let the user answer."""
        outcome = self._from_tools(result) if result else self._ask_user()
        self.messages.extend(outcome.messages)
        self.over = outcome.done
        return outcome

    def _from_tools(self, result: StepResult) -> StepOutcome:
        return StepOutcome(
            messages=tuple(result.messages),
            truncated=self.steps >= self.brief.max_steps,
            refused=result.refused,
            faults=tuple(result.faults),
        )

    def _ask_user(self) -> StepOutcome:
        turn = _guard_user(lambda: self.user.reply(self.user_state, self.messages))
        self.user_state = turn.state
        return StepOutcome(
            messages=(_user(turn.text),),
            terminated=turn.ends,
            truncated=not turn.ends and self.steps >= self.brief.max_steps,
            act=turn.act,
        )

    def verify(self) -> Verdict:
        """The score of the episode as it stands."""
        return self.sandbox.verify(self.opened.episode, self.messages)

    @property
    def opening(self) -> str:
        """The id of the episode snapshot before the first step, from the state that the fork proved.

        Raises:
            UsageError: The episode has begun.
        """
        if self.steps:
            raise UsageError(f"the episode has gone {self.steps} steps: its opening is asked for before the first")
        return self._frozen(self.opened.state).id

    def snapshot(self) -> EpisodeSnapshot:
        """Freeze the episode; it goes on unharmed."""
        return self._frozen(self.sandbox.snapshot(self.opened.episode))

    def _frozen(self, world: str) -> EpisodeSnapshot:
        return EpisodeSnapshot(
            task=self.brief.task,
            world=world,
            user_state=self.user_state,
            messages=tuple(self.messages),
            steps=self.steps,
            seed=self.seed,
            over=self.over,
        )

    def close(self) -> None:
        """Drop the fork."""
        self.sandbox.close(self.opened.episode)


def checked(message: Any) -> Message:
    """An assistant message, made well-formed where the harm is none (missing ids), else refused.

    Raises:
        PolicyError: It is no assistant message.
    """
    data = cast(dict[str, Any], message) if isinstance(message, dict) else {}
    if data.get("role") != "assistant":
        raise PolicyError(f"an action is an assistant message, not {str(cast(object, message))[:120]!r}")
    content = data.get("content")
    if content is not None and not isinstance(content, str):
        raise PolicyError(f"the content of an assistant message is text or None, not {str(content)[:80]!r}")
    given = data.get("tool_calls") or ()
    try:
        calls: list[ToolCall] = [
            {
                "id": str(c.get("id") or f"call_{i}"),
                "type": "function",
                "function": {
                    "name": str(c["function"]["name"]),
                    "arguments": _text(c["function"]["arguments"]),
                },
            }
            for i, c in enumerate(given)
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise PolicyError(f"malformed tool call ({error!r}) in {str(given)[:120]!r}") from None
    return assistant(content, *calls)


def _text(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else call("", **arguments)["function"]["arguments"]


def _user(text: str) -> Message:
    return user(text)


def _guard_user(turn: Any) -> Any:
    try:
        return turn()
    except GreenroomError:
        raise
    except Exception as error:
        raise UserError(f"the user simulator failed: {type(error).__name__}: {error}") from error
