"""One member of a group, played from its fork to its reward."""

import asyncio
import logging
from time import perf_counter

from greenroom.conversation import Conversation
from greenroom.errors import UserError
from greenroom.policy import EpisodeStart, Policy, PolicySession
from greenroom.rollouts.failure import Boundary, Failure
from greenroom.rollouts.group import Group
from greenroom.rollouts.live import LiveEpisode
from greenroom.rollouts.rollout import Rollout
from greenroom.sandbox import Brief
from greenroom.users import UserSimulator

log = logging.getLogger(__name__)


class Member:
    """Plays one rollout. Whatever fails makes it invalid, with its cause; nothing is raised.

    Args:
        rollout: Where what happens is recorded.
        group: Whose member it is.
        live: The world's side of its episode.
        brief: The task.
        content: Record the content id of the last world.
    """

    def __init__(self, rollout: Rollout, group: Group, live: LiveEpisode, brief: Brief, *, content: bool) -> None:
        self._rollout, self._group, self._live = rollout, group, live
        self._brief, self._content = brief, content
        self._during: Boundary = "user"
        self._policy_seconds = self._step_seconds = 0.0

    async def play(self, user: UserSimulator, policy: Policy) -> None:
        """Let the user open and the policy take its seat; play until the end; score."""
        begun, trajectory = perf_counter(), self._rollout.trajectory
        try:
            conversation = Conversation.begin(self._brief, user, self._group.spec.user_seed)
            trajectory.messages = conversation.messages
            _prove_opening(self._group, conversation, self._live.opened.state)
            self._during = "policy"
            session = policy.session(self._start(conversation))
            try:
                await self._converse(conversation, session)
                self._during = "policy"
                trajectory.tokens = session.tokens()
            finally:
                _close(session)
            await self._score(conversation)
        except Exception as error:
            self._rollout.failure = Failure.of(error, self._during)
            trajectory.reward = None
        self._rollout.seconds = {
            "policy": round(self._policy_seconds, 6),
            "step": round(self._step_seconds, 6),
            "total": round(perf_counter() - begun, 6),
        }

    def _start(self, conversation: Conversation) -> EpisodeStart:
        brief = self._brief
        return EpisodeStart(
            task=brief.task,
            messages=tuple(conversation.messages),
            tools=brief.tools,
            seed=self._rollout.seed,
            max_steps=brief.max_steps,
            solution=brief.solution,
            slips=brief.slips,
        )

    async def _converse(self, conversation: Conversation, session: PolicySession) -> None:
        """Turn by turn until the user ends it or the step limit does."""
        trajectory, new = self._rollout.trajectory, tuple(conversation.messages)
        while True:
            self._during, begun = "policy", perf_counter()
            # A policy that never waits must not keep others, or Ctrl-C, from their turn.
            await asyncio.sleep(0)
            message = await session.act(new)
            acted = perf_counter()
            self._during = "sandbox"
            outcome = await self._live.step(conversation, message)
            self._policy_seconds += acted - begun
            self._step_seconds += perf_counter() - acted
            trajectory.steps = conversation.steps
            trajectory.faults += [{"step": conversation.steps, **fault.to_json()} for fault in outcome.faults]
            if outcome.act:
                trajectory.acts.append(outcome.act)
            if outcome.done:
                trajectory.truncated = outcome.truncated
                return
            new = outcome.messages

    async def _score(self, conversation: Conversation) -> None:
        self._during = "verifier"
        verdict = await self._live.verify(conversation.messages)
        self._during = "sandbox"
        if self._content:
            self._rollout.content_id = await self._live.content()
        self._rollout.trajectory.reward, self._rollout.trajectory.findings = verdict.score, verdict.findings


def _close(session: PolicySession) -> None:
    """Let go of the policy's side; the rollout is decided by now, so a failure is only noted."""
    try:
        session.close()
    except Exception:
        log.warning("closing a %s failed", type(session).__name__, exc_info=True)


def _prove_opening(group: Group, conversation: Conversation, state: str) -> None:
    """All members of a group open alike: the same world, the same user, the same words.

    Of members that were restored from the store only the words are known.
    """
    opening = conversation.frozen(state).id
    group.opening = group.opening or opening
    count = len(conversation.messages)
    told = [r.trajectory.messages[:count] for r in group.rollouts if r.trajectory.messages]
    if opening != group.opening or any(messages != conversation.messages for messages in told):
        raise UserError(
            f"a member of group {group.number} opens otherwise than the others ({opening[:12]}…): the user"
            " simulator draws from something that is not its seed, or was changed since the run began"
        )
