"""Names of people, companies and projects, each word of which belongs to exactly one split.

First and last names are Faker's; words of companies and topics are invented but pronounceable, because an
agent that has to copy a word it never saw is what we want to measure. The split of a word is a stable hash
of the word alone, so no list has to be kept apart by hand.
"""

import zlib
from functools import cache
from random import Random

from faker.providers.person.en_US import Provider as Person

from greenroom.tasks import Split

COMPANY_KINDS = ("Group", "Works", "Supply", "Store", "Partners", "Services")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ONSETS = _words("b br c cl d dr f fl g gr h j k l m n p pl pr r s sk st t tr v w z")
VOWELS = _words("a e i o u")
MIDDLES = _words("b d f g k l ld lm ln m n nd nt r rk rn rv s st t v x z")
ENDINGS = _words("a o en er in is on or um us ix el ay")


@cache
def split_of(word: str) -> Split:
    """The only split in which a word may occur: 70 % of words are train, 10 % dev, 20 % test."""
    bucket = zlib.crc32(word.lower().encode()) % 10
    return Split.TRAIN if bucket < 7 else Split.DEV if bucket == 7 else Split.TEST


@cache
def first_names(split: Split) -> tuple[str, ...]:
    """Faker's first names of a split, sorted."""
    return _of_split(Person.first_names, split)


@cache
def last_names(split: Split) -> tuple[str, ...]:
    """Faker's last names of a split, sorted."""
    return _of_split(Person.last_names, split)


def _of_split(names: object, split: Split) -> tuple[str, ...]:
    """Plain single words only: the ids that agents see are made of them."""
    words = sorted(set(map(str, names)))  # pyright: ignore[reportArgumentType]
    return tuple(w for w in words if split_of(w) == split and w.isascii() and w.isalpha() and len(w) > 2)


def person(rng: Random, split: Split) -> str:
    """A full name, such as `Danielle Ortiz`."""
    first, last = rng.choice(first_names(split)), rng.choice(last_names(split))
    return f"{first} {last}" if first != last else person(rng, split)


def word(rng: Random, split: Split) -> str:
    """An invented word in lower case, such as `norvik`, that is nobody's name."""
    while True:
        parts = (ONSETS, VOWELS, MIDDLES, ENDINGS)
        made = "".join(rng.choice(part) for part in parts)
        if split_of(made) == split and made not in _taken():
            return made


@cache
def _taken() -> frozenset[str]:
    return frozenset(str(n).lower() for names in (Person.first_names, Person.last_names) for n in names)


def company(rng: Random, split: Split) -> str:
    """A company, such as `Norvik Works`."""
    return f"{word(rng, split).capitalize()} {rng.choice(COMPANY_KINDS)}"


def address(name: str, domain: str) -> str:
    """A person's mail address: `danielle.ortiz@domain`."""
    return f"{name.lower().replace(' ', '.')}@{domain}"
