"""Days that tasks tell: each belongs to one split, as do the nine around it, so that a stay lies within one."""

from datetime import date

from greenroom import Split, names

DECADE = 10


def day_split(day: date) -> Split:
    """The only split in which a day may be told."""
    return names.split_of(f"decade {day.toordinal() // DECADE}")


def fits(day: date, split: Split, nights: int) -> bool:
    """Whether a day, and the one some nights later, belong to a split."""
    return day_split(day) == split and day.toordinal() % DECADE + nights < DECADE


def spoken(day: date) -> str:
    """A day as people write it: `14 March`."""
    return f"{day.day} {day:%B}"
