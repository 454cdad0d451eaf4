"""Taking money for reservations and giving it back."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, func, select

from greenroom import Refusal, World
from greenroom.letters import Letter, send_letter
from greenroom_envs.booking.desk import flights_of, today_at, utc_now
from greenroom_envs.booking.models import Payment, PaymentMethod, Reservation, User, Voucher
from greenroom_envs.booking.policy import refuse
from greenroom_envs.booking.pricing import percent_of, refund_percent, refund_percent_flight, spoken
from greenroom_envs.booking.stays import Listing

VOUCHER_DAYS = 365
DESK = "desk@greenroom-booking.com"
NET = (
    select(PaymentMethod, func.sum(Payment.amount))
    .join(Payment, Payment.method_id == PaymentMethod.id)
    .where(Payment.reservation_id == bindparam("id"))
    .group_by(PaymentMethod.id)
    .having(func.sum(Payment.amount) > 0)
    .order_by(func.min(Payment.id))
)


def method_of(world: World, user: User, method_id: int) -> PaymentMethod:
    """One of a user's own ways to pay.

    Raises:
        Refusal: It is none.
    """
    method = world.session.get(PaymentMethod, method_id)
    if method is None or method.user_id != user.id or method.removed:
        raise Refusal("no_such_method", f"You have no payment method {method_id}; see booking_list_payment_methods.")
    return method


def charge(world: World, user: User, reservation: Reservation, amount: int, method_ids: Sequence[int]) -> None:
    """Take money from methods in the order given: each as much as it can, a card the rest.

    Raises:
        Refusal: A method is not the user's, pays in another currency or is not needed, two are certificates, or
            they do not cover it all.
    """
    methods = [method_of(world, user, method_id) for method_id in dict.fromkeys(method_ids)]
    if sum(method.kind == "certificate" for method in methods) > 1:
        refuse("one_certificate", "Two certificates were given.")
    for method in methods:
        if method.currency not in (None, reservation.currency):
            refuse("own_currency", f"Payment method {method.id} holds {method.currency}, not {reservation.currency}.")
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
        missing, all_of_it = spoken(left, reservation.currency), spoken(amount, reservation.currency)
        raise Refusal("not_covered", f"The methods given leave {missing} of {all_of_it}: add a card.")


def require_total(total: int, expected: int, currency: str) -> None:
    """Refuse a price that is not the one that was seen.

    Raises:
        Refusal: The price has moved.
    """
    if expected and expected != total:
        now, then = spoken(total, currency), spoken(expected, currency)
        raise Refusal("price_changed", f"The total is {now} ({total} cents) now, not {then}: ask the user, or accept.")


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
    """Refund to the methods that paid, in proportion to what they did; a certificate's share becomes a voucher."""
    paid = world.session.execute(NET, {"id": reservation.id}).all()
    for (method, _), share in zip(paid, shares_of(amount, [net for _, net in paid]), strict=True):
        if share:
            _return(world, user, reservation, method, share)


def shares_of(amount: int, parts: Sequence[int]) -> list[int]:
    """An amount in proportion to parts; cents that are left over go to those that rounding down took the most from."""
    total = sum(parts)
    shares = [amount * part // total for part in parts]
    behind = sorted(range(len(parts)), key=lambda i: -(amount * parts[i] % total))
    for i in behind[: amount - sum(shares)]:
        shares[i] += 1
    return shares


def _return(world: World, user: User, reservation: Reservation, method: PaymentMethod, share: int) -> None:
    _move(world, reservation, method.id, -share, "refund")
    if method.kind == "gift_card" and method.balance is not None:
        method.balance += share
    if method.kind == "certificate":
        until = utc_now(world).date() + timedelta(days=VOUCHER_DAYS)
        world.session.add(
            Voucher(
                user_id=user.id,
                amount=share,
                currency=reservation.currency,
                reservation_id=reservation.id,
                valid_until=until,
            )
        )


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
