"""Sandboxes: where apps run."""

from greenroom.sandboxes.local import LocalSandbox

__all__ = ["LocalSandbox"]
