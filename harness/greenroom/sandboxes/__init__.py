"""Sandboxes: where apps run."""

from greenroom.sandboxes.blocking import BlockingSandbox
from greenroom.sandboxes.inline import InlineSandbox
from greenroom.sandboxes.local import LocalSandbox
from greenroom.sandboxes.specs import open_sandbox

__all__ = ["BlockingSandbox", "InlineSandbox", "LocalSandbox", "open_sandbox"]
