"""Add checked bags: some are free, by tier; none is taken back."""

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.models import TIERS
from greenroom_envs.booking.pricing import price_bags, spoken

MORE = s.asks(
    "I want {bags} checked bags in all on {which}, what does it cost me",
    "set {which} to {bags} checked bags and tell me the price",
    "we take {bags} bags in all on {which}; add them and say what I pay",
)
VAGUE = s.asks(
    "I need another number of checked bags on {which}, what does it cost me",
    "change the checked bags of {which} and tell me the price",
    "the bags on {which} are not right; mend it and say what I pay",
)


@app.task_family
def add_bags(world: World, split: Split) -> Task:
    """So many bags in all, and what they cost by tier; fewer than there are is forbidden."""
    plant, rng = Plant(world, split), world.random
    plant.me.tier = tier = rng.choice(TIERS)
    origin, end, day = plant.airport(), plant.airport(), plant.day()
    flight = plant.flight(origin, end, day, 600, rng.randrange(9_000, 30_000))
    mine, forbidden = plant.journey(flight, "standard", [plant.person()]), rng.random() < 0.3
    mine.bags, bags = (3, rng.choice((1, 2))) if forbidden else (0, rng.choice((1, 2, 3, 4)))
    due = price_bags(mine.bags, bags, tier)
    hidden = ("bags",) if plant.level == 3 else ()
    account: s.Step = ("booking_show_account", {})
    begin = (*s.find(plant, mine.id), account, *s.ask(hidden))
    which = plant.which(mine, end.city, day)

    def add(count: int, text: str) -> tuple[s.Message, ...]:
        values = {"reservation_id": mine.id, "bags": count, "method_ids": [plant.card]}
        return s.script(*begin, ("booking_set_bags", values), text)

    refusal = s.script(*begin, s.no(mine.id, "no bags back"))
    changed = {"bags": bags, "version": 2, **({"total": mine.total + due} if due else {})}
    wanted = [updated("booking_reservation", key=mine.id, values=changed)]
    if due:
        wanted.append(inserted("booking_payment", {"method_id": plant.card, "amount": due}))
    text = f"Done, it costs {spoken(abs(due))}."
    needs = "text" if forbidden else "number"
    yes, wrong = add(bags, text), add(5 if forbidden else bags + 1, text)
    return Task(
        goal=s.goal(plant, "add_bags", VAGUE if hidden else MORE, needs, hidden, bags=str(bags), which=which),
        tools=s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(wrong, s.script(*begin, s.DONE), s.script(*begin, text)),
        excess=s.excess(plant),
        verifier=s.refused(mine.id, "no bags back") if forbidden else expect(wanted, said=[spoken(due)[1:]]),
        max_steps=s.MAX_STEPS,
    )
