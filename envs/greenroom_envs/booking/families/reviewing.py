"""Review a stay, once."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import utc_now
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.prose import review
from greenroom_envs.booking.stays import Review

REQUESTS = s.asks(
    "review {which}: {stars} of 5 stars, and say that the {thing} was {kind}",
    "give {which} {stars} of 5 stars and write that the {thing} was {kind}",
    "write a review of {which} with {stars} of 5 stars; the {thing} was {kind}",
    "{which} gets {stars} of 5 stars from me, the {thing} was {kind}: put that into a review",
)
VAGUE = s.asks(
    "review {which} and say that the {thing} was {kind}",
    "I want to rate {which}; write that the {thing} was {kind}",
    "write a review of {which}: the {thing} was {kind}",
    "the {thing} was {kind}: put that into a review of {which}",
)
THINGS = (
    *("kitchen", "garden", "bathroom", "balcony", "view", "breakfast", "bed", "sofa", "terrace", "pool", "staircase"),
    *("shower", "street", "welcome", "furniture", "living room", "bedroom", "wifi", "heating", "yard", "neighbourhood"),
    *("cleaning", "attic", "sauna", "fireplace", "playground", "parking place", "stove", "coffee", "lift", "roof"),
)
ADVERBS = {
    "5": ("", "truly ", "really ", "simply ", "just "),
    "4": ("", "quite ", "really ", "very ", "pretty "),
    "3": ("", "rather ", "fairly ", "somewhat ", "quite "),
    "2": ("", "rather ", "quite ", "a bit ", "pretty "),
    "1": ("", "truly ", "really ", "simply ", "just "),
}
ADJECTIVES = {
    "5": ("wonderful", "perfect", "lovely", "excellent", "superb", "delightful", "splendid", "marvellous"),
    "4": ("nice", "good", "pleasant", "comfortable", "clean", "handy", "cosy", "decent"),
    "3": ("plain", "ordinary", "average", "small", "old", "simple", "bare", "dated"),
    "2": ("dirty", "shabby", "disappointing", "uncomfortable", "neglected", "cold", "noisy", "worn out"),
    "1": ("dreadful", "awful", "terrible", "disgusting", "horrible", "unusable", "filthy", "hopeless"),
}
KINDS = {stars: [how + what for how in ADVERBS[stars] for what in ADJECTIVES[stars]] for stars in ADVERBS}
"""What may be said of a thing, by stars."""


@app.task_family
def review_stay(world: World, split: Split) -> Task:
    """A stay that has ended; when it has its review, the answer is no. From level 2 the stars are told when asked."""
    plant, rng = Plant(world, split), world.random
    past, city, forbidden = plant.past(), plant.city(), rng.random() < 0.3
    mine = plant.stay(plant.listing(city), past, 2)
    other = plant.stay(plant.listing(plant.beside(city)), past - timedelta(days=rng.randrange(5, 30)), 2)
    stars, thing = rng.choice(tuple(KINDS)), plant.pick(THINGS)
    kind = plant.pick(KINDS[stars])
    if forbidden:
        ids = {"listing_id": mine.listing_id, "reservation_id": mine.id}
        day = utc_now(world).date() - timedelta(days=1)
        name = plant.me.name.split()[0]
        text = review(rng, 3, 2, plant.person().split()[0])
        world.session.add(Review(**ids, author=name, stars=3, text=text, written_on=day))
    hidden = ("stars",) if plant.hidden else ()
    begin: tuple[s.Step, ...] = s.find(plant, mine.id)
    if forbidden:
        begin = (*begin, ("booking_list_reviews", {"listing_id": mine.listing_id}))

    def write(number: int, count: str) -> tuple[s.Step, ...]:
        values = {"reservation_id": number, "stars": int(count), "text": f"The {thing} was {kind}."}
        return (*begin, *s.ask(hidden), ("booking_write_review", values), s.DONE)

    def says(text: object) -> bool:
        return s.holds(thing)(text) and s.holds(kind)(text)

    row = {"reservation_id": mine.id, "stars": int(stars), "text": says}
    slots = {"which": plant.which(mine, city, past), "stars": stars, "thing": thing, "kind": kind}
    wordings, needs = VAGUE if hidden else REQUESTS, "text" if forbidden else "done"
    return s.task(
        plant,
        s.goal(plant, "review_stay", wordings, needs, hidden, **slots),
        ("booking_list_reviews", *s.STAY_TOOLS),
        solution=(*begin, s.no(mine.id, "one review")) if forbidden else write(mine.id, stars),
        slips=(
            write(other.id, stars),
            (*begin, s.DONE) if forbidden else write(mine.id, "1" if stars != "1" else "2"),
            (*begin, s.DONE),
        ),
        verifier=s.refused(mine.id, "one review") if forbidden else expect([inserted("booking_review", row)]),
    )
