"""Sandboxes: where apps run."""

from greenroom.sandboxes.inline import InlineSandbox
from greenroom.sandboxes.local import LocalSandbox

__all__ = ["InlineSandbox", "LocalSandbox"]
