"""What buyers say and ask: reviews and questions."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam, func, select

from greenroom import Refusal, World
from greenroom_envs.shop.app import app
from greenroom_envs.shop.counter import (
    Long,
    Number,
    Page,
    Row,
    me,
    one_page,
    page_of,
    paged,
    require_text,
    skipped,
    utc_now,
)
from greenroom_envs.shop.ledger import Order, OrderItem
from greenroom_envs.shop.models import Customer, Question, Read, Review, Variant
from greenroom_envs.shop.policy import refuse
from greenroom_envs.shop.tools.catalogue import Stars, product_of

A_DAY = 3
WAITING = "not answered yet"
REVIEWS = (
    select(Review.stars, Review.text, Review.written_at, Customer.name)
    .join(Customer, Customer.id == Review.customer_id)
    .where(Review.product_id == bindparam("product"))
    .order_by(Review.written_at.desc(), Review.id.desc())
)
ALL_REVIEWS, REVIEWS_OF = paged(REVIEWS), paged(REVIEWS.where(Review.stars == bindparam("stars")))
STARRED = (
    select(Review.stars, func.count())
    .where(Review.product_id == bindparam("product"))
    .group_by(Review.stars)
    .order_by(Review.stars.desc())
)
BOUGHT = (
    select(OrderItem.id)
    .join(Order, Order.id == OrderItem.order_id)
    .join(Variant, Variant.id == OrderItem.variant_id)
    .where(
        Order.customer_id == bindparam("customer"),
        Order.status == "delivered",
        Variant.product_id == bindparam("product"),
    )
)
WRITTEN = select(Review.id).where(
    Review.product_id == bindparam("product"), Review.customer_id == bindparam("customer")
)
# Whether a customer has got a product, and has reviewed it: one read for both.
MAY_REVIEW = select(BOUGHT.exists(), WRITTEN.exists())
LATELY = select(func.count()).where(
    Question.product_id == bindparam("product"),
    Question.customer_id == bindparam("customer"),
    Question.asked_at > bindparam("since"),
)
ASKED = paged(
    select(Question.text, Question.asked_at, Question.answer)
    .where(Question.product_id == bindparam("product"))
    .order_by(Question.asked_at.desc(), Question.id.desc())
)


@app.tool
def list_reviews(world: World, product_id: Number, stars: Stars | None = None, page: Page = 1) -> Row:
    """List the reviews of a product, latest first, and how many gave how many stars.

    Args:
        product_id: Its number.
        stars: Only those that gave so many.
        page: Which page, from 1.
    """
    counts = world.session.execute(STARRED, {"product": product_id}).all()
    if not counts:
        product_of(world, product_id)
    found, wanted = (ALL_REVIEWS, {}) if stars is None else (REVIEWS_OF, {"stars": stars})
    rows = world.session.execute(found, {"product": product_id, "skip": skipped(page), **wanted}).all()
    return {"stars": {str(given): count for given, count in counts}, **page_of(rows, _show_review, page)}


def _show_review(review: sa.Row[Any]) -> Row:
    first, _, last = review.name.partition(" ")
    return {"stars": review.stars, "text": review.text, "by": f"{first} {last[:1]}.", "date": review.written_at.date()}


@app.tool
def write_review(world: World, product_id: Number, stars: Stars, text: Long) -> Row:
    """Write a review of a product that the user bought.

    Args:
        product_id: Its number.
        stars: From 1 to 5.
        text: What to say.
    """
    customer, product = me(world), product_of(world, product_id)
    require_text(text=text)
    asked = {"customer": customer.id, "product": product.id}
    bought, written = world.session.execute(MAY_REVIEW, asked).one()
    if not bought:
        refuse("not_delivered", f"No order of the user with product {product.id} was delivered.")
    if written:
        refuse("one_review", f"The user has reviewed product {product.id} before.")
    review = Review(product_id=product.id, customer_id=customer.id, stars=stars, text=text, written_at=utc_now(world))
    world.session.add(review)
    world.session.flush()
    world.schedule("shop.review_counted", {"review": review.id}, after=timedelta(minutes=30))
    return {"reviewed": product.title, "stars": stars, "note": "It counts for the stars in half an hour."}


@app.tool
def list_questions(world: World, product_id: Number, page: Page = 1) -> Row:
    """List questions about a product and their answers, latest first.

    Args:
        product_id: Its number.
        page: Which page, from 1.
    """
    rows = one_page(world, ASKED, page, product=product_id)
    if not rows:
        product_of(world, product_id)
    return page_of(rows, _show_question, page)


def _show_question(question: Read) -> Row:
    return {"question": question.text, "asked": question.asked_at.date(), "answer": question.answer or WAITING}


@app.tool
def ask_question(world: World, product_id: Number, text: Long) -> Row:
    """Ask the seller of a product something; the answer comes in some hours.

    Args:
        product_id: Its number.
        text: The question.
    """
    customer, product, now = me(world), product_of(world, product_id), utc_now(world)
    require_text(text=text)
    lately = {"product": product.id, "customer": customer.id, "since": now - timedelta(days=1)}
    if world.session.scalar(LATELY, lately) == A_DAY:
        raise Refusal("asked_enough", f"At most {A_DAY} questions a day about one product: ask again tomorrow.")
    question = Question(product_id=product.id, customer_id=customer.id, text=text, asked_at=now)
    world.session.add(question)
    world.session.flush()
    world.schedule("shop.question_answered", {"question": question.id}, after=timedelta(hours=5))
    return {"asked": product.title, "question": text, "answer": WAITING}
