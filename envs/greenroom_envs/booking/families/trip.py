"""Over two apps: book a trip and mail the itinerary; take the flight that the airline offers by mail."""

from datetime import date, timedelta

from sqlalchemy import text

from greenroom import Split, Task, World
from greenroom.cast import people
from greenroom.rewards import expect, inserted, updated
from greenroom_envs.booking.app import app
from greenroom_envs.booking.families import script as s
from greenroom_envs.booking.families.booking import book, booked, search, spoken_dates
from greenroom_envs.booking.families.days import spoken as spoken_day
from greenroom_envs.booking.families.planting import Plant
from greenroom_envs.booking.flights import FlightDate
from greenroom_envs.booking.money import write

REQUESTS = s.asks(
    "book {place} in {city} for {guests} people from {check_in} to {check_out} and mail place and dates to {recipient}",
    "the {guests} of us want {place} in {city}, {check_in} until {check_out}; book it and write {recipient} where and "
    "when",
    "reserve {place} in {city} for {guests} people from {check_in} to {check_out}, then mail the itinerary to "
    "{recipient}",
)
VAGUE = s.asks(
    "book {place} in {city} for us from {check_in} to {check_out} and mail place and dates to {recipient}",
    "we want {place} in {city}, {check_in} until {check_out}; book it and write {recipient} where and when",
    "reserve {place} in {city} for us from {check_in} to {check_out}, then mail the itinerary to {recipient}",
)
TOOLS = (*(tool for tool in s.STAY_TOOLS if "host" not in tool), "mail_send", "mail_search", "mail_find_contacts")
CONTACTS = text("SELECT name, address FROM mail_contact GROUP BY name HAVING count(*) = 1 ORDER BY name")
"""The address book, as any app may read it in a world that it shares: names that are one person's alone."""


@app.task_family(needs=("mail",))
def mail_itinerary(world: World, split: Split) -> Task:
    """A stay is booked, and somebody gets place and dates by mail; from level 2 a contact, by name."""
    plant, rng = Plant(world, split), world.random
    nights, guests, hidden = rng.choice((2, 3)), rng.choice((2, 3, 4)), s.guests(plant)
    city, first = plant.city(), plant.day(nights=nights)
    right = plant.listing(city)
    other = plant.twin(right) if plant.alike else plant.listing(city)
    (recipient, address), (_, stranger) = _recipients(world, plant, 2)
    spoken = spoken_dates(first, nights)
    pay = book(right, first, nights, guests, [plant.card])
    look_up: tuple[s.Step, ...] = (("mail_find_contacts", {"query": recipient}),) if plant.hidden else ()
    begin = (*s.ask(hidden), search(city, first, nights, guests), pay, *look_up)

    def mail(to: str, place: str) -> s.Step:
        body = f"{place}, {city}, from {spoken['check_in']} to {spoken['check_out']}."
        return "mail_send", {"to": to, "subject": "Itinerary", "body": body}

    def complete(told: object) -> bool:
        return right.title in str(told) and all(
            _says(str(told), day) for day in (first, first + timedelta(days=nights))
        )

    wanted = [
        *booked(plant, right, first, nights, guests),
        inserted("mail_thread", {}),
        inserted("mail_message", {"folder": "sent", "recipient": address, "body": complete}),
    ]
    slots = {"place": right.title, "city": city, "recipient": recipient, "guests": str(guests), **spoken}
    return s.task(
        plant,
        s.goal(plant, "mail_itinerary", VAGUE if hidden else REQUESTS, "done", hidden, **slots),
        TOOLS,
        solution=(*begin, mail(address, right.title), s.DONE),
        slips=(
            (*begin, mail(stranger, right.title), s.DONE),
            (*begin, mail(address, other.title), s.DONE),
            (*begin, s.DONE),
        ),
        verifier=expect(wanted),
    )


def _recipients(world: World, plant: Plant, count: int) -> list[tuple[str, str]]:
    """What the user calls some people, and their addresses: people of the cast, or contacts by name."""
    if not plant.hidden:
        addresses = plant.rng.sample([person.email for person in people(world.session)[1:]], count)
        return [(address, address) for address in addresses]
    found = [(str(name), str(address)) for name, address in world.session.execute(CONTACTS)]
    return plant.rng.sample([one for one in found if one[1] != plant.me.email], count)


def _says(told: str, day: date) -> bool:
    """Whether a text tells a day in one of the ways in which people write it."""
    forms = (spoken_day(day), day.isoformat(), f"{day:%B} {day.day}", f"{day.day} {day:%b}", f"{day:%b} {day.day}")
    return any(form.lower() in told.lower() for form in forms)


OFFERED = s.asks(
    "I got a mail about {which}, which they cancelled: take the flight that they offer",
    "they cancelled {which} and mailed me another flight, so move me to that one",
    "accept what the mail about {which} offers; my plane was cancelled",
    "{which} was cancelled, and there is a mail with another flight: rebook me as it says",
)
MAILED = ("mail_search", "mail_find_messages", "mail_read", "mail_list_folder")


@app.task_family(needs=("mail",))
def take_offer(world: World, split: Split) -> Task:
    """The airline cancelled a flight and offers another by mail. At level 3 a second mail corrects the first."""
    plant, rng = Plant(world, split), world.random
    origin, end, day, cents = plant.airport(), plant.airport(), plant.day(), plant.amount(9_000, 30_000, 5)
    old = plant.flight(origin, end, day, 480, cents, status="cancelled")
    later = day + timedelta(days=rng.choice((0, 1, 2)))
    offered = plant.flight(origin, end, later, 900, cents + 3_000)
    other = plant.flight(origin, end, later, 700, cents)
    mine = plant.journey(old, "basic", [plant.person()])
    first = other if plant.alike else offered
    body = (
        f"Flight {old.number} from {origin.city} to {end.city} on {spoken_day(day)} is cancelled. We offer you flight "
        f"{first.number} on {spoken_day(later)} instead, free of charge. Your reservation is {mine.id}."
    )
    write(world, plant.me, f"Your flight {old.number} is cancelled", body, mine)
    if plant.alike:
        correction = (
            f"In our first mail about flight {old.number} we named the wrong flight. What we offer you is flight "
            f"{offered.number} on {spoken_day(later)}, not {other.number}. We are sorry for the trouble."
        )
        write(world, plant.me, f"Correction: your flight {old.number}", correction, mine)
    find: s.Step = ("mail_search", {"query": old.number})

    def moved(to: FlightDate) -> tuple[s.Step, ...]:
        values = {"reservation_id": mine.id, "flights": [to.number], "day": later.isoformat()}
        return (*begin, ("booking_change_flight", {**values, "method_ids": list[int]()}), s.DONE)

    begin = (*s.find(plant, mine.id), find)
    wanted = [
        updated("booking_reservation", key=mine.id, values={"version": 2}),
        updated("booking_segment", key=(mine.id, 1), values={"flight_date_id": offered.id}),
        updated("booking_cabin", key=(old.id, "economy"), values={"seats": 21}),
        updated("booking_cabin", key=(offered.id, "economy"), values={"seats": 19}),
    ]
    return s.task(
        plant,
        s.goal(plant, "take_offer", OFFERED, which=plant.which(mine, end.city, day)),
        (*(tool for tool in s.FLIGHT_TOOLS if "seat" not in tool), *MAILED),
        solution=moved(offered),
        slips=(moved(other), (*begin, s.cancel(mine.id), s.DONE), (*begin, s.DONE)),
        verifier=expect(wanted),
    )
