"""Where a policy plays: an app's sandbox, the users, and the plan of tasks."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from greenroom.errors import UnknownNameError
from greenroom.policy import Policy
from greenroom.rollouts import Group, GroupSpec, Rollout, Rollouts
from greenroom.sandbox import Sandbox
from greenroom.store import Store
from greenroom.users import UserSimulator


@dataclass(frozen=True, kw_only=True)
class Arena:
    """An app with its users.

    Attributes:
        sandbox: Where the app runs.
        user: Who talks to the agent.
        store: Where rollouts are kept, if anywhere.
        families: The task families that are played; all of the app's when empty.
    """

    sandbox: Sandbox
    user: UserSimulator
    store: Store | None = None
    families: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse families that the app does not have.

        Raises:
            UnknownNameError: There is no such family.
        """
        known = self.sandbox.families()
        for family in self.families:
            if family not in known:
                raise UnknownNameError("task family", family, known)

    def tasks(self, split: str, count: int, first: int = 0) -> list[str]:
        """So many task ids of a split, the families in turn; `first` counts tasks, not families."""
        families = self.families or self.sandbox.families()
        app = self.sandbox.app
        return [
            f"{app}/{split}/{families[i % len(families)]}/{i // len(families)}" for i in range(first, first + count)
        ]

    async def play(
        self, policy: Policy, specs: Sequence[GroupSpec], run: int | None = None, parallel: int | None = None
    ) -> list[Group]:
        """Play groups; recorded when there are a store and a run."""
        store = self.store if run is not None else None
        rollouts = Rollouts(self.sandbox, self.user, policy, store=store, run=run, parallel=parallel, content=False)
        return await rollouts.play(specs)

    def episodes(
        self, policy: Policy, tasks: Sequence[str], *, seed: int, run: int | None = None, parallel: int | None = None
    ) -> list[Rollout]:
        """Play each task once; returns the rollouts in order."""
        specs = [GroupSpec(task, 1, seed) for task in tasks]
        groups = asyncio.run(self.play(policy, specs, run, parallel))
        return [rollout for group in groups for rollout in group.rollouts]


def success(rollouts: Sequence[Rollout]) -> float:
    """The share of valid rollouts that did everything right; 0 without any."""
    valid = [r for r in rollouts if r.valid]
    return sum(r.success for r in valid) / len(valid) if valid else 0.0
