"""Names in mail: newsletters, and the handles that message ids begin with."""

import zlib
from random import Random

from greenroom import Split
from greenroom.names import address, company, person, split_of, word

NEWSLETTER_KINDS = ("Digest", "Weekly", "Letter", "Journal", "Bulletin", "News")

__all__ = ["address", "company", "first_number", "newsletter", "person", "split_of", "tag", "word"]


def newsletter(rng: Random, split: Split) -> str:
    """A newsletter, such as `Norvik Digest`."""
    return f"{word(rng, split).capitalize()} {rng.choice(NEWSLETTER_KINDS)}"


def tag(sender: str) -> str:
    """The first word of a sender, as message ids begin: `Danielle`."""
    return sender.split()[0]


def first_number(sender_tag: str) -> int:
    """The number of a tag's first message: two digits that differ from tag to tag.

    If every sender began at 1, an agent could guess ids instead of copying them.
    """
    return 10 + zlib.crc32(sender_tag.encode()) % 60
