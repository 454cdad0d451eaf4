"""The rules of the house: what is never done, whoever asks. Tools that meet one refuse with it."""

RULES = {
    "private": "Mail with the label private is not passed on to anybody.",
    "busy": "No invitation is accepted that begins within an hour of something in the calendar.",
    "away": "A vacation answer is set for thirty days at most.",
    "no": "Where a rule forbids what was asked, nothing is done instead: the user is told the rule, and what it meets.",
}
