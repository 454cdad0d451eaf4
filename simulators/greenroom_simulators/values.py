"""Values in free text: numbers, dates, times and names, made comparable whatever way they are written."""

import re

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}(?:,?\s+\d{{4}}\b)?", re.IGNORECASE)
MONTH_DAY = re.compile(rf"\b{MONTH}\s+(?:the\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}}\b)?", re.IGNORECASE)
ISO = re.compile(r"\b\d{4}-(\d{2})-(\d{2})\b")
WEEKDAY = re.compile(r"\b(mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)\b", re.IGNORECASE)
RELATIVE = re.compile(r"\b(today|tonight|tomorrow|yesterday)\b", re.IGNORECASE)
CLOCK = re.compile(r"\b([01]?\d|2[0-3])[:.]([0-5]\d)(?::[0-5]\d)?(?:\s*([ap])\.?m\b\.?)?(?![\d%])", re.IGNORECASE)
HOUR = re.compile(r"\b(1[0-2]|[1-9])\s*([ap])\.?m\b\.?", re.IGNORECASE)
MONEY = re.compile(r"(?:[$€£]\s*)(\d[\d,]*(?:\.\d+)?)")
NUMBER = re.compile(r"(?<![\w.-])[$€£]?\s?(\d[\d,]*(?:\.\d+)?)(?![\w-]|\.\d)")
COUNTED = re.compile(
    r"\b\d+\s+(?:\w+\s+)?(?:e?-?mails?|messages?|results?|hits?|threads?|matches|possib\w+)\b", re.IGNORECASE
)
NUMBER_WORDS = re.compile(
    r"\b(zero|none|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|hundred|thousand)\b",
    re.IGNORECASE,
)


def dates(text: str) -> set[str]:
    """Days named in a text: `03-14` for a day of a year, `tue` for a weekday, words such as `tomorrow`."""
    found = {_day(m[2], m[1]) for m in DAY_MONTH.finditer(text)}
    found |= {_day(m[1], m[2]) for m in MONTH_DAY.finditer(text)}
    found |= {f"{m[1]}-{m[2]}" for m in ISO.finditer(text)}
    found |= {m[1].lower()[:3] for m in WEEKDAY.finditer(text)}
    return found | {m[1].lower() for m in RELATIVE.finditer(text)}


def times(text: str) -> set[str]:
    """Times of the day named in a text, as `HH:MM`; without am or pm the hour is taken as it stands."""
    found = {_time(m[1], m[2], m[3]) for m in CLOCK.finditer(_without_money(text))}
    return found | {_time(m[1], "00", m[2]) for m in HOUR.finditer(text)}


def amounts(text: str) -> set[str]:
    """Amounts of money in a text, without sign and thousands separators."""
    return {_plain(m[1]) for m in MONEY.finditer(text)}


def has_number(text: str, *, counting: bool = False) -> bool:
    """Whether a text tells a number that is no date, no time, no id and no mere count of what was found.

    Args:
        text: What was said.
        counting: Whether counts are what is wanted (`how many`).
    """
    if not counting:
        text = COUNTED.sub(" ", text)
    bare = without_dates(text)
    return bool(NUMBER.search(bare) or NUMBER_WORDS.search(bare))


def without_dates(text: str) -> str:
    """The text without its dates and times."""
    for pattern in (DAY_MONTH, MONTH_DAY, ISO, HOUR):
        text = pattern.sub(" ", text)
    # An amount such as $10.30 looks like a time of the day.
    return CLOCK.sub(lambda m: m[0] if text[max(0, m.start() - 1) : m.start()] in "$€£" and m.start() else " ", text)


def mentions(text: str, value: str) -> bool:
    """Whether a text holds a value: as whole words, letter case ignored, or the same day or time written otherwise."""
    if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE):
        return True
    for read in (dates, times, amounts):
        wanted = read(value)
        if wanted and wanted <= read(text):
            return True
    return False


def without(text: str, values: list[str]) -> str:
    """The text without the values, the longest first."""
    for value in sorted(values, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", " ", text, flags=re.IGNORECASE) if value else text
    return text


def same_name(named: str, value: str) -> bool:
    """Whether a name that was said can mean a value: all its words are the value's, or the other way round."""
    a, b = _words(named), _words(value)
    return bool(a) and bool(b) and (a <= b or b <= a)


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"['’]s\b", "", name.lower())))


def _without_money(text: str) -> str:
    return MONEY.sub(" ", text)


def _day(month: str, day: str) -> str:
    return f"{MONTHS.index(month.lower()[:3]) + 1:02d}-{int(day):02d}"


def _time(hour: str, minute: str, half: str | None) -> str:
    h = int(hour) % 12 + (12 if half.lower() == "p" else 0) if half else int(hour)
    return f"{h:02d}:{minute}"


def _plain(number: str) -> str:
    return number.replace(",", "").removesuffix(".00")
