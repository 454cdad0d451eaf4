"""The injector: stands between the calls of one episode and its app, and lets go wrong what is drawn to."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from greenroom.errors import Refusal
from greenroom.fault import Fault, Kind
from greenroom.faults import answers, draw, shape
from greenroom.faults.keys import split_key
from greenroom.faults.memory import Memory
from greenroom.faults.profiles import Profile
from greenroom.faults.wait import WAIT
from greenroom.tools import CallResult, Tool, refusal_text
from greenroom.worlds import Snapshot, World

Then = Callable[[str], None]


class Stage(Protocol):
    """What an injector needs of an app."""

    def pass_time(self, world: World, delta: timedelta) -> None:
        """Move the clock and handle what falls due."""
        ...

    def run(self, world: World, tool: Tool, text: str, then: Then | None = None) -> CallResult:
        """Run a tool in one transaction; `then` gets its answer before the transaction ends."""
        ...


@dataclass(frozen=True)
class Before:
    """The world as it was before the last write, and when that was. Stale reads are answered from it."""

    snapshot: Snapshot
    at: datetime


@dataclass
class _Call:
    """A call on its way.

    Attributes:
        world: What it acts on.
        tool: Whose call.
        text: Its arguments, without the key.
        key: Its idempotency key.
        number: The k-th call of this tool in this episode.
        met: The faults so far.
    """

    world: World
    tool: Tool
    text: str
    key: str | None
    number: int
    met: list[Fault]

    def meet(self, kind: Kind, **detail: Any) -> None:
        self.met.append(Fault(kind, self.tool.name, self.number, detail))


class Injector:
    """The faults of one episode.

    Args:
        stage: The app.
        profile: How often what goes wrong.
        seed: The fault seed; equal within a group.
        before: Where an episode that was frozen had got to; what `before` was then.

    Attributes:
        before: The world before the last write; belongs to the episode's state, beside its world.
    """

    def __init__(self, stage: Stage, profile: Profile, seed: str, before: Before | None = None) -> None:
        self._stage, self._profile, self._seed = stage, profile, seed
        self.before = before

    def call(self, world: World, tool: Tool, text: str) -> CallResult:
        """Let a call through, or not; the result names the faults that it met.

        Raises:
            AppError: The app itself failed.
        """
        if tool is WAIT:
            return self._wait(world, text)
        number = Memory(world).count(tool.name)
        call = _Call(world, tool, text, None, number, [])
        unfit = None
        try:
            call.key, call.text = split_key(tool, text)
        except Refusal as refusal:
            unfit = refusal
        self._travel(call)
        try:
            if unfit is not None:
                raise unfit
            result = self._barred(call) or self._reach(call)
        except Refusal as refusal:
            result = CallResult(refusal_text(refusal), refusal.code)
        return replace(result, faults=tuple(call.met))

    def _wait(self, world: World, text: str) -> CallResult:
        try:
            seconds = WAIT.parse(text)["seconds"]
        except Refusal as refusal:
            return CallResult(refusal_text(refusal), refusal.code)
        self._stage.pass_time(world, timedelta(seconds=seconds))
        return self._stage.run(world, WAIT, text)

    def _travel(self, call: _Call) -> None:
        latency = draw.latency(self._profile, self._seed, call.tool.name, call.number)
        self._stage.pass_time(call.world, call.tool.time_of(call.text) + latency)
        if latency:
            call.meet("latency", seconds=latency.total_seconds())

    def _barred(self, call: _Call) -> CallResult | None:
        """The answer to a call that does not get as far as the app."""
        name, now = call.tool.name, call.world.now
        down = draw.outage(self._profile, self._seed, call.tool.feature, now)
        if down is not None:
            call.meet("outage", feature=call.tool.feature, seconds=down.total_seconds())
            return CallResult(answers.unavailable(name, down))
        until = Memory(call.world).limited_until(name)
        if until is not None and until > now:
            call.meet("rate_limited", retry_after=answers.whole_seconds(until - now), begun=False)
            return CallResult(answers.rate_limited(name, until - now))
        if draw.in_burst(self._profile, self._seed, name, call.number):
            text, status = answers.server_error(self._seed, name, call.number)
            call.meet("server_error", status=status)
            return CallResult(text)
        return None

    def _reach(self, call: _Call) -> CallResult:
        """The answer to a call that gets as far as the app, whether or not the app's answer gets back."""
        name = call.tool.name
        match draw.disturbance(self._profile, self._seed, name, call.number, writes=call.tool.writes):
            case "rate_limited":
                return self._limit(call)
            case "timed_out":
                return self._time_out(call)
            case "duplicated":
                result = self._deliver(call)
                if result.refused is None:
                    call.meet("duplicated", ran_twice=call.key is None)
                    self._deliver(call)
            case "stale_read":
                result = self._stale(call, self._deliver(call))
            case _:
                result = self._deliver(call)
        return self._reshaped(call, result)

    def _limit(self, call: _Call) -> CallResult:
        left = draw.retry_after(self._profile, self._seed, call.tool.name, call.number)
        Memory(call.world).limit(call.tool.name, call.world.now + left)
        call.meet("rate_limited", retry_after=answers.whole_seconds(left), begun=True)
        return CallResult(answers.rate_limited(call.tool.name, left))

    def _time_out(self, call: _Call) -> CallResult:
        tool = call.tool
        committed = tool.writes and draw.is_carried_out(self._seed, tool.name, call.number)
        if committed:
            committed = self._deliver(call).refused is None
        self._stage.pass_time(call.world, self._profile.timeout)
        call.meet("timed_out", committed=committed)
        return CallResult(answers.timed_out(tool.name, self._profile.timeout, writes=tool.writes))

    def _deliver(self, call: _Call) -> CallResult:
        """Run a call, unless its key was used before."""
        memory, name, key = Memory(call.world), call.tool.name, call.key
        if key is None:
            return self._run(call, None)
        known = memory.answer(name, key)
        if known is None:
            return self._run(call, lambda answer: memory.keep_answer(name, key, call.text, answer))
        arguments, answer = known
        if arguments != call.text:
            told = f"'{key[:80]}' was used before with other arguments: {arguments[:200]}; take a new key."
            raise Refusal("idempotency_key_reused", told)
        return CallResult(answer)

    def _run(self, call: _Call, then: Then | None) -> CallResult:
        if not call.tool.writes:
            return self._stage.run(call.world, call.tool, call.text, then)
        before = Before(call.world.freeze(), call.world.now)
        result = self._stage.run(call.world, call.tool, call.text, then)
        if result.refused is None:
            self.before = before
        return result

    def _stale(self, call: _Call, fresh: CallResult) -> CallResult:
        """What the read would have said before the last write; what it does itself (a read mark) is done."""
        before, now = self.before, call.world.now
        if before is None or now - before.at > self._profile.lag:
            return fresh
        with before.snapshot.open() as world:
            world.advance(now - world.now)
            stale = self._stage.run(world, call.tool, call.text)
        if stale.text == fresh.text:
            return fresh
        call.meet("stale_read", seconds=(now - before.at).total_seconds())
        return stale

    def _reshaped(self, call: _Call, result: CallResult) -> CallResult:
        name = call.tool.name
        if result.refused or not draw.has_changed(self._profile, self._seed, name, call.number):
            return result
        text, detail = shape.changed(result.text, self._seed, name)
        call.meet("schema_changed", **detail)
        return CallResult(text)
