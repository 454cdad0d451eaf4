"""Errors of greenroom, typed by the boundary that failed.

    GreenroomError
    ├── UsageError            bad input by whoever calls us: unknown name, bad value, missing extra
    │   ├── UnknownNameError  a name that does not exist; says which do, and the nearest
    │   └── MissingExtraError a feature whose optional packages are not installed
    ├── PluginError           a plugin that cannot be loaded
    │   └── NotReadyError     one that loads, but must be told something first
    ├── WorldError            worlds: pages, snapshots, bases
    │   ├── SnapshotError     a snapshot file that is truncated, altered or foreign
    │   └── PopulateError     a base that could not be built
    ├── AppError              an app's code failed (a bug in it, not a refusal)
    ├── SandboxError          a sandbox refused, died or lost an episode
    │   ├── SandboxLostError  it died, or what lived in it is gone: what was played there can be replayed elsewhere
    │   │   └── WireError     its server answers what is no answer: nothing that it says is believed any more
    │   └── SandboxBusyError  a limit is reached: try again after some seconds
    ├── UserError             the user simulator failed
    ├── PolicyError           the policy failed (a model's endpoint, a bad message)
    ├── VerifierError         the verifier failed
    └── StoreError            the store cannot be read or written

`Refusal` is no error of greenroom: it is what a tool raises to say no to the agent.
"""

import difflib
from collections.abc import Iterable


class GreenroomError(Exception):
    """Anything that greenroom raises on purpose."""


class UsageError(GreenroomError):
    """Bad input: the message quotes it and names the next step."""


class UnknownNameError(UsageError):
    """A name that does not exist; the message lists what does and suggests the nearest."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"; did you mean '{near[0]}'?" if near else ";"
        listed = ", ".join(known) if known else "none"
        super().__init__(f"no {kind} '{name}'{hint} there is: {listed}")


class MissingExtraError(UsageError):
    """A feature whose optional packages are not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs packages that are not installed: pip install 'greenroom[{extra}]'")


class PluginError(GreenroomError):
    """A plugin that cannot be loaded."""


class NotReadyError(PluginError):
    """A plugin that loads, but must be told something before it can be used, such as where its data lies.

    Args:
        message: Which plugin, and what it needs.
        needs: What it needs, by itself: the same for all plugins that need it.
    """

    def __init__(self, message: str, needs: str) -> None:
        super().__init__(message)
        self.needs = needs


class WorldError(GreenroomError):
    """Something is wrong with a world, its pages or its base."""


class SnapshotError(WorldError):
    """A snapshot file that is truncated, altered or of another make."""


class PopulateError(WorldError):
    """A base that could not be built."""


class AppError(GreenroomError):
    """An app's own code failed: a bug in the app, never the agent's fault."""


class SandboxError(GreenroomError):
    """A sandbox refused, died, or an episode in it is gone."""


class SandboxLostError(SandboxError):
    """A sandbox died, or an episode or snapshot in it is gone; it can be made again from its start and replayed."""


class WireError(SandboxLostError):
    """A server answered what is no answer: no JSON, another shape, an id that nobody asked under."""


class SandboxBusyError(SandboxError):
    """A sandbox is at one of its limits.

    Args:
        message: Which limit, and how far it is reached.
        retry_after: After how many seconds it is worth trying again.
    """

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UserError(GreenroomError):
    """The user simulator failed."""


class PolicyError(GreenroomError):
    """The policy failed: a model's endpoint, or a message that is none."""


class VerifierError(GreenroomError):
    """A verifier failed: a bug in it, never a score."""


class StoreError(GreenroomError):
    """The store cannot be read or written."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not an error
    """What a tool raises to say no: the agent reads the code and the sentence, and nothing has changed.

    Args:
        code: Stable and short, such as `not_found`.
        message: A sentence that an agent can act on: quotes the bad value, says what to do instead.
        retry_after: After how many seconds the same call may succeed; nothing is said of it when None.
    """

    def __init__(self, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.retry_after = code, message, retry_after
