"""Foreign applications: somebody's own image as an environment, described by a file of TOML (docs/foreign.md)."""

from greenroom.foreign.proof import Proof, prove
from greenroom.foreign.sandbox import ForeignSandbox
from greenroom.foreign.spec import ContainerApp

__all__ = ["ContainerApp", "ForeignSandbox", "Proof", "prove"]
