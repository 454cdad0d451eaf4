"""Add checked bags: some are free, by tier; none is taken back."""

from greenroom import Split, Task, World
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.models import TIERS
from greenroom_envs.booking.pricing import price_bags, spoken

MORE = s.asks(
    "I want {bags} checked bags in all on {which}, what does it cost me?",
    "set {which} to {bags} checked bags in all and tell me the price",
    "we take {bags} checked bags in all on {which}; change it and say what I pay",
    "{which} should have {bags} checked bags, no more and no less: see to it and tell me what it costs",
)
VAGUE = s.asks(
    "the number of checked bags on {which} must change, do that and tell me what it costs",
    "change the checked bags of {which} and tell me the price",
    "the checked bags on {which} are not right; put that in order and say what I pay",
    "we pack differently now: change the checked bags of {which} and tell me what it costs",
)


@app.task_family
def add_bags(world: World, split: Split) -> Task:
    """So many bags in all, and what they cost by tier; fewer than there are is forbidden. At 3 how many is hidden."""
    plant, rng = Plant(world, split), world.random
    plant.me.tier = tier = rng.choice(TIERS)
    origin, end, day = plant.airport(), plant.airport(), plant.day()
    flight, people = plant.flight(origin, end, day, 600, plant.amount(9_000, 30_000, 5)), [plant.person()]
    mine, forbidden = plant.journey(flight, "standard", people), rng.random() < 0.3
    plant.another_journey(flight, people)
    mine.bags, bags = (4, rng.choice((1, 2, 3))) if forbidden else (rng.choice((0, 0, 1)), rng.choice((2, 3, 4)))
    due = price_bags(mine.bags, bags, tier)
    hidden = ("bags",) if plant.alike else ()
    account: s.Step = ("booking_show_account", {})
    begin = (*s.find(plant, mine.id), account, *s.ask(hidden))
    which = plant.which(mine, end.city, day)

    def add(count: int, text: str) -> tuple[s.Step, ...]:
        values = {"reservation_id": mine.id, "bags": count, "method_ids": [plant.card]}
        return (*begin, ("booking_set_bags", values), text)

    refusal = (*begin, s.no(mine.id, "no bags back"))
    changed = {"bags": bags, "version": 2, **({"total": mine.total + due} if due else {})}
    wanted = [updated("booking_reservation", key=mine.id, values=changed)]
    if due:
        wanted.append(inserted("booking_payment", {"method_id": plant.card, "amount": due}))
    text = f"Done, it costs {spoken(abs(due))}."
    needs = "text" if forbidden else "number"
    yes, wrong = add(bags, text), add(5 if forbidden else bags + 1, text)
    return s.task(
        plant,
        s.goal(plant, "add_bags", VAGUE if hidden else MORE, needs, hidden, bags=str(bags), which=which),
        s.FLIGHT_TOOLS,
        solution=refusal if forbidden else yes,
        slips=(wrong, (*begin, s.DONE), (*begin, text)),
        verifier=s.refused(mine.id, "no bags back") if forbidden else expect(wanted, said=[spoken(due)[1:]]),
    )
