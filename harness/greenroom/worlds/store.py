"""The contract of what lies below a world: pages that can be opened, frozen and taken back."""

from typing import Protocol

import apsw

from greenroom.worlds.layer import Layer


class Store(Protocol):
    """What a world needs of the pages below it; `Fork` is the one that matters."""

    @property
    def touched(self) -> bool:
        """Whether pages were written since the mark."""
        ...

    def connect(self) -> apsw.Connection:
        """Open the one connection."""
        ...

    def mark(self) -> None:
        """Make what was written final."""
        ...

    def undo(self) -> None:
        """Take back what was written since the mark."""
        ...

    def freeze(self) -> Layer:
        """The pages as they are."""
        ...
