"""Colours as catalogues call them: every split has its own word for each, so that no option occurs in two of them."""

from greenroom import Split

SHADES = {
    "amber": ("honey", "topaz"),
    "beech": ("alder", "birch"),
    "beige": ("sand", "stone"),
    "black": ("jet black", "ebony"),
    "blue": ("azure", "cobalt"),
    "brown": ("cocoa", "mocha"),
    "burgundy": ("maroon", "wine red"),
    "citrus": ("grapefruit", "bergamot"),
    "clear": ("transparent", "frosted"),
    "copper": ("bronze", "brass"),
    "cream": ("ecru", "oatmeal"),
    "green": ("emerald", "sage"),
    "grey": ("slate", "charcoal"),
    "lavender": ("lilac", "heather"),
    "navy": ("midnight", "marine"),
    "oak": ("ash", "maple"),
    "olive": ("khaki", "moss"),
    "orange": ("tangerine", "apricot"),
    "pine": ("cedar", "fir"),
    "pink": ("rose", "fuchsia"),
    "purple": ("violet", "plum"),
    "red": ("scarlet", "crimson"),
    "silver": ("chrome", "pewter"),
    "teak": ("acacia", "eucalyptus"),
    "terracotta": ("brick", "clay"),
    "walnut": ("chestnut", "mahogany"),
    "white": ("snow", "ivory"),
    "yellow": ("lemon", "mustard"),
    "zinc": ("tin", "galvanised"),
}
"""By train's word: dev's and test's."""


def shade(colour: str, split: Split) -> str:
    """What a colour is called in a split."""
    dev, test = SHADES[colour]
    return {Split.TRAIN: colour, Split.DEV: dev, Split.TEST: test}[split]
