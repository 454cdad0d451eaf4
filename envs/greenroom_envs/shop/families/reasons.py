"""Reasons as people say them: the shop knows four to cancel and four to return; every split has words of its own."""

from collections.abc import Mapping

from greenroom import Split
from greenroom_envs.shop.families.shares import share_of

Reasons = Mapping[str, tuple[str, ...]]
"""What people say, by what the shop calls it."""
_UNNEEDED = (
    "I do not need it any more",
    "I have no use for it now",
    "I have changed my mind",
    "I got another one as a present",
    "we have one at home already",
    "I do not want it any longer",
)
CANCELLING: Reasons = {
    "no longer needed": _UNNEEDED,
    "ordered by mistake": (
        "I ordered it by mistake",
        "I pressed the wrong button",
        "that order was an accident",
        "I meant to order something else",
        "I did not mean to order it",
        "my cat walked over the keyboard",
    ),
    "found cheaper": (
        "I found it for less elsewhere",
        "another shop has it cheaper",
        "it costs less somewhere else",
        "I have seen it at a lower price",
        "a friend showed me a better price",
    ),
    "takes too long": (
        "it takes too long",
        "I cannot wait that long",
        "it would come too late for me",
        "the delivery is too slow",
        "I need it sooner than it would come",
    ),
}
RETURNING: Reasons = {
    "does not fit": (
        "it does not fit",
        "the size is wrong for me",
        "the fit is too tight",
        "it is too big on me",
        "it pinches everywhere",
    ),
    "damaged": (
        "it came broken",
        "there is a crack in it",
        "it arrived scratched",
        "it was dented when I unpacked it",
        "a part of it is torn off",
    ),
    "not as described": (
        "it is not as described",
        "it looks different from the pictures",
        "it is not what your page says",
        "the material is not the one on the page",
        "the description was wrong",
    ),
    "no longer needed": _UNNEEDED,
}


def in_words(reasons: Reasons, reason: str, split: Split) -> tuple[str, ...]:
    """The clauses by which people of a split give a reason."""
    return share_of(reasons[reason], split)
