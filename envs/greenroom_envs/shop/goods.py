"""What a shop sells: kinds of goods with the variants they come in, and prices that follow the season."""

from dataclasses import dataclass
from datetime import date
from random import Random

from greenroom import Split
from greenroom.names import word

METALS = ("black", "white", "silver", "red", "copper")
FABRICS = ("navy", "grey", "olive", "burgundy", "cream", "black")
WOODS = ("oak", "walnut", "beech", "white")
CLOTHES = ("S", "M", "L", "XL")


@dataclass(frozen=True)
class Kind:
    """A kind of goods: what it comes in, and what it costs in cents at least and at most."""

    noun: str
    colours: tuple[str, ...]
    sizes: tuple[str, ...]
    low: int
    high: int


@dataclass(frozen=True)
class Shelf:
    """A category; `peak` is the month in which it is dearest, `swing` by how many per cent."""

    name: str
    peak: int
    swing: int
    kinds: tuple[Kind, ...]


SHELVES = (
    Shelf(
        "kitchen",
        12,
        8,
        (
            Kind("kettle", METALS, ("1 l", "1.7 l"), 2_400, 9_000),
            Kind("toaster", METALS, ("2 slices", "4 slices"), 2_900, 12_000),
            Kind("frying pan", ("black", "copper", "grey"), ("20 cm", "24 cm", "28 cm"), 1_900, 8_900),
            Kind("coffee grinder", METALS, (), 3_500, 15_000),
        ),
    ),
    Shelf(
        "clothing",
        11,
        15,
        (
            Kind("jacket", FABRICS, CLOTHES, 4_900, 21_000),
            Kind("sweater", FABRICS, CLOTHES, 2_900, 12_000),
            Kind("running shoes", ("black", "white", "blue", "orange"), ("38", "40", "42", "44"), 4_500, 17_000),
            Kind("scarf", FABRICS, (), 1_200, 5_500),
        ),
    ),
    Shelf(
        "garden",
        5,
        25,
        (
            Kind("lounge chair", ("green", "grey", "teak"), (), 3_900, 24_000),
            Kind("watering can", ("green", "blue", "zinc"), ("5 l", "10 l"), 900, 4_500),
            Kind("parasol", FABRICS, ("2 m", "3 m"), 3_900, 19_000),
        ),
    ),
    Shelf(
        "electronics",
        11,
        10,
        (
            Kind("headphones", METALS, (), 2_900, 34_000),
            Kind("speaker", METALS, ("small", "large"), 2_500, 26_000),
            Kind("keyboard", ("black", "white", "grey"), ("compact", "full"), 2_900, 17_000),
            Kind("power bank", ("black", "white"), ("10,000 mAh", "20,000 mAh"), 1_900, 7_900),
        ),
    ),
    Shelf(
        "home",
        10,
        6,
        (
            Kind("desk lamp", METALS, (), 1_900, 11_000),
            Kind("bookshelf", WOODS, ("80 cm", "120 cm"), 5_900, 32_000),
            Kind("blanket", FABRICS, ("130 x 170 cm", "150 x 200 cm"), 1_900, 9_500),
            Kind("wall clock", WOODS, (), 1_500, 8_500),
        ),
    ),
    Shelf(
        "sports",
        6,
        12,
        (
            Kind("yoga mat", ("purple", "green", "black", "blue"), ("4 mm", "6 mm"), 1_500, 7_900),
            Kind("backpack", FABRICS, ("18 l", "28 l", "40 l"), 3_500, 18_000),
            Kind("tent", ("green", "orange", "grey"), ("2 people", "4 people"), 7_900, 48_000),
        ),
    ),
)
ADJECTIVES = ("Classic", "Compact", "Everyday", "Pro", "Light", "Studio", "Nordic", "Essential", "Premium", "Urban")
PRAISE = {
    1: ("Broke after a week.", "Not what the pictures show.", "Would not buy it again."),
    2: ("Disappointing for the price.", "Works, but feels cheap.", "The finish is poor."),
    3: ("It is fine, nothing more.", "Does its job.", "Average; delivery was quick."),
    4: ("Good value, small flaws.", "Very happy so far.", "Nice, a bit smaller than I thought."),
    5: ("Exactly what I was looking for.", "Excellent, use it every day.", "Bought a second one."),
}
QUESTIONS = (
    ("How long is the warranty?", "Two years."),
    ("Does the colour match the picture?", "Yes, quite closely."),
    ("Is it suitable as a gift?", "Yes, choose gift wrap in the cart."),
    ("Where is it made?", "The label on the box says so; it differs by batch."),
)


def brand(rng: Random, split: Split) -> str:
    """A brand, such as `Norvik`."""
    return word(rng, split).capitalize()


def options(kind: Kind) -> list[tuple[str, str]]:
    """All colours and sizes that a kind could come in."""
    return [(colour, size) for colour in kind.colours for size in kind.sizes or ("",)]


def seasonal(shelf: Shelf, base: int, day: date) -> int:
    """A base price on a day: dearest in the peak month, cheapest half a year later, ending in 9."""
    away = abs(day.month - shelf.peak)
    away = min(away, 12 - away)
    price = base * (300 + shelf.swing * (3 - away)) // 300
    return max(99, price // 10 * 10 + 9)


def sku_of(brand: str, product_id: int, number: int) -> str:
    """A stock number: `NORV-1042-3`."""
    return f"{brand[:4].upper()}-{product_id}-{number}"
