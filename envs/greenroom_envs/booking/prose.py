"""What people write in booking: reviews, what a host knows of a place, how hosts and humans answer. All is composed."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from greenroom_envs.booking.models import SYMBOLS

LIKED = (
    *("the bed was soft", "the kitchen had all that we needed", "the street is quiet at night", "the view is lovely"),
    *("it was spotless", "the shower was hot and strong", "the bakery is a minute away", "the wifi never failed"),
    *("there was coffee for the first morning", "the rooms are larger than in the pictures", "the garden is a joy"),
    *("the heating worked well", "the children loved the yard", "the bus stops around the corner"),
    *("the windows keep the noise out", "the towels were fresh", "everything worked", "the sofa is very comfortable"),
)
DISLIKED = (
    *("the walls are thin", "the shower ran cold", "the kitchen is very small", "the wifi came and went"),
    *("the stairs are steep", "the bed creaks", "we heard the neighbours", "the heating took hours"),
    *("the pictures must be old", "there was dust under the bed", "the towels were damp", "one lamp was broken"),
    *("the street is loud until midnight", "it smelled of paint", "the key got stuck", "there was hair in the bath"),
    *("nobody had emptied the bin", "the curtains let the light in", "the stove had one ring that worked"),
)
HOSTS_LIKED = (
    *("{host} answered within minutes", "{host} met us at the door", "{host} told us where to eat"),
    *("{host} let us leave our bags", "{host} thought of everything", "{host} was easy to reach"),
)
HOSTS_DISLIKED = (
    *("{host} never answered", "{host} was late with the key", "{host} blamed the guests before us"),
    *("{host} promised to mend it and did not", "we waited an hour for {host}"),
)
VERDICTS = {
    5: ("We would come again at once.", "Better than we had hoped.", "A wonderful {stay}.", "Perfect.", "Go there!"),
    4: ("A good {stay}.", "We liked it.", "Good value.", "Nearly perfect.", "Very nice, with small flaws."),
    3: ("All right for {stay_as}.", "It was fair for the price.", "Neither good nor bad.", "It does the job."),
    2: ("Not what we had paid for.", "We had expected more.", "Disappointing.", "Once is enough."),
    1: ("We left early.", "Stay away.", "The worst {stay} of the year.", "I want my money back.", "Never again."),
}
STAYS = {1: ("night", "one night"), 2: ("weekend", "a weekend"), 4: ("few days", "a few days"), 7: ("week", "a week")}
INTROS = (
    *(
        "We stayed {stay_as}.",
        "There for {stay_as} with two children.",
        "Here on business.",
        "A trip with old friends.",
    ),
    *("Came for a wedding.", "Passing through.", "Our second time here.", "With my parents.", "Alone, for {stay_as}."),
)
JOINTS = (" and ", ", and ", "; ", ". Also, ")
BUTS = (", but ", ". Only ", "; still, ", ". A pity that ")


def review(rng: Random, stars: int, nights: int, host: str) -> str:
    """A review: what was liked or not by the stars, of a stay of that length, sometimes with a word on the host.

    Args:
        rng: Draws the parts.
        stars: One to five.
        nights: How long the stay was.
        host: The host's first name.
    """
    word, as_one = next(words for most, words in STAYS.items() if nights <= most or most == 7)
    verdict = rng.choice(VERDICTS[stars]).format(stay=word, stay_as=as_one)
    good, bad = rng.sample(LIKED, 2), rng.sample(DISLIKED, 2)
    if rng.random() < 0.35:  # a word on the host, in one of them
        good[0] = rng.choice(HOSTS_LIKED)
        bad[0] = bad[0] if stars in (3, 4) else rng.choice(HOSTS_DISLIKED)
    body = {
        5: rng.choice(JOINTS).join(good),
        4: good[0] + rng.choice(BUTS) + bad[0],
        3: good[0] + rng.choice(BUTS) + bad[0],
        2: rng.choice(JOINTS).join(bad),
        1: rng.choice(JOINTS).join(bad),
    }[stars]
    told = _sentence(body.format(host=host))
    whole = rng.choice((f"{told} {verdict}", f"{verdict} {told}", told))
    intro = rng.choice(INTROS).format(stay_as=as_one)
    return rng.choices((whole, f"{intro} {whole}", verdict), (6, 3, 1))[0]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


@dataclass(frozen=True)
class Known:
    """Something that a host knows of a place.

    Attributes:
        text: How the host says it.
        gist: The word or number that carries it.
    """

    text: str
    gist: str


FREE = ("in the yard", "in front of the house", "on our drive", "behind the house", "along the street", "by the gate")
PAID = (
    "the garage around the corner",
    "the car park by the station",
    "the garage under the market",
    "the lot next door",
)
NEARBY = ("at the house", "in our street", "near the house", "in the old town")
INSTEAD = ("take the bus", "come by train", "leave the car at the station", "a taxi is best", "the tram is near")
BOXES = ("by the door", "behind the plant pot", "on the gate", "left of the bell", "under the mailbox")
STOPS = ("in front of the house", "two minutes away", "at the corner", "by the church", "at the end of the street")


def parking(rng: Random, currency: str) -> Known:
    """Where guests leave the car: free, for some money a night in the currency of the place, or nowhere."""
    kind = rng.choice(("free", "free", "paid", "paid", "none"))
    if kind == "free":
        return Known(f"You can park for free {rng.choice(FREE)}.", "free")
    if kind == "paid":
        price = rng.randrange(6, 39)
        return Known(f"Use {rng.choice(PAID)}: {SYMBOLS[currency]}{price} a night.", str(price))
    return Known(f"There is no parking {rng.choice(NEARBY)}; {rng.choice(INSTEAD)}.", "no parking")


def keys(rng: Random) -> Known:
    """How guests come in."""
    code = f"{rng.randrange(1_000, 10_000)}"
    return Known(f"The key is in the box {rng.choice(BOXES)}, code {code}.", code)


def transit(rng: Random) -> Known:
    """How guests come without a car."""
    line = str(rng.randrange(2, 98))
    return Known(f"From the station take bus {line}; it stops {rng.choice(STOPS)}.", line)


GREETINGS = (
    "Hello {guest}, ",
    "Hi {guest}! ",
    "Dear {guest}, ",
    "Thank you for asking, {guest}. ",
    "Good to hear from you. ",
)
CLOSINGS = ("", " See you soon!", " Best wishes, {host}", " Just write if there is more.", " Kind regards, {host}")
AT_A_LOSS = (
    "I am not sure what you need: parking, the key, the way here, pets, quiet hours?",
    "that I cannot say right now. All that is fixed is in the listing.",
    "I have to look into that; it is not in the listing, so please do not count on it.",
)


def host_answer(rng: Random, topics: Sequence[str], guest: str, host: str) -> str:
    """A host's message: all that was asked about and is known, between a greeting and a close."""
    greeting = rng.choice(GREETINGS).format(guest=guest)
    body = " ".join(topics) or rng.choice(AT_A_LOSS)
    if greeting.endswith(", "):
        body = body if body.startswith("I ") else body[:1].lower() + body[1:]
    else:
        body = body[:1].upper() + body[1:]
    return greeting + body + rng.choice(CLOSINGS).format(host=host)


LOOKED = ("I have read your case.", "Thank you for your patience.", "A colleague passed this on to me.", "I am sorry.")
STEPS = {
    "stay": (
        "We have written to the host",
        "The host has two days to answer us",
        "We have asked the host for pictures",
    ),
    "flight": ("We have written to the airline", "The airline is looking into it", "We have asked the crew's report"),
}
NEXT = ("and will come back to you within {days} days.", "and you hear from us in {days} days at most.")


def case_answer(rng: Random, kind: str) -> str:
    """What a human of the service desk writes about a stay or a flight."""
    days = str(rng.randrange(2, 8))
    return f"{rng.choice(LOOKED)} {rng.choice(STEPS[kind])} {rng.choice(NEXT).format(days=days)}"
