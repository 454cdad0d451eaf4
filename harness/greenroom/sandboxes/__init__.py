"""Sandboxes: where apps run."""

from greenroom.sandboxes.blocking import BlockingSandbox
from greenroom.sandboxes.inline import InlineSandbox
from greenroom.sandboxes.local import LocalSandbox

__all__ = ["BlockingSandbox", "InlineSandbox", "LocalSandbox"]
