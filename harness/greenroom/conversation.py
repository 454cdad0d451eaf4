"""Conversations: the harness's side of an episode. The messages, the user and the count of steps; no sandbox."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, cast

from greenroom.errors import GreenroomError, PolicyError, UsageError, UserError
from greenroom.fault import Fault
from greenroom.messages import Message, ToolCall, assistant, call, calls_of, canonical, system, user
from greenroom.sandbox import Brief, StepResult
from greenroom.tasks import Goal
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


@dataclass(kw_only=True)
class Conversation:
    """What is said in one run of a task. Make it with `Conversation.begin` or `Conversation.continued`.

    Attributes:
        brief: The task.
        user: Who talks to the agent.
        seed: The user's seed; equal within a group.
        messages: The conversation so far.
        user_state: The user's own state (JSON).
        steps: Assistant messages so far.
        over: Whether the episode has ended.
    """

    brief: Brief
    user: UserSimulator
    seed: int
    messages: list[Message] = field(default_factory=list[Message])
    user_state: UserState = field(default_factory=dict[str, Any])
    steps: int = 0
    over: bool = False

    @classmethod
    def begin(cls, brief: Brief, user: UserSimulator, seed: int) -> "Conversation":
        """Let the user open.

        Raises:
            UserError: The user simulator failed.
        """
        turn = _guard_user(lambda: user.open(Goal.from_json(brief.goal), seed))
        messages = [system(brief.policy), _user(turn.text)]
        return cls(brief=brief, user=user, seed=seed, messages=messages, user_state=turn.state)

    @classmethod
    def continued(cls, brief: Brief, user: UserSimulator, snapshot: EpisodeSnapshot) -> "Conversation":
        """Go on from where a snapshot stands."""
        return cls(
            brief=brief,
            user=user,
            seed=snapshot.seed,
            messages=list(snapshot.messages),
            user_state=snapshot.user_state,
            steps=snapshot.steps,
            over=snapshot.over,
        )

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
        """The second half: take in the tools' results, or, without any, let the user answer.

        Raises:
            UserError: The user simulator failed.
        """
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

    def frozen(self, world: str) -> EpisodeSnapshot:
        """The episode as it stands, in the world of that id."""
        return EpisodeSnapshot(
            task=self.brief.task,
            world=world,
            user_state=self.user_state,
            messages=tuple(self.messages),
            steps=self.steps,
            seed=self.seed,
            over=self.over,
        )


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
