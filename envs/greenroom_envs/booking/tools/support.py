"""Handing a case to a human."""

from sqlalchemy import bindparam, select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import Number, Page, Text, in_minutes, me, require_text, reservation_of, utc_now
from greenroom_envs.booking.models import Escalation, Reservation
from greenroom_envs.booking.showing import Row, paged, read_page

ANSWERS_AFTER = in_minutes(4 * 60)
MINE = paged(
    select(Escalation.id, Escalation.reservation_id, Escalation.reason, Escalation.answer)
    .join(Reservation, Reservation.id == Escalation.reservation_id)
    .where(Reservation.user_id == bindparam("user"))
    .order_by(Escalation.id.desc())
)
OF_RESERVATION = select(Escalation.id).where(Escalation.reservation_id == bindparam("reservation"))


@app.tool
def escalate(world: World, reservation_id: Number, reason: Text) -> Row:
    """Hand a complaint about a reservation to a human, when no tool can settle it; the answer takes hours.

    Args:
        reservation_id: What it is about.
        reason: What went wrong, in one sentence.
    """
    reservation = reservation_of(world, me(world), reservation_id)
    require_text(reason=reason)
    if world.session.scalar(OF_RESERVATION, {"reservation": reservation.id}) is not None:
        raise Refusal("already_escalated", f"A human has the case of reservation {reservation.id} already.")
    case = Escalation(reservation_id=reservation.id, reason=reason, made_at=utc_now(world))
    world.session.add(case)
    world.session.flush()
    world.schedule("booking.human_answers", {"case": case.id}, after=ANSWERS_AFTER)
    return {"case_id": case.id}


@app.tool
def list_cases(world: World, page: Page = 1) -> Row:
    """List the user's cases and what the humans answered, latest first, five a page.

    Args:
        page: Which page.
    """
    cases, next_page = read_page(world, MINE, page, user=me(world).id)
    shown = [
        {"case_id": c.id, "reservation_id": c.reservation_id, "reason": c.reason, "answer": c.answer} for c in cases
    ]
    return {"results": shown, "next_page": next_page}
