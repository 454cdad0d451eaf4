"""Over two apps: book a trip and mail the itinerary; take the flight that the airline offers by mail."""

from datetime import timedelta

from greenroom import Split, Task, World
from greenroom.cast import people
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import book, booked, search, spoken_dates
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.families.planting import spoken as spoken_day
from greenroom_envs.booking.flights import FlightDate
from greenroom_envs.booking.money import write

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


OFFERED = s.asks(
    "I got a mail about {which}, which they cancelled: take the flight that they offer",
    "they cancelled {which} and mailed me another flight, please move me to that one",
    "accept what the mail about {which} offers; my plane was cancelled",
)
MAILED = ("mail_search", "mail_find_messages", "mail_read", "mail_list_folder")


@app.task_family(needs=("mail",))
def take_offer(world: World, split: Split) -> Task:
    """The airline cancelled a flight and offers another by mail, which is not the first that one finds."""
    plant, rng = Plant(world, split), world.random
    origin, end, day, cents = plant.airport(), plant.airport(), plant.day(), rng.randrange(9_000, 30_000)
    old = plant.flight(origin, end, day, 480, cents, status="cancelled")
    later = day + timedelta(days=rng.choice((0, 1, 2)))
    offered = plant.flight(origin, end, later, 900, cents + 3_000)
    other = plant.flight(origin, end, later, 700, cents)
    mine = plant.journey(old, "basic", [plant.person()])
    body = (
        f"Flight {old.number} from {origin.city} to {end.city} on {spoken_day(day)} is cancelled. We offer you flight "
        f"{offered.number} on {spoken_day(later)} instead, free of charge. Your reservation is {mine.id}."
    )
    write(world, plant.me, f"Your flight {old.number} is cancelled", body, mine)
    find: s.Step = ("mail_search", {"query": old.number})

    def moved(to: FlightDate) -> tuple[s.Message, ...]:
        values = {"reservation_id": mine.id, "flights": [to.number], "day": later.isoformat()}
        return s.script(*begin, ("booking_change_flight", {**values, "method_ids": list[int]()}), s.DONE)

    begin = (*s.find(plant, mine.id), find)
    wanted = [
        updated("booking_reservation", key=mine.id, values={"version": 2}),
        updated("booking_segment", key=(mine.id, 1), values={"flight_date_id": offered.id}),
        updated("booking_cabin", key=(old.id, "economy"), values={"seats": 21}),
        updated("booking_cabin", key=(offered.id, "economy"), values={"seats": 19}),
    ]
    return Task(
        goal=s.goal(plant, "take_offer", OFFERED, which=plant.which(mine, end.city, day)),
        tools=(*(tool for tool in s.FLIGHT_TOOLS if "seat" not in tool), *MAILED),
        solution=moved(offered),
        slips=(moved(other), s.script(*begin, s.cancel(mine.id), s.DONE), s.script(*begin, s.DONE)),
        excess=s.excess(plant),
        verifier=expect(wanted),
        max_steps=s.MAX_STEPS,
    )
