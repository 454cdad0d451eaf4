"""How rows are shown to agents, a page at a time."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, TypeVarTuple

from sqlalchemy import Select, bindparam

from greenroom import World
from greenroom_envs.booking.flights import FlightDate
from greenroom_envs.booking.models import PaymentMethod, Read, Reservation
from greenroom_envs.booking.stays import Listing

Row = dict[str, Any]
Columns = TypeVarTuple("Columns")
PAGE = 5
LISTING_LINE = (
    Listing.id,
    Listing.title,
    Listing.city,
    Listing.guests,
    Listing.pets,
    Listing.min_nights,
    Listing.policy,
    Listing.rating,
    Listing.reviews,
)
RESERVATION_LINE = (
    Reservation.id,
    Reservation.kind,
    Reservation.status,
    Reservation.listing_id,
    Reservation.check_in,
    Reservation.check_out,
    Reservation.total,
    Reservation.currency,
)
METHOD_LINE = (
    PaymentMethod.id,
    PaymentMethod.kind,
    PaymentMethod.label,
    PaymentMethod.balance,
    PaymentMethod.currency,
)


def page_of(rows: Sequence[Any], page: int, show: Callable[[Any], Row]) -> Row:
    """One page of a list that is at hand in full; only what is on it is made ready to be shown."""
    return {
        "results": [show(row) for row in rows[(page - 1) * PAGE : page * PAGE]],
        "next_page": page + 1 if len(rows) > page * PAGE else None,
    }


def paged(query: Select[*Columns]) -> Select[*Columns]:
    """A query of one page; made once, for building a statement costs as much as running it."""
    return query.limit(PAGE + 1).offset(bindparam("skipped"))


def read_page(world: World, query: Select[*Columns], page: int, **values: Any) -> tuple[list[Read], int | None]:
    """The rows of one page of a `paged` query, and the number of the next page, if there is one."""
    rows = world.session.execute(query, {**values, "skipped": (page - 1) * PAGE}).all()
    return list(rows[:PAGE]), page + 1 if len(rows) > PAGE else None


def utc_text(moment: datetime) -> str:
    """A stored moment, as `2026-03-14 09:30`; the field's name says that it is UTC."""
    return f"{moment:%Y-%m-%d %H:%M}"


def local_text(shown: datetime, moment: datetime) -> str:
    """A moment as the place's clock shows it, with its distance from UTC: `2026-03-14T09:30-05:00`."""
    minutes = round((shown - moment).total_seconds() / 60)
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    return f"{shown:%Y-%m-%dT%H:%M}{sign}{hours:02}:{rest:02}"


def show_flight_line(flight: FlightDate | Read) -> Row:
    """A flight-date as lists show it, in the local times of its two places."""
    return {
        "flight": flight.number,
        "day": flight.day,
        "from": flight.origin,
        "to": flight.destination,
        "departs": local_text(flight.departs_local, flight.departs_at),
        "arrives": local_text(flight.arrives_local, flight.arrives_at),
        "status": flight.status,
    }


def show_line(reservation: Reservation | Read, today: date) -> Row:
    """A reservation as lists show it; a stay that has ended is completed."""
    ended = reservation.check_out is not None and reservation.check_out <= today and reservation.status == "confirmed"
    return {
        "reservation_id": reservation.id,
        "kind": reservation.kind,
        "status": "completed" if ended else reservation.status,
        "listing_id": reservation.listing_id,
        "check_in": reservation.check_in,
        "check_out": reservation.check_out,
        "total_cents": reservation.total,
        "currency": reservation.currency,
    }


def show_listing_line(listing: Listing | Read) -> Row:
    """A listing as lists show it."""
    return {
        "listing_id": listing.id,
        "title": listing.title,
        "city": listing.city,
        "guests": listing.guests,
        "pets": listing.pets,
        "min_nights": listing.min_nights,
        "policy": listing.policy,
        "stars": listing.rating / 100 if listing.reviews else None,
        "reviews": listing.reviews,
    }


def show_method(method: PaymentMethod | Read) -> Row:
    """A way to pay."""
    return {
        "method_id": method.id,
        "kind": method.kind,
        "label": method.label,
        "balance_cents": method.balance,
        "currency": method.currency,
    }


def show_payment(payment: Read) -> Row:
    """Money that moved."""
    return {
        "method_id": payment.method_id,
        "label": payment.label,
        "amount_cents": payment.amount,
        "reason": payment.reason,
        "on": payment.made_at.date(),
    }
