"""Issues of planted newsletters."""

from greenroom.wordings import Wordings
from greenroom_envs.mail.families.planting import Plant, Planted
from greenroom_envs.mail.people import Party
from greenroom_envs.mail.prose import NEWS_KINDS

ISSUES = Wordings(
    ("this week: ", "our main story: ", "inside: ", "today: ", "in short: "),
    ("the {topic}, explained", "five notes on the {topic}", "why the {topic} matters", "a look at the {topic}"),
    (".", ", and more.", ", with a puzzle.", ", at last."),
)


def issue(plant: Plant, paper: Party) -> Planted:
    """One more issue of a newsletter, about something new."""
    topic = plant.topic(NEWS_KINDS)
    return plant.message(paper, topic, ISSUES.one(plant.rng, plant.split, topic=topic))
