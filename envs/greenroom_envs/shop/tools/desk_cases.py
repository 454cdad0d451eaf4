"""Service desk: cases for a human colleague."""

from datetime import timedelta

from sqlalchemy import bindparam, select

from greenroom import World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import (
    Long,
    Number,
    Page,
    Row,
    find_customer,
    one_page,
    page_of,
    paged,
    require_text,
    served,
    utc_now,
)
from greenroom_envs.shop.ledger import Escalation
from greenroom_envs.shop.models import Read

ANSWERED_AFTER = timedelta(hours=4)
CASES = paged(
    select(Escalation.id, Escalation.summary, Escalation.made_at, Escalation.answer)
    .where(Escalation.customer_id == bindparam("customer"))
    .order_by(Escalation.id.desc())
)


@app.tool
def escalate(world: World, customer_id: Number, summary: Long) -> Row:
    """Service desk: hand a case to a human colleague, who writes to the customer in some hours.

    Args:
        customer_id: The customer's number.
        summary: What it is about, with the number of the order.
    """
    require_text(summary=summary)
    customer = find_customer(world, customer_id)
    case = Escalation(customer_id=customer.id, summary=summary, made_at=utc_now(world))
    world.session.add(case)
    world.session.flush()
    world.schedule("shop.colleague_answers", {"case": case.id}, after=ANSWERED_AFTER)
    return {"case": case.id, "answer_within_hours": ANSWERED_AFTER // timedelta(hours=1)}


@app.tool
def list_cases(world: World, customer_id: Number, page: Page = 1) -> Row:
    """Service desk: list a verified customer's cases and what a colleague answered, latest first.

    Args:
        customer_id: The customer's number.
        page: Which page, from 1.
    """
    customer = served(world, customer_id)
    return page_of(one_page(world, CASES, page, customer=customer.id), _show, page)


def _show(case: Read) -> Row:
    return {
        "case": case.id,
        "summary": case.summary,
        "opened": case.made_at.date(),
        "answer": case.answer or "not answered yet",
    }
