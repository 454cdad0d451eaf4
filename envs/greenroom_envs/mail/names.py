"""Names in mail: newsletters, and the handles that message ids begin with."""

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


def first_number(rng: Random) -> int:
    """The number of a sender's first message: two digits, drawn anew in every world.

    If it began at 1, or followed from the name, an agent could know ids by heart instead of copying them.
    """
    return rng.randrange(10, 70)
