"""A sandbox that waits for others behind the asynchronous contract: each call in a thread."""

import asyncio
from collections.abc import Callable

from greenroom.sandboxes.inline import InlineSandbox, P, T


class ThreadedSandbox(InlineSandbox):
    """Makes a sandbox asynchronous with threads.

    Args:
        sandbox: The sandbox; it must bear being called by several threads at once.
    """

    async def _ask(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await asyncio.to_thread(method, *args, **kwargs)
