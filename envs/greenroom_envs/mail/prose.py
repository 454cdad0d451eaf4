"""What people and companies write: bodies for the mailbox's everyday messages.

Sentences are composed once from parts into pools; a body is a few draws from them, so that 200,000 bodies
cost seconds. No pool holds a name: names come in only through slots.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import product
from random import Random

_PAPERS = ("lease", "budget", "quote", "contract", "invoice", "order", "survey", "report")
_PLANS = ("audit", "permit", "grant", "tender", "roster", "manual", "proposal", "estimate")
PROJECT_KINDS = (*_PAPERS, *_PLANS)
MEETING_KINDS = ("review", "call", "visit", "workshop", "lunch", "demo", "interview", "training", "tour")
NEWS_KINDS = ("update", "guide", "special", "story", "notes", "preview", "recap", "extra")
KINDS = (*PROJECT_KINDS, *MEETING_KINDS)

GREETINGS = ("Hi {to},", "Hello {to},", "Dear {to},", "{to},", "Morning {to},", "Hey {to},", "")
SIGN_OFFS = ("Best,\n{me}", "Thanks,\n{me}", "{me}", "Cheers, {me}", "Kind regards,\n{me}", "Talk soon,\n{me}")

OPENERS = (
    "I had another look at the {topic}",
    "I went through the {topic} again",
    "Quick note on the {topic}",
    "We talked about the {topic} at noon",
    "The others asked me about the {topic}",
    "I finally got round to the {topic}",
    "Following up on the {topic}",
)
OPENER_ENDS = (
    ".",
    " and I think we are nearly there.",
    " and a few things are still open.",
    ", nothing dramatic.",
    " but I am not happy with the second part yet.",
    " on the train this morning.",
    ", see below.",
    " and it looks fine to me.",
)
SUBJECTS = ("The draft", "The last page", "The new version", "The table", "The plan", "Our part", "The list")
PREDICATES = (
    "needs one more pair of eyes",
    "is shorter than we feared",
    "still has the old figures in it",
    "went down well with everybody",
    "should be ready by the end of the week",
    "has to wait until the others are back",
    "looks much better since the last round",
    "is missing two signatures",
    "can go out as it is",
)
PREDICATE_ENDS = (".", ".", ", I think.", ", as far as I can see.", ", I am told.", ", by the way.")
ASKS = (
    "Could you have a look",
    "Can you let me know what you think",
    "Would you mind checking it",
    "Will you tell me if that works for you",
    "Do you want me to change anything",
    "Shall we talk it over",
)
ASK_ENDS = ("?", " when you have a minute?", " before the weekend?", " some time this week?", " tomorrow?")
REPLIES = (
    "Thanks, that helps.",
    "Good point, I had not thought of that.",
    "Works for me.",
    "I would rather wait a little, if you do not mind.",
    "Agreed on all of it.",
    "Let me check with the others and come back to you.",
    "Not sure about the last bit, can we leave it out?",
    "Perfect, go ahead.",
    "Sorry for the late answer, it was one of those weeks.",
    "I can do that on my side, no problem.",
    "Fine, but please keep it short.",
    "That is not quite what I meant, I will call you.",
)
THINGS = (
    ("small", "shared", "rented", "quiet", "old", "winter", "night", "city", "home", "weekend", "wooden", "paper"),
    (
        *("gardens", "kitchens", "bicycles", "bakeries", "libraries", "workshops", "trains", "bridges", "markets"),
        *("orchards", "theatres", "letters", "ferries", "choirs", "museums", "radios", "cameras", "harbours"),
    ),
    ("", " by the sea", " on a budget", " for beginners", " after dark", " in the rain", " without a car", " abroad"),
)
HEADLINES = (
    "Five things that we learned about {thing}",
    "Why {thing} matter more than you think",
    "A quiet revolution: {thing}",
    "Our readers on {thing}",
    "The long road to {thing}",
    "{Thing}, explained in ten minutes",
)
LEADS = (
    "This week we take a close look at {thing}.",
    "Everybody talks about {thing}; we asked those who know.",
    "A short issue today, all about {thing}.",
    "Our main story is about {thing}, and it is longer than usual.",
)
LEAD_ENDS = (
    "Further down: a reader's letter, two books and the usual puzzle.",
    "Also inside: what we got wrong last time.",
    "You will find the dates for the next months at the end.",
    "As always, just answer this mail to tell us what you think.",
)
RECEIPTS = (
    (
        "Your order {number}",
        "Thank you for your order of {day}. We charged {amount} to your card; it arrives within {days} days.",
    ),
    (
        "Order {number} confirmed",
        "Your order of {day} for {amount} is confirmed. The invoice is attached; delivery takes {days} days.",
    ),
    (
        "Payment received for order {number}",
        "Your payment of {amount} went through on {day}. Keep this mail as your receipt.",
    ),
    ("Invoice for order {number}", "We received {amount} on {day}. Your invoice is attached."),
    (
        "Your subscription renews soon",
        "Subscription {number} renews for {amount} in {days} days. You need not do anything.",
    ),
    (
        "Order {number} has shipped",
        "Good news, your parcel left us on {day}. You paid {amount}, and it should be with you in {days} days.",
    ),
)
"""Subjects and texts of what shops write; those with an invoice say so."""
CENTS = ("00", "00", "20", "35", "49", "50", "75", "80", "90", "95", "95", "99", "99")
SPAM = (
    (
        ("You have been selected", "Claim your reward today", "Last call for your voucher", "A gift card is waiting"),
        (
            "You have been selected. Answer within 24 hours to claim your reward.",
            "Only three vouchers are left, and one of them has your name on it. Reply with your address.",
            "Your last order won a gift card. Pay the small shipping fee and it is yours.",
        ),
    ),
    (
        ("Your mailbox is almost full", "Security alert for your account", "Unusual sign-in", "Action required"),
        (
            "Your mailbox is almost full. Confirm your password now to keep it.",
            "Somebody signed in to your account from abroad. Reply with your code to lock them out.",
            "Your account will be closed on Friday. Verify your details to stop this.",
        ),
    ),
    (
        ("Payment pending", "Confidential business", "Funds released to you", "act now"),
        (
            "Dear customer, a large sum is waiting for you, only your details are missing.",
            "I write to you in confidence: I need a partner abroad for a transfer, and you keep a third.",
            "The lawyer has released the funds. Send the number of your account today.",
        ),
    ),
)
"""Subjects and texts of each kind of what nobody asked for."""


def pick(choices: Sequence[str], *key: object) -> str:
    """One of the choices, by a stable hash: variety that draws nothing, so that all that is drawn stays as it is."""
    return choices[zlib.crc32(repr(key).encode()) % len(choices)]


def things(count: int) -> list[str]:
    """So many different subjects of newsletters, as far as there are any."""
    made = [f"{kind} {thing}{place}" for place, thing, kind in product(*reversed(THINGS))]
    return [made[n % len(made)] for n in range(count)]


@cache
def _pool(*parts: tuple[str, ...]) -> tuple[str, ...]:
    """Every combination of the parts, glued as they are."""
    return tuple("".join(p) for p in product(*parts))


@dataclass(frozen=True)
class Receipt:
    """What a shop writes after an order, before its day is known.

    Attributes:
        number: The order's.
        amount: What was paid: `$27.95`.
        days: How long it will take.
        subject: The subject's pattern.
        body: The text's pattern.
    """

    number: int
    amount: str
    days: int
    subject: str
    body: str

    def texts(self, day: datetime) -> tuple[str, str]:
        """Subject and body."""
        slots = {"number": self.number, "amount": self.amount, "days": self.days, "day": f"{day.day} {day:%B}"}
        return self.subject.format(**slots), self.body.format(**slots)

    def invoice(self, shop: str, day: datetime) -> str:
        """What can be read of the invoice."""
        lines = (
            f"Invoice {self.number}",
            shop,
            f"Date: {day.day} {day:%B %Y}",
            f"Total, taxes included: {self.amount}",
        )
        return "\n".join((*lines, "Paid by card."))


@dataclass(frozen=True)
class Prose:
    """Writes bodies, drawing from one seeded generator.

    Attributes:
        rng: Where every draw comes from.
        things: What newsletters write about.
    """

    rng: Random
    things: Sequence[str]

    def opening(self, topic: str, to: str, me: str) -> str:
        """The first message of a thread, from `me`, a first name, to `to`."""
        draw = self.rng.choice
        sentences = [draw(_pool(OPENERS, OPENER_ENDS)).format(topic=topic)]
        sentences += self._statements(draw((0, 1, 1, 2, 3)))
        if self.rng.random() < 0.6:
            sentences.append(draw(_pool(ASKS, ASK_ENDS)))
        return self._letter(sentences, to, me)

    def answer(self, to: str, me: str) -> str:
        """An answer within a thread; mostly short, as answers are."""
        sentences = [self.rng.choice(REPLIES)]
        sentences += self._statements(self.rng.choice((0, 0, 1, 1, 2)))
        return self._letter(sentences, to, me) if self.rng.random() < 0.6 else " ".join(sentences)

    def issue(self) -> tuple[str, str]:
        """One issue of a newsletter: subject and body."""
        thing = self.rng.choice(self.things)
        body = f"{self.rng.choice(LEADS)} {self.rng.choice(LEAD_ENDS)}".format(thing=thing)
        return self.rng.choice(HEADLINES).format(thing=thing, Thing=thing.capitalize()), body

    def receipt(self, number: int) -> "Receipt":
        """What a shop writes after an order of that number."""
        dollars = self.rng.randrange(8, 400)
        subject, body = self.rng.choice(RECEIPTS)
        return Receipt(number, f"${dollars}.{pick(CENTS, number)}", self.rng.randrange(2, 9), subject, body)

    def spam(self, *key: object) -> tuple[str, str]:
        """What nobody asked for: subject and body; which of its kind follows from the key."""
        subjects, bodies = self.rng.choice(SPAM)
        return pick(subjects, "subject", *key), pick(bodies, "body", *key)

    def _statements(self, count: int) -> list[str]:
        """So many sentences, no two on the same thing."""
        subjects, predicates = self.rng.sample(SUBJECTS, count), self.rng.sample(PREDICATES, count)
        return [f"{s} {p}{self.rng.choice(PREDICATE_ENDS)}" for s, p in zip(subjects, predicates, strict=True)]

    def _letter(self, sentences: Sequence[str], to: str, me: str) -> str:
        greeting = self.rng.choice(GREETINGS).format(to=to)
        end = self.rng.choice(SIGN_OFFS).format(me=me)
        return "\n\n".join(part for part in (greeting, " ".join(sentences), end) if part)
