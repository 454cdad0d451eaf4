"""The keeper: all that one worker has running, under names that nobody can guess, within its limits."""

import hmac
import itertools
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from greenroom.app import App
from greenroom.errors import SandboxBusyError, SandboxLostError, UnknownNameError, UsageError
from greenroom.messages import Message, ToolCall
from greenroom.sandbox import Brief, StepRequest, StepResult
from greenroom.sandboxes.local import LocalSandbox
from greenroom.tasks import Verdict
from greenroom.wire.protocol import Limits, WorldSpec, short
from greenroom.wire.replay import Replay
from greenroom.wire.room import Room
from greenroom.wire.running import Running, Started
from greenroom.wire.session import Session
from greenroom.wire.transfer import Transfers

REMEMBERED = 10_000
"""So many episodes that are gone are remembered, to say why."""
REST = "rest/"
"""What the tokens of REST's sessions begin with."""
ROOMS = 64
"""So many kinds of worlds are served at once."""


class Keeper:
    """Keeps the sandboxes, sessions, episodes and snapshots of one worker.

    Args:
        apps: What is served, by name.
        limits: How much.
        cache_dir: Where bases are cached; the user's cache folder when None.
        clock: Seconds; for idle times.

    Attributes:
        transfers: The uploads that are under way.
        rest: The session of those clients of REST that name none; it never ends.
        server: The name of this start of this worker; a client that meets another knows that its episodes are gone.
    """

    def __init__(
        self,
        apps: Mapping[str, App],
        limits: Limits,
        cache_dir: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.apps, self.limits, self._cache_dir, self.clock = dict(apps), limits, cache_dir, clock
        self.server = secrets.token_hex(6)
        self._rooms: dict[tuple[str, WorldSpec], Room] = {}
        self._sessions: dict[str, Session] = {}
        self.rest = Session("", None, Replay(limits), clock())
        self._episodes: dict[str, Running] = {}
        self._gone: OrderedDict[str, str] = OrderedDict()
        self._given_up: OrderedDict[str, int] = OrderedDict()
        self._numbers = itertools.count(1)
        self.transfers = Transfers(limits, clock)

    # -- rooms and sessions

    @property
    def first_app(self) -> str:
        """What is meant where nobody says which app.

        Raises:
            UsageError: Several are served.
        """
        if len(self.apps) > 1:
            raise UsageError(f"say which app; this server has: {', '.join(self.apps)}")
        return next(iter(self.apps))

    def room(self, app: str, spec: WorldSpec) -> Room:
        """The room of an app and a kind of world; made when it is first asked for.

        Raises:
            UnknownNameError: The app is not served here; no such size or fault profile.
            SandboxBusyError: There are too many.
        """
        found = self._rooms.get((app, spec))
        if found is None:
            if app not in self.apps:
                raise UnknownNameError("environment", app[:80], self.apps)
            if len(self._rooms) >= ROOMS and not self._make_room():
                raise SandboxBusyError(f"{ROOMS} kinds of worlds are served, and no more at once", 60.0)
            sandbox = LocalSandbox(
                self.apps[app],
                spec.size,
                spec.seed,
                self._cache_dir,
                faults=spec.faults,
                fault_seed=spec.fault_seed,
                all_tools=spec.all_tools,
            )
            found = self._rooms[app, spec] = Room(self.apps[app], spec, sandbox)
        return found

    def _make_room(self) -> bool:
        """Give up a room that nobody uses; whether there was one."""
        used = {session.room for session in self._sessions.values()}
        used |= {running.room for running in self._episodes.values()} | self.transfers.rooms
        free = next((key for key, room in self._rooms.items() if room not in used and not room.needed), None)
        if free is None:
            return False
        self._rooms.pop(free).sandbox.stop()
        return True

    def session(self, token: str, room: Room) -> tuple[Session, bool]:
        """The session of that token, and whether it was known: else it begins now.

        Raises:
            UsageError: It is about something else.
            SandboxBusyError: There are too many.
        """
        found = self._sessions.get(token)
        if found is not None:
            if found.room is not room:
                raise UsageError("this session is about another app or world: begin one with a token of its own")
            found.seen = self.clock()
            return found, True
        return self._begin(token, room), False

    def rest_session(self, name: str) -> Session:
        """The session of a client of REST that names itself; of those that do not, the one that they share.

        Raises:
            SandboxBusyError: There are too many.
        """
        if not name:
            return self.rest
        token = f"{REST}{name}"
        found = self._sessions.get(token) or self._begin(token, None)
        found.seen = self.clock()
        return found

    def _begin(self, token: str, room: Room | None) -> Session:
        if len(self._sessions) >= self.limits.sessions and not self._give_up():
            raise SandboxBusyError(f"{self.limits.sessions} sessions are open, the most that is allowed", 5.0)
        made = self._sessions[token] = Session(token, room, Replay(self.limits), self.clock())
        made.number = self._given_up.pop(token, made.number)  # So that keys of requests are still known.
        return made

    def _give_up(self) -> bool:
        """Give up the session of REST that holds nothing and was heard of longest ago; whether there was one."""
        senders = self.transfers.owners
        free = [
            session
            for session in self._sessions.values()
            if session.room is None
            and not (session.connected or session.episodes or session.snapshots or session.token in senders)
        ]
        if not free:
            return False
        oldest = min(free, key=lambda session: session.seen)
        self.end(oldest)
        self._given_up[oldest.token] = oldest.number
        if len(self._given_up) > REMEMBERED:
            self._given_up.popitem(last=False)
        return True

    def end(self, session: Session, why: str = "its session ended") -> None:
        """End a session: its episodes are closed, its snapshots released, its uploads dropped."""
        session.ended = True
        self.transfers.end(session.token)
        for episode in list(session.episodes):
            self._drop(self._episodes[episode], why)
        for snapshot in list(session.snapshots):
            self.release(session, snapshot)
        if self._sessions.get(session.token) is session:
            del self._sessions[session.token]

    def sweep(self) -> None:
        """Close episodes that nobody has named for long, end sessions without a connection, release what REST left."""
        limit = self.clock() - self.limits.idle_seconds
        why = f"nobody named it for {self.limits.idle_seconds:g} s"
        for running in [r for r in self._episodes.values() if r.seen < limit]:
            self._drop(running, why)
        self.transfers.sweep(limit)
        for session in [s for s in self._sessions.values() if not s.connected and s.seen < limit]:
            if not session.episodes:
                self.end(session)
        for session in [self.rest, *(s for s in self._sessions.values() if s.room is None)]:
            for snapshot in [name for name, named in session.named.items() if named < limit]:
                self.release(session, snapshot)

    # -- what the operations are made of

    async def prepare(self, session: Session, room: Room, task: str) -> Brief:
        """Make a task's start and keep its snapshot for the session.

        Raises:
            SandboxBusyError: Too many snapshots are kept.
        """
        self.check_snapshots()
        await room.ready(task)
        session.check()
        self.check_snapshots()  # Others may have waited for the same base.
        brief = room.sandbox.prepare(task)
        self.hold(session, room, brief.snapshot)
        return brief

    def open(self, session: Session, room: Room, snapshot: str, task: str, n: int) -> list[Started]:
        """Fork a snapshot n times.

        Raises:
            SandboxBusyError: So many episodes would be too many.
            SandboxLostError: The snapshot is not known here.
        """
        self.check_episodes(n)
        session.check()
        opened = room.sandbox.open(snapshot, task, n)
        self.name(session, snapshot)
        return [self._began(session, room, task, one.episode, one.state) for one in opened]

    def check_episodes(self, n: int) -> None:
        """Refuse when n more episodes would be too many.

        Raises:
            SandboxBusyError: They would.
        """
        if len(self._episodes) + n > self.limits.episodes:
            raise SandboxBusyError(
                f"{len(self._episodes)} episodes are running and {n} more were asked for; "
                f"{self.limits.episodes} is the most: close some, or wait",
                1.0,
            )

    def _began(self, session: Session, room: Room, task: str, local: str, state: str) -> Started:
        name = f"{self.server}.{next(self._numbers)}.{secrets.token_urlsafe(16)}"
        running = Running(name, local, room, session, task, secrets.token_urlsafe(24), self.clock())
        self._episodes[name] = running
        session.episodes.add(name)
        return Started(episode=name, state=state, token=running.token)

    def running(self, episode: str) -> Running:
        """An episode that runs; it is now no longer idle.

        Raises:
            SandboxLostError: It does not run here (any more); says why, if that is known.
        """
        running = self._episodes.get(episode)
        if running is None:
            raise SandboxLostError(self._why_gone(episode))
        running.seen = self.clock()
        return running

    def runs(self, running: Running) -> bool:
        """Whether an episode is still running."""
        return running.id in self._episodes

    def of_agent(self, token: str) -> Running | None:
        """The episode whose agent holds this token; None when there is none."""
        name, _, secret = token.rpartition(".")
        running = self._episodes.get(name)
        known = running.secret if running else "no such episode"
        sound = hmac.compare_digest(known.encode(), secret.encode("utf-8", "replace"))
        if running is None or not sound:
            return None
        running.seen = self.clock()
        return running

    def step(self, running: Running, calls: Sequence[ToolCall]) -> StepResult:
        """Run the calls of one assistant message."""
        return running.room.sandbox.step([StepRequest(episode=running.local, calls=calls)])[0]

    def offered(self, running: Running) -> list[dict[str, Any]]:
        """The schemas of the tools that an episode offers."""
        return running.room.sandbox.offered(running.local)

    def verify(self, running: Running, messages: Sequence[Message]) -> Verdict:
        """Score an episode."""
        return running.room.sandbox.verify(running.local, messages)

    def freeze(self, running: Running, session: Session) -> str:
        """Freeze an episode's world and keep it for the session.

        Raises:
            SandboxBusyError: Too many snapshots are kept.
        """
        self.check_snapshots()
        snapshot = running.room.sandbox.snapshot(running.local)
        self.hold(session, running.room, snapshot)
        return snapshot

    def check_snapshots(self) -> None:
        """Refuse when no more snapshots can be kept.

        Raises:
            SandboxBusyError: Too many are.
        """
        kept = sum(len(room.holders) for room in self._rooms.values())
        if kept >= self.limits.snapshots:
            raise SandboxBusyError(f"{kept} snapshots are kept, the most that is allowed: release some", 5.0)

    def may_keep(self, session: Session, room: Room, snapshot: str) -> None:
        """Refuse to keep one more snapshot for a session that is over, or beyond what can be kept.

        Raises:
            SandboxLostError: The session is over.
            SandboxBusyError: Too many snapshots are kept.
        """
        session.check()
        if snapshot not in room.holders:
            self.check_snapshots()

    def hold(self, session: Session, room: Room, snapshot: str) -> None:
        """Keep a snapshot for a session."""
        session.snapshots[snapshot], session.named[snapshot] = room, self.clock()
        session.holds[snapshot] += 1
        room.hold(snapshot, session.token)

    def name(self, session: Session, snapshot: str) -> None:
        """A session has named a snapshot: if it holds it, that is now no longer idle."""
        if snapshot in session.named:
            session.named[snapshot] = self.clock()

    def release(self, session: Session, snapshot: str, holds: int | None = None) -> None:
        """A session gives back so many of its holds on a snapshot, or all; unknown ones are ignored."""
        if holds is not None and session.holds[snapshot] > holds:
            session.holds[snapshot] -= holds
            return
        session.holds.pop(snapshot, None)
        session.named.pop(snapshot, None)
        room = session.snapshots.pop(snapshot, None)
        if room is not None:
            room.let_go(snapshot, session.token)

    def close(self, episode: str) -> None:
        """Drop an episode; unknown ones are ignored."""
        running = self._episodes.get(episode)
        if running is not None:
            self._drop(running, "it was closed")

    def _drop(self, running: Running, why: str) -> None:
        del self._episodes[running.id]
        running.session.episodes.discard(running.id)
        running.room.sandbox.close(running.local)
        self._gone[running.id] = why
        if len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)

    def _why_gone(self, episode: str) -> str:
        name = short(episode)
        if episode in self._gone:
            return f"episode {name} is gone: {self._gone[episode]}"
        if not episode.startswith(f"{self.server}."):
            return f"episode {name} is gone: it ran on another server, or before this one started ({self.server})"
        return f"episode {name} is not running here: it was closed, or never opened"

    def stop(self) -> None:
        """Drop everything."""
        self._episodes.clear()
        self._sessions.clear()
        self._given_up.clear()
        self.rest.episodes.clear()
        self.rest.snapshots.clear()
        self.rest.named.clear()
        self.rest.holds.clear()
        self.transfers.stop()
        for room in self._rooms.values():
            room.sandbox.stop()
        self._rooms.clear()

    def counts(self) -> dict[str, Any]:
        """How much is running: for people who look."""
        return {
            "episodes": len(self._episodes),
            "sessions": len(self._sessions),
            "snapshots": sum(len(room.holders) for room in self._rooms.values()),
            "worlds": len(self._rooms),
        }
