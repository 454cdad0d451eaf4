"""Making goods: brands, titles, descriptions, options, prices that follow the season, what buyers say."""

from dataclasses import dataclass
from datetime import date
from random import Random

from greenroom import Split
from greenroom.names import word
from greenroom_envs.shop.colours import shade
from greenroom_envs.shop.shelves import GRAMS, SHELVES, Kind, Shelf

ADJECTIVES = ("Classic", "Compact", "Everyday", "Pro", "Light", "Studio", "Nordic", "Essential", "Premium", "Urban")


@dataclass(frozen=True)
class Details:
    """What is known of a product beside its name."""

    material: str
    warranty_years: int
    weight_grams: int


def brand(rng: Random, split: Split) -> str:
    """A brand, such as `Norvik`."""
    return word(rng, split).capitalize()


def title(rng: Random, brand: str, kind: Kind, taken: set[str]) -> str:
    """What a product is called: `Norvik Classic kettle`, or with a model number; noted in what is taken."""
    while True:
        model = f" {rng.choice('ABCEKLMRSTX')}{rng.randrange(1, 100)}" if rng.random() < 0.4 else ""
        title = f"{brand} {rng.choice(ADJECTIVES)}{model} {kind.noun}"
        if title not in taken:
            taken.add(title)
            return title


def details(rng: Random, shelf: Shelf, kind: Kind) -> Details:
    """Material, warranty and weight of a product."""
    grams = round(GRAMS[kind.noun] * rng.uniform(0.75, 1.3))
    return Details(rng.choice(kind.materials), rng.choice(shelf.warranty), max(10, grams // 10 * 10))


def description(rng: Random, title: str, kind: Kind, known: Details) -> str:
    """What it is made of and what is good about it."""
    praised = " and ".join(rng.sample(kind.features, min(len(kind.features), rng.choice((1, 1, 2)))))
    return f"{title}: {known.material}, {praised}."


def weight(grams: int) -> str:
    """A weight as it is written: `450 g`, `1.2 kg`."""
    return f"{grams} g" if grams < 1_000 else f"{grams / 1_000:.1f} kg"


def warranty(years: int) -> str:
    """A warranty as it is written."""
    return f"{years} year{'s' if years > 1 else ''} of warranty"


def options(kind: Kind, split: Split) -> list[tuple[str, str]]:
    """All colours and sizes that a kind could come in; colours in words of the split."""
    return [(shade(colour, split), size) for colour in kind.colours for size in kind.sizes or ("",)]


def seasonal(shelf: Shelf, base: int, day: date) -> int:
    """A base price on a day: dearest in the peak month, cheapest half a year later, ending in 9."""
    away = abs(day.month - shelf.peak)
    away = min(away, 12 - away)
    price = base * (300 + shelf.swing * (3 - away)) // 300
    return max(99, price // 10 * 10 + 9)


def sku_of(brand: str, product_id: int, number: int) -> str:
    """A stock number: `NORV-1042-3`."""
    return f"{brand[:4].upper()}-{product_id}-{number}"


__all__ = [
    "ADJECTIVES",
    "SHELVES",
    "Details",
    "Kind",
    "Shelf",
    "brand",
    "description",
    "details",
    "options",
    "seasonal",
    "sku_of",
    "title",
    "warranty",
    "weight",
]
