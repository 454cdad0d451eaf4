"""Review a stay, once."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import utc_now
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.stays import Review

REQUESTS = s.asks(
    "review {which}: {stars} stars, and say that the {thing} was {kind}",
    "give {which} {stars} stars and write that the {thing} was {kind}",
    "write a review of {which} with {stars} stars; the {thing} was {kind}",
)
VAGUE = s.asks(
    "review {which} and say that the {thing} was {kind}",
    "I want to rate {which}; write that the {thing} was {kind}",
    "write a review of {which}: the {thing} was {kind}",
)
THINGS = ("kitchen", "garden", "bathroom", "balcony", "view", "breakfast")
KINDS = {"5": "wonderful", "4": "nice", "3": "plain", "2": "dirty", "1": "dreadful"}


@app.task_family
def review_stay(world: World, split: Split) -> Task:
    """A stay that has ended; when it has its review already, the right answer is no."""
    plant, rng = Plant(world, split), world.random
    past, city, forbidden = utc_now(world).date() - timedelta(days=rng.randrange(4, 15)), plant.city(), False
    mine = plant.stay(plant.listing(city), past, 2)
    other = plant.stay(plant.listing(city if plant.level == 3 else plant.city()), past - timedelta(days=9), 2)
    stars, thing = rng.choice(tuple(KINDS)), rng.choice(THINGS)
    if rng.random() < 0.3:
        forbidden, ids = True, {"listing_id": mine.listing_id, "reservation_id": mine.id}
        day = utc_now(world).date() - timedelta(days=1)
        name = plant.me.name.split()[0]
        world.session.add(Review(**ids, author=name, stars=3, text="All right.", written_on=day))
    hidden = ("stars",) if plant.level > 1 else ()
    begin: tuple[s.Step, ...] = s.find(plant, mine.id)
    if forbidden:
        begin = (*begin, ("booking_list_reviews", {"listing_id": mine.listing_id}))

    def write(number: int, count: str) -> tuple[s.Message, ...]:
        values = {"reservation_id": number, "stars": int(count), "text": f"The {thing} was {KINDS[stars]}."}
        return s.script(*begin, *s.ask(hidden), ("booking_write_review", values), s.DONE)

    row = {"reservation_id": mine.id, "stars": int(stars), "text": s.holds(thing)}
    slots = {"which": plant.which(mine, city, past), "stars": stars, "thing": thing, "kind": KINDS[stars]}
    wordings, needs = VAGUE if hidden else REQUESTS, "text" if forbidden else "done"
    return Task(
        goal=s.goal(plant, "review_stay", wordings, needs, hidden, **slots),
        tools=("booking_list_reviews", *s.STAY_TOOLS),
        solution=s.script(*begin, s.no(mine.id, "one review")) if forbidden else write(mine.id, stars),
        slips=(
            write(other.id, stars),
            s.script(*begin, s.DONE) if forbidden else write(mine.id, "1" if stars != "1" else "2"),
            s.script(*begin, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=s.refused(mine.id, "one review") if forbidden else expect([inserted("booking_review", row)]),
        max_steps=s.MAX_STEPS,
    )
