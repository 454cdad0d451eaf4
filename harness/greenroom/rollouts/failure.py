"""Failures of rollouts, classified by the boundary that failed."""

from dataclasses import dataclass
from typing import Literal

from greenroom.errors import (
    AppError,
    PolicyError,
    SandboxError,
    StoreError,
    UserError,
    VerifierError,
    WorldError,
)

Boundary = Literal["sandbox", "app", "user", "policy", "verifier", "store"]

_BOUNDARIES: tuple[tuple[type[Exception], Boundary], ...] = (
    (PolicyError, "policy"),
    (UserError, "user"),
    (AppError, "app"),
    (VerifierError, "verifier"),
    (StoreError, "store"),
    (SandboxError, "sandbox"),
    (WorldError, "sandbox"),
)


class StateMismatchError(SandboxError):
    """Members of one group did not start from the same state: the group proves nothing."""


@dataclass(frozen=True)
class Failure:
    """Why a rollout is invalid.

    Attributes:
        boundary: What failed.
        cause: The error's type and text.
    """

    boundary: Boundary
    cause: str

    @classmethod
    def of(cls, error: Exception, during: Boundary) -> "Failure":
        """Classify an error by its type, else by what was going on."""
        known: list[Boundary] = [name for kind, name in _BOUNDARIES if isinstance(error, kind)]
        boundary = known[0] if known else during
        return cls(boundary, f"{type(error).__name__}: {error}")
