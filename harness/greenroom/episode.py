"""Episodes: one run of one task, with the agent, the app and the user taking turns."""

from dataclasses import dataclass

from greenroom.conversation import Conversation, EpisodeSnapshot, StepOutcome
from greenroom.errors import UsageError
from greenroom.messages import Message
from greenroom.sandbox import Brief, Opened, Sandbox, StepRequest
from greenroom.tasks import Verdict
from greenroom.users import UserSimulator


@dataclass(kw_only=True)
class Episode(Conversation):
    """One run of a task in a sandbox that answers at once. Make it with `Episode.start` or `Episode.resume`.

    `rollouts.LiveEpisode` is its sister for many at once, on an asynchronous sandbox.

    Attributes:
        sandbox: Where the app runs.
        opened: The fork that it acts on.
    """

    sandbox: Sandbox
    opened: Opened

    @classmethod
    def start(
        cls, sandbox: Sandbox, brief: Brief, user: UserSimulator, seed: int, opened: Opened | None = None
    ) -> "Episode":
        """Begin: fork the task's start (unless given) and let the user open.

        Raises:
            UserError: The user simulator failed.
        """
        opened = opened or sandbox.open(brief.snapshot, brief.task)[0]
        return cls(sandbox=sandbox, opened=opened, **vars(Conversation.begin(brief, user, seed)))

    @classmethod
    def resume(
        cls,
        sandbox: Sandbox,
        brief: Brief,
        user: UserSimulator,
        snapshot: EpisodeSnapshot,
        opened: Opened | None = None,
    ) -> "Episode":
        """Go on from a snapshot, on a fork of its world (made now, unless given)."""
        opened = opened or sandbox.open(snapshot.world, snapshot.task)[0]
        return cls(sandbox=sandbox, opened=opened, **vars(Conversation.continued(brief, user, snapshot)))

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
        return self.frozen(self.opened.state).id

    def snapshot(self) -> EpisodeSnapshot:
        """Freeze the episode; it goes on unharmed."""
        return self.frozen(self.sandbox.snapshot(self.opened.episode))

    def close(self) -> None:
        """Drop the fork."""
        self.sandbox.close(self.opened.episode)
