"""Handing a case to a human."""

from sqlalchemy import select

from greenroom import Refusal, World
from greenroom_envs.booking.app import app
from greenroom_envs.booking.desk import Number, Row, me, require_text, reservation_of, utc_now
from greenroom_envs.booking.models import Escalation


@app.tool
def escalate(world: World, reservation_id: Number, reason: str) -> Row:
    """Hand a complaint about a reservation to a human, when no tool can settle it.

    Args:
        reservation_id: What it is about.
        reason: What went wrong, in one sentence.
    """
    reservation = reservation_of(world, me(world), reservation_id)
    require_text(reason=reason)
    if world.session.scalar(select(Escalation.id).where(Escalation.reservation_id == reservation.id)) is not None:
        raise Refusal("already_escalated", f"A human has the case of reservation {reservation.id} already.")
    case = Escalation(reservation_id=reservation.id, reason=reason, made_at=utc_now(world))
    world.session.add(case)
    world.session.flush()
    return {"case_id": case.id}
