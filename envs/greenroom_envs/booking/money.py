"""Taking money for reservations and giving it back."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from greenroom import Refusal, World
from greenroom.letters import Letter, send_letter
from greenroom_envs.booking.desk import flights_of, today_at, utc_now
from greenroom_envs.booking.models import Payment, PaymentMethod, Reservation, User, Voucher
from greenroom_envs.booking.policy import refuse
from greenroom_envs.booking.pricing import dollars, percent_of, refund_percent, refund_percent_flight
from greenroom_envs.booking.stays import Listing

VOUCHER_DAYS = 365
DESK = "desk@greenroom-booking.com"


def method_of(world: World, user: User, method_id: int) -> PaymentMethod:
    """One of a user's own ways to pay.

    Raises:
        Refusal: It is none.
    """
    method = world.session.get(PaymentMethod, method_id)
    if method is None or method.user_id != user.id:
        raise Refusal("no_such_method", f"You have no payment method {method_id}: list the payment methods.")
    return method


def charge(world: World, user: User, reservation: Reservation, amount: int, method_ids: Sequence[int]) -> None:
    """Take money from methods in the order given: each as much as it can, a card the rest.

    Raises:
        Refusal: A method is not the user's, two are certificates, one is not needed, or they do not cover it all.
    """
    methods = [method_of(world, user, method_id) for method_id in dict.fromkeys(method_ids)]
    if sum(method.kind == "certificate" for method in methods) > 1:
        refuse("one_certificate", "Two certificates were given.")
    left = amount
    for method in methods:
        share = left if method.balance is None else min(left, method.balance)
        if share == 0:
            raise Refusal("not_needed", f"Payment method {method.id} is empty, or those before it cover all.")
        if method.balance is not None:
            method.balance = 0 if method.kind == "certificate" else method.balance - share
        _move(world, reservation, method.id, share, "payment")
        left -= share
    if left:
        raise Refusal("not_covered", f"The methods given leave {dollars(left)} of {dollars(amount)}: add a card.")


def refund_due(world: World, reservation: Reservation) -> int:
    """What comes back when a reservation that has not begun is cancelled now."""
    if reservation.kind == "stay" and reservation.check_in:
        listing = world.session.get_one(Listing, reservation.listing_id)
        percent = refund_percent(listing.policy, reservation.check_in, today_at(world, listing.time_zone))
    else:
        cancelled = any(flight.status == "cancelled" for flight in flights_of(world, reservation))
        percent = refund_percent_flight(
            reservation.fare or "", reservation.insured, cancelled, reservation.made_at, utc_now(world)
        )
    return percent_of(reservation.total, percent)


def give_back(world: World, user: User, reservation: Reservation, amount: int) -> None:
    """Refund to the methods that paid, each its share; a certificate's share becomes a voucher."""
    paid = world.session.scalars(
        select(Payment).where(Payment.reservation_id == reservation.id, Payment.amount > 0).order_by(Payment.id)
    ).all()
    total, left = sum(payment.amount for payment in paid), amount
    for number, payment in enumerate(paid, start=1):
        share = left if number == len(paid) else amount * payment.amount // total
        if share:
            _return(world, user, reservation, payment.method_id, share)
        left -= share


def _return(world: World, user: User, reservation: Reservation, method_id: int, share: int) -> None:
    method = world.session.get_one(PaymentMethod, method_id)
    _move(world, reservation, method_id, -share, "refund")
    if method.kind == "gift_card" and method.balance is not None:
        method.balance += share
    if method.kind == "certificate":
        until = utc_now(world).date() + timedelta(days=VOUCHER_DAYS)
        world.session.add(Voucher(user_id=user.id, amount=share, reservation_id=reservation.id, valid_until=until))


def _move(world: World, reservation: Reservation, method_id: int, amount: int, reason: str) -> None:
    world.session.add(
        Payment(
            reservation_id=reservation.id, method_id=method_id, amount=amount, reason=reason, made_at=utc_now(world)
        )
    )


def write(world: World, user: User, subject: str, body: str, reservation: Reservation) -> None:
    """Send the user a letter about a reservation."""
    reference = f"booking:reservation:{reservation.id}"
    send_letter(
        world,
        Letter(
            sender="Greenroom Booking", address=DESK, to=user.email, subject=subject, body=body, reference=reference
        ),
    )
