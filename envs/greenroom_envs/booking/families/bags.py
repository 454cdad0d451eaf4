"""Add checked bags: some are free, by tier; none is taken back."""

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.models import TIERS
from greenroom_envs.booking.pricing import dollars, price_bags

MORE = s.asks(
    "I want {bags} checked bags on reservation {number}, what does it cost me",
    "set {number} to {bags} checked bags and tell me the price",
    "we take {bags} bags in all on journey {number}; add them and say what I pay",
)


@app.task_family
def add_bags(world: World, split: Split) -> Task:
    """So many bags in all, and what they cost by tier; fewer than there are is forbidden."""
    plant, rng = Plant(world, split), world.random
    plant.me.tier = tier = rng.choice(TIERS)
    flight = plant.flight(plant.airport(), plant.airport(), plant.day(), 600, rng.randrange(9_000, 30_000))
    mine, forbidden = plant.journey(flight, "standard", [plant.person()]), rng.random() < 0.3
    mine.bags, bags = (3, rng.choice((1, 2))) if forbidden else (0, rng.choice((1, 2, 3, 4)))
    due = price_bags(mine.bags, bags, tier)
    begin = (s.show(mine.id), ("booking_show_account", dict[str, object]()))

    def add(count: int, text: str) -> tuple[s.Message, ...]:
        values = {"reservation_id": mine.id, "bags": count, "method_ids": [plant.card]}
        return s.script(*begin, ("booking_set_bags", values), text)

    refusal = s.script(*begin, s.no(mine.id, "no bags back"))
    changed = {"bags": bags, "version": 2, **({"total": mine.total + due} if due else {})}
    wanted = [updated("booking_reservation", key=mine.id, values=changed)]
    if due:
        wanted.append(inserted("booking_payment", {"method_id": plant.card, "amount": due}))
    text = f"Done, it costs {dollars(abs(due))}."
    yes, wrong = add(bags, text), add(5 if forbidden else bags + 1, text)
    return Task(
        goal=s.goal(plant, "add_bags", MORE, "text" if forbidden else "number", bags=str(bags), number=str(mine.id)),
        tools=s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(wrong, s.script(*begin, s.DONE), s.script(*begin, text)),
        excess=s.excess(plant),
        verifier=expect(said=[str(mine.id), "no bags back"]) if forbidden else expect(wanted, said=[dollars(due)[1:]]),
        max_steps=s.MAX_STEPS,
    )
