"""Over two apps: book a trip and mail the itinerary."""

from greenroom import Split, Task, World
from greenroom.cast import people
from greenroom.rewards import expect, inserted
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import book, booked, search, spoken_dates
from greenroom_envs.booking.families.planting import Plant

REQUESTS = s.asks(
    "book {place} in {city} for 2 people from {check_in} to {check_out} and mail place and dates to {recipient}",
    "the two of us want {place} in {city}, {check_in} until {check_out}; book it and write {recipient} where and when",
    "reserve {place} in {city} for 2 people from {check_in} to {check_out}, then mail the itinerary to {recipient}",
)
TOOLS = (*(tool for tool in s.STAY_TOOLS if "host" not in tool), "mail_send", "mail_search", "mail_find_contacts")


@app.task_family(needs=("mail",))
def mail_itinerary(world: World, split: Split) -> Task:
    """A stay is booked, and somebody of the cast gets its place and dates by mail."""
    plant, rng = Plant(world, split), world.random
    city, first, nights = plant.city(), plant.day(), rng.choice((2, 3))
    right, other = plant.listing(city), plant.listing(city)
    recipient, stranger = rng.sample([person.email for person in people(world.session)[1:]], 2)
    spoken = spoken_dates(first, nights)
    start, pay = search(city, first, nights), book(right, first, nights, 2, [plant.card])

    def mail(to: str, place: str) -> s.Step:
        body = f"{place}, {city}, from {spoken['check_in']} to {spoken['check_out']}."
        return "mail_send", {"to": to, "subject": "Itinerary", "body": body}

    def complete(text: object) -> bool:
        told = str(text)
        days = {**spoken, "in": first.isoformat()}
        return right.title in told and (days["check_in"] in told or days["in"] in told)

    wanted = [
        *booked(plant, right, first, nights, 2),
        inserted("mail_thread", {}),
        inserted("mail_message", {"folder": "sent", "recipient": recipient, "body": complete}),
    ]
    slots = {"place": right.title, "city": city, "recipient": recipient, **spoken}
    return Task(
        goal=s.goal(plant, "mail_itinerary", REQUESTS, **slots),
        tools=TOOLS,
        solution=s.script(start, pay, mail(recipient, right.title), s.DONE),
        slips=(
            s.script(start, pay, mail(stranger, right.title), s.DONE),
            s.script(start, pay, mail(recipient, other.title), s.DONE),
            s.script(start, pay, s.DONE),
        ),
        excess=s.excess(plant),
        verifier=expect(wanted),
        max_steps=s.MAX_STEPS,
    )
