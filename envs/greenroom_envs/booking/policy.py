"""The written policy of booking: rules with stable codes. Tools refuse by them, tasks test them, agents read them."""

from typing import NoReturn

from greenroom import Refusal

SERVICE_PERCENT = 10
HOLD_MINUTES = 60
BAG_FEE = 3_500
INSURANCE_FEE = 2_900
INSURANCE_HOURS = 24
STANDARD_FEE = 4_000
FREE_BAGS = {"regular": 0, "silver": 1, "gold": 2}
MOST_PASSENGERS = 6
MOST_NIGHTS = 28
CALENDAR_DAYS = 365
MOST_HOLDS = 3
MOST_TRIES = 5
LOCK_MINUTES = 15
MESSAGES_AN_HOUR = 10

RULES = {
    "non_refundable": "A stay under the policy non-refundable gives no money back and is not moved, whatever the "
    "reason.",
    "minimum_stay": "No stay is booked for fewer nights than the listing's minimum.",
    "guest_limit": "No stay is booked for more guests than the listing takes.",
    "no_pets": "No pet comes to a listing that takes none, not even a small one, not even for one night.",
    "basic_fare": "A basic fare is never moved to another flight, and gives no money back 24 hours after it was made, "
    "unless it is insured or the airline cancelled the flight; a flight that the airline cancelled is moved for free.",
    "late_insurance": f"Insurance is bought with the journey or within {INSURANCE_HOURS} hours of it, not later.",
    "same_person": "The name of a passenger is corrected, never replaced: the first or the last name stays.",
    "one_certificate": "One certificate at most pays for a reservation; what is left on it is lost.",
    "own_currency": "Gift cards and certificates pay in their own currency alone; cards pay in any.",
    "no_bags_back": "Checked bags can be added, never taken back.",
    "already_begun": "What has begun is neither cancelled nor changed; complaints about it go to a human.",
    "one_review": "A guest reviews a stay once, after it has ended.",
    "hold_limit": f"A user has {MOST_HOLDS} holds at most; a hold ends after {HOLD_MINUTES} minutes.",
    "not_yours": "A reservation is shown to, and changed for, the user who made it and nobody else.",
}

POLICY = (
    "You book stays and flights for the user, who is signed in. Use the tools; never guess. If something that you "
    "need was not said, ask one short question. Change only what you were asked to change. Amounts are in cents of "
    "their currency; tell them as $45.99 or £45.99. Pay with the card unless told otherwise. When all is done, say so "
    "in one sentence. When a rule forbids what is asked, change nothing: say no, name the reservation's or listing's "
    "number, and quote the name of the rule.\nRules by name:\n"
    + "\n".join(f"- {code.replace('_', ' ')}: {sentence}" for code, sentence in RULES.items())
    + "\nCancellation of stays: flexible gives all back until a day before check-in; moderate until 5 days before; "
    "strict gives half until 7 days before; later, nothing. Flights: a standard fare gives all back until departure. "
    "Refunds go to the methods that paid; a certificate's share becomes a voucher.\n"
    f"Prices: service fee of a stay {SERVICE_PERCENT} %; a standard fare costs ${STANDARD_FEE // 100} more per "
    f"passenger and flight; a checked bag ${BAG_FEE // 100} (one is free for silver, two for gold users); insurance "
    f"${INSURANCE_FEE // 100} a passenger."
)


def refuse(rule: str, detail: str) -> NoReturn:
    """Say no by a rule.

    Raises:
        Refusal: Always; its code is the rule's.
    """
    raise Refusal(rule, f"{detail} The rule '{rule.replace('_', ' ')}': {RULES[rule]}")
