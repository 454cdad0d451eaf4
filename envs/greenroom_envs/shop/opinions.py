"""What buyers write about goods: a verdict that fits the stars, now and then with what it is about."""

from random import Random

VERDICTS = {
    1: (
        "Broke after a week.",
        "Not what the pictures show.",
        "Would not buy it again.",
        "A waste of money.",
        "Arrived with a scratch, and nobody answered.",
        "Stopped working on the second day.",
    ),
    2: (
        "Disappointing for the price.",
        "Works, but feels cheap.",
        "The finish is poor.",
        "Looks nicer than it is.",
        "I expected more.",
        "Had to be repaired once already.",
    ),
    3: (
        "It is fine, nothing more.",
        "Does its job.",
        "Average; delivery was quick.",
        "Neither good nor bad.",
        "All right for now and then.",
        "Does what it should, the packaging was torn.",
    ),
    4: (
        "Good value, small flaws.",
        "Very happy so far.",
        "Nice, a bit smaller than I thought.",
        "Solid, would buy it again.",
        "Better than the one we had.",
        "Came early and works well.",
    ),
    5: (
        "Exactly what I was looking for.",
        "Excellent, I use it every day.",
        "Bought a second one.",
        "Could not be better.",
        "My sister wants one as well.",
        "Worth every cent.",
    ),
}
ASIDES = {
    False: ("The {noun} came late as well.", "The {material} is thinner than I thought.", "I have sent it back."),
    True: ("The {material} feels good.", "I would not give my {noun} away.", "It has been in use for months now."),
}
LIKED = 4


def review_text(rng: Random, stars: int, noun: str, material: str) -> str:
    """What somebody writes who gives so many stars."""
    text = rng.choice(VERDICTS[stars])
    if stars == LIKED - 1 or rng.random() < 0.6:
        return text
    return f"{text} {rng.choice(ASIDES[stars >= LIKED]).format(noun=noun, material=material)}"
